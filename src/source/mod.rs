//! Where records come from: a seeded stream, made whole before a run.
//!
//! Every record takes one draw from each of the named streams `gap`, `key`, `value` and `delay`,
//! in the order in which records happen. So a change of the delays leaves the events as they are,
//! and turning a knob moves records instead of dealing new ones. Faults of the producers (offline,
//! then flush) are applied here, at the edge; faults of the pipeline are not.
//!
//! - [`happenings`]: when, and of which key
//! - [`keys`]: uniform and Zipf shares
//! - [`delays`]: from happening to arrival
//! - [`offline`]: producers without network
//! - [`quantile`]: the inverse distribution functions behind all of it

pub mod delays;
pub mod happenings;
pub mod keys;
pub mod offline;
pub mod quantile;

use crate::pipeline::Problem;
use crate::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use crate::rng::{Draws, Seed};
use crate::scenario::{KeySpec, Scenario, SourceSpec, Synthetic, ValueSpec};
use crate::time::EventTime;

/// The most records that a synthetic source may be expected to make. A stream of this length
/// takes more than a gigabyte while it is made.
pub const MAX_RECORDS: u64 = 20_000_000;

/// Why a scenario gives no synthetic stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The records are in a file.
    #[error("the source of this scenario is a recording; its records are read from the file")]
    Recording,
    /// Fields of the scenario are out of range.
    #[error("{}", crate::scenario::check::in_words(.0))]
    Problems(Vec<Problem>),
}

/// The stream of a synthetic source: the same bits for the same scenario on every machine.
///
/// Keys are numbered by rank; those that never occur have no number.
///
/// # Errors
/// When the source is a recording, or [`Scenario::problems`] is not empty.
pub fn generate(scenario: &Scenario) -> Result<Stream, GenerateError> {
    let SourceSpec::Synthetic(source) = &scenario.source else {
        return Err(GenerateError::Recording);
    };
    let problems = scenario.problems();
    let start = match source.start_time() {
        Some(start) if problems.is_empty() => start,
        _ => return Err(GenerateError::Problems(problems)),
    };
    let seed = Seed::new(scenario.seed);
    let mut rows = rows(source, scenario, start, seed);
    offline::apply(&mut rows, &scenario.faults, &source.keys, start, seed);
    let key_table = intern(&mut rows, &source.keys);
    Ok(Stream::from_rows(rows, key_table))
}

/// One row per record, in the order in which they happen; keys are ranks.
fn rows(source: &Synthetic, scenario: &Scenario, start: EventTime, seed: Seed) -> Vec<Row> {
    let mut values = seed.stream("value");
    let mut delays = delays::Sampler::new(&source.delay, seed);
    let happenings = happenings::draw(source, scenario.duration, seed);
    let row = |(offset, rank): happenings::Happening| {
        let event_time = start + offset;
        Row {
            event_time,
            arrival: event_time.on_proc_clock() + delays.draw(),
            key: KeyId(rank),
            value: value(&source.values, &mut values),
            partition: PartitionId::default(),
        }
    };
    happenings.into_iter().map(row).collect()
}

fn value(spec: &ValueSpec, draws: &mut Draws) -> f64 {
    match *spec {
        ValueSpec::Constant(value) => value,
        ValueSpec::Integers { min, max } => draws.integer(min, max) as f64,
        ValueSpec::Uniform { min, max } => min + draws.unit() * (max - min),
    }
}

/// Replaces ranks by the ids of a table that holds the keys that occur, in order of rank.
fn intern(rows: &mut [Row], keys: &KeySpec) -> KeyTable {
    let mut ids: Vec<Option<KeyId>> = vec![None; keys.count() as usize];
    for row in rows.iter() {
        ids[row.key.index()] = Some(row.key);
    }
    let mut table = KeyTable::default();
    for id in &mut ids {
        *id = id.map(|rank| table.intern(&keys.name(rank.0)));
    }
    for row in rows {
        if let Some(id) = ids[row.key.index()] {
            row.key = id;
        }
    }
    table
}
