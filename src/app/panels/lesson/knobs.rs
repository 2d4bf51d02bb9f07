//! The few knobs of a step, each with a line on what it does, and what the windows say so far. The truth
//! is shown once the reader has decided.

use egui::{Align2, Rect, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};

use crate::app::panels::lesson::LessonState;
use crate::app::panels::lesson::so_far::SoFar;
use crate::app::panels::number;
use crate::app::theme::{Theme, font, space};
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::controls::segments;
use crate::app::widgets::frame;
use crate::app::widgets::knob::Knob;
use crate::app::widgets::marks;
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::pipeline::{WatermarkSpec, WindowSpec};
use crate::scenario::{LessonKnob, Scenario};
use crate::time::{SPAN_LIMIT, Span};
use crate::window::accumulation::Accumulation;

/// Windows of a lesson are named to the minute.
const MINUTE: i64 = 60_000_000;

/// Draws the knobs of the lesson's step into all of `ui`. Whether there is such a step.
pub fn knobs_ui(
    ui: &mut Ui,
    view: &View<'_>,
    state: &mut LessonState,
    opened: &Scenario,
    commands: &mut Vec<Command>,
) -> bool {
    let lesson = view.scenario.lesson.as_deref();
    let Some(step) = lesson.and_then(|lesson| view.lesson.shown(lesson)) else { return false };
    let theme = view.theme;
    let rect = ui.max_rect();
    frame::panel(ui, theme, rect, "Knobs", |_| {}, |_| {});
    let inner = rect.with_min_y(rect.top() + space::HEADER + 6.0).shrink2(vec2(space::L, 0.0));
    let mut child = ui.new_child(UiBuilder::new().id_salt("lesson knobs").max_rect(inner));
    child.set_clip_rect(inner.expand2(vec2(6.0, 0.0)).intersect(ui.clip_rect()));
    ScrollArea::vertical().id_salt("lesson knobs scroll").auto_shrink(false).show(&mut child, |ui| {
        let mut next = view.scenario.clone();
        for &knob in &step.knobs {
            knob_ui(ui, theme, knob, &mut next, opened);
            ui.add_space(space::PANEL);
        }
        if next != *view.scenario {
            commands.push(Command::Change(Box::new(next)));
        }
        so_far_ui(ui, view, &mut state.so_far, view.lesson.is_open(step));
    });
    true
}

fn knob_ui(ui: &mut Ui, theme: &Theme, knob: LessonKnob, next: &mut Scenario, opened: &Scenario) {
    let span = |ui: &mut Ui, label: &str, help: &str, least: i64, default: Span, value: Span| {
        let knob = Knob {
            label,
            help,
            quantity: Quantity::Span,
            scale: Scale::Root { max: 300e6 },
            limits: least as f64..=SPAN_LIMIT.micros() as f64,
            default: default.micros() as f64,
            ticks: &[],
        };
        let turned = knob.ui(ui, theme, value.micros() as f64);
        explained(ui, theme, help);
        turned.map(|micros| Span::from_micros(micros as i64))
    };
    let pipeline = &mut next.pipeline;
    match knob {
        LessonKnob::Bound => {
            let (now, before) = (pipeline.watermark.bound(), opened.pipeline.watermark.bound());
            let help = "How far the watermark stays behind the newest record.";
            if let Some(bound) = span(ui, "Bound", help, 0, before, now) {
                pipeline.watermark = WatermarkSpec::Bounded { bound };
            }
        }
        LessonKnob::AllowedLateness => {
            let (now, before) = (pipeline.allowed_lateness, opened.pipeline.allowed_lateness);
            let help = "How long a fired window is kept for late records.";
            if let Some(lateness) = span(ui, "Allowed lateness", help, 0, before, now) {
                pipeline.allowed_lateness = lateness;
            }
        }
        LessonKnob::WindowSize => {
            if let (WindowSpec::Tumbling { size, .. }, WindowSpec::Tumbling { size: before, .. }) =
                (&mut pipeline.window, opened.pipeline.window)
                && let Some(turned) =
                    span(ui, "Window size", "How much event time is counted together.", 1, before, *size)
            {
                *size = turned;
            }
        }
        LessonKnob::Panes => {
            ui.label(egui::RichText::new("When a result changes").font(font::body()).color(theme.t2));
            ui.add_space(6.0);
            let kinds = [Accumulation::Accumulating, Accumulation::Discarding, Accumulation::AccumulatingAndRetracting];
            let choices = [
                ("Add up", "The new value takes the place of the old one."),
                ("Discard", "Only what is new since the last value."),
                ("Retract", "The old value is withdrawn, then the new one is said."),
            ];
            let chosen = kinds.iter().position(|kind| *kind == pipeline.accumulation).unwrap_or(0);
            if let Some(pressed) = segments(ui, theme, "panes", &choices, chosen) {
                pipeline.accumulation = kinds[pressed];
            }
        }
    }
}

fn explained(ui: &mut Ui, theme: &Theme, help: &str) {
    ui.add_space(2.0);
    ui.label(egui::RichText::new(help).font(font::legend()).color(theme.t3));
}

/// What the windows have said by now, beside what is true.
fn so_far_ui(ui: &mut Ui, view: &View<'_>, kept: &mut Option<SoFar>, is_open: bool) {
    let theme = view.theme;
    let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    marks::hline(ui.painter(), line.x_range(), line.center().y, theme.hair);
    ui.add_space(space::S);
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    ui.painter().text(head.left_center(), Align2::LEFT_CENTER, "So far", font::title(), theme.t1);
    if is_open {
        let note = "truth after you decide";
        ui.painter().text(head.right_center(), Align2::RIGHT_CENTER, note, font::tick(), theme.t3);
    }
    row(ui, font::tick(), ("window", theme.t3), ("said", theme.t3), ("truth", theme.t3));
    let trace = &view.run.trace;
    let aggregate = trace.pipeline.aggregate;
    if !kept.as_ref().is_some_and(|kept| kept.is_of(view.run, view.key)) {
        *kept = Some(SoFar::of(view.run, view.key));
    }
    for window in kept.iter().flat_map(|kept| &kept.rows) {
        let last = window.said(view.run, view.now).map(|place| &trace.panes[place]);
        let clock = time_ticks::window_name(window.start.micros(), MINUTE);
        let is_begun = view.now.since_event(window.start) >= Span::ZERO;
        let said = last.and_then(|pane| pane.value(aggregate)).map(number::value);
        let said = said.unwrap_or_else(|| if is_begun { "open" } else { "\u{2013}" }.to_owned());
        let truth = || window.truth.value(aggregate).map_or_else(String::new, number::value);
        let right = if is_open { "?".to_owned() } else { truth() };
        let colour = if is_begun { theme.t1 } else { theme.t3 };
        let is_said = last.is_some();
        row(
            ui,
            font::value(),
            (&clock, colour),
            (&said, if is_said { theme.t1 } else { theme.t3 }),
            (&right, theme.t3),
        );
    }
}

type Cell<'a> = (&'a str, egui::Color32);

fn row(ui: &mut Ui, font: egui::FontId, first: Cell<'_>, second: Cell<'_>, third: Cell<'_>) {
    let (rect, _): (Rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    let middle = rect.center().y;
    let painter = ui.painter();
    painter.text(pos2(rect.left(), middle), Align2::LEFT_CENTER, first.0, font.clone(), first.1);
    painter.text(pos2(rect.right() - 56.0, middle), Align2::RIGHT_CENTER, second.0, font.clone(), second.1);
    painter.text(pos2(rect.right(), middle), Align2::RIGHT_CENTER, third.0, font, third.1);
}
