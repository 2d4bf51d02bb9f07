//! The numbers of windows on the map: what a window said first, what it says now, what was taken
//! back, what it holds so far. Where there is only a handful of records, every firing says its value,
//! as in the figures of the Dataflow paper.

use std::cell::RefCell;
use std::collections::BTreeMap;

use egui::{Align2, Color32, Pos2, Rangef, pos2};

use crate::app::arrangement::Preset;
use crate::app::panels::time_map::labels::{close_places, firing_places, shelf_places};
use crate::app::panels::time_map::model::{Column, Firing, is_session};
use crate::app::panels::time_map::panes::Stretch;
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::text::{MapLabel, Piece, rank, shrinking, shrinking_to};
use crate::app::panels::window_value::WindowValue;
use crate::app::theme::font;
use crate::app::time_ticks::{session_name, window_name};
use crate::window::accumulation::Accumulation;
use crate::window::pane::Timing;

/// Size of a pane value beside a lesson, where there are few.
const LEARN_VALUE: f32 = 28.0;
/// Height of a line of pane values, for the places of labels.
const LINE: f32 = 20.0;
/// Firings of one column that all say their value, at most.
const MOST_VALUES: usize = 12;
/// Values taken back by one firing that are shown, at most.
const MOST_STRUCK: usize = 3;

/// The part of a column that is inside the plot; labels stand in it.
fn visible(scene: &Scene<'_>, x: Rangef) -> Rangef {
    Rangef::new(x.min.max(scene.plot.left()), x.max.min(scene.plot.right()))
}

/// What columns have said, by their first pane and how many panes had been fired.
pub type Said = RefCell<BTreeMap<(usize, usize), WindowValue>>;
/// Answers that are kept, at most; there are fewer labels in view.
const MOST_KEPT: usize = 4_096;

/// A column that has fired, for its labels.
pub struct Fired<'a> {
    /// The column.
    pub column: &'a Column,
    /// Its firings by now; not empty.
    pub firings: &'a [Firing],
    /// Where it is across.
    pub x: &'a Stretch<'a>,
    /// Comes after the first answer, in place of its timing.
    pub tail: Option<&'a str>,
    /// Whether it is selected.
    pub selected: bool,
}

/// Labels of a column that has fired: the first answer and the last correction; with discarding
/// panes every answer, since none contains another; in a figure, every firing.
pub fn value_labels(scene: &Scene<'_>, fired: &Fired<'_>) -> Vec<MapLabel> {
    let firings = fired.firings;
    if scene.is_figure() && firings.len() <= MOST_VALUES && !scene.overlapping() {
        return (0..firings.len()).filter_map(|i| figure_label(scene, fired, i)).collect();
    }
    let Some(answer) = firings.iter().position(|firing| firing.timing != Timing::Early) else {
        return last_early_label(scene, fired).into_iter().collect();
    };
    let discards = scene.trace().pipeline.accumulation == Accumulation::Discarding;
    let corrections = firings.len() - 1 - answer;
    if corrections == 0 {
        return label(scene, fired, answer, Weight::Answer).into_iter().collect();
    }
    if discards {
        let shown = (answer..firings.len()).rev().take(MOST_VALUES);
        return shown.filter_map(|i| label(scene, fired, i, Weight::Answer)).collect();
    }
    // Other keys may only have had their first answer later.
    if firings[answer + 1..].iter().all(|firing| firing.timing != Timing::Late) {
        return label(scene, fired, firings.len() - 1, Weight::Answer).into_iter().collect();
    }
    let y_of = |firing: &Firing| scene.axes.proc.px_of(firing.at.micros());
    let mut labels: Vec<MapLabel> =
        label(scene, fired, firings.len() - 1, Weight::Correction { of: answer, corrections }).into_iter().collect();
    let is_apart = y_of(&firings[answer]) - y_of(&firings[firings.len() - 1]) > LINE;
    let is_in_crowd = fired.column.session_of.is_some() && scene.has_lanes;
    if is_apart && !is_in_crowd {
        labels.extend(label(scene, fired, answer, Weight::Corrected));
    }
    labels
}

