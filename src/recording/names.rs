//! What a column's name says about what it holds.
//!
//! Names are taken apart into lower-case words at anything that is not a letter or digit and at
//! humps (`tpepPickup_datetime` is `tpep pickup datetime`). Scores only compare; a score of
//! [`STRONG`] or more is a reason by itself.

use super::time_format::EpochUnit;

/// A name that says what it is. Half of it is a hint.
pub(super) const STRONG: i32 = 4;

/// A name that can mean nothing else.
pub(super) const EXACT: i32 = 100;

const EVENT_WORDS: &[&str] = &[
    "event",
    "occurred",
    "occurrence",
    "happened",
    "origin",
    "originated",
    "author",
    "authored",
    "pickup",
    "start",
    "started",
    "begin",
    "began",
    "departure",
    "departed",
    "sent",
    "created",
    "creation",
    "produced",
    "generated",
    "measured",
    "observed",
    "sampled",
];

const ARRIVAL_WORDS: &[&str] = &[
    "arrival",
    "arrived",
    "ingest",
    "ingested",
    "ingestion",
    "received",
    "receive",
    "processing",
    "processed",
    "append",
    "appended",
    "logged",
    "indexed",
    "inserted",
    "loaded",
    "stored",
    "recorded",
    "saved",
    "published",
    "commit",
    "committed",
    "committer",
    "updated",
    "modified",
    "end",
    "ended",
    "finish",
    "finished",
    "stop",
    "stopped",
    "completed",
    "dropoff",
    "delivered",
];

const TIME_WORDS: &[&str] = &["time", "times", "timestamp", "ts", "datetime", "date", "at", "when", "epoch"];

/// Words that hold no more than that a column is a time; sharing one is no kinship.
const UNIT_WORDS: &[&str] = &["s", "sec", "secs", "seconds", "ms", "millis", "us", "micros", "ns", "nanos", "utc"];

const KEY_WORDS: &[&str] = &[
    "user", "device", "sensor", "customer", "client", "account", "session", "author", "network", "host", "hostname",
    "station", "vehicle", "driver", "symbol", "ticker", "route", "line", "product", "item", "sku", "store", "shop",
    "topic", "channel", "country", "city", "region", "zone", "category", "service", "source", "machine", "room",
    "player", "page", "url", "campaign", "merchant", "card", "person", "name", "id",
];

/// Earlier words are better: a column `total` is the value rather than a column `fare`.
const VALUE_WORDS: &[&str] = &[
    "amount",
    "total",
    "price",
    "cost",
    "magnitude",
    "mag",
    "temperature",
    "temp",
    "measurement",
    "reading",
    "level",
    "speed",
    "size",
    "bytes",
    "duration",
    "latency",
    "quantity",
    "qty",
    "count",
    "score",
    "revenue",
    "volume",
    "fare",
];

/// A column's name, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct NameWords {
    words: Vec<String>,
    joined: String,
}

