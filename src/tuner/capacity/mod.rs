//! Capacity: how many parallel tasks and how much room in their queues a load needs, and how long they take to
//! catch up after an outage.
//!
//! Utilisation and catch-up are exact on average; waiting is by formula ([`queueing`]) and by replay of the
//! recording's own arrivals ([`replay`](mod@replay)), which knows its bursts. Shares of keys are those of the
//! recording ([`skew`]). That the next stream has the same keys is for people to know.

pub mod queueing;
pub mod replay;
pub mod skew;
mod words;

use serde::Serialize;

pub use crate::tuner::capacity::words::in_words;
pub(crate) use crate::tuner::capacity::words::{heading, sentences, table};

use crate::record::Stream;
use crate::time::Span;
use crate::tuner::capacity::queueing::Queue;
use crate::tuner::capacity::replay::{Replayed, replay};
use crate::tuner::capacity::skew::Skew;

/// The utilisation that the busiest task is planned for when nothing is said: at 0.7 a record of chance
/// arrivals waits 2.3 service times, at 0.9 it waits 9.
pub const UTILISATION: f64 = 0.7;
/// More tasks than the pipeline can have are not looked at.
pub const MOST_TASKS: u32 = crate::pipeline::tasks::MAX_TASKS;

/// What is to be carried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Records per second over all tasks; more than 0.
    pub load: f64,
    /// How long a task works on one record, as measured; more than 0.
    pub service: Span,
    /// By up to which share of itself that varies, evenly; 0 to 1.
    pub jitter: f64,
    /// How long nothing is done in the outage to be planned for.
    pub outage: Option<Span>,
    /// The share of time in which the busiest task may work; above 0, below 1.
    pub utilisation: f64,
    /// Key groups of the pipeline.
    pub key_groups: u32,
}

/// What one number of tasks gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// Parallel window tasks.
    pub tasks: u32,
    /// The share of all records that the busiest one gets.
    pub busiest_share: f64,
    /// The share of time in which the busiest one works; 1 or more: it never keeps up.
    pub utilisation: f64,
    /// The mean over all tasks.
    pub mean_utilisation: f64,
    /// Seconds that a record waits for the busiest task on average (Kingman).
    pub wait_s: Option<f64>,
    /// The same if any task could take any record (Allen-Cunneen): what keys cost.
    pub pooled_wait_s: Option<f64>,
    /// Records that wait for the busiest task when 99 % wait less (Kingman).
    pub queue_p99: Option<f64>,
    /// The most records that wait for it when the recording is played at this load.
    pub queue_replayed: usize,
    /// Seconds that 99 % of its records wait at most in that replay.
    pub wait_replayed_p99_s: f64,
    /// Seconds from the end of the outage until everything is done.
    pub catch_up_s: Option<f64>,
}

/// How many tasks a load needs, and what they are like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capacity {
    /// Records per second.
    pub load_per_s: f64,
    /// Seconds of work on one record.
    pub service_s: f64,
    /// The utilisation that was planned for.
    pub target_utilisation: f64,
    /// Seconds of the outage that was planned for.
    pub outage_s: Option<f64>,
    /// Keys in the recording.
    pub keys: usize,
    /// The hottest key.
    pub hottest_key: String,
    /// The share of records that have it.
    pub hottest_share: f64,
    /// With however many tasks, no more than this times the work of one is done: one over that share.
    pub speed_up_limit: f64,
    /// From one task up to one more than is recommended, or until more help no more.
    pub choices: Vec<Choice>,
    /// Tasks to set; `None` when no number keeps the busiest one below the target.
    pub tasks: Option<u32>,
    /// Records that the queue in front of a task should hold.
    pub queue: Option<usize>,
    /// When there is no such number: into how many sub-keys the hottest key has to be split (salting).
    pub salts: Option<u32>,
}

