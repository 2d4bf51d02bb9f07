//! Breaking a run at the cursor, by a fault or by a record that is put into the log: the scenario that has
//! it, or why there is none. Everything before the cursor is then as it was; what comes after may differ.

use crate::app::state::State;
use crate::scenario::{Fault, Scenario, SourceSpec, check};
use crate::source::by_hand::record_at;
use crate::time::EventTime;

/// The pairs of a join are made while files are read.
const JOINED: &str = "The recordings of this scenario were joined when they were read. Write the record under by_hand \
                      in the scenario, and open it again.";

/// The scenario that is asked for, with one record more: it reaches the log at the cursor.
///
/// # Errors
/// In words for the reader, when there is no run yet, or the record is out of its limits.
pub fn with_record(state: &State, event_time: EventTime, key: &str, value: f64) -> Result<Scenario, String> {
    let Some(run) = &state.run else { return Err("There is no run yet; wait for the first one.".to_owned()) };
    if state.scenario.join.is_some() && matches!(state.scenario.source, SourceSpec::Recording(_)) {
        return Err(JOINED.to_owned());
    }
    let mut scenario = state.scenario.clone();
    scenario.by_hand.push(record_at(run.origin(), state.playback.now(), event_time, key, value));
    checked(scenario)
}

/// The scenario that is asked for, with one fault more.
///
/// # Errors
/// In words for the reader, when it does not go together with the rest.
pub fn with_fault(state: &State, fault: Fault) -> Result<Scenario, String> {
    let mut scenario = state.scenario.clone();
    scenario.faults.push(fault);
    checked(scenario)
}

/// The scenario that is asked for, without the fault at this place; as it is where there is none.
pub fn without_fault(state: &State, place: usize) -> Scenario {
    let mut scenario = state.scenario.clone();
    if place < scenario.faults.len() {
        scenario.faults.remove(place);
    }
    scenario
}

fn checked(scenario: Scenario) -> Result<Scenario, String> {
    let problems = scenario.problems();
    if problems.is_empty() { Ok(scenario) } else { Err(check::in_words(&problems)) }
}
