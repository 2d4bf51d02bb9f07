//! Which windows have a lane, and what is known of each at an instant.
//!
//! The columns are those of the time map, so both panels speak of the same windows: of all keys
//! together, or of one key. The truth of a column is the batch answer of the same keys. Firings and values
//! are kept between frames, so that a frame costs what is new in the lanes that are in view.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::panels::emissions::opened::{Opened, Openings};
use crate::app::panels::emissions::so_far::SoFar;
use crate::app::panels::emissions::truth::LaneTruth;
use crate::app::panels::time_map::model::{Column, ColumnEnd, Firing, MapModel};
use crate::app::panels::window_value::WindowValue;
use crate::app::run::Run;
use crate::app::time_ticks::{session_name, window_name};
use crate::app::view::Selection;
use crate::record::KeyId;
use crate::time::{ProcTime, Span};
use crate::window::pane::{Timing, Window};

/// Columns whose firings are kept; more are in no view.
const MOST_KEPT: usize = 512;

/// The windows of a run that can have a lane.
pub struct Lanes {
    generation: u64,
    key: Option<KeyId>,
    model: Arc<MapModel>,
    openings: Openings,
    truth: Arc<LaneTruth>,
    so_far: SoFar,
    firings: BTreeMap<usize, Arc<[Firing]>>,
    /// By column: the value after so many panes.
    values: BTreeMap<usize, (usize, WindowValue)>,
    /// Whether any pane is early.
    pub has_early: bool,
}

/// How a lane ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneEnd {
    /// Its state is still there.
    Kept,
    /// The watermark passed its end and the allowed lateness.
    Closed(ProcTime),
    /// It became part of another session.
    Merged(ProcTime),
}

/// One window at an instant.
pub struct Lane {
    /// Its place in the model.
    pub column: usize,
    /// What it is called.
    pub name: String,
    /// Its key: of a session, or the one that is shown.
    pub key: Option<KeyId>,
    /// Its extent.
    pub window: Window,
    /// Its first record.
    pub opened_at: ProcTime,
    /// The end of its state, or now.
    pub until: ProcTime,
    /// How it had ended by then.
    pub end: LaneEnd,
    /// Its firings by now, in order.
    pub firings: Vec<(Timing, ProcTime)>,
    /// Whether it has fired.
    pub is_fired: bool,
    /// Whether the watermark has not reached its end yet, so that nobody can say what it will hold.
    pub is_open: bool,
    /// The value as the last firing says it, or so far.
    pub value: WindowValue,
    /// The batch answer.
    pub truth: WindowValue,
    /// Value minus truth; `None` while it is open, before the first firing, and where they are not one
    /// number.
    pub off_by: Option<f64>,
}

impl Lane {
    /// When it was first fired by the watermark; `None` before.
    pub fn on_time_at(&self) -> Option<ProcTime> {
        self.firings.iter().find(|(timing, _)| *timing == Timing::OnTime).map(|&(_, at)| at)
    }

    /// From its end to its first on-time firing.
    pub fn wait(&self) -> Option<Span> {
        self.on_time_at().map(|at| at.since_event(self.window.end))
    }

    /// How often it was corrected.
    pub fn corrections(&self) -> usize {
        self.firings.iter().filter(|(timing, _)| *timing == Timing::Late).count()
    }
}

impl Lanes {
    /// Prepares the lanes of a run, of one key or of all together; what the lanes `before` know of the truth
    /// is kept where it still holds.
    pub fn of(run: &Run, key: Option<KeyId>, before: Option<&Self>) -> Self {
        let model = run.windows_of(key);
        let is_session = model.columns.iter().any(|column| column.session_of.is_some());
        let known = before.map(|before| &before.truth).filter(|truth| truth.is_of(run, key, is_session));
        let truth = known.map_or_else(|| Arc::new(LaneTruth::of(run, key, is_session)), Arc::clone);
        let has_early = run.trace.panes.iter().any(|pane| pane.timing == Timing::Early);
        Self {
            generation: run.generation,
            key,
            openings: Openings::of(model.columns.iter().map(|column| column.opened_at).collect()),
            truth,
            has_early,
            model,
            so_far: SoFar::default(),
            firings: BTreeMap::new(),
            values: BTreeMap::new(),
        }
    }

    /// How many windows the run has in all.
    pub fn windows(&self) -> usize {
        self.model.columns.len()
    }

    /// Whether these are the lanes of this run and key.
    pub fn is_of(&self, run: &Run, key: Option<KeyId>) -> bool {
        self.generation == run.generation && self.key == key
    }

    /// Columns that have a record at `now`, by start.
    pub fn opened(&self, now: ProcTime) -> Opened {
        self.openings.at(now)
    }

    /// The column of a window; for a session, of this key.
    pub fn find(&self, window: Window, key: Option<KeyId>) -> Option<usize> {
        self.model.find(window, key)
    }

    /// A column, by its place.
    pub fn column(&self, i: usize) -> &Column {
        &self.model.columns[i]
    }

    /// The column that is selected.
    pub fn selected(&self, run: &Run, selection: Selection) -> Option<usize> {
        match selection {
            Selection::None => None,
            Selection::Window { key, window } => self.model.find(window, key),
            Selection::Record(id) => {
                let stream = &run.trace.stream;
                let happened = *stream.event_times().get(id.index())?;
                let key = stream.keys()[id.index()];
                self.model.columns_between(happened, happened).find(|&i| {
                    let column = &self.model.columns[i];
                    column.window.contains(happened) && column.session_of.is_none_or(|of| of == key)
                })
            }
        }
    }

