//! The two clocks of stream processing and the distance between two instants of one clock.
//!
//! [`EventTime`] is when something happened, [`ProcTime`] is the clock of the machine that
//! handles it, [`Span`] is a length of time. All three are signed 64-bit microseconds, and none
//! converts into another: only subtracting two instants of the *same* clock gives a [`Span`].
//! The one exception is written out by name: [`ProcTime::since_event`], the delay.
//!
//! Arithmetic saturates at `MIN` and `MAX`, which double as "before everything" and "after
//! everything" (a watermark that has not started, and the final one).

use std::fmt;
use std::ops::{Add, Neg, Sub};

use serde::{Deserialize, Serialize};

/// Microseconds in a millisecond.
pub const MICROS_PER_MILLI: i64 = 1_000;
/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;

/// Instants that input may carry lie within this many microseconds of the epoch (about 7,900
/// years, so that every one of them is a date that [`jiff`] can print, which ends with the year
/// 9999), and adding any legal span cannot reach [`EventTime::MIN`] or [`EventTime::MAX`].
pub const INPUT_LIMIT_MICROS: i64 = 250_000_000_000_000_000;

/// Spans that settings may carry are at most this long (about 317 years).
pub const SPAN_LIMIT: Span = Span::from_micros(10_000_000_000_000_000);

macro_rules! instant {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Before every instant that a record can carry.
            pub const MIN: Self = Self(i64::MIN);
            /// After every instant that a record can carry.
            pub const MAX: Self = Self(i64::MAX);
            /// 1970-01-01 00:00:00 UTC.
            pub const EPOCH: Self = Self(0);

            /// The instant this many microseconds after the epoch (before it, when negative).
            pub const fn from_micros(micros: i64) -> Self {
                Self(micros)
            }

            /// The instant this many milliseconds after the epoch; saturates.
            pub const fn from_millis(millis: i64) -> Self {
                Self(millis.saturating_mul(MICROS_PER_MILLI))
            }

            /// Microseconds since the epoch.
            pub const fn micros(self) -> i64 {
                self.0
            }

            /// Seconds since the epoch, for drawing and statistics only.
            pub fn as_secs_f64(self) -> f64 {
                self.0 as f64 / MICROS_PER_SECOND as f64
            }

            /// Whether this is neither [`Self::MIN`] nor [`Self::MAX`].
            pub const fn is_finite(self) -> bool {
                self.0 != i64::MIN && self.0 != i64::MAX
            }
        }

        impl Add<Span> for $name {
            type Output = Self;
            fn add(self, span: Span) -> Self {
                if self.is_finite() { Self(self.0.saturating_add(span.0)) } else { self }
            }
        }

        impl Sub<Span> for $name {
            type Output = Self;
            fn sub(self, span: Span) -> Self {
                if self.is_finite() { Self(self.0.saturating_sub(span.0)) } else { self }
            }
        }

        impl Sub for $name {
            type Output = Span;
            fn sub(self, earlier: Self) -> Span {
                Span(self.0.saturating_sub(earlier.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&crate::human::instant(self.0))
            }
        }
    };
}

instant! {
    /// An instant of event time: when something happened.
    EventTime
}
instant! {
    /// An instant of processing time: the clock of the machine that handles a record (in a
    /// simulation, the virtual clock).
    ProcTime
}

impl ProcTime {
    /// How long after `happened` this is: the one place where the two clocks are compared.
    /// Negative when the producer's clock ran ahead.
    pub fn since_event(self, happened: EventTime) -> Span {
        Span(self.0.saturating_sub(happened.0))
    }

    /// The instant of event time with the same reading, for the ideal diagonal of the time map.
    pub fn on_event_clock(self) -> EventTime {
        EventTime(self.0)
    }
}

impl EventTime {
    /// The instant of processing time with the same reading: the earliest that a truthful
    /// machine can know of this event.
    pub fn on_proc_clock(self) -> ProcTime {
        ProcTime(self.0)
    }
}

/// A length of time in microseconds; may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span.
    pub const MAX: Self = Self(i64::MAX);

    /// A span of this many microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A span of this many milliseconds; saturates.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(MICROS_PER_MILLI))
    }

    /// A span of this many seconds; saturates.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(MICROS_PER_SECOND))
    }

    /// The nearest span to this many seconds; saturates, and a NaN is zero.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self(libm::round(secs * MICROS_PER_SECOND as f64) as i64)
    }

    /// Microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Seconds, for drawing and statistics only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND as f64
    }

    /// Whether this is less than no time.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// This span as often as `times`; saturates.
    pub const fn times(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Span {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::human::span(*self))
    }
}

/// Spans are written the way people say them: `"30s"`, `"5min"`, `"1h 30min"`.
impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::human::span_exact(*self))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::human::parse_span(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_one_clock_subtract_to_a_span() {
        let start = EventTime::from_millis(-5);
        let end = EventTime::from_millis(7);
        assert_eq!(end - start, Span::from_millis(12));
        assert_eq!(start + Span::from_millis(12), end);
    }

    #[test]
    fn the_ends_of_time_absorb_every_span() {
        assert_eq!(EventTime::MAX - Span::from_secs(1), EventTime::MAX);
        assert_eq!(EventTime::MIN + Span::from_secs(1), EventTime::MIN);
        assert_eq!(EventTime::MAX - EventTime::MIN, Span::MAX);
    }

    #[test]
    fn a_delay_may_be_negative() {
        let delay = ProcTime::from_millis(10).since_event(EventTime::from_millis(25));
        assert_eq!(delay, Span::from_millis(-15));
    }

    #[test]
    fn legal_input_never_reaches_the_ends() {
        let far = EventTime::from_micros(INPUT_LIMIT_MICROS);
        assert!((far + SPAN_LIMIT + SPAN_LIMIT).is_finite());
        assert!((EventTime::from_micros(-INPUT_LIMIT_MICROS) - SPAN_LIMIT - SPAN_LIMIT).is_finite());
    }
}
