//! Which windows have a lane, and what is known of each at an instant.
//!
//! The columns are those of the time map, so both panels speak of the same windows: of all keys
//! together, or of one key. The truth of a column is the batch answer of the same keys.

use std::sync::Arc;

use crate::app::panels::emissions::truth::LaneTruth;
use crate::app::panels::time_map::model::MapModel;
use crate::app::panels::time_map::running::open_windows;
use crate::app::panels::window_value::WindowValue;
use crate::app::time_ticks::window_name;
use crate::app::view::{Selection, View};
use crate::record::KeyId;
use crate::time::ProcTime;
use crate::window::pane::{Timing, Window};

/// The windows of a run that can have a lane.
pub struct Lanes {
    generation: u64,
    key: Option<KeyId>,
    model: Arc<MapModel>,
    truth: Arc<LaneTruth>,
    /// Whether any pane is early.
    pub has_early: bool,
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
    /// Its firings by now, in order.
    pub firings: Vec<(Timing, ProcTime)>,
    /// Whether it has fired.
    pub is_fired: bool,
    /// The value as the last firing says it, or so far.
    pub value: String,
    /// The batch answer.
    pub truth: String,
    /// Value minus truth; `None` before the first firing, and where they are not one number.
    pub off_by: Option<f64>,
    /// Whether the reader has picked it.
    pub is_selected: bool,
}

impl Lanes {
    /// Prepares the lanes of the run and key on screen; what the lanes `before` know of the truth is kept
    /// where it still holds.
    pub fn of(view: &View<'_>, before: Option<&Self>) -> Self {
        let model = view.run.windows_of(view.key);
        let is_session = model.columns.iter().any(|column| column.session_of.is_some());
        let known = before.map(|before| &before.truth).filter(|truth| truth.is_of(view, is_session));
        let truth = known.map_or_else(|| Arc::new(LaneTruth::of(view, is_session)), Arc::clone);
        let has_early = view.run.trace.panes.iter().any(|pane| pane.timing == Timing::Early);
        Self { generation: view.run.generation, key: view.key, model, truth, has_early }
    }

    /// Whether these are the lanes of what is on screen.
    pub fn is_of(&self, view: &View<'_>) -> bool {
        self.generation == view.run.generation && self.key == view.key
    }

    /// Columns that have a record by now, by start.
    pub fn opened(&self, view: &View<'_>) -> Vec<usize> {
        (0..self.model.columns.len()).filter(|&i| self.model.columns[i].opened_at <= view.now).collect()
    }

    /// The column that is selected.
    pub fn selected(&self, view: &View<'_>) -> Option<usize> {
        match view.selection {
            Selection::None => None,
            Selection::Window { key, window } => self.model.find(window, key),
            Selection::Record(id) => {
                let happened = *view.run.trace.stream.event_times().get(id.index())?;
                let key = view.run.trace.stream.keys()[id.index()];
                self.model.columns_between(happened, happened).find(|&i| {
                    let column = &self.model.columns[i];
                    column.window.contains(happened) && column.session_of.is_none_or(|of| of == key)
                })
            }
        }
    }

    /// Everything about a column at the cursor.
    pub fn lane(&self, view: &View<'_>, i: usize) -> Lane {
        let (trace, column) = (&view.run.trace, &self.model.columns[i]);
        let firings = self.model.firings_at(trace, column, view.now);
        let fired = firings.last().map(|last| self.model.value_in_all(trace, column, last.panes_by_then));
        let open = || {
            let windows = open_windows(trace, &self.model, i..i + 1, view.key, view.now);
            let of_column = |key: Option<KeyId>, window: Window| match column.session_of {
                Some(_) => key == column.session_of && window.start <= column.window.start,
                None => window == column.window,
            };
            windows.into_iter().filter(|w| of_column(w.session_of, w.window)).map(|w| w.value).next_back()
        };
        let value = fired.or_else(open).unwrap_or(WindowValue::Unknown);
        let truth = self.truth.of_column(view, column);
        let name = window_name(column.window.start.micros(), column.window.size().micros());
        let key = column.session_of.or(view.key);
        let named = column.session_of.map(|key| trace.stream.key_table().name(key));
        Lane {
            column: i,
            name: named.map_or(name.clone(), |key| format!("{name} {key}")),
            key,
            window: column.window,
            opened_at: column.opened_at,
            until: column.end.at().map_or(view.now, |at| at.min(view.now)),
            firings: firings.iter().map(|firing| (firing.timing, firing.at)).collect(),
            is_fired: fired.is_some(),
            value: value.text(),
            truth: truth.text(),
            off_by: fired.and_then(|_| Some(value.number()? - truth.number()?)),
            is_selected: self.selected(view) == Some(i),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::arrangement::Preset;
    use crate::app::panels::lesson::LessonProgress;
    use crate::app::panels::number;
    use crate::app::panels::time_map::fixture;
    use crate::app::run::Run;
    use crate::app::theme::Theme;
    use crate::app::view::LegendFilter;
    use crate::oracle::Truth;
    use crate::pipeline::WindowSpec;
    use crate::runtime::Fate;
    use crate::scenario::{Scenario, SourceSpec};
    use crate::window::aggregate::Summary;

    fn run(window: WindowSpec) -> Run {
        let trace = fixture::trace(300, 3, window, 4);
        let mut scenario = Scenario::of_recording(std::path::Path::new("t.csv"), Default::default());
        assert!(matches!(scenario.source, SourceSpec::Recording(_)));
        scenario.pipeline = trace.pipeline.clone();
        Run::new(scenario, Arc::new(trace), 1)
    }

    fn with_view(run: &Run, now: ProcTime, check: impl FnOnce(&View<'_>)) {
        let theme = Theme::dark();
        check(&View {
            run,
            scenario: &run.scenario,
            now,
            theme: &theme,
            selection: Selection::None,
            key: None,
            legend: LegendFilter::default(),
            speed: 1.0,
            playing: false,
            ghost: None,
            pinned: None,
            injecting: false,
            preset: Preset::Tune,
            lesson: LessonProgress::default(),
        });
    }

    #[test]
    fn what_a_lane_is_off_by_is_what_was_not_counted() {
        let run = run(fixture::tumbling());
        let (_, end) = run.clock_range();
        with_view(&run, end, |view| {
            let lanes = Lanes::of(view, None);
            let aggregate = run.trace.pipeline.aggregate;
            let truth = Truth::of(&run.trace.stream, run.trace.pipeline.window);
            let mut off = 0;
            for column in lanes.opened(view) {
                let lane = lanes.lane(view, column);
                let complete: Summary = truth.windows().iter().filter(|((_, w), _)| *w == lane.window).fold(
                    Summary::default(),
                    |mut all, (_, summary)| {
                        all.merge(summary);
                        all
                    },
                );
                assert_eq!(lane.truth, number::value(complete.value(aggregate).expect("records")));
                let missed = run.trace.stream.records().any(|record| {
                    lane.window.contains(record.event_time) && run.trace.fates[record.id.index()] != Fate::Counted
                });
                if lane.is_fired && !missed && lane.until < view.now {
                    assert_eq!(lane.off_by, Some(0.0), "{}", lane.name);
                }
                off += usize::from(lane.off_by.is_some_and(|by| by != 0.0));
            }
            assert!(off > 0, "the fixture drops records");
        });
    }

    #[test]
    fn before_the_first_record_no_window_has_a_lane() {
        for window in fixture::window_kinds() {
            let run = run(window);
            with_view(&run, ProcTime::MIN, |view| assert_eq!(Lanes::of(view, None).opened(view).len(), 0));
        }
    }
}
