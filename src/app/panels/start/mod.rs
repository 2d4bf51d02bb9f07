//! The start page: where you were, scenarios to take apart, a stream of your own, questions, files opened last.
//! It reads the state and asks for thumbnails; nothing on it is made up.
//!
//! - [`cards`]: what can be pressed, with a picture
//! - [`side`]: the column at the right
//! - [`thumbnails`]: small time maps of real runs
//! - [`questions`]: what people ask, and what answers it

pub mod cards;
pub mod questions;
pub mod side;
pub mod thumbnails;

use std::collections::BTreeMap;

use egui::{Align, Layout, Rect, RichText, ScrollArea, TextureHandle, Ui, UiBuilder, Vec2, pos2, vec2};

use crate::app::files;
use crate::app::panels::start::cards::{card_ui, was_ui};
use crate::app::panels::start::thumbnails::Wanted;
use crate::app::state::State;
use crate::app::theme::{Theme, ThemeChoice, font, space};
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button};
use crate::human;
use crate::scenario::library;

/// What the page keeps between frames.
#[derive(Default)]
pub struct StartState {
    textures: BTreeMap<(String, ThemeChoice), TextureHandle>,
    /// Whether every scenario is shown, not only the first two rows.
    shows_all: bool,
    /// Thumbnails that were missing in this frame.
    pub wanted: Vec<Wanted>,
}

/// What the page is drawn from.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    /// Files, thumbnails, where the reader was.
    pub state: &'a State,
    /// Colours.
    pub theme: &'a Theme,
}

/// The demos: four ways in which a stream goes wrong, each in few words.
const DEMOS: [(&str, &str); 4] = [
    ("trams-tunnel", "one tram of four goes silent"),
    ("lag-spiral", "a minute of too much, worked off"),
    ("exactly-once", "crashes that leave no trace"),
    ("slow-operator", "backpressure up to the source"),
];
/// The scenarios that stand first.
const FIRST: [&str; 12] = [
    "tumbling",
    "watermark",
    "disorder",
    "sliding",
    "sessions",
    "idle-partition",
    "wrong-clock",
    "hot-key",
    "at-least-once",
    "checkpoint-cascade",
    "poison-crash-loop",
    "rebalance-eager",
];
/// Width of both columns and the gap, at most.
const WIDTH: f32 = 1_472.0;
/// From this width on there are two columns.
const TWO_COLUMNS: f32 = 1_080.0;
/// So few lessons have wide cards.
const FEW_LESSONS: usize = 4;
/// Between cards.
const GAP: f32 = 14.0;

/// Draws the page into all of `ui`.
pub fn start_ui(ui: &mut Ui, page: Page<'_>, start: &mut StartState, commands: &mut Vec<Command>) {
    let area = ui.max_rect();
    ui.painter().rect_filled(area, 0.0, page.theme.bg);
    start.wanted.clear();
    ScrollArea::vertical().id_salt("start page").auto_shrink(false).show(ui, |ui| {
        let margin = if area.width() >= 1_500.0 { 64.0 } else { 32.0_f32.min(area.width() * 0.04) };
        let width = (area.width() - 2.0 * margin).clamp(240.0, WIDTH);
        let left = ui.cursor().left() + (ui.available_width() - width) / 2.0;
        let top = ui.cursor().top() + if area.height() >= 900.0 { 34.0 } else { 20.0 };
        let is_wide = width >= TWO_COLUMNS;
        let (side_width, gap) = if width >= 1_400.0 { (368.0, 64.0) } else { (312.0, 40.0) };
        let main_width = if is_wide { width - side_width - gap } else { width };
        let bottom = column(ui, "main", pos2(left, top), main_width, |ui| main_ui(ui, page, start, commands));
        let (side_at, side_width) = if is_wide {
            (pos2(left + main_width + gap, top), side_width)
        } else {
            (pos2(left, bottom + space::L), width)
        };
        let side_bottom = column(ui, "side", side_at, side_width, |ui| side::side_ui(ui, page, commands));
        let end = bottom.max(side_bottom) + space::L;
        ui.allocate_rect(
            Rect::from_min_max(pos2(area.left(), ui.cursor().top()), pos2(area.right(), end)),
            egui::Sense::hover(),
        );
    });
}

