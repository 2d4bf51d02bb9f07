//! Triggers as plain data: a small algebra that scenario files write down.
//!
//! Flink and Beam ask their triggers differently (per record against once per bundle, firing for
//! ever against finishing), so a word of one means nothing in the other: each dialect has its own
//! words, and [`TriggerSpec::problems`] says which one is out of place and what to write instead.

use serde::{Deserialize, Serialize};

use crate::human;
use crate::pipeline::Problem;
use crate::time::{SPAN_LIMIT, Span};
use crate::window::dialect::Dialect;

/// A tree deeper than this is refused: nobody reads it, and every record would climb it.
pub const MAX_DEPTH: usize = 32;

/// When a window fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TriggerSpec {
    /// What the dialect does when no trigger is named. Flink: [`TriggerSpec::EventTime`], and on a
    /// global window [`TriggerSpec::Never`]. Beam: repeatedly after the watermark. Kafka Streams: at
    /// every update. Azure Stream Analytics: once, at the end of the window.
    #[default]
    Default,
    /// Flink, Beam: at no time. (Beam still gives one last pane when the window's state goes.)
    Never,

    /// Flink: when the watermark reaches the end, and for every record after that.
    EventTime,
    /// Flink: when processing time reaches the end of the window.
    ProcessingTime,
    /// Flink: at every n-th record; never at the end. At least 1.
    Count(u64),
    /// Flink: at every multiple of this interval that the watermark passes, and at the end.
    ContinuousEventTime(Span),
    /// Flink: at every multiple of this interval of processing time.
    ContinuousProcessingTime(Span),
    /// Flink: when the value differs by more than this from the one that fired last; finite, not
    /// negative. The first record sets the mark and does not fire.
    Delta(f64),
    /// Flink: as the inner trigger, and a firing empties the window.
    Purging(Box<Self>),

    /// Beam: once when the watermark passes the end of the window. With `early`, also whenever that
    /// fires before; with `late`, also whenever that fires afterwards.
    AfterWatermark {
        /// Fires, again and again, before the end of the window.
        #[serde(default)]
        early: Option<Box<Self>>,
        /// Fires, again and again, after the on-time pane. Without it that pane is the last.
        #[serde(default)]
        late: Option<Box<Self>>,
    },
    /// Beam: once there are this many elements in the pane; at least 1.
    AfterCount(u64),
    /// Beam: once processing time has passed the first element of the pane by `delay`.
    AfterProcessingTime {
        /// How long after the first element of the pane; not negative.
        #[serde(default)]
        delay: Span,
        /// Moves that instant on to the next multiple of this period; positive.
        #[serde(default)]
        align: Option<Span>,
    },
    /// Beam: when the first of these is ready.
    AfterAny(Vec<Self>),
    /// Beam: when all of these are ready at once.
    AfterAll(Vec<Self>),
    /// Beam: one after the other; each starts when the one before it has finished.
    AfterEach(Vec<Self>),
    /// Beam: again and again, from the start.
    Repeatedly(Box<Self>),
    /// Beam: as `main`, until `finally` is ready, which fires too and ends both.
    OrFinally {
        /// Fires until then.
        main: Box<Self>,
        /// Ends it.
        finally: Box<Self>,
    },

    /// Kafka Streams: once, when stream time has passed the end of the window by the grace period
    /// (`suppress(untilWindowCloses())`).
    OnWindowClose,
}