/// How much a label says, and where it may stand.
#[derive(Clone, Copy, PartialEq)]
enum Weight {
    /// An answer that stands.
    Answer,
    /// The last of so many corrections of the first answer.
    Correction { of: usize, corrections: usize },
    /// A first answer that was corrected.
    Corrected,
}

fn label(scene: &Scene<'_>, fired: &Fired<'_>, i: usize, weight: Weight) -> Option<MapLabel> {
    let theme = scene.theme();
    let firing = &fired.firings[i];
    let y = scene.axes.proc.px_of(firing.at.micros());
    if !scene.plot.y_range().contains(y) {
        return None;
    }
    let x = visible(scene, (fired.x)(firing));
    let value = said(scene, fired.column, firing);
    let main = if weight == Weight::Corrected { theme.t2 } else { theme.t1 };
    let mut pieces = vec![value_piece(scene, value.text(), main)];
    pieces.extend(by_key(scene, value));
    // Among sessions of several keys a number alone would be anybody's.
    let whose = fired.tail.filter(|_| fired.column.session_of.is_some() && weight != Weight::Corrected);
    pieces.extend(whose.map(|name| Piece::word(name, theme.t3)));
    let least = if whose.is_some() && scene.has_lanes { pieces.len() } else { 1 };
    let mut places = places(scene, x, y, matches!(weight, Weight::Correction { .. }));
    let own = if fired.selected { rank::SELECTED } else { rank::VALUE };
    match weight {
        Weight::Answer => {
            let word = fired.tail.unwrap_or_else(|| word(firing.timing));
            pieces.extend((!word.is_empty() && whose.is_none()).then(|| Piece::word(word, theme.t3)));
        }
        Weight::Correction { of, corrections } => {
            let first = said(scene, fired.column, &fired.firings[of]);
            if first != value {
                // What is not taken back is not struck, only followed by something else.
                pieces.push(match scene.trace().pipeline.accumulation {
                    Accumulation::AccumulatingAndRetracting => Piece::withdrawn(first.text(), theme.t3, theme.retract),
                    _ => Piece::word(format!("was {}", first.text()), theme.t2),
                });
            }
            let late = if corrections > 1 { format!("late \u{d7}{corrections}") } else { "late".to_owned() };
            pieces.push(Piece::word(late, theme.t3));
        }
        Weight::Corrected => {
            pieces.truncate(1);
            places.truncate(2);
        }
    }
    let rank = if weight == Weight::Corrected { rank::RUNNING } else { own };
    Some(shrinking_to(scene, rank, &pieces, least, places))
}

/// One firing of a figure: its value, what it takes back, and when it is, seen from its window.
fn figure_label(scene: &Scene<'_>, fired: &Fired<'_>, i: usize) -> Option<MapLabel> {
    let theme = scene.theme();
    let firing = &fired.firings[i];
    let y = scene.axes.proc.px_of(firing.at.micros());
    if !scene.plot.y_range().contains(y) {
        return None;
    }
    let x = visible(scene, (fired.x)(firing));
    let is_last = i + 1 == fired.firings.len();
    let value = said(scene, fired.column, firing);
    let ink = if is_last { theme.t1 } else { theme.t2 };
    let main = match firing.timing {
        Timing::Early => Piece::new(value.text(), font::semibold(13.0), ink),
        _ if scene.view.preset == Preset::Learn && x.span() >= 110.0 => {
            Piece::new(value.text(), font::semibold(LEARN_VALUE), ink)
        }
        _ => Piece::value(value.text(), ink),
    };
    let mut pieces = vec![main];
    pieces.extend(by_key(scene, value));
    let struck = struck(scene, fired, i);
    pieces.extend(struck.into_iter().map(|text| Piece::withdrawn(text, theme.t2, theme.retract)));
    pieces.push(Piece::word(fired.tail.unwrap_or_else(|| word(firing.timing)), theme.t3));
    let places = figure_places(x, y, scene.now_y());
    let rank = match (fired.selected, is_last) {
        (true, _) => rank::SELECTED,
        (false, true) => rank::VALUE,
        (false, false) => rank::RUNNING,
    };
    Some(shrinking(scene, rank, &pieces, places))
}