impl NameWords {
    pub(super) fn new(name: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let (mut word, mut was_lower) = (String::new(), false);
        for c in name.chars() {
            if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
                words.push(std::mem::take(&mut word));
            }
            if c.is_alphanumeric() {
                word.extend(c.to_lowercase());
            }
            was_lower = c.is_lowercase();
        }
        words.push(word);
        words.retain(|word| !word.is_empty());
        let joined = words.concat();
        Self { words, joined }
    }

    /// How much the name says "when it happened".
    pub(super) fn event_score(&self) -> i32 {
        self.time_score(EVENT_WORDS, &["eventtime", "eventtimestamp", "eventts", "eventtimems", "eventtimeus"])
    }

    /// How much the name says "when it reached the log".
    pub(super) fn arrival_score(&self) -> i32 {
        self.time_score(ARRIVAL_WORDS, &["arrivaltime", "arrivaltimestamp", "arrivalts", "arrivaltimems", "ingesttime"])
    }

    fn time_score(&self, strong: &[&str], exact: &[&str]) -> i32 {
        if exact.contains(&self.joined.as_str()) {
            EXACT
        } else if self.has_any(strong) {
            STRONG + i32::from(self.is_time())
        } else {
            i32::from(self.is_time())
        }
    }

    /// Whether the name says that it is a time at all.
    pub(super) fn is_time(&self) -> bool {
        self.has_any(TIME_WORDS)
            || self.unit().is_some()
            || ["time", "timestamp", "date"].iter().any(|end| self.joined.ends_with(end))
    }

    /// The unit of time that the last word names.
    pub(super) fn unit(&self) -> Option<EpochUnit> {
        match self.words.last()?.as_str() {
            _ if self.words.len() < 2 => None,
            "s" | "sec" | "secs" | "seconds" => Some(EpochUnit::Seconds),
            "ms" | "millis" | "milliseconds" => Some(EpochUnit::Millis),
            "us" | "micros" | "microseconds" => Some(EpochUnit::Micros),
            "ns" | "nanos" | "nanoseconds" => Some(EpochUnit::Nanos),
            _ => None,
        }
    }

    /// How much the name says "group by this", given the name of the event time: `pickup_zone`
    /// goes with `pickup`.
    pub(super) fn key_score(&self, event_time: &Self) -> i32 {
        if self.joined == "key" {
            return EXACT;
        }
        let kinship = self.words.iter().any(|word| {
            let says_only_time = TIME_WORDS.contains(&word.as_str()) || UNIT_WORDS.contains(&word.as_str());
            !says_only_time && event_time.words.contains(word)
        });
        if self.has_any(KEY_WORDS) || self.words.iter().any(|word| word == "key") {
            STRONG + 2 * i32::from(kinship)
        } else {
            2 * i32::from(kinship)
        }
    }

    /// How much the name says "aggregate this"; 0 for identifiers.
    pub(super) fn value_score(&self) -> i32 {
        if self.joined == "value" {
            return EXACT;
        }
        if self.is_identifier() {
            return 0;
        }
        let place = VALUE_WORDS.iter().position(|word| self.words.iter().any(|own| own == word));
        let place = if self.words.iter().any(|word| word == "value") { Some(0) } else { place };
        place.map_or(0, |place| STRONG + (VALUE_WORDS.len() - place) as i32)
    }

    /// Whether numbers under this name are no amounts.
    pub(super) fn is_identifier(&self) -> bool {
        self.has_any(&[
            "id",
            "ids",
            "uuid",
            "code",
            "zip",
            "lat",
            "latitude",
            "lon",
            "lng",
            "longitude",
            "offset",
            "key",
        ]) || self.is_partition()
    }

    /// Whether the name says "partition".
    pub(super) fn is_partition(&self) -> bool {
        ["partition", "partitionid", "shard", "shardid"].contains(&self.joined.as_str())
    }

    fn has_any(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_at_marks_and_humps() {
        let words = |name| NameWords::new(name).words;
        assert_eq!(words("tpepPickup_datetime"), ["tpep", "pickup", "datetime"]);
        assert_eq!(words("payload.user.id"), ["payload", "user", "id"]);
        assert_eq!(words("  "), [""; 0]);
        assert_eq!(words("URL"), ["url"]);
    }

    #[test]
    fn the_two_clocks_are_told_apart() {
        let scores = |name| (NameWords::new(name).event_score(), NameWords::new(name).arrival_score());
        assert_eq!(scores("event_time"), (EXACT, 1));
        assert_eq!(scores("eventTime"), (EXACT, 1));
        assert_eq!(scores("arrival_time_ms"), (1, EXACT));
        assert_eq!(scores("pickup"), (STRONG, 0));
        assert_eq!(scores("dropoff"), (0, STRONG));
        assert_eq!(scores("author_time_s"), (STRONG + 1, 1));
        assert_eq!(scores("commit_time_s"), (1, STRONG + 1));
        assert_eq!(scores("color"), (0, 0));
    }

    #[test]
    fn units_are_the_last_of_several_words() {
        assert_eq!(NameWords::new("event_time_ms").unit(), Some(EpochUnit::Millis));
        assert_eq!(NameWords::new("author_time_s").unit(), Some(EpochUnit::Seconds));
        assert_eq!(NameWords::new("s").unit(), None);
        assert_eq!(NameWords::new("ms_total").unit(), None);
    }

    #[test]
    fn keys_go_with_the_event_time_and_values_have_an_order() {
        let event_time = NameWords::new("pickup");
        let key = |name| NameWords::new(name).key_score(&event_time);
        assert!(key("pickup_zone") > key("dropoff_zone"));
        assert!(key("pickup_zone") > key("pickup_borough"));
        assert!(key("key") > key("pickup_zone"));
        assert_eq!(key("color"), 0);
        let value = |name| NameWords::new(name).value_score();
        assert!(value("value") > value("total"));
        assert!(value("total") > value("fare"));
        assert_eq!(value("total_id"), 0);
        assert_eq!(value("passengers"), 0);
    }
}
