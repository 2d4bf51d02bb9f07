//! `highwater bench`: how fast the engine does a standard job, beside a loop that was written by
//! hand for that job alone. Both run in turn, so that both see the same machine, and both must
//! give the right answer. All on one thread, but for the job threads.

use std::fs;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::bench::{Answer, Job, Sim, SmallRecord, Threads, engine, import, yardstick};
use crate::cli::args::{CommonArgs, Format};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::stopwatch::Stopwatch;
use crate::cli::{bench_frame, bench_import, bench_tuner};
use crate::human;
use crate::metrics::threads::ThreadShares;
use crate::record::Record;
use crate::tuner::advice::study::{ALL_THAT_STAY, KindResult, STREAMS, study, table};
use crate::tuner::advice::wanted::CONFIDENCE;

/// Rounds of which the median counts.
pub(super) const ROUNDS: usize = 5;

/// Arguments of `highwater bench`.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// w1: tumbling 1s, w2: sliding 10s every 1s, w3: sessions with a gap of 2s, sim: a whole simulated
    /// run of 100,000 records through four tasks, threads: w1 through source, exchange, 2 window tasks
    /// and sink on 4 threads, frame: what frames of the lab cost, t1: ten window sizes and every bound of
    /// 10 million records by the tuner, advice: whether the tuner's promises about 200 random streams are
    /// kept (--records: so many streams), import: a table of text into a recording
    #[arg(long, value_enum, value_name = "JOB")]
    pub job: BenchJob,
    /// Fewer records than the job has; not for sim
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    pub records: Option<u32>,
    /// The outcome as text or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// A job that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchJob {
    /// [`Job::W1`].
    W1,
    /// [`Job::W2`].
    W2,
    /// [`Job::W3`].
    W3,
    /// [`Sim`].
    Sim,
    /// [`Threads`].
    Threads,
    /// [`bench_frame`].
    Frame,
    /// [`crate::bench::TunerJob`].
    T1,
    /// [`crate::tuner::advice::study`].
    Advice,
    /// [`bench_import`].
    Import,
}

/// What a job took and gave.
#[derive(Clone, Debug, Serialize)]
struct Measured {
    schema: u32,
    job: &'static str,
    events: u32,
    events_per_s: f64,
    panes: u64,
    checksum: String,
    yardstick_events_per_s: f64,
    yardstick_panes: u64,
    yardstick_checksum: String,
    ratio: f64,
    threads: u32,
    build: String,
    /// What each thread did with its time in the last round, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shares: Vec<ThreadShares>,
}

/// Measures a job and prints its speed.
///
/// # Errors
/// A format that does not fit; [`CliError::Failed`] when an answer is not the right one.
pub fn bench(args: &BenchArgs, common: &CommonArgs) -> Result<(), CliError> {
    if args.format == Format::Csv {
        return Err(CliError::bad_input("bench has no rows to write; --format is text or json"));
    }
    let window_job = |job: Job| measure(job, args.records.unwrap_or(job.records()).min(job.records()));
    let (measured, is_right) = match args.job {
        BenchJob::W1 => window_job(Job::W1),
        BenchJob::W2 => window_job(Job::W2),
        BenchJob::W3 => window_job(Job::W3),
        BenchJob::Sim if args.records.is_some() => {
            return Err(CliError::bad_input("--records is not for sim: its scenario says how many there are"));
        }
        BenchJob::Frame => {
            let frames =
                bench_frame::measure(args.records.unwrap_or(1_000_000), build()).map_err(CliError::bad_input)?;
            return report(&frames, frames.in_words(), args, common);
        }
        BenchJob::Import => {
            let records = args.records.unwrap_or(import::RECORDS);
            let imported = bench_import::measure(records, build()).map_err(CliError::bad_input)?;
            report(&imported, imported.in_words(), args, common)?;
            return if imported.is_right { Ok(()) } else { Err(CliError::Failed) };
        }
        BenchJob::Sim => measure_sim().map_err(CliError::bad_input)?,
        BenchJob::T1 => return bench_tuner::bench(args, common),
        BenchJob::Advice => return study_advice(args, common),
        BenchJob::Threads => measure_threads(args.records.unwrap_or(Job::W1.records())).map_err(CliError::bad_input)?,
    };
    report(&measured, measured.in_words(), args, common)?;
    if is_right { Ok(()) } else { Err(CliError::Failed) }
}

/// What the study of the tuner's advice found.
#[derive(Serialize)]
struct Studied {
    schema: u32,
    job: &'static str,
    streams: usize,
    confidence: f64,
    rows: Vec<KindResult>,
}

