//! The numbers of a join, and its pairs as rows.

use serde::{Deserialize, Serialize};

use crate::human::instant_rfc3339;
use crate::join::{JoinFate, Joined};
use crate::metrics::report::Latency;
use crate::record::{Record, RecordId, Stream};

/// What became of the records of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideCounts {
    /// All of them.
    pub records: usize,
    /// In at least one pair.
    pub matched: usize,
    /// In none, and nothing will come for them any more.
    pub unmatched: usize,
    /// In none when the input ended; something may still come.
    pub waiting: usize,
    /// Behind the watermark when they came, so they took no part.
    pub late: usize,
}

impl SideCounts {
    fn of(fates: &[JoinFate]) -> Self {
        let count = |fate: JoinFate| fates.iter().filter(|it| **it == fate).count();
        Self {
            records: fates.len(),
            matched: count(JoinFate::Matched),
            unmatched: count(JoinFate::Unmatched),
            waiting: count(JoinFate::Waiting),
            late: count(JoinFate::Late),
        }
    }
}

/// The numbers of a join. Field names are those of `run --format json`, under `join`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JoinReport {
    /// Which records go together, in words.
    pub kind: String,
    /// Pairs: the records that the pipeline then sees.
    pub pairs: usize,
    /// The first stream.
    pub left: SideCounts,
    /// The second stream.
    pub right: SideCounts,
    /// How long the first record of a pair waited: from its arrival to the pair.
    pub wait_s: Latency,
    /// The most records (windows, or rows and records that wait) that were kept at once.
    pub max_kept: usize,
}

impl JoinReport {
    /// The numbers of a join that has been run.
    pub fn of(joined: &Joined) -> Self {
        Self {
            kind: joined.kind.in_words(),
            pairs: joined.pairs.len(),
            left: SideCounts::of(&joined.left_fates),
            right: SideCounts::of(&joined.right_fates),
            wait_s: Latency::of(joined.waits.clone()),
            max_kept: joined.max_kept,
        }
    }
}

/// Every pair in the order in which it came out, then every record without a partner, the left ones
/// first, in order of arrival: `fate,key,left_event_time,left_value,right_event_time,right_value,
/// event_time,emitted_at`. Instants are RFC 3339 in UTC; what is not there is empty.
///
/// # Errors
/// Only what the CSV writer itself reports; memory does not fail to be written to.
pub fn joined_csv(joined: &Joined) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "fate",
        "key",
        "left_event_time",
        "left_value",
        "right_event_time",
        "right_value",
        "event_time",
        "emitted_at",
    ])?;
    let cells = |record: Option<Record>| match record {
        Some(record) => [instant_rfc3339(record.event_time.micros()), record.value.to_string()],
        None => [String::new(), String::new()],
    };
    let mut row = |fate: &str, key: &str, left: Option<Record>, right: Option<Record>, out: [String; 2]| {
        let ([left_time, left_value], [right_time, right_value]) = (cells(left), cells(right));
        let [event_time, emitted_at] = out;
        let all = [&left_time, &left_value, &right_time, &right_value, &event_time, &emitted_at].map(String::as_str);
        writer.write_record([fate, key].iter().chain(&all))
    };
    for (at, pair) in &joined.pairs {
        let out = [instant_rfc3339(pair.event_time.micros()), instant_rfc3339(at.micros())];
        let key = joined.right.key_table().name(pair.key);
        row(JoinFate::Matched.word(), key, Some(pair.left), Some(pair.right), out)?;
    }
    let alone = |stream: &Stream, fates: &[JoinFate]| -> Vec<(JoinFate, Record)> {
        let all = fates.iter().enumerate().filter(|(_, fate)| **fate != JoinFate::Matched);
        // A stream holds fewer than 2^32 records.
        all.map(|(i, fate)| (*fate, stream.record(RecordId(i as u32)))).collect()
    };
    for (fate, record) in alone(&joined.left, &joined.left_fates) {
        row(fate.word(), joined.right.key_table().name(record.key), Some(record), None, Default::default())?;
    }
    for (fate, record) in alone(&joined.right, &joined.right_fates) {
        row(fate.word(), joined.right.key_table().name(record.key), None, Some(record), Default::default())?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
