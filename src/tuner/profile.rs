//! How far event time has come by every record: the watermark with bound 0, whatever the window.
//!
//! With another bound the watermark is this one minus the bound, so one profile serves every bound.
//! Where it rises, by whom and when, is kept in columns, ascending in event time and in the order of
//! records: "which record brings event time to x" is a binary search.

use std::sync::{Arc, OnceLock};

use crate::record::{RecordId, Stream};
use crate::time::{EventTime, ProcTime, Span};
use crate::tuner::column::Column;
use crate::tuner::parallel::Ticker;

/// How far event time has come by every record of a stream.
#[derive(Clone, Debug)]
pub struct Profile {
    stream: Arc<Stream>,
    /// Every rise of the largest event time seen, in microseconds; ascending.
    reached: Vec<i64>,
    /// For each: how many records are handled before it counts, the one that brought it included.
    met_by: Vec<u32>,
    /// The smallest event time of all, in microseconds.
    oldest: i64,
    /// For records that are behind the largest event time before them: by how much. Sorted when it is
    /// first asked for.
    behind: OnceLock<Column>,
}

impl Profile {
    /// The largest event time seen, after every record. `None` when `ticker` was told to stop.
    pub(super) fn of(stream: &Arc<Stream>, ticker: &Ticker<'_>) -> Option<Self> {
        let (mut reached, mut met_by) = (Vec::new(), Vec::new());
        let (mut newest, mut oldest) = (i64::MIN, i64::MAX);
        for (chunk, times) in stream.event_times().chunks(Ticker::CHUNK).enumerate() {
            for (i, t) in times.iter().map(|t| t.micros()).enumerate() {
                oldest = oldest.min(t);
                if t > newest {
                    newest = t;
                    reached.push(t);
                    met_by.push((chunk * Ticker::CHUNK + i) as u32 + 1);
                }
            }
            ticker.tick(times.len())?;
        }
        reached.shrink_to_fit();
        met_by.shrink_to_fit();
        Some(Self { stream: Arc::clone(stream), reached, met_by, oldest, behind: OnceLock::new() })
    }

    fn behind_column(&self) -> &Column {
        self.behind.get_or_init(|| {
            let mut newest = i64::MIN;
            let mut behind = Vec::with_capacity(self.stream.len() - self.reached.len());
            for t in self.stream.event_times().iter().map(|t| t.micros()) {
                if t < newest {
                    behind.push(newest.saturating_sub(t));
                }
                newest = newest.max(t);
            }
            Column::of(behind)
        })
    }

    /// Sorts what [`Profile::behind`] reads from, which else the first who asks has to wait for.
    pub(super) fn prepare(&self) {
        self.behind_column();
    }

    /// The records.
    pub const fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// Records behind a watermark with this bound. O(log n), once they are sorted.
    pub fn behind(&self, bound: Span) -> u64 {
        self.behind_column().above(bound)
    }

    /// The largest event time of all; [`EventTime::MIN`] of an empty stream.
    pub fn newest(&self) -> EventTime {
        self.reached.last().map_or(EventTime::MIN, |&newest| EventTime::from_micros(newest))
    }

    /// The smallest and the largest event time; `None` of an empty stream.
    pub fn range(&self) -> Option<(EventTime, EventTime)> {
        self.reached.last().map(|&newest| (EventTime::from_micros(self.oldest), EventTime::from_micros(newest)))
    }

    /// How many times event time rises.
    pub const fn rises(&self) -> usize {
        self.reached.len()
    }

    /// The number of the first rise to at least `micros`, looked for from rise `from` on, which is not
    /// after it; the number of rises when event time never comes so far. O(log of the distance).
    #[inline]
    pub(super) fn rise_to(&self, micros: i64, from: usize) -> usize {
        let mut step = 1;
        let mut first = from;
        // Galloping (Bentley, Yao: An almost optimal algorithm for unbounded searching, 1976).
        while first + step <= self.reached.len() && self.reached[first + step - 1] < micros {
            first += step;
            step *= 2;
        }
        let last = (first + step).min(self.reached.len());
        first + self.reached[first..last].partition_point(|&reached| reached < micros)
    }

    /// How many records are handled before this rise counts; all of them and more when there is no such
    /// rise.
    #[inline]
    pub(super) fn met_by(&self, rise: usize) -> u32 {
        self.met_by.get(rise).copied().unwrap_or(u32::MAX)
    }

    /// When this rise happens.
    pub(super) fn risen_at(&self, rise: usize) -> Option<ProcTime> {
        let raiser = self.met_by.get(rise)?.checked_sub(1)?;
        self.stream.arrivals().get(RecordId(raiser).index()).copied()
    }

    /// When event time first comes to at least `instant`: when a window with this end fires under
    /// bound 0. `None` when it never does.
    pub fn reached_at(&self, instant: EventTime) -> Option<ProcTime> {
        self.risen_at(self.rise_to(instant.micros(), 0))
    }

    /// Bytes of memory, without the stream.
    pub fn bytes(&self) -> usize {
        let behind = self.behind.get().map_or(0, Column::len);
        (self.reached.len() + behind) * size_of::<i64>() + self.met_by.len() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, KeyTable, PartitionId, Row};

    pub(super) fn profile(times: &[i64]) -> Profile {
        let row = |(i, &t): (usize, &i64)| Row {
            event_time: EventTime::from_micros(t),
            arrival: ProcTime::from_micros(i as i64 * 100),
            key: KeyId(0),
            value: 1.0,
            partition: PartitionId(0),
        };
        let stream = Arc::new(Stream::from_rows(times.iter().enumerate().map(row).collect(), KeyTable::default()));
        Profile::of(&stream, &Ticker::silent()).expect("nobody cancels")
    }

    #[test]
    fn rises_are_found_from_both_sides() {
        let profile = profile(&[10, 8, 12, 12, 11, -100, 13]);
        assert_eq!((profile.rises(), profile.newest().micros()), (3, 13));
        let at = |x: i64| profile.reached_at(EventTime::from_micros(x)).map(ProcTime::micros);
        assert_eq!([-5, 10, 11, 12, 13].map(at), [Some(0), Some(0), Some(200), Some(200), Some(600)]);
        assert_eq!(at(14), None);
        assert_eq!([0, 1, 2, 3].map(|rise| profile.met_by(rise)), [1, 3, 7, u32::MAX]);
        for from in 0..=3 {
            for x in [11, 13, 14] {
                let expected = profile.rise_to(x, 0);
                assert_eq!(profile.rise_to(x, from.min(expected)), expected);
            }
        }
    }

    #[test]
    fn a_record_is_behind_by_more_than_the_bound() {
        // Behind by 2, 0 (a tie is not behind), 1 and 112.
        let profile = profile(&[10, 8, 12, 12, 11, -100, 13]);
        let behind = [0, 1, 2, 111, 112].map(|bound| profile.behind(Span::from_micros(bound)));
        assert_eq!(behind, [3, 2, 1, 1, 0]);
    }

    #[test]
    fn nothing_reaches_nothing() {
        let profile = profile(&[]);
        assert_eq!(profile.newest(), EventTime::MIN);
        assert_eq!(profile.reached_at(EventTime::MIN), None);
    }
}
