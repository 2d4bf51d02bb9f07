//! How fresh the table is: how long until a record shows, and how old the newest thing is that shows.
//!
//! The freshness of a record is the time from its event to the first result that holds it
//! ([`crate::metrics::freshness`]). The age of the table at an instant is the time since the newest event that
//! shows; it grows with the clock and falls with every result. The share of time within an agreed age is
//! exact: a sum of lengths, not of samples.

use crate::metrics::freshness::shown_at;
use crate::metrics::quantile::{P50, P95, P99};
use crate::runtime::Trace;
use crate::time::{EventTime, ProcTime, Span};
use crate::twin::RunningQuantile;

/// A result brought something newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Newer {
    at: ProcTime,
    newest: EventTime,
}

/// How fresh the table of a run is, at any instant.
#[derive(Clone, Debug, Default)]
pub struct Freshness {
    /// From event to result, of all records that show: the median, and what 95 and 99 of 100 do not exceed.
    pub quantiles: [RunningQuantile; 3],
    newer: Vec<Newer>,
}

impl Freshness {
    /// Of a finished run. O(n log n).
    pub fn of(trace: &Trace) -> Self {
        let mut shown: Vec<(ProcTime, EventTime)> = shown_at(trace)
            .into_iter()
            .zip(trace.stream.event_times())
            .filter(|(at, _)| *at < ProcTime::MAX)
            .map(|(at, &happened)| (at, happened))
            .collect();
        shown.sort_unstable();
        let spans: Vec<(ProcTime, Span)> = shown.iter().map(|&(at, happened)| (at, at.since_event(happened))).collect();
        let mut newer: Vec<Newer> = Vec::new();
        for (at, newest) in shown {
            match newer.last_mut() {
                Some(last) if last.newest >= newest => {}
                Some(last) if last.at == at => last.newest = newest,
                _ => newer.push(Newer { at, newest }),
            }
        }
        Self { quantiles: [P50, P95, P99].map(|quantile| RunningQuantile::of(spans.clone(), quantile)), newer }
    }

    /// When the first result shows anything; `None` where none does.
    pub fn since(&self) -> Option<ProcTime> {
        self.newer.first().map(|first| first.at)
    }

    /// The newest event that shows at `now`.
    pub fn newest_at(&self, now: ProcTime) -> Option<EventTime> {
        let before = self.newer.partition_point(|newer| newer.at <= now);
        before.checked_sub(1).map(|last| self.newer[last].newest)
    }

    /// The age of the table at `now`.
    pub fn age_at(&self, now: ProcTime) -> Option<Span> {
        self.newest_at(now).map(|newest| now.since_event(newest))
    }

    /// How long the age was within `agreed`, from the first result to `now`, as a share of that time. O(results).
    pub fn within(&self, agreed: Span, now: ProcTime) -> Option<f64> {
        let since = self.since().filter(|&since| since < now)?;
        let mut within = 0_i64;
        for (place, newer) in self.newer.iter().enumerate().take_while(|(_, newer)| newer.at < now) {
            let until = self.newer.get(place + 1).map_or(now, |next| next.at.min(now));
            // The age reaches what is agreed this long after the newest event.
            let reached = newer.newest.on_proc_clock() + agreed;
            within += (until.min(reached) - newer.at).micros().max(0);
        }
        Some(within as f64 / (now - since).micros() as f64)
    }

    /// The age over time as corners of a line, from `from` to `until`; at most two for each of `parts`
    /// stretches, which keep the highest age.
    pub fn saw(&self, from: ProcTime, until: ProcTime, parts: usize) -> Vec<(ProcTime, Span)> {
        let first = self.newer.partition_point(|newer| newer.at < from);
        let last = self.newer.partition_point(|newer| newer.at <= until);
        let every = ((last - first) / parts.max(1)).max(1);
        let mut corners = Vec::new();
        let mut most: Option<(ProcTime, Span)> = None;
        for place in first..last {
            let Newer { at, newest } = self.newer[place];
            if let Some(before) = place.checked_sub(1) {
                let age = at.since_event(self.newer[before].newest);
                most = most.filter(|(_, highest)| *highest >= age).or(Some((at, age)));
            }
            if (place - first).is_multiple_of(every) {
                corners.extend(most.take());
                corners.push((at, at.since_event(newest)));
            }
        }
        corners.extend(self.age_at(until).map(|age| (until, age)));
        corners
    }
}

/// The round age that most of the time is agreed on: the first that 95 of 100 records do not exceed.
pub fn round_agreement(quantile: Option<Span>) -> Span {
    const ROUND_S: [i64; 16] =
        [1, 2, 5, 10, 30, 60, 120, 180, 300, 600, 1_800, 3_600, 21_600, 86_400, 604_800, 2_592_000];
    let spans = ROUND_S.map(Span::from_secs);
    let needed = quantile.unwrap_or(Span::from_secs(60));
    spans.iter().find(|&&span| span >= needed).or(spans.last()).copied().unwrap_or(needed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;

    #[test]
    fn the_share_within_an_age_is_that_of_looking_every_tenth_of_a_second() {
        let trace = fixture::trace(400, 3, fixture::tumbling(), 4);
        let freshness = Freshness::of(&trace);
        let (_, end) = trace.span().expect("records");
        let since = freshness.since().expect("results");
        for agreed in [5, 12, 20, 60].map(Span::from_secs) {
            let step = Span::from_millis(10);
            let (mut inside, mut looks, mut now) = (0_u32, 0_u32, since);
            while now < end {
                inside += u32::from(freshness.age_at(now).is_some_and(|age| age <= agreed));
                looks += 1;
                now = now + step;
            }
            let sampled = f64::from(inside) / f64::from(looks);
            let found = freshness.within(agreed, end).expect("time has passed");
            assert!((found - sampled).abs() < 2e-3, "{agreed}: {found} and {sampled}");
        }
        assert_eq!(freshness.within(Span::from_secs(5), since), None);
    }

    #[test]
    fn a_record_that_shows_is_as_fresh_as_its_first_pane_says() {
        let trace = fixture::trace(300, 3, fixture::tumbling(), 4);
        let freshness = Freshness::of(&trace);
        let mut all = crate::metrics::freshness::freshness(&trace);
        all.sort_unstable();
        for (quantile, running) in [P50, P95, P99].into_iter().zip(&freshness.quantiles) {
            assert_eq!(running.at(ProcTime::MAX), quantile.of_sorted(&all));
        }
        assert_eq!(round_agreement(Some(Span::from_secs(61))), Span::from_secs(120));
    }
}
