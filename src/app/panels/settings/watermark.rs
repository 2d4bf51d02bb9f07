//! The watermark: which rule, its numbers, and what surrounds it.

use egui::Ui;

use super::ranges::span_limits;
use super::{Dial, Sheet, changes, fold_counted, named_row};
use crate::app::widgets::choice::{Choice, switch};
use crate::app::widgets::controls::segments;
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::pipeline::{Emit, Marker, WatermarkOptions, WatermarkSpec};
use crate::scenario::SourceSpec;
use crate::time::Span;
use crate::watermark::spec::{MAX_DEVIATIONS, MAX_SAMPLE};
use crate::window::dialect::Dialect;

const RULES: [(&str, &str); 8] = [
    ("Bounded", "The newest event time minus a fixed bound."),
    ("Monotonous", "The newest event time: for a stream in order."),
    ("Punctuated", "Marker records carry it."),
    ("Fixed lag", "A fixed distance behind the clock, whatever the records say."),
    ("Percentile", "Behind the newest arrival by a quantile of the recent delays."),
    ("Adaptive", "Behind the newest arrival by the mean delay and some mean deviations, learned as it goes."),
    ("Perfect", "It knows the future, which only a simulation can: nothing is ever behind."),
    ("From the source", "What the source says itself, at the instants that stand in the scenario."),
];

fn rule_of(spec: WatermarkSpec) -> usize {
    match spec {
        WatermarkSpec::Bounded { .. } => 0,
        WatermarkSpec::Monotonous => 1,
        WatermarkSpec::Punctuated { .. } => 2,
        WatermarkSpec::FixedLag { .. } => 3,
        WatermarkSpec::Percentile { .. } => 4,
        WatermarkSpec::Adaptive { .. } => 5,
        WatermarkSpec::Perfect => 6,
        WatermarkSpec::FromSource => 7,
    }
}

/// A watermark by this rule that is like `before`.
fn by_rule(rule: usize, before: WatermarkSpec) -> WatermarkSpec {
    let bound = before.bound();
    match rule {
        0 => WatermarkSpec::Bounded { bound },
        1 => WatermarkSpec::Monotonous,
        2 => WatermarkSpec::Punctuated { marker: Marker::EveryNth(10), bound },
        3 => WatermarkSpec::FixedLag { lag: bound },
        4 => WatermarkSpec::Percentile { quantile: 0.99, sample: WatermarkSpec::DEFAULT_SAMPLE },
        5 => WatermarkSpec::Adaptive {
            deviations: WatermarkSpec::DEFAULT_DEVIATIONS,
            min: Span::ZERO,
            max: WatermarkSpec::DEFAULT_MAX,
        },
        6 => WatermarkSpec::Perfect,
        _ => WatermarkSpec::FromSource,
    }
}

/// Draws the rule, its numbers, and behind a fold what surrounds it. `known` are rules as they were
/// left, so that going back finds them.
pub fn watermark_ui(ui: &mut Ui, sheet: &mut Sheet<'_>, known: &mut Vec<WatermarkSpec>) {
    if sheet.next.pipeline.dialect == Dialect::KafkaStreams {
        sheet.note(ui, "Stream time: the largest event time seen. Kafka Streams has no other watermark.");
        return;
    }
    let is_azure = sheet.next.pipeline.dialect == Dialect::AzureStreamAnalytics;
    if !is_azure {
        rule_ui(ui, sheet, known);
    }
    numbers_ui(ui, sheet);
    if !is_azure && sheet.next.pipeline.watermark != WatermarkSpec::FromSource {
        let is_default = |options: &WatermarkOptions| *options == WatermarkOptions::default();
        let matters = !is_default(&sheet.next.pipeline.watermark_options);
        let changed = changes::watermark_options(
            &sheet.opened.pipeline.watermark_options,
            &sheet.next.pipeline.watermark_options,
        );
        if fold_counted(ui, sheet.theme, "More about the watermark", matters, changed) {
            options_ui(ui, sheet);
        }
    }
}

fn rule_ui(ui: &mut Ui, sheet: &mut Sheet<'_>, known: &mut Vec<WatermarkSpec>) {
    let now = sheet.next.pipeline.watermark;
    // Only a source whose records are written out says anything itself.
    let says = matches!(sheet.next.source, SourceSpec::Records(_));
    let choice = Choice {
        label: "Rule",
        help: "How the watermark follows the records.",
        choices: if says { &RULES } else { &RULES[..7] },
        chosen: rule_of(now),
        changed: rule_of(now) != rule_of(sheet.opened.pipeline.watermark),
    };
    if let Some(rule) = choice.ui(ui, sheet.theme) {
        known.retain(|spec| rule_of(*spec) != rule_of(now));
        known.push(now);
        let mut left = known.iter().copied().chain([sheet.opened.pipeline.watermark]);
        let found = left.find(|spec| rule_of(*spec) == rule);
        sheet.next.pipeline.watermark = found.unwrap_or_else(|| by_rule(rule, now));
    }
}

