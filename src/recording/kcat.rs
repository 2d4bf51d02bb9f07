//! Dumps of a topic by `kcat -J`: one record a line, with where it lay in the log.
//!
//! A line has `topic`, `partition`, `offset`, `tstype`, `ts` (milliseconds), `key` and `payload`.
//! The payload is text that may itself be JSON; its fields are columns like `payload.order.id`.
//! `ts` is taken for the arrival, event time and value come from the payload. Offsets say whether
//! the dump is whole, so gaps, disorder and repetitions are counted; every row is kept.

use std::collections::BTreeMap;
use std::fmt;

use super::json_rows::{PathTree, Slot};
use super::report::Role;
use super::sample::{Hint, SampleColumn};
use super::time_format::{EpochUnit, TimeFormat};
use crate::human::count;

/// How a column of kcat came to its role.
const REASON: &str = "by the layout of kcat -J";

/// Gaps of offsets that are remembered, in case their records come later. Compacted topics may have
/// one for every record.
const GAPS_KEPT_MAX: usize = 100_000;

/// Fields of a line beside those with a role, after the slots of the roles.
const FIELDS: [&str; 4] = ["topic", "partition", "offset", "tstype"];

/// Whether these are the columns of a dump.
pub(super) fn is_dump(columns: &[SampleColumn]) -> bool {
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    let has_payload = columns.iter().any(|column| column.name == "payload" || column.name.starts_with("payload."));
    has("topic") && has("partition") && has("offset") && has("ts") && has_payload
}

/// Marks what belongs to the log and not to the record, and gives `ts` its unit.
pub(super) fn mark(columns: &mut [SampleColumn]) {
    for column in columns {
        let inside =
            |name: &str| column.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        column.is_aside = !inside("payload") && !inside("key");
        if column.name == "ts" {
            column.time_format = Some(TimeFormat::epoch_by_name(EpochUnit::Millis));
        }
    }
}

/// Which columns have which role: first with an event time in the payload, then without one, when
/// the producer's time is all there is.
pub(super) fn hints(columns: &[SampleColumn]) -> [Vec<Hint>; 2] {
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    let is_filled = |&place: &usize| columns[place].cells.iter().any(|cell| !cell.is_empty());
    let hint = |role: Role, name: &str| place(name).map(|column| Hint { role, column, reason: REASON });
    let key = place("key").filter(is_filled).map(|column| Hint { role: Role::Key, column, reason: REASON });
    let common: Vec<Hint> = hint(Role::Partition, "partition").into_iter().chain(key).collect();
    let is_create = place("tstype").is_some_and(|place| columns[place].cells.iter().any(|cell| cell == "create"));
    let with = |ts: Option<Hint>| ts.into_iter().chain(common.iter().copied()).collect();
    let event_time = hint(Role::EventTime, "ts").filter(|_| is_create);
    [with(hint(Role::ArrivalTime, "ts")), with(event_time)]
}

/// What the offsets of a dump say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffsetReport {
    /// Topics.
    pub topics: u64,
    /// Partitions of all topics.
    pub partitions: u64,
    /// Offsets between the first and the last of a partition that did not come.
    pub missing: u64,
    /// Rows whose offset is below one that came before in their partition.
    pub out_of_order: u64,
    /// Rows whose offset had come before.
    pub repeated: u64,
    /// Rows without an offset that can be read.
    pub unnumbered: u64,
}

impl fmt::Display for OffsetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |number: u64, one: &'static str, many: &'static str| if number == 1 { one } else { many };
        write!(
            f,
            "offsets of {} {} in {} {}: ",
            count(self.partitions),
            plural(self.partitions, "partition", "partitions"),
            count(self.topics),
            plural(self.topics, "topic", "topics")
        )?;
        let verb = plural(self.missing, "is", "are");
        match self.missing {
            0 => f.write_str("none is missing")?,
            missing => write!(
                f,
                "{} {verb} missing (filters, compaction and transactions leave such gaps, and so does a dump that \
                 is not whole)",
                count(missing)
            )?,
        }
        for (number, one, many) in [
            (self.out_of_order, "row is out of order", "rows are out of order"),
            (self.repeated, "row repeats an offset", "rows repeat an offset"),
            (self.unnumbered, "row has no offset", "rows have no offset"),
        ] {
            if number > 0 {
                write!(f, ", {} {}", count(number), plural(number, one, many))?;
            }
        }
        f.write_str(if self.out_of_order + self.repeated > 0 { "; all of them are kept" } else { "" })
    }
}

