//! Pixels that the time map makes itself: a soft dot for meshes of many records, and the density of
//! very many. Pure functions from numbers to images; uploading them is left to the painter.

use std::ops::Range;

use egui::{Color32, ColorImage, Rect};

use crate::app::theme::alpha;

/// Opacity of the five steps of a density.
const STEPS: [f32; 5] = [0.08, 0.22, 0.40, 0.60, 0.82];

/// A white disc of this radius in pixels with a soft rim, and a pixel of air around it.
pub fn disc(radius_px: f32) -> ColorImage {
    let side = (radius_px.ceil() as usize) * 2 + 3;
    let middle = side as f32 / 2.0;
    let mut pixels = Vec::with_capacity(side * side);
    for y in 0..side {
        for x in 0..side {
            let distance = (x as f32 + 0.5 - middle).hypot(y as f32 + 0.5 - middle);
            pixels.push(Color32::WHITE.gamma_multiply((radius_px + 0.5 - distance).clamp(0.0, 1.0)));
        }
    }
    ColorImage::new([side, side], pixels)
}

/// How many records are in each cell of a grid over the plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    /// Columns and rows.
    pub size: [usize; 2],
    plot: Rect,
    counts: Vec<u32>,
    /// Rows in which something was counted since they were asked for.
    touched: Range<usize>,
}

impl Density {
    /// An empty grid of about `cell` points over `plot`.
    pub fn new(plot: Rect, cell: f32) -> Self {
        let cells = |length: f32| ((length / cell).ceil() as usize).clamp(1, 4_096);
        let size = [cells(plot.width()), cells(plot.height())];
        Self { size, plot, counts: vec![0; size[0] * size[1]], touched: 0..0 }
    }

    /// Counts a record at this place; outside the plot nothing happens.
    pub fn add(&mut self, at: egui::Pos2) {
        let share = (at - self.plot.min) / self.plot.size();
        let (x, y) = (share.x * self.size[0] as f32, share.y * self.size[1] as f32);
        if x >= 0.0 && y >= 0.0 && (x as usize) < self.size[0] && (y as usize) < self.size[1] {
            let row = y as usize;
            self.counts[row * self.size[0] + x as usize] += 1;
            let is_first = self.touched.is_empty();
            let (from, until) = if is_first { (row, row) } else { (self.touched.start, self.touched.end) };
            self.touched = from.min(row)..until.max(row + 1);
        }
    }

    /// Rows between which all is that was counted since the last call.
    pub fn take_touched(&mut self) -> Range<usize> {
        std::mem::take(&mut self.touched)
    }

    /// The grid by number: one record in a cell has the third step, each further one a step more.
    pub fn image_by_count(&self, colour: Color32) -> ColorImage {
        let shades = STEPS.map(|opacity| alpha(colour, opacity));
        let shade = |&count: &u32| match count {
            0 => Color32::TRANSPARENT,
            _ => shades[(count as usize + 1).min(4)],
        };
        ColorImage::new(self.size, self.counts.iter().map(shade).collect())
    }

    /// The grid in these shades. Empty cells are clear.
    pub fn image(&self, shades: &Shades) -> ColorImage {
        self.rows(0..self.size[1], shades)
    }

    /// Some rows of the grid in these shades.
    pub fn rows(&self, rows: Range<usize>, shades: &Shades) -> ColorImage {
        let counts = &self.counts[rows.start * self.size[0]..rows.end * self.size[0]];
        ColorImage::new([self.size[0], rows.len()], counts.iter().map(|&count| shades.of_count(count)).collect())
    }
}

/// The colour of a cell by its count: five steps, evenly spaced in the square root of the count, up to the
/// cell that only one in fifty exceeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Shades {
    colours: [Color32; STEPS.len()],
    /// The least count that has each step.
    from: [u32; STEPS.len()],
}

impl Shades {
    /// The shades of `colour` that suit a grid. O(cells).
    pub fn of(density: &Density, colour: Color32) -> Self {
        let mut filled: Vec<u32> = density.counts.iter().copied().filter(|&count| count > 0).collect();
        let place = filled.len() * 49 / 50;
        let most = if filled.is_empty() { 1 } else { *filled.select_nth_unstable(place).1 };
        let scale = 5.0 / f64::from(most).sqrt();
        let step = |count: u32| ((f64::from(count).sqrt() * scale).ceil() as usize).clamp(1, 5) - 1;
        let mut from = [1; STEPS.len()];
        for (wanted, from) in from.iter_mut().enumerate().skip(1) {
            // The step grows with the count, and that of `most` is the last.
            let (mut below, mut reached) = (0, most.saturating_add(1));
            while reached - below > 1 {
                let middle = below + (reached - below) / 2;
                if step(middle) >= wanted { reached = middle } else { below = middle }
            }
            *from = reached;
        }
        Self { colours: STEPS.map(|opacity| alpha(colour, opacity)), from }
    }

