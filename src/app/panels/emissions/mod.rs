//! Emissions: one lane per window, from its first record to the end of its state, with every firing
//! on the way and the value beside the truth; beside the pinned run, where there is one.
//!
//! - [`lanes`], [`opened`], [`so_far`], [`truth`], [`keys`]: which windows are shown, and what is known of each
//! - [`table`], [`marks_of_lanes`], [`card`]: drawing

mod card;
mod keys;
pub mod lanes;
mod marks_of_lanes;
mod opened;
mod so_far;
mod table;
mod truth;

use egui::{Align2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use crate::app::run::Run;
use crate::app::theme::{Theme, font, space};
use crate::app::view::{Command, Selection, View};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{focus, frame};
use crate::record::KeyId;
use crate::window::pane::Window;

use keys::Keys;
use lanes::{Lane, Lanes};
use opened::Opened;
use table::{AXIS, INDENT, LANE, NUMBER, Room, Row, Table};

/// Room that the name of the first column of numbers takes left of its right end.
const HEAD_REACH: f32 = 40.0;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct EmissionsState {
    lanes: Option<Lanes>,
    pinned: Option<Lanes>,
    /// The window whose keys are shown.
    unfolded: Option<Window>,
    keys: Option<Keys>,
    /// How many rows the reader has scrolled back from the newest.
    back: f32,
}

impl EmissionsState {
    fn prepare(&mut self, view: &View<'_>) {
        refresh(&mut self.lanes, view.run, view.key);
        match view.pinned {
            Some(pinned) => {
                // Keys are numbered by every run for itself.
                let named = view.key.map(|key| view.run.trace.stream.key_table().name(key));
                let key = named.and_then(|name| pinned.trace.stream.key_table().find(name));
                refresh(&mut self.pinned, pinned, key);
            }
            None => self.pinned = None,
        }
        match self.unfolded {
            Some(window) if !self.keys.as_ref().is_some_and(|keys| keys.is_of(view.run, window)) => {
                self.keys = Some(Keys::of(view.run, window));
            }
            Some(_) => {}
            None => self.keys = None,
        }
    }
}

/// Makes sure that `lanes` are those of this run and key.
pub fn refresh(lanes: &mut Option<Lanes>, run: &Run, key: Option<KeyId>) {
    if !lanes.as_ref().is_some_and(|lanes| lanes.is_of(run, key)) {
        *lanes = Some(Lanes::of(run, key, lanes.as_ref()));
    }
}

/// Draws the panel into all of `ui`.
pub fn emissions_ui(ui: &mut Ui, view: &View<'_>, state: &mut EmissionsState, commands: &mut Vec<Command>) {
    state.prepare(view);
    let rect = ui.max_rect();
    let has_early = state.lanes.as_ref().is_some_and(|lanes| lanes.has_early);
    frame::panel(ui, view.theme, rect, "Emissions", |ui| header_ui(ui, view, has_early), |_| {});
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::PANEL, 0.0));
    frame::scope(ui, "emissions body", body, egui::Layout::top_down(egui::Align::Min), |ui| {
        body_ui(ui, view, state, body, commands);
    });
}

fn header_ui(ui: &mut Ui, view: &View<'_>, has_early: bool) {
    let theme = view.theme;
    let is_twin = view.pinned.is_some();
    if is_twin {
        ui.label(egui::RichText::new("now above, pinned below").font(font::legend()).color(theme.t3));
    } else {
        legend_ui(ui, theme, has_early);
    }
    let names = if is_twin { ["value", "pinned", "later"] } else { ["value", "truth", "off by"] };
    let y = ui.max_rect().center().y;
    for (place, name) in names.into_iter().enumerate() {
        let at = pos2(ui.max_rect().right() - NUMBER * (2 - place) as f32, y);
        let colour = if name == "pinned" { theme.ghost } else { theme.t3 };
        ui.painter().text(at, Align2::RIGHT_CENTER, name, font::legend(), colour);
    }
}