fn numbers_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let opened = sheet.opened.pipeline.watermark;
    let mut next = sheet.next.pipeline.watermark;
    match &mut next {
        WatermarkSpec::Bounded { bound } => bound_ui(ui, sheet, bound),
        WatermarkSpec::Monotonous | WatermarkSpec::Perfect | WatermarkSpec::FromSource => {}
        WatermarkSpec::Punctuated { marker, bound } => {
            marker_ui(ui, sheet, marker);
            bound_ui(ui, sheet, bound);
        }
        WatermarkSpec::FixedLag { lag } => {
            let help = "How far the watermark stays behind the clock.";
            sheet.span(ui, "Lag", help, sheet.ranges.bound.clone(), 0, opened.bound(), lag);
        }
        WatermarkSpec::Percentile { quantile, sample } => percentile_ui(ui, sheet, quantile, sample),
        WatermarkSpec::Adaptive { deviations, min, max } => {
            let default = match opened {
                WatermarkSpec::Adaptive { deviations, .. } => deviations,
                _ => WatermarkSpec::DEFAULT_DEVIATIONS,
            };
            let dial = Dial {
                quantity: Quantity::Whole("mean deviations"),
                scale: Scale::Stops((0..=12_u8).map(f64::from).collect()),
                limits: 0.0..=f64::from(MAX_DEVIATIONS),
                default: f64::from(default),
                ticks: &[],
            };
            let help = "How many mean deviations above the mean delay are still on time.";
            if let Some(new) = sheet.knob(ui, "Deviations", help, dial, f64::from(*deviations)) {
                *deviations = new as u32;
            }
            let (least, most) = match opened {
                WatermarkSpec::Adaptive { min, max, .. } => (min, max),
                _ => (Span::ZERO, WatermarkSpec::DEFAULT_MAX),
            };
            let scale = sheet.ranges.bound.clone();
            sheet.span(ui, "Least distance", "It is never nearer to the newest arrival.", scale.clone(), 0, least, min);
            sheet.span(ui, "Most distance", "It is never farther from the newest arrival.", scale, 0, most, max);
            *max = (*max).max(*min);
        }
    }
    sheet.next.pipeline.watermark = next;
}

fn bound_ui(ui: &mut Ui, sheet: &Sheet<'_>, bound: &mut Span) {
    let help = "How far the watermark stays behind the newest event time: how long results wait for stragglers. The hill \
                under the track is the share of the records that would not be behind.";
    let dial = Dial {
        quantity: Quantity::Span,
        scale: sheet.ranges.bound.clone(),
        limits: span_limits(0),
        default: sheet.opened.pipeline.watermark.bound().micros() as f64,
        ticks: &sheet.ranges.delays,
    };
    if let Some(scent) = sheet.scent {
        scent.bound.paint(ui, sheet.theme);
    }
    if let Some(micros) = sheet.knob(ui, "Bound", help, dial, bound.micros() as f64) {
        *bound = Span::from_micros(micros as i64);
    }
}

fn marker_ui(ui: &mut Ui, sheet: &Sheet<'_>, marker: &mut Marker) {
    named_row(ui, sheet.theme, "Marker", |ui| {
        let choices =
            [("Every nth", "The n-th record, the 2n-th, ..."), ("By value", "Records with exactly this value.")];
        let chosen = usize::from(matches!(marker, Marker::ValueEquals(_)));
        match segments(ui, sheet.theme, "marker", &choices, chosen) {
            Some(0) => *marker = Marker::EveryNth(10),
            Some(_) => *marker = Marker::ValueEquals(0.0),
            None => {}
        }
    });
    match marker {
        Marker::EveryNth(n) => {
            let dial = Dial {
                quantity: Quantity::Records,
                scale: Scale::Log { min: 1.0, max: 1_000.0, zero: false },
                limits: 1.0..=1e9,
                default: 10.0,
                ticks: &[],
            };
            if let Some(new) =
                sheet.knob(ui, "Marker every", "Every so many records one is a marker.", dial, f64::from(*n))
            {
                *n = new as u32;
            }
        }
        Marker::ValueEquals(value) => {
            let dial = Dial {
                quantity: Quantity::Plain,
                scale: Scale::Stops((0..=10_u8).map(f64::from).collect()),
                limits: -1e15..=1e15,
                default: 0.0,
                ticks: &[],
            };
            if let Some(new) =
                sheet.knob(ui, "Marker value", "The value of markers, such as a heartbeat of 0.", dial, *value)
            {
                *value = new;
            }
        }
    }
}

