//! Triggers of the Flink dialect: which one, its number, and whether a firing empties the window.

use egui::Ui;

use super::{Dial, Sheet};
use crate::app::widgets::choice::{Choice, switch};
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::pipeline::WindowSpec;
use crate::time::Span;
use crate::window::trigger::TriggerSpec;

const KINDS: [(&str, &str); 8] = [
    ("Default", "At the end of the window, and for every late record; never on the global window."),
    ("Event time", "When the watermark reaches the end, and for every record after that."),
    ("Processing time", "When the clock reaches the end of the window."),
    ("Every n records", "At every n-th record of a window; never at its end."),
    ("Continuous event time", "Whenever the watermark passes a multiple of an interval, and at the end."),
    ("Continuous clock time", "At every multiple of an interval of processing time."),
    ("Delta", "When the value differs enough from the one that fired last."),
    ("Never", "At no time."),
];

const fn kind_of(trigger: &TriggerSpec) -> usize {
    match trigger {
        TriggerSpec::EventTime => 1,
        TriggerSpec::ProcessingTime => 2,
        TriggerSpec::Count(_) => 3,
        TriggerSpec::ContinuousEventTime(_) => 4,
        TriggerSpec::ContinuousProcessingTime(_) => 5,
        TriggerSpec::Delta(_) => 6,
        TriggerSpec::Never => 7,
        _ => 0,
    }
}

fn of_kind(kind: usize, interval: Span) -> TriggerSpec {
    match kind {
        1 => TriggerSpec::EventTime,
        2 => TriggerSpec::ProcessingTime,
        3 => TriggerSpec::Count(10),
        4 => TriggerSpec::ContinuousEventTime(interval),
        5 => TriggerSpec::ContinuousProcessingTime(interval),
        6 => TriggerSpec::Delta(10.0),
        7 => TriggerSpec::Never,
        _ => TriggerSpec::Default,
    }
}

/// A trigger without the purging around it, and whether there was any.
fn bare(trigger: &TriggerSpec) -> (&TriggerSpec, bool) {
    match trigger {
        TriggerSpec::Purging(inner) => (inner, true),
        trigger => (trigger, false),
    }
}

/// Draws the trigger.
pub fn trigger_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let (opened, opened_purges) = bare(&sheet.opened.pipeline.trigger);
    let (now, mut purges) = bare(&sheet.next.pipeline.trigger);
    let mut next = now.clone();
    let is_global = sheet.next.pipeline.window == WindowSpec::Global;
    let waits = |kind: usize| matches!(kind, 1 | 2 | 4);
    // The global window has no end to wait for.
    let offered: Vec<usize> = (0..KINDS.len()).filter(|&kind| !(is_global && waits(kind))).collect();
    let choices: Vec<(&str, &str)> = offered.iter().map(|&kind| KINDS[kind]).collect();
    let kind = kind_of(&next);
    let choice = Choice {
        label: "Trigger",
        help: "When a window fires.",
        choices: &choices,
        chosen: offered.iter().position(|&offered| offered == kind).unwrap_or(choices.len()),
        changed: kind != kind_of(opened) || purges != opened_purges,
    };
    if let Some(place) = choice.ui(ui, sheet.theme) {
        let kind = offered[place];
        let half = Span::from_micros((super::ranges::window_length(sheet.next.pipeline.window).micros() / 2).max(1));
        next = if kind_of(opened) == kind { opened.clone() } else { of_kind(kind, half) };
    }
    number_ui(ui, sheet, opened, &mut next);
    if !matches!(next, TriggerSpec::Default | TriggerSpec::Never) {
        let help = "A firing empties the window, so that the next one holds only what came after it.";
        if let Some(on) = switch(ui, sheet.theme, "Purging", help, purges) {
            purges = on;
        }
    } else if purges {
        purges = false;
    }
    sheet.next.pipeline.trigger = if purges { TriggerSpec::Purging(Box::new(next)) } else { next };
}

fn number_ui(ui: &mut Ui, sheet: &Sheet<'_>, opened: &TriggerSpec, next: &mut TriggerSpec) {
    match next {
        TriggerSpec::Count(n) => {
            let default = if let TriggerSpec::Count(n) = opened { *n } else { 10 };
            let help = "How many records of a window make it fire.";
            sheet.records(ui, "Fires every", help, default, n);
        }
        TriggerSpec::ContinuousEventTime(interval) | TriggerSpec::ContinuousProcessingTime(interval) => {
            let default = match opened {
                TriggerSpec::ContinuousEventTime(interval) | TriggerSpec::ContinuousProcessingTime(interval) => {
                    *interval
                }
                _ => *interval,
            };
            let help = "Distance between two firings; they are at multiples of it.";
            sheet.span(ui, "Interval", help, sheet.ranges.interval(), 1, default, interval);
        }
        TriggerSpec::Delta(threshold) => {
            let default = if let TriggerSpec::Delta(threshold) = opened { *threshold } else { 10.0 };
            let dial = Dial {
                quantity: Quantity::Plain,
                scale: Scale::Log { min: 0.1, max: 1_000.0, zero: true },
                limits: 0.0..=1e15,
                default,
                ticks: &[],
            };
            let help = "By how much a value must differ from the one that fired last.";
            if let Some(new) = sheet.knob(ui, "Threshold", help, dial, *threshold) {
                *threshold = new;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::dialect::Dialect;

    #[test]
    fn every_kind_has_a_trigger_of_flink() {
        for kind in 0..KINDS.len() {
            let trigger = of_kind(kind, Span::from_secs(5));
            assert_eq!(kind_of(&trigger), kind);
            assert_eq!(trigger.problems("trigger", Dialect::Flink), []);
        }
        let purging = TriggerSpec::Purging(Box::new(TriggerSpec::Count(3)));
        assert_eq!(bare(&purging), (&TriggerSpec::Count(3), true));
    }
}
