//! Lesson: text, prediction, reveal, goal. The run is held until the reader has said what will come; what
//! is right is asked of the run, not of the lesson.
//!
//! - [`progress`]: where the reader is
//! - [`text`]: paragraphs with words that stand out
//! - [`knobs`]: the few knobs of a step
//! - [`so_far`]: what the windows have said, beside the truth

pub mod knobs;
pub mod progress;
pub mod so_far;
mod text;

use egui::{
    Align, Align2, Key, Layout, Modifiers, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetInfo, vec2,
};

pub use knobs::knobs_ui;
pub use progress::LessonProgress;

use crate::app::files;
use crate::app::shell::command::ShellCommand;
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::view::{Command, View};
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::{frame, marks};
use crate::metrics::goals::{GoalRow, goals, grade};
use crate::scenario::{LessonSpec, LessonStep, Question};

use text::Prose;

/// Lines of prose are never longer.
const PROSE: f32 = 560.0;
/// The keys of the choices.
const KEYS: [Key; 5] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5];
/// What to do where there is no lesson.
const NO_LESSON: &str = "This scenario has no lesson. A lesson holds the run until you have said what will come, and \
                         then lets the engine say what is right.";
/// Panels that are lower have tighter prose.
const LOW: f32 = 740.0;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct LessonState {
    /// Of which run: its goals, and for the choices of the step whether each holds.
    graded: Option<(u64, usize, Vec<GoalRow>, Vec<GoalRow>)>,
    /// The table below the knobs.
    so_far: Option<so_far::SoFar>,
}

/// Draws the panel into all of `ui`.
pub fn lesson_ui(ui: &mut Ui, view: &View<'_>, state: &mut LessonState, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, theme.panel);
    let lesson = view.scenario.lesson.as_deref();
    let Some((lesson, step)) = lesson.and_then(|lesson| Some((lesson, view.lesson.shown(lesson)?))) else {
        let body = frame::headed(ui, theme, rect, "Lesson", frame::is_titled(ui), |_| {});
        return none_ui(ui, theme, body, commands);
    };
    grade_once(state, view, step);
    let wide = rect.width() >= 380.0;
    let is_low = rect.height() < LOW;
    let prose = if is_low { Prose::TIGHT } else { Prose::COMFORTABLE };
    let inner = rect.shrink2(vec2(if wide { 36.0 } else { 20.0 }, if wide && !is_low { 34.0 } else { 20.0 }));
    let mut child = ui.new_child(UiBuilder::new().id_salt("lesson").max_rect(inner));
    child.set_clip_rect(inner.expand(3.0).intersect(ui.clip_rect()));
    ScrollArea::vertical().id_salt("lesson scroll").auto_shrink(false).show(&mut child, |ui| {
        ui.set_max_width(inner.width().min(PROSE));
        ui.spacing_mut().item_spacing.y = 0.0;
        head_ui(ui, theme, lesson, view.lesson, step, if is_low { 21.0 } else { 25.0 });
        text::paragraphs(ui, theme, &step.text, prose);
        if let Some(question) = &step.question {
            let (_, _, _, right) = state.graded.as_ref().expect("it was graded above");
            question_ui(ui, view, question, right, commands);
        }
        if view.lesson.decided || step.question.is_none() {
            reveal_ui(ui, view, (lesson, step), prose, commands);
        }
        if let Some((_, _, rows, _)) = &state.graded {
            goals_ui(ui, theme, rows, view.lesson.is_open(step));
        }
    });
}

/// What a lesson is, and the way to one.
fn none_ui(ui: &mut Ui, theme: &Theme, body: Rect, commands: &mut Vec<Command>) {
    let inner = body.shrink(space::PANEL);
    frame::scope(ui, "no lesson", inner, Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 12.0;
        ui.set_max_width(inner.width().min(PROSE));
        ui.label(egui::RichText::new(NO_LESSON).font(font::prose()).color(theme.t2));
        ui.horizontal_wrapped(|ui| {
            let first = files::built_in().iter().position(|scenario| scenario.lesson.is_some());
            if first.is_some() && button(ui, theme, "Open a lesson", Loudness::Plain).clicked() {
                commands.extend(first.map(Command::OpenBuiltIn));
            }
            if button(ui, theme, "Show the course", Loudness::Quiet).clicked() {
                commands.push(Command::Shell(ShellCommand::ShowStart(true)));
            }
        });
    });
}

