//! Windows as whole numbers, in order of their ends: tumbling, sliding and cumulative ones.
//!
//! Every instant falls in an unbroken range of numbers, possibly none, and the ends of windows are
//! evenly spaced: that of number `k` is `k * stride + base`.

use crate::pipeline::WindowSpec;
use crate::time::{EventTime, Span};
use crate::window::assign::AlignedAssigner;
use crate::window::pane::Window;

/// How to number the windows of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowGrid {
    stride: i64,
    base: i64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Aligned(AlignedAssigner),
    Cumulative {
        /// Slices of one step.
        slices: AlignedAssigner,
        /// What to take off the number of a slice.
        shift: i64,
        steps: i64,
        step: i64,
    },
}

impl WindowGrid {
    /// The grid of a checked window description; `None` for sessions and the global window.
    pub fn new(spec: WindowSpec) -> Option<Self> {
        if let WindowSpec::Cumulative { max, step, offset } = spec {
            let (max, step, offset) = (max.micros(), step.micros(), offset.micros());
            let near = Span::from_micros(offset.rem_euclid(step));
            let slices = AlignedAssigner::new(WindowSpec::Tumbling { size: Span::from_micros(step), offset: near })?;
            let kind = Kind::Cumulative { slices, shift: offset.div_euclid(step), steps: max / step, step };
            return Some(Self { stride: step, base: offset.saturating_add(step), kind });
        }
        let assigner = AlignedAssigner::new(spec)?;
        let base = assigner.offset().micros().saturating_add(assigner.size().micros());
        Some(Self { stride: assigner.slide().micros(), base, kind: Kind::Aligned(assigner) })
    }

    /// The numbers of the windows that `t` falls in, first and last; none when the last is less.
    #[inline]
    pub fn numbers(&self, t: EventTime) -> (i64, i64) {
        match self.kind {
            Kind::Aligned(assigner) => {
                let last = assigner.last_number(t);
                (last - assigner.count(t, last) + 1, last)
            }
            Kind::Cumulative { slices, shift, steps, .. } => {
                let slice = slices.last_number(t) - shift;
                (slice, slice.div_euclid(steps) * steps + steps - 1)
            }
        }
    }

    /// The number of the last window that `t` falls in, where there is one.
    #[inline]
    pub fn last_number(&self, t: EventTime) -> i64 {
        match self.kind {
            Kind::Aligned(assigner) => assigner.last_number(t),
            Kind::Cumulative { .. } => self.numbers(t).1,
        }
    }

    /// Whether every instant falls in exactly one window.
    pub const fn is_gapless_tumbling(&self) -> bool {
        matches!(&self.kind, Kind::Aligned(assigner) if assigner.is_gapless_tumbling())
    }

    /// When the window of this number ends, in microseconds.
    #[inline]
    pub const fn end(&self, number: i64) -> i64 {
        number.saturating_mul(self.stride).saturating_add(self.base)
    }

    /// The window of this number.
    pub fn window(&self, number: i64) -> Window {
        match self.kind {
            Kind::Aligned(assigner) => assigner.numbered(number),
            Kind::Cumulative { steps, step, .. } => {
                let end = self.end(number);
                let start = end - (number.rem_euclid(steps) + 1) * step;
                Window::new(EventTime::from_micros(start), EventTime::from_micros(end))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: &str, t: i64, expected: &[(i64, i64)]) {
        let spec = spec.parse::<crate::cli::pipeline_args::WindowArg>().expect(spec).0;
        let grid = WindowGrid::new(spec).expect("aligned");
        let (first, last) = grid.numbers(EventTime::from_micros(t));
        let found: Vec<(i64, i64)> =
            (first..=last).map(|k| grid.window(k)).map(|w| (w.start.micros(), w.end.micros())).collect();
        assert_eq!(found, expected, "{spec} {t}");
        assert!((first..=last).all(|k| grid.end(k) == grid.window(k).end.micros()));
    }

    #[test]
    fn windows_are_numbered_by_their_ends() {
        check("tumbling:10us", -1, &[(-10, 0)]);
        check("tumbling:10us+3us", 3, &[(3, 13)]);
        check("sliding:10us/4us", 10, &[(4, 14), (8, 18)]);
        check("sliding:10us/15us", 10, &[]);
        check("sliding:10us/15us", 24, &[(15, 25)]);
        check("cumulative:9us/3us", 2, &[(0, 3), (0, 6), (0, 9)]);
        check("cumulative:9us/3us", 8, &[(0, 9)]);
        check("cumulative:9us/3us", -1, &[(-9, 0)]);
        check("cumulative:9us/3us+7us", 6, &[(-2, 7)]);
        check("cumulative:9us/3us+7us", 7, &[(7, 10), (7, 13), (7, 16)]);
        check("cumulative:9us/3us+-8us", 0, &[(-8, 1)]);
    }

    #[test]
    fn sessions_have_no_grid() {
        assert_eq!(WindowGrid::new(WindowSpec::Session { gap: Span::from_secs(1) }), None);
        assert_eq!(WindowGrid::new(WindowSpec::Global), None);
    }
}
