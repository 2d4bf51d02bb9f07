//! The yardstick: each job as a loop written by hand for it alone, with nothing general in it.
//!
//! Keys are 0 to 999, times are milliseconds near the epoch in 32 bits, count and sum share one
//! 64-bit word, and nobody is late. How fast the machine can go when the program knows everything.

use crate::bench::checksum::{Answer, pane_hash};
use crate::bench::job::{BOUND_MS, Job, SmallRecord};

/// Keys, rounded up to a power of two so that masking replaces a bounds check.
const KEYS: usize = 1_024;
/// Windows start every second in the first two jobs.
const SECOND_MS: i32 = 1_000;
const BOUND: i32 = BOUND_MS as i32;

/// The answer of the hand-written loop of `job`.
pub fn run(job: Job, records: &[SmallRecord]) -> Answer {
    match job {
        Job::W1 => tumbling(records),
        Job::W2 => sliding(records),
        Job::W3 => sessions(records),
    }
}

/// Count in the upper half, sum in the lower.
const fn packed(value: u16) -> u64 {
    1 << 32 | value as u64
}

const fn count_of(word: u64) -> u64 {
    word >> 32
}

const fn sum_of(word: u64) -> u64 {
    word & 0xFFFF_FFFF
}

/// Adds the pane of every key that has one, without a branch.
fn emit(words: &[u64; KEYS], start_ms: i32, answer: &mut Answer) {
    for (key, &word) in words.iter().enumerate() {
        let is_some = u64::from(word != 0);
        let hash = pane_hash(i64::from(start_ms), key as u64, count_of(word), sum_of(word));
        answer.panes += is_some;
        answer.checksum = answer.checksum.wrapping_add(hash & is_some.wrapping_neg());
    }
}

/// Records are at most 500 ms out of order, so two windows are open at most: one dense array each.
fn tumbling(records: &[SmallRecord]) -> Answer {
    let mut open = [[0_u64; KEYS]; 2];
    let mut answer = Answer::default();
    let mut newest = i32::MIN;
    // Of the oldest window that may be open; event times begin at -500.
    let mut end = 0;
    for record in records {
        // One window is added so that the division is of an unsigned number.
        let window = (record.event_time_ms + SECOND_MS) as u32 / SECOND_MS as u32;
        open[window as usize % 2][usize::from(record.key) % KEYS] += packed(record.value);
        newest = newest.max(record.event_time_ms);
        while newest - BOUND >= end {
            fire_tumbling(&mut open, end, &mut answer);
            end += SECOND_MS;
        }
    }
    for end in [end, end + SECOND_MS] {
        fire_tumbling(&mut open, end, &mut answer);
    }
    answer
}

fn fire_tumbling(open: &mut [[u64; KEYS]; 2], end: i32, answer: &mut Answer) {
    let words = &mut open[(end / SECOND_MS) as usize % 2];
    emit(words, end - SECOND_MS, answer);
    *words = [0; KEYS];
}

/// Slices in a window of [`Job::W2`].
const SLICES: usize = 10;
/// Slices kept: those of a window and the open ones, rounded up to a power of two.
const RING: usize = 16;

/// One dense array per slice of a second, and running totals over the ten of a window.
fn sliding(records: &[SmallRecord]) -> Answer {
    let mut slices = vec![[0_u64; KEYS]; RING];
    let mut totals = [0_u64; KEYS];
    let mut answer = Answer::default();
    let mut newest = i32::MIN;
    let mut end = 0;
    for record in records {
        let slice = (record.event_time_ms + SECOND_MS) as u32 / SECOND_MS as u32;
        slices[slice as usize % RING][usize::from(record.key) % KEYS] += packed(record.value);
        newest = newest.max(record.event_time_ms);
        while newest - BOUND >= end {
            fire_sliding(&mut slices, &mut totals, end, &mut answer);
            end += SECOND_MS;
        }
    }
    for _ in 0..=SLICES {
        fire_sliding(&mut slices, &mut totals, end, &mut answer);
        end += SECOND_MS;
    }
    answer
}

