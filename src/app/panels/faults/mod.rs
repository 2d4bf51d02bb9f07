//! The row "Break something": a button for every way in which a run can be broken at the cursor. A press
//! adds a fault and everything is run again; what came before the cursor stays as it was.
//!
//! - [`kinds`]: what each button does, and why it can do nothing here
//! - [`choice`]: who is hit, for how long, how much
//! - `button`, `card`: how it is drawn

mod button;
mod card;
pub mod choice;
pub mod kinds;

use egui::{Align, Layout, Popup, PopupCloseBehavior, Rect, Ui, pos2, vec2};

use crate::app::arrangement::Preset;
use crate::app::panels::faults::button::{Look, Standing};
use crate::app::panels::faults::choice::{Choice, Victims, in_words};
use crate::app::panels::faults::kinds::{Kind, Scene, time_left};
use crate::app::theme::{Theme, font, space};
use crate::app::view::{Command, View};
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::frame;
use crate::human;
use crate::runtime::recovery_log::Cause;
use crate::time::Span;

/// What the row keeps between frames.
#[derive(Default)]
pub struct FaultsState {
    choices: [Choice; Kind::ALL.len()],
}

/// Between two buttons, and between two lines of them.
const GAP: f32 = 6.0;

/// How large the row is drawn.
fn look(view: &View<'_>, width: f32) -> Look {
    if view.preset == Preset::Present && width >= 1_440.0 { Look::LARGE } else { Look::SMALL }
}

/// Where the buttons of a row of this width lie, from its left upper corner; the last one is the list of
/// faults. How high all of it is.
fn places(ui: &Ui, look: Look, width: f32, arrows: &[bool], list: &str) -> (Vec<Rect>, f32) {
    let label = ui.painter().layout_no_wrap(LABEL.to_owned(), look.label(), egui::Color32::WHITE).size().x;
    let left = label + space::PANEL;
    let list = ui.painter().layout_no_wrap(list.to_owned(), font::body(), egui::Color32::WHITE).size().x + LIST;
    let kinds = Kind::ALL.iter().zip(arrows);
    let widths = kinds.map(|(kind, &has_arrow)| look.width(ui, kind.title(), has_arrow)).chain([list]);
    let (mut x, mut y) = (left, 0.0);
    let mut rects = Vec::new();
    for wide in widths {
        if x + wide > width && x > left {
            (x, y) = (left, y + look.height + GAP);
        }
        rects.push(Rect::from_min_size(pos2(x, y), vec2(wide, look.height)));
        x += wide + GAP;
    }
    (rects, y + look.height)
}

/// The run on screen as what is to be broken.
fn scene<'a>(view: &View<'a>) -> Scene<'a> {
    Scene {
        scenario: view.scenario,
        stream: &view.run.trace.stream,
        origin: view.run.origin(),
        end: view.run.clock_range().1,
        now: view.now,
    }
}

/// By button: whether there is anything to choose, which a button that can do nothing here never has.
fn arrows(view: &View<'_>) -> Vec<bool> {
    let scene = scene(view);
    let has_arrow =
        |kind: Kind| scene.applies(kind).is_ok() && card::has_choices(kind, &Victims::of(kind, view.scenario));
    Kind::ALL.into_iter().map(has_arrow).collect()
}

/// What the row is called.
const LABEL: &str = "Break something";
/// Left and right of the words of the button that lists the faults, together.
const LIST: f32 = 16.0;

/// The words of the button that lists the faults.
fn list_words(view: &View<'_>) -> String {
    format!("Faults {} \u{23f7}", human::count(view.scenario.faults.len() as u64))
}

/// How high the row is in this width.
pub fn height(ui: &Ui, view: &View<'_>, width: f32) -> f32 {
    places(ui, look(view, width), width, &arrows(view), &list_words(view)).1
}

/// Draws the row at the top of `area`.
pub fn faults_ui(ui: &mut Ui, view: &View<'_>, state: &mut FaultsState, area: Rect, commands: &mut Vec<Command>) {
    let look = look(view, area.width());
    let (places, height) = places(ui, look, area.width(), &arrows(view), &list_words(view));
    let theme = view.theme;
    let line = Rect::from_min_size(area.min, vec2(area.width(), look.height));
    let at = line.left_center();
    ui.painter().text(at, egui::Align2::LEFT_CENTER, LABEL, look.label(), theme.t1);
    let scene = scene(view);
    let row = Rect::from_min_size(area.min, vec2(area.width(), height));
    frame::scope(ui, "break something", row.expand(3.0), Layout::left_to_right(Align::Min), |ui| {
        for ((kind, choice), place) in Kind::ALL.into_iter().zip(&mut state.choices).zip(&places) {
            let place = place.translate(area.min.to_vec2());
            kind_ui(ui, view, &scene, (kind, choice), place, commands);
        }
        if let Some(place) = places.last() {
            list_ui(ui, theme, view, place.translate(area.min.to_vec2()), commands);
        }
    });
}

