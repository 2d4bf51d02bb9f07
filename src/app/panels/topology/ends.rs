//! What stands at both ends of the pipeline for those who look from afar: who sends the records, and the
//! table that readers see. Read from the run alone.

use crate::app::insight::Insight;
use crate::app::panels::topology::model::Edge;
use crate::app::run::Run;
use crate::app::time_ticks;
use crate::metrics::tasks::phrase::{many, rate};
use crate::scenario::SourceSpec;
use crate::time::ProcTime;

/// So many producers or keys are drawn one by one.
pub const MOST_MARKS: usize = 5;
/// Rows of the table.
const ROWS: usize = 2;
/// Windows that are looked at for those rows: some of the latest are not fired yet.
const LOOKS: usize = 256;

/// Both ends at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Ends {
    /// `Producers`, or `Recording`.
    pub source: &'static str,
    /// `4 keys`.
    pub about: String,
    /// How many of them are drawn.
    pub marks: usize,
    /// From there to the log.
    pub into_log: Edge,
    /// From the sink to the table.
    pub into_table: Edge,
    /// The latest windows with what they say: start and value.
    pub table: Vec<(String, String)>,
}

impl Ends {
    /// The ends of a run at `now`.
    pub fn of(run: &Run, insight: &Insight, now: ProcTime) -> Self {
        let stream = &run.trace.stream;
        let (source, count, what) = match &run.scenario.source {
            SourceSpec::Synthetic(source) if source.producers.count > 1 => {
                ("Producers", source.producers.count as usize, "producer")
            }
            SourceSpec::Synthetic(_) => ("Producers", stream.key_table().len(), "key"),
            SourceSpec::Recording(_) => ("Recording", stream.key_table().len(), "key"),
            SourceSpec::Records(_) => ("Records", stream.key_table().len(), "key"),
        };
        let recent = insight.recent(now);
        let edge = |per_s: f64, what: &str| {
            let rate = rate(per_s);
            Edge { words: format!("{what}: {rate}"), rate, fill: None, watermark: None, is_blocked: false }
        };
        Self {
            source,
            about: many(count, what),
            marks: count.min(MOST_MARKS),
            into_log: edge(insight.metrics.log().rate_in(recent), "Into the log"),
            into_table: edge(insight.metrics.panes().rate_out(recent), "Into the table"),
            table: table(run, now),
        }
    }
}

/// The latest windows that have been fired by `now`, the newest first.
fn table(run: &Run, now: ProcTime) -> Vec<(String, String)> {
    let windows = run.windows();
    let step = windows.columns.windows(2).map(|pair| (pair[1].window.start - pair[0].window.start).micros());
    let step = step.filter(|&step| step > 0).take(LOOKS).min().unwrap_or(0);
    let begun = windows.columns.partition_point(|column| column.window.start <= now.on_event_clock());
    let mut rows = Vec::new();
    for column in windows.columns[..begun].iter().rev().take(LOOKS) {
        let fired = windows.panes_at(&run.trace, column, now).len();
        if fired > 0 {
            let value = windows.value_in_all(&run.trace, column, fired);
            rows.push((time_ticks::window_name(column.window.start.micros(), step), value.text()));
            if rows.len() == ROWS {
                break;
            }
        }
    }
    rows
}
