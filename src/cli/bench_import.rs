//! `highwater bench --job import`: how fast a table of text becomes a recording, beside the `csv`
//! library that only splits it into fields.

use serde::Serialize;

use crate::bench::Import;
use crate::cli::stopwatch::Stopwatch;
use crate::human;

/// Rounds of which the median counts.
const ROUNDS: usize = 5;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    schema: u32,
    job: &'static str,
    events: u32,
    bytes: usize,
    events_per_s: f64,
    mb_per_s: f64,
    yardstick_events_per_s: f64,
    yardstick_mb_per_s: f64,
    ratio: f64,
    threads: u32,
    build: String,
    /// Whether every round found every row, in order.
    #[serde(skip)]
    pub is_right: bool,
}

/// Measures a table of so many rows.
///
/// # Errors
/// Never for the tables that the job makes.
pub fn measure(events: u32, build: String) -> Result<Imported, String> {
    let job = Import::generate(events);
    let mut is_right = true;
    let (mut engine, mut yardstick) = ([0.0; ROUNDS], [0.0; ROUNDS]);
    for round in 0..ROUNDS {
        let watch = Stopwatch::start();
        is_right &= job.read().map_err(|error| error.to_string())? == job.expected();
        engine[round] = watch.elapsed().as_secs_f64();
        let watch = Stopwatch::start();
        is_right &= job.yardstick().map_err(|error| error.to_string())? == job.expected().rows;
        yardstick[round] = watch.elapsed().as_secs_f64();
    }
    let [engine, yardstick] = [engine, yardstick].map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        seconds[ROUNDS / 2]
    });
    let bytes = job.text().len();
    Ok(Imported {
        schema: 1,
        job: "import",
        events,
        bytes,
        events_per_s: f64::from(events) / engine,
        mb_per_s: bytes as f64 / engine / 1e6,
        yardstick_events_per_s: f64::from(events) / yardstick,
        yardstick_mb_per_s: bytes as f64 / yardstick / 1e6,
        ratio: yardstick / engine,
        threads: 1,
        build,
        is_right,
    })
}

impl Imported {
    /// For people, ending with a line break.
    pub fn in_words(&self) -> String {
        let line = |name: &str, mb_per_s: f64, events_per_s: f64| {
            format!("{name:<10} {mb_per_s:>7.0} MB/s  {:>6.2} million rows/s\n", events_per_s / 1e6)
        };
        format!(
            "import: {} rows of CSV, {} MB; the yardstick splits them into fields and keeps nothing\n{}{}\
             ratio      {:>7.3} (medians of {ROUNDS}, 1 thread, {})\n",
            human::count(self.events.into()),
            self.bytes / 1_000_000,
            line("engine", self.mb_per_s, self.events_per_s),
            line("yardstick", self.yardstick_mb_per_s, self.yardstick_events_per_s),
            self.ratio,
            self.build,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_both() {
        let measured = measure(20_000, "test".to_owned()).expect("a sound table");
        assert!(measured.is_right, "{measured:?}");
        assert!(measured.in_words().contains("20,000 rows of CSV"), "{}", measured.in_words());
    }
}
