//! The perfect watermark: the smallest event time still to come.
//!
//! It needs the future, so the caller hands in what it knows: [`suffix_minima`] of the stream.
//! After the last record there is nothing to come and it says nothing more; whether that is the
//! end of time is not the watermark's to decide ([`crate::pipeline::AtEnd`]).

use crate::time::EventTime;

/// For every record, the smallest event time of those after it; [`EventTime::MAX`] for the last.
/// Of the same length and order as `event_times`.
pub fn suffix_minima(event_times: &[EventTime]) -> Vec<EventTime> {
    let mut least = EventTime::MAX;
    let mut minima: Vec<EventTime> = event_times
        .iter()
        .rev()
        .map(|&event_time| {
            let after = least;
            least = least.min(event_time);
            after
        })
        .collect();
    minima.reverse();
    minima
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_of_those_after() {
        let minima = |times: &[i64]| {
            let times: Vec<EventTime> = times.iter().map(|&t| EventTime::from_micros(t)).collect();
            suffix_minima(&times).into_iter().map(EventTime::micros).collect::<Vec<_>>()
        };
        assert_eq!(minima(&[5, 3, 9, 4]), [3, 4, 4, i64::MAX]);
        assert_eq!(minima(&[]), [0_i64; 0]);
    }
}
