//! How much detail records and windows get, by how many there are and how wide. Pure.

use egui::Pos2;

/// Records in view up to which each is a disc with its value inside.
pub const DISCS_UP_TO: usize = 40;
/// Records in view up to which each has the full mark.
pub const MARKS_UP_TO: usize = 3_000;
/// Records in view up to which each has a small dot; above, they are a density.
pub const DOTS_UP_TO: usize = 50_000;

/// How records are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordDetail {
    /// Discs with the value inside.
    Discs,
    /// The marks of the legend.
    Marks,
    /// Small dots in one mesh.
    Dots,
    /// A texture whose strength is how many there are.
    Density,
}

impl RecordDetail {
    /// The detail for this many records in view. `previous` is what was drawn last: a level is
    /// only left for a finer one when there are a fifth fewer records than its limit, so that
    /// marks do not flicker while the count hovers around it.
    pub fn of(in_view: usize, previous: Option<Self>) -> Self {
        let level = |count: usize| match count {
            count if count <= DISCS_UP_TO => Self::Discs,
            count if count <= MARKS_UP_TO => Self::Marks,
            count if count <= DOTS_UP_TO => Self::Dots,
            _ => Self::Density,
        };
        let plain = level(in_view);
        match previous {
            Some(previous) if previous > plain => previous.min(level(in_view + in_view / 4)),
            _ => plain,
        }
    }

    /// Radius of an ordinary record; a few marks may be larger than many.
    pub fn radius(self, in_view: usize) -> f32 {
        match self {
            Self::Discs => 14.0,
            Self::Marks if in_view <= 60 => 5.0,
            Self::Marks if in_view <= 200 => 4.0,
            Self::Marks => 3.0,
            Self::Dots => 2.0,
            Self::Density => 1.0,
        }
    }
}

/// Share of discs that may touch another one before all become marks.
const TOUCHING_UP_TO: f32 = 0.25;

/// Whether discs of this radius would mostly not hide each other. `kept` is whether they were
/// discs before: then half as many more may touch, so that they do not flicker.
pub fn mostly_apart(centres: &[Pos2], radius: f32, kept: bool) -> bool {
    let near = |a: &Pos2, b: &Pos2| a.distance(*b) < 1.6 * radius;
    let touches = |i: usize| centres.iter().enumerate().any(|(k, other)| k != i && near(&centres[i], other));
    let touching = (0..centres.len()).filter(|&i| touches(i)).count();
    let limit = if kept { 1.5 * TOUCHING_UP_TO } else { TOUCHING_UP_TO };
    touching as f32 <= limit * centres.len() as f32
}

/// Side of the squares in which crowding is measured, in points.
const CROWD_CELL: f32 = 8.0;
/// Squares that are looked up in a grid: those of a plot twice as large as any screen. Marks that lie
/// further apart are sorted.
const GRID_CELLS_MAX: i64 = 1 << 20;

/// How often the places where marks of this radius are would be covered by them.
fn cover(marks: &[Pos2], radius: f32) -> f32 {
    let per_cell = marks.len() as f32 / filled_cells(marks).max(1) as f32;
    per_cell * std::f32::consts::PI * radius * radius / (CROWD_CELL * CROWD_CELL)
}

/// In how many squares there is a mark.
fn filled_cells(marks: &[Pos2]) -> usize {
    let cell = |at: &Pos2| ((at.x / CROWD_CELL) as i32, (at.y / CROWD_CELL) as i32);
    let (mut least, mut most) = ((i32::MAX, i32::MAX), (i32::MIN, i32::MIN));
    for (x, y) in marks.iter().map(cell) {
        least = (least.0.min(x), least.1.min(y));
        most = (most.0.max(x), most.1.max(y));
    }
    let length = |least: i32, most: i32| (i64::from(most) - i64::from(least) + 1).max(0);
    let (columns, rows) = (length(least.0, most.0), length(least.1, most.1));
    if columns.saturating_mul(rows) > GRID_CELLS_MAX {
        let mut cells: Vec<(i32, i32)> = marks.iter().map(cell).collect();
        cells.sort_unstable();
        cells.dedup();
        return cells.len();
    }
    let mut is_filled = vec![false; (columns * rows) as usize];
    for (x, y) in marks.iter().map(cell) {
        is_filled[(i64::from(y - least.1) * columns + i64::from(x - least.0)) as usize] = true;
    }
    is_filled.into_iter().filter(|&is_filled| is_filled).count()
}