/// Plans for a demand with the keys and arrivals of a stream; `None` for an empty stream, or a demand that
/// is out of range.
pub fn plan(stream: &Stream, demand: Demand) -> Option<Capacity> {
    let is_possible = demand.load > 0.0
        && demand.load.is_finite()
        && demand.service > Span::ZERO
        && (0.0..=1.0).contains(&demand.jitter)
        && demand.utilisation > 0.0
        && demand.utilisation < 1.0;
    if !is_possible || stream.is_empty() {
        return None;
    }
    let skew = Skew::of(stream, demand.key_groups);
    let most = MOST_TASKS.min(skew.most_tasks());
    let used = |tasks: u32| demand.load * demand.service.as_secs_f64() * skew.busiest(tasks).1;
    let tasks = (1..=most).find(|&tasks| used(tasks) <= demand.utilisation);
    // Without an answer: up to the number that does best.
    let shown = tasks.unwrap_or_else(|| (1..=most).min_by(|&a, &b| used(a).total_cmp(&used(b))).unwrap_or(1));
    let numbers = if shown <= 8 { 1 } else { shown - 7 }..=(shown + 1).min(most);
    let choices: Vec<Choice> = numbers.map(|tasks| choice(stream, &skew, demand, tasks)).collect();
    let chosen = choices.iter().find(|choice| Some(choice.tasks) == tasks);
    let offered = demand.load * demand.service.as_secs_f64();
    let hottest_share = skew.hottest_share();
    Some(Capacity {
        load_per_s: demand.load,
        service_s: demand.service.as_secs_f64(),
        target_utilisation: demand.utilisation,
        outage_s: demand.outage.map(Span::as_secs_f64),
        keys: skew.keys(),
        hottest_key: skew.hottest().map_or_else(String::new, |key| stream.key_table().name(key).to_owned()),
        hottest_share,
        speed_up_limit: 1.0 / hottest_share,
        tasks,
        queue: chosen.map(Choice::room),
        salts: tasks.is_none().then(|| libm::ceil(offered * hottest_share / demand.utilisation) as u32),
        choices,
    })
}

fn choice(stream: &Stream, skew: &Skew, demand: Demand, tasks: u32) -> Choice {
    let (busiest, busiest_share) = skew.busiest(tasks);
    let service = demand.service.as_secs_f64();
    let own = arrivals_of(stream, &skew.tasks_of_keys(stream, tasks), busiest);
    let own_load = demand.load * busiest_share;
    let span = own.last().copied().unwrap_or(0.0) - own.first().copied().unwrap_or(0.0);
    // As many records as there are distances between them, in the time that the load gives them.
    let stretch = if span > 0.0 { (own.len() as f64 - 1.0) / own_load / span } else { 1.0 };
    let Replayed { p99_wait, most_waiting, arrival_scv } = replay(&own, stretch, service);
    // An even spread by a share j of the mean has a variance of (2 j)^2 / 12.
    let service_scv = demand.jitter * demand.jitter / 3.0;
    let queue = Queue { load: own_load, service, tasks: 1, arrival_scv, service_scv };
    let pool = Queue { load: demand.load, tasks, ..queue };
    Choice {
        tasks,
        busiest_share,
        utilisation: queue.utilisation(),
        mean_utilisation: pool.utilisation(),
        wait_s: queue.mean_wait(),
        pooled_wait_s: pool.mean_wait(),
        queue_p99: queue.p99_wait().map(|wait| wait * own_load),
        queue_replayed: most_waiting,
        wait_replayed_p99_s: p99_wait,
        catch_up_s: demand.outage.and_then(|outage| queue.catch_up(outage.as_secs_f64())),
    }
}

/// Arrivals of the records that a task owns, in seconds from the first of the stream.
fn arrivals_of(stream: &Stream, tasks_of_keys: &[u32], task: u32) -> Vec<f64> {
    let Some((first, _)) = stream.arrival_range() else { return Vec::new() };
    let owned = stream.keys().iter().zip(stream.arrivals());
    let owned = owned.filter(|(key, _)| tasks_of_keys.get(key.index()) == Some(&task));
    let mut arrivals: Vec<f64> = owned.map(|(_, at)| (*at - first).as_secs_f64()).collect();
    arrivals.sort_unstable_by(f64::total_cmp);
    arrivals
}

impl Choice {
    /// Room for what waits by formula and by replay, whichever is more, rounded up to a power of two.
    fn room(&self) -> usize {
        let by_formula = libm::ceil(self.queue_p99.unwrap_or(0.0)) as usize;
        by_formula.max(self.queue_replayed).max(1).checked_next_power_of_two().unwrap_or(usize::MAX)
    }
}
