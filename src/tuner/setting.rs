//! What can be turned: the window, the bound of the watermark, and the allowed lateness.

use std::fmt;

use crate::human::span_exact;
use crate::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use crate::time::Span;

/// One setting of the three knobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where in event time results are computed.
    pub window: WindowSpec,
    /// How far the watermark stays behind the newest event; not negative.
    pub bound: Span,
    /// How long a window's state is kept after its end; not negative.
    pub lateness: Span,
}

impl Setting {
    /// What a pipeline is set to; the bound as [`WatermarkSpec::bound`] has it.
    pub const fn of(pipeline: &Pipeline) -> Self {
        Self { window: pipeline.window, bound: pipeline.watermark.bound(), lateness: pipeline.allowed_lateness }
    }

    /// The same pipeline set to this. A watermark of a kind that has no bound stays as it is.
    #[must_use]
    pub fn apply(self, pipeline: &Pipeline) -> Pipeline {
        let bound = self.bound;
        let watermark = match pipeline.watermark {
            WatermarkSpec::Bounded { .. } | WatermarkSpec::Monotonous => WatermarkSpec::Bounded { bound },
            WatermarkSpec::Punctuated { marker, .. } => WatermarkSpec::Punctuated { marker, bound },
            WatermarkSpec::FixedLag { .. } => WatermarkSpec::FixedLag { lag: bound },
            boundless => boundless,
        };
        Pipeline { window: self.window, watermark, allowed_lateness: self.lateness, ..pipeline.clone() }
    }

    /// Bound and lateness together: a record is dropped when event time has come further than this
    /// beyond the end of its last window.
    pub fn horizon(self) -> Span {
        self.bound + self.lateness
    }
}

/// As on the command line: `tumbling:15min, bound 30s, lateness 0s`.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bound, lateness) = (span_exact(self.bound), span_exact(self.lateness));
        write!(f, "{}, bound {bound}, lateness {lateness}", window_text(self.window))
    }
}

/// A window as on the command line: `tumbling:15min`, `sliding:1h/15min+5min`, `session:1h`.
pub fn window_text(window: WindowSpec) -> String {
    let with_offset = |text: String, offset: Span| {
        if offset == Span::ZERO { text } else { format!("{text}+{}", tight(offset)) }
    };
    match window {
        WindowSpec::Tumbling { size, offset } => with_offset(format!("tumbling:{}", tight(size)), offset),
        WindowSpec::Sliding { size, slide, offset } => {
            with_offset(format!("sliding:{}/{}", tight(size), tight(slide)), offset)
        }
        WindowSpec::Cumulative { max, step, offset } => {
            with_offset(format!("cumulative:{}/{}", tight(max), tight(step)), offset)
        }
        WindowSpec::Session { gap } => format!("session:{}", tight(gap)),
        WindowSpec::Global => "global".to_owned(),
    }
}

fn tight(span: Span) -> String {
    span_exact(span).replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_written_as_they_are_read() {
        for text in
            ["tumbling:15min", "tumbling:1h+-15min", "sliding:1h/15min+5min", "cumulative:1h/5min", "session:1h30min"]
        {
            let window = text.parse::<crate::cli::pipeline_args::WindowArg>().expect(text).0;
            assert_eq!(window_text(window), text);
        }
        assert_eq!(window_text(WindowSpec::Global), "global");
    }

    #[test]
    fn applying_a_setting_is_undone_by_reading_it() {
        let setting = Setting {
            window: WindowSpec::Session { gap: Span::from_secs(5) },
            bound: Span::from_secs(7),
            lateness: Span::from_secs(3),
        };
        assert_eq!(Setting::of(&setting.apply(&Pipeline::default())), setting);
        assert_eq!(setting.horizon(), Span::from_secs(10));
        assert_eq!(setting.to_string(), "session:5s, bound 7s, lateness 3s");
    }
}
