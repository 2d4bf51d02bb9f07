//! The pipeline: watermark, windows, lateness, value, operator and queue.

use egui::{Ui, vec2};

use super::ranges::{span_limits, window_length};
use super::{Dial, Sheet, named_row};
use crate::app::widgets::controls::segments;
use crate::app::widgets::quantity::{Quantity, Scale};
use crate::pipeline::{Aggregate, LatePolicy, MAX_QUEUE_CAPACITY, WatermarkSpec, WindowSpec};
use crate::time::Span;

/// Draws the out-of-orderness bound.
pub fn watermark_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let help = "How far the watermark stays behind the newest event time: how long results wait for stragglers.";
    let dial = Dial {
        quantity: Quantity::Span,
        scale: sheet.ranges.bound.clone(),
        limits: span_limits(0),
        default: sheet.opened.pipeline.watermark.bound().micros() as f64,
        ticks: &sheet.ranges.delays,
    };
    let now = sheet.next.pipeline.watermark.bound().micros() as f64;
    if let Some(micros) = sheet.knob(ui, "Bound", help, dial, now) {
        sheet.next.pipeline.watermark = WatermarkSpec::Bounded { bound: Span::from_micros(micros as i64) };
    }
}

const KINDS: [(&str, &str); 3] = [
    ("Tumbling", "Windows of one size, side by side."),
    ("Sliding", "Windows of one size that start every slide, and may overlap."),
    ("Session", "Per key: records at most a gap apart share a window."),
];

fn kind_of(window: WindowSpec) -> Option<usize> {
    match window {
        WindowSpec::Tumbling { .. } => Some(0),
        WindowSpec::Sliding { .. } => Some(1),
        WindowSpec::Session { .. } => Some(2),
        WindowSpec::Cumulative { .. } | WindowSpec::Global => None,
    }
}

/// A window of this kind that is like `before`.
fn window_of_kind(kind: usize, before: WindowSpec) -> WindowSpec {
    let size = window_length(before);
    let half = Span::from_micros((size.micros() / 2).max(1));
    match kind {
        0 => WindowSpec::Tumbling { size, offset: Span::ZERO },
        1 => WindowSpec::Sliding { size, slide: half, offset: Span::ZERO },
        _ => WindowSpec::Session { gap: half },
    }
}

/// Draws the kind of windows, their sizes, and what happens to late records.
pub fn windows_ui(ui: &mut Ui, sheet: &mut Sheet<'_>, known: &mut Vec<WindowSpec>) {
    let theme = sheet.theme;
    let now = sheet.next.pipeline.window;
    ui.add_space(2.0);
    let chosen = kind_of(now).unwrap_or(KINDS.len());
    if let Some(kind) = segments(ui, theme, "windows", &KINDS, chosen) {
        // Going back to a kind finds its window as it was left, or as it was opened.
        known.retain(|window| kind_of(*window) != kind_of(now));
        known.push(now);
        let mut left = known.iter().copied().chain([sheet.opened.pipeline.window]);
        let found = left.find(|window| kind_of(*window) == Some(kind));
        sheet.next.pipeline.window = found.unwrap_or_else(|| window_of_kind(kind, now));
    }
    ui.add_space(4.0);
    sizes_ui(ui, sheet);
    lateness_ui(ui, sheet);
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
}