/// The values that a firing takes back, as they were said.
fn struck(scene: &Scene<'_>, fired: &Fired<'_>, i: usize) -> Vec<String> {
    let (trace, firing) = (scene.trace(), &fired.firings[i]);
    let withdrawn = scene.model.withdrawn(trace, fired.column, firing);
    if withdrawn.is_empty() {
        return Vec::new();
    }
    if fired.column.session_of.is_none() {
        // All keys together, as they were before this firing.
        let before = i.checked_sub(1).map(|before| said(scene, fired.column, &fired.firings[before]));
        return before.map(WindowValue::text).into_iter().collect();
    }
    let value = |pane: &crate::window::pane::Pane| {
        pane.value(trace.pipeline.aggregate).map_or(WindowValue::Unknown, WindowValue::One).text()
    };
    withdrawn.into_iter().take(MOST_STRUCK).map(value).collect()
}

/// Of a window that has ended without an answer, what it said last.
fn last_early_label(scene: &Scene<'_>, fired: &Fired<'_>) -> Option<MapLabel> {
    let last = fired.firings.last()?;
    let has_ended = fired.column.window.end <= scene.view.watermark();
    has_ended.then(|| {
        let x = visible(scene, (fired.x)(last));
        let y = scene.axes.proc.px_of(last.at.micros());
        let text = said(scene, fired.column, last).text();
        let pieces = [value_piece(scene, text, scene.theme().t2), Piece::word(word(last.timing), scene.theme().t3)];
        let rank = if fired.selected { rank::SELECTED } else { rank::RUNNING };
        shrinking(scene, rank, &pieces, places(scene, x, y, false))
    })
}

/// What a column says by one of its firings. Adding up thousands of keys for every label would be slow, so
/// answers are kept from frame to frame.
pub fn said(scene: &Scene<'_>, column: &Column, firing: &Firing) -> WindowValue {
    let place = (scene.model.first_pane(column), firing.panes_by_then);
    if let Some(&known) = scene.said.borrow().get(&place) {
        return known;
    }
    let value = scene.model.value_after(scene.trace(), column, firing.panes_by_then);
    let mut said = scene.said.borrow_mut();
    if said.len() >= MOST_KEPT {
        said.clear();
    }
    said.insert(place, value);
    value
}

fn by_key(scene: &Scene<'_>, value: WindowValue) -> Option<Piece> {
    (!value.tail().is_empty()).then(|| Piece::word(value.tail(), scene.theme().t3))
}

/// A pane value; all small where shelves are flat, so that none looks weightier than its neighbour.
fn value_piece(scene: &Scene<'_>, text: String, colour: Color32) -> Piece {
    if scene.overlapping() && scene.step_px() < 30.0 {
        Piece::new(text, font::semibold(12.0), colour)
    } else {
        Piece::value(text, colour)
    }
}

/// Places for a firing at `y`: of a correction first above its line, where late marks are not;
/// of overlapping windows and sessions only right at the line. Never above now, which is the future.
fn places(scene: &Scene<'_>, x: Rangef, y: f32, is_correction: bool) -> Vec<(Pos2, Align2)> {
    let mut places = if scene.overlapping() {
        shelf_places(x.min, y)
    } else if is_session(scene.trace().pipeline.window) {
        close_places(x.min, x.max, y)
    } else {
        firing_places(x.min, x.max, y, LINE)
    };
    if is_correction {
        places.sort_by_key(|(_, anchor)| anchor.y() != egui::Align::Max);
    }
    let now = scene.now_y();
    places.retain(|(at, anchor)| anchor.y() != egui::Align::Max || at.y - LINE >= now);
    places
}

