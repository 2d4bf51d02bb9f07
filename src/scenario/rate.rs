//! How the rate of a synthetic source changes over time. Plain data; [`crate::source::rate`] turns it
//! into an intensity, and ranges are checked with the rest of the source.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// How the rate of a source changes over time. Instants are distances from its start, rates are in
/// records a second of event time, over all keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum RateShape {
    /// Always the rate of the source.
    #[default]
    Constant,
    /// The rate of the source up to the first step, then that of the last step that was reached.
    Steps(Vec<RateStep>),
    /// The rate of the source up to `from`, then in a straight line to another one, which stays.
    Ramp {
        /// When it begins to change.
        #[serde(default)]
        from: Span,
        /// When it has changed; after `from`.
        until: Span,
        /// The rate from then on; 0 or more.
        to: f64,
    },
    /// A sine about the rate of the source, like day and night.
    Diurnal {
        /// The share of the rate by which it rises and falls; 0 to 1.
        amplitude: f64,
        /// From peak to peak; positive.
        #[serde(default = "one_day")]
        period: Span,
        /// When the rate is first the mean and rises; the peak is a quarter of a period later.
        #[serde(default)]
        offset: Span,
    },
    /// Another rate for a while, once or again and again.
    Burst {
        /// When the first burst begins.
        from: Span,
        /// How long it lasts; positive.
        length: Span,
        /// The rate meanwhile; 0 or more.
        rate: f64,
        /// From the beginning of a burst to that of the next; not shorter than a burst. One burst
        /// without it.
        #[serde(default)]
        every: Option<Span>,
    },
}

/// The rate from one instant on, in [`RateShape::Steps`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateStep {
    /// When it begins; later than the step before.
    pub at: Span,
    /// The rate from then on; 0 or more.
    pub rate: f64,
}

const fn one_day() -> Span {
    Span::from_secs(86_400)
}
