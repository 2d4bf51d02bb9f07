//! What would wait in front of one task if a recording came faster or slower than it did.
//!
//! Lindley's recursion (The theory of queues with a single server, 1952), exact for arrivals as they are and
//! work that always takes the same time: no formula knows the bursts of a recording as well as it does itself.

/// What waited.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Replayed {
    /// 99 % of the records waited at most so many seconds before the task took them.
    pub p99_wait: f64,
    /// The most records that waited at once, the one at work not among them.
    pub most_waiting: usize,
    /// Variability of the time between arrivals: variance over squared mean. 0 for fewer than three records.
    pub arrival_scv: f64,
}

/// Lets the task of `service` seconds work on records that come at these seconds, which ascend, with all
/// distances between them multiplied by `stretch`.
pub fn replay(arrivals: &[f64], stretch: f64, service: f64) -> Replayed {
    let Some(&first) = arrivals.first() else { return Replayed::default() };
    let mut free_at = f64::NEG_INFINITY;
    let mut starts: Vec<f64> = Vec::with_capacity(arrivals.len());
    let mut waits: Vec<f64> = Vec::with_capacity(arrivals.len());
    let (mut taken, mut most_waiting) = (0, 0);
    for (place, arrival) in arrivals.iter().enumerate() {
        let at = (arrival - first) * stretch;
        let start = at.max(free_at);
        free_at = start + service;
        starts.push(start);
        waits.push(start - at);
        while taken < place && starts[taken] <= at {
            taken += 1;
        }
        let is_waiting = start > at;
        most_waiting = most_waiting.max(place - taken + usize::from(is_waiting));
    }
    let rank = (waits.len() * 99).div_ceil(100).max(1) - 1;
    let p99_wait = *waits.select_nth_unstable_by(rank, f64::total_cmp).1;
    Replayed { p99_wait, most_waiting, arrival_scv: scv(arrivals) }
}

fn scv(arrivals: &[f64]) -> f64 {
    if arrivals.len() < 3 {
        return 0.0;
    }
    let count = (arrivals.len() - 1) as f64;
    let mean = (arrivals[arrivals.len() - 1] - arrivals[0]) / count;
    let variance = arrivals.windows(2).map(|pair| (pair[1] - pair[0] - mean) * (pair[1] - pair[0] - mean)).sum::<f64>();
    if mean > 0.0 { variance / count / (mean * mean) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_counted_record_by_record() {
        // Work of 2 s; starts at 0, 2, 4, 10, 12: waits 0, 1, 3, 0, 2.
        let found = replay(&[5.0, 6.0, 6.0, 15.0, 15.0], 1.0, 2.0);
        assert_eq!((found.p99_wait, found.most_waiting), (3.0, 2));
        // At half the speed: arrivals at 0, 2, 2, 20, 20; starts 0, 2, 4, 20, 22.
        let found = replay(&[5.0, 6.0, 6.0, 15.0, 15.0], 2.0, 2.0);
        assert_eq!((found.p99_wait, found.most_waiting), (2.0, 1));
        assert_eq!(replay(&[], 1.0, 1.0), Replayed::default());
    }

    #[test]
    fn a_clock_has_no_variability_and_a_burst_much() {
        let steady: Vec<f64> = (0..100).map(f64::from).collect();
        assert!(replay(&steady, 1.0, 0.5).arrival_scv < 1e-12);
        assert_eq!(replay(&steady, 1.0, 0.5).most_waiting, 0);
        // Pairs: distances 0 and 2 in turns, a variance of 1 over a mean of about 1.
        let pairs: Vec<f64> = (0..1_000).map(|i| f64::from(i / 2 * 2)).collect();
        assert!((replay(&pairs, 1.0, 0.5).arrival_scv - 1.0).abs() < 0.01);
    }
}
