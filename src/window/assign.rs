//! Which tumbling or sliding windows an event time falls in.
//!
//! Starts are `offset + k * slide` for every whole `k`, also negative ones: alignment is to the
//! epoch by floor, never by truncation. `k` is the window's number. Finding it takes a
//! multiplication instead of a division (Granlund, Montgomery: Division by invariant integers using
//! multiplication, 1994), exact for every instant that input may carry.

use crate::pipeline::WindowSpec;
use crate::time::{EventTime, Span};
use crate::window::pane::Window;

/// Windows of one size that start every `slide` (tumbling: `slide == size`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlignedAssigner {
    size: i64,
    slide: i64,
    offset: i64,
    /// `size / slide`: every event time falls in so many windows, or in one more.
    whole: i64,
    /// `size % slide`: those that are less than this after a start fall in one more.
    part: i64,
    is_gapless_tumbling: bool,
    divider: Divider,
}

impl AlignedAssigner {
    /// The assigner of a window description; `None` for windows that do not all have one size
    /// (sessions, cumulative) and for the global window.
    ///
    /// # Panics
    /// When size or slide is not positive; [`crate::pipeline::Pipeline::problems`] refuses those.
    pub fn new(spec: WindowSpec) -> Option<Self> {
        let (size, slide, offset) = match spec {
            WindowSpec::Tumbling { size, offset } => (size, size, offset),
            WindowSpec::Sliding { size, slide, offset } => (size, slide, offset),
            WindowSpec::Session { .. } | WindowSpec::Cumulative { .. } | WindowSpec::Global => return None,
        };
        assert!(size > Span::ZERO && slide > Span::ZERO, "window size and slide are positive in a checked pipeline");
        let (size, slide, offset) = (size.micros(), slide.micros(), offset.micros());
        let divider = Divider::new(slide, offset);
        let is_gapless_tumbling = size == slide;
        Some(Self { size, slide, offset, whole: size / slide, part: size % slide, is_gapless_tumbling, divider })
    }

    /// The description again; sliding windows that meet are tumbling ones.
    pub const fn spec(&self) -> WindowSpec {
        let (size, slide) = (self.size(), self.slide());
        let offset = self.offset();
        if self.is_gapless_tumbling {
            WindowSpec::Tumbling { size, offset }
        } else {
            WindowSpec::Sliding { size, slide, offset }
        }
    }

    /// Length of every window.
    pub const fn size(&self) -> Span {
        Span::from_micros(self.size)
    }

    /// Distance between window starts.
    pub const fn slide(&self) -> Span {
        Span::from_micros(self.slide)
    }

    /// Distance of the window starts from the epoch.
    pub const fn offset(&self) -> Span {
        Span::from_micros(self.offset)
    }

    /// The latest start that is not after `t`. Its window may end before `t` when slide > size.
    pub fn last_start(&self, t: EventTime) -> EventTime {
        self.start(self.last_number(t))
    }

    /// The number of the window that starts at [`AlignedAssigner::last_start`].
    #[inline]
    pub fn last_number(&self, t: EventTime) -> i64 {
        self.divider.quotient(t.micros())
    }

    /// How many windows `t` falls in: those numbered up to `last_number`, which is that of `t`.
    #[inline]
    pub fn count(&self, t: EventTime, last_number: i64) -> i64 {
        // The common case needs no remainder: every instant is in as many windows.
        self.whole + i64::from(self.part != 0 && self.has_part(t, last_number))
    }

    /// Whether `t` is less than `size % slide` after the start of the window of that number, which
    /// is the last one before `t`.
    #[inline]
    pub fn has_part(&self, t: EventTime, last_number: i64) -> bool {
        t.micros().saturating_sub(self.start(last_number).micros()) < self.part
    }

    /// Whether every instant falls in exactly one window.
    #[inline]
    pub const fn is_gapless_tumbling(&self) -> bool {
        self.is_gapless_tumbling
    }

    fn start(&self, number: i64) -> EventTime {
        EventTime::from_micros(number.saturating_mul(self.slide).saturating_add(self.offset))
    }

    /// The window that starts at `start`.
    pub fn window(&self, start: EventTime) -> Window {
        Window::new(start, start + self.size())
    }

    /// The window of this number.
    pub fn numbered(&self, number: i64) -> Window {
        self.window(self.start(number))
    }

    /// Windows that contain `t`, latest start first; none when `t` is in a gap (slide > size).
    pub fn windows(&self, t: EventTime) -> impl Iterator<Item = Window> + use<> {
        let assigner = *self;
        let last = self.last_number(t);
        (0..self.count(t, last)).map(move |before| assigner.numbered(last - before))
    }
}

