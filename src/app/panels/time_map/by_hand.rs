//! Records that the reader put in: a ring in the colour of what is the reader's around the mark of their
//! fate; and what a click would put in, while it would.

use egui::{Align2, Pos2, Stroke, pos2, vec2};

use crate::app::panels::time_map::records::{self, Special};
use crate::app::panels::time_map::scene::{RecordState, Scene};
use crate::app::theme::{font, stroke};
use crate::app::time_ticks::clock_or_day;
use crate::app::view::Command;
use crate::app::widgets::{frame, marks};
use crate::record::KeyId;
use crate::time::EventTime;

/// Radius of the ring, in points.
const RING: f32 = 7.0;
/// The value of a record that is put in by a click.
const VALUE: f64 = 1.0;

/// Draws the rings of records in view. Where they are.
pub fn paint(scene: &Scene<'_>) -> Vec<Pos2> {
    let trace = scene.trace();
    let you = scene.theme().you;
    let mut places = Vec::new();
    for &id in &trace.stream.production().by_hand {
        let i = id.index();
        let at = scene.axes.pos(trace.stream.event_times()[i], trace.handled[i]);
        if !scene.view.shows_key(trace.stream.keys()[i]) || !scene.plot.expand(RING).contains(at) {
            continue;
        }
        let state = RecordState::of(trace, i, scene.view.now);
        let reach = RING.max(scene.radius + 3.5);
        if matches!(state, RecordState::OnTime | RecordState::Unassigned) && !scene.is_figure() {
            scene.painter.add(marks::ringed(at, reach, you));
        } else {
            let record = Special { id: i, state, at };
            if !scene.is_figure() {
                scene.painter.add(records::mark(scene, record.state, record.at, 1.0));
            }
            scene.painter.circle_stroke(at, reach, Stroke::new(stroke::SELECTION, you));
        }
        places.push(at);
    }
    places
}

/// Shows what a click would put in: a record of this event time that arrives now.
pub fn preview(scene: &Scene<'_>, pointer: Pos2) {
    let you = scene.theme().you;
    let at = pos2(pointer.x, scene.height_at(pointer.x, scene.view.now));
    let ideal = pos2(at.x, scene.axes.ideal_y(at.x));
    let line = Stroke::new(stroke::SELECTION, you);
    scene.painter.extend(egui::Shape::dashed_line(&[at, ideal], line, 1.5, 3.0));
    scene.painter.add(marks::ringed(at, RING, you));
    let micros = scene.axes.event.micros_at(pointer.x);
    let words = format!("happened {}, put in now", clock_or_day(micros, scene.axes.event.us_per_px()));
    let (anchor, by) = if at.x > scene.plot.center().x {
        (Align2::RIGHT_TOP, vec2(-12.0, 10.0))
    } else {
        (Align2::LEFT_TOP, vec2(12.0, 10.0))
    };
    frame::plate(&scene.painter, scene.theme(), at + by, anchor, &words, font::legend(), you);
}

/// The command of a click: a record of the shown key, or of the one that has the most.
pub fn command(scene: &Scene<'_>, pointer: Pos2, most: Option<KeyId>) -> Command {
    let key = scene.view.key.or(most);
    let key = key.map_or_else(String::new, |key| scene.trace().stream.key_table().name(key).to_owned());
    let event_time = EventTime::from_micros(scene.axes.event.micros_at(pointer.x));
    Command::Inject { event_time, key, value: VALUE }
}
