//! `highwater bench --job t1`: how long the tuner takes for ten window sizes and every bound of ten
//! million records, beside runs of the engine, and the window operator alone, at a hundred points of
//! the same.

use std::fs;
use std::hash::Hasher;

use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use crate::bench::TunerJob;
use crate::bench::tuner::{Answer, RECORDS, SIZES_S};
use crate::cli::args::{CommonArgs, Format};
use crate::cli::bench::{BenchArgs, ROUNDS, build, median};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::stopwatch::Stopwatch;
use crate::human;
use crate::tuner::parallel;

/// What the job took and gave. A point is drops and latency of one window size at one bound.
#[derive(Clone, Debug, Serialize)]
struct Measured {
    schema: u32,
    job: &'static str,
    events: u64,
    /// Records times points, each second, of the tuner with scanning.
    events_per_s: f64,
    panes: u64,
    checksum: String,
    /// The same of whole runs of the engine.
    yardstick_events_per_s: f64,
    yardstick_checksum: String,
    /// How many times longer the runs take.
    ratio: f64,
    /// How many times longer the window operator alone takes.
    operator_ratio: f64,
    threads: usize,
    build: String,
    sizes: usize,
    points: usize,
    /// Scanning for all bounds, median of five.
    scan_s: f64,
    /// Reading off all points of the grid, median of five.
    points_s: f64,
    /// Both, median of five.
    tuner_s: f64,
    /// Whole runs of the engine at every point of the grid: ten of them, times ten. One after the other, as
    /// the tuner itself makes them of so many records, because several at once would not fit in memory.
    engine_grid_s: f64,
    /// The window operator alone at every point of the grid, side by side, once.
    operator_grid_s: f64,
    /// What all scans keep, without the records.
    scan_bytes: usize,
}

/// Measures the job and prints it.
///
/// # Errors
/// Output that cannot be written; [`CliError::Failed`] when both do not say the same.
pub(super) fn bench(args: &BenchArgs, common: &CommonArgs) -> Result<(), CliError> {
    let (measured, is_right) = measure(args.records.unwrap_or(RECORDS));
    let mut json = serde_json::to_vec_pretty(&measured).map_err(CliError::bad_input)?;
    json.push(b'\n');
    if let Some(folder) = &common.out {
        fs::create_dir_all(folder)
            .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
        output::write_file(&folder.join("bench.json"), &json)?;
    }
    match args.format {
        Format::Json => output::print(&json)?,
        Format::Text | Format::Csv => output::print(measured.in_words().as_bytes())?,
    }
    if is_right { Ok(()) } else { Err(CliError::Failed) }
}

fn measure(records: u32) -> (Measured, bool) {
    let job = TunerJob::new(records);
    let mut scans = Vec::new();
    let mut found = Vec::new();
    let rounds = [(); ROUNDS].map(|()| {
        // What the last round kept is not part of this one.
        scans = Vec::new();
        let watch = Stopwatch::start();
        scans = job.scan();
        let scan_s = watch.elapsed().as_secs_f64();
        found = TunerJob::read_off(&scans);
        (scan_s, watch.elapsed().as_secs_f64())
    });
    let panes = scans.iter().map(|scan| scan.cells()).sum();
    let scan_bytes =
        scans.iter().map(|scan| scan.bytes()).sum::<usize>() + scans.first().map_or(0, |scan| scan.profile().bytes());
    drop(scans);
    let ready = job.ready();
    let watch = Stopwatch::start();
    let expected = job.operate_grid(&ready);
    let operator_grid_s = watch.elapsed().as_secs_f64();
    drop(ready);
    let watch = Stopwatch::start();
    let runs = job.run_sample();
    let engine_grid_s = watch.elapsed().as_secs_f64() * (found.len() as f64 / runs.len() as f64);
    let are_runs_right = runs.iter().all(|&(place, answer)| found.get(place) == Some(&answer));
    let tuner_s = median(rounds.map(|(_, both)| both));
    let work = job.records() as f64 * found.len() as f64;
    let measured = Measured {
        schema: 1,
        job: "t1",
        events: job.records() as u64,
        events_per_s: work / tuner_s,
        panes,
        checksum: checksum(&found),
        yardstick_events_per_s: work / engine_grid_s,
        yardstick_checksum: checksum(&expected),
        ratio: engine_grid_s / tuner_s,
        operator_ratio: operator_grid_s / tuner_s,
        threads: parallel::threads(usize::MAX),
        build: build(),
        sizes: SIZES_S.len(),
        points: found.len(),
        scan_s: median(rounds.map(|(scan, _)| scan)),
        points_s: median(rounds.map(|(scan, both)| both - scan)),
        tuner_s,
        engine_grid_s,
        operator_grid_s,
        scan_bytes,
    };
    (measured, are_runs_right && found == expected && found.len() == TunerJob::grid().len())
}

fn checksum(answers: &[Answer]) -> String {
    let mut hash = Xxh3::new();
    for Answer { dropped, latency } in answers {
        hash.write_u64(*dropped);
        for quantile in [latency.p50, latency.p95, latency.p99, latency.max] {
            hash.write_u64(quantile.map_or(u64::MAX, f64::to_bits));
        }
    }
    format!("{:016x}", hash.finish())
}

impl Measured {
    fn in_words(&self) -> String {
        let Self { scan_s, points_s, tuner_s, engine_grid_s, operator_grid_s, threads, points, .. } = self;
        format!(
            "t1: {} records, {} window sizes, {threads} threads\n\
             tuner     {tuner_s:>9.3} s: all bounds in {scan_s:.3} s, {points} points read off in {:.1} ms  checksum {}\n\
             engine    {engine_grid_s:>9.3} s: whole runs at these {points} points, one after the other, from ten of them\n\
             operator  {operator_grid_s:>9.3} s: the window operator alone at these points, on all threads  checksum {}\n\
             ratio     {:>9.1} to whole runs, {:.1} to the operator alone (tuner: median of {ROUNDS}; {})\n\
             memory    {:>9} MB kept for all bounds, beside the records\n",
            human::count(self.events),
            self.sizes,
            points_s * 1e3,
            self.checksum,
            self.yardstick_checksum,
            self.ratio,
            self.operator_ratio,
            self.build,
            self.scan_bytes / 1_000_000,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_job_gives_the_same_answers_both_ways() {
        let (measured, is_right) = measure(20_000);
        assert!(is_right && measured.checksum == measured.yardstick_checksum, "{measured:?}");
        assert_eq!((measured.events, measured.points, measured.sizes), (20_000, 100, 10));
        assert!(measured.in_words().contains("100 points read off"), "{}", measured.in_words());
    }
}
