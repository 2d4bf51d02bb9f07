//! Delays in bins, by fate, for any instant of a run.
//!
//! Positive delays lie on a logarithmic or a linear axis with bins of equal width; delays of zero and below
//! (a producer's clock ran ahead) share one bin of their own before it. Counts are kept for the whole
//! run at regular places, so that the counts at any instant cost a fixed number of records, not all.

use std::sync::Arc;

use crate::metrics::quantile::P99;
use crate::record::{RecordId, Stream};
use crate::runtime::{Fate, Trace};
use crate::time::Span;

/// Bins on the axis.
pub const BINS: usize = 44;

/// The bits of a record's code that are its bin, and how far its kind is above them.
const BIN: u8 = 63;
const KIND_SHIFT: u32 = 6;

/// Records between two places where counts are kept.
const STRIDE: usize = 4_096;

/// What became of a record, as far as this panel tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// On time (or in no window).
    OnTime,
    /// Behind the watermark, and counted.
    Behind,
    /// Dropped late.
    Dropped,
    /// Sent to the side output.
    SideOutput,
}

/// How many kinds there are.
pub const KINDS: usize = 4;

/// Counts of one bin by [`Kind`].
pub type Counts = [u32; KINDS];

/// Counts of every bin; the first is for delays of zero and below.
pub type Table = [Counts; BINS + 1];

/// How delays lie along the axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DelayAxis {
    /// Equal factors are equally far apart: short and long delays are seen at once.
    #[default]
    Log,
    /// Equal differences are equally far apart, from zero on: how long the tail is.
    Linear,
}

/// The delays of a run, ready to be counted up to any record.
#[derive(Clone, Debug)]
pub struct DelayBins {
    /// How delays lie along the axis.
    pub axis: DelayAxis,
    /// The range of the axis in seconds; `hi > lo > 0`, or from 0 to `hi` where it is linear.
    range: (f64, f64),
    /// The records of which these are.
    stream: Arc<Stream>,
    /// Per record: its bin in the bits of [`BIN`], its kind above.
    codes: Vec<u8>,
    /// Counts before every [`STRIDE`]th record.
    kept: Vec<Table>,
    /// Whether any record of the run has a delay of zero or below.
    has_nonpositive: bool,
}

impl DelayBins {
    /// Sorts the delays of a finished run into bins. `sorted` are its delays, ascending; `before` are bins of
    /// another run, which are the same where its stream was.
    pub fn of(trace: &Trace, sorted: &[Span], axis: DelayAxis, before: Option<&Self>) -> Self {
        let range = axis_range(sorted);
        let codes = Vec::with_capacity(trace.fates.len());
        let has_nonpositive = sorted.first().is_some_and(|&least| least <= Span::ZERO);
        let stream = Arc::clone(&trace.stream);
        let mut bins = Self { axis, range, codes, kept: Vec::new(), has_nonpositive, stream };
        let is_same = |before: &&Self| before.axis == axis && Arc::ptr_eq(&before.stream, &trace.stream);
        match before.filter(is_same) {
            Some(before) => bins.fill(trace, |i| before.codes[i] & BIN),
            None => {
                let edges = bins.edges();
                let bin = |i: usize| edges.partition_point(|&edge| edge <= trace.stream.delay(RecordId(i as u32)));
                bins.fill(trace, |i| bin(i) as u8);
            }
        }
        bins
    }

    fn fill(&mut self, trace: &Trace, bin_of: impl Fn(usize) -> u8) {
        let mut counts: Table = [[0; KINDS]; BINS + 1];
        for (i, &fate) in trace.fates.iter().enumerate() {
            if i % STRIDE == 0 {
                self.kept.push(counts);
            }
            // Streams hold fewer than 2^32 records.
            let kind = kind_of(fate, trace.is_behind(RecordId(i as u32)));
            let bin = bin_of(i);
            counts[usize::from(bin)][kind as usize] += 1;
            self.codes.push(bin | (kind as u8) << KIND_SHIFT);
        }
    }

    /// Counts of the first `handled` records.
    pub fn counts(&self, handled: usize) -> Table {
        let handled = handled.min(self.codes.len());
        let place = handled / STRIDE;
        // A run whose length is a multiple of the stride keeps no table at its end.
        let place = if place < self.kept.len() { place } else { place.saturating_sub(1) };
        let mut counts = self.kept.get(place).copied().unwrap_or([[0; KINDS]; BINS + 1]);
        for code in &self.codes[(place * STRIDE).min(handled)..handled] {
            counts[usize::from(code & BIN)][usize::from(code >> KIND_SHIFT)] += 1;
        }
        counts
    }

    /// Whether any record of the run has a delay of zero or below.
    pub const fn has_nonpositive(&self) -> bool {
        self.has_nonpositive
    }

    /// Where a positive delay in seconds lies on the axis, from 0 to 1; beyond that outside.
    pub fn place(&self, seconds: f64) -> f64 {
        let (lo, hi) = self.range;
        match self.axis {
            DelayAxis::Log => libm::log(seconds.max(1e-9) / lo) / libm::log(hi / lo),
            DelayAxis::Linear => seconds / hi,
        }
    }

    /// The delay in seconds at a place of the axis.
    pub fn seconds_at(&self, place: f64) -> f64 {
        let (lo, hi) = self.range;
        match self.axis {
            DelayAxis::Log => lo * libm::exp(place * libm::log(hi / lo)),
            DelayAxis::Linear => place * hi,
        }
    }

