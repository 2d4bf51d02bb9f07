//! The scale on which a knob is turned: where a value sits on its track.
//!
//! Pure. Places run from 0 to 1; what is between round values of a quantity is rounded.

use crate::app::widgets::quantity::Quantity;

/// Where a value sits on a track, from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Equal factors are equally far apart. With `zero`, the left end of the track is zero and
    /// `min` is the smallest other value.
    Log {
        /// The smallest value that is not zero; positive.
        min: f64,
        /// The largest; above `min`.
        max: f64,
        /// Whether the left end is zero.
        zero: bool,
    },
    /// The square root of the value is spread evenly, from 0 to `max`; the small ones get more
    /// room but zero keeps its place.
    Root {
        /// The largest; positive.
        max: f64,
    },
    /// Only these values, ascending, equally far apart; at least two.
    Stops(Vec<f64>),
}

/// How much of a track with a zero belongs to it.
const ZERO_SHARE: f64 = 0.04;

impl Scale {
    /// The smallest and the largest value.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Self::Log { min, max, zero } => (if *zero { 0.0 } else { *min }, *max),
            Self::Root { max } => (0.0, *max),
            Self::Stops(stops) => (stops.first().copied().unwrap_or(0.0), stops.last().copied().unwrap_or(0.0)),
        }
    }

    /// The place of `value`; outside the range it is an end.
    pub fn place(&self, value: f64) -> f64 {
        match self {
            Self::Log { min, max, zero } => {
                let share = libm::log(value.max(*min) / min) / libm::log(max / min);
                match (zero, value <= 0.0) {
                    (true, true) => 0.0,
                    (true, false) => ZERO_SHARE + (1.0 - ZERO_SHARE) * share.clamp(0.0, 1.0),
                    (false, _) => share.clamp(0.0, 1.0),
                }
            }
            Self::Root { max } => libm::sqrt((value / max).clamp(0.0, 1.0)),
            Self::Stops(stops) => {
                let last = stops.len().saturating_sub(1).max(1) as f64;
                let above = stops.partition_point(|&stop| stop < value);
                if above == 0 {
                    return 0.0;
                }
                if above >= stops.len() {
                    return 1.0;
                }
                let (low, high) = (stops[above - 1], stops[above]);
                (above as f64 - 1.0 + (value - low) / (high - low)) / last
            }
        }
    }

    /// The value at a place from 0 to 1, round in the sense of `quantity`.
    pub fn value(&self, place: f64, quantity: Quantity) -> f64 {
        let place = place.clamp(0.0, 1.0);
        match self {
            Self::Log { min, max, zero } => {
                if *zero && place < ZERO_SHARE / 2.0 {
                    return 0.0;
                }
                let share = if *zero { (place - ZERO_SHARE) / (1.0 - ZERO_SHARE) } else { place }.clamp(0.0, 1.0);
                quantity.round(min * libm::pow(max / min, share)).clamp(*min, *max)
            }
            Self::Root { max } => quantity.round(place * place * max).clamp(0.0, *max),
            Self::Stops(stops) => {
                let last = stops.len().saturating_sub(1) as f64;
                stops.get(libm::round(place * last) as usize).copied().unwrap_or(0.0)
            }
        }
    }

    /// `value` moved by whole steps (back, when negative), inside the range.
    pub fn stepped(&self, value: f64, steps: i32, quantity: Quantity) -> f64 {
        let (least, most) = self.range();
        let mut value = value;
        for _ in 0..steps.unsigned_abs() {
            value = self.one_step(value, steps > 0, quantity);
        }
        value.clamp(least, most)
    }

    fn one_step(&self, value: f64, up: bool, quantity: Quantity) -> f64 {
        if let Self::Stops(stops) = self {
            let next = if up {
                stops.iter().find(|&&stop| stop > value)
            } else {
                stops.iter().rev().find(|&&stop| stop < value)
            };
            return next.copied().unwrap_or(value);
        }
        let smallest = if let Self::Log { min, .. } = self { *min } else { 0.0 };
        if up && value < smallest {
            return smallest;
        }
        if !up && value <= smallest {
            return 0.0;
        }
        let (_, most) = self.range();
        let step = quantity.step_near(value.max(most * 0.001));
        if up {
            (libm::floor(value / step + 1e-9) + 1.0) * step
        } else {
            (libm::ceil(value / step - 1e-9) - 1.0) * step
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: f64 = 1e6;

    #[test]
    fn every_scale_gives_back_the_value_of_a_place() {
        let scales = [
            Scale::Log { min: S, max: 3600.0 * S, zero: true },
            Scale::Root { max: 600.0 * S },
            Scale::Stops(vec![S, 5.0 * S, 60.0 * S]),
        ];
        for scale in scales {
            let (least, most) = scale.range();
            assert_eq!(scale.place(least), 0.0);
            assert_eq!(scale.place(most), 1.0);
            assert_eq!(scale.value(0.0, Quantity::Span), least);
            assert_eq!(scale.value(1.0, Quantity::Span), most);
            for place in [0.2, 0.5, 0.8] {
                let value = scale.value(place, Quantity::Span);
                let again = scale.value(scale.place(value), Quantity::Span);
                assert_eq!(again, value, "{scale:?} at {place}");
            }
        }
    }

    #[test]
    fn steps_go_to_the_next_round_value_and_stop_at_the_ends() {
        let scale = Scale::Log { min: S, max: 100.0 * S, zero: true };
        let step = |value, steps| scale.stepped(value, steps, Quantity::Span);
        assert_eq!(step(30.0 * S, 1), 31.0 * S);
        assert_eq!(step(30.0 * S, -1), 29.0 * S);
        assert_eq!(step(0.0, 1), S);
        assert_eq!(step(S, -1), 0.0);
        assert_eq!(step(0.0, -1), 0.0);
        assert_eq!(step(100.0 * S, 5), 100.0 * S);
        let stops = Scale::Stops(vec![S, 5.0 * S, 60.0 * S]);
        assert_eq!(stops.stepped(2.0 * S, 1, Quantity::Span), 5.0 * S);
        assert_eq!(stops.stepped(5.0 * S, -1, Quantity::Span), S);
    }
}
