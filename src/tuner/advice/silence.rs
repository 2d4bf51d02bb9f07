//! Silent partitions: where every partition has a watermark of its own, one that says nothing holds all results
//! back, unless it is left out after a while.
//!
//! An idle timeout is advised only when a silence is much longer than what is usual between two records: a
//! shorter timeout would leave partitions out that are only slow, whose records would then come late.

use crate::metrics::quantile::Quantile;
use crate::record::{RecordId, Stream};
use crate::time::{ProcTime, Span};

/// Distances between records of one partition: so many of a thousand are usual.
const USUAL: u64 = 999;
/// A timeout is so many times the longest usual distance, so that the usual is far from it.
const TIMES_USUAL: i64 = 2;

/// Silences that an idle timeout would shorten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silences {
    /// The timeout that tells silence from slowness.
    pub idle_after: Span,
    /// How many silences are longer.
    pub count: usize,
    /// The longest.
    pub longest: Span,
    /// Its partition.
    pub partition: u32,
}

/// The silences of a stream's partitions, to its last arrival; `None` when it has one partition, or none is
/// silent for much longer than usual.
pub fn silences(stream: &Stream) -> Option<Silences> {
    let (first, last) = stream.arrival_range()?;
    let partitions = stream.partitions();
    if partitions < 2 {
        return None;
    }
    // Silence counts while others speak: from the first arrival of all to the last of all.
    let mut before: Vec<ProcTime> = vec![first; partitions];
    let mut gaps: Vec<(Span, u32)> = Vec::with_capacity(stream.len() + partitions);
    for (place, &arrival) in stream.arrivals().iter().enumerate() {
        let partition = stream.partition(RecordId(place as u32)).index();
        gaps.push((arrival - before[partition], partition as u32));
        before[partition] = arrival;
    }
    gaps.extend(before.iter().zip(0..).map(|(&before, partition)| (last - before, partition)));
    gaps.sort_unstable();
    let usual = Quantile::per_mille(USUAL).of_sorted(&gaps)?.0;
    let idle_after = crate::tuner::bounds::rounded_up(usual.times(TIMES_USUAL).max(Span::from_millis(1)));
    let &(longest, partition) = gaps.last()?;
    let count = gaps.iter().filter(|(gap, _)| *gap > idle_after).count();
    // One that is hardly longer than the timeout would gain nothing.
    (longest > idle_after + idle_after).then_some(Silences { idle_after, count, longest, partition })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, KeyTable, PartitionId, Row};
    use crate::time::EventTime;

    fn stream(speaks: impl Fn(i64, u32) -> bool) -> Stream {
        let mut keys = KeyTable::default();
        keys.intern("");
        let row = |second: i64, partition: u32| Row {
            event_time: EventTime::from_millis(second * 1_000),
            arrival: ProcTime::from_millis(second * 1_000),
            key: KeyId(0),
            value: 1.0,
            partition: PartitionId(partition),
        };
        let all = (0..2_000).flat_map(|second| [(second, 0), (second, 1)]);
        Stream::from_rows(all.filter(|&(s, p)| speaks(s, p)).map(|(s, p)| row(s, p)).collect(), keys)
    }

    #[test]
    fn a_long_silence_asks_for_a_timeout_well_above_the_usual() {
        let found = silences(&stream(|second, partition| partition == 0 || !(500..800).contains(&second)));
        let expected =
            Silences { idle_after: Span::from_secs(2), count: 1, longest: Span::from_secs(301), partition: 1 };
        assert_eq!(found, Some(expected));
        let ended = silences(&stream(|second, partition| partition == 0 || second < 1_500));
        assert_eq!(ended.map(|it| it.longest), Some(Span::from_secs(500)));
    }

    #[test]
    fn steady_partitions_and_a_single_one_ask_for_nothing() {
        assert_eq!(silences(&stream(|_, _| true)), None);
        assert_eq!(silences(&stream(|_, partition| partition == 0)), None);
        assert_eq!(silences(&Stream::default()), None);
    }
}
