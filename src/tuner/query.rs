//! Answers from a [`Scan`]: counts in a few binary searches, a whole point in one walk over windows.

use crate::metrics::quantile::{P50, P95, P99, Quantile};
use crate::metrics::report::Latency;
use crate::pipeline::AtEnd;
use crate::time::{EventTime, Span};
use crate::tuner::point::{Counts, Point, Source, WorstWindow, share, state_bytes};
use crate::tuner::scan::Scan;
use crate::tuner::setting::Setting;

impl Scan {
    /// Records and panes at this bound and lateness. O(log n), so thousands of them fit in a frame.
    pub fn counts(&self, bound: Span, lateness: Span) -> Counts {
        let horizon = bound + lateness;
        let unfired = self.cells_ending_after(self.profile.newest() - bound);
        let counts = Counts {
            dropped: self.overdue_last().at_least(horizon),
            behind: self.profile.behind(bound),
            late_panes: self.overdue.at_least(bound) - self.overdue.at_least(horizon),
            late_first: self.overdue_first.at_least(bound) - self.overdue_first.at_least(horizon),
            on_time_panes: self.cells() - self.overdue_first.at_least(bound) - unfired,
            ..Counts::default()
        };
        match self.at_end {
            AtEnd::Hold => Counts { open_at_end: unfired, ..counts },
            AtEnd::Flush => Counts { at_end_panes: unfired, ..counts },
        }
    }

    /// Counted records as a share of the assigned ones at this sum of bound and lateness; 1 when there is
    /// none. O(log n).
    pub fn completeness(&self, horizon: Span) -> f64 {
        let assigned = self.assigned(horizon);
        share(assigned - self.overdue_last().at_least(horizon), assigned)
    }

    /// Everything at this bound and lateness. O(windows): some ten microseconds for a hundred windows,
    /// a millisecond for ten thousand.
    pub fn point(&self, bound: Span, lateness: Span) -> Point {
        let setting = Setting { window: self.spec, bound, lateness };
        let assigned = self.assigned(setting.horizon());
        let counts = self.counts(bound, lateness);
        let max_open_windows = self.max_open_windows(setting.horizon());
        Point {
            setting,
            source: Source::ClosedForm,
            assigned,
            counts,
            completeness: share(assigned - counts.dropped, assigned),
            worst_window: self.worst_window(setting.horizon()),
            result_latency_s: self.result_latency(bound),
            max_open_windows,
            max_state_bytes: Some(state_bytes(max_open_windows)),
        }
    }

    /// Processing time of on-time panes minus the end of their windows, over all panes. Lateness does
    /// not change it. O(windows).
    pub fn result_latency(&self, bound: Span) -> Latency {
        let mut spans: Vec<(Span, u64)> = Vec::with_capacity(self.windows.len());
        self.latencies(bound, |latency, panes| spans.push((latency, panes)));
        weighted(spans)
    }

    /// For every window that fires on time, in order of their ends: how long after its end, and how many
    /// panes.
    pub fn latencies(&self, bound: Span, mut visit: impl FnMut(Span, u64)) {
        let mut rise = 0;
        for (place, held) in self.windows.iter().enumerate().filter(|(_, held)| held.cells > 0) {
            let end = self.grid.end(held.number);
            rise = self.profile.rise_to(end.saturating_add(bound.micros()), rise);
            let Some(at) = self.profile.risen_at(rise) else { return };
            let late = self.late_first.from(place, self.profile.met_by(rise));
            if held.cells > late {
                visit(at.since_event(EventTime::from_micros(end)), u64::from(held.cells - late));
            }
        }
    }

    /// The window of which the smallest share of records is counted at this sum of bound and lateness;
    /// the earliest of several, `None` when no record falls in any. O(windows).
    pub fn worst_window(&self, horizon: Span) -> Option<WorstWindow> {
        let mut worst: Option<(u64, u64, i64)> = None;
        let mut rise = 0;
        for (place, held) in self.windows.iter().enumerate().filter(|(_, held)| held.records > 0) {
            let gone_at = self.grid.end(held.number).saturating_add(horizon.micros());
            rise = self.profile.rise_to(gone_at, rise);
            let dropped = u64::from(self.late.from(place, self.profile.met_by(rise)));
            let records = u64::from(held.records);
            // Shares are compared as whole numbers, so that ties are ties.
            if worst.is_none_or(|(most, of, _)| dropped * of > most * records) {
                worst = Some((dropped, records, held.number));
            }
        }
        worst.map(|(dropped, records, number)| WorstWindow {
            window: self.grid.window(number),
            counted: records - dropped,
            records,
        })
    }

    /// Windows of all keys.
    pub fn cells(&self) -> u64 {
        self.cells_before.last().copied().unwrap_or(0)
    }

    fn cells_ending_after(&self, instant: EventTime) -> u64 {
        let first = self.windows.partition_point(|held| self.grid.end(held.number) <= instant.micros());
        self.cells() - self.cells_before[first]
    }
}

/// Quantiles by nearest rank of spans that occur so often.
fn weighted(mut spans: Vec<(Span, u64)>) -> Latency {
    spans.sort_unstable();
    let count: u64 = spans.iter().map(|(_, times)| times).sum();
    let at = |q: Quantile| {
        let rank = q.rank(usize::try_from(count).ok()?)? as u64;
        let mut up_to = 0;
        let found = spans.iter().find(|(_, times)| {
            up_to += times;
            up_to >= rank
        });
        found.map(|(span, _)| span.as_secs_f64())
    };
    let max = spans.last().map(|(span, _)| span.as_secs_f64());
    Latency { p50: at(P50), p95: at(P95), p99: at(P99), max }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weighted_quantiles_are_those_of_the_list_written_out() {
        let spans = [(5, 3), (-2, 1), (9, 40), (7, 2), (5, 1)].map(|(s, n)| (Span::from_secs(s), n));
        let written_out: Vec<Span> = spans.iter().flat_map(|&(span, times)| vec![span; times as usize]).collect();
        assert_eq!(weighted(spans.to_vec()), Latency::of(written_out));
        assert_eq!(weighted(Vec::new()), Latency::default());
    }
}
