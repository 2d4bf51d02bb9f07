//! Why: what happened to a record, a window, a pane, or why nothing happens, as data and in plain words.
//!
//! - [`story`]: what an explanation is made of
//! - [`case`](mod@case): the run that it is read from, and how times and values are told
//! - [`record`], [`window`], [`silence`]: the causal chains
//! - [`touched`](mod@touched): which faults had a hand in it
//! - [`group`]: the records that shared the cause
//! - [`missed`]: the settings that a record just missed, in closed form
//! - [`gate`]: which rule of the schema a record breaks
//! - [`find`]: what is worth asking about
//! - [`price`]: the smallest change that flips the outcome, found by running it, and what it costs
//!
//! Every sentence is a fact of the trace; only [`price`] runs anything.

pub mod case;
pub mod find;
mod gate;
pub mod group;
mod missed;
pub mod price;
mod record;
mod silence;
pub mod story;
mod touched;
mod window;

pub use case::Case;
pub use find::Suggestions;
pub use gate::{crashes, refusal};
pub use group::{Group, Outcome};
pub use missed::{JustMissed, just_missed, was_gone, windows_of};
pub use story::{Explanation, Horizon, Link, Mark, Prose, Step, Subject, When};
pub use touched::{How, Touch, touched};
pub use window::{Missing, missing, missing_by_cause, window_at};

/// Explains what is asked about. `None` where there is no such thing in the run, and for silences without
/// [`Case::with_metrics`].
pub fn explain(case: &Case<'_>, subject: Subject) -> Option<Explanation> {
    match subject {
        Subject::Record(id) => record::explain(case, id),
        Subject::Window { key, window } => window::explain(case, key, window),
        Subject::Pane(place) => {
            let pane = case.trace.panes.get(place as usize)?;
            let whole = window::explain(case, Some(pane.key), pane.window)?;
            let name = format!("pane {} of {}", pane.index, whole.name);
            Some(Explanation { subject, name, ..whole })
        }
        Subject::Partition { partition, at } => silence::explain_partition(case, partition, at),
        Subject::Key { key, at } => silence::explain_key(case, key, at),
        Subject::Watermark { at } => silence::explain_watermark(case, at),
    }
}
