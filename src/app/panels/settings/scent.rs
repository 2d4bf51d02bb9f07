//! What a knob lets one foresee, as a hill under its track, and a ring that says where a knob was when it was taken
//! hold of.
//!
//! - bound: the share of the records that would not be behind. A record is behind a bounded watermark when it is
//!   older than the newest event before it by more than the bound.
//! - allowed lateness: of the records that came after their window had fired, the share that would still be counted.
//! - idle after: the share of the pauses of a partition that are shorter, and so are not taken for silence.
//!
//! The first and the last follow from the stream alone and hold while it does; the second from the run on screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{Rect, Shape, Ui, pos2, vec2};

use super::ranges::Ranges;
use crate::app::run::Run;
use crate::app::theme::{Theme, alpha, space};
use crate::app::widgets::scale::Scale;
use crate::pipeline::WindowSpec;
use crate::record::RecordId;
use crate::runtime::Trace;
use crate::time::{EventTime, ProcTime, Span};

/// Stretches of the track that have a share of their own.
const PARTS: usize = 96;
/// Height of the hill in points.
const HILL: f32 = 7.0;
/// Where the track runs in the row of a knob, in points.
const TRACK_Y: f32 = 29.5;

/// The hills of the knobs that have one.
pub struct Scent {
    /// The delays that the stream has: they stay while it does.
    of: Arc<[Span]>,
    /// The run that the hill of the lateness is of.
    generation: u64,
    /// Records that would not be behind.
    pub bound: Hill,
    /// Records that would still be counted after their window had fired.
    pub lateness: Hill,
    /// Pauses that are not taken for silence.
    pub idle: Hill,
}

impl Scent {
    /// Of a run and its stream. O(n log n).
    pub fn of(run: &Run, ranges: &Ranges) -> Self {
        Self {
            of: Arc::clone(&run.delays),
            generation: run.generation,
            bound: Hill::of(&ranges.bound, older_than_newest(run)),
            lateness: Hill::of(&ranges.lateness, after_the_firing(&run.trace)),
            idle: Hill::of(&ranges.bound, pauses(run)),
        }
    }

    /// Whether this is the stream and the tracks on screen.
    pub fn is_of(&self, run: &Run, ranges: &Ranges) -> bool {
        Arc::ptr_eq(&self.of, &run.delays) && self.bound.scale == ranges.bound && self.lateness.scale == ranges.lateness
    }

    /// Follows a run over the same stream. O(n) where it is another run.
    pub fn follow(&mut self, run: &Run, ranges: &Ranges) {
        if self.generation != run.generation {
            self.generation = run.generation;
            self.lateness = Hill::of(&ranges.lateness, after_the_firing(&run.trace));
        }
    }
}

/// By how many microseconds every record is older than the newest event before it; 0 for those that are not.
fn older_than_newest(run: &Run) -> impl Iterator<Item = i64> + '_ {
    let mut newest = EventTime::MIN;
    run.trace.stream.event_times().iter().map(move |&at| {
        let older = if newest > at { (newest - at).micros() } else { 0 };
        newest = newest.max(at);
        older
    })
}

/// Of every record that met a watermark past the end of its last window: how far past, in microseconds. A window is
/// kept while that is less than the lateness.
fn after_the_firing(trace: &Trace) -> impl Iterator<Item = i64> + '_ {
    let met = trace.stream.event_times().iter().zip(&trace.watermark_before);
    met.filter_map(move |(&at, &watermark)| {
        let end = last_end(trace.pipeline.window, at)?;
        (watermark.is_finite() && watermark >= end).then(|| (watermark - end).micros().saturating_add(1))
    })
}

/// The end of the last window that an event time is in; `None` where windows lie elsewhere for every key, or have no
/// end, or the event time is between two.
fn last_end(window: WindowSpec, at: EventTime) -> Option<EventTime> {
    let (size, step, offset) = match window {
        WindowSpec::Tumbling { size, offset } => (size, size, offset),
        WindowSpec::Sliding { size, slide, offset } => (size, slide, offset),
        WindowSpec::Cumulative { max, offset, .. } => (max, max, offset),
        WindowSpec::Session { .. } | WindowSpec::Global => return None,
    };
    let into = at.micros().checked_sub(offset.micros())?.rem_euclid(step.micros().max(1));
    let end = at.micros().checked_sub(into)?.checked_add(size.micros())?;
    (end > at.micros()).then(|| EventTime::from_micros(end))
}