fn legend_ui(ui: &mut Ui, theme: &Theme, has_early: bool) {
    ui.spacing_mut().item_spacing.x = 5.0;
    let columns = ui.max_rect().right() - 2.0 * NUMBER - HEAD_REACH;
    for (place, name) in ["early", "on time", "late", "kept for late ones"].into_iter().enumerate() {
        if place == 0 && !has_early {
            continue;
        }
        let width = ui.painter().layout_no_wrap(name.to_owned(), font::legend(), theme.t2).size().x;
        if ui.cursor().left() + 14.0 + 5.0 + width > columns {
            break;
        }
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, space::HIT), Sense::hover());
        let (at, colour) = (rect.center(), theme.window);
        match place {
            0 => marks_of_lanes::early(ui.painter(), at, 5.0, colour),
            1 => marks_of_lanes::on_time(ui.painter(), at, 6.5, colour),
            2 => marks_of_lanes::late(ui.painter(), at, colour),
            _ => marks_of_lanes::kept(ui.painter(), rect.x_range(), at.y, colour),
        }
        ui.label(egui::RichText::new(name).font(font::legend()).color(theme.t2));
        ui.add_space(3.0);
    }
}

fn body_ui(ui: &mut Ui, view: &View<'_>, state: &mut EmissionsState, body: Rect, commands: &mut Vec<Command>) {
    let EmissionsState { lanes: Some(lanes), pinned, keys, unfolded, back, .. } = state else { return };
    let opened = lanes.opened(view.now);
    let height = table::lane_height(body.height(), lanes.windows(), view.pinned.is_some());
    // Where much would stay empty below, the axis stands under the last of them.
    let keys_shown = keys.as_ref().map_or(0, |keys| keys.count_at(view.now).1);
    let needed = (lanes.windows() + keys_shown) as f32 * height + AXIS;
    let body = if body.height() > 1.5 * needed { body.with_max_y(body.top() + needed) } else { body };
    let rows = (((body.height() - AXIS) / height).floor().max(1.0) as usize).min(200);
    if opened.is_empty() {
        let text = "No window has a record yet";
        ui.painter().text(body.center(), Align2::CENTER_CENTER, text, font::body(), view.theme.t3);
        return;
    }
    let selected = lanes.selected(view.run, view.selection);
    let list = List::of(view, lanes, &opened, keys.as_ref());
    let first = scrolled(ui, selected.and_then(|column| list.place_of(&opened, column)), list.len, rows, back, body);
    let shown: Vec<Row> = (first..(first + rows).min(list.len))
        .filter_map(|place| list.row(view, (lanes, pinned.as_mut()), &opened, keys.as_ref(), place, selected))
        .collect();
    let unfolds = view.key.is_none() && view.run.trace.stream.key_table().len() > 1;
    let indent = if unfolds { INDENT } else { 0.0 };
    let table = Table::new(ui.painter(), view, &shown, body, Room { height, indent });
    table.paint_ground(ui.painter(), view.theme);
    for (place, row) in shown.iter().enumerate() {
        row_ui(ui, view, &table, row, place, unfolds, unfolded, commands);
    }
    table.paint_now(ui.painter(), view);
    scrollbar(ui, view.theme, body, first, rows, list.len);
}

/// A row, and what the pointer does on it.
#[expect(clippy::too_many_arguments, reason = "a row is drawn, picked and unfolded")]
fn row_ui(
    ui: &mut Ui,
    view: &View<'_>,
    table: &Table,
    row: &Row,
    place: usize,
    unfolds: bool,
    unfolded: &mut Option<Window>,
    commands: &mut Vec<Command>,
) {
    let (lane, rect) = (&row.lane, table.row(place));
    let id = ui.scope_id().with((lane.window.start.micros(), lane.window.end.micros(), lane.key, row.is_key));
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| {
        let what = if row.is_key { "Key" } else { "Window" };
        let label = format!("{what} {}, value {}", lane.name, lane.value.text());
        egui::WidgetInfo::selected(egui::Role::Row, true, row.is_selected, label)
    });
    if response.clicked() {
        let selection = Selection::Window { key: lane.key, window: lane.window };
        commands.push(Command::Select(if row.is_selected { Selection::None } else { selection }));
    }
    table.paint_row(ui.painter(), view, row, rect, response.hovered());
    focus::ring(ui, view.theme, rect, &response);
    if unfolds && !row.is_key && lane.key.is_none() {
        let is_open = *unfolded == Some(lane.window);
        if fold_ui(ui, view.theme, rect, &lane.name, is_open) {
            *unfolded = (!is_open).then_some(lane.window);
        }
    }
    card::card(response, view.theme, row);
}

