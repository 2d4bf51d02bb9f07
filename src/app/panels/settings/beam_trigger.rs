//! Triggers of the Beam dialect. A trigger there is a tree of any depth; the shapes that people ask
//! for most can be turned here, and any other stands as it is written.

use egui::Ui;

use super::Sheet;
use crate::app::widgets::choice::Choice;
use crate::time::Span;
use crate::window::trigger::TriggerSpec;

/// What fires a pane, where it is one of the simple things.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// Nothing.
    None,
    /// So many elements in the pane.
    Count(u64),
    /// So long after the pane's first element.
    Delay(Span),
    /// At every multiple of this period of processing time.
    Aligned(Span),
}

/// A trigger that can be turned.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Default,
    Watermark { early: Part, late: Part },
    Repeated(Part),
    Never,
}

const PARTS: [(&str, &str); 4] = [
    ("None", "No such panes."),
    ("After count", "Whenever so many elements have come since the pane before."),
    ("After a delay", "So long after the first element that no pane has said."),
    ("Aligned", "At every multiple of a period of processing time, when there is something new."),
];

const SHAPES: [(&str, &str); 5] = [
    ("Default", "Whenever the watermark passes the end of the window, and for late records again."),
    ("After watermark", "Once by the watermark, with early panes before it and late ones after it."),
    ("After count", "Whenever so many elements have come since the pane before."),
    ("After processing time", "Again and again by the clock."),
    ("Never", "At no time, but for a last pane when the window's state goes."),
];

impl Part {
    fn of(trigger: Option<&TriggerSpec>) -> Option<Self> {
        match trigger {
            None => Some(Self::None),
            Some(TriggerSpec::AfterCount(n)) => Some(Self::Count(*n)),
            Some(TriggerSpec::AfterProcessingTime { delay, align: None }) => Some(Self::Delay(*delay)),
            Some(TriggerSpec::AfterProcessingTime { delay: Span::ZERO, align: Some(period) }) => {
                Some(Self::Aligned(*period))
            }
            Some(_) => None,
        }
    }

    const fn trigger(self) -> Option<TriggerSpec> {
        match self {
            Self::None => None,
            Self::Count(n) => Some(TriggerSpec::AfterCount(n)),
            Self::Delay(delay) => Some(TriggerSpec::AfterProcessingTime { delay, align: None }),
            Self::Aligned(period) => Some(TriggerSpec::AfterProcessingTime { delay: Span::ZERO, align: Some(period) }),
        }
    }

    const fn kind(self) -> usize {
        match self {
            Self::None => 0,
            Self::Count(_) => 1,
            Self::Delay(_) => 2,
            Self::Aligned(_) => 3,
        }
    }

    const fn of_kind(kind: usize, span: Span) -> Self {
        match kind {
            0 => Self::None,
            1 => Self::Count(1),
            2 => Self::Delay(span),
            _ => Self::Aligned(span),
        }
    }
}

impl Shape {
    fn of(trigger: &TriggerSpec) -> Option<Self> {
        match trigger {
            TriggerSpec::Default => Some(Self::Default),
            TriggerSpec::Never => Some(Self::Never),
            TriggerSpec::AfterWatermark { early, late } => {
                Some(Self::Watermark { early: Part::of(early.as_deref())?, late: Part::of(late.as_deref())? })
            }
            TriggerSpec::Repeatedly(inner) => match &**inner {
                // The default says the same.
                TriggerSpec::AfterWatermark { early: None, late: None } => Some(Self::Default),
                inner => Part::of(Some(inner)).map(Self::Repeated),
            },
            _ => None,
        }
    }

    fn trigger(self) -> TriggerSpec {
        match self {
            Self::Default => TriggerSpec::Default,
            Self::Never => TriggerSpec::Never,
            Self::Watermark { early, late } => {
                TriggerSpec::AfterWatermark { early: early.trigger().map(Box::new), late: late.trigger().map(Box::new) }
            }
            Self::Repeated(part) => {
                part.trigger().map_or(TriggerSpec::Default, |part| TriggerSpec::Repeatedly(Box::new(part)))
            }
        }
    }

    const fn kind(self) -> usize {
        match self {
            Self::Default => 0,
            Self::Watermark { .. } => 1,
            Self::Repeated(Part::Count(_)) => 2,
            Self::Repeated(_) => 3,
            Self::Never => 4,
        }
    }

    const fn of_kind(kind: usize, span: Span) -> Self {
        match kind {
            0 => Self::Default,
            1 => Self::Watermark { early: Part::Aligned(span), late: Part::Count(1) },
            2 => Self::Repeated(Part::Count(10)),
            3 => Self::Repeated(Part::Aligned(span)),
            _ => Self::Never,
        }
    }
}

