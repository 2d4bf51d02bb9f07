//! One input's watermark, by whichever rule: a rule claims, the generator sees to it that the
//! watermark never goes back.

use serde::{Deserialize, Serialize};

use crate::record::RecordId;
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::adaptive::Adaptive;
use crate::watermark::percentile::Percentile;
use crate::watermark::punctuated::Punctuated;
use crate::watermark::spec::WatermarkSpec;

/// What a generator may know of a record that has been handled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Which record.
    pub id: RecordId,
    /// When it happened.
    pub event_time: EventTime,
    /// When it reached the log.
    pub arrival: ProcTime,
    /// Its value.
    pub value: f64,
    /// Processing time: when it had been handled.
    pub now: ProcTime,
    /// The smallest event time still to come, [`EventTime::MAX`] when there is none. Only
    /// [`WatermarkSpec::Perfect`] looks at it.
    pub to_come: EventTime,
}

/// How far event time has come, as one rule sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Rule {
    Bounded {
        bound: Span,
    },
    Punctuated(Punctuated),
    FixedLag {
        lag: Span,
    },
    Percentile(Percentile),
    Adaptive(Adaptive),
    Perfect,
    /// It is not made from records.
    FromSource,
}

/// A watermark generator. It is its own snapshot: written out and read back, it goes on as if
/// nothing had happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    rule: Rule,
    current: EventTime,
    raised_by: Option<RecordId>,
}

impl Generator {
    /// A generator that has seen nothing; its watermark is [`EventTime::MIN`].
    pub fn new(spec: WatermarkSpec) -> Self {
        let rule = match spec {
            WatermarkSpec::Bounded { bound } => Rule::Bounded { bound },
            WatermarkSpec::Monotonous => Rule::Bounded { bound: Span::ZERO },
            WatermarkSpec::Punctuated { marker, bound } => Rule::Punctuated(Punctuated::new(marker, bound)),
            WatermarkSpec::FixedLag { lag } => Rule::FixedLag { lag },
            WatermarkSpec::Percentile { quantile, sample } => Rule::Percentile(Percentile::new(quantile, sample)),
            WatermarkSpec::Adaptive { deviations, min, max } => Rule::Adaptive(Adaptive::new(deviations, min, max)),
            WatermarkSpec::Perfect => Rule::Perfect,
            WatermarkSpec::FromSource => Rule::FromSource,
        };
        Self { rule, current: EventTime::MIN, raised_by: None }
    }

    /// The current watermark.
    pub const fn current(&self) -> EventTime {
        self.current
    }

    /// The record that raised it last; `None` before the first, and when the clock did.
    pub const fn raised_by(&self) -> Option<RecordId> {
        self.raised_by
    }

    /// Whether it is the largest event time less a bound.
    pub const fn is_bounded(&self) -> bool {
        matches!(self.rule, Rule::Bounded { .. })
    }

    /// Takes note of a record that has been handled, where it [`Generator::is_bounded`].
    #[inline]
    pub fn on_bounded(&mut self, id: RecordId, event_time: EventTime) {
        if let Rule::Bounded { bound } = self.rule {
            self.raise(event_time - bound, Some(id));
        }
    }

    /// Takes note of a record that has been handled; the new watermark when it rose. A record that
    /// says nothing about event time (`is_skewed`) counts only for a clock-driven rule.
    #[inline]
    pub fn on_record(&mut self, seen: &Seen, is_skewed: bool) -> Option<EventTime> {
        match self.rule {
            Rule::Bounded { bound } if !is_skewed => self.raise(seen.event_time - bound, Some(seen.id)),
            _ => self.on_record_of_any(seen, is_skewed),
        }
    }

    #[inline(never)]
    fn on_record_of_any(&mut self, seen: &Seen, is_skewed: bool) -> Option<EventTime> {
        let claim = match &mut self.rule {
            Rule::FixedLag { .. } => return self.on_clock(seen.now),
            _ if is_skewed => return None,
            Rule::Bounded { bound } => Some(seen.event_time - *bound),
            Rule::Punctuated(rule) => rule.claim(seen.event_time, seen.value),
            Rule::Percentile(rule) => rule.claim(seen.event_time, seen.arrival),
            Rule::Adaptive(rule) => Some(rule.claim(seen.event_time, seen.arrival)),
            Rule::Perfect => Some(seen.to_come).filter(|to_come| to_come.is_finite()),
            Rule::FromSource => None,
        };
        self.raise(claim?, Some(seen.id))
    }

    /// The clock moved; the new watermark when it rose, which only one that follows the clock does.
    pub fn on_clock(&mut self, now: ProcTime) -> Option<EventTime> {
        let Rule::FixedLag { lag } = self.rule else { return None };
        self.raise(behind_clock(now, lag), None)
    }

    /// The lag behind the clock, when it follows the clock.
    pub const fn clock_lag(&self) -> Option<Span> {
        match self.rule {
            Rule::FixedLag { lag } => Some(lag),
            _ => None,
        }
    }

    #[inline]
    fn raise(&mut self, claim: EventTime, by: Option<RecordId>) -> Option<EventTime> {
        (claim > self.current).then(|| {
            self.current = claim;
            self.raised_by = by;
            claim
        })
    }
}

fn behind_clock(now: ProcTime, lag: Span) -> EventTime {
    (now - lag).on_event_clock()
}