/// Sees the fields of every line.
#[derive(Default)]
pub(super) struct Audit {
    topics: BTreeMap<Vec<u8>, BTreeMap<i64, Offsets>>,
    gaps_left: usize,
    unnumbered: u64,
    /// Rows by `tstype`: create, logappend, anything else.
    kinds: [u64; 3],
}

impl Audit {
    pub(super) fn new() -> Self {
        Self { gaps_left: GAPS_KEPT_MAX, ..Self::default() }
    }

    /// Adds the paths of [`FIELDS`] to those that are taken from a line; slots from `first` on are theirs.
    pub(super) fn insert_paths(paths: &mut PathTree, first: usize) -> usize {
        for (i, name) in FIELDS.into_iter().enumerate() {
            paths.insert(name, first + i);
        }
        first + FIELDS.len()
    }

    /// Sees the slots of one line.
    pub(super) fn see(&mut self, slots: &[Slot]) {
        let [topic, partition, offset, kind] = slots else { return };
        let kind = match kind.text.as_slice() {
            b"create" => 0,
            b"logappend" => 1,
            _ => 2,
        };
        self.kinds[kind] += 1;
        let number = |slot: &Slot| std::str::from_utf8(&slot.text).ok().and_then(|text| text.parse::<i64>().ok());
        let (Some(partition), Some(offset)) = (number(partition), number(offset).filter(|&offset| offset >= 0)) else {
            self.unnumbered += 1;
            return;
        };
        if !self.topics.contains_key(topic.text.as_slice()) {
            self.topics.insert(topic.text.clone(), BTreeMap::new());
        }
        if let Some(partitions) = self.topics.get_mut(topic.text.as_slice()) {
            partitions.entry(partition).or_insert_with(|| Offsets::new(offset)).see(offset, &mut self.gaps_left);
        }
    }

    /// What the offsets said.
    pub(super) fn report(&self) -> OffsetReport {
        let all = || self.topics.values().flat_map(BTreeMap::values);
        OffsetReport {
            topics: self.topics.len() as u64,
            partitions: all().count() as u64,
            missing: all().map(|offsets| offsets.missing).sum(),
            out_of_order: all().map(|offsets| offsets.out_of_order).sum(),
            repeated: all().map(|offsets| offsets.repeated).sum(),
            unnumbered: self.unnumbered,
        }
    }

    /// What a reader should know: the offsets, whose clock `ts` is, and topics that share partitions.
    pub(super) fn notes(&self, is_ts_used: bool) -> Vec<String> {
        let mut notes = vec![self.report().to_string()];
        let clock = match self.kinds {
            [create, 0, 0] if create > 0 => Some(
                "ts is the time that the producer gave the record (tstype create): what a record waited before it was \
                 sent, and on its way to the broker, is not in the delays"
                    .to_owned(),
            ),
            [0, append, 0] if append > 0 => {
                Some("ts is the broker's clock when it appended the record (tstype logappend)".to_owned())
            }
            [create, append, other] => Some(format!(
                "ts is the producer's time in {} rows (tstype create), the broker's in {} (logappend), and neither in {}",
                count(create),
                count(append),
                count(other)
            )),
        };
        notes.extend(clock.filter(|_| is_ts_used));
        if self.topics.len() > 1 {
            notes.push("partitions of one number are taken together, whatever their topic".to_owned());
        }
        notes
    }
}

/// The offsets of one partition.
struct Offsets {
    first: i64,
    last: i64,
    /// First and last of each gap.
    gaps: BTreeMap<i64, i64>,
    is_new: bool,
    missing: u64,
    out_of_order: u64,
    repeated: u64,
}

