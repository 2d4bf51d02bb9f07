//! When a published record can be read, in logs that do not hand records out in order.
//!
//! A log with partitions hands out each of them in order. Pub/Sub promises no order at all without an
//! ordering key, and with one the order of that key only. A record is then ready a random moment after
//! it was published, and moments overtake each other.

use std::collections::BTreeMap;

use crate::log::Ordering;
use crate::record::KeyId;
use crate::rng::Seed;
use crate::source::quantile::exponential;
use crate::time::{ProcTime, Span};

/// When each record can be read that was published at `published`, in the same order as those.
///
/// Under [`Ordering::PerPartition`] that is at once. Otherwise a record takes an exponential time with
/// the mean `jitter`, one draw each from the stream `delivery`, in the order in which they are given;
/// under [`Ordering::PerKey`] each is ready after all earlier published records of its key. `keys` has
/// the same length.
pub fn ready_times(
    ordering: Ordering,
    jitter: Span,
    published: &[ProcTime],
    keys: &[KeyId],
    seed: Seed,
) -> Vec<ProcTime> {
    if ordering == Ordering::PerPartition || jitter <= Span::ZERO {
        return published.to_vec();
    }
    let mut draws = seed.stream("delivery");
    let mut later = |&at: &ProcTime| {
        let micros = exponential(draws.unit_above_zero(), jitter.micros() as f64);
        at + Span::from_micros(micros as i64)
    };
    let mut ready: Vec<ProcTime> = published.iter().map(&mut later).collect();
    if ordering == Ordering::PerKey {
        in_order_of_keys(published, keys, &mut ready);
    }
    ready
}

/// Moves `ready` so that no record is ready before one of its key that was published earlier.
fn in_order_of_keys(published: &[ProcTime], keys: &[KeyId], ready: &mut [ProcTime]) {
    let mut order: Vec<usize> = (0..published.len()).collect();
    order.sort_by_key(|&place| published[place]);
    let mut last: BTreeMap<KeyId, ProcTime> = BTreeMap::new();
    for place in order {
        let last = last.entry(keys[place]).or_insert(ProcTime::MIN);
        ready[place] = ready[place].max(*last);
        // Apart by a microsecond, so that their order can be seen.
        *last = ready[place] + Span::from_micros(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JITTER: Span = Span::from_millis(100);

    /// One record every 10 ms, of two keys in turns.
    fn ready(ordering: Ordering) -> (Vec<ProcTime>, Vec<ProcTime>) {
        let published: Vec<ProcTime> = (0..20_000).map(|i| ProcTime::from_millis(i * 10)).collect();
        let keys: Vec<KeyId> = (0..20_000).map(|i| KeyId(i % 2)).collect();
        let ready = ready_times(ordering, JITTER, &published, &keys, Seed::new(7));
        assert_eq!(ready.len(), published.len());
        (published, ready)
    }

    #[test]
    fn a_partition_hands_out_what_it_has_at_once() {
        let (published, ready) = ready(Ordering::PerPartition);
        assert_eq!(ready, published);
        assert_eq!(ready_times(Ordering::Unordered, Span::ZERO, &published, &[], Seed::new(7)), published);
    }

    #[test]
    fn without_an_order_records_overtake_each_other() {
        let (published, ready) = ready(Ordering::Unordered);
        let waits: Vec<f64> = (0..ready.len()).map(|i| (ready[i] - published[i]).as_secs_f64()).collect();
        let mean = waits.iter().sum::<f64>() / waits.len() as f64;
        // Mean and deviation of an exponential time are both 0.1 s; five deviations of the mean.
        assert!((mean - 0.1).abs() < 5.0 * 0.1 / 20_000_f64.sqrt(), "{mean}");
        // The next record is overtaken with probability e^(-10 ms / 100 ms) / 2 = 0.4524.
        let overtaken = ready.windows(2).filter(|pair| pair[1] < pair[0]).count() as f64 / 19_999.0;
        assert!((overtaken - 0.4524).abs() < 0.02, "{overtaken}");
    }

    #[test]
    fn keys_keep_their_order_and_overtake_other_keys() {
        let (published, ready) = ready(Ordering::PerKey);
        for key in 0..2 {
            let of_key: Vec<&ProcTime> = ready.iter().skip(key).step_by(2).collect();
            assert!(of_key.windows(2).all(|pair| pair[0] < pair[1]));
        }
        assert!(!ready.is_sorted());
        assert!((0..ready.len()).all(|i| ready[i] >= published[i]));
    }
}
