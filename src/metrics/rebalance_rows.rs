//! Rebalances of a consumer group as `run` prints them: how often, how long partitions stood still, and
//! what was counted twice. Field names are those of `run --format json` and do not change; spans are
//! seconds.

use serde::Serialize;

use crate::human::instant_rfc3339;
use crate::metrics::quantile::P50;
use crate::record::PartitionId;
use crate::runtime::{Fate, Pause, PauseReason, Trace};
use crate::time::{ProcTime, Span};

/// The rebalances of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RebalancesRow {
    /// How many there were; a second round counts as one.
    pub count: usize,
    /// How long partitions belonged to nobody, over all of them.
    pub pause: PauseRow,
    /// How long they belonged to a member that was silent or did not poll, before that was noticed or
    /// over; together.
    pub unnoticed_s: f64,
    /// Records that were counted again.
    pub duplicates: usize,
    /// By partition: how long it belonged to nobody.
    pub partitions: Vec<PartitionPauses>,
    /// Every one, in order of time.
    pub each: Vec<RebalanceRow>,
}

/// How long partitions stood still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PauseRow {
    /// How often.
    pub count: usize,
    /// Half of the pauses are at most this long; `null` where there is none.
    pub p50_s: Option<f64>,
    /// The longest.
    pub max_s: Option<f64>,
    /// All of them together.
    pub total_s: f64,
}

/// How long one partition stood still.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PartitionPauses {
    /// Number, from 0.
    pub partition: u32,
    /// Its pauses.
    #[serde(flatten)]
    pub pause: PauseRow,
}

/// One rebalance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RebalanceRow {
    /// When it began.
    pub started_at: String,
    /// How long it took; `null` where it was not over by the end of the run.
    pub took_s: Option<f64>,
    /// Why: `source 2 timed out`.
    pub cause: String,
    /// How many members there were when it was over.
    pub members: u32,
}

impl RebalancesRow {
    /// Those of a finished run; `None` where there is no group.
    pub fn of(trace: &Trace) -> Option<Self> {
        trace.pipeline.group?;
        let end = trace.span().map_or(ProcTime::EPOCH, |(_, last)| last);
        let length = |pause: &Pause| pause.until.min(end.max(pause.from)) - pause.from;
        let is_noticed = |pause: &&Pause| pause.reason == PauseReason::Rebalance;
        let of_partition = |partition: u32| {
            let own = trace.pauses.iter().filter(|pause| pause.partition == PartitionId(partition));
            PartitionPauses { partition, pause: PauseRow::of(own.filter(is_noticed).map(length).collect()) }
        };
        let row = |it: &crate::runtime::Rebalance| RebalanceRow {
            started_at: instant_rfc3339(it.started_at.micros()),
            took_s: (it.finished_at < ProcTime::MAX).then(|| (it.finished_at - it.started_at).as_secs_f64()),
            cause: it.cause.to_string(),
            members: it.members,
        };
        let unnoticed: f64 = trace.pauses.iter().filter(|it| !is_noticed(it)).map(|it| length(it).as_secs_f64()).sum();
        Some(Self {
            count: trace.rebalances.len(),
            pause: PauseRow::of(trace.pauses.iter().filter(is_noticed).map(length).collect()),
            unnoticed_s: unnoticed,
            duplicates: trace.repeats.iter().filter(|repeat| repeat.fate == Fate::Counted).count(),
            partitions: (0..trace.stream.partitions() as u32).map(of_partition).collect(),
            each: trace.rebalances.iter().map(row).collect(),
        })
    }
}

impl PauseRow {
    fn of(mut pauses: Vec<Span>) -> Self {
        pauses.sort_unstable();
        let micros: i64 = pauses.iter().map(|pause| pause.micros()).sum();
        Self {
            count: pauses.len(),
            p50_s: P50.of_sorted(&pauses).map(Span::as_secs_f64),
            max_s: pauses.last().map(|pause| pause.as_secs_f64()),
            total_s: Span::from_micros(micros).as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_have_a_median_a_longest_and_a_sum() {
        let millis = [1_500, 250, 500, 250].map(Span::from_millis);
        let row = PauseRow::of(millis.to_vec());
        let expected = PauseRow { count: 4, p50_s: Some(0.25), max_s: Some(1.5), total_s: 2.5 };
        assert_eq!(row, expected);
        assert_eq!(PauseRow::of(Vec::new()), PauseRow::default());
    }
}
