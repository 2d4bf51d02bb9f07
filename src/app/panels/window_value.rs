//! What a window says over the keys that are shown, as far as that is one number.
//!
//! Summaries of keys add up, and so do lists of the largest values. Distinct counts, quantiles and
//! first and last values of keys do not: what several keys say then is shown from the least to the
//! most, and [`why_by_key`] says why in words.

use crate::app::panels::number;
use crate::pipeline::Aggregate;
use crate::window::aggregate::Summary;

/// What one key says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyValue<'a> {
    /// Count, sum, least and most.
    pub summary: &'a Summary,
    /// The result of a special aggregate.
    pub special: Option<f64>,
    /// The result where it is a list, descending; empty for others.
    pub list: &'a [f64],
}

/// What a window says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum WindowValue {
    /// Nothing: there is no record, or a purge has thrown some away.
    #[default]
    Unknown,
    /// One number.
    One(f64),
    /// A number for every key, which do not add up.
    ByKey {
        /// The least that a key says.
        least: f64,
        /// The most that a key says.
        most: f64,
        /// How many keys there are; at least 2.
        keys: usize,
    },
}

impl WindowValue {
    /// What the keys of one window say together.
    pub fn of<'a>(aggregate: Aggregate, keys: impl IntoIterator<Item = KeyValue<'a>>) -> Self {
        let keys: Vec<KeyValue<'a>> = keys.into_iter().filter(|key| key.summary.count > 0).collect();
        if !aggregate.is_special() {
            let mut all = Summary::default();
            keys.iter().for_each(|key| all.merge(key.summary));
            return Self::of_summary(aggregate, &all);
        }
        if let (Aggregate::TopK(k), true) = (aggregate, keys.iter().all(|key| !key.list.is_empty())) {
            let mut largest: Vec<f64> = keys.iter().flat_map(|key| key.list.iter().copied()).collect();
            largest.sort_unstable_by(|a, b| b.total_cmp(a));
            let last = (k as usize).min(largest.len()).checked_sub(1);
            return last.map_or(Self::Unknown, |last| Self::One(largest[last]));
        }
        let said: Option<Vec<f64>> = keys.iter().map(|key| key.special).collect();
        match said.as_deref() {
            None | Some([]) => Self::Unknown,
            Some([one]) => Self::One(*one),
            Some(several) => Self::ByKey {
                least: several.iter().copied().fold(f64::INFINITY, f64::min),
                most: several.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                keys: several.len(),
            },
        }
    }

    /// What a summary of everything says.
    pub fn of_summary(aggregate: Aggregate, summary: &Summary) -> Self {
        summary.value(aggregate).map_or(Self::Unknown, Self::One)
    }

    /// The number, where there is one.
    pub const fn number(self) -> Option<f64> {
        match self {
            Self::One(value) => Some(value),
            Self::Unknown | Self::ByKey { .. } => None,
        }
    }

    /// As a label says it: `12`, or `4 – 9` where keys do not add up.
    pub fn text(self) -> String {
        match self {
            Self::Unknown => "\u{2013}".to_owned(),
            Self::One(value) => number::value(value),
            Self::ByKey { least, most, .. } if least.total_cmp(&most).is_eq() => number::value(least),
            Self::ByKey { least, most, .. } => format!("{} \u{2013} {}", number::value(least), number::value(most)),
        }
    }

    /// What follows the number in a label: `by key` where keys do not add up.
    pub const fn tail(self) -> &'static str {
        match self {
            Self::ByKey { .. } => "by key",
            Self::Unknown | Self::One(_) => "",
        }
    }
}

/// Why the values of several keys are not one number; `None` where they are.
pub const fn why_by_key(aggregate: Aggregate) -> Option<&'static str> {
    match aggregate {
        Aggregate::Distinct | Aggregate::DistinctApprox => Some("keys may share values, so counts do not add up"),
        Aggregate::Quantile(_) => Some("quantiles of keys do not add up"),
        Aggregate::First | Aggregate::Last => Some("every key has its own"),
        Aggregate::Count | Aggregate::Sum | Aggregate::Mean | Aggregate::Min | Aggregate::Max | Aggregate::TopK(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(values: &[f64]) -> Summary {
        let mut summary = Summary::default();
        values.iter().for_each(|&value| summary.add(value));
        summary
    }

    #[test]
    fn summaries_and_lists_of_keys_add_up() {
        let (a, b) = (summary(&[1.0, 2.0]), summary(&[6.0]));
        let keys =
            || [KeyValue { summary: &a, special: None, list: &[] }, KeyValue { summary: &b, special: None, list: &[] }];
        assert_eq!(WindowValue::of(Aggregate::Mean, keys()), WindowValue::One(3.0));
        assert_eq!(WindowValue::of(Aggregate::Count, keys()), WindowValue::One(3.0));
        assert_eq!(WindowValue::of(Aggregate::Mean, []), WindowValue::Unknown);
        let lists = [
            KeyValue { summary: &a, special: Some(1.0), list: &[2.0, 1.0] },
            KeyValue { summary: &b, special: Some(6.0), list: &[6.0] },
        ];
        assert_eq!(WindowValue::of(Aggregate::TopK(2), lists), WindowValue::One(2.0));
        assert_eq!(WindowValue::of(Aggregate::TopK(9), lists), WindowValue::One(1.0));
    }

    #[test]
    fn special_values_of_several_keys_are_a_span() {
        let all = summary(&[1.0]);
        let key = |special| KeyValue { summary: &all, special, list: &[] };
        let of = |values: &[Option<f64>]| WindowValue::of(Aggregate::Distinct, values.iter().map(|&value| key(value)));
        assert_eq!(of(&[Some(4.0)]), WindowValue::One(4.0));
        let several = of(&[Some(4.0), Some(9.0), Some(5.0)]);
        assert_eq!(several, WindowValue::ByKey { least: 4.0, most: 9.0, keys: 3 });
        assert_eq!((several.text().as_str(), several.tail(), several.number()), ("4 \u{2013} 9", "by key", None));
        assert_eq!((of(&[Some(2.0), Some(2.0)]).text().as_str(), of(&[]).text().as_str()), ("2", "\u{2013}"));
        assert_eq!(of(&[Some(4.0), None]), WindowValue::Unknown);
    }
}
