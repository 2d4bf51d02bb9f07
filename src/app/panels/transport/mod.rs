//! The transport: play, step, speed and the clock at the left, the whole run as a timeline at the
//! right. Time on screen is a cursor over a run that is recorded whole, so it goes both ways.
//!
//! - [`buttons`]: what moves the cursor by a press
//! - [`clock`]: the instant in words
//! - [`timeline`]: the whole run, and dragging over it
//! - [`recovery`]: what a failure is made of, on it
//! - [`slim`]: all of it in one line, where people look at something else

pub mod buttons;
pub mod clock;
pub mod recovery;
mod slim;
pub mod timeline;

use egui::{Rect, Ui, pos2, vec2};

use crate::app::arrangement::Preset;
use crate::app::playback::Playback;
use crate::app::theme::space;
use crate::app::time_axis::TimeRange;
use crate::app::view::{Command, View};

/// What the transport has to know beside the run.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The cursor.
    pub playback: &'a Playback,
    /// Width of the left part: that of the settings above it.
    pub left_width: f32,
    /// Whether the window is small.
    pub compact: bool,
    /// The stretch that the time map shows, bracketed on the timeline.
    pub shown: Option<TimeRange>,
}

/// The transport is never higher; what is left over is free above and below it.
const TALLEST: f32 = 140.0;

/// Draws the transport into all of `ui`.
pub fn transport_ui(ui: &mut Ui, view: &View<'_>, frame: Frame<'_>, commands: &mut Vec<Command>) {
    let Frame { playback, left_width, compact, shown } = frame;
    if view.preset != Preset::Tune {
        slim::slim_ui(ui, view, playback, commands);
        return;
    }
    let all = ui.max_rect();
    // A strip that is as high as a window would only stretch.
    let area = Rect::from_center_size(all.center(), vec2(all.width(), all.height().min(TALLEST)));
    let (left, right) = area.split_left_right_at_x(area.left() + left_width);
    buttons::buttons_ui(ui, view, playback, left, compact, commands);
    let right = Rect::from_min_max(pos2(right.left() + space::PANEL, right.top()), right.max - vec2(space::PANEL, 0.0));
    timeline::timeline_ui(ui, view, right, compact, shown, commands);
}
