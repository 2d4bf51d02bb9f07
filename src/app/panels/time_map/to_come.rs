//! Very many records to come: as dots just above the now line, no more of them in one place than can be told
//! apart.
//!
//! Kept between frames: while the view stands still and time advances, a frame looks at the records that have
//! come near since the last one, and drops those that the now line has passed.

use std::collections::VecDeque;
use std::ops::Range;

use egui::Pos2;

use crate::app::panels::time_map::crowd::Seen;
use crate::app::panels::time_map::scene::Scene;

/// Side of the squares in which dots are counted, in pixels.
const CELL: f32 = 0.5;
/// Dots in one square, at most. A dot covers some thirty squares, so that more would only be drawn on top of
/// what is solid already.
const MOST_IN_CELL: u8 = 3;

/// The records to come that have been looked at.
pub struct ToCome {
    seen: Seen,
    range: Range<usize>,
    /// Records in view so far, those that were left out included.
    found: usize,
    dots: VecDeque<Dot>,
    row: Row,
}

struct Dot {
    id: usize,
    at: Pos2,
    /// How many records in view came before it.
    before: usize,
}

/// Squares at one height.
#[derive(Default)]
struct Row {
    number: i64,
    counts: Vec<u8>,
}

impl ToCome {
    /// Those of a range, which begins at the now line; `kept` are those of an earlier frame.
    pub fn of(scene: &Scene<'_>, kept: Option<Self>, range: Range<usize>) -> Self {
        let seen = Seen::of(scene);
        let goes_on = |kept: &Self| {
            kept.seen == seen
                && (kept.range.start..=kept.range.end).contains(&range.start)
                && kept.range.end <= range.end
        };
        let mut all = kept.filter(goes_on).unwrap_or_else(|| Self {
            seen,
            range: range.start..range.start,
            found: 0,
            dots: VecDeque::new(),
            row: Row::default(),
        });
        while all.dots.front().is_some_and(|dot| dot.id < range.start) {
            all.dots.pop_front();
        }
        all.look(scene, all.range.end..range.end);
        all.range = range;
        all
    }

    /// How many are in view, those that were left out included.
    pub fn count(&self) -> usize {
        self.dots.front().map_or(0, |first| self.found - first.before)
    }

    /// Where the dots are.
    pub fn places(&self) -> impl Iterator<Item = Pos2> {
        self.dots.iter().map(|dot| dot.at)
    }

    fn look(&mut self, scene: &Scene<'_>, range: Range<usize>) {
        let trace = scene.trace();
        let (times, keys) = (trace.stream.event_times(), trace.stream.keys());
        let reach = scene.plot.expand(scene.radius + 2.0);
        let cell = CELL / scene.painter.pixels_per_point();
        self.row.counts.resize((reach.width() / cell) as usize + 1, 0);
        for id in range.filter(|&id| scene.view.shows_key(keys[id])) {
            let at = scene.axes.pos(times[id], trace.handled[id]);
            if reach.contains(at) {
                self.found += 1;
                if self.row.has_room(((reach.bottom() - at.y) / cell) as i64, ((at.x - reach.left()) / cell) as usize) {
                    self.dots.push_back(Dot { id, at, before: self.found - 1 });
                }
            }
        }
    }
}

impl Row {
    /// Counts one more in a square, unless there are enough. Heights ascend, as records are handled in order.
    fn has_room(&mut self, number: i64, column: usize) -> bool {
        if self.number != number {
            self.number = number;
            self.counts.fill(0);
        }
        let Some(count) = self.counts.get_mut(column).filter(|count| **count < MOST_IN_CELL) else { return false };
        *count += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_takes_a_few_dots_and_the_next_height_begins_anew() {
        let mut row = Row { number: 0, counts: vec![0; 4] };
        let took = |row: &mut Row, number: i64, columns: &[usize]| -> Vec<bool> {
            columns.iter().map(|&column| row.has_room(number, column)).collect()
        };
        assert_eq!(took(&mut row, 5, &[2, 2, 1, 2, 2]), [true, true, true, true, false]);
        assert_eq!(took(&mut row, 6, &[2, 1]), [true, true]);
        assert_eq!(took(&mut row, 6, &[4, 9]), [false, false], "outside there is no square");
    }
}
