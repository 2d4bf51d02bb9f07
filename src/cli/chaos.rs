//! `highwater chaos`: runs drawn from seeds, held against what must be true of every run. A seed that
//! breaks a promise comes with the command that runs it again, and with the smallest scenario that
//! breaks the same promise, to be opened in the lab.

use std::fs;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::Args;
use serde::Serialize;

use crate::chaos::{Examined, Violation, examine, scenario, shrink};
use crate::cli::args::{CommonArgs, Format};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::stopwatch::Stopwatch;
use crate::human;
use crate::runtime::Sabotage;

/// The most violations that are shrunk and told: one is enough to start with.
const MAX_TOLD: usize = 10;

/// Arguments of `highwater chaos`.
#[derive(Clone, Debug, Args)]
pub struct ChaosArgs {
    /// Which seeds: the first, and the first one that is not run any more
    #[arg(long, value_name = "A..B", value_parser = parse_range, default_value = "0..1000")]
    pub seeds: Range<u64>,
    /// Plant a bug, to see whether it is found
    #[arg(long, value_name = "NAME", value_parser = parse_sabotage)]
    pub sabotage: Option<Sabotage>,
    /// How many run side by side; as many as the machine has cores without it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Leave failing scenarios as they were drawn
    #[arg(long)]
    pub no_shrink: bool,
    /// The outcome as text or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

fn parse_sabotage(text: &str) -> Result<Sabotage, String> {
    let names = || Sabotage::ALL.map(Sabotage::name).join(", ");
    Sabotage::of_name(text).ok_or_else(|| format!("{text:?} is no bug that can be planted: choose {}", names()))
}

fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("{text:?} is no range of seeds: write 0..10000");
    let (first, end) = text.split_once("..").ok_or_else(wrong)?;
    let range = first.parse().map_err(|_| wrong())?..end.parse().map_err(|_| wrong())?;
    if range.is_empty() { Err(wrong()) } else { Ok(range) }
}

/// What came of all seeds.
#[derive(Clone, Debug, Serialize)]
struct Outcome {
    schema: u32,
    seeds: u64,
    range: String,
    violations: Vec<Told>,
    records: u64,
    faults: u64,
    panes: u64,
    seeds_per_s: f64,
    jobs: usize,
}

/// A seed that broke a promise.
#[derive(Clone, Debug, Serialize)]
struct Told {
    seed: u64,
    invariant: &'static str,
    told: String,
    replay: String,
    /// The smallest scenario that breaks the same promise, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<String>,
}

/// Runs the seeds and prints what they broke.
///
/// # Errors
/// Files that cannot be written; [`CliError::Failed`] when a promise was broken.
pub fn chaos(args: &ChaosArgs, common: &CommonArgs) -> Result<(), CliError> {
    if args.format == Format::Csv {
        return Err(CliError::bad_input("chaos has no rows to write; --format is text or json"));
    }
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or_else(cores, usize::from);
    // A panic is a violation like any other; its words are told with the seed.
    std::panic::set_hook(Box::new(|_| {}));
    let watch = Stopwatch::start();
    let (sum, failed) = sweep(args.seeds.clone(), args.sabotage, jobs);
    let seconds = watch.elapsed().as_secs_f64();
    let violations: Vec<Told> =
        failed.into_iter().take(MAX_TOLD).map(|(seed, violation)| tell(seed, violation, args)).collect();
    let seeds = args.seeds.end - args.seeds.start;
    let outcome = Outcome {
        schema: 1,
        seeds,
        range: format!("{}..{}", args.seeds.start, args.seeds.end),
        violations,
        records: sum.records,
        faults: sum.faults,
        panes: sum.panes,
        seeds_per_s: seeds as f64 / seconds,
        jobs,
    };
    write(&outcome, args, common)?;
    if outcome.violations.is_empty() { Ok(()) } else { Err(CliError::Failed) }
}

/// Every seed by one of the threads; the sum of all, and the seeds that broke a promise, ascending.
fn sweep(seeds: Range<u64>, sabotage: Option<Sabotage>, jobs: usize) -> (Examined, Vec<(u64, Violation)>) {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new((Examined::default(), Vec::new()));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let examined = examine(&scenario(seed), sabotage);
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.0.records += examined.records;
                    found.0.faults += examined.faults;
                    found.0.panes += examined.panes;
                    found.1.extend(examined.violation.map(|violation| (seed, violation)));
                }
            });
        }
    });
    let (sum, mut failed) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort_unstable_by_key(|&(seed, _)| seed);
    (sum, failed)
}

fn tell(seed: u64, violation: Violation, args: &ChaosArgs) -> Told {
    let smallest = || shrink(&scenario(seed), violation.invariant, args.sabotage).to_ron();
    let planted = args.sabotage.map_or_else(String::new, |it| format!(" --sabotage {}", it.name()));
    let smallest = (!args.no_shrink).then(smallest);
    Told {
        seed,
        invariant: violation.invariant.name(),
        told: violation.told,
        replay: format!("highwater chaos --seeds {seed}..{}{planted}", seed + 1),
        scenario: smallest,
    }
}

fn write(outcome: &Outcome, args: &ChaosArgs, common: &CommonArgs) -> Result<(), CliError> {
    let mut json = serde_json::to_vec_pretty(outcome).map_err(CliError::bad_input)?;
    json.push(b'\n');
    if let Some(folder) = &common.out {
        fs::create_dir_all(folder)
            .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
        output::write_file(&folder.join("chaos.json"), &json)?;
        for told in &outcome.violations {
            if let Some(text) = &told.scenario {
                output::write_file(&folder.join(format!("chaos-{}.ron", told.seed)), text.as_bytes())?;
            }
        }
    }
    match args.format {
        Format::Json => output::print(&json),
        Format::Text | Format::Csv => output::print(outcome.in_words().as_bytes()),
    }
}

impl Outcome {
    fn in_words(&self) -> String {
        let mut text = String::new();
        for told in &self.violations {
            text += &format!("seed {}: {}: {}\n  {}\n", told.seed, told.invariant, told.told, told.replay);
            if let Some(scenario) = &told.scenario {
                text += "  the smallest scenario that breaks it:\n";
                text.extend(scenario.lines().map(|line| format!("    {line}\n")));
            }
        }
        text + &format!(
            "{} seeds, {} violations; {} records, {} faults, {} panes; {:.0} seeds/s on {} threads\n",
            human::count(self.seeds),
            self.violations.len(),
            human::count(self.records),
            human::count(self.faults),
            human::count(self.panes),
            self.seeds_per_s,
            self.jobs
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_a_first_seed_and_an_end() {
        assert_eq!(parse_range("3..7"), Ok(3..7));
        for wrong in ["7", "7..3", "3..3", "a..b", "0..=3", ""] {
            assert!(parse_range(wrong).is_err_and(|told| told.contains("write 0..10000")), "{wrong}");
        }
    }

    #[test]
    fn a_sweep_is_the_same_on_one_thread_and_on_three() {
        assert_eq!(sweep(0..12, None, 1), sweep(0..12, None, 3));
    }
}
