//! What every record needs so as not to be dropped: how far the newest event time had passed the end of the
//! record's last window when it arrived.
//!
//! With a bounded watermark a record is dropped if and only if its need is at least bound + lateness. Of
//! sessions the record's own `[t, t + gap)` is taken, as if it never merged into a longer one: the need is
//! then never too small. All this holds for a watermark that is handed on after every record; with several
//! partitions of their own, the newest event time is that of the slowest partition, and none goes idle.

use crate::pipeline::WindowSpec;
use crate::record::{RecordId, Stream};
use crate::time::{EventTime, Span};
use crate::window::assign::AlignedAssigner;

/// The need of a record that falls in no window.
const UNASSIGNED: i64 = i64::MIN;
/// The need of a record that nothing came before: no bound is too small.
const NONE: i64 = i64::MIN + 1;

/// Which newest event time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newest {
    /// That of the whole stream.
    OfAll,
    /// That of the partition in which it is least; before all of them have spoken, none.
    OfSlowestPartition,
}

/// Needs in microseconds, by record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs(Vec<i64>);

impl Needs {
    /// The needs of all records of a stream.
    pub fn of(stream: &Stream, window: WindowSpec, newest: Newest) -> Self {
        let ends = LastEnd::new(window);
        let mut newest = Progress::new(newest, stream.partitions());
        let need = |(i, &event_time): (usize, &EventTime)| {
            let before = newest.before_and_after(stream, i, event_time);
            match ends.of(event_time) {
                None => UNASSIGNED,
                Some(_) if before == EventTime::MIN => NONE,
                Some(end) => (before - end).micros().max(NONE),
            }
        };
        Self(stream.event_times().iter().enumerate().map(need).collect())
    }

    /// The needs of the records at these places of the stream that fall in a window, in order of arrival.
    ///
    /// # Panics
    /// When there are no such places.
    pub fn assigned(&self, places: std::ops::Range<usize>) -> Vec<i64> {
        self.0[places].iter().copied().filter(|&need| need != UNASSIGNED).collect()
    }

    /// Places of the records that need more than this, in order of arrival.
    pub fn beyond(&self, threshold: i64) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().filter(move |(_, need)| **need > threshold).map(|(place, _)| place)
    }

    /// The need of the record at this place, in microseconds; less than any other for one that falls in no window.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn of_record(&self, place: usize) -> i64 {
        self.0[place]
    }

    /// How many records there are, those that fall in no window included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The newest event time before each record.
enum Progress {
    All(EventTime),
    Each(Vec<EventTime>),
}

impl Progress {
    fn new(newest: Newest, partitions: usize) -> Self {
        match newest {
            Newest::OfSlowestPartition if partitions > 1 => Self::Each(vec![EventTime::MIN; partitions]),
            Newest::OfAll | Newest::OfSlowestPartition => Self::All(EventTime::MIN),
        }
    }

    fn before_and_after(&mut self, stream: &Stream, record: usize, event_time: EventTime) -> EventTime {
        match self {
            Self::All(newest) => {
                let before = *newest;
                *newest = before.max(event_time);
                before
            }
            Self::Each(newest) => {
                let before = newest.iter().copied().min().unwrap_or(EventTime::MIN);
                let own = &mut newest[stream.partition(RecordId(record as u32)).index()];
                *own = (*own).max(event_time);
                before
            }
        }
    }
}

/// Where the last window of a record ends.
enum LastEnd {
    Aligned(AlignedAssigner),
    Session(Span),
    Never,
}

impl LastEnd {
    fn new(window: WindowSpec) -> Self {
        match window {
            WindowSpec::Session { gap } => Self::Session(gap),
            WindowSpec::Global => Self::Never,
            // Of the windows that start together, the longest ends last.
            WindowSpec::Cumulative { max: size, offset, .. } => {
                AlignedAssigner::new(WindowSpec::Tumbling { size, offset }).map_or(Self::Never, Self::Aligned)
            }
            WindowSpec::Tumbling { .. } | WindowSpec::Sliding { .. } => {
                AlignedAssigner::new(window).map_or(Self::Never, Self::Aligned)
            }
        }
    }

