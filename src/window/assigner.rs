//! Which windows an event time falls in, for every kind of window that is known before the records
//! come (all but sessions).

use crate::pipeline::WindowSpec;
use crate::time::{EventTime, Span};
use crate::window::assign::AlignedAssigner;
use crate::window::pane::Window;

/// From an event time to its windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigner {
    /// Tumbling or sliding.
    Aligned(AlignedAssigner),
    /// Growing by a step up to the size of the inner, tumbling window.
    Cumulative {
        /// The longest windows.
        longest: AlignedAssigner,
        /// By how much each is longer than the one before.
        step: Span,
    },
    /// The one window.
    Global,
}

impl Assigner {
    /// The assigner of a window description; `None` for sessions.
    ///
    /// # Panics
    /// When a size, slide or step is not positive; [`crate::pipeline::Pipeline::problems`] refuses
    /// those.
    pub fn new(spec: WindowSpec) -> Option<Self> {
        match spec {
            WindowSpec::Tumbling { .. } | WindowSpec::Sliding { .. } => AlignedAssigner::new(spec).map(Self::Aligned),
            WindowSpec::Cumulative { max, step, offset } => {
                assert!(step > Span::ZERO, "the step is positive in a checked pipeline");
                let longest = AlignedAssigner::new(WindowSpec::Tumbling { size: max, offset })?;
                Some(Self::Cumulative { longest, step })
            }
            WindowSpec::Global => Some(Self::Global),
            WindowSpec::Session { .. } => None,
        }
    }

    /// The description again.
    pub const fn spec(&self) -> WindowSpec {
        match self {
            Self::Aligned(assigner) => assigner.spec(),
            Self::Cumulative { longest, step } => {
                WindowSpec::Cumulative { max: longest.size(), step: *step, offset: longest.offset() }
            }
            Self::Global => WindowSpec::Global,
        }
    }

    /// Appends the windows that contain `t`: sliding ones from the latest start to the earliest,
    /// cumulative ones from the shortest to the longest.
    pub fn windows(&self, t: EventTime, windows: &mut Vec<Window>) {
        match self {
            Self::Aligned(assigner) => windows.extend(assigner.windows(t)),
            Self::Cumulative { longest, step } => {
                let start = longest.last_start(t);
                let last = start + longest.size();
                let steps = (t - start).micros() / step.micros();
                let mut end = start + step.times(steps + 1);
                while end <= last {
                    windows.push(Window::new(start, end));
                    end = end + *step;
                }
            }
            Self::Global => windows.push(Window::ALL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: WindowSpec, t: i64, expected: &[(i64, i64)]) {
        let mut windows = Vec::new();
        Assigner::new(spec).expect("not a session").windows(EventTime::from_micros(t), &mut windows);
        let found: Vec<(i64, i64)> = windows.iter().map(|w| (w.start.micros(), w.end.micros())).collect();
        assert_eq!(found, expected, "{spec:?} {t}");
    }

    #[test]
    fn cumulative_windows_share_a_start_and_grow() {
        let span = Span::from_micros;
        let spec = WindowSpec::Cumulative { max: span(9), step: span(3), offset: span(1) };
        check(spec, 1, &[(1, 4), (1, 7), (1, 10)]);
        check(spec, 3, &[(1, 4), (1, 7), (1, 10)]);
        check(spec, 4, &[(1, 7), (1, 10)]);
        check(spec, 9, &[(1, 10)]);
        check(spec, 0, &[(-8, 1)]);
        check(spec, -8, &[(-8, -5), (-8, -2), (-8, 1)]);
    }

    #[test]
    fn the_global_window_holds_every_time() {
        check(WindowSpec::Global, -5, &[(i64::MIN, i64::MAX)]);
    }
}