    /// The least delay of every bin but the first: what [`DelayBins::bin_of`] says, without a logarithm for
    /// each record.
    fn edges(&self) -> [Span; BINS] {
        let mut edges = [Span::MAX; BINS];
        for (place, edge) in edges.iter_mut().enumerate() {
            let (mut below, mut from) = (0, i64::MAX);
            while from - below > 1 {
                let middle = below + (from - below) / 2;
                if self.bin_of(Span::from_micros(middle)) > place { from = middle } else { below = middle }
            }
            *edge = Span::from_micros(from);
        }
        edges
    }

    fn bin_of(&self, delay: Span) -> usize {
        if delay <= Span::ZERO {
            return 0;
        }
        let place = self.place(delay.as_secs_f64());
        1 + ((place * BINS as f64).max(0.0) as usize).min(BINS - 1)
    }
}

/// From just under the first 200th of the positive delays (shorter ones share its bin) to just over
/// the longest, at least a factor of 8 apart, so that a constant delay has a bar and not a wall.
fn axis_range(sorted: &[Span]) -> (f64, f64) {
    let positive = &sorted[sorted.partition_point(|&delay| delay <= Span::ZERO)..];
    let (Some(longest), Some(short)) = (positive.last(), positive.get(positive.len() / 200)) else {
        return (1.0, 100.0);
    };
    // Twice the 99th percentile is on the axis, because a rule of thumb ends there.
    let thumb = P99.of_sorted(sorted).map_or(0.0, |p99| p99.as_secs_f64() * 2.0);
    let (lo, hi) = (short.as_secs_f64() * 0.9, longest.as_secs_f64().max(thumb) * 1.05);
    if hi / lo < 8.0 { (lo / 3.0, hi * 3.0) } else { (lo, hi) }
}

fn kind_of(fate: Fate, is_behind: bool) -> Kind {
    match fate {
        Fate::Counted if is_behind => Kind::Behind,
        Fate::Counted | Fate::Unassigned | Fate::InFlight => Kind::OnTime,
        Fate::DroppedLate | Fate::Shed | Fate::Lost | Fate::Rejected | Fate::DeadLettered => Kind::Dropped,
        Fate::SideOutput => Kind::SideOutput,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;
    use crate::app::run::sorted_delays;

    #[test]
    fn counts_at_any_instant_are_those_of_counting_from_the_start() {
        let trace = fixture::trace(10_000, 3, fixture::tumbling(), 4);
        for axis in [DelayAxis::Log, DelayAxis::Linear] {
            let sorted = sorted_delays(&trace.stream);
            let bins = DelayBins::of(&trace, &sorted, axis, None);
            counts_are_exact(&bins, &trace);
            let mut other = trace.clone();
            other.fates.fill(Fate::DroppedLate);
            let others = DelayBins::of(&other, &sorted, axis, Some(&bins));
            counts_are_exact(&others, &other);
            assert_eq!(DelayBins::of(&trace, &sorted, axis, Some(&others)).codes, bins.codes);
        }
    }

    fn counts_are_exact(bins: &DelayBins, trace: &Trace) {
        assert_eq!(bins.has_nonpositive(), bins.codes.iter().any(|code| code & BIN == 0));
        for handled in [0, 1, 4_095, 4_096, 4_097, 8_192, 9_999, 10_000, 20_000] {
            let mut expected: Table = [[0; KINDS]; BINS + 1];
            for i in 0..handled.min(10_000) {
                let id = RecordId(i as u32);
                let kind = kind_of(trace.fates[i], trace.is_behind(id));
                expected[bins.bin_of(trace.stream.delay(id))][kind as usize] += 1;
            }
            assert_eq!(bins.counts(handled), expected, "{handled}");
        }
    }

    #[test]
    fn places_and_delays_are_inverse_and_bins_ascend() {
        let spans: Vec<Span> = [1, 10, 100, 1_000].map(Span::from_secs).to_vec();
        let (lo, hi) = axis_range(&spans);
        let (axis, range) = (DelayAxis::Log, (lo, hi));
        let stream = Arc::default();
        let bins = DelayBins { axis, range, codes: Vec::new(), kept: Vec::new(), has_nonpositive: false, stream };
        for seconds in [1.0, 7.5, 30.0, 1_000.0] {
            assert!((bins.seconds_at(bins.place(seconds)) - seconds).abs() < 1e-9 * seconds);
        }
        let places: Vec<usize> = spans.iter().map(|&span| bins.bin_of(span)).collect();
        assert!(places.is_sorted() && places[0] >= 1 && places[3] <= BINS, "{places:?}");
        assert_eq!(bins.bin_of(Span::ZERO), 0);
        assert_eq!(bins.bin_of(Span::from_secs(-5)), 0);
        assert_eq!(bins.counts(5), [[0; KINDS]; BINS + 1]);
    }

    #[test]
    fn an_axis_always_has_room() {
        for spans in [vec![], vec![Span::from_secs(-3)], vec![Span::from_secs(5)], vec![Span::from_micros(1); 9]] {
            let (lo, hi) = axis_range(&spans);
            assert!(lo > 0.0 && hi / lo >= 8.0, "{spans:?}: {lo} {hi}");
        }
    }
}