/// Floor division by one number, of the distance from one offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Divider {
    divisor: i64,
    offset: i64,
    /// The offset minus a multiple of the divisor so large that distances from here are positive.
    base: i64,
    /// What that multiple adds to the quotient.
    base_quotient: i64,
    /// 2^(63 + shift) / divisor, rounded up: at most 64 bits.
    reciprocal: u64,
    /// Base-2 logarithm of the divisor, rounded up.
    shift: u32,
}

impl Divider {
    /// `divisor` is positive and below 2^60; the magnitude of `offset` is below it.
    const fn new(divisor: i64, offset: i64) -> Self {
        let base_quotient = (1 << 61) / divisor;
        let shift = (divisor as u64).next_power_of_two().trailing_zeros();
        let reciprocal = (1_u128 << (63 + shift)) / divisor as u128 + 1;
        Self {
            divisor,
            offset,
            base: offset - base_quotient * divisor,
            base_quotient,
            reciprocal: reciprocal as u64,
            shift,
        }
    }

    /// The floor of `(t - offset) / divisor`.
    #[inline]
    fn quotient(&self, t: i64) -> i64 {
        // The base is so far before the epoch, but not more, that a distance beyond 2^63 - 1 wraps to
        // a negative one, and so does one of an instant before the base.
        let distance = t.wrapping_sub(self.base);
        if distance >= 0 {
            let product = u128::from((distance as u64) << 1) * u128::from(self.reciprocal);
            ((product >> 64) as u64 >> self.shift) as i64 - self.base_quotient
        } else {
            t.saturating_sub(self.offset).div_euclid(self.divisor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::INPUT_LIMIT_MICROS;

    fn check(size: i64, slide: i64, offset: i64, t: i64, starts: &[i64]) {
        let spec = WindowSpec::Sliding {
            size: Span::from_micros(size),
            slide: Span::from_micros(slide),
            offset: Span::from_micros(offset),
        };
        let assigner = AlignedAssigner::new(spec).expect("aligned");
        let found: Vec<i64> = assigner.windows(EventTime::from_micros(t)).map(|w| w.start.micros()).collect();
        assert_eq!(found, starts, "size {size} slide {slide} offset {offset} t {t}");
    }

    #[test]
    fn tumbling_windows_are_half_open() {
        check(10, 10, 0, 0, &[0]);
        check(10, 10, 0, 9, &[0]);
        check(10, 10, 0, 10, &[10]);
    }

    #[test]
    fn negative_times_floor() {
        check(10, 10, 0, -1, &[-10]);
        check(10, 10, 0, -10, &[-10]);
        check(10, 10, 0, -11, &[-20]);
    }

    #[test]
    fn offsets_shift_starts_both_ways() {
        check(10, 10, 3, 2, &[-7]);
        check(10, 10, 3, 3, &[3]);
        check(10, 10, -3, 7, &[7]);
        check(10, 10, -3, 6, &[-3]);
    }

    #[test]
    fn sliding_windows_come_latest_first() {
        check(60, 15, 0, 61, &[60, 45, 30, 15]);
        check(60, 15, 0, 60, &[60, 45, 30, 15]);
        check(10, 3, 0, 10, &[9, 6, 3]);
        check(10, 3, 0, 9, &[9, 6, 3, 0]);
    }

    #[test]
    fn a_slide_beyond_the_size_leaves_gaps() {
        check(10, 15, 0, 9, &[0]);
        check(10, 15, 0, 10, &[]);
        check(10, 15, 0, 14, &[]);
        check(10, 15, 0, 15, &[15]);
    }

    #[test]
    fn multiplying_divides_exactly() {
        let mut x = 1_u64;
        let mut random = |limit: i64| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((x >> 1) as i64) % limit
        };
        let check = |divisor: i64, offset: i64, t: i64| {
            let expected = (t - offset).div_euclid(divisor);
            assert_eq!(Divider::new(divisor, offset).quotient(t), expected, "({t} - {offset}) / {divisor}");
        };
        let spans = [1, 2, 3, 7, 1_000, 999_999, 1_000_000, 1 << 40, (1 << 40) + 1, 10_000_000_000_000_000];
        for divisor in spans {
            for offset in [0, 1 - divisor, divisor - 1, divisor / 2] {
                for near in [-INPUT_LIMIT_MICROS, -divisor, 0, divisor, 3 * divisor, INPUT_LIMIT_MICROS] {
                    (-2..=2).for_each(|step| check(divisor, offset, near + step));
                }
            }
        }
        for _ in 0..100_000 {
            let bits = 1 << (1 + random(53));
            let divisor = 1 + random(bits);
            check(divisor, random(divisor), random(INPUT_LIMIT_MICROS) - random(INPUT_LIMIT_MICROS));
        }
        assert_eq!(Divider::new(10, 0).quotient(i64::MIN), i64::MIN.div_euclid(10));
        assert_eq!(Divider::new(1, 0).quotient(i64::MAX), i64::MAX);
    }
}