    /// The colour of a cell with so many records.
    pub fn of_count(&self, count: u32) -> Color32 {
        let steps = self.from.iter().filter(|&&from| from <= count).count();
        if count == 0 { Color32::TRANSPARENT } else { self.colours[steps - 1] }
    }
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn a_disc_is_full_in_the_middle_and_clear_at_its_corners() {
        let image = disc(3.0);
        assert_eq!(image.size, [9, 9]);
        assert_eq!(image.pixels[4 * 9 + 4], Color32::WHITE);
        assert_eq!(image.pixels[0], Color32::TRANSPARENT);
        let area: f32 = image.pixels.iter().map(|pixel| f32::from(pixel.a()) / 255.0).sum();
        assert!((area - std::f32::consts::PI * 9.0).abs() < 1.0, "{area}");
    }

    #[test]
    fn a_density_counts_cells_and_has_five_steps() {
        let plot = Rect::from_min_max(pos2(100.0, 50.0), pos2(110.0, 60.0));
        let mut density = Density::new(plot, 1.0);
        assert_eq!(density.size, [10, 10]);
        for _ in 0..1000 {
            density.add(pos2(105.5, 50.5));
        }
        density.add(pos2(100.0, 59.9));
        density.add(pos2(99.0, 55.0));
        density.add(pos2(110.0, 60.0));
        let image = density.image(&Shades::of(&density, Color32::WHITE));
        assert_eq!(image.pixels[5], alpha(Color32::WHITE, 0.82));
        assert_eq!(image.pixels[90], alpha(Color32::WHITE, 0.08));
        let by_count = density.image_by_count(Color32::WHITE);
        assert_eq!(by_count.pixels[90], alpha(Color32::WHITE, 0.40));
        assert_eq!(by_count.pixels[5], alpha(Color32::WHITE, 0.82));
        let filled = image.pixels.iter().filter(|&&pixel| pixel != Color32::TRANSPARENT).count();
        assert_eq!(filled, 2, "what is outside is not counted");
    }

    #[test]
    fn shades_are_evenly_spaced_in_the_square_root_and_rows_are_parts_of_the_image() {
        let plot = Rect::from_min_max(pos2(0.0, 0.0), pos2(20.0, 15.0));
        for most in [1_u32, 2, 7, 25, 26, 300] {
            let mut density = Density::new(plot, 1.0);
            let mut counts: Vec<u32> = (0..300).map(|cell| cell * 37 % (most + 1)).collect();
            for (cell, &count) in counts.iter().enumerate() {
                let at = pos2((cell % 20) as f32 + 0.5, (cell / 20) as f32 + 0.5);
                (0..count).for_each(|_| density.add(at));
            }
            assert_eq!(density.take_touched(), 0..15);
            let image = density.image(&Shades::of(&density, Color32::WHITE));
            let mut filled: Vec<u32> = counts.iter().copied().filter(|&count| count > 0).collect();
            filled.sort_unstable();
            let usual = f64::from(filled[filled.len() * 49 / 50]);
            for (&count, &pixel) in counts.iter().zip(&image.pixels) {
                let step = (f64::from(count).sqrt() * (5.0 / usual.sqrt())).ceil().clamp(1.0, 5.0);
                let shade = alpha(Color32::WHITE, [0.08, 0.22, 0.40, 0.60, 0.82][step as usize - 1]);
                assert_eq!(pixel, if count == 0 { Color32::TRANSPARENT } else { shade }, "{count} of {usual}");
            }
            density.add(pos2(3.5, 7.5));
            counts[7 * 20 + 3] += 1;
            assert_eq!((density.take_touched(), density.take_touched()), (7..8, 0..0));
            let shades = Shades::of(&density, Color32::WHITE);
            assert_eq!(
                density.rows(7..9, &shades).pixels,
                density.image(&Shades::of(&density, Color32::WHITE)).pixels[140..180]
            );
        }
    }
}
