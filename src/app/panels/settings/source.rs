//! The source: rate, delays and seed of a synthetic stream; what is known of a recording and of
//! records that are written out.

use egui::{Align, Layout, RichText, Sense, Ui, vec2};

use super::ranges::span_limits;
use super::{Dial, Sheet};
use crate::app::files::capitalised;
use crate::app::run::Run;
use crate::app::theme::font;
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::recording::ColumnReport;
use crate::scenario::{DelaySpec, Fault, RecordingSpec, RecordsSpec, SourceSpec, Synthetic};
use crate::source::MAX_RECORDS;
use crate::time::{MICROS_PER_SECOND, Span};

/// Turning the rate makes at most this many records, which still runs while the knob turns;
/// typing may ask for more.
const TURN_TO_RECORDS: f64 = 200_000.0;

/// Draws the group.
pub fn source_ui(ui: &mut Ui, run: &Run, columns: &[ColumnReport], sheet: &mut Sheet<'_>) {
    match sheet.next.source.clone() {
        SourceSpec::Synthetic(mut source) => {
            rate_ui(ui, sheet, &mut source);
            delay_ui(ui, sheet, &mut source);
            sheet.next.source = SourceSpec::Synthetic(source);
            faults_ui(ui, sheet);
            seed_ui(ui, sheet);
        }
        SourceSpec::Recording(spec) => recording_ui(ui, run, columns, sheet, &spec),
        SourceSpec::Records(spec) => records_ui(ui, run, sheet, &spec),
    }
}

fn opened_synthetic<'a>(sheet: &Sheet<'a>) -> Option<&'a Synthetic> {
    match &sheet.opened.source {
        SourceSpec::Synthetic(source) => Some(source),
        SourceSpec::Recording(_) | SourceSpec::Records(_) => None,
    }
}

fn rate_ui(ui: &mut Ui, sheet: &Sheet<'_>, source: &mut Synthetic) {
    let default = opened_synthetic(sheet).map_or(source.rate, |opened| opened.rate);
    let seconds = sheet.next.duration.as_secs_f64().max(1e-6);
    let most = (default * 20.0).min((TURN_TO_RECORDS / seconds).max(default * 2.0));
    let dial = Dial {
        quantity: Quantity::Rate,
        scale: Scale::Log { min: (default / 20.0).max(1e-3), max: most, zero: false },
        limits: 1e-3..=(MAX_RECORDS as f64 / seconds).max(most),
        default,
        ticks: &[],
    };
    let help = "Records that happen per second, over all keys.";
    if let Some(rate) = sheet.knob(ui, "Rate", help, dial, source.rate) {
        source.rate = rate;
    }
}

/// The span of a delay that its knob turns, with the name and a line on what it is.
fn delay_span(delay: &mut DelaySpec) -> Option<(&'static str, &'static str, &mut Span)> {
    match delay {
        DelaySpec::Constant { delay } => Some(("Delay", "Every record takes this long to arrive.", delay)),
        DelaySpec::Uniform { max, .. } => Some(("Delay, longest", "No record takes longer to arrive.", max)),
        DelaySpec::Exponential { mean, .. } => {
            Some(("Delay, mean", "Records take this long to arrive, on average.", mean))
        }
        DelaySpec::LogNormal { median, .. } => {
            Some(("Delay, median", "Half of the records take at most this long to arrive.", median))
        }
        DelaySpec::Pareto { scale, .. } => {
            Some(("Delay, shortest", "Every record takes at least this long; a few take very much longer.", scale))
        }
        // What was measured is not turned.
        DelaySpec::Quantiles(_) => None,
        // The first part of a mixture is the ordinary one.
        DelaySpec::Mixture(parts) => parts.first_mut().and_then(|part| delay_span(&mut part.delay)),
    }
}

fn delay_ui(ui: &mut Ui, sheet: &Sheet<'_>, source: &mut Synthetic) {
    let mut opened = opened_synthetic(sheet).map_or_else(|| source.delay.clone(), |opened| opened.delay.clone());
    let default = delay_span(&mut opened).map_or(Span::ZERO, |(_, _, span)| *span).micros() as f64;
    let least = match &source.delay {
        DelaySpec::Uniform { min, .. } => min.micros(),
        DelaySpec::Pareto { .. } | DelaySpec::LogNormal { .. } | DelaySpec::Exponential { .. } => 1_000,
        DelaySpec::Constant { .. } | DelaySpec::Quantiles(_) | DelaySpec::Mixture(_) => 0,
    };
    if let Some((label, help, span)) = delay_span(&mut source.delay) {
        let dial = Dial {
            quantity: Quantity::Span,
            scale: Scale::Root { max: (default * 8.0).max(10.0 * MICROS_PER_SECOND as f64) },
            limits: span_limits(least),
            default,
            ticks: &[],
        };
        if let Some(micros) = sheet.knob(ui, label, help, dial, span.micros() as f64) {
            *span = Span::from_micros(micros as i64);
        }
    }
}