fn percentile_ui(ui: &mut Ui, sheet: &Sheet<'_>, quantile: &mut f64, sample: &mut u32) {
    let (part, kept) = match sheet.opened.pipeline.watermark {
        WatermarkSpec::Percentile { quantile, sample } => (quantile, sample),
        _ => (0.99, WatermarkSpec::DEFAULT_SAMPLE),
    };
    let dial = Dial {
        quantity: Quantity::Share,
        scale: Scale::Stops(super::ranges::QUANTILE_STOPS.to_vec()),
        limits: 1e-6..=1.0,
        default: part,
        ticks: &[],
    };
    if let Some(new) =
        sheet.knob(ui, "Meant on time", "Which part of the records is meant to be on time.", dial, *quantile)
    {
        *quantile = new;
    }
    let dial = Dial {
        quantity: Quantity::Records,
        scale: Scale::Log { min: 10.0, max: f64::from(MAX_SAMPLE), zero: false },
        limits: 1.0..=f64::from(MAX_SAMPLE),
        default: f64::from(kept),
        ticks: &[],
    };
    if let Some(new) = sheet.knob(ui, "Sample", "How many delays are remembered.", dial, f64::from(*sample)) {
        *sample = new as u32;
    }
}

/// What surrounds the rule, whichever it is.
fn options_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let theme = sheet.theme;
    let opened = sheet.opened.pipeline.watermark_options;
    let mut next = sheet.next.pipeline.watermark_options;
    let help = "The watermark is handed on every interval of processing time, instead of after every record.";
    if let Some(on) = switch(ui, theme, "Periodic", help, next.emit != Emit::PerRecord) {
        next.emit = if on { Emit::Periodic { interval: Span::from_millis(200) } } else { Emit::PerRecord };
    }
    if let Emit::Periodic { interval } = &mut next.emit {
        let default = if let Emit::Periodic { interval } = opened.emit { interval } else { Span::from_millis(200) };
        let scale = Scale::Log { min: 1e3, max: 6e8, zero: false };
        sheet.span(ui, "Emitted every", "Distance between two emissions.", scale, 1, default, interval);
    }
    idle_ui(ui, sheet, opened.idle_after, &mut next.idle_after);
    let help = "A record whose event time is far ahead of its arrival does not raise the watermark.";
    if let Some(on) = switch(ui, theme, "Guard against the future", help, next.max_future.is_some()) {
        next.max_future = on.then_some(Span::from_secs(60));
    }
    if let Some(ahead) = &mut next.max_future {
        let default = opened.max_future.unwrap_or(Span::from_secs(60));
        let scale = sheet.ranges.bound.clone();
        sheet.span(ui, "Most ahead", "How far ahead of its arrival a record may be.", scale, 0, default, ahead);
    }
    let help = "Every partition has a watermark of its own, of which the minimum counts.";
    if let Some(on) = switch(ui, theme, "Per partition", help, next.per_partition) {
        next.per_partition = on;
    }
    if next.per_partition {
        let help = "A partition that runs ahead of the slowest one is not read for the time being.";
        if let Some(on) = switch(ui, theme, "Aligned", help, next.max_drift.is_some()) {
            next.max_drift = on.then_some(Span::from_secs(30));
        }
        if let Some(drift) = &mut next.max_drift {
            let default = opened.max_drift.unwrap_or(Span::from_secs(30));
            let scale = sheet.ranges.bound.clone();
            sheet.span(ui, "Most drift", "How far ahead of the slowest a partition may be.", scale, 0, default, drift);
        }
    }
    sheet.next.pipeline.watermark_options = next;
}

fn idle_ui(ui: &mut Ui, sheet: &Sheet<'_>, opened: Option<Span>, idle_after: &mut Option<Span>) {
    let micros = |span: Option<Span>| span.unwrap_or(Span::ZERO).micros() as f64;
    let dial = Dial {
        quantity: Quantity::SpanOrOff,
        scale: sheet.ranges.bound.clone(),
        limits: span_limits(0),
        default: micros(opened),
        ticks: &[],
    };
    let help = "An input that is silent for longer is left out until it speaks again. The hill under the track is the \
                share of the pauses that are shorter.";
    if let Some(scent) = sheet.scent {
        scent.idle.paint(ui, sheet.theme);
    }
    if let Some(new) = sheet.knob(ui, "Idle after", help, dial, micros(*idle_after)) {
        *idle_after = (new >= 1.0).then(|| Span::from_micros(new as i64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_place_and_its_name() {
        let before = WatermarkSpec::Bounded { bound: Span::from_secs(5) };
        for rule in 0..RULES.len() {
            let spec = by_rule(rule, before);
            assert_eq!(rule_of(spec), rule);
            assert_eq!(crate::watermark::spec::problems(spec, &WatermarkOptions::default()), []);
        }
        assert_eq!(by_rule(3, before), WatermarkSpec::FixedLag { lag: Span::from_secs(5) });
    }
}