/// The times between two arrivals of a partition, in microseconds.
fn pauses(run: &Run) -> impl Iterator<Item = i64> + '_ {
    let stream = &run.trace.stream;
    let mut last: BTreeMap<_, ProcTime> = BTreeMap::new();
    (0..stream.len()).filter_map(move |i| {
        // A stream has fewer than 2^32 records.
        let partition = stream.partition(RecordId(i as u32));
        let at = stream.arrivals()[i];
        last.insert(partition, at).map(|before| (at - before).micros().max(0))
    })
}

/// A share for every part of a track.
pub struct Hill {
    scale: Scale,
    /// At the right end of every part; empty where nothing asks for the knob.
    shares: Vec<f32>,
}

impl Hill {
    /// The share of `needs`, in microseconds, that every value of the track is enough for.
    fn of(scale: &Scale, needs: impl Iterator<Item = i64>) -> Self {
        let mut counts = [0_u64; PARTS + 1];
        needs.for_each(|need| counts[part_of(scale, need)] += 1);
        let total: u64 = counts.iter().sum();
        let mut sum = 0;
        let shares = counts[..PARTS].iter().map(|count| {
            sum += count;
            sum as f32 / total.max(1) as f32
        });
        let shares = if total > 0 { shares.collect() } else { Vec::new() };
        Self { scale: scale.clone(), shares }
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

/// The part of the track from whose right end on a value is enough; past the last one where none on the track is.
fn part_of(scale: &Scale, need: i64) -> usize {
    let (_, most) = scale.range();
    if need as f64 > most {
        return PARTS;
    }
    ((scale.place(need as f64) * PARTS as f64).ceil() as usize).saturating_sub(1).min(PARTS - 1)
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
        let of_both = Scent::of(&run, &ranges);
        assert!(of_both.is_of(&run, &ranges));
        let scent = &of_both.bound;
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

    #[test]
    fn the_hill_of_the_lateness_counts_what_came_after_its_window_had_fired() {
        let run = fixture::run_for_drawing(fixture::trace(500, 3, fixture::tumbling(), 0));
        let ranges = Ranges::of(&run, &run.scenario);
        let hill = Hill::of(&ranges.lateness, after_the_firing(&run.trace));
        let size = match fixture::tumbling() {
            WindowSpec::Tumbling { size, .. } => size.micros(),
            _ => panic!("tumbling windows"),
        };
        let after: Vec<i64> = (0..run.trace.stream.len())
            .filter_map(|i| {
                let at = run.trace.stream.event_times()[i].micros();
                let w = run.trace.watermark_before[i];
                let end = at - at.rem_euclid(size) + size;
                (w.is_finite() && w.micros() >= end).then(|| w.micros() - end + 1)
            })
            .collect();
        assert!(after.len() > 10, "{}", after.len());
        for part in [0, 20, 60, PARTS - 1] {
            let kept = after.iter().filter(|&&need| {
                need as f64 <= ranges.lateness.range().1
                    && ranges.lateness.place(need as f64) <= (part + 1) as f64 / PARTS as f64
            });
            let expected = kept.count() as f32 / after.len() as f32;
            assert!((hill.shares[part] - expected).abs() < 1e-6, "{part}");
        }
    }

    #[test]
    fn windows_end_where_they_are_laid() {
        let second = Span::from_secs(1);
        let at = |micros: i64| EventTime::from_micros(micros);
        let tumbling = WindowSpec::Tumbling { size: second, offset: Span::ZERO };
        assert_eq!(last_end(tumbling, at(0)), Some(at(1_000_000)));
        assert_eq!(last_end(tumbling, at(-1)), Some(at(0)));
        let sliding = WindowSpec::Sliding { size: second, slide: Span::from_millis(300), offset: Span::ZERO };
        assert_eq!(last_end(sliding, at(650_000)), Some(at(1_600_000)));
        // Between two windows.
        let apart = WindowSpec::Sliding { size: Span::from_millis(300), slide: second, offset: Span::ZERO };
        assert_eq!(last_end(apart, at(650_000)), None);
        assert_eq!(last_end(WindowSpec::Global, at(0)), None);
    }
}
