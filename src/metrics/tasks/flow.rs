//! A place where records wait: what came in, what went out, and how many are there at any instant.
//!
//! A partition of the log is one (records arrive, and are read), a channel is one (records are sent,
//! and are taken). Everything at an instant has happened at that instant: a record that comes and
//! goes at once was never there.

use crate::metrics::tasks::intervals::{Intervals, Stretch};
use crate::time::{ProcTime, Span};

/// A place where records wait, over a whole run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// When each came in, ascending.
    entered: Vec<ProcTime>,
    /// When each went out, ascending; those that never did are left out.
    left: Vec<ProcTime>,
    /// While at least one was there.
    occupied: Intervals,
}

impl Flow {
    /// From the instants, in any order, at which records came in and went out. [`ProcTime::MAX`] says
    /// that it never happened.
    pub fn new(entered: Vec<ProcTime>, left: Vec<ProcTime>) -> Self {
        let (entered, left) = (ascending(entered), ascending(left));
        let occupied = occupied(&entered, &left, 1);
        Self { entered, left, occupied }
    }

    /// How many have come in by an instant. O(log n).
    pub fn entered_by(&self, now: ProcTime) -> usize {
        self.entered.partition_point(|&at| at <= now)
    }

    /// How many have gone out by an instant. O(log n).
    pub fn left_by(&self, now: ProcTime) -> usize {
        self.left.partition_point(|&at| at <= now)
    }

    /// How many are there at an instant. O(log n).
    pub fn level(&self, now: ProcTime) -> usize {
        self.entered_by(now).saturating_sub(self.left_by(now))
    }

    /// When records came in, ascending.
    pub fn entered(&self) -> &[ProcTime] {
        &self.entered
    }

    /// When records went out, ascending.
    pub fn left(&self) -> &[ProcTime] {
        &self.left
    }

    /// While at least one was there.
    pub const fn occupied(&self) -> &Intervals {
        &self.occupied
    }

    /// While at least so many were there; `least` is at least 1. O(n).
    pub fn at_least(&self, least: usize) -> Intervals {
        if least <= 1 { self.occupied.clone() } else { occupied(&self.entered, &self.left, least) }
    }

    /// Records a second that came in during a stretch; 0 for an empty one.
    pub fn rate_in(&self, stretch: Stretch) -> f64 {
        rate(&self.entered, stretch)
    }

    /// Records a second that went out during a stretch; 0 for an empty one.
    pub fn rate_out(&self, stretch: Stretch) -> f64 {
        rate(&self.left, stretch)
    }

    /// The most that were ever there, and the first instant at which they were. O(n).
    pub fn peak(&self) -> (usize, Option<ProcTime>) {
        let mut peak = (0, None);
        self.walk(|at, level| {
            if level > peak.0 {
                peak = (level, Some(at));
            }
        });
        peak
    }

    /// The most that were there at an instant of a stretch, its start included. O(log n + changes in it).
    pub fn peak_within(&self, stretch: Stretch) -> usize {
        let (came, went) = (self.entered_by(stretch.from), self.left_by(stretch.from));
        let until = |column: &[ProcTime]| column.partition_point(|&at| at < stretch.until);
        let entered = &self.entered[came..until(&self.entered).max(came)];
        let left = &self.left[went..until(&self.left).max(went)];
        let mut peak = came.saturating_sub(went);
        let (mut more, mut less) = (0, 0);
        while more < entered.len() {
            let now = entered[more];
            more += entered[more..].iter().take_while(|&&at| at == now).count();
            less += left[less..].iter().take_while(|&&at| at <= now).count();
            peak = peak.max((came + more).saturating_sub(went + less));
        }
        peak
    }

    /// The first instant of a stretch at which as many were there as ever in it; `None` where nothing
    /// came or went in it. O(n).
    pub fn fullest_within(&self, stretch: Stretch) -> Option<ProcTime> {
        let mut fullest: Option<(usize, ProcTime)> = None;
        self.walk(|at, level| {
            if stretch.from <= at && at < stretch.until && fullest.is_none_or(|(most, _)| level > most) {
                fullest = Some((level, at));
            }
        });
        fullest.map(|(_, at)| at)
    }

    /// The most that were there in each of so many equal parts of a stretch. O(n + parts).
    pub fn peaks(&self, stretch: Stretch, parts: usize) -> Vec<u32> {
        let mut peaks = vec![0_u32; parts];
        let length = i128::from(stretch.length().micros().max(1));
        let part_of = |at: ProcTime| {
            let place = i128::from((at - stretch.from).micros()) * parts as i128 / length;
            usize::try_from(place).unwrap_or(0)
        };
        let (mut held, mut filled) = (0_usize, 0_usize);
        self.walk(|at, level| {
            // What held since the last change held in every part up to just before this one.
            if at > stretch.from {
                let last = part_of(at - Span::from_micros(1));
                for peak in peaks.iter_mut().take(last.saturating_add(1)).skip(filled) {
                    *peak = (*peak).max(held as u32);
                }
            }
            (held, filled) = (level, part_of(at));
            if let Some(peak) = peaks.get_mut(filled)
                && at >= stretch.from
            {
                *peak = (*peak).max(level as u32);
            }
        });
        for peak in peaks.iter_mut().skip(filled) {
            *peak = (*peak).max(held as u32);
        }
        peaks
    }