/// Asks the run once for its goals and for what became of the choices.
fn grade_once(state: &mut LessonState, view: &View<'_>, step: &LessonStep) {
    let of = (view.run.generation, view.lesson.step);
    if state.graded.as_ref().is_some_and(|(generation, step, ..)| (*generation, *step) == of) {
        return;
    }
    let (scenario, trace) = (&view.run.scenario, &view.run.trace);
    let choices = step.question.iter().flat_map(|question| &question.choices);
    let right = choices.map(|choice| grade(&choice.holds, scenario, trace)).collect();
    state.graded = Some((of.0, of.1, goals(scenario, trace), right));
}

fn head_ui(ui: &mut Ui, theme: &Theme, lesson: &LessonSpec, at: LessonProgress, step: &LessonStep, size: f32) {
    let count = lesson.steps.len();
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), 4.0), Sense::hover());
    let words = format!("Step {} of {count}", at.step.min(count - 1) + 1);
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, "Progress of the lesson"));
    let width = (row.width() + 5.0) / count as f32;
    for place in 0..count {
        let left = row.left() + width * place as f32;
        let dash = Rect::from_min_size(egui::pos2(left, row.top()), vec2(width - 5.0, 4.0));
        let colour = match place.cmp(&at.step) {
            std::cmp::Ordering::Less => theme.t2,
            std::cmp::Ordering::Equal => theme.you,
            std::cmp::Ordering::Greater => theme.idle,
        };
        ui.painter().rect_filled(dash, radius::BAR, colour);
    }
    ui.add_space(space::PANEL);
    frame::caption(ui, theme, words);
    ui.add_space(space::S);
    let title = ui.painter().layout(step.title.clone(), font::semibold(size), theme.t1, ui.available_width());
    let (place, response) = ui.allocate_exact_size(title.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &step.title));
    ui.painter().galley(place.min, title, theme.t1);
    ui.add_space(14.0);
}

fn question_ui(ui: &mut Ui, view: &View<'_>, question: &Question, right: &[GoalRow], commands: &mut Vec<Command>) {
    let theme = view.theme;
    rule(ui, theme);
    ui.label(egui::RichText::new(&question.ask).font(font::semibold(14.0)).color(theme.t1));
    ui.add_space(space::M);
    for (place, choice) in question.choices.iter().enumerate() {
        let is_chosen = view.lesson.chosen == Some(place);
        let verdict = view.lesson.decided.then(|| right.get(place).is_some_and(|row| row.met));
        if choice_ui(ui, theme, place, (&choice.says, &choice.detail), is_chosen, verdict) && verdict.is_none() {
            commands.push(Command::LessonChoose(place));
        }
        ui.add_space(10.0);
    }
    if view.lesson.decided {
        return;
    }
    if !ui.ctx().text_edit_focused() {
        for (place, key) in KEYS.into_iter().enumerate().take(question.choices.len()) {
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
                commands.push(Command::LessonChoose(place));
            }
        }
    }
    ui.add_space(space::XS);
    let is_chosen = view.lesson.chosen.is_some();
    let pressed = ui.add_enabled_ui(is_chosen, |ui| wide_button(ui, theme, &question.button)).inner;
    if pressed {
        commands.push(Command::LessonDecide);
    }
    if !is_chosen {
        ui.add_space(6.0);
        frame::caption(ui, theme, "Choose first: press a number, or click.");
    }
}

