//! The header of the time map: a legend that counts and filters, what the columns are, which keys,
//! and how the view moves. Without room, zeros go first, then words.

use egui::{Align, Layout, Pos2, Rect, Sense, Ui, vec2};

use crate::app::arrangement::Preset;
use crate::app::panels::time_map::counts::Counts;
use crate::app::panels::time_map::panel::Mode;
use crate::app::panels::window_value::why_by_key;
use crate::app::theme::{font, space};
use crate::app::view::{Command, LegendItem, View};
use crate::app::widgets::controls::{Loudness, button, segments};
use crate::app::widgets::legend::Entry;
use crate::human;
use crate::pipeline::WindowSpec;
use crate::record::KeyId;

/// Keys above which the menu has a field to find one.
const FIND_FROM: usize = 12;

/// Draws what follows the title. `keys` are all keys with how many records they have; what is given up in
/// this run comes with its name.
pub fn header_ui(
    ui: &mut Ui,
    view: &View<'_>,
    keys: &[(KeyId, usize)],
    (counts, given_up): (Counts, Option<&str>),
    mode: &mut Mode,
    key_filter: &mut String,
    commands: &mut Vec<Command>,
) {
    ui.spacing_mut().item_spacing.x = 4.0;
    let room = ui.available_width();
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let loudness = if *mode == Mode::Follow { Loudness::Yours } else { Loudness::Quiet };
        let follow = "One scale on both axes; the view moves with the current instant";
        if button(ui, view.theme, "Follow now", loudness).on_hover_text(follow).clicked() {
            *mode = Mode::Follow;
        }
        views_ui(ui, view, mode);
        if keys.len() > 1 {
            key_menu(ui, view, keys, key_filter, commands);
        }
        let left = ui.available_rect_before_wrap();
        ui.scope_builder(egui::UiBuilder::new().max_rect(left), |ui| {
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                legend_ui(ui, view, (counts, given_up), room, commands)
            });
        });
    });
}

/// How the map is scaled, as segments: one scale, all of the run, delays.
fn views_ui(ui: &mut Ui, view: &View<'_>, mode: &mut Mode) {
    let choices = [
        ("1 : 1", "One scale on both axes: a delay is as long across as it is up, the ideal at 45 degrees"),
        ("Fit", "The whole run (F); Z shows the selection"),
        ("Delay", "Delays up instead of processing time: the watermark is a level, and what is above it came behind"),
    ];
    let chosen = match mode {
        Mode::Follow | Mode::Equal | Mode::Free { equal: true } => 0,
        Mode::Fit => 1,
        Mode::Delay => 2,
        Mode::Free { equal: false } => choices.len(),
    };
    let size = vec2(138.0, space::HIT);
    let picked = ui.allocate_ui(size, |ui| segments(ui, view.theme, "View", &choices, chosen)).inner;
    match picked {
        Some(0) if *mode == Mode::Delay || *mode == Mode::Fit => *mode = Mode::Follow,
        Some(0) => *mode = Mode::Equal,
        Some(1) => *mode = Mode::Fit,
        Some(2) => *mode = Mode::Delay,
        _ => {}
    }
}

fn key_menu(ui: &mut Ui, view: &View<'_>, keys: &[(KeyId, usize)], filter: &mut String, commands: &mut Vec<Command>) {
    let shown = view.key.map_or("All keys".to_owned(), |key| key_name(view, key));
    let short: String = shown.chars().take(18).collect();
    let response = button(ui, view.theme, &format!("{short} \u{23f7}"), Loudness::Quiet);
    let stays_open = egui::PopupCloseBehavior::CloseOnClickOutside;
    egui::Popup::menu(&response).close_behavior(stays_open).show(|ui| {
        ui.set_min_width(190.0);
        if keys.len() > FIND_FROM {
            let field = egui::TextEdit::singleline(filter).hint_text("Find a key").desired_width(f32::INFINITY);
            let field = ui.add(field);
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SearchInput, true, "Find a key"));
        }
        let wanted = filter.trim().to_lowercase();
        let fits = |key: KeyId| wanted.is_empty() || key_name(view, key).to_lowercase().contains(&wanted);
        let found: Vec<(KeyId, usize)> = keys.iter().copied().filter(|&(key, _)| fits(key)).collect();
        let mut pick = |ui: &mut Ui, name: String, key: Option<KeyId>| {
            if ui.selectable_label(view.key == key, name).clicked() {
                commands.push(Command::ShowKey(key));
                ui.close();
            }
        };
        pick(ui, "All keys".to_owned(), None);
        egui::ScrollArea::vertical().max_height(320.0).show_rows(ui, space::HIT, found.len(), |ui, rows| {
            for &(key, count) in &found[rows] {
                let records = if count == 1 { "record" } else { "records" };
                let name = format!("{}, {} {records}", key_name(view, key), human::count(count as u64));
                pick(ui, name, Some(key));
            }
        });
    });
}

