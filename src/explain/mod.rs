//! Why, in words: the causal chain of one record or one window, read from the trace of a run.
//!
//! - [`record`]: where a record went, which watermark met it, and what would have counted it
//! - [`gate`]: which rule of the schema it breaks
//! - [`window`]: when a window opened, why it fired, and what it missed
//!
//! Every sentence is a fact of the trace. Nothing is guessed, and nothing is run again.

mod gate;
mod record;
mod window;

use std::fmt;

use serde::Serialize;

pub use gate::{crashes, refusal};
pub use record::{JustMissed, explain_record, just_missed};
pub use window::explain_window;

use crate::record::RecordId;
use crate::runtime::Trace;
use crate::time::EventTime;

/// Why something went as it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The outcome in a sentence.
    pub headline: String,
    /// What led to it, in order.
    pub steps: Vec<Step>,
    /// The smallest changes that would have changed the outcome; none where it was good.
    pub changes: Vec<String>,
}

/// One step of a causal chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When, as a date in UTC: event time for what happened, processing time for the rest.
    pub at: String,
    /// What.
    pub what: String,
}

impl Step {
    fn new(at: impl fmt::Display, what: impl Into<String>) -> Self {
        Self { at: at.to_string(), what: what.into() }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline)?;
        let width = self.steps.iter().map(|step| step.at.len()).max().unwrap_or(0);
        for step in &self.steps {
            writeln!(f, "  {:<width$}  {}", step.at, step.what)?;
        }
        self.changes.iter().try_for_each(|change| writeln!(f, "  {change}"))
    }
}

/// `record 12`, counted from 0 in arrival order.
fn name(id: RecordId) -> String {
    format!("record {}", id.0)
}

/// Which record raised the watermark to what it is, and when that was.
fn raised_by(trace: &Trace, watermark: EventTime) -> String {
    let step = trace.watermarks.iter().find(|step| step.watermark == watermark);
    match step.and_then(|step| step.raised_by.map(|id| (step.at, id))) {
        Some((at, id)) => {
            let happened = trace.stream.event_times()[id.index()];
            format!("raised at {at} by {}, which happened at {happened}", name(id))
        }
        None if watermark == EventTime::MIN => "no record had raised it yet".to_owned(),
        None => "raised by the clock".to_owned(),
    }
}
