//! Where the names of vertical lines go: beside their line, in one of two rows above the bars, so that
//! no name covers another or is crossed by another's line. Pure.
//!
//! A line begins at the height of its own name, so a name in the upper row may pass over a line whose
//! name is in the lower one. There are at most a handful of lines: all combinations are tried.

/// How many rows of names there are above the bars.
pub const ROWS: usize = 2;

/// Air between a name and its line, and around names, in points.
const AIR: f32 = 5.0;

/// Air between a name and the line of another one.
const CLEAR: f32 = 4.0;

/// A line that wants its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Callout {
    /// Where the line is.
    pub x: f32,
    /// Width of the whole name and of its short form.
    pub widths: [f32; 2],
}

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the top, below [`ROWS`].
    pub row: usize,
    /// Whether it is left of its line.
    pub is_left: bool,
    /// Whether it is the short form.
    pub is_short: bool,
}

impl Place {
    /// The stretch across that the name takes.
    pub fn span(self, callout: &Callout) -> (f32, f32) {
        let width = callout.widths[usize::from(self.is_short)];
        if self.is_left {
            (callout.x - AIR - width, callout.x - AIR)
        } else {
            (callout.x + AIR, callout.x + AIR + width)
        }
    }

    /// What it costs to stand there; earlier rows, whole names and the right side are better.
    fn cost(self) -> u32 {
        self.row as u32 + 2 * u32::from(self.is_left) + 20 * u32::from(self.is_short)
    }
}

/// What it costs to leave a name out.
const LEFT_OUT: u32 = 1_000;

/// The best places for all names inside `from..to`; `None` for a name that has no place.
pub fn place(callouts: &[Callout], from: f32, to: f32) -> Vec<Option<Place>> {
    let mut search = Search { callouts, from, to, chosen: Vec::new(), best: (u32::MAX, Vec::new()) };
    search.go(0);
    search.best.1
}

struct Search<'a> {
    callouts: &'a [Callout],
    from: f32,
    to: f32,
    chosen: Vec<Option<Place>>,
    best: (u32, Vec<Option<Place>>),
}

impl Search<'_> {
    fn go(&mut self, cost: u32) {
        if cost >= self.best.0 {
            return;
        }
        let next = self.chosen.len();
        if next == self.callouts.len() {
            if self.crossed().is_none() {
                self.best = (cost, self.chosen.clone());
            }
            return;
        }
        for is_short in [false, true] {
            for is_left in [false, true] {
                for row in 0..ROWS {
                    let place = Place { row, is_left, is_short };
                    if self.is_free(next, place) {
                        self.chosen.push(Some(place));
                        self.go(cost + place.cost());
                        self.chosen.pop();
                    }
                }
            }
        }
        self.chosen.push(None);
        self.go(cost + LEFT_OUT);
        self.chosen.pop();
    }

    /// Inside, and apart from the names that stand already.
    fn is_free(&self, i: usize, place: Place) -> bool {
        let (left, right) = place.span(&self.callouts[i]);
        let apart = |(k, other): (usize, &Option<Place>)| {
            other.is_none_or(|other| {
                let (from, to) = other.span(&self.callouts[k]);
                other.row != place.row || right + AIR <= from || to + AIR <= left
            })
        };
        left >= self.from && right <= self.to && self.chosen.iter().enumerate().all(apart)
    }

    /// A name that is crossed by the line of another one, which begins at its own name's row.
    fn crossed(&self) -> Option<usize> {
        (0..self.chosen.len()).find(|&i| {
            self.chosen[i].is_some_and(|place| {
                let (left, right) = place.span(&self.callouts[i]);
                self.callouts.iter().zip(&self.chosen).enumerate().any(|(k, (line, of))| {
                    let reaches = of.is_some_and(|of| of.row <= place.row);
                    k != i && reaches && left - CLEAR < line.x && line.x < right + CLEAR
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(callouts: &[(f32, f32, f32)], expected: &[Option<(usize, bool, bool)>]) {
        let callouts: Vec<Callout> = callouts.iter().map(|&(x, a, b)| Callout { x, widths: [a, b] }).collect();
        let found: Vec<_> =
            place(&callouts, 0.0, 400.0).iter().map(|p| p.map(|p| (p.row, p.is_left, p.is_short))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_stand_right_of_their_lines_where_there_is_room() {
        check(&[(50.0, 60.0, 20.0), (200.0, 80.0, 20.0)], &[Some((0, false, false)), Some((0, false, false))]);
    }

    #[test]
    fn a_name_at_the_right_end_goes_left() {
        check(&[(380.0, 60.0, 20.0)], &[Some((0, true, false))]);
    }

    #[test]
    fn close_lines_use_both_rows_and_no_line_crosses_a_name() {
        // The first name is over the second line only where that line begins below it.
        check(&[(100.0, 90.0, 20.0), (120.0, 60.0, 20.0)], &[Some((0, false, false)), Some((1, false, false))]);
    }

    #[test]
    fn without_room_names_are_short_and_then_left_out() {
        let narrow = [(20.0, 390.0, 30.0), (30.0, 390.0, 30.0), (40.0, 390.0, 30.0)];
        let callouts: Vec<Callout> = narrow.iter().map(|&(x, a, b)| Callout { x, widths: [a, b] }).collect();
        let found = place(&callouts, 0.0, 80.0);
        assert_eq!(found.len(), 3);
        assert!(found.iter().flatten().all(|place| place.is_short));
        assert_eq!(place(&callouts, 0.0, 10.0), [None, None, None]);
        assert_eq!(place(&[], 0.0, 10.0), []);
    }

    #[test]
    fn nothing_ever_overlaps() {
        let mut state = 9_u32;
        let mut draw = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let mut named = 0;
        for _ in 0..200 {
            let callouts: Vec<Callout> = (0..3)
                .map(|_| Callout { x: draw(300) as f32, widths: [40.0 + draw(80) as f32, 20.0 + draw(15) as f32] })
                .collect();
            let places = place(&callouts, -30.0, 308.0);
            assert_eq!(places.len(), 3);
            for (i, place) in places.iter().enumerate() {
                let Some(place) = place else { continue };
                named += 1;
                let (left, right) = place.span(&callouts[i]);
                assert!(left >= -30.0 && right <= 308.0);
                for (k, other) in places.iter().enumerate() {
                    let Some(other) = other.filter(|_| k != i) else { continue };
                    let (from, to) = other.span(&callouts[k]);
                    assert!(other.row != place.row || right < from || to < left, "names touch");
                    assert!(other.row > place.row || callouts[k].x < left || callouts[k].x > right, "a line crosses");
                }
            }
        }
        assert!(named > 560, "{named} of 600 names have a place");
    }
}
