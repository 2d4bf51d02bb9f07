//! How fast something comes lately, from the instants at which it came: over as long a window as the pace
//! has been the same, and no longer.
//!
//! The window begins with the newest instants and is doubled as long as what would be added came at the
//! same pace as what is in it, within chance; so a steady pace is known exactly, and a change of it is
//! noticed after a few records. This is the idea of ADWIN (Bifet and Gavaldà, Learning from Time-Changing
//! Data with Adaptive Windowing, 2007); chance is measured by successive differences (von Neumann, 1941),
//! which a change of pace hardly touches, so that regular records are told from random ones.

use crate::time::ProcTime;

/// The most instants that are looked at: a Poisson rate is then known to 1 in 22.
const MOST_STEPS: usize = 500;

/// Fewer records than this say nothing about a pace.
const LEAST_RECORDS: usize = 5;

/// Paces that differ by so many standard errors are two: by chance alone 1 in 370.
const SAME: f64 = 3.0;

/// Where there is a change close by, what belongs to the newer pace is at most so many off.
const SURE: f64 = 1.0;

/// Paces that differ by less than this share are one, whatever chance says: instants are whole microseconds.
const NEARLY: f64 = 0.01;

/// What is overdue by so many standard deviations does not come at the same pace any more: 1 in 400 of a
/// Poisson stream by chance alone.
const OVERDUE: f64 = 5.0;

/// What came at one instant, after the instant before.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    /// Microseconds since the instant before; above 0.
    gap: f64,
    /// How many came.
    records: f64,
}

/// Several steps together.
#[derive(Clone, Copy, Debug, Default)]
struct Steps {
    count: f64,
    gap: f64,
    records: f64,
}

impl Steps {
    fn of(steps: &[Step]) -> Self {
        let add = |sum: Self, step: &Step| Self {
            count: sum.count + 1.0,
            gap: sum.gap + step.gap,
            records: sum.records + step.records,
        };
        steps.iter().fold(Self::default(), add)
    }

    /// Microseconds for one record.
    fn pace(&self) -> f64 {
        self.gap / self.records
    }

    /// Whether others came at the same pace, where single steps may be off by so much.
    fn is_like(&self, others: &Self, error: f64) -> bool {
        let (own, other) = (self.pace(), others.pace());
        let difference = 2.0 * (own - other).abs() / (own + other);
        difference <= NEARLY + error * (1.0 / self.count + 1.0 / others.count).sqrt()
    }
}

/// How many a second came lately, as known at `now`, from instants in ascending order: of those from
/// `since` on only. `None` where too few have come to say. O(log n) for each of at most [`MOST_STEPS`]
/// instants.
pub fn per_second(instants: &[ProcTime], since: ProcTime, now: ProcTime) -> Option<f64> {
    let known = &instants[..instants.partition_point(|&at| at <= now)];
    let newest = *known.last()?;
    let steps = steps_back(known, since);
    let spread = spread(&steps);
    let window = Steps::of(&steps[..same_pace(&steps, spread)]);
    if window.records < LEAST_RECORDS as f64 && Steps::of(&steps).records < LEAST_RECORDS as f64 {
        return None;
    }
    let since_newest = (now - newest).micros() as f64;
    let usual = window.gap / window.count;
    let is_overdue = since_newest > usual * (1.0 + NEARLY + OVERDUE * spread);
    let per_micro = if is_overdue { window.records / window.count / since_newest } else { 1.0 / window.pace() };
    Some(per_micro * 1e6)
}

/// The newest steps, the newest first. What came at the first instant came after nothing, and is in none.
fn steps_back(known: &[ProcTime], since: ProcTime) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut end = known.len();
    while steps.len() < MOST_STEPS
        && let Some(&at) = known[..end].last()
    {
        // Most often one comes at an instant; where many do, they are skipped at once.
        let first = if end > 1 && known[end - 2] < at { end - 1 } else { known[..end].partition_point(|&it| it < at) };
        let Some(before) = first.checked_sub(1).map(|before| known[before]).filter(|&before| before >= since) else {
            break;
        };
        steps.push(Step { gap: (at - before).micros() as f64, records: (end - first) as f64 });
        end = first;
    }
    steps
}

/// The standard deviation of the time for a record in a step, as a share of that time, from neighbours alone. For
/// small deviations this is at most 1.22 times the truth, and for exponential ones the truth itself.
fn spread(steps: &[Step]) -> f64 {
    let pace = |step: &Step| step.gap / step.records;
    let difference = |pair: &[Step]| 2.0 * (pace(&pair[0]) - pace(&pair[1])) / (pace(&pair[0]) + pace(&pair[1]));
    let squares: f64 = steps.windows(2).map(|pair| difference(pair) * difference(pair)).sum();
    // Both ends of every pair vary, and a ratio of two exponential ones by less than their difference.
    (0.75 * squares / (steps.len().max(2) - 1) as f64).sqrt()
}

