//! The transport: play, step, speed and the clock at the left, the whole run as a timeline at the
//! right. Time on screen is a cursor over a run that is recorded whole, so it goes both ways.
//!
//! - [`buttons`]: what moves the cursor by a press
//! - [`clock`]: the instant in words
//! - [`timeline`]: the whole run, and dragging over it

pub mod buttons;
pub mod clock;
pub mod timeline;

use egui::{Rect, Ui, pos2, vec2};

use crate::app::playback::Playback;
use crate::app::theme::space;
use crate::app::view::{Command, View};

/// Draws the transport into all of `ui`; its left part is as wide as the settings above it.
pub fn transport_ui(
    ui: &mut Ui,
    view: &View<'_>,
    playback: &Playback,
    left_width: f32,
    compact: bool,
    commands: &mut Vec<Command>,
) {
    let area = ui.max_rect();
    let (left, right) = area.split_left_right_at_x(area.left() + left_width);
    buttons::buttons_ui(ui, view, playback, left, compact, commands);
    let right = Rect::from_min_max(pos2(right.left() + space::PANEL, right.top()), right.max - vec2(space::PANEL, 0.0));
    timeline::timeline_ui(ui, view, right, compact, commands);
}