/// The triangle that unfolds the keys of a window. Whether it was pressed.
fn fold_ui(ui: &mut Ui, theme: &Theme, row: Rect, name: &str, is_open: bool) -> bool {
    let hit = Rect::from_min_size(row.min, vec2(INDENT + 8.0, row.height()));
    let response = ui.interact(hit, ui.scope_id().with(("keys of", name)), Sense::click());
    let label = format!("Keys of {name}");
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::DisclosureTriangle, true, is_open, &label));
    let at = pos2(row.left() + 10.0, row.center().y);
    let colour = if response.hovered() || response.has_focus() { theme.t1 } else { theme.t3 };
    let corners = if is_open {
        vec![at + vec2(-3.0, -1.5), at + vec2(3.0, -1.5), at + vec2(0.0, 2.5)]
    } else {
        vec![at + vec2(-1.5, -3.0), at + vec2(2.5, 0.0), at + vec2(-1.5, 3.0)]
    };
    ui.painter().add(Shape::convex_polygon(corners, colour, Stroke::NONE));
    focus::ring(ui, theme, hit.shrink(1.0), &response);
    response.on_hover_text("Show its keys").clicked()
}

/// The rows in their order: windows by start, and below the unfolded one its keys.
struct List {
    /// The place of the unfolded window among those that are open, and how many keys follow it.
    unfolded: Option<(usize, usize)>,
    len: usize,
}

impl List {
    fn of(view: &View<'_>, lanes: &Lanes, opened: &Opened, keys: Option<&Keys>) -> Self {
        let unfolded = keys.and_then(|keys| {
            let place = opened.place_of(lanes.find(keys.window, None)?)?;
            Some((place, keys.count_at(view.now).1))
        });
        Self { unfolded, len: opened.len() + unfolded.map_or(0, |(_, keys)| keys) }
    }

    fn place_of(&self, opened: &Opened, column: usize) -> Option<usize> {
        let place = opened.place_of(column)?;
        Some(match self.unfolded {
            Some((unfolded, keys)) if place > unfolded => place + keys,
            _ => place,
        })
    }

    fn row(
        &self,
        view: &View<'_>,
        (lanes, pinned): (&mut Lanes, Option<&mut Lanes>),
        opened: &Opened,
        keys: Option<&Keys>,
        place: usize,
        selected: Option<usize>,
    ) -> Option<Row> {
        let place = match self.unfolded {
            Some((at, count)) if place > at && place <= at + count => {
                let lane = keys?.lane(view.run, view.now, place - at - 1)?;
                let is_selected = view.selection == Selection::Window { key: lane.key, window: lane.window };
                return Some(Row { lane, pinned: None, is_key: true, is_selected });
            }
            Some((at, count)) if place > at => place - count,
            _ => place,
        };
        let column = opened.get(place)?;
        let lane = lanes.lane(view.run, view.now, column);
        let pinned = view.pinned.zip(pinned).and_then(|(run, lanes)| twin_of(view, run, lanes, &lane));
        Some(Row { is_selected: selected == Some(column), lane, pinned, is_key: false })
    }
}

/// What the pinned run has of a window; of a session, the one that starts in it.
fn twin_of(view: &View<'_>, pinned: &Run, lanes: &mut Lanes, lane: &Lane) -> Option<Lane> {
    let name = lane.key.map(|key| view.run.trace.stream.key_table().name(key));
    let key = name.and_then(|name| pinned.trace.stream.key_table().find(name));
    let column = lanes.find(lane.window, key)?;
    (lanes.column(column).opened_at <= view.now).then(|| lanes.lane(pinned, view.now, column))
}

/// The first row to show: the newest ones, or as far back as the reader has scrolled, or around
/// the selection where that would be out of sight.
fn scrolled(ui: &Ui, selected: Option<usize>, len: usize, rows: usize, back: &mut f32, body: Rect) -> usize {
    let most = len.saturating_sub(rows);
    let is_inside = ui.rect_contains_pointer(body);
    let scroll = if is_inside { ui.input(|input| input.smooth_scroll_delta().y) } else { 0.0 };
    *back = (*back + scroll / LANE).within(0.0, most as f32);
    let first = most - (*back as usize).min(most);
    match selected {
        Some(place) if *back == 0.0 && place < first => place.saturating_sub(rows / 2).min(most),
        _ => first,
    }
}

/// How much of the rows is in view, where not all are.
fn scrollbar(ui: &Ui, theme: &Theme, body: Rect, first: usize, rows: usize, len: usize) {
    if len <= rows {
        return;
    }
    let height = body.height() - AXIS;
    let length = (height * rows as f32 / len as f32).max(12.0);
    let top = body.top() + (height - length) * first as f32 / (len - rows) as f32;
    let bar = Rect::from_min_size(pos2(body.right() + 9.0, top), vec2(3.0, length));
    ui.painter().with_clip_rect(ui.clip_rect().expand2(vec2(space::PANEL, 0.0))).rect_filled(bar, 1.5, theme.idle);
}