fn fire_sliding(slices: &mut [[u64; KEYS]], totals: &mut [u64; KEYS], end: i32, answer: &mut Answer) {
    let newest = (end / SECOND_MS) as usize;
    let added = slices[newest % RING];
    let gone = &mut slices[(newest + RING - SLICES) % RING];
    for ((total, added), gone) in totals.iter_mut().zip(added).zip(gone.iter_mut()) {
        *total = *total + added - *gone;
        *gone = 0;
    }
    emit(totals, end - SLICES as i32 * SECOND_MS, answer);
}

/// The gap of [`Job::W3`].
const GAP_MS: i32 = 2_000;
/// Buckets of the timer wheel, one per millisecond: no timer is set further ahead than gap and
/// bound.
const BUCKETS: usize = 4_096;
/// A key has two sessions at most: the one that is being closed, and the next.
const NODES: usize = 2 * KEYS;
const NO_NODE: u16 = u16::MAX;

#[derive(Clone, Copy)]
struct Session {
    start: i32,
    end: i32,
    word: u64,
}

/// An end that no record touches.
const ABSENT: Session = Session { start: i32::MIN / 2, end: i32::MIN / 2, word: 0 };

/// Two sessions per key in an array, and a wheel of timers that are set again when they come up
/// too early. A bucket is a list through `next`.
struct Wheel {
    sessions: Vec<Session>,
    heads: Vec<u16>,
    next: [u16; NODES],
    has_timer: [bool; NODES],
    watermark: i32,
}

fn sessions(records: &[SmallRecord]) -> Answer {
    let mut wheel = Wheel {
        sessions: vec![ABSENT; NODES],
        heads: vec![NO_NODE; BUCKETS],
        next: [NO_NODE; NODES],
        has_timer: [false; NODES],
        watermark: -2 * BOUND - 1,
    };
    let mut answer = Answer::default();
    let mut newest = i32::MIN;
    for record in records {
        wheel.add(record);
        if record.event_time_ms > newest {
            newest = record.event_time_ms;
            wheel.advance(newest - BOUND, &mut answer);
        }
    }
    wheel.advance(newest + GAP_MS, &mut answer);
    answer
}

impl Wheel {
    #[inline]
    fn add(&mut self, record: &SmallRecord) {
        let t = record.event_time_ms;
        let word = packed(record.value);
        let place = 2 * (usize::from(record.key) % KEYS);
        let touches = |session: &Session| t <= session.end && session.start <= t + GAP_MS;
        let [first, second] = [self.sessions[place], self.sessions[place + 1]];
        let grown = |session: Session| Session {
            start: session.start.min(t),
            end: session.end.max(t + GAP_MS),
            word: session.word + word,
        };
        match (touches(&first), touches(&second)) {
            (true, false) => self.sessions[place] = grown(first),
            (false, true) => self.sessions[place + 1] = grown(second),
            (true, true) => {
                let both = Session {
                    start: first.start.min(second.start),
                    end: first.end.max(second.end),
                    word: first.word + second.word,
                };
                self.sessions[place] = grown(both);
                self.sessions[place + 1] = ABSENT;
            }
            (false, false) => {
                let node = if first.end == ABSENT.end { place } else { place + 1 };
                self.sessions[node] = Session { start: t, end: t + GAP_MS, word };
                if !self.has_timer[node] {
                    self.has_timer[node] = true;
                    self.arm(node, t + GAP_MS);
                }
            }
        }
    }

    #[inline]
    fn arm(&mut self, node: usize, at: i32) {
        let head = &mut self.heads[at as usize % BUCKETS];
        self.next[node % NODES] = *head;
        *head = node as u16;
    }

    #[inline]
    fn advance(&mut self, to: i32, answer: &mut Answer) {
        while self.watermark < to {
            self.watermark += 1;
            let mut listed = std::mem::replace(&mut self.heads[self.watermark as usize % BUCKETS], NO_NODE);
            while listed != NO_NODE {
                let node = usize::from(listed) % NODES;
                listed = self.next[node];
                let session = self.sessions[node];
                if session.end > self.watermark {
                    self.arm(node, session.end);
                    continue;
                }
                self.has_timer[node] = false;
                if session.end == self.watermark {
                    let word = session.word;
                    answer.add(i64::from(session.start), node as u64 / 2, count_of(word), sum_of(word));
                    self.sessions[node] = ABSENT;
                }
            }
        }
    }
}