fn kind_ui(
    ui: &mut Ui,
    view: &View<'_>,
    scene: &Scene<'_>,
    (kind, choice): (Kind, &mut Choice),
    place: Rect,
    commands: &mut Vec<Command>,
) {
    let look = look(view, ui.max_rect().width());
    let victims = Victims::of(kind, scene.scenario);
    let length = scene.length();
    let standing = match scene.applies(kind) {
        Err(why) => Standing::NotHere(why),
        Ok(()) => match still(view, kind) {
            Some(left) => Standing::Active(left),
            None => Standing::Ready,
        },
    };
    let words = in_words(kind, choice, &victims, length);
    let help = if words.is_empty() { kind.help().to_owned() } else { format!("{}: {words}", kind.help()) };
    let pressed = button::show(ui, view.theme, look, place, (kind.title(), &help, &standing));
    let is_ready = !matches!(standing, Standing::NotHere(_));
    let mut asked = pressed.press.clicked() && is_ready;
    if card::has_choices(kind, &victims) && is_ready {
        let menu = Popup::menu(&pressed.options).width(340.0).gap(6.0);
        menu.close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
            asked |= card::card_ui(ui, view.theme, kind, choice, &victims, length);
        });
    }
    if asked {
        Popup::close_all(ui.ctx());
        match scene.fault(kind, choice) {
            Ok(fault) => commands.push(Command::Break(Box::new(fault))),
            Err(why) => commands.push(Command::Tell { title: kind.title(), text: why }),
        }
    }
}

/// How long a fault of this kind goes on in the run on screen.
fn still(view: &View<'_>, kind: Kind) -> Option<Span> {
    let run = view.run;
    if kind == Kind::Crash {
        let rows = run.trace.recovery.as_ref().map_or(&[][..], |log| &log.recoveries);
        let down = rows.iter().filter(|row| matches!(row.cause, Cause::Crash(_) | Cause::Coordinator | Cause::All));
        let until = |row: &crate::runtime::recovery_log::RecoveryRow| row.caught_up_at.or(row.restored_at);
        return down
            .filter_map(|row| Some((row.failed_at, until(row)?)))
            .filter(|&(from, until)| from <= view.now && view.now < until)
            .map(|(_, until)| until - view.now)
            .max();
    }
    time_left(kind, &run.scenario.faults, &run.scenario.log.rules(), view.now - run.origin())
}

/// The faults of the scenario, each with a button that takes it out.
fn list_ui(ui: &mut Ui, theme: &Theme, view: &View<'_>, place: Rect, commands: &mut Vec<Command>) {
    let faults = &view.scenario.faults;
    let middle = Layout::left_to_right(Align::Center);
    let mut child = ui.new_child(egui::UiBuilder::new().id_salt("faults").max_rect(place).layout(middle));
    let response = button(&mut child, theme, &list_words(view), Loudness::Quiet)
        .on_hover_text("Every fault of this run; any of them can be taken out");
    let menu = Popup::menu(&response).width(340.0).gap(6.0);
    menu.close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        if faults.is_empty() {
            frame::caption(ui, theme, "Nothing is broken. Press a button, and it breaks at the cursor.");
        }
        egui::ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
            for (place, fault) in faults.iter().enumerate() {
                ui.horizontal(|ui| {
                    let (from, until) = fault.stretch(&view.scenario.log.rules());
                    let words = fault.in_words();
                    let remove = button(ui, theme, "Remove", Loudness::Quiet)
                        .on_hover_text(format!("Takes out: {words}, at {}", human::span(from)));
                    if remove.clicked() {
                        commands.push(Command::RemoveFault(place));
                    }
                    let lasts = if until - from > Span::from_micros(1) {
                        format!(", for {}", human::span(until - from))
                    } else {
                        String::new()
                    };
                    let text = format!("{words}, {} in{lasts}", human::span(from));
                    ui.label(egui::RichText::new(text).font(font::body()).color(theme.t1));
                });
            }
        });
    });
}