/// Studies whether the tuner's promises are kept; it is not about speed.
fn study_advice(args: &BenchArgs, common: &CommonArgs) -> Result<(), CliError> {
    let streams = args.records.map_or(STREAMS, |streams| streams as usize);
    let rows = study(streams, CONFIDENCE, 1);
    let words = table(&rows);
    let stays = |row: &&KindResult| row.kind == ALL_THAT_STAY;
    let is_kept = rows.iter().find(stays).is_none_or(|row| row.kept >= row.stated.min(CONFIDENCE));
    report(&Studied { schema: 1, job: "advice", streams, confidence: CONFIDENCE, rows }, words, args, common)?;
    if is_kept { Ok(()) } else { Err(CliError::Failed) }
}

/// Prints figures as asked for, and writes them to the folder asked for.
fn report(figures: &impl Serialize, words: String, args: &BenchArgs, common: &CommonArgs) -> Result<(), CliError> {
    let mut json = serde_json::to_vec_pretty(figures).map_err(CliError::bad_input)?;
    json.push(b'\n');
    if let Some(folder) = &common.out {
        fs::create_dir_all(folder)
            .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
        output::write_file(&folder.join("bench.json"), &json)?;
    }
    match args.format {
        Format::Json => output::print(&json),
        Format::Text | Format::Csv => output::print(words.as_bytes()),
    }
}

/// Measures the first `events` records of a job; whether both answers are right.
fn measure(job: Job, events: u32) -> (Measured, bool) {
    let small: Vec<SmallRecord> = Job::generate(events);
    let records: Vec<Record> = (0..events).zip(&small).map(|(id, record)| record.widen(id)).collect();
    let pipeline = job.pipeline();
    let mut answers = [Answer::default(); 2];
    let rounds = [(); ROUNDS].map(|()| {
        let watch = Stopwatch::start();
        answers[0] = engine::run(&pipeline, &records);
        let engine = f64::from(events) / watch.elapsed().as_secs_f64();
        let watch = Stopwatch::start();
        answers[1] = yardstick::run(job, &small);
        (engine, f64::from(events) / watch.elapsed().as_secs_f64())
    });
    let events_per_s = median(rounds.map(|(engine, _)| engine));
    let yardstick_events_per_s = median(rounds.map(|(_, yardstick)| yardstick));
    let measured = Measured {
        schema: 1,
        job: job.name(),
        events,
        events_per_s,
        panes: answers[0].panes,
        checksum: format!("{:016x}", answers[0].checksum),
        yardstick_events_per_s,
        yardstick_panes: answers[1].panes,
        yardstick_checksum: format!("{:016x}", answers[1].checksum),
        ratio: events_per_s / yardstick_events_per_s,
        threads: 1,
        build: build(),
        shares: Vec::new(),
    };
    let is_right = answers[0] == answers[1] && (events < job.records() || answers[0] == job.expected());
    (measured, is_right)
}

/// Runs of the simulation in each round: one is over in a few milliseconds.
const RUNS_PER_ROUND: u32 = 10;

/// Measures a whole simulated run; whether every run was the same.
fn measure_sim() -> Result<(Measured, bool), String> {
    let sim = Sim::new()?;
    // Streams hold fewer than 2^32 records.
    let events = sim.records() as u32;
    let mut trace = sim.run();
    let first = trace.hash_hex();
    let mut answer = Answer::default();
    let mut is_same = true;
    let mut rounds = [(0.0, 0.0); ROUNDS];
    for (engine, yardstick) in &mut rounds {
        let mut spent = Duration::ZERO;
        for _ in 0..RUNS_PER_ROUND {
            // As where a knob is dragged: a trace leaves its memory to the next one.
            let watch = Stopwatch::start();
            trace = sim.run_in_place_of(trace);
            spent += watch.elapsed();
            is_same &= trace.hash_hex() == first;
        }
        *engine = f64::from(events * RUNS_PER_ROUND) / spent.as_secs_f64();
        let watch = Stopwatch::start();
        (0..RUNS_PER_ROUND).for_each(|_| answer = sim.yardstick());
        *yardstick = f64::from(events * RUNS_PER_ROUND) / watch.elapsed().as_secs_f64();
    }
    let panes = trace.panes.len() as u64;
    let events_per_s = median(rounds.map(|(engine, _)| engine));
    let yardstick_events_per_s = median(rounds.map(|(_, yardstick)| yardstick));
    let measured = Measured {
        schema: 1,
        job: "sim",
        events,
        events_per_s,
        panes,
        checksum: first,
        yardstick_events_per_s,
        yardstick_panes: answer.panes,
        yardstick_checksum: format!("{:016x}", answer.checksum),
        ratio: events_per_s / yardstick_events_per_s,
        threads: 1,
        build: build(),
        shares: Vec::new(),
    };
    Ok((measured, is_same))
}

