//! Where the topology lies: cards side by side, an edge between each and the next, words below. Pure
//! geometry: the same numbers of tasks and the same room give the same places.

use egui::{Rect, pos2, vec2};

use crate::app::theme::space;
use crate::app::widgets::within::Within as _;

/// A card with its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// All of it.
    pub rect: Rect,
    /// One for every task, or partition; below each other inside the card.
    pub rows: Vec<Rect>,
}

/// Where everything lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// By stage.
    pub cards: Vec<Card>,
    /// The gaps between cards.
    pub edges: Vec<Rect>,
    /// Whether rows have room for a second line.
    pub has_details: bool,
    /// The card of the dead letters, below that of the sink.
    pub dead_letters: Option<Rect>,
    /// The words.
    pub words: Rect,
}

/// Height of a card's title.
const TITLE: f32 = 46.0;
/// A row with a second line is between these high.
const DETAILED: (f32, f32) = (40.0, 56.0);
/// Rows with one line are between these high.
const PLAIN: (f32, f32) = (1.0, 20.0);
/// What is left free above and below the cards.
const EDGE: f32 = 4.0;
/// What is left free below the last row.
const FOOT: f32 = 10.0;
/// An edge needs room above and below its arrow.
pub const LEAST_CARD: f32 = 112.0;
/// Cards are never wider: a bar would only stretch.
const WIDEST: f32 = 280.0;
/// The card of the dead letters, and its distance from the others.
const DEAD_LETTERS: (f32, f32) = (34.0, 14.0);

/// Places for stages of so many rows in `area`; words get at least `words` of its height.
/// Everything is `scale` times its size.
pub fn layout(area: Rect, rows: &[usize], has_dead_letters: bool, words: f32, scale: f32) -> Layout {
    let area = area.shrink2(vec2(space::PANEL, 0.0));
    let (title, foot, least_card) = (TITLE * scale, FOOT * scale, LEAST_CARD * scale);
    let gap = (area.width() * 0.085).within(72.0, 104.0 * scale);
    let gaps = rows.len().saturating_sub(1) as f32;
    let card = ((area.width() - gaps * gap) / rows.len().max(1) as f32).within(40.0, WIDEST * scale);
    // What cards leave over goes to the edges.
    let gap = if gaps > 0.0 {
        ((area.width() - card * rows.len() as f32) / gaps).within(gap.min(40.0), 180.0 * scale)
    } else {
        0.0
    };
    let most = rows.iter().copied().max().unwrap_or(0).max(1) as f32;
    let below = if has_dead_letters { (DEAD_LETTERS.0 + DEAD_LETTERS.1) * scale } else { 0.0 };
    let room = (area.height() - words - below - title - foot - 2.0 * EDGE).max(0.0);
    let has_details = most * DETAILED.0 * scale <= room;
    let (least, greatest) = if has_details { DETAILED } else { PLAIN };
    let height = (room / most).within(least * scale, greatest * scale);
    let height_of = |rows: usize| (title + rows as f32 * height + foot).max(least_card);
    let tallest = height_of(rows.iter().copied().max().unwrap_or(0));
    let top = area.top() + EDGE;
    let left_of = |place: usize| area.left() + place as f32 * (card + gap);
    let cards = rows.iter().enumerate().map(|(place, &count)| {
        let rect = Rect::from_min_size(pos2(left_of(place), top), vec2(card, height_of(count)));
        let row = |row: usize| {
            let y = rect.top() + title + row as f32 * height;
            Rect::from_min_size(pos2(rect.left() + 12.0, y), vec2(card - 24.0, height))
        };
        Card { rect, rows: (0..count).map(row).collect() }
    });
    let cards: Vec<Card> = cards.collect();
    let edges = cards
        .windows(2)
        .map(|pair| Rect::from_min_max(pos2(pair[0].rect.right(), top), pos2(pair[1].rect.left(), top + least_card)));
    let edges = edges.collect();
    let dead_letters = cards.last().filter(|_| has_dead_letters).map(|last| {
        let at = pos2(last.rect.left(), top + tallest + DEAD_LETTERS.1 * scale);
        Rect::from_min_size(at, vec2(card, DEAD_LETTERS.0 * scale))
    });
    let words_top = top + tallest + below + 14.0;
    let words = Rect::from_min_max(pos2(area.left(), words_top), pos2(area.right(), area.bottom().max(words_top)));
    Layout { cards, edges, has_details, dead_letters, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: f32, height: f32, rows: &[usize], has_dead_letters: bool) -> Layout {
        check_at(1.25, width.max(1_200.0), height.max(420.0), rows, has_dead_letters);
        check_at(1.0, width, height, rows, has_dead_letters)
    }

    fn check_at(scale: f32, width: f32, height: f32, rows: &[usize], has_dead_letters: bool) -> Layout {
        let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(width, height));
        let layout = layout(area, rows, has_dead_letters, 90.0, scale);
        let told = format!("{width} x {height}: {layout:?}");
        assert_eq!((layout.cards.len(), layout.edges.len()), (rows.len(), rows.len() - 1), "{told}");
        let mut all: Vec<Rect> =
            layout.cards.iter().map(|card| card.rect).chain(layout.edges.iter().copied()).collect();
        all.extend(layout.dead_letters);
        all.push(layout.words);
        for (i, a) in all.iter().enumerate() {
            assert!(a.width() > 30.0 && area.expand(0.5).contains_rect(*a), "{told}");
            assert!(all[..i].iter().all(|b| !a.shrink(0.5).intersects(b.shrink(0.5))), "{told}");
        }
        for (card, &count) in layout.cards.iter().zip(rows) {
            assert_eq!(card.rows.len(), count, "{told}");
            assert!(card.rows.iter().all(|row| card.rect.contains_rect(*row)), "{told}");
        }
        layout
    }

    #[test]
    fn nothing_overlaps_at_any_size() {
        for (width, height) in [(1348.0, 540.0), (1048.0, 390.0), (1796.0, 700.0), (728.0, 300.0)] {
            for rows in [[1, 1, 1, 1], [4, 4, 4, 1], [4, 1, 64, 1]] {
                check(width, height, &rows, false);
                check(width, height, &rows, true);
            }
            check(width, height, &[4, 4, 4, 4, 1], true);
        }
    }

    #[test]
    fn few_tasks_have_details_and_many_have_a_line_each() {
        assert!(check(1348.0, 540.0, &[4, 4, 4, 1], false).has_details);
        assert!(!check(1048.0, 390.0, &[16, 4, 16, 1], false).has_details);
        let many = check(1048.0, 390.0, &[4, 1, 64, 1], false);
        assert!(many.cards[2].rows[0].height() >= 3.0);
    }
}
