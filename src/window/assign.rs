//! Which tumbling or sliding windows an event time falls in.
//!
//! Starts are `offset + k * slide` for every whole `k`, also negative ones: alignment is to the
//! epoch by floor, never by truncation.

use crate::pipeline::WindowSpec;
use crate::time::{EventTime, Span};
use crate::window::pane::Window;

/// Windows of one size that start every `slide` (tumbling: `slide == size`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlignedAssigner {
    size: i64,
    slide: i64,
    offset: i64,
}

impl AlignedAssigner {
    /// The assigner of a window description; `None` for windows of other kinds.
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
        Some(Self { size: size.micros(), slide: slide.micros(), offset: offset.micros() })
    }

    /// Length of every window.
    pub const fn size(&self) -> Span {
        Span::from_micros(self.size)
    }

    /// Distance between window starts.
    pub const fn slide(&self) -> Span {
        Span::from_micros(self.slide)
    }

    /// The latest start that is not after `t`. Its window may end before `t` when slide > size.
    pub fn last_start(&self, t: EventTime) -> EventTime {
        let since_offset = t.micros().saturating_sub(self.offset);
        EventTime::from_micros(
            since_offset.div_euclid(self.slide).saturating_mul(self.slide).saturating_add(self.offset),
        )
    }

    /// The window that starts at `start`.
    pub fn window(&self, start: EventTime) -> Window {
        Window::new(start, start + self.size())
    }

    /// Windows that contain `t`, latest start first; none when `t` is in a gap (slide > size).
    pub fn windows(&self, t: EventTime) -> impl Iterator<Item = Window> + use<> {
        let assigner = *self;
        let mut start = assigner.last_start(t);
        std::iter::from_fn(move || {
            let window = assigner.window(start);
            (t < window.end).then(|| {
                start = start - assigner.slide();
                window
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
