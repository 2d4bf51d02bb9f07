//! The focus of the keyboard: a ring in the colour of everything that is the reader's, and controls that come into
//! sight when Tab reaches them below the edge of what scrolls.

use egui::accesskit::{Action, ActionRequest, TreeId};
use egui::{Context, Event, Id, Key, Rect, Response, StrokeKind, Ui};

use crate::app::theme::{Theme, radius};

/// Draws a ring along the inside of `rect` while `response` has the focus.
pub fn ring(ui: &Ui, theme: &Theme, rect: Rect, response: &Response) {
    if response.has_focus() {
        ui.painter().rect_stroke(rect, radius::SEGMENT, (2.0, theme.you), StrokeKind::Inside);
    }
}

/// What is to be scrolled into sight. [`Reveal::begin`] before a frame is drawn, [`Reveal::end`] after it.
#[derive(Debug, Default)]
pub struct Reveal {
    wanted: Option<Id>,
}

impl Reveal {
    /// Asks of what Tab has reached in the last frame to be scrolled into sight, as a screen reader would.
    pub fn begin(&mut self, ctx: &Context) {
        let Some(id) = self.wanted.take() else { return };
        let request = ActionRequest {
            action: Action::ScrollIntoView,
            target_tree: TreeId::ROOT,
            target_node: id.accesskit_id(),
            data: None,
        };
        ctx.input_mut(|input| input.events.push(Event::AccessKitActionRequest(request)));
    }

    /// Notes what Tab has reached in this frame, unless all of it can be seen.
    pub fn end(&mut self, ctx: &Context) {
        if !ctx.input(|input| input.key_pressed(Key::Tab)) {
            return;
        }
        let reached = ctx.memory(|memory| memory.focused()).and_then(|id| ctx.read_response(id));
        if let Some(response) = reached.filter(|response| !response.interact_rect.contains_rect(response.rect)) {
            self.wanted = Some(response.id);
            ctx.request_repaint();
        }
    }
}