/// Size of the marks that ask a question, 1 for full size: smaller where hundreds would be one
/// blot.
pub fn crowd_scale(marks: &[Pos2]) -> f32 {
    if marks.len() < 200 {
        return 1.0;
    }
    (1.6 / cover(marks, 4.0)).sqrt().clamp(0.4, 1.0)
}

/// Opacity of ordinary dots of this radius: the more they cover each other, the paler each, so
/// that a crowd has a shape.
pub fn dot_opacity(dots: &[Pos2], radius: f32) -> f32 {
    let cover = cover(dots, radius);
    if cover <= 0.7 { 0.82 } else { (0.82 * 0.7 / cover).max(0.18) }
}

/// How a window is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowDetail {
    /// Areas, lines and values.
    Full,
    /// Areas and lines; the value only of the selected window.
    NoValues,
    /// A line at the height of its firing.
    HeightLine,
}

impl WindowDetail {
    /// The detail of a window of this width in points.
    pub fn of(width: f32) -> Self {
        match width {
            w if w >= 48.0 => Self::Full,
            w if w >= 12.0 => Self::NoValues,
            _ => Self::HeightLine,
        }
    }
}

/// Of windows that start `step_px` apart, every how many is drawn so that their lines are at least
/// `least` points apart.
pub fn draw_every(step_px: f32, least: f32) -> usize {
    if step_px >= least { 1 } else { (least / step_px.max(1e-3)).ceil() as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detail_follows_the_number_of_records() {
        let level = |count| RecordDetail::of(count, None);
        assert_eq!([level(0), level(40)], [RecordDetail::Discs; 2]);
        assert_eq!([level(41), level(3_000)], [RecordDetail::Marks; 2]);
        assert_eq!([level(3_001), level(50_000)], [RecordDetail::Dots; 2]);
        assert_eq!(level(50_001), RecordDetail::Density);
    }

    #[test]
    fn detail_does_not_flicker_around_a_limit() {
        let mut last = RecordDetail::of(41, None);
        assert_eq!(last, RecordDetail::Marks);
        for count in [40, 39, 41, 38, 40] {
            last = RecordDetail::of(count, Some(last));
            assert_eq!(last, RecordDetail::Marks, "{count}");
        }
        assert_eq!(RecordDetail::of(30, Some(last)), RecordDetail::Discs);
        assert_eq!(RecordDetail::of(60_000, Some(RecordDetail::Discs)), RecordDetail::Density);
        assert_eq!(RecordDetail::of(10, Some(RecordDetail::Density)), RecordDetail::Discs);
    }

    #[test]
    fn discs_that_hide_each_other_become_marks() {
        let row = |step: f32| (0..20).map(|i| Pos2::new(i as f32 * step, 0.0)).collect::<Vec<_>>();
        assert!(mostly_apart(&row(30.0), 14.0, false));
        assert!(!mostly_apart(&row(10.0), 14.0, true));
        let mut some = row(40.0);
        some[..3].iter_mut().for_each(|at| at.x = 700.0 + at.x / 13.0);
        some.truncate(10);
        // Three of ten touch: too many to begin with, few enough to stay.
        assert!(!mostly_apart(&some, 14.0, false) && mostly_apart(&some, 14.0, true));
        assert!(mostly_apart(&[], 14.0, false));
    }

    #[test]
    fn a_crowd_of_dots_is_paler() {
        let spread: Vec<Pos2> = (0..400).map(|i| Pos2::new((i % 20 * 10) as f32, (i / 20 * 10) as f32)).collect();
        let crowd: Vec<Pos2> = (0..4_000).map(|i| Pos2::new((i % 64) as f32, (i / 64 % 32) as f32)).collect();
        assert_eq!([dot_opacity(&spread, 3.0), dot_opacity(&[], 3.0)], [0.82; 2]);
        let pale = dot_opacity(&crowd, 2.0);
        assert!((0.18..0.22).contains(&pale), "{pale}");
        assert_eq!([crowd_scale(&spread), crowd_scale(&crowd[..100])], [1.0; 2]);
        assert_eq!(crowd_scale(&crowd), 0.4);
    }

    #[test]
    fn narrow_windows_lose_their_values_then_their_areas() {
        assert_eq!(WindowDetail::of(48.0), WindowDetail::Full);
        assert_eq!(WindowDetail::of(47.9), WindowDetail::NoValues);
        assert_eq!(WindowDetail::of(12.0), WindowDetail::NoValues);
        assert_eq!(WindowDetail::of(11.9), WindowDetail::HeightLine);
        assert_eq!(draw_every(6.0, 6.0), 1);
        assert_eq!(draw_every(1.0, 6.0), 6);
        assert_eq!(draw_every(0.0, 6.0), 6_000);
    }
}