impl TriggerSpec {
    /// The word in scenario files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Default => "Default",
            Self::Never => "Never",
            Self::EventTime => "EventTime",
            Self::ProcessingTime => "ProcessingTime",
            Self::Count(_) => "Count",
            Self::ContinuousEventTime(_) => "ContinuousEventTime",
            Self::ContinuousProcessingTime(_) => "ContinuousProcessingTime",
            Self::Delta(_) => "Delta",
            Self::Purging(_) => "Purging",
            Self::AfterWatermark { .. } => "AfterWatermark",
            Self::AfterCount(_) => "AfterCount",
            Self::AfterProcessingTime { .. } => "AfterProcessingTime",
            Self::AfterAny(_) => "AfterAny",
            Self::AfterAll(_) => "AfterAll",
            Self::AfterEach(_) => "AfterEach",
            Self::Repeatedly(_) => "Repeatedly",
            Self::OrFinally { .. } => "OrFinally",
            Self::OnWindowClose => "OnWindowClose",
        }
    }

    /// The dialects that know this word.
    const fn dialects(&self) -> &'static [Dialect] {
        use Dialect::{AzureStreamAnalytics, Beam, Flink, KafkaStreams};
        match self {
            Self::Default => &[Flink, Beam, KafkaStreams, AzureStreamAnalytics],
            Self::Never => &[Flink, Beam],
            Self::EventTime
            | Self::ProcessingTime
            | Self::Count(_)
            | Self::ContinuousEventTime(_)
            | Self::ContinuousProcessingTime(_)
            | Self::Delta(_)
            | Self::Purging(_) => &[Flink],
            Self::AfterWatermark { .. }
            | Self::AfterCount(_)
            | Self::AfterProcessingTime { .. }
            | Self::AfterAny(_)
            | Self::AfterAll(_)
            | Self::AfterEach(_)
            | Self::Repeatedly(_)
            | Self::OrFinally { .. } => &[Beam],
            Self::OnWindowClose => &[KafkaStreams],
        }
    }

    /// What to write in `dialect` where somebody wrote this word of another one.
    const fn instead(&self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (_, Dialect::KafkaStreams) => "Default or OnWindowClose",
            (_, Dialect::AzureStreamAnalytics) => "Default",
            (Self::Count(_), Dialect::Beam) => "Repeatedly(AfterCount(n))",
            (Self::ProcessingTime | Self::ContinuousProcessingTime(_), Dialect::Beam) => {
                "Repeatedly(AfterProcessingTime(align: ...))"
            }
            (Self::Purging(_), Dialect::Beam) => "the accumulation Discarding",
            (_, Dialect::Beam) => "AfterWatermark",
            (Self::AfterCount(_), Dialect::Flink) => "Count(n)",
            (Self::AfterProcessingTime { .. }, Dialect::Flink) => "ContinuousProcessingTime(interval)",
            (_, Dialect::Flink) => "EventTime",
        }
    }

    fn inner(&self) -> Vec<(String, &Self)> {
        let list = |inner: &'_ [Self]| -> Vec<String> { (0..inner.len()).map(|i| format!("[{i}]")).collect() };
        match self {
            Self::Purging(inner) | Self::Repeatedly(inner) => vec![(String::new(), inner)],
            Self::AfterAny(inner) | Self::AfterAll(inner) | Self::AfterEach(inner) => {
                list(inner).into_iter().zip(inner).collect()
            }
            Self::AfterWatermark { early, late } => {
                let named = [(".early", early), (".late", late)];
                named.into_iter().filter_map(|(name, inner)| Some((name.to_owned(), &**inner.as_ref()?))).collect()
            }
            Self::OrFinally { main, finally } => vec![(".main".to_owned(), main), (".finally".to_owned(), finally)],
            _ => Vec::new(),
        }
    }

    /// Everything that is wrong with this trigger in `dialect`; `path` is the field that holds it.
    pub fn problems(&self, path: &str, dialect: Dialect) -> Vec<Problem> {
        let mut found = Vec::new();
        self.check(path, dialect, 1, &mut found);
        found
    }

    fn check(&self, path: &str, dialect: Dialect, depth: usize, found: &mut Vec<Problem>) {
        if depth > MAX_DEPTH {
            found.push(Problem::new(path, format!("is nested more than {MAX_DEPTH} deep")));
            return;
        }
        if !self.dialects().contains(&dialect) {
            let known: Vec<&str> = self.dialects().iter().map(|dialect| dialect.name()).collect();
            let message = format!(
                "{} is a trigger of {}, not of {}; write {}",
                self.word(),
                known.join(" and "),
                dialect.name(),
                self.instead(dialect)
            );
            found.push(Problem::new(path, message));
            return;
        }
        let path = format!("{path}.{}", self.word());
        found.extend(self.own_problem().map(|message| Problem::new(path.as_str(), message)));
        for (place, inner) in self.inner() {
            inner.check(&format!("{path}{place}"), dialect, depth + 1, found);
        }
    }

    fn own_problem(&self) -> Option<String> {
        let out_of_range = |span: Span, least: i64| {
            let range = if least > 0 { "more than 0" } else { "0 or more" };
            (span.micros() < least || span > SPAN_LIMIT)
                .then(|| format!("{} is out of range: must be {range}, at most 115740d", human::span_exact(span)))
        };
        match self {
            Self::Count(0) | Self::AfterCount(0) => Some("0 is out of range: must be 1 or more".to_owned()),
            Self::ContinuousEventTime(interval) | Self::ContinuousProcessingTime(interval) => {
                out_of_range(*interval, 1)
            }
            Self::Delta(threshold) if !(threshold.is_finite() && *threshold >= 0.0) => {
                Some(format!("{threshold} is out of range: must be 0 or more"))
            }
            Self::Purging(inner) if matches!(**inner, Self::Purging(_)) => {
                Some("purging twice is purging once".to_owned())
            }
            Self::AfterProcessingTime { delay, align } => {
                out_of_range(*delay, 0).or_else(|| align.and_then(|align| out_of_range(align, 1)))
            }
            Self::AfterAny(inner) | Self::AfterAll(inner) | Self::AfterEach(inner) if inner.is_empty() => {
                Some("is empty: must hold at least one trigger".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trigger: &TriggerSpec, dialect: Dialect, expected: &[(&str, &str)]) {
        let found = trigger.problems("trigger", dialect);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (problem, (path, part)) in found.iter().zip(expected) {
            assert_eq!(problem.path, *path);
            assert!(problem.message.contains(part), "{}", problem.message);
        }
    }

    fn after_watermark(early: TriggerSpec) -> TriggerSpec {
        TriggerSpec::AfterWatermark { early: Some(Box::new(early)), late: None }
    }

    #[test]
    fn each_dialect_knows_its_own_words() {
        let early = after_watermark(TriggerSpec::AfterCount(1));
        check(&early, Dialect::Beam, &[]);
        check(
            &early,
            Dialect::Flink,
            &[("trigger", "AfterWatermark is a trigger of Beam, not of Flink; write EventTime")],
        );
        check(&TriggerSpec::Count(3), Dialect::Beam, &[("trigger", "write Repeatedly(AfterCount(n))")]);
        check(&TriggerSpec::Never, Dialect::KafkaStreams, &[("trigger", "of Flink and Beam, not of Kafka Streams")]);
        check(&TriggerSpec::OnWindowClose, Dialect::KafkaStreams, &[]);
    }

    #[test]
    fn out_of_range_parts_are_named_by_their_place() {
        check(
            &TriggerSpec::Purging(Box::new(TriggerSpec::Count(0))),
            Dialect::Flink,
            &[("trigger.Purging.Count", "1 or more")],
        );
        check(&TriggerSpec::ContinuousEventTime(Span::ZERO), Dialect::Flink, &[("trigger.ContinuousEventTime", "0s")]);
        check(&TriggerSpec::Delta(f64::NAN), Dialect::Flink, &[("trigger.Delta", "NaN")]);
        let each = TriggerSpec::AfterEach(vec![TriggerSpec::AfterCount(1), TriggerSpec::AfterAny(Vec::new())]);
        check(
            &after_watermark(each),
            Dialect::Beam,
            &[("trigger.AfterWatermark.early.AfterEach[1].AfterAny", "at least one")],
        );
        let mut deep = TriggerSpec::AfterCount(1);
        for _ in 0..MAX_DEPTH {
            deep = TriggerSpec::Repeatedly(Box::new(deep));
        }
        assert_eq!(deep.problems("trigger", Dialect::Beam).len(), 1);
    }

    #[test]
    fn a_trigger_reads_as_it_is_said() {
        let early = r#"Repeatedly(AfterProcessingTime(delay: "1min"))"#;
        let text = format!("AfterWatermark(early: Some({early}), late: Some(AfterCount(1)))");
        let read: TriggerSpec = ron::from_str(&text).expect("a trigger");
        let minute = TriggerSpec::AfterProcessingTime { delay: Span::from_secs(60), align: None };
        assert_eq!(
            read,
            TriggerSpec::AfterWatermark {
                early: Some(Box::new(TriggerSpec::Repeatedly(Box::new(minute)))),
                late: Some(Box::new(TriggerSpec::AfterCount(1))),
            }
        );
        let read: TriggerSpec = ron::from_str(r#"Purging(ContinuousEventTime("15s"))"#).expect("a trigger");
        assert_eq!(read, TriggerSpec::Purging(Box::new(TriggerSpec::ContinuousEventTime(Span::from_secs(15)))));
    }
}
