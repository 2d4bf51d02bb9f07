//! What a knob lets one foresee: the hill under the bound says what share of the records would not be behind
//! with every bound, and a ring says where a knob was when it was taken hold of.
//!
//! A record is behind a bounded watermark when it is older than the newest event before it by more than the
//! bound. So the shares follow from the stream alone, and hold while it does.

use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{Rect, Shape, Ui, pos2, vec2};

use super::ranges::Ranges;
use crate::app::run::Run;
use crate::app::theme::{Theme, alpha, space};
use crate::app::widgets::scale::Scale;
use crate::time::EventTime;

/// Stretches of the track that have a share of their own.
const PARTS: usize = 96;
/// Height of the hill in points.
const HILL: f32 = 9.0;
/// Where the track runs in the row of a knob, in points.
const TRACK_Y: f32 = 29.5;

/// The shares of records that would not be behind, along the track of the bound.
pub struct Scent {
    /// The delays that the stream has: they stay while it does.
    of: Arc<[crate::time::Span]>,
    scale: Scale,
    /// At the right end of every part.
    shares: Vec<f32>,
}

impl Scent {
    /// Of the stream of a run. O(n).
    pub fn of(run: &Run, ranges: &Ranges) -> Self {
        let stream = &run.trace.stream;
        let mut counts = [0_u64; PARTS + 1];
        let mut newest = EventTime::MIN;
        for &at in stream.event_times() {
            let older = if newest > at { (newest - at).micros() } else { 0 };
            newest = newest.max(at);
            counts[part_of(&ranges.bound, older)] += 1;
        }
        let mut sum = 0;
        let total = stream.len().max(1) as f32;
        let shares = counts[..PARTS].iter().map(|count| {
            sum += count;
            sum as f32 / total
        });
        Self { shares: shares.collect(), of: Arc::clone(&run.delays), scale: ranges.bound.clone() }
    }

    /// Whether this is the stream and the track on screen.
    pub fn is_of(&self, run: &Run, ranges: &Ranges) -> bool {
        Arc::ptr_eq(&self.of, &run.delays) && self.scale == ranges.bound
    }

    /// Draws the hill where the next knob's track will be.
    pub fn paint(&self, ui: &Ui, theme: &Theme) {
        let row = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), space::KNOB));
        let base = row.top() + TRACK_Y;
        let mut mesh = Mesh::default();
        let x = |part: usize| row.left() + row.width() * part as f32 / PARTS as f32;
        let colour = alpha(theme.t3, 0.32);
        for (part, &share) in self.shares.iter().enumerate() {
            let bar = Rect::from_min_max(pos2(x(part), base - HILL * share), pos2(x(part + 1), base));
            mesh.add_colored_rect(bar, colour);
        }
        ui.painter().add(Shape::mesh(mesh));
    }
}

/// The part of the track from whose right end on a record so much older would not be behind; past the last
/// one where no bound on the track is enough.
fn part_of(scale: &Scale, older: i64) -> usize {
    let (_, most) = scale.range();
    if older as f64 > most {
        return PARTS;
    }
    ((scale.place(older as f64) * PARTS as f64).ceil() as usize).saturating_sub(1).min(PARTS - 1)
}

/// Draws a ring where a knob was when the pointer took hold of it; `value` is what it holds, and `turned`
/// whether it is being turned in this frame.
pub fn before_ui(ui: &Ui, theme: &Theme, label: &str, row: Rect, scale: &Scale, value: f64, turned: bool) {
    let id = ui.scope_id().with(("before", label));
    if !ui.input(|input| input.pointer.any_down()) {
        if ui.data(|data| data.get_temp::<f64>(id)).is_some() {
            ui.data_mut(|data| data.remove::<f64>(id));
        }
        return;
    }
    let before = ui.data(|data| data.get_temp::<f64>(id));
    if before.is_none() && turned {
        ui.data_mut(|data| data.insert_temp(id, value));
    }
    if let Some(before) = before.filter(|before| *before != value) {
        let at = pos2(row.left() + scale.place(before) as f32 * row.width(), row.top() + TRACK_Y);
        ui.painter().circle_stroke(at, 4.5, (1.5, theme.ghost));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;

    #[test]
    fn the_hill_is_the_share_of_records_that_a_bound_keeps_from_being_behind() {
        let run = fixture::run_for_drawing(fixture::trace(500, 3, fixture::tumbling(), 0));
        let ranges = Ranges::of(&run, &run.scenario);
        let scent = Scent::of(&run, &ranges);
        assert!(scent.is_of(&run, &ranges));
        assert_eq!(scent.shares.len(), PARTS);
        assert!(scent.shares.is_sorted());
        let times = run.trace.stream.event_times();
        // For the bound at the right end of a part, counted one by one.
        for part in [0, 10, 40, 70, PARTS - 1] {
            let is_kept = |i: &usize| {
                let older = times[..*i].iter().max().map_or(0, |newest| (*newest - times[*i]).micros().max(0));
                let place = scent.scale.place(older as f64);
                older as f64 <= scent.scale.range().1 && place <= (part + 1) as f64 / PARTS as f64
            };
            let kept = (0..times.len()).filter(is_kept).count();
            assert!((scent.shares[part] - kept as f32 / times.len() as f32).abs() < 1e-6, "{part}");
        }
    }
}
