//! Putting a record into the log at the cursor: the scenario that has it, or why there is none. Everything
//! before the cursor is then as it was; what comes after it may differ.

use crate::app::state::State;
use crate::scenario::{Scenario, SourceSpec, check};
use crate::source::by_hand::record_at;
use crate::time::EventTime;

/// The pairs of a join are made while files are read.
const JOINED: &str = "The recordings of this scenario were joined when they were read. Write the record under by_hand \
                      in the scenario, and open it again.";

/// The scenario that is asked for, with one record more: it reaches the log at the cursor.
///
/// # Errors
/// In words for the reader, when there is no run yet, or the record is out of its limits.
pub fn with(state: &State, event_time: EventTime, key: &str, value: f64) -> Result<Scenario, String> {
    let Some(run) = &state.run else { return Err("There is no run yet; wait for the first one.".to_owned()) };
    if state.scenario.join.is_some() && matches!(state.scenario.source, SourceSpec::Recording(_)) {
        return Err(JOINED.to_owned());
    }
    let mut scenario = state.scenario.clone();
    scenario.by_hand.push(record_at(run.origin(), state.playback.now(), event_time, key, value));
    let problems = scenario.problems();
    if problems.is_empty() { Ok(scenario) } else { Err(check::in_words(&problems)) }
}