fn sizes_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let opened = sheet.opened.pipeline.window;
    let scale = sheet.ranges.window.clone();
    let turn = |ui: &mut Ui, label: &str, help: &str, scale: Scale, default: Span, span: &mut Span| {
        let dial = Dial {
            quantity: Quantity::Span,
            scale,
            limits: span_limits(1),
            default: default.micros() as f64,
            ticks: &[],
        };
        if let Some(micros) = sheet.knob(ui, label, help, dial, span.micros() as f64) {
            *span = Span::from_micros(micros as i64);
        }
    };
    let size_help = "Length of a window in event time.";
    let mut next = sheet.next.pipeline.window;
    match &mut next {
        WindowSpec::Tumbling { size, offset } => {
            turn(ui, "Size", size_help, scale, window_length(opened), size);
            *offset = Span::from_micros(offset.micros() % size.micros().max(1));
        }
        WindowSpec::Sliding { size, slide, offset } => {
            let (size_before, default_slide) = match opened {
                WindowSpec::Sliding { size, slide, .. } => (size, slide),
                other => (window_length(other), *slide),
            };
            turn(ui, "Size", size_help, scale, size_before, size);
            let slides = sheet.ranges.slides(size.micros() as f64);
            let help = "A window starts this often. Below the size windows overlap; above it records fall between.";
            turn(ui, "Slide", help, slides, default_slide, slide);
            *offset = Span::from_micros(offset.micros() % slide.micros().max(1));
        }
        WindowSpec::Session { gap } => {
            let default = if let WindowSpec::Session { gap } = opened { gap } else { *gap };
            turn(ui, "Gap", "A silence longer than this ends a session.", scale, default, gap);
        }
        WindowSpec::Cumulative { .. } | WindowSpec::Global => {}
    }
    sheet.next.pipeline.window = next;
}

fn lateness_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let help = "How long a window is kept after its result, so that a straggler still corrects it.";
    let dial = Dial {
        quantity: Quantity::Span,
        scale: sheet.ranges.lateness.clone(),
        limits: span_limits(0),
        default: sheet.opened.pipeline.allowed_lateness.micros() as f64,
        ticks: &[],
    };
    let now = sheet.next.pipeline.allowed_lateness.micros() as f64;
    if let Some(micros) = sheet.knob(ui, "Allowed lateness", help, dial, now) {
        sheet.next.pipeline.allowed_lateness = Span::from_micros(micros as i64);
    }
}

/// Draws what is computed per key and window.
pub fn value_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let choices = [
        ("Count", "How many records."),
        ("Sum", "The sum of their values."),
        ("Mean", "The arithmetic mean of their values."),
        ("Min", "The smallest value."),
        ("Max", "The largest value."),
    ];
    let aggregates = [Aggregate::Count, Aggregate::Sum, Aggregate::Mean, Aggregate::Min, Aggregate::Max];
    let now = sheet.next.pipeline.aggregate;
    let chosen = aggregates.iter().position(|aggregate| *aggregate == now).unwrap_or(aggregates.len());
    ui.add_space(2.0);
    if let Some(new) = segments(ui, sheet.theme, "value", &choices, chosen) {
        sheet.next.pipeline.aggregate = aggregates[new];
    }
    ui.allocate_space(vec2(0.0, 4.0));
}

/// Draws service time and queue.
pub fn operator_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let dial = Dial {
        quantity: Quantity::SpanPerRecord,
        scale: sheet.ranges.service_time.clone(),
        limits: span_limits(0),
        default: sheet.opened.pipeline.service_time.micros() as f64,
        ticks: &[],
    };
    let now = sheet.next.pipeline.service_time.micros() as f64;
    let help = "How long the operator works on one record. With 0 nothing ever waits.";
    if let Some(micros) = sheet.knob(ui, "Service time", help, dial, now) {
        sheet.next.pipeline.service_time = Span::from_micros(micros as i64);
    }
    let dial = Dial {
        quantity: Quantity::Records,
        scale: sheet.ranges.queue.clone(),
        limits: 1.0..=f64::from(MAX_QUEUE_CAPACITY),
        default: f64::from(sheet.opened.pipeline.queue_capacity),
        ticks: &[],
    };
    let now = f64::from(sheet.next.pipeline.queue_capacity);
    let help = "How many records may wait for the operator before the source stops reading.";
    if let Some(records) = sheet.knob(ui, "Queue", help, dial, now) {
        sheet.next.pipeline.queue_capacity = records as u32;
    }
}