/// A card with a choice. `verdict` is whether it came true, once that is known.
fn choice_ui(
    ui: &mut Ui,
    theme: &Theme,
    place: usize,
    (says, detail): (&str, &str),
    is_chosen: bool,
    verdict: Option<bool>,
) -> bool {
    let width = ui.available_width();
    let room = width - 44.0 - 40.0;
    let says_galley = ui.painter().layout(says.to_owned(), font::medium(13.0), theme.t1, room);
    let detail_galley = ui.painter().layout(detail.to_owned(), font::prose(), theme.t2, room);
    let height = 22.0 + says_galley.size().y + detail_galley.size().y;
    let (card, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), is_chosen, says));
    let (fill, rim) = match (is_chosen, response.hovered() || response.has_focus()) {
        (true, _) => (alpha(theme.you, 0.08), theme.you),
        (false, true) => (theme.raised, theme.idle),
        (false, false) => (theme.panel, theme.hair),
    };
    let painter = ui.painter();
    painter.rect(card, radius::CARD, fill, Stroke::new(if is_chosen { 1.5 } else { 1.0 }, rim), StrokeKind::Inside);
    let spot = egui::pos2(card.left() + 22.0, card.top() + 12.0 + says_galley.size().y / 2.0);
    match verdict {
        Some(true) => drop(painter.add(marks::check(spot, 5.0, theme.watermark))),
        Some(false) => drop(painter.add(marks::cross(spot, 4.0, if is_chosen { theme.dropped } else { theme.t3 }))),
        None => {
            painter.circle_stroke(spot, 6.5, Stroke::new(1.4, if is_chosen { theme.you } else { theme.t3 }));
            if is_chosen {
                painter.circle_filled(spot, 3.5, theme.you);
            }
        }
    }
    let at = egui::pos2(card.left() + 44.0, card.top() + 11.0);
    let below = at + vec2(0.0, says_galley.size().y + 2.0);
    painter.galley(at, says_galley, theme.t1);
    painter.galley(below, detail_galley, theme.t2);
    if verdict.is_none() {
        let key = Rect::from_center_size(egui::pos2(card.right() - 24.0, card.center().y), vec2(18.0, 18.0));
        painter.rect_stroke(key, radius::SEGMENT, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
        let number = (place + 1).to_string();
        painter.text(key.center(), Align2::CENTER_CENTER, number, font::tick(), theme.t3);
    }
    response.clicked()
}

fn reveal_ui(
    ui: &mut Ui,
    view: &View<'_>,
    (lesson, step): (&LessonSpec, &LessonStep),
    prose: Prose,
    commands: &mut Vec<Command>,
) {
    if view.lesson.decided && !step.reveal.is_empty() {
        text::paragraphs(ui, view.theme, &step.reveal, prose);
    }
    let is_last = view.lesson.step + 1 >= lesson.steps.len();
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        if !is_last && button(ui, view.theme, "Next step", Loudness::Main).clicked() {
            commands.push(Command::LessonStep(view.lesson.step + 1));
        }
        if button(ui, view.theme, "From the beginning", Loudness::Plain).clicked() {
            commands.push(Command::LessonStep(0));
        }
    });
    ui.add_space(space::PANEL);
}

fn goals_ui(ui: &mut Ui, theme: &Theme, rows: &[GoalRow], is_open: bool) {
    if rows.is_empty() {
        return;
    }
    ui.add_space(space::M);
    ui.label(egui::RichText::new("Your goal").font(font::semibold(12.5)).color(theme.t1));
    ui.add_space(6.0);
    for row in rows {
        // Before the reader has decided, the end of the run would give the answer away.
        let met = row.met && !is_open;
        let room = ui.available_width() - 24.0;
        let words = if is_open || row.met { row.goal.clone() } else { format!("{} (now {})", row.goal, row.actual) };
        let galley = ui.painter().layout(words, font::prose(), theme.t2, room);
        let (line, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), galley.size().y + 8.0), Sense::hover());
        let state = if is_open {
            "open"
        } else if met {
            "met"
        } else {
            "not met"
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Goal {state}: {}", row.goal)));
        let spot = egui::pos2(line.left() + 7.0, line.top() + 4.0 + 8.0);
        if met {
            ui.painter().add(marks::check(spot, 5.0, theme.watermark));
        } else {
            ui.painter().circle_stroke(spot, 5.5, Stroke::new(1.4, theme.t3));
        }
        ui.painter().galley(egui::pos2(line.left() + 24.0, line.top() + 4.0), galley, theme.t2);
    }
}

fn rule(ui: &mut Ui, theme: &Theme) {
    ui.add_space(space::S);
    let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    marks::hline(ui.painter(), line.x_range(), line.center().y, theme.hair);
    ui.add_space(space::PANEL);
}

/// The main button across the panel.
fn wide_button(ui: &mut Ui, theme: &Theme, text: &str) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), text));
    let (fill, ink) = if ui.is_enabled() { (theme.you, theme.ink) } else { (theme.field, theme.t3) };
    ui.painter().rect_filled(rect, radius::FIELD, fill);
    if response.has_focus() {
        let rim = Stroke::new(1.5, theme.you);
        ui.painter().rect_stroke(rect.expand(2.0), radius::FIELD + 2.0, rim, StrokeKind::Inside);
    }
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, font::semibold(14.0), ink);
    response.clicked()
}
