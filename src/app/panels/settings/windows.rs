//! Windows: their kind, sizes and offset, and what happens to late records.

use egui::Ui;

use super::ranges::window_length;
use super::{Dial, Sheet, fold_counted, named_row};
use crate::app::widgets::controls::segments;
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::pipeline::{LatePolicy, WindowSpec};
use crate::time::Span;
use crate::window::dialect::Dialect;

const KINDS: [(&str, &str); 5] = [
    ("Tumbling", "Windows of one size, side by side."),
    ("Sliding", "Windows of one size that start every slide, and may overlap."),
    ("Session", "Per key: records at most a gap apart share a window."),
    ("Cumulative", "Windows that grow by a step from a common start, up to the longest, then anew."),
    ("Global", "One window for all time; a trigger has to fire it."),
];

/// How many of them Kafka Streams and Azure Stream Analytics have.
const PLAIN_KINDS: usize = 3;

/// A cumulative window grows in so many steps to begin with.
const STEPS: i64 = 5;

const fn kind_of(window: WindowSpec) -> usize {
    match window {
        WindowSpec::Tumbling { .. } => 0,
        WindowSpec::Sliding { .. } => 1,
        WindowSpec::Session { .. } => 2,
        WindowSpec::Cumulative { .. } => 3,
        WindowSpec::Global => 4,
    }
}

/// A window of this kind that is like `before`.
fn window_of_kind(kind: usize, before: WindowSpec) -> WindowSpec {
    let size = window_length(before);
    let half = Span::from_micros((size.micros() / 2).max(1));
    let offset = Span::ZERO;
    match kind {
        0 => WindowSpec::Tumbling { size, offset },
        1 => WindowSpec::Sliding { size, slide: half, offset },
        2 => WindowSpec::Session { gap: half },
        3 => {
            let step = Span::from_micros((size.micros() / STEPS).max(1));
            WindowSpec::Cumulative { max: step.times(STEPS), step, offset }
        }
        _ => WindowSpec::Global,
    }
}

/// Draws the kind of windows, their sizes, and what happens to late records. `known` are windows as
/// they were left, so that going back finds them.
pub fn windows_ui(ui: &mut Ui, sheet: &mut Sheet<'_>, known: &mut Vec<WindowSpec>) {
    let theme = sheet.theme;
    let now = sheet.next.pipeline.window;
    let has_all = matches!(sheet.next.pipeline.dialect, Dialect::Flink | Dialect::Beam);
    let kinds = if has_all { &KINDS[..] } else { &KINDS[..PLAIN_KINDS] };
    ui.add_space(2.0);
    if let Some(kind) = segments(ui, theme, "windows", kinds, kind_of(now)) {
        // Going back to a kind finds its window as it was left, or as it was opened.
        known.retain(|window| kind_of(*window) != kind_of(now));
        known.push(now);
        let mut left = known.iter().copied().chain([sheet.opened.pipeline.window]);
        let found = left.find(|window| kind_of(*window) == kind);
        sheet.next.pipeline.window = found.unwrap_or_else(|| window_of_kind(kind, now));
    }
    ui.add_space(4.0);
    sizes_ui(ui, sheet);
    if sheet.next.pipeline.dialect != Dialect::AzureStreamAnalytics {
        lateness_ui(ui, sheet);
    }
    named_row(ui, theme, "Then", |ui| {
        let choices = [
            ("Drop", "A record that is too late for every window is dropped, and counted."),
            ("Side output", "It is kept apart."),
        ];
        let policies = [LatePolicy::Drop, LatePolicy::SideOutput];
        let chosen = policies.iter().position(|policy| *policy == sheet.next.pipeline.late).unwrap_or(0);
        if let Some(new) = segments(ui, theme, "late", &choices, chosen) {
            sheet.next.pipeline.late = policies[new];
        }
    });
    offset_ui(ui, sheet);
}

