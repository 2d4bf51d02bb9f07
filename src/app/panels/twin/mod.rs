//! Twin: the run beside the pinned one, in words, numbers, windows and records, at the cursor.
//!
//! - [`cache`]: the comparison, once per pair of runs, shared with the time map
//! - `changed`, `story`: what was changed, and what that did, in words
//! - [`table`], [`fates`]: numbers, windows, records

pub mod cache;
mod changed;
mod fates;
mod story;
mod table;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Layout, Rect, RichText, ScrollArea, Sense, Ui, pos2, vec2};

use crate::app::panels::emissions::lanes::Lanes;
use crate::app::panels::emissions::refresh;
use crate::app::run::Run;
use crate::app::theme::{Theme, font, space};
use crate::app::view::{Command, Selection, View};
use crate::app::widgets::controls::{Loudness, button, wide_button};
use crate::app::widgets::{frame, marks};
use crate::twin::pair::Pair;

use changed::{Changed, changed};
use story::Piece;

/// Height of the row of buttons.
const BUTTONS: f32 = 58.0;
/// Windows that are shown with what they are short of.
const MOST_WINDOWS: usize = 8;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct TwinState {
    lanes: Option<Lanes>,
    pinned: Option<Lanes>,
    /// What was changed, by the generations of both runs.
    changed: Option<((u64, u64), Vec<Changed>)>,
}

/// Draws the panel into all of `ui`.
pub fn twin_ui(ui: &mut Ui, view: &View<'_>, state: &mut TwinState, commands: &mut Vec<Command>) {
    let (rect, theme) = (ui.max_rect(), view.theme);
    let Some(pinned) = view.pinned else {
        *state = TwinState::default();
        let body = frame::headed(ui, theme, rect, "Twin", frame::is_titled(ui), |_| {});
        let words = "Pin this run, change one thing, and see both: what is counted, how much later, and which records \
                     it is about.";
        return invite_ui(ui, theme, body, words, ("Pin this run", Command::Pin), commands);
    };
    let of = (pinned.generation, view.run.generation);
    if state.changed.as_ref().is_none_or(|(known, _)| *known != of) {
        state.changed = Some((of, changed(&pinned.scenario, &view.run.scenario)));
    }
    let changes = state.changed.as_ref().map_or(Vec::new(), |(_, changes)| changes.clone());
    let count = match changes.len() {
        0 => "pinned".to_owned(),
        1 => "one change".to_owned(),
        many => format!("{many} changes"),
    };
    let body = frame::headed(ui, theme, rect, "Twin", frame::is_titled(ui), |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(count).font(font::legend()).color(theme.t3));
        });
    });
    if changes.is_empty() {
        let words = "This run is pinned. Now change one thing, and both runs are shown.";
        return invite_ui(ui, theme, body, words, ("Let it go", Command::Unpin), commands);
    }
    let (body, buttons) = body.split_top_bottom_at_y(rect.bottom() - BUTTONS);
    let inner = body.shrink2(vec2(space::PANEL, 0.0));
    frame::scope(ui, "twin body", inner, Layout::top_down(Align::Min), |ui| {
        ScrollArea::vertical().id_salt("twin scroll").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.set_width(inner.width());
            body_ui(ui, view, pinned, state, &changes, commands);
        });
    });
    let row = buttons.shrink2(vec2(space::PANEL, 0.0));
    frame::scope(ui, "twin buttons", row, Layout::left_to_right(Align::Center), |ui| {
        buttons_ui(ui, theme, &changes, commands);
    });
}

/// Says what to do, with a button that does it.
fn invite_ui(
    ui: &mut Ui,
    theme: &Theme,
    body: Rect,
    words: &str,
    (name, command): (&str, Command),
    commands: &mut Vec<Command>,
) {
    let inner = body.shrink2(vec2(space::PANEL, space::PANEL));
    frame::scope(ui, "twin invitation", inner, Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 12.0;
        let format = TextFormat { line_height: Some(19.0), ..TextFormat::simple(font::prose(), theme.t2) };
        let mut job = LayoutJob::default();
        job.append(words, 0.0, format);
        job.wrap.max_width = inner.width();
        ui.label(job);
        if button(ui, theme, name, Loudness::Plain).clicked() {
            commands.push(command);
        }
    });
}

fn body_ui(
    ui: &mut Ui,
    view: &View<'_>,
    pinned: &Run,
    state: &mut TwinState,
    changes: &[Changed],
    commands: &mut Vec<Command>,
) {
    let theme = view.theme;
    let compared = cache::compared(ui.ctx(), view, Some(commands));
    ui.add_space(14.0);
    finding_ui(ui, theme, changes);
    let Some(pair) = compared.as_ref().and_then(cache::Compared::pair) else {
        ui.add_space(8.0);
        frame::caption(ui, theme, "Comparing both runs\u{2026}");
        return;
    };
    let named = view.key.map(|key| view.run.trace.stream.key_table().name(key));
    let key = named.and_then(|name| pinned.trace.stream.key_table().find(name));
    refresh(&mut state.lanes, view.run, view.key);
    refresh(&mut state.pinned, pinned, key);
    let (Some(lanes), Some(of_pinned)) = (&mut state.lanes, &mut state.pinned) else { return };
    let windows = story::both([pinned, view.run], [of_pinned, lanes], view.now);
    ui.add_space(4.0);
    prose_ui(ui, theme, &story::story(pair, pinned, view.run, &windows, view.now));
    ui.add_space(8.0);
    legend_ui(ui, theme);
    table::table_ui(ui, theme, pair, [pinned, view.run], view.now);
    heading_ui(ui, theme, "Short of the truth, by window", &latest(windows.len()));
    if let Some(both) = table::short_ui(ui, theme, &windows, MOST_WINDOWS) {
        commands.push(Command::Select(Selection::Window { key: both.now.key, window: both.now.window }));
    } else if windows.iter().all(|both| both.now.off_by.is_none() || both.pinned.off_by.is_none()) {
        frame::caption(ui, theme, "No window is complete in both runs yet");
    }
    heading_ui(ui, theme, "Changed fate", &records(pair, view));
    fates::fates_ui(ui, view, pair, commands);
    ui.add_space(12.0);
}