fn key_name(view: &View<'_>, key: KeyId) -> String {
    match view.run.trace.stream.key_table().name(key) {
        "" => "(empty key)".to_owned(),
        name => name.to_owned(),
    }
}

fn legend_ui(
    ui: &mut Ui,
    view: &View<'_>,
    (counts, given_up): (Counts, Option<&str>),
    room: f32,
    commands: &mut Vec<Command>,
) {
    let records = [
        (LegendItem::OnTime, "on time", Some(counts.on_time)),
        (LegendItem::Behind, "behind", Some(counts.behind)),
        (LegendItem::Dropped, "dropped", Some(counts.dropped)),
        (LegendItem::SideOutput, "side", Some(counts.side_output)),
    ];
    let lines = [
        (LegendItem::Watermark, "watermark", None),
        (LegendItem::Perfect, "perfect", None),
        (LegendItem::Ideal, "ideal", None),
    ];
    let is_lesson = view.preset == Preset::Learn;
    let given_up = given_up.map(|name| (LegendItem::GivenUp, name, Some(counts.given_up)));
    for (item, name, count) in records.into_iter().chain(given_up).chain(lines) {
        // Without room zeros go first, then the words of the lines.
        if room < 900.0 && count == Some(0) && item == LegendItem::SideOutput {
            continue;
        }
        // A lesson has few records; what it has none of would only tell what is to come.
        if is_lesson && count == Some(0) {
            continue;
        }
        let named = count.is_some() || room >= if is_lesson { 560.0 } else { 860.0 };
        let mut entry = Entry { item, name, count, on: view.legend.shows(item), named };
        entry.named &= entry.width(ui) <= ui.available_width();
        if entry.width(ui) > ui.available_width() {
            break;
        }
        if entry.ui(ui, view.theme).clicked() {
            commands.push(Command::ToggleLegend(item));
        }
    }
    window_key_ui(ui, view);
}

/// What the columns are and what their numbers mean; left out without room.
fn window_key_ui(ui: &mut Ui, view: &View<'_>) {
    let pipeline = &view.run.trace.pipeline;
    let value = pipeline.aggregate;
    let per = match pipeline.window {
        WindowSpec::Tumbling { size, .. } => human::span(size),
        WindowSpec::Sliding { size, slide, .. } => format!("{}, every {}", human::span(size), human::span(slide)),
        WindowSpec::Session { gap } => format!("session, gap {}", human::span(gap)),
        WindowSpec::Cumulative { max, step, .. } => {
            format!("{}, growing by {}", human::span(max), human::span(step))
        }
        WindowSpec::Global => "all time".to_owned(),
    };
    let of = if pipeline.window == WindowSpec::Global { "of" } else { "per" };
    let words = ui.painter().layout_no_wrap(format!("{value} {of} {per}"), font::legend(), view.theme.t2);
    let size = vec2(24.0 + words.size().x, space::HIT);
    if ui.available_width() < size.x {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, words.text()));
    let several_keys = view.key.is_none() && view.run.trace.stream.key_table().len() > 1;
    if let Some(why) = why_by_key(value).filter(|_| several_keys) {
        let why = format!("From the least to the most that a key says: {why}. Choose one key to see its own.");
        response.on_hover_text(why);
    }
    let swatch = Rect::from_center_size(Pos2::new(rect.left() + 11.0, rect.center().y + 1.0), vec2(12.0, 9.0));
    ui.painter().rect_filled(swatch, 0.0, view.theme.window_fill());
    ui.painter().hline(swatch.x_range(), swatch.top(), (2.0, view.theme.window));
    let at = Pos2::new(rect.left() + 22.0, rect.center().y - words.size().y / 2.0);
    ui.painter().galley(at, words, view.theme.t2);
}
