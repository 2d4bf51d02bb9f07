//! The operator: how long it works on a record, and how many may wait for it.

use egui::Ui;

use super::ranges::span_limits;
use super::{Dial, Sheet};
use crate::app::widgets::quantity::Quantity;
use crate::pipeline::MAX_QUEUE_CAPACITY;
use crate::time::Span;

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