fn latest(windows: usize) -> String {
    if windows >= story::WINDOWS { format!("the latest {windows}") } else { String::new() }
}

fn records(pair: &Pair, view: &View<'_>) -> String {
    match pair.changed_at(view.now) {
        0 => String::new(),
        1 => "1 record".to_owned(),
        count => format!("{} records", crate::human::count(count as u64)),
    }
}

/// What was changed: in one line, or in a list.
fn finding_ui(ui: &mut Ui, theme: &Theme, changes: &[Changed]) {
    let mut job = LayoutJob::default();
    let strong = TextFormat { line_height: Some(21.0), ..TextFormat::simple(font::finding(), theme.t1) };
    let plain = TextFormat { line_height: Some(19.0), ..TextFormat::simple(font::prose(), theme.t2) };
    match changes {
        [one] => job.append(&one.in_words(), 0.0, strong),
        several => {
            job.append(&format!("{} changes", several.len()), 0.0, strong);
            for change in several {
                job.append(&format!("\n{}", change.in_words()), 0.0, plain.clone());
            }
        }
    }
    job.wrap.max_width = ui.available_width();
    ui.label(job);
}

fn prose_ui(ui: &mut Ui, theme: &Theme, pieces: &[Piece]) {
    let mut job = LayoutJob::default();
    for (text, is_strong) in pieces {
        let (font, colour) = if *is_strong { (font::semibold(12.5), theme.t1) } else { (font::prose(), theme.t2) };
        job.append(text, 0.0, TextFormat { line_height: Some(19.0), ..TextFormat::simple(font, colour) });
    }
    job.wrap.max_width = ui.available_width();
    ui.label(job);
}

/// What is drawn how on the time map, as far as there is room.
fn legend_ui(ui: &mut Ui, theme: &Theme) {
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
    let mut left = row.left();
    for (place, name) in ["now", "pinned", "fate changed"].into_iter().enumerate() {
        let galley = ui.painter().layout_no_wrap(name.to_owned(), font::legend(), theme.t2);
        if left + 23.0 + galley.size().x > row.right() {
            break;
        }
        let (from, to) = (pos2(left + 1.0, row.center().y), pos2(left + 17.0, row.center().y));
        match place {
            0 => drop(ui.painter().line_segment([from, to], (2.2, theme.watermark))),
            1 => drop(ui.painter().add(marks::dashed(from, to, (1.5, theme.ghost).into(), 6.0, 3.0))),
            _ => drop(ui.painter().circle_stroke(from + (to - from) / 2.0, 5.5, (1.3, theme.ghost))),
        }
        let width = galley.size().x;
        ui.painter().galley(pos2(left + 23.0, row.center().y - galley.size().y / 2.0), galley, theme.t2);
        left += 23.0 + width + 14.0;
    }
}

fn heading_ui(ui: &mut Ui, theme: &Theme, text: &str, right: &str) {
    ui.add_space(14.0);
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    marks::hline(ui.painter(), row.x_range(), row.top() - 7.0, theme.hair);
    ui.painter().text(row.left_center(), egui::Align2::LEFT_CENTER, text, font::semibold(12.0), theme.t1);
    ui.painter().text(pos2(row.right(), row.center().y), egui::Align2::RIGHT_CENTER, right, font::legend(), theme.t3);
}

fn buttons_ui(ui: &mut Ui, theme: &Theme, changes: &[Changed], commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.x = 8.0;
    let width = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font::value(), theme.t1).size().x + 28.0;
    let (keep, back) = match changes {
        [one] if one.after.len() <= 14 && one.before.len() <= 14 => {
            (format!("Keep {}", one.after), format!("Back to {}", one.before))
        }
        _ => ("Keep this".to_owned(), "Back to pinned".to_owned()),
    };
    let fits = 2.0 * width(&keep).max(width(&back)) + 8.0 <= ui.available_width();
    let (keep, back) = if fits { (keep, back) } else { ("Keep".to_owned(), "Back".to_owned()) };
    let half = (ui.available_width() - 8.0) / 2.0;
    let keep = wide_button(ui, theme, &keep, Loudness::Main, half);
    if keep.on_hover_text("Let the pinned run go, and keep this one").clicked() {
        commands.push(Command::Unpin);
    }
    let back = wide_button(ui, theme, &back, Loudness::Plain, half);
    if back.on_hover_text("Run the pinned settings again").clicked() {
        commands.push(Command::BackToPinned);
    }
}
