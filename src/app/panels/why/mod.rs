//! Why: the reason why, for what is selected, in plain words, with every step a link, and the smallest
//! change that flips the outcome with its price.
//!
//! - [`state`]: what is asked about, its explanation, its prices
//! - [`card`], [`rail`], [`horizon`], [`fixes`], [`units`]: the parts, from top to bottom
//! - [`empty`]: what is offered when nothing is selected
//! - [`icons`]: the marks

mod card;
mod empty;
mod fixes;
mod horizon;
mod icons;
mod rail;
mod state;
mod units;

use egui::{Align, Align2, Layout, Rect, RichText, ScrollArea, Ui, vec2};

use crate::app::theme::{Theme, font, space};
use crate::app::view::{Command, Selection, View};
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::{frame, marks};
use crate::explain::{Link, Step, Subject, When};
use crate::time::ProcTime;

pub use state::WhyState;

use empty::Taken;

/// Draws the panel into all of `ui`.
pub fn why_ui(ui: &mut Ui, view: &View<'_>, state: &mut WhyState, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let subject = state::subject(view);
    let name = subject.and_then(|subject| state.shown(view, subject).explanation.as_ref().map(|it| it.name.clone()));
    let mut back = false;
    let header = |ui: &mut Ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(name) = &name {
                ui.label(RichText::new(name).font(font::legend()).color(view.theme.t3));
            }
            if view.asked.is_some() {
                back = button(ui, view.theme, "Back", Loudness::Quiet).clicked();
            }
        });
    };
    let has_header = frame::is_titled(ui) || name.is_some() || view.asked.is_some();
    let body = frame::headed(ui, view.theme, rect, "Why", has_header, header);
    if back {
        commands.push(Command::Select(view.selection));
    }
    frame::scope(ui, "why body", body, Layout::top_down(Align::Min), |ui| {
        let id = subject.map_or_else(|| "nothing".to_owned(), |subject| format!("{subject:?}"));
        ScrollArea::vertical().id_salt(("why", id)).auto_shrink([false, false]).show(ui, |ui| {
            let inner = ui.available_rect_before_wrap().shrink2(vec2(space::PANEL, 0.0));
            let mut child = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(Layout::top_down(Align::Min)));
            child.spacing_mut().item_spacing.y = 0.0;
            child.set_width(inner.width());
            child.add_space(space::PANEL);
            match subject {
                Some(subject) => subject_ui(&mut child, view, state, subject, commands),
                None => nothing_ui(&mut child, view, state, commands),
            }
            child.add_space(space::PANEL);
            ui.allocate_rect(child.min_rect(), egui::Sense::hover());
        });
    });
}

fn nothing_ui(ui: &mut Ui, view: &View<'_>, state: &mut WhyState, commands: &mut Vec<Command>) {
    let found = state.suggestions(view.run);
    match empty::empty_ui(ui, view, &state::case(view.run), found) {
        Some(Taken::Select(selection)) => commands.push(Command::Select(selection)),
        Some(Taken::Ask(subject)) => commands.push(Command::Ask(subject)),
        None => {}
    }
}

fn subject_ui(ui: &mut Ui, view: &View<'_>, state: &mut WhyState, subject: Subject, commands: &mut Vec<Command>) {
    let is_held = ui.input(|input| input.pointer.any_down());
    let shown = state.shown(view, subject);
    if !is_held {
        shown.ask_for_prices(view.run, commands);
    }
    let Some(explanation) = shown.explanation.clone() else {
        let words = if view.run.insight().is_none() {
            "Looking at what every task did."
        } else {
            "There is no such thing in this run."
        };
        ui.label(RichText::new(words).font(font::prose()).color(view.theme.t2));
        return;
    };
    card::card_ui(ui, view.theme, &explanation);
    ui.add_space(space::M);
    let pressed = rail::rail_ui(ui, view.theme, &explanation, view.now.micros());
    if let Some(horizon) = &explanation.horizon {
        section(ui, view.theme, "How late is too late", "");
        horizon::horizon_ui(ui, view.theme, horizon);
    }
    fixes::fixes_ui(ui, view, shown, commands);
    if let Some(group) = explanation.group.as_ref().filter(|group| !group.is_empty())
        && let Some(id) = units::units_ui(ui, view.theme, group, subject)
    {
        commands.push(Command::Select(Selection::Record(id)));
    }
    if let Some(step) = pressed.and_then(|place| explanation.steps.get(place)) {
        follow(view, subject, step, commands);
    }
}

/// Goes where a step leads.
fn follow(view: &View<'_>, subject: Subject, step: &Step, commands: &mut Vec<Command>) {
    let at = match step.at {
        When::Event(at) => at.on_proc_clock(),
        When::Processing(at) => at,
    };
    let seek = |at: ProcTime, commands: &mut Vec<Command>| {
        commands.push(Command::Pause);
        commands.push(Command::Seek(at));
    };
    match step.link {
        Link::Record(id) if subject == Subject::Record(id) => seek(at, commands),
        Link::Record(id) => commands.push(Command::Select(Selection::Record(id))),
        Link::Window { key, window } => commands.push(Command::Select(Selection::Window { key, window })),
        Link::Pane(place) => {
            if let Some(pane) = view.run.trace.panes.get(place as usize) {
                seek(pane.emitted_at, commands);
                let of_all = matches!(subject, Subject::Window { key: None, .. });
                let key = if of_all { None } else { Some(pane.key) };
                commands.push(Command::Select(Selection::Window { key, window: pane.window }));
            }
        }
        Link::Instant(at) | Link::Fault { at, .. } => seek(at, commands),
        Link::Partition { partition, at } => commands.push(Command::Ask(Subject::Partition { partition, at })),
    }
}

/// The heading of a part under a hairline, with a caption at its right end.
fn section(ui: &mut Ui, theme: &Theme, title: &str, caption: &str) {
    ui.add_space(space::M);
    let rect = ui.available_rect_before_wrap();
    marks::hline(ui.painter(), rect.x_range().expand(space::PANEL), rect.top(), theme.hair);
    ui.add_space(space::M);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, 20.0), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, title));
    paint_heading(ui, theme, rect, title, caption);
    ui.add_space(space::S);
}

fn paint_heading(ui: &Ui, theme: &Theme, rect: Rect, title: &str, caption: &str) {
    let painter = ui.painter();
    let left = painter.text(rect.left_center(), Align2::LEFT_CENTER, title, font::title(), theme.t1);
    let galley = painter.layout_no_wrap(caption.to_owned(), font::legend(), theme.t3);
    if left.right() + space::S + galley.size().x <= rect.right() {
        painter.galley(rect.right_center() - vec2(galley.size().x, galley.size().y / 2.0), galley, theme.t3);
    }
}