/// One knob for every fault: how long a producer is silent, how much slower the operator is.
fn faults_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    for place in 0..sheet.next.faults.len() {
        let opened = sheet.opened.faults.get(place).cloned();
        let mut fault = sheet.next.faults[place].clone();
        if let Fault::Offline { key, from, until } = &mut fault {
            let label = format!("{key} silent for");
            let default = match &opened {
                Some(Fault::Offline { from, until, .. }) => (*until - *from).micros() as f64,
                _ => (*until - *from).micros() as f64,
            };
            let rest = (sheet.next.duration - *from).micros().max(1) as f64;
            let dial = Dial {
                quantity: Quantity::Span,
                scale: Scale::Root { max: rest },
                limits: 1_000.0..=rest,
                default,
                ticks: &[],
            };
            let help = "Its network is gone for this long; then everything that it kept arrives at once.";
            let now = (*until - *from).micros() as f64;
            if let Some(micros) = sheet.knob(ui, &label, help, dial, now) {
                *until = *from + Span::from_micros(micros as i64);
            }
        }
        sheet.next.faults[place] = fault;
    }
}

fn seed_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let theme = sheet.theme;
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
    let changed = sheet.next.seed != sheet.opened.seed;
    ui.scope_builder(egui::UiBuilder::new().max_rect(row).layout(Layout::left_to_right(Align::Center)), |ui| {
        let help = "Where every random draw comes from. The same seed gives the same run.";
        ui.label(RichText::new("Seed").font(font::body()).color(theme.t2)).on_hover_text(help);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let colour = if changed { theme.you } else { theme.t1 };
            ui.label(RichText::new(sheet.next.seed.to_string()).font(font::value()).color(colour));
            if button(ui, theme, "Next", Loudness::Quiet).on_hover_text("The same stream with other chances").clicked()
            {
                sheet.next.seed = sheet.next.seed.wrapping_add(1);
            }
        });
    });
}

/// What a recording is read from; its records cannot be turned.
fn recording_ui(ui: &mut Ui, run: &Run, columns: &[ColumnReport], sheet: &Sheet<'_>, spec: &RecordingSpec) {
    line(ui, sheet, "File", &crate::app::files::short_name(std::path::Path::new(&spec.path)), &spec.path);
    for column in columns {
        if let Some(name) = &column.column {
            line(ui, sheet, &capitalised(column.role.words()), name, &column.to_string());
        }
    }
    keys_line(ui, run, sheet);
}

/// How many records are written out; they are changed in the file.
fn records_ui(ui: &mut Ui, run: &Run, sheet: &Sheet<'_>, spec: &RecordsSpec) {
    let count = |number: usize| crate::human::count(number as u64);
    line(ui, sheet, "Records, written out", &count(spec.records.len()), "They stand in the scenario file, one by one.");
    keys_line(ui, run, sheet);
    if !spec.watermarks.is_empty() {
        let help = "How often the source itself says how far event time has come.";
        line(ui, sheet, "Watermarks said", &count(spec.watermarks.len()), help);
    }
}

fn keys_line(ui: &mut Ui, run: &Run, sheet: &Sheet<'_>) {
    let keys = run.trace.stream.key_table().len() as u64;
    line(ui, sheet, "Keys", &crate::human::count(keys), "How many different keys there are.");
}

/// A fact about the source: its name at the left, its value at the right.
pub(super) fn line(ui: &mut Ui, sheet: &Sheet<'_>, name: &str, value: &str, help: &str) {
    let theme = sheet.theme;
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 21.0), Sense::hover());
    let layout = Layout::left_to_right(Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(row).layout(layout), |ui| {
        ui.label(RichText::new(name).font(font::body()).color(theme.t2));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let value = RichText::new(value).font(font::mono()).color(theme.t1);
            ui.add(egui::Label::new(value).truncate()).on_hover_text(help);
        });
    });
}