    /// Tells of every instant at which something came or went, and how many were there after it.
    fn walk(&self, mut tell: impl FnMut(ProcTime, usize)) {
        walk(&self.entered, &self.left, &mut tell);
    }
}

fn ascending(mut instants: Vec<ProcTime>) -> Vec<ProcTime> {
    if !instants.is_sorted() {
        instants.sort_unstable();
    }
    let known = instants.partition_point(|&at| at < ProcTime::MAX);
    instants.truncate(known);
    instants
}

fn walk(entered: &[ProcTime], left: &[ProcTime], tell: &mut impl FnMut(ProcTime, usize)) {
    let (mut came, mut went) = (0, 0);
    loop {
        let at = |column: &[ProcTime], place: usize| column.get(place).copied().unwrap_or(ProcTime::MAX);
        let now = at(entered, came).min(at(left, went));
        if now == ProcTime::MAX {
            return;
        }
        while at(entered, came) == now {
            came += 1;
        }
        while at(left, went) == now {
            went += 1;
        }
        tell(now, came.saturating_sub(went));
    }
}

/// While at least `least` were there.
fn occupied(entered: &[ProcTime], left: &[ProcTime], least: usize) -> Intervals {
    let mut all = Intervals::default();
    let mut since: Option<ProcTime> = None;
    walk(entered, left, &mut |at, level| match (since, level >= least) {
        (None, true) => since = Some(at),
        (Some(from), false) => {
            all.push(Stretch::new(from, at));
            since = None;
        }
        _ => {}
    });
    if let Some(from) = since {
        all.push(Stretch::new(from, ProcTime::MAX));
    }
    all
}

/// Instants a second in a stretch, its end counted and its start not; 0 for an empty one.
pub(super) fn rate(instants: &[ProcTime], stretch: Stretch) -> f64 {
    if stretch.is_empty() {
        return 0.0;
    }
    // Half open at the start, so that neighbouring stretches count everything once.
    let by = |now: ProcTime| instants.partition_point(|&at| at <= now);
    (by(stretch.until) - by(stretch.from)) as f64 / stretch.length().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(micros: i64) -> ProcTime {
        ProcTime::from_micros(micros)
    }

    proptest! {
        #[test]
        fn levels_are_those_of_counting_at_every_instant(
            stays in prop::collection::vec((0_i64..80, 0_i64..30, prop::bool::weighted(0.9)), 0..30),
            parts in 1_usize..12,
            least in 1_usize..4,
            from in 0_i64..100,
        ) {
            let until = |&(from, stay, leaves): &(i64, i64, bool)| if leaves { at(from + stay) } else { ProcTime::MAX };
            let flow = Flow::new(stays.iter().map(|stay| at(stay.0)).collect(), stays.iter().map(until).collect());
            let level = |now: i64| stays.iter().filter(|stay| at(stay.0) <= at(now) && at(now) < until(stay)).count();
            let levels: Vec<usize> = (0..120).map(level).collect();
            for now in 0..120 {
                prop_assert_eq!(flow.level(at(now)), levels[now as usize]);
                prop_assert_eq!(flow.at_least(least).at(at(now)).is_some(), levels[now as usize] >= least);
            }
            let most = levels.iter().copied().max().unwrap_or(0);
            let first = levels.iter().position(|&level| level == most && most > 0).map(|now| at(now as i64));
            prop_assert_eq!(flow.peak(), (most, first));
            let part = Stretch::new(at(from), at(from + 20));
            let within = levels.iter().skip(from as usize).take(20).copied().max().unwrap_or(0);
            prop_assert_eq!(flow.peak_within(part), within);
            let fullest = flow.fullest_within(Stretch::new(at(0), at(120)));
            let of_nothing = stays.iter().map(|stay| at(stay.0)).min();
            prop_assert_eq!(fullest, first.or(of_nothing));
            let stretch = Stretch::new(at(0), at(120));
            let peaks = flow.peaks(stretch, parts);
            let of_part = |part: usize| (0..120).filter(move |now| now * parts / 120 == part);
            let expected: Vec<u32> =
                (0..parts).map(|part| of_part(part).map(|now| levels[now]).max().unwrap_or(0) as u32).collect();
            prop_assert_eq!(peaks, expected);
        }
    }

    #[test]
    fn rates_count_everything_once() {
        let flow = Flow::new((0..100).map(|i| at(i * 10_000)).collect(), Vec::new());
        assert_eq!(flow.rate_in(Stretch::new(at(0), at(500_000))), 100.0);
        assert_eq!(flow.rate_in(Stretch::new(at(0), at(0))), 0.0);
        assert_eq!(flow.rate_out(Stretch::new(at(0), at(500_000))), 0.0);
    }
}
