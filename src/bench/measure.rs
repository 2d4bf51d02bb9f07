//! Measures a job: the engine and the yardstick in turn, so that both see the same machine.

#![expect(clippy::disallowed_methods, reason = "the speed of a run is a wall-clock figure")]

use std::time::Instant;

use crate::bench::checksum::Answer;
use crate::bench::job::{Job, SmallRecord};
use crate::bench::{engine, yardstick};
use crate::record::Record;

/// Rounds of which the median counts.
const ROUNDS: usize = 5;

/// What a job took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Records of the engine per second, median of five.
    pub events_per_s: f64,
    /// Records of the hand-written loop per second, median of five.
    pub yardstick_events_per_s: f64,
    /// The engine's answer.
    pub answer: Answer,
    /// The hand-written loop's answer.
    pub yardstick_answer: Answer,
}

impl Measured {
    /// Speed of the engine as a part of the yardstick's.
    pub fn ratio(&self) -> f64 {
        self.events_per_s / self.yardstick_events_per_s
    }
}

/// Generates the records of `job` and measures it.
pub fn measure(job: Job) -> Measured {
    let small: Vec<SmallRecord> = (0..job.records()).map(SmallRecord::generate).collect();
    let records: Vec<Record> = (0..job.records()).zip(&small).map(|(i, record)| record.widen(i)).collect();
    let pipeline = job.pipeline();
    let mut rates = Vec::new();
    let mut yardstick_rates = Vec::new();
    let mut answers = (Answer::default(), Answer::default());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        answers.0 = engine::run(&pipeline, &records);
        rates.push(f64::from(job.records()) / start.elapsed().as_secs_f64());
        let start = Instant::now();
        answers.1 = yardstick::run(job, &small);
        yardstick_rates.push(f64::from(job.records()) / start.elapsed().as_secs_f64());
    }
    Measured {
        events_per_s: median(rates),
        yardstick_events_per_s: median(yardstick_rates),
        answer: answers.0,
        yardstick_answer: answers.1,
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