/// How many of the newest steps have one pace.
fn same_pace(steps: &[Step], spread: f64) -> usize {
    let mut taken = 1.min(steps.len());
    let (mut more, mut has_changed) = (taken, false);
    while more > 0 && taken < steps.len() {
        let added = &steps[taken..(taken + more).min(steps.len())];
        let error = spread * if has_changed { SURE } else { SAME };
        if Steps::of(&steps[..taken]).is_like(&Steps::of(added), error) {
            taken += added.len();
        } else {
            has_changed = true;
        }
        // A change is looked for by halves, once.
        more = if has_changed { more / 2 } else { taken };
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::source::quantile::exponential;

    fn at(micros: i64) -> ProcTime {
        ProcTime::from_micros(micros)
    }

    /// Instants with these gaps, so many of each.
    fn regular(gaps: &[(usize, i64)]) -> Vec<ProcTime> {
        let gaps = gaps.iter().flat_map(|&(count, gap)| std::iter::repeat_n(gap, count));
        gaps.scan(0, |now, gap| {
            *now += gap;
            Some(at(*now))
        })
        .collect()
    }

    fn random(mean_gaps: &[(usize, f64)], seed: u64) -> Vec<ProcTime> {
        let mut draws = Seed::new(seed).stream("pace");
        let gaps = mean_gaps.iter().flat_map(|&(count, mean)| std::iter::repeat_n(mean, count));
        let mut now = 0.0;
        gaps.map(|mean| {
            now += exponential(draws.unit_above_zero(), mean);
            at(now as i64)
        })
        .collect()
    }

    fn at_the_end(instants: &[ProcTime]) -> f64 {
        per_second(instants, ProcTime::MIN, *instants.last().expect("some")).expect("enough")
    }

    #[test]
    fn a_steady_pace_is_exact_and_a_change_is_seen_after_a_few() {
        assert!((at_the_end(&regular(&[(5_000, 1_000)])) - 1_000.0).abs() < 1e-9);
        for (old, new) in [(1_000, 5_000), (5_000, 1_000), (10_000, 12_000), (1_667, 1_000)] {
            for few in [1, 2, 7, 100, 499] {
                let pace = at_the_end(&regular(&[(600, old), (few, new)]));
                let expected = 1e6 / new as f64;
                assert!((pace / expected - 1.0).abs() < 0.02, "{old} {new} {few}: {pace}");
            }
        }
    }

    #[test]
    fn a_random_pace_is_known_to_a_tenth_and_a_change_of_it_soon() {
        let mut off = [0, 0, 0];
        for seed in 0..200 {
            let is_off = |instants: &[ProcTime], expected: f64, by: f64| {
                usize::from((at_the_end(instants) / expected - 1.0).abs() > by)
            };
            off[0] += is_off(&random(&[(1_000, 1_000.0)], seed), 1_000.0, 0.15);
            off[1] += is_off(&random(&[(1_000, 1_000.0), (60, 5_000.0)], seed), 200.0, 0.4);
            off[2] += is_off(&random(&[(1_000, 1_000.0), (400, 2_000.0)], seed), 500.0, 0.25);
        }
        // Of 200 each. Three standard errors are 13 % of 500 records, 39 % of 60 and 15 % of 400.
        assert!(off[0] <= 10 && off[1] <= 10 && off[2] <= 10, "{off:?}");
    }

    #[test]
    fn what_comes_at_once_is_one_step() {
        // Batches of 100 every second: one in ten records a millisecond, though most have no distance.
        let batches: Vec<ProcTime> = (0..2_000).map(|i| at(i / 100 * 1_000_000)).collect();
        assert!((at_the_end(&batches) - 100.0).abs() < 1e-9);
        // They are not overdue before the next one is.
        let later = |micros: i64| per_second(&batches, ProcTime::MIN, at(19_000_000 + micros)).expect("enough");
        assert!((later(999_999) - 100.0).abs() < 1e-9);
        assert!((later(2_000_000) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn what_no_longer_comes_fades_away() {
        let instants = regular(&[(100, 10_000)]);
        let later = |micros: i64| per_second(&instants, ProcTime::MIN, at(1_000_000 + micros)).expect("enough");
        assert_eq!((later(0), later(10_000), later(100_000)), (100.0, 100.0, 10.0));
    }

    #[test]
    fn too_few_say_nothing() {
        let instants = regular(&[(100, 10_000)]);
        assert_eq!(per_second(&[], ProcTime::MIN, at(0)), None);
        assert_eq!(per_second(&instants, ProcTime::MIN, at(9_999)), None);
        assert_eq!(per_second(&instants, ProcTime::MIN, at(50_000)), None);
        assert_eq!(per_second(&instants, ProcTime::MIN, at(60_000)), Some(100.0));
        assert_eq!(per_second(&instants, at(500_000), at(540_000)), None);
        assert_eq!(per_second(&instants, at(500_000), at(550_000)), Some(100.0));
        assert_eq!(per_second(&[at(5); 50], ProcTime::MIN, at(10)), None);
    }
}
