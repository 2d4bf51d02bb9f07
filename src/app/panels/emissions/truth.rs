//! The batch answer beside every lane: of the same keys together, as far as that is one number.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::panels::time_map::model::Column;
use crate::app::panels::window_value::{KeyValue, WindowValue};
use crate::app::run::Run;
use crate::oracle::Truth;
use crate::oracle::special::answer;
use crate::pipeline::Aggregate;
use crate::record::{KeyId, Record};
use crate::window::aggregate::Summary;
use crate::window::pane::Window;

/// The truth of a special aggregate needs every record of every window at once; beyond so many it
/// is not asked for on screen.
const MOST_GATHERED: i64 = 500_000;

/// A window, and the key where windows are sessions of one.
type Place = (Window, Option<KeyId>);

/// The batch answers of a run.
pub struct LaneTruth {
    /// What they were made from: they hold as long as it does.
    made_from: (Arc<Truth>, Option<KeyId>, Aggregate, bool),
    of: BTreeMap<Place, WindowValue>,
    /// Of sessions that are found by where they start.
    special: Truth<WindowValue>,
}

impl LaneTruth {
    /// The answers for the keys that are shown; `shown` is one of them, or all;
    /// `is_session` is whether every window is of one key.
    pub fn of(run: &Run, shown: Option<KeyId>, is_session: bool) -> Self {
        let pipeline = &run.trace.pipeline;
        let made_from = (Arc::clone(&run.truth), shown, pipeline.aggregate, is_session);
        let shows_key = |key: KeyId| shown.is_none_or(|shown| shown == key);
        let place = |key: KeyId, window: Window| (window, is_session.then_some(key));
        if !pipeline.aggregate.is_special() {
            let mut all: BTreeMap<Place, Summary> = BTreeMap::new();
            for (&(key, window), summary) in run.truth.windows() {
                if shows_key(key) {
                    all.entry(place(key, window)).or_default().merge(summary);
                }
            }
            let value = |summary: Summary| WindowValue::of_summary(pipeline.aggregate, &summary);
            let of = all.into_iter().map(|(place, summary)| (place, value(summary))).collect();
            return Self { made_from, of, special: Truth::default() };
        }
        let stream = &run.trace.stream;
        if (stream.len() as i64).saturating_mul(pipeline.window.windows_per_record()) > MOST_GATHERED {
            return Self { made_from, of: BTreeMap::new(), special: Truth::default() };
        }
        let gathered = Truth::<Vec<Record>>::gathered(stream, pipeline.window);
        let mut keys: BTreeMap<Place, Vec<&[Record]>> = BTreeMap::new();
        for (&(key, window), records) in gathered.windows() {
            if shows_key(key) {
                keys.entry(place(key, window)).or_default().push(records);
            }
        }
        let of = keys.into_iter().map(|(place, keys)| (place, together(pipeline.aggregate, &keys))).collect();
        let special = gathered.filter_map(|records| Some(together(pipeline.aggregate, &[records])));
        Self { made_from, of, special }
    }

    /// Whether these are the answers for this run and key.
    pub fn is_of(&self, run: &Run, shown: Option<KeyId>, is_session: bool) -> bool {
        let (truth, key, aggregate, was_session) = &self.made_from;
        Arc::ptr_eq(truth, &run.truth)
            && (*key, *aggregate, *was_session) == (shown, run.trace.pipeline.aggregate, is_session)
    }

    /// The answer of a column.
    pub fn of_column(&self, run: &Run, column: &Column) -> WindowValue {
        if let Some(&value) = self.of.get(&(column.window, column.session_of)) {
            return value;
        }
        let Some(key) = column.session_of else { return WindowValue::Unknown };
        let aggregate = run.trace.pipeline.aggregate;
        let value = if aggregate.is_special() {
            self.special.of_window(key, column.window).copied()
        } else {
            let summary = run.truth.of_window(key, column.window);
            summary.map(|summary| WindowValue::of_summary(aggregate, summary))
        };
        value.unwrap_or(WindowValue::Unknown)
    }
}

/// What these records, by key, come to.
fn together(aggregate: Aggregate, keys: &[&[Record]]) -> WindowValue {
    if matches!(aggregate, Aggregate::TopK(_)) {
        return answer(&keys.concat(), aggregate).map_or(WindowValue::Unknown, WindowValue::One);
    }
    let summaries: Vec<Summary> = keys
        .iter()
        .map(|records| {
            let mut summary = Summary::default();
            records.iter().for_each(|record| summary.add(record.value));
            summary
        })
        .collect();
    let said = keys.iter().zip(&summaries);
    let said = said.map(|(records, summary)| KeyValue { summary, special: answer(records, aggregate), list: &[] });
    WindowValue::of(aggregate, said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordId;
    use crate::time::EventTime;

    #[test]
    fn keys_are_taken_together_where_they_add_up() {
        let records = |values: &[f64]| -> Vec<Record> {
            let record = |&value: &f64| Record { id: RecordId(0), event_time: EventTime::EPOCH, key: KeyId(0), value };
            values.iter().map(record).collect()
        };
        let (a, b) = (records(&[1.0, 5.0, 5.0]), records(&[4.0]));
        let keys: [&[Record]; 2] = [&a, &b];
        assert_eq!(together(Aggregate::TopK(3), &keys), WindowValue::One(4.0));
        assert_eq!(together(Aggregate::Distinct, &keys), WindowValue::ByKey { least: 1.0, most: 2.0, keys: 2 });
        assert_eq!(together(Aggregate::Distinct, &keys[..1]), WindowValue::One(2.0));
    }
}