/// A column that grows down from `at`. Its lower end.
fn column(ui: &mut Ui, salt: &str, at: egui::Pos2, width: f32, contents: impl FnOnce(&mut Ui)) -> f32 {
    let rect = Rect::from_min_size(at, vec2(width, 10_000.0));
    let builder = UiBuilder::new().id_salt(salt).max_rect(rect).layout(Layout::top_down(Align::Min));
    let mut child = ui.new_child(builder);
    child.spacing_mut().item_spacing.y = 0.0;
    contents(&mut child);
    child.min_rect().bottom()
}

/// The title of a section, with a pale remark.
pub fn heading(ui: &mut Ui, theme: &Theme, title: &str, remark: &str, right: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_height(20.0);
        ui.label(RichText::new(title).font(font::semibold(14.0)).color(theme.t1));
        ui.add_space(4.0);
        ui.label(RichText::new(remark).font(font::prose()).color(theme.t3));
        ui.with_layout(Layout::right_to_left(Align::Center), right);
    });
    ui.add_space(space::M);
}

fn main_ui(ui: &mut Ui, page: Page<'_>, start: &mut StartState, commands: &mut Vec<Command>) {
    let theme = page.theme;
    heading(ui, theme, "Where you were", "", |_| {});
    was_ui(ui, page, start, commands);
    ui.add_space(space::L);
    let lessons = lessons();
    if !lessons.is_empty() {
        let plural = if lessons.len() == 1 { "" } else { "s" };
        let remark = format!("{} lesson{plural}. You predict, then you see.", lessons.len());
        let done = lessons.iter().filter(|place| progress(page, **place) == Some(1.0)).count();
        heading(ui, theme, "Course", &remark, |ui| {
            ui.label(RichText::new(format!("{done} done")).font(font::prose()).color(theme.t2));
        });
        let cards = if lessons.len() <= FEW_LESSONS { GridOf::Wide } else { GridOf::Small };
        grid(ui, page, start, commands, &lessons, (cards, true));
        ui.add_space(space::L);
    }
    heading(ui, theme, "Demos", "Four ways in which a stream goes wrong", |_| {});
    let demos: Vec<usize> = DEMOS.iter().filter_map(|(slug, _)| place_of(slug)).collect();
    grid(ui, page, start, commands, &demos, (GridOf::Large, false));
    ui.add_space(space::L);
    let others = scenarios(&demos, &lessons);
    let remark = format!("{} streams to take apart", others.len());
    let words = if start.shows_all { "Show fewer" } else { "Show all" };
    let mut switched = false;
    heading(ui, theme, "Scenarios", &remark, |ui| switched = button(ui, theme, words, Loudness::Quiet).clicked());
    start.shows_all ^= switched;
    let shown = if start.shows_all { others.len() } else { FIRST.len().min(others.len()) };
    grid(ui, page, start, commands, &others[..shown], (GridOf::Small, false));
}

fn place_of(slug: &str) -> Option<usize> {
    library::BUILT_IN.iter().position(|built_in| built_in.slug == slug)
}

/// The scenarios with a lesson, in the order of the menu.
fn lessons() -> Vec<usize> {
    (0..files::built_in().len()).filter(|place| files::built_in()[*place].lesson.is_some()).collect()
}

/// How much of the lesson of a scenario the reader has seen, from 0 to 1; `None` where there is none, or none was
/// begun.
fn progress(page: Page<'_>, place: usize) -> Option<f32> {
    let steps = files::built_in().get(place)?.lesson.as_ref()?.steps.len().max(1);
    let seen = page.state.saved.course.get(library::BUILT_IN.get(place)?.slug)?;
    Some((*seen as f32 / steps as f32).min(1.0))
}

