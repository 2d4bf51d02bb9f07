//! Where labels go when there are more of them than room.
//!
//! Greedy by rank: the label that matters most takes the first of its places that is free of marks
//! and of other labels; when no place is free it says less (its shorter variants, in order); when
//! even the shortest has no place, it is left out. Pure geometry; what the labels say and how they
//! look is left to the painter.

use egui::{Align2, Pos2, Rect, Vec2, pos2, vec2};

/// Side of a cell of the obstacle grid, in points: a label stays at most this far from a mark
/// that it could have touched.
const CELL: f32 = 2.0;

/// A label that wants to be placed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Lower is placed first; ties in the order given.
    pub rank: u8,
    /// Sizes of its variants, from the one that says most to the one that says least.
    pub variants: Vec<Vec2>,
    /// Where it may stand, best first.
    pub places: Vec<(Pos2, Align2)>,
}

/// Where a label stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Which variant.
    pub variant: usize,
    /// Its rectangle.
    pub rect: Rect,
}

/// What labels must not cover: marks, lines, labels that stand already.
#[derive(Clone, Debug)]
pub struct Obstacles {
    bounds: Rect,
    columns: usize,
    rows: usize,
    taken: Vec<bool>,
}

impl Obstacles {
    /// Nothing in the way inside `bounds`; everything outside is.
    pub fn new(bounds: Rect) -> Self {
        let cells = |length: f32| (length.clamp(0.0, 16_384.0) / CELL).ceil() as usize;
        let (columns, rows) = (cells(bounds.width()), cells(bounds.height()));
        Self { bounds, columns, rows, taken: vec![false; columns * rows] }
    }

    /// Puts a rectangle in the way.
    pub fn add_rect(&mut self, rect: Rect) {
        let Some((x, y)) = self.cells(rect.intersect(self.bounds)) else { return };
        for row in y {
            self.taken[row * self.columns + x.start..row * self.columns + x.end].fill(true);
        }
    }

    /// Puts a mark of this radius in the way.
    pub fn add_mark(&mut self, at: Pos2, radius: f32) {
        self.add_rect(Rect::from_center_size(at, Vec2::splat(2.0 * radius)));
    }

    /// Puts a line of horizontal and vertical pieces in the way; other pieces count as the
    /// rectangle around them.
    pub fn add_line(&mut self, points: &[Pos2]) {
        for pair in points.windows(2) {
            self.add_rect(Rect::from_two_pos(pair[0], pair[1]).expand(1.5));
        }
    }

    /// Whether a rectangle is inside the bounds and free.
    pub fn is_free(&self, rect: Rect) -> bool {
        if !self.bounds.contains_rect(rect) {
            return false;
        }
        let Some((x, mut y)) = self.cells(rect) else { return true };
        y.all(|row| !self.taken[row * self.columns + x.start..row * self.columns + x.end].contains(&true))
    }

    fn cells(&self, rect: Rect) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        if !rect.is_positive() {
            return None;
        }
        let relative = rect.translate(-self.bounds.min.to_vec2());
        let range = |from: f32, to: f32, most: usize| {
            let first = (from / CELL).floor().max(0.0) as usize;
            let last = (to / CELL).ceil().max(0.0) as usize;
            first.min(most)..last.min(most)
        };
        let x = range(relative.left(), relative.right(), self.columns);
        let y = range(relative.top(), relative.bottom(), self.rows);
        (!x.is_empty() && !y.is_empty()).then_some((x, y))
    }
}

/// Places labels greedily. The answer has one entry per label, in the order given; `None` where
/// there was no room. Placed labels become obstacles.
pub fn place(wanted: &[Wanted], obstacles: &mut Obstacles) -> Vec<Option<Placed>> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&i| wanted[i].rank);
    let mut placed = vec![None; wanted.len()];
    for i in order {
        let free = first_free(&wanted[i], obstacles);
        if let Some(Placed { rect, .. }) = free {
            obstacles.add_rect(rect);
        }
        placed[i] = free;
    }
    placed
}

fn first_free(wanted: &Wanted, obstacles: &Obstacles) -> Option<Placed> {
    wanted.variants.iter().enumerate().find_map(|(variant, &size)| {
        let rects = wanted.places.iter().map(|&(at, anchor)| anchor.anchor_size(at, size));
        rects.into_iter().find(|&rect| obstacles.is_free(rect)).map(|rect| Placed { variant, rect })
    })
}

/// The places for a label of a firing line from `left` to `right` at height `y`, best first: below
/// left, 0.7 and 1.25 lines lower, below right, 2.5 lines lower, above left, above right, a line
/// higher than that.
pub fn firing_places(left: f32, right: f32, y: f32, line: f32) -> Vec<(Pos2, Align2)> {
    let (below, above) = (y + 3.0, y - 2.0);
    let beside = pos2(left - 4.0, y);
    let (left, right) = (left + 3.0, right - 3.0);
    vec![
        (pos2(left, below), Align2::LEFT_TOP),
        (pos2(left, below + 0.7 * line), Align2::LEFT_TOP),
        (pos2(left, below + 1.25 * line), Align2::LEFT_TOP),
        (pos2(right, below), Align2::RIGHT_TOP),
        (pos2(left, below + 2.5 * line), Align2::LEFT_TOP),
        (pos2(left, above), Align2::LEFT_BOTTOM),
        (pos2(right, above), Align2::RIGHT_BOTTOM),
        (beside, Align2::RIGHT_CENTER),
        (pos2(left, above - 0.9 * line), Align2::LEFT_BOTTOM),
    ]
}

