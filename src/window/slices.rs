//! Windows that overlap, cut into slices that no window's start or end divides.
//!
//! A record is counted once, in its slice, instead of once per window; a window's content is that of
//! the slices in it. Sliding windows need one or two slices per slide, whatever the ratio of size
//! and slide (the pairs of Krishnamurthy, Wu, Franklin: On-the-fly sharing for streamed aggregation,
//! SIGMOD 2006). Windows are numbered so that their ends ascend and their starts never fall: what
//! leaves a window never comes back.

use std::ops::RangeInclusive;

use crate::pipeline::WindowSpec;
use crate::time::{EventTime, Span};
use crate::window::assign::AlignedAssigner;
use crate::window::pane::Window;

/// Which slice an event time falls in, and which slices make up a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceGrid {
    /// Sliding: the windows themselves. Cumulative: the steps.
    grid: AlignedAssigner,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A window is so many whole slides long: one slice per slide.
    Even { slides: i64 },
    /// A window is so many whole slides long and a part of one: two slices per slide.
    Uneven { slides: i64 },
    /// The longest window is so many steps long: one slice per step.
    Cumulative { steps: i64 },
}

impl SliceGrid {
    /// The slices of windows that overlap; `None` for others.
    ///
    /// # Panics
    /// When size, slide or step is not positive; [`crate::pipeline::Pipeline::problems`] refuses
    /// those.
    pub fn new(spec: WindowSpec) -> Option<Self> {
        match spec {
            WindowSpec::Sliding { size, slide, .. } if slide < size => {
                let slides = size.micros() / slide.micros();
                let is_even = size.micros() % slide.micros() == 0;
                let shape = if is_even { Shape::Even { slides } } else { Shape::Uneven { slides } };
                Some(Self { grid: AlignedAssigner::new(spec)?, shape })
            }
            WindowSpec::Cumulative { max, step, offset } => {
                assert!(step > Span::ZERO, "the step is positive in a checked pipeline");
                let grid = AlignedAssigner::new(WindowSpec::Tumbling { size: step, offset })?;
                Some(Self { grid, shape: Shape::Cumulative { steps: max.micros() / step.micros() } })
            }
            _ => None,
        }
    }

    /// The description again.
    pub fn spec(&self) -> WindowSpec {
        match self.shape {
            Shape::Even { .. } | Shape::Uneven { .. } => self.grid.spec(),
            Shape::Cumulative { steps } => {
                let step = self.grid.size();
                WindowSpec::Cumulative { max: step.times(steps), step, offset: self.grid.offset() }
            }
        }
    }

    /// The number of the slice that `t` falls in.
    #[inline]
    pub fn slice_of(&self, t: EventTime) -> i64 {
        let number = self.grid.last_number(t);
        match self.shape {
            Shape::Even { .. } | Shape::Cumulative { .. } => number,
            Shape::Uneven { .. } => 2 * number + i64::from(!self.grid.has_part(t, number)),
        }
    }

    /// The first and last window that a slice is in.
    pub fn windows_with(&self, slice: i64) -> RangeInclusive<i64> {
        match self.shape {
            Shape::Even { slides } => slice - slides + 1..=slice,
            Shape::Uneven { slides } => {
                let number = slice.div_euclid(2);
                // The second slice of a slide is in one window less.
                number - slides + slice.rem_euclid(2)..=number
            }
            Shape::Cumulative { steps } => slice..=slice.div_euclid(steps) * steps + steps - 1,
        }
    }

    /// The first and last slice of a window.
    pub fn slices_in(&self, window: i64) -> RangeInclusive<i64> {
        match self.shape {
            Shape::Even { slides } => window..=window + slides - 1,
            Shape::Uneven { slides } => 2 * window..=2 * (window + slides),
            Shape::Cumulative { steps } => window.div_euclid(steps) * steps..=window,
        }
    }

    /// The window of this number.
    pub fn window(&self, window: i64) -> Window {
        match self.shape {
            Shape::Even { .. } | Shape::Uneven { .. } => self.grid.numbered(window),
            Shape::Cumulative { steps } => {
                let first = self.grid.numbered(window.div_euclid(steps).saturating_mul(steps));
                Window::new(first.start, self.grid.numbered(window).end)
            }
        }
    }

    /// The first window that ends after `watermark`.
    pub fn first_incomplete(&self, watermark: EventTime) -> i64 {
        match self.shape {
            Shape::Even { .. } | Shape::Uneven { .. } => {
                self.grid.last_number(watermark - self.grid.size()).saturating_add(1)
            }
            Shape::Cumulative { .. } => self.grid.last_number(watermark),
        }
    }

    /// Whether the windows of one record are opened from the last to the first: sliding ones are,
    /// from the latest start to the earliest; cumulative ones from the shortest to the longest.
    pub const fn opens_last_first(&self) -> bool {
        !matches!(self.shape, Shape::Cumulative { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every slice lies wholly inside or outside of every window, as a search over all says.
    fn check(spec: WindowSpec) {
        let grid = SliceGrid::new(spec).expect("windows that overlap");
        let mut assigned = Vec::new();
        for t in (-40..40).map(EventTime::from_micros) {
            assigned.clear();
            crate::window::assigner::Assigner::new(spec).expect("no session").windows(t, &mut assigned);
            let slice = grid.slice_of(t);
            let mut found: Vec<Window> = grid.windows_with(slice).map(|number| grid.window(number)).collect();
            if grid.opens_last_first() {
                found.reverse();
            }
            assert_eq!(found, assigned, "{spec:?} {t:?}");
            for number in -60..60 {
                let is_inside = grid.window(number).contains(t);
                assert_eq!(grid.slices_in(number).contains(&slice), is_inside, "{spec:?} {t:?} {number}");
                let is_after = grid.window(number).end > t;
                assert_eq!(number >= grid.first_incomplete(t), is_after, "{spec:?} {t:?} {number}");
            }
        }
    }

    #[test]
    fn slices_make_up_exactly_their_windows() {
        let span = Span::from_micros;
        for (size, slide) in [(10, 1), (10, 5), (10, 3), (10, 9), (9, 2), (2, 1), (7, 4)] {
            for offset in [0, 1 - slide, slide - 1] {
                check(WindowSpec::Sliding { size: span(size), slide: span(slide), offset: span(offset) });
            }
        }
        for (max, step) in [(10, 1), (10, 5), (12, 3), (7, 7)] {
            for offset in [0, 1 - max, 2] {
                check(WindowSpec::Cumulative { max: span(max), step: span(step), offset: span(offset) });
            }
        }
    }

    #[test]
    fn windows_that_do_not_overlap_have_no_slices() {
        let span = Span::from_micros;
        for slide in [10, 11] {
            let spec = WindowSpec::Sliding { size: span(10), slide: span(slide), offset: Span::ZERO };
            assert_eq!(SliceGrid::new(spec), None);
        }
        assert_eq!(SliceGrid::new(WindowSpec::Session { gap: span(1) }), None);
    }
}