/// Draws the trigger.
pub fn trigger_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let (opened, now) = (&sheet.opened.pipeline.trigger, &sheet.next.pipeline.trigger);
    let (shape_opened, shape) = (Shape::of(opened), Shape::of(now));
    let half = Span::from_micros((super::ranges::window_length(sheet.next.pipeline.window).micros() / 2).max(1));
    let choice = Choice {
        label: "Trigger",
        help: "When a window fires.",
        choices: &SHAPES,
        chosen: shape.map_or(SHAPES.len(), Shape::kind),
        changed: shape.map(Shape::kind) != shape_opened.map(Shape::kind),
    };
    if let Some(kind) = choice.ui(ui, sheet.theme) {
        let found = shape_opened.filter(|shape| shape.kind() == kind);
        sheet.next.pipeline.trigger = found.unwrap_or(Shape::of_kind(kind, half)).trigger();
        return;
    }
    let Some(mut turned) = shape else {
        let words = format!("As it is written: {}.", now.word());
        sheet.note(ui, &words);
        return;
    };
    match &mut turned {
        Shape::Default | Shape::Never => return,
        Shape::Watermark { early, late } => {
            let (early_opened, late_opened) = match shape_opened {
                Some(Shape::Watermark { early, late }) => (early, late),
                _ => (Part::Aligned(half), Part::Count(1)),
            };
            part_ui(ui, sheet, "Early", &PARTS, early_opened, early);
            part_ui(ui, sheet, "Late", &PARTS, late_opened, late);
        }
        Shape::Repeated(part) => {
            let opened = match shape_opened {
                Some(Shape::Repeated(part)) => part,
                _ => *part,
            };
            if !matches!(part, Part::Count(_)) {
                clock_ui(ui, sheet, opened, part);
            }
            number_ui(ui, sheet, "Fires", opened, part);
        }
    }
    if shape != Some(turned) {
        sheet.next.pipeline.trigger = turned.trigger();
    }
}

/// Which kind of early or late panes, and their number.
fn part_ui(ui: &mut Ui, sheet: &Sheet<'_>, label: &str, choices: &[(&str, &str)], opened: Part, part: &mut Part) {
    let choice = Choice {
        label,
        help: "Which panes come before, or after, the one of the watermark.",
        choices,
        chosen: part.kind(),
        changed: part.kind() != opened.kind(),
    };
    if let Some(kind) = choice.ui(ui, sheet.theme) {
        let minute = Span::from_secs(60);
        *part = if opened.kind() == kind { opened } else { Part::of_kind(kind, minute) };
    }
    number_ui(ui, sheet, label, opened, part);
}

/// By the clock: after a delay, or aligned.
fn clock_ui(ui: &mut Ui, sheet: &Sheet<'_>, opened: Part, part: &mut Part) {
    let choice = Choice {
        label: "Clock",
        help: "What the clock counts from.",
        choices: &PARTS[2..],
        chosen: part.kind() - 2,
        changed: part.kind() != opened.kind(),
    };
    if let Some(place) = choice.ui(ui, sheet.theme) {
        let (Part::Delay(span) | Part::Aligned(span)) = *part else { return };
        *part = Part::of_kind(place + 2, span);
    }
}

fn number_ui(ui: &mut Ui, sheet: &Sheet<'_>, label: &str, opened: Part, part: &mut Part) {
    match part {
        Part::None => {}
        Part::Count(n) => {
            let default = if let Part::Count(n) = opened { n } else { 1 };
            let help = "So many elements since the pane before make one.";
            sheet.records(ui, &format!("{label} every"), help, default, n);
        }
        Part::Delay(span) => {
            let default = if let Part::Delay(span) = opened { span } else { *span };
            let help = "So long after the first element that no pane has said.";
            sheet.span(ui, &format!("{label} after"), help, sheet.ranges.interval(), 0, default, span);
        }
        Part::Aligned(span) => {
            let default = if let Part::Aligned(span) = opened { span } else { *span };
            let help = "The period of processing time.";
            sheet.span(ui, &format!("{label} every"), help, sheet.ranges.interval(), 1, default, span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::dialect::Dialect;

    #[test]
    fn every_shape_reads_back_from_its_trigger() {
        let second = Span::from_secs(1);
        let parts = (0..PARTS.len()).map(|kind| Part::of_kind(kind, second));
        let shapes = (0..SHAPES.len()).map(|kind| Shape::of_kind(kind, second));
        let around = parts.map(|early| Shape::Watermark { early, late: Part::Delay(second) });
        for shape in shapes.chain(around) {
            let trigger = shape.trigger();
            assert_eq!(Shape::of(&trigger), Some(shape));
            assert_eq!(trigger.problems("trigger", Dialect::Beam), []);
        }
        for kind in 0..SHAPES.len() {
            assert_eq!(Shape::of_kind(kind, second).kind(), kind);
        }
    }

    #[test]
    fn other_trees_are_left_as_they_are() {
        let each = TriggerSpec::AfterEach(vec![TriggerSpec::AfterCount(1)]);
        assert_eq!(Shape::of(&each), None);
        assert_eq!(Shape::of(&TriggerSpec::AfterCount(2)), None);
        let early = TriggerSpec::AfterWatermark { early: Some(Box::new(each)), late: None };
        assert_eq!(Shape::of(&early), None);
        let by_watermark = TriggerSpec::Repeatedly(Box::new(TriggerSpec::AfterWatermark { early: None, late: None }));
        assert_eq!(Shape::of(&by_watermark), Some(Shape::Default));
    }
}