impl Offsets {
    fn new(first: i64) -> Self {
        let (gaps, is_new) = (BTreeMap::new(), true);
        Self { first, last: first, gaps, is_new, missing: 0, out_of_order: 0, repeated: 0 }
    }

    fn see(&mut self, offset: i64, gaps_left: &mut usize) {
        if std::mem::take(&mut self.is_new) {
            return;
        }
        if offset > self.last {
            self.open_gap(self.last + 1, offset - 1, gaps_left);
            self.last = offset;
            return;
        }
        if offset < self.last {
            self.out_of_order += 1;
        }
        if offset < self.first {
            self.open_gap(offset + 1, self.first - 1, gaps_left);
            self.first = offset;
        } else if !self.fill(offset) {
            self.repeated += 1;
        }
    }

    fn open_gap(&mut self, from: i64, to: i64, gaps_left: &mut usize) {
        if from > to {
            return;
        }
        self.missing += to.abs_diff(from) + 1;
        if *gaps_left > 0 {
            *gaps_left -= 1;
            self.gaps.insert(from, to);
        }
    }

    /// Takes an offset out of the gap in which it lies, if it lies in one.
    fn fill(&mut self, offset: i64) -> bool {
        let Some((&from, &to)) = self.gaps.range(..=offset).next_back().filter(|&(_, &to)| to >= offset) else {
            return false;
        };
        self.gaps.remove(&from);
        if from < offset {
            self.gaps.insert(from, offset - 1);
        }
        if offset < to {
            self.gaps.insert(offset + 1, to);
        }
        self.missing -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rng::Seed;

    fn audit(rows: &[(&str, i64, i64)]) -> OffsetReport {
        let mut audit = Audit::new();
        for (topic, partition, offset) in rows {
            let slot = |text: &str| Slot { text: text.as_bytes().to_vec(), is_composite: false };
            audit.see(&[slot(topic), slot(&partition.to_string()), slot(&offset.to_string()), slot("create")]);
        }
        audit.report()
    }

    #[test]
    fn gaps_disorder_and_repetitions_are_counted() {
        let report =
            audit(&[("a", 0, 10), ("a", 0, 11), ("a", 1, 5), ("a", 0, 15), ("a", 0, 13), ("a", 0, 13), ("a", 0, 9)]);
        // Of partition 0 came 9, 10, 11, 13, 15, and 13 again.
        let expected =
            OffsetReport { topics: 1, partitions: 2, missing: 2, out_of_order: 3, repeated: 1, unnumbered: 0 };
        assert_eq!(report, expected);
        assert_eq!(
            report.to_string(),
            "offsets of 2 partitions in 1 topic: 2 are missing (filters, compaction and transactions leave such gaps, \
             and so does a dump that is not whole), 3 rows are out of order, 1 row repeats an offset; all of them are kept"
        );
        let whole = audit(&[("a", 0, 10), ("a", 0, 11), ("b", 0, 3)]);
        assert_eq!(whole.to_string(), "offsets of 2 partitions in 2 topics: none is missing");
        assert_eq!(audit(&[("a", 0, -1)]).unnumbered, 1);
    }

    #[test]
    fn counts_equal_those_of_a_set() {
        let mut draws = Seed::new(11).stream("offsets");
        for _ in 0..200 {
            let rows: Vec<_> = (0..30).map(|_| ("t", 0, draws.integer(0, 40))).collect();
            let report = audit(&rows);
            let mut seen = BTreeSet::new();
            let (mut repeated, mut out_of_order) = (0, 0);
            for &(_, _, offset) in &rows {
                out_of_order += u64::from(seen.last().is_some_and(|&last| offset < last));
                repeated += u64::from(!seen.insert(offset));
            }
            let (first, last) = (*seen.first().expect("rows"), *seen.last().expect("rows"));
            let missing = (first..=last).filter(|offset| !seen.contains(offset)).count() as u64;
            assert_eq!(
                (report.missing, report.out_of_order, report.repeated),
                (missing, out_of_order, repeated),
                "{rows:?}"
            );
        }
    }
}