/// Measures the first `events` records of w1 on threads; whether every answer was right.
fn measure_threads(events: u32) -> Result<(Measured, bool), String> {
    let events = events.min(Job::W1.records());
    let job = Threads::new(events);
    let expected = job.yardstick();
    let mut is_right = events < Job::W1.records() || expected == Job::W1.expected();
    let (mut answer, mut shares) = (Answer::default(), Vec::new());
    let mut rounds = [(0.0, 0.0); ROUNDS];
    for (engine, yardstick) in &mut rounds {
        let watch = Stopwatch::start();
        let finished = job.run().map_err(|error| format!("failed to {error}"))?;
        *engine = f64::from(events) / watch.elapsed().as_secs_f64();
        answer = finished.sink;
        shares = ThreadShares::of(&finished.progress);
        is_right &= answer == expected;
        let watch = Stopwatch::start();
        is_right &= job.yardstick() == expected;
        *yardstick = f64::from(events) / watch.elapsed().as_secs_f64();
    }
    let events_per_s = median(rounds.map(|(engine, _)| engine));
    let yardstick_events_per_s = median(rounds.map(|(_, yardstick)| yardstick));
    let measured = Measured {
        schema: 1,
        job: "threads",
        events,
        events_per_s,
        panes: answer.panes,
        checksum: format!("{:016x}", answer.checksum),
        yardstick_events_per_s,
        yardstick_panes: expected.panes,
        yardstick_checksum: format!("{:016x}", expected.checksum),
        ratio: events_per_s / yardstick_events_per_s,
        threads: Threads::threads(),
        build: build(),
        shares,
    };
    Ok((measured, is_right))
}

/// Version, profile and machine.
pub(super) fn build() -> String {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!("{} {profile}, {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH, std::env::consts::OS)
}

pub(super) fn median(mut rates: [f64; ROUNDS]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

impl Measured {
    fn in_words(&self) -> String {
        let line = |name, rate: f64, panes, checksum| {
            let millions = rate / 1e6;
            format!(
                "{name:<10} {millions:>7.2} million records/s  {} panes  checksum {checksum}\n",
                human::count(panes)
            )
        };
        let about = if self.job == "sim" {
            let millis = f64::from(self.events) / self.events_per_s * 1e3;
            format!("{millis:.1} ms a run, everything written down; the yardstick is the operator alone")
        } else if self.job == "threads" {
            "w1 through the threads runtime; the yardstick is the operator alone on one of them".to_owned()
        } else {
            "watermark after every record".to_owned()
        };
        let threads = if self.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", self.threads) };
        let share = |thread: &ThreadShares| {
            let [busy, idle, blocked] = [thread.busy, thread.idle, thread.blocked].map(|share| share * 100.0);
            format!("{:<20} busy {busy:>5.1}%  idle {idle:>5.1}%  blocked {blocked:>5.1}%\n", thread.name)
        };
        let shares: String = self.shares.iter().map(share).collect();
        format!(
            "{}: {} records, {about}\n{}{}ratio      {:>7.3} (medians of {ROUNDS}, {threads}, {})\n{shares}",
            self.job,
            human::count(u64::from(self.events)),
            line("engine", self.events_per_s, self.panes, &self.checksum),
            line("yardstick", self.yardstick_events_per_s, self.yardstick_panes, &self.yardstick_checksum),
            self.ratio,
            self.build,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_and_yardstick_agree_on_every_job() {
        for job in [Job::W1, Job::W2, Job::W3] {
            let (measured, is_right) = measure(job, 50_000);
            assert!(is_right && measured.panes > 5_000, "{measured:?}");
            assert_eq!((measured.panes, &measured.checksum), (measured.yardstick_panes, &measured.yardstick_checksum));
        }
    }

    #[test]
    fn the_answer_on_threads_is_that_of_the_operator_alone() {
        let (measured, is_right) = measure_threads(30_000).expect("the system gives four threads");
        assert!(is_right && measured.panes > 10_000, "{measured:?}");
        assert!(measured.in_words().contains("4 threads"), "{}", measured.in_words());
    }

    #[test]
    fn the_middle_of_five_counts() {
        assert_eq!(median([5.0, 1.0, 4.0, 2.0, 3.0]), 3.0);
    }
}
