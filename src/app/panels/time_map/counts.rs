//! How many records of the shown key (or of all) have met each fate by an instant, for the legend.

use crate::app::run::Run;
use crate::record::{KeyId, RecordId};
use crate::runtime::{Fate, Trace};
use crate::time::ProcTime;

/// Handled records by fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Counted, and not behind the watermark.
    pub on_time: u64,
    /// Counted, but behind the watermark.
    pub behind: u64,
    /// Dropped late.
    pub dropped: u64,
    /// Sent to the side output.
    pub side_output: u64,
    /// Shed, lost, or refused by the schema gate.
    pub given_up: u64,
}

/// Places in arrival order of the records of `key`, ascending; empty for all keys, where no list
/// is needed.
pub fn records_of(trace: &Trace, key: Option<KeyId>) -> Vec<u32> {
    let Some(key) = key else { return Vec::new() };
    let keys = trace.stream.keys();
    // Streams hold fewer than 2^32 records.
    (0..keys.len()).filter(|&i| keys[i] == key).map(|i| i as u32).collect()
}

/// What the records are called that are given up in a run; `None` where there are none. O(those).
pub fn given_up_word(run: &Run) -> Option<&'static str> {
    let word = |id: &RecordId| match run.trace.fates[id.index()] {
        Fate::Shed => "shed",
        Fate::Rejected => "rejected",
        Fate::DeadLettered => "dead letters",
        _ => "lost",
    };
    let mut words = run.marks.given_up.iter().map(word);
    let first = words.next()?;
    Some(if words.all(|word| word == first) { first } else { "given up" })
}

impl Counts {
    /// The counts at `now`. `of_key` are the [`records_of`] that key.
    pub fn at(run: &Run, now: ProcTime, key: Option<KeyId>, of_key: &[u32]) -> Self {
        let keys = run.trace.stream.keys();
        let handled = run.trace.at(now).handled;
        let count = |ids: &[RecordId]| -> u64 {
            let before = &ids[..ids.partition_point(|id| id.index() < handled)];
            match key {
                None => before.len() as u64,
                Some(key) => before.iter().filter(|id| keys[id.index()] == key).count() as u64,
            }
        };
        let all = match key {
            None => handled as u64,
            Some(_) => of_key.partition_point(|&id| (id as usize) < handled) as u64,
        };
        let marks = &run.marks;
        let (behind, dropped) = (count(&marks.behind), count(&marks.dropped));
        let (side_output, unassigned) = (count(&marks.side_output), count(&marks.unassigned));
        let given_up = count(&marks.given_up);
        let on_time = all - behind - dropped - side_output - unassigned - given_up;
        Self { on_time, behind, dropped, side_output, given_up }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;

    fn is_given_up(fate: Fate) -> bool {
        matches!(fate, Fate::Shed | Fate::Lost | Fate::Rejected | Fate::DeadLettered)
    }

    #[test]
    fn records_that_are_given_up_are_not_on_time_and_have_a_name() {
        let mut trace = fixture::trace(400, 3, fixture::tumbling(), 3);
        for place in (0..400).step_by(4) {
            trace.fates[place] = Fate::Shed;
        }
        let run = fixture::run_for_drawing(trace);
        let end = *run.trace.handled.last().expect("records");
        let counts = Counts::at(&run, end, None, &[]);
        assert_eq!(counts.given_up, 100);
        assert_eq!(counts.on_time + counts.behind + counts.dropped + counts.side_output, 300);
        assert_eq!(given_up_word(&run), Some("shed"));
        let mut trace = fixture::trace(400, 3, fixture::tumbling(), 3);
        (trace.fates[3], trace.fates[9]) = (Fate::Lost, Fate::DeadLettered);
        assert_eq!(given_up_word(&fixture::run_for_drawing(trace)), Some("given up"));
        assert_eq!(given_up_word(&fixture::run_for_drawing(fixture::trace(400, 3, fixture::tumbling(), 3))), None);
    }

    #[test]
    fn counts_are_those_of_looking_at_every_record() {
        for window in fixture::window_kinds() {
            let run = fixture::run_for_drawing(fixture::trace(400, 3, window, 3));
            let trace = &run.trace;
            for key in [None, Some(KeyId(0)), Some(KeyId(2))] {
                let of_key = records_of(trace, key);
                for now in fixture::instants(trace, 25) {
                    let handled: Vec<usize> = (0..trace.handled.len())
                        .filter(|&i| trace.handled[i] <= now && key.is_none_or(|key| trace.stream.keys()[i] == key))
                        .collect();
                    let of = |fate: Fate, behind: bool| {
                        let is = |&&i: &&usize| trace.fates[i] == fate && trace.is_behind(RecordId(i as u32)) == behind;
                        handled.iter().filter(is).count() as u64
                    };
                    let expected = Counts {
                        on_time: of(Fate::Counted, false),
                        behind: of(Fate::Counted, true),
                        dropped: of(Fate::DroppedLate, false) + of(Fate::DroppedLate, true),
                        side_output: of(Fate::SideOutput, false) + of(Fate::SideOutput, true),
                        given_up: handled.iter().filter(|&&i| is_given_up(trace.fates[i])).count() as u64,
                    };
                    assert_eq!(Counts::at(&run, now, key, &of_key), expected, "{window:?} {key:?} {now}");
                }
            }
        }
    }
}