/// As [`firing_places`], but only right at the line: where lines are many, a label further away
/// would seem to belong to another one.
pub fn close_places(left: f32, right: f32, y: f32) -> Vec<(Pos2, Align2)> {
    vec![
        (pos2(left + 3.0, y + 3.0), Align2::LEFT_TOP),
        (pos2(right - 3.0, y + 3.0), Align2::RIGHT_TOP),
        (pos2(left + 3.0, y - 2.0), Align2::LEFT_BOTTOM),
    ]
}

/// The one place for a label of a shelf: under the left end of its line. Above it is the shelf of
/// the next window.
pub fn shelf_places(left: f32, y: f32) -> Vec<(Pos2, Align2)> {
    vec![(pos2(left + 3.0, y + 4.0), Align2::LEFT_TOP)]
}

/// The smallest rectangle of a mark, for tests and hit areas.
pub fn mark_rect(at: Pos2, radius: f32) -> Rect {
    Rect::from_center_size(at, vec2(2.0 * radius, 2.0 * radius))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(200.0, 100.0) };

    fn wanted(rank: u8, at: Pos2, widths: &[f32]) -> Wanted {
        let variants = widths.iter().map(|&width| vec2(width, 16.0)).collect();
        let right = pos2(at.x + 100.0, at.y);
        Wanted { rank, variants, places: vec![(at, Align2::LEFT_TOP), (right, Align2::RIGHT_TOP)] }
    }

    #[test]
    fn the_first_free_place_wins() {
        let mut obstacles = Obstacles::new(BOUNDS);
        obstacles.add_mark(pos2(20.0, 20.0), 4.0);
        let placed = place(&[wanted(0, pos2(8.0, 12.0), &[40.0])], &mut obstacles);
        let expected = Rect::from_min_size(pos2(68.0, 12.0), vec2(40.0, 16.0));
        assert_eq!(placed, [Some(Placed { variant: 0, rect: expected })]);
    }

    #[test]
    fn rank_decides_and_the_loser_says_less() {
        let labels = [wanted(2, pos2(8.0, 8.0), &[90.0, 30.0]), wanted(1, pos2(8.0, 8.0), &[60.0])];
        let placed = place(&labels, &mut Obstacles::new(BOUNDS));
        assert_eq!(placed[1].map(|p| p.variant), Some(0));
        let loser = placed[0].expect("the short variant fits on the right");
        assert_eq!((loser.variant, loser.rect.right()), (1, 108.0));
    }

    #[test]
    fn a_label_without_room_is_left_out() {
        let mut obstacles = Obstacles::new(BOUNDS);
        obstacles.add_rect(BOUNDS);
        assert_eq!(place(&[wanted(0, pos2(8.0, 8.0), &[10.0])], &mut obstacles), [None]);
        let outside = wanted(0, pos2(190.0, 90.0), &[40.0]);
        let placed = place(&[outside], &mut Obstacles::new(BOUNDS));
        assert_eq!(placed, [None], "labels stay inside the plot");
    }

    #[test]
    fn placed_labels_never_overlap_each_other_or_marks() {
        let mut obstacles = Obstacles::new(BOUNDS);
        let marks: Vec<Pos2> = (0..12).map(|i| pos2(13.0 * i as f32 + 5.0, (i * 37 % 90) as f32)).collect();
        for &mark in &marks {
            obstacles.add_mark(mark, 3.0);
        }
        let labels: Vec<Wanted> = (0..40)
            .map(|i| {
                let (left, y) = ((i * 23 % 160) as f32, (i * 17 % 90) as f32);
                Wanted {
                    rank: (i % 3) as u8,
                    variants: vec![vec2(34.0, 12.0), vec2(14.0, 12.0)],
                    places: firing_places(left, left + 40.0, y, 12.0),
                }
            })
            .collect();
        let rects: Vec<Rect> = place(&labels, &mut obstacles).into_iter().flatten().map(|p| p.rect).collect();
        assert!(rects.len() >= 10, "{} labels found room", rects.len());
        for (i, a) in rects.iter().enumerate() {
            assert!(BOUNDS.contains_rect(*a));
            assert!(rects[i + 1..].iter().all(|b| !a.shrink(0.01).intersects(b.shrink(0.01))), "{a:?}");
            assert!(marks.iter().all(|&mark| !a.intersects(mark_rect(mark, 2.9))), "{a:?} covers a mark");
        }
    }

    #[test]
    fn a_line_is_an_obstacle_along_its_steps_only() {
        let mut obstacles = Obstacles::new(BOUNDS);
        obstacles.add_line(&[pos2(10.0, 80.0), pos2(100.0, 80.0), pos2(100.0, 20.0)]);
        assert!(!obstacles.is_free(Rect::from_min_size(pos2(40.0, 72.0), vec2(20.0, 16.0))));
        assert!(!obstacles.is_free(Rect::from_min_size(pos2(92.0, 40.0), vec2(20.0, 16.0))));
        assert!(obstacles.is_free(Rect::from_min_size(pos2(20.0, 24.0), vec2(60.0, 40.0))));
    }
}
