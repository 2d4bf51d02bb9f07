//! Where the view goes when it is asked for what is selected. Pure.

use egui::Rect;

use crate::app::panels::time_map::camera::Camera;
use crate::app::panels::time_map::model::MapModel;
use crate::app::time_axis::TimeRange;
use crate::app::view::{Selection, View};
use crate::time::ProcTime;

/// Air around what is selected, as a share of its length on both sides.
const AIR: f64 = 0.6;

/// The view of what is selected, with one scale on both axes: a window from its ideal to the end of its
/// state, or a record from where it happened to where it was handled. `None` where nothing is selected.
pub fn to_selection(view: &View<'_>, model: &MapModel, here: Camera, plot: Rect) -> Option<Camera> {
    let (event, proc) = match view.selection {
        Selection::None => return None,
        Selection::Window { key, window } => {
            let column = &model.columns[model.find(window, key)?];
            if !window.start.is_finite() || !window.end.is_finite() {
                return None;
            }
            let until = column.end.at().unwrap_or(view.now).max(column.opened_at);
            let last = model.pane_ids(column).last().map(|&id| view.run.trace.panes[id as usize].emitted_at);
            let until = last.map_or(until, |last| last.max(until)).min(ProcTime::from_micros(view.now.micros()));
            let from = column.opened_at.micros().min(window.start.micros());
            (
                TimeRange::of_micros(window.start.micros(), window.end.micros()),
                TimeRange::of_micros(from, until.micros()),
            )
        }
        Selection::Record(id) => {
            let trace = &view.run.trace;
            let happened = trace.stream.event_times().get(id.index())?.micros();
            let handled = trace.handled.get(id.index()).filter(|at| at.is_finite())?.micros();
            let met = trace.watermark_before[id.index()];
            let claimed = if met.is_finite() { met.micros() } else { happened };
            (
                TimeRange::of_micros(happened.min(claimed), happened.max(claimed)),
                TimeRange::of_micros(happened, handled),
            )
        }
    };
    let around = Camera { event: event.with_margin(AIR), proc: proc.with_margin(AIR) };
    let scale = |range: TimeRange, px: f32| range.length() / f64::from(px.max(1.0));
    let us_per_px = scale(around.event, plot.width()).max(scale(around.proc, plot.height()));
    // Never so close that a wide plot shows a few records of a moment.
    let closest = scale(here.event, plot.width()) / 200.0;
    Some(around.with_scale(us_per_px.max(closest), plot.size()))
}
