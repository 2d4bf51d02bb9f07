//! Ground truth of the aggregates that a summary cannot answer, from the complete list of a window's
//! records, by sorting. Sketches are judged by what they estimate.

use std::collections::BTreeSet;

use crate::oracle::reference::Truth;
use crate::pipeline::{Aggregate, WindowSpec};
use crate::record::{Record, Stream};

/// The batch answer of a special aggregate for every window of every key; empty for the others.
/// O(n log n) per window of a record.
pub fn special_truth(stream: &Stream, spec: WindowSpec, aggregate: Aggregate) -> Truth<f64> {
    if !aggregate.is_special() {
        return Truth::default();
    }
    Truth::<Vec<Record>>::gathered(stream, spec).filter_map(|records| answer(records, aggregate))
}

/// The answer over these records; `None` for an aggregate that a summary answers.
pub fn answer(records: &[Record], aggregate: Aggregate) -> Option<f64> {
    let mut sorted: Vec<f64> = records.iter().map(|record| record.value).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let in_event_time = |record: &&Record| (record.event_time, record.id);
    match aggregate {
        Aggregate::Count | Aggregate::Sum | Aggregate::Mean | Aggregate::Min | Aggregate::Max => None,
        Aggregate::Distinct | Aggregate::DistinctApprox => {
            let different: BTreeSet<u64> = sorted.iter().map(|value| (value + 0.0).to_bits()).collect();
            Some(different.len() as f64)
        }
        Aggregate::Quantile(quantile) => {
            let millionths = libm::round(quantile * 1e6) as usize;
            sorted.get((millionths * sorted.len()).div_ceil(1_000_000).checked_sub(1)?).copied()
        }
        Aggregate::TopK(k) => sorted.get(sorted.len().saturating_sub(k as usize)).copied(),
        Aggregate::First => records.iter().min_by_key(in_event_time).map(|record| record.value),
        Aggregate::Last => records.iter().max_by_key(in_event_time).map(|record| record.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, RecordId};
    use crate::time::EventTime;

    #[test]
    fn the_answers_of_five_records() {
        let record = |(id, &(t, value)): (usize, &(i64, f64))| Record {
            id: RecordId(id as u32),
            event_time: EventTime::from_micros(t),
            key: KeyId(0),
            value,
        };
        let records: Vec<Record> =
            [(3, 5.0), (1, 7.0), (9, 5.0), (1, 2.0), (9, -1.0)].iter().enumerate().map(record).collect();
        let found = |aggregate| answer(&records, aggregate);
        assert_eq!(found(Aggregate::Distinct), Some(4.0));
        assert_eq!(found(Aggregate::Quantile(0.5)), Some(5.0));
        assert_eq!(found(Aggregate::Quantile(0.2)), Some(-1.0));
        assert_eq!(found(Aggregate::Quantile(0.21)), Some(2.0));
        assert_eq!((found(Aggregate::TopK(2)), found(Aggregate::TopK(9))), (Some(5.0), Some(-1.0)));
        assert_eq!((found(Aggregate::First), found(Aggregate::Last)), (Some(7.0), Some(-1.0)));
        assert_eq!((found(Aggregate::Sum), answer(&[], Aggregate::TopK(1))), (None, None));
    }
}
