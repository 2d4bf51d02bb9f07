//! Keys, as commands. A key belongs to the widget that has the focus first: a knob takes the
//! arrows, a field for typing takes everything, a focused button takes the space bar.

use egui::{Context, Id, Key, Modifiers};

use crate::app::panel::Panel;
use crate::app::view::{Command, Selection};

/// Where a slider notes that it has the focus; it wants arrows, but not the space bar.
pub fn slider_focus_id() -> Id {
    Id::unique("slider with the focus")
}

/// The keys that open the first nine panels.
const NUMBERS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// The commands of the keys that were pressed in this frame and that no widget wants. To be asked
/// after the widgets were drawn. `is_card_shown` says whether the card for opening is on top.
pub fn commands(ctx: &Context, is_card_shown: bool) -> Vec<Command> {
    let mut pressed = Vec::new();
    let mut key = |modifiers: Modifiers, key: Key, command: Command| {
        if ctx.input_mut(|input| input.consume_key(modifiers, key)) {
            pressed.push(command);
        }
    };
    key(Modifiers::COMMAND, Key::O, Command::ShowOpenCard(true));
    let escape = if is_card_shown { Command::ShowOpenCard(false) } else { Command::Select(Selection::None) };
    if ctx.text_edit_focused() {
        return pressed;
    }
    key(Modifiers::NONE, Key::Escape, escape);
    if is_card_shown {
        return pressed;
    }
    key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z, Command::Redo);
    key(Modifiers::COMMAND, Key::Y, Command::Redo);
    key(Modifiers::COMMAND, Key::Z, Command::Undo);
    let focused = ctx.memory(|memory| memory.focused());
    let slider = ctx.data(|data| data.get_temp::<Id>(slider_focus_id()));
    if focused.is_some() && focused != slider {
        return pressed;
    }
    key(Modifiers::SHIFT, Key::ArrowLeft, Command::StepPane(-1));
    key(Modifiers::SHIFT, Key::ArrowRight, Command::StepPane(1));
    key(Modifiers::NONE, Key::ArrowLeft, Command::StepRecord(-1));
    key(Modifiers::NONE, Key::ArrowRight, Command::StepRecord(1));
    key(Modifiers::NONE, Key::Home, Command::ToStart);
    key(Modifiers::NONE, Key::End, Command::ToEnd);
    key(Modifiers::NONE, Key::Space, Command::TogglePlay);
    key(Modifiers::NONE, Key::I, Command::ToggleInjecting);
    for (number, panel) in NUMBERS.into_iter().zip(Panel::ALL) {
        key(Modifiers::NONE, number, Command::ShowPanel(panel));
    }
    pressed
}
