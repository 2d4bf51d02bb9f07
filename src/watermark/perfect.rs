//! The perfect watermark: the smallest event time still to come.
//!
//! It needs the future, so the caller hands in what it knows: [`to_come`] of the stream.
//! After the last record there is nothing to come and it says nothing more; whether that is the
//! end of time is not the watermark's to decide ([`crate::pipeline::AtEnd`]).

use crate::time::EventTime;

/// For every record, the smallest event time of those after it that go the same way;
/// [`EventTime::MAX`] for the last one of each. `way` says which way a record goes, by its place, out
/// of `ways`: a source task sees only its own partitions. Of the same length and order as
/// `event_times`.
///
/// # Panics
/// When `way` says `ways` or more.
pub fn to_come(event_times: &[EventTime], ways: usize, way: impl Fn(usize) -> usize) -> Vec<EventTime> {
    let mut least = vec![EventTime::MAX; ways];
    let mut minima = vec![EventTime::MAX; event_times.len()];
    for (place, &event_time) in event_times.iter().enumerate().rev() {
        let least = &mut least[way(place)];
        minima[place] = *least;
        *least = event_time.min(*least);
    }
    minima
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minima(times: &[i64], ways: usize) -> Vec<i64> {
        let times: Vec<EventTime> = times.iter().map(|&t| EventTime::from_micros(t)).collect();
        to_come(&times, ways, |place| place % ways).into_iter().map(EventTime::micros).collect()
    }

    #[test]
    fn the_smallest_of_those_after() {
        assert_eq!(minima(&[5, 3, 9, 4], 1), [3, 4, 4, i64::MAX]);
        assert_eq!(minima(&[], 1), [0_i64; 0]);
    }

    #[test]
    fn each_way_knows_its_own_future_alone() {
        assert_eq!(minima(&[5, 3, 9, 4, 7, 1], 2), [7, 1, 7, 1, i64::MAX, i64::MAX]);
    }
}