    /// Everything about a column of `run` at `now`.
    pub fn lane(&mut self, run: &Run, now: ProcTime, i: usize) -> Lane {
        let trace = &run.trace;
        let fired = self.firings_at(run, now, i);
        let said = fired.last().map(|last| self.value_after(run, i, last.panes_by_then));
        let column = &self.model.columns[i];
        let value = said.unwrap_or_else(|| self.so_far.value(trace, &self.model, i, self.key, now));
        let ended = column.end.at().filter(|&at| at <= now);
        let is_open = ended.is_none() && column.window.end > trace.watermark_at(now);
        let truth = self.truth.of_column(run, column);
        let naming = if column.session_of.is_some() { session_name } else { window_name };
        let name = naming(column.window.start.micros(), column.window.size().micros());
        let named = column.session_of.map(|key| trace.stream.key_table().name(key));
        let off_by = said.filter(|_| !is_open).and_then(|said| Some(said.number()? - truth.number()?));
        Lane {
            column: i,
            name: named.map_or(name.clone(), |key| format!("{name} {key}")),
            key: column.session_of.or(self.key),
            window: column.window,
            opened_at: column.opened_at,
            until: ended.unwrap_or(now),
            end: match (ended, column.end) {
                (Some(at), ColumnEnd::Merged(_)) => LaneEnd::Merged(at),
                (Some(at), _) => LaneEnd::Closed(at),
                (None, _) => LaneEnd::Kept,
            },
            firings: fired.iter().map(|firing| (firing.timing, firing.at)).collect(),
            is_fired: said.is_some(),
            is_open,
            value,
            truth,
            off_by,
        }
    }

    /// What a column said first that was not early, by `now`.
    pub fn first_answer(&mut self, run: &Run, now: ProcTime, i: usize) -> Option<WindowValue> {
        let first = self.firings_at(run, now, i).iter().find(|firing| firing.timing != Timing::Early).copied()?;
        let (trace, column) = (&run.trace, &self.model.columns[i]);
        Some(self.model.value_in_all(trace, column, first.panes_by_then))
    }

    fn firings_at(&mut self, run: &Run, now: ProcTime, i: usize) -> Vec<Firing> {
        if self.firings.len() >= MOST_KEPT && !self.firings.contains_key(&i) {
            self.firings.clear();
        }
        let (model, trace) = (&self.model, &run.trace);
        let all =
            self.firings.entry(i).or_insert_with(|| model.firings_at(trace, &model.columns[i], ProcTime::MAX).into());
        all[..all.partition_point(|firing| firing.at <= now)].to_vec()
    }

    fn value_after(&mut self, run: &Run, i: usize, panes: usize) -> WindowValue {
        match self.values.get(&i) {
            Some(&(known, value)) if known == panes => value,
            _ => {
                let value = self.model.value_in_all(&run.trace, &self.model.columns[i], panes);
                if self.values.len() >= MOST_KEPT {
                    self.values.clear();
                }
                self.values.insert(i, (panes, value));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;
    use crate::oracle::Truth;
    use crate::pipeline::WindowSpec;
    use crate::runtime::Fate;
    use crate::window::aggregate::Summary;

    fn run(window: WindowSpec) -> Run {
        fixture::run_for_drawing(fixture::trace(300, 3, window, 4))
    }

    #[test]
    fn what_a_lane_is_off_by_is_what_was_not_counted() {
        let run = run(fixture::tumbling());
        let (_, end) = run.clock_range();
        let mut lanes = Lanes::of(&run, None, None);
        let aggregate = run.trace.pipeline.aggregate;
        let truth = Truth::of(&run.trace.stream, run.trace.pipeline.window);
        let opened = lanes.opened(end);
        let mut off = 0;
        for column in (0..opened.len()).filter_map(|place| opened.get(place)) {
            let lane = lanes.lane(&run, end, column);
            let complete: Summary = truth.windows().iter().filter(|((_, w), _)| *w == lane.window).fold(
                Summary::default(),
                |mut all, (_, summary)| {
                    all.merge(summary);
                    all
                },
            );
            assert_eq!(lane.truth, WindowValue::of_summary(aggregate, &complete));
            let missed = run.trace.stream.records().any(|record| {
                lane.window.contains(record.event_time) && run.trace.fates[record.id.index()] != Fate::Counted
            });
            assert_eq!(lane.off_by.is_some(), lane.is_fired && !lane.is_open, "{}", lane.name);
            if lane.is_fired && !missed && lane.until < end {
                assert_eq!(lane.off_by, Some(0.0), "{}", lane.name);
            }
            off += usize::from(lane.off_by.is_some_and(|by| by != 0.0));
        }
        assert!(off > 0, "the fixture drops records");
    }

    #[test]
    fn a_window_that_has_fired_early_is_not_off_while_it_is_open() {
        let run = run(fixture::tumbling());
        let mut lanes = Lanes::of(&run, None, None);
        for now in fixture::instants(&run.trace, 60) {
            let opened = lanes.opened(now);
            for column in (0..opened.len()).filter_map(|place| opened.get(place)) {
                let lane = lanes.lane(&run, now, column);
                let passed = lane.window.end <= run.trace.watermark_at(now);
                assert_eq!(lane.is_open, !passed && lane.end == LaneEnd::Kept);
                assert!(!lane.is_open || lane.off_by.is_none());
            }
        }
    }

    #[test]
    fn before_the_first_record_no_window_has_a_lane() {
        for window in fixture::window_kinds() {
            let run = run(window);
            assert_eq!(Lanes::of(&run, None, None).opened(ProcTime::MIN).len(), 0);
        }
    }
}
