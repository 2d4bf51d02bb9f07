//! Labels of the time map as letters: a number with its tail, on one plate of plot colour. What a
//! label gives up when there is no room is decided by [`super::labels`].

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Align2, Color32, FontId, Galley, Pos2, Rect, Stroke, Vec2, vec2};

use crate::app::panels::time_map::labels::{self, Obstacles, Placed, Wanted};
use crate::app::panels::time_map::scene::Scene;
use crate::app::theme::{font, radius};

/// Air between the letters and the rim of the plate.
const AIR: Vec2 = vec2(4.0, 0.0);

/// Ranks of labels: lower is placed first.
pub mod rank {
    /// Of what is selected.
    pub const SELECTED: u8 = 0;
    /// The value of a pane.
    pub const VALUE: u8 = 1;
    /// The value of an open window.
    pub const RUNNING: u8 = 2;
    /// Where a window closes.
    pub const HORIZON: u8 = 3;
    /// The value of an early pane.
    pub const EARLY: u8 = 4;
}

/// A label that looks for a place.
#[derive(Clone, Debug)]
pub struct MapLabel {
    /// See [`rank`].
    pub rank: u8,
    /// What it says, from most to least.
    pub variants: Vec<Arc<Galley>>,
    /// Where it may stand, best first.
    pub places: Vec<(Pos2, Align2)>,
}

/// A piece of a label.
#[derive(Clone, Debug)]
pub struct Piece {
    text: String,
    font: FontId,
    colour: Color32,
    strike: Option<Color32>,
}

impl Piece {
    /// Plain text.
    pub fn new(text: impl Into<String>, font: FontId, colour: Color32) -> Self {
        Self { text: text.into(), font, colour, strike: None }
    }

    /// The value of a pane.
    pub fn value(text: impl Into<String>, colour: Color32) -> Self {
        Self::new(text, font::pane_value(), colour)
    }

    /// A word after a value.
    pub fn word(text: impl Into<String>, colour: Color32) -> Self {
        Self::new(text, font::tick_inside(), colour)
    }

    /// A value that was withdrawn, struck through.
    pub fn withdrawn(text: impl Into<String>, colour: Color32, strike: Color32) -> Self {
        Self { strike: Some(strike), ..Self::new(text, font::regular(12.0), colour) }
    }
}

/// Lays out pieces side by side on one line.
pub fn line(scene: &Scene<'_>, pieces: &[Piece]) -> Arc<Galley> {
    let mut job = LayoutJob::default();
    for (i, piece) in pieces.iter().enumerate() {
        let format = TextFormat {
            font_id: piece.font.clone(),
            color: piece.colour,
            strikethrough: piece.strike.map_or(Stroke::NONE, |colour| Stroke::new(1.5, colour)),
            valign: Align::Center,
            ..TextFormat::default()
        };
        let blank = TextFormat { strikethrough: Stroke::NONE, ..format.clone() };
        // The strike covers the value alone: with the space before it, it would read as a minus.
        let space = if i == 0 { 0.0 } else { 4.0 };
        if piece.strike.is_some() && i > 0 {
            job.append(" ", space - 3.0, blank);
            job.append(&piece.text, 0.0, format);
        } else {
            job.append(&piece.text, space, format);
        }
    }
    scene.painter.layout_job(job)
}

/// A label whose first piece always stays and whose others are given up from the end. A large
/// first piece is tried once more in small letters before the label is given up.
pub fn shrinking(scene: &Scene<'_>, rank: u8, pieces: &[Piece], places: Vec<(Pos2, Align2)>) -> MapLabel {
    shrinking_to(scene, rank, pieces, 1, places)
}

/// As [`shrinking`], but the first `least` pieces (at least one) stay together.
pub fn shrinking_to(
    scene: &Scene<'_>,
    rank: u8,
    pieces: &[Piece],
    least: usize,
    places: Vec<(Pos2, Align2)>,
) -> MapLabel {
    let least = least.clamp(1, pieces.len().max(1));
    let mut variants: Vec<Arc<Galley>> =
        (least..=pieces.len()).rev().map(|count| line(scene, &pieces[..count])).collect();
    if let Some(first) = pieces.first().filter(|first| first.font.size > 14.0) {
        let small = Piece { font: FontId::new(12.0, first.font.family.clone()), ..first.clone() };
        let with_rest: Vec<Piece> = [small].into_iter().chain(pieces[1..least].iter().cloned()).collect();
        variants.push(line(scene, &with_rest));
    }
    MapLabel { rank, variants, places }
}

/// Finds places for all labels and draws the ones that have one. The plates that were drawn.
pub fn place_and_draw(scene: &Scene<'_>, wanted: &[MapLabel], obstacles: &mut Obstacles) -> Vec<Rect> {
    let mut plates = Vec::new();
    let boxes: Vec<Wanted> = wanted
        .iter()
        .map(|label| Wanted {
            rank: label.rank,
            variants: label.variants.iter().map(|galley| galley.size() + 2.0 * AIR).collect(),
            places: label.places.clone(),
        })
        .collect();
    for (label, placed) in wanted.iter().zip(labels::place(&boxes, obstacles)) {
        let Some(Placed { variant, rect }) = placed else { continue };
        plates.push(rect);
        scene.painter.rect_filled(rect, radius::PLATE, scene.theme().plate());
        scene.painter.galley(rect.min + AIR, Arc::clone(&label.variants[variant]), scene.theme().t1);
    }
    plates
}
