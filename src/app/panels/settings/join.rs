//! The join in front of the pipeline: what it found, and how far apart records may be that go together.

use egui::Ui;

use super::source::line;
use super::{Dial, Sheet};
use crate::app::run::Run;
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::human::count;
use crate::join::{JoinFate, JoinKind};
use crate::time::{MICROS_PER_SECOND, SPAN_LIMIT, Span};

/// Draws the group.
pub fn join_ui(ui: &mut Ui, run: &Run, sheet: &mut Sheet<'_>) {
    let Some(mut kind) = sheet.next.join.as_ref().map(|join| join.kind) else { return };
    if let Some(joined) = run.trace.stream.joined() {
        let records = |fates: &[JoinFate]| {
            let alone = fates.iter().filter(|fate| **fate == JoinFate::Unmatched).count();
            format!("{} of {} alone", count(alone as u64), count(fates.len() as u64))
        };
        line(ui, sheet, "Pairs", &count(joined.pairs.len() as u64), &joined.kind.in_words());
        let help = "Records of the first stream for which no partner came, and none will.";
        line(ui, sheet, "Left", &records(&joined.left_fates), help);
        let help = "Records of the second stream for which no partner came, and none will.";
        line(ui, sheet, "Right", &records(&joined.right_fates), help);
    }
    if let JoinKind::Interval { lower, upper } = &mut kind {
        let (from, until) = match sheet.opened.join.as_ref().map(|join| join.kind) {
            Some(JoinKind::Interval { lower, upper }) => (lower, upper),
            _ => (*lower, *upper),
        };
        let most = (until.micros().max(MICROS_PER_SECOND) * 5) as f64;
        end_ui(
            ui,
            sheet,
            "Joined until",
            "How long after the left record the right one may happen.",
            most,
            until,
            upper,
        );
        end_ui(
            ui,
            sheet,
            "Joined from",
            "How long after the left record the right one happens at least.",
            most,
            from,
            lower,
        );
        *lower = (*lower).min(*upper);
    }
    if let Some(join) = &mut sheet.next.join {
        join.kind = kind;
    }
}

fn end_ui(ui: &mut Ui, sheet: &Sheet<'_>, label: &str, help: &str, most: f64, opened: Span, end: &mut Span) {
    let limit = SPAN_LIMIT.micros() as f64;
    let dial = Dial {
        quantity: Quantity::Span,
        scale: Scale::Root { max: most },
        limits: -limit..=limit,
        default: opened.micros() as f64,
        ticks: &[],
    };
    if let Some(micros) = sheet.knob(ui, label, help, dial, end.micros() as f64) {
        *end = Span::from_micros(micros as i64);
    }
}