/// A line over which a label may stand in several places is at least this wide, in points.
const WIDE: f32 = 240.0;

/// Places for a firing of a figure: under its line, along all of it where it is long, a little lower,
/// and on it. Further down a label would seem to belong to the firing before.
fn figure_places(x: Rangef, y: f32, now: f32) -> Vec<(Pos2, Align2)> {
    let all = firing_places(x.min, x.max, y, LINE);
    let is_above = |(_, anchor): &(Pos2, Align2)| anchor.y() == egui::Align::Max;
    let mut places: Vec<_> = all.iter().copied().filter(|place| !is_above(place)).take(2).collect();
    if x.span() > WIDE {
        places.extend((1..8).map(|eighth| (pos2(x.min + x.span() * eighth as f32 / 8.0, y + 3.0), Align2::LEFT_TOP)));
    }
    places.extend(all.iter().copied().filter(|place| !is_above(place)).skip(2).take(2));
    // Never above now, which is the future.
    places.extend(all.into_iter().filter(|place| is_above(place) && place.0.y - LINE >= now).take(2));
    places
}

/// The name of a window: where it starts and ends.
pub fn window_span(column: &Column) -> String {
    let size = column.window.size().micros();
    let name = |at: i64| if column.session_of.is_some() { session_name(at, size) } else { window_name(at, size) };
    format!("{} \u{2013} {}", name(column.window.start.micros()), name(column.window.end.micros()))
}

/// The word for a timing.
pub const fn word(timing: Timing) -> &'static str {
    match timing {
        Timing::Early => "early",
        Timing::OnTime => "on time",
        Timing::Late => "late",
        Timing::AtEnd => "at the end",
    }
}

/// The value of an open window so far, at the now line; `None` when there is none.
pub fn running_label(
    scene: &Scene<'_>,
    x: Rangef,
    so_far: WindowValue,
    tail: &str,
    selected: bool,
) -> Option<MapLabel> {
    let y = scene.now_y();
    let x = visible(scene, x);
    if !scene.plot.y_range().contains(y) || x.span() <= 0.0 {
        return None;
    }
    let theme = scene.theme();
    let is_large = scene.view.preset == Preset::Learn && scene.is_figure() && x.span() >= 110.0;
    let font = if is_large { font::medium(LEARN_VALUE) } else { font::pane_running() };
    let mut pieces = vec![Piece::new(so_far.text(), font, theme.t2)];
    pieces.extend(by_key(scene, so_far));
    pieces.push(Piece::word(tail, theme.t3));
    let rank = if selected { rank::SELECTED } else { rank::RUNNING };
    // Beside its column, at now, it would seem to be of the window before.
    let mut places = places(scene, x, y, false);
    places.retain(|(_, anchor)| *anchor != Align2::RIGHT_CENTER);
    Some(shrinking(scene, rank, &pieces, places))
}

/// Values of early panes, small and at the right of their lines; in a figure they are labels already.
pub fn early_labels(scene: &Scene<'_>, fired: &Fired<'_>) -> Vec<MapLabel> {
    if scene.is_figure() {
        return Vec::new();
    }
    let early = fired.firings.iter().filter(|firing| firing.timing == Timing::Early);
    early
        .map(|firing| {
            let x = visible(scene, (fired.x)(firing));
            let y = scene.axes.proc.px_of(firing.at.micros());
            let piece = Piece::word(said(scene, fired.column, firing).text(), scene.theme().t2);
            let places = vec![(pos2(x.max - 3.0, y - 1.0), Align2::RIGHT_BOTTOM)];
            shrinking(scene, rank::EARLY, &[piece], places)
        })
        .collect()
}