/// All others, the telling ones first.
fn scenarios(demos: &[usize], lessons: &[usize]) -> Vec<usize> {
    let first = FIRST.iter().filter_map(|slug| place_of(slug));
    let mut places: Vec<usize> = Vec::new();
    for place in first.chain(0..files::built_in().len()) {
        if !places.contains(&place) && !demos.contains(&place) && !lessons.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// How large the cards of a grid are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GridOf {
    Small,
    Large,
    /// The picture beside the words: for a few that would look lost in a row of six.
    Wide,
}

/// Cards in rows of equal width.
fn grid(
    ui: &mut Ui,
    page: Page<'_>,
    start: &mut StartState,
    commands: &mut Vec<Command>,
    places: &[usize],
    (cards, numbered): (GridOf, bool),
) {
    let width = ui.available_width();
    let (least, most) = match cards {
        GridOf::Small => (148.0, 6.0),
        GridOf::Large => (200.0, 4.0),
        GridOf::Wide => (420.0, places.len().clamp(1, 2) as f32),
    };
    let columns = ((width + GAP) / (least + GAP)).floor().clamp(1.0, most);
    let card_width = (width - (columns - 1.0) * GAP) / columns;
    let height = match cards {
        GridOf::Small => (card_width - 16.0) * 0.62 + 66.0,
        GridOf::Large => (card_width - 16.0) * 0.66 + 66.0,
        GridOf::Wide => cards::WIDE,
    };
    let size = vec2(card_width, height);
    for (row_number, row) in places.chunks(columns as usize).enumerate() {
        let (rect, _) = ui.allocate_exact_size(vec2(width, size.y), egui::Sense::hover());
        for (nth, &place) in row.iter().enumerate() {
            let at = rect.min + vec2(nth as f32 * (card_width + GAP), 0.0);
            let number = numbered.then_some(row_number * columns as usize + nth + 1);
            card_ui(ui, page, start, Rect::from_min_size(at, size), place, number, commands);
        }
        ui.add_space(GAP);
    }
}

impl StartState {
    /// The texture of a thumbnail, which is asked for when it is not there yet. Sizes are in points.
    fn texture(
        &mut self,
        ui: &Ui,
        page: Page<'_>,
        wanted: impl FnOnce() -> Wanted,
        name: &str,
    ) -> Option<TextureHandle> {
        let Some(done) = page.state.shell.thumbnails.done.get(name) else {
            self.wanted.push(wanted());
            return None;
        };
        let choice = page.theme.choice;
        let image = done.images.get(usize::from(choice == ThemeChoice::Light))?;
        let key = (name.to_owned(), choice);
        let texture = self.textures.entry(key).or_insert_with(|| {
            let options = egui::TextureOptions::LINEAR;
            ui.ctx().load_texture(name, egui::ImageData::Color(std::sync::Arc::clone(image)), options)
        });
        Some(texture.clone())
    }

    /// The thumbnail of a built-in scenario.
    fn of_built_in(&mut self, ui: &Ui, page: Page<'_>, place: usize, size: Vec2) -> Option<TextureHandle> {
        let slug = library::BUILT_IN.get(place)?.slug;
        let scenario = files::built_in().get(place)?;
        let wanted = || Wanted { name: slug.to_owned(), scenario: scenario.clone(), at: None, size };
        self.texture(ui, page, wanted, slug)
    }
}

/// A demo in few words; `None` for other scenarios.
fn in_few_words(place: usize) -> Option<&'static str> {
    let slug = library::BUILT_IN.get(place)?.slug;
    DEMOS.iter().find(|(demo, _)| *demo == slug).map(|(_, words)| *words)
}

/// `10 min, 845 records`, as far as it is known.
fn figures(page: Page<'_>, place: usize) -> String {
    let (Some(built_in), Some(scenario)) = (library::BUILT_IN.get(place), files::built_in().get(place)) else {
        return String::new();
    };
    let length = human::span(scenario.duration);
    match page.state.shell.thumbnails.done.get(built_in.slug).map(|done| done.records) {
        Some(records) if records > 0 => format!("{} records", human::count(records as u64)),
        _ => length,
    }
}
