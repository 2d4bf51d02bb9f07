//! Which columns of the table have room, and where they stand. Pure.

use crate::app::panels::results::standing::Column;

/// A column with its name, its width and which way it reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Which.
    pub column: Column,
    /// Its name.
    pub name: &'static str,
    /// Its left end.
    pub left: f32,
    /// Its right end.
    pub right: f32,
    /// Whether it is a number, which stands at the right.
    pub is_number: bool,
}

/// Columns by how much they are needed, each with its least width.
const NEEDED: [(Column, &str, f32, bool); 8] = [
    (Column::Window, "window", 76.0, false),
    (Column::Key, "key", 64.0, false),
    (Column::Value, "value", 62.0, true),
    (Column::Error, "off by", 58.0, true),
    (Column::Truth, "truth", 62.0, true),
    (Column::Timing, "timing", 66.0, false),
    (Column::Updates, "updates", 62.0, true),
    (Column::Since, "since", 76.0, true),
];

/// The order in which they stand.
const ORDER: [Column; 8] = [
    Column::Window,
    Column::Key,
    Column::Value,
    Column::Truth,
    Column::Error,
    Column::Timing,
    Column::Updates,
    Column::Since,
];

/// Air between columns, and how much more of it and of width there is where there is room.
const GAP: f32 = 10.0;
const WIDER_GAP: f32 = 30.0;
/// More air in front of the words that stand after a number.
const AIR: f32 = 10.0;
const WIDER: f32 = 60.0;

/// The columns that fit between `left` and `right`; what is left over widens them evenly, each to so much more
/// at most, and after that goes between them.
pub fn place(left: f32, right: f32) -> Vec<Placed> {
    let mut fits = 0;
    let mut used = 0.0;
    for (place, (_, _, width, _)) in NEEDED.iter().enumerate() {
        used += width + if place > 0 { GAP } else { 0.0 } + if place == 5 { AIR } else { 0.0 };
        if used > right - left && place >= 3 {
            break;
        }
        fits = place + 1;
    }
    let shown = &NEEDED[..fits];
    let has_timing = shown.iter().any(|(column, ..)| *column == Column::Timing);
    let least: f32 = shown.iter().map(|(_, _, width, _)| width).sum::<f32>()
        + GAP * (fits - 1) as f32
        + if has_timing { AIR } else { 0.0 };
    // The words after a number have air of their own, which is part of it.
    let wider = ((right - left - least) / (fits as f32 + 0.4)).clamp(0.0, WIDER);
    let rest = right - left - least - wider * (fits as f32 + 0.4);
    let gap = GAP + (rest / (fits.max(2) - 1) as f32).clamp(0.0, WIDER_GAP);
    let mut at = left;
    let mut placed: Vec<Placed> = Vec::new();
    for column in ORDER {
        let Some(&(column, name, width, is_number)) = shown.iter().find(|(other, ..)| *other == column) else {
            continue;
        };
        // A number and the words after it need air between them.
        if !is_number && placed.last().is_some_and(|before| before.is_number) {
            at += AIR + (wider * 0.4).min(24.0);
        }
        placed.push(Placed { column, name, left: at, right: at + width + wider, is_number });
        at += width + wider + gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_room_shows_more_columns_and_none_overlap() {
        let mut before = 0;
        for width in [120.0, 200.0, 328.0, 420.0, 520.0, 640.0, 1_000.0] {
            let placed = place(16.0, 16.0 + width);
            assert!(placed.len() >= before.max(3), "{width}");
            before = placed.len();
            assert!(placed.windows(2).all(|pair| pair[0].right + 9.0 < pair[1].left), "{placed:?}");
            assert!(width < 290.0 || placed.iter().all(|column| column.right <= 16.0 + width + 0.5), "{placed:?}");
        }
        assert_eq!(before, 8);
    }
}
