//! A watermark that marker records carry: W = (largest event time of a marker) - bound.
//!
//! Markers are ordinary records that are also counted in their windows; the source promises that
//! what comes after one is not older. Which records are markers is a [`Marker`].

use serde::{Deserialize, Serialize};

use crate::time::{EventTime, Span};
use crate::watermark::spec::Marker;

/// The rule of [`crate::watermark::WatermarkSpec::Punctuated`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Punctuated {
    marker: Marker,
    bound: Span,

    /// Records since the last marker; counted only for [`Marker::EveryNth`].
    since_marker: u32,
}

impl Punctuated {
    /// A rule that has seen nothing. `bound` is not negative.
    pub const fn new(marker: Marker, bound: Span) -> Self {
        Self { marker, bound, since_marker: 0 }
    }

    /// Takes note of a record; what the watermark may be by now, when it is a marker.
    pub fn claim(&mut self, event_time: EventTime, value: f64) -> Option<EventTime> {
        self.is_marker(value).then(|| event_time - self.bound)
    }

    fn is_marker(&mut self, value: f64) -> bool {
        match self.marker {
            Marker::ValueEquals(marker) => value == marker,
            Marker::EveryNth(n) => {
                self.since_marker += 1;
                let is_nth = self.since_marker >= n;
                if is_nth {
                    self.since_marker = 0;
                }
                is_nth
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(marker: Marker, records: &[(i64, f64)]) -> Vec<Option<i64>> {
        let mut rule = Punctuated::new(marker, Span::from_micros(2));
        let claim = |&(t, value): &(i64, f64)| rule.claim(EventTime::from_micros(t), value).map(EventTime::micros);
        records.iter().map(claim).collect()
    }

    #[test]
    fn only_markers_claim() {
        let records = [(10, 1.0), (20, 0.0), (30, 5.0), (25, 0.0), (40, -0.0)];
        assert_eq!(claims(Marker::ValueEquals(0.0), &records), [None, Some(18), None, Some(23), Some(38)]);
        assert_eq!(claims(Marker::EveryNth(2), &records), [None, Some(18), None, Some(23), None]);
        assert_eq!(claims(Marker::EveryNth(1), &records[..2]), [Some(8), Some(18)]);
    }
}