fn sizes_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let opened = sheet.opened.pipeline.window;
    let scale = sheet.ranges.window.clone();
    let turn = |ui: &mut Ui, label: &str, help: &str, scale: Scale, default: Span, span: &mut Span| {
        sheet.span(ui, label, help, scale, 1, default, span);
    };
    let size_help = "Length of a window in event time.";
    let mut next = sheet.next.pipeline.window;
    match &mut next {
        WindowSpec::Tumbling { size, .. } => turn(ui, "Size", size_help, scale, window_length(opened), size),
        WindowSpec::Sliding { size, slide, .. } => {
            let (size_before, default_slide) = match opened {
                WindowSpec::Sliding { size, slide, .. } => (size, slide),
                other => (window_length(other), *slide),
            };
            turn(ui, "Size", size_help, scale, size_before, size);
            let slides = sheet.ranges.slides(size.micros() as f64);
            let help = "A window starts this often. Below the size windows overlap; above it records fall between.";
            turn(ui, "Slide", help, slides, default_slide, slide);
        }
        WindowSpec::Session { gap } => {
            let default = if let WindowSpec::Session { gap } = opened { gap } else { *gap };
            turn(ui, "Gap", "A silence longer than this ends a session.", scale, default, gap);
        }
        WindowSpec::Cumulative { max, step, .. } => {
            let steps = (max.micros() / step.micros().max(1)).max(1);
            let (max_before, step_before) = match opened {
                WindowSpec::Cumulative { max, step, .. } => (max, step),
                other => (window_length(other), *step),
            };
            turn(ui, "Longest", "Length of the longest window; then they begin anew.", scale, max_before, max);
            if max.micros() / steps != step.micros() {
                // The number of steps stays; what does not divide evenly is cut off the longest.
                *step = Span::from_micros((max.micros() / steps).max(1));
            }
            let slides = sheet.ranges.slides(max.micros() as f64);
            turn(ui, "Step", "By how much each window is longer than the one before.", slides, step_before, step);
            *step = (*step).min(*max);
        }
        WindowSpec::Global => {}
    }
    sheet.next.pipeline.window = next;
}

fn lateness_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let help = "How long a window is kept after its result, so that a straggler still corrects it. The hill under the \
                track: of the records that came after their window had fired, the share that is still counted.";
    if let Some(scent) = sheet.scent {
        scent.lateness.paint(ui, sheet.theme);
    }
    let mut next = sheet.next.pipeline.allowed_lateness;
    let opened = sheet.opened.pipeline.allowed_lateness;
    sheet.span(ui, "Allowed lateness", help, sheet.ranges.lateness.clone(), 0, opened, &mut next);
    sheet.next.pipeline.allowed_lateness = next;
}

/// The offset of windows that are aligned to the epoch, with the distance that it is below.
fn offset_of(window: &mut WindowSpec) -> Option<(&mut Span, Span)> {
    match window {
        WindowSpec::Tumbling { size, offset } => Some((offset, *size)),
        WindowSpec::Sliding { slide, offset, .. } => Some((offset, *slide)),
        WindowSpec::Cumulative { max, offset, .. } => Some((offset, *max)),
        WindowSpec::Session { .. } | WindowSpec::Global => None,
    }
}

fn offset_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let mut opened = sheet.opened.pipeline.window;
    let default = offset_of(&mut opened).map_or(Span::ZERO, |(offset, _)| *offset);
    let mut next = sheet.next.pipeline.window;
    let Some((offset, step)) = offset_of(&mut next) else { return };
    if sheet.next.pipeline.dialect == Dialect::KafkaStreams
        || !fold_counted(ui, sheet.theme, "More about windows", *offset != Span::ZERO, usize::from(*offset != default))
    {
        return;
    }
    let step = step.micros().max(2) as f64;
    let dial = Dial {
        quantity: Quantity::Span,
        scale: Scale::Stops((0..12_u8).map(|twelfth| libm::floor(step * f64::from(twelfth) / 12.0)).collect()),
        limits: 1.0 - step..=step - 1.0,
        default: default.micros() as f64,
        ticks: &[],
    };
    let help = "Windows start at multiples of their distance since 1970, shifted by this: for days of a time zone.";
    if let Some(micros) = sheet.knob(ui, "Offset", help, dial, offset.micros() as f64) {
        *offset = Span::from_micros(micros as i64);
        sheet.next.pipeline.window = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Pipeline;

    #[test]
    fn every_kind_begins_with_windows_that_run() {
        let minute = WindowSpec::Tumbling { size: Span::from_secs(60), offset: Span::ZERO };
        for kind in 0..KINDS.len() {
            let window = window_of_kind(kind, minute);
            assert_eq!(kind_of(window), kind);
            assert_eq!(Pipeline { window, ..Pipeline::default() }.problems(), []);
        }
    }

    #[test]
    fn offsets_belong_to_windows_on_the_grid_of_the_epoch() {
        assert!(offset_of(&mut WindowSpec::Global).is_none());
        let mut window = window_of_kind(3, WindowSpec::Session { gap: Span::from_secs(10) });
        assert_eq!(
            offset_of(&mut window).map(|(offset, step)| (*offset, step)),
            Some((Span::ZERO, Span::from_secs(10)))
        );
    }
}