    /// `None` when it falls in no window.
    fn of(&self, event_time: EventTime) -> Option<EventTime> {
        match self {
            Self::Aligned(windows) => {
                let end = windows.last_start(event_time) + windows.size();
                (end > event_time).then_some(end)
            }
            Self::Session(gap) => Some(event_time + *gap),
            Self::Never => Some(EventTime::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, KeyTable, PartitionId, Row};
    use crate::time::ProcTime;

    fn stream(records: &[(i64, u32)]) -> Stream {
        let mut keys = KeyTable::default();
        keys.intern("");
        let row = |(at, &(second, partition)): (usize, &(i64, u32))| Row {
            event_time: EventTime::from_millis(second * 1_000),
            arrival: ProcTime::from_millis(at as i64),
            key: KeyId(0),
            value: 1.0,
            partition: PartitionId(partition),
        };
        Stream::from_rows(records.iter().enumerate().map(row).collect(), keys)
    }

    fn check(records: &[(i64, u32)], window: WindowSpec, newest: Newest, seconds: &[Option<i64>]) {
        let needs = Needs::of(&stream(records), window, newest);
        let expected: Vec<i64> =
            seconds.iter().map(|second| second.map_or(NONE, |second| second * 1_000_000)).collect();
        assert_eq!(needs.assigned(0..records.len()), expected);
    }

    #[test]
    fn the_need_is_how_far_time_had_passed_the_last_window() {
        let secs = Span::from_secs;
        let records = [(3, 0), (12, 0), (-1, 0), (25, 0), (9, 0), (31, 0)];
        let tumbling = WindowSpec::Tumbling { size: secs(10), offset: Span::ZERO };
        // Ends 10, 20, 0, 30, 10, 40; newest before: none, 3, 12, 12, 25, 25.
        let needs = [None, Some(-17), Some(12), Some(-18), Some(15), Some(-15)];
        check(&records, tumbling, Newest::OfAll, &needs);
        // The last windows that start every 5 s end at 10, 20, 5, 35, 15, 40.
        let sliding = WindowSpec::Sliding { size: secs(10), slide: secs(5), offset: Span::ZERO };
        let needs = [None, Some(-17), Some(7), Some(-23), Some(10), Some(-15)];
        check(&records, sliding, Newest::OfAll, &needs);
        // With gaps the records at 9, 25 and -1 fall in no window of 4 s every 10 s; nor does 31 in one of 1 s.
        let gaps = WindowSpec::Sliding { size: secs(4), slide: secs(10), offset: Span::ZERO };
        check(&records, gaps, Newest::OfAll, &[None, Some(-11), Some(-9)]);
        let cumulative = WindowSpec::Cumulative { max: secs(10), step: secs(2), offset: Span::ZERO };
        check(&records[..3], cumulative, Newest::OfAll, &[None, Some(-17), Some(12)]);
        check(&records[..3], WindowSpec::Session { gap: secs(4) }, Newest::OfAll, &[None, Some(-13), Some(9)]);
    }

    #[test]
    fn the_slowest_partition_says_what_the_newest_is() {
        let tumbling = WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO };
        let records = [(3, 0), (12, 0), (5, 1), (8, 0), (25, 1)];
        check(&records, tumbling, Newest::OfSlowestPartition, &[None, None, None, Some(-5), Some(-25)]);
    }

    #[test]
    fn those_that_need_more_are_found() {
        let tumbling = WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO };
        let needs = Needs::of(&stream(&[(3, 0), (12, 0), (-1, 0), (25, 0), (9, 0)]), tumbling, Newest::OfAll);
        assert_eq!(needs.beyond(11_999_999).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(needs.beyond(12_000_000).collect::<Vec<_>>(), [4]);
        assert_eq!((needs.len(), needs.is_empty()), (5, false));
    }
}
