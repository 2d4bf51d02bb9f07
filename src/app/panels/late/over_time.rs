//! Behind and dropped over the whole run, in a strip: when it went wrong, beside how late it was.

use egui::{Align2, Painter, Rect, Stroke, pos2};

use crate::app::theme::{alpha, font, stroke};
use crate::app::view::View;
use crate::app::widgets::marks;

/// Width of a bar in points.
const BAR: f32 = 3.0;
/// Opacity of what is still to come.
const FUTURE: f32 = 0.35;

/// Draws the strip: a caption, then bars of behind (below) and dropped (above), up to now in full
/// strength.
pub fn paint(painter: &Painter, view: &View<'_>, rect: Rect) {
    let theme = view.theme;
    let overview = &view.run.overview;
    painter.text(rect.left_top(), Align2::LEFT_TOP, "over the run", font::tick_inside(), theme.t3);
    let bars = rect.with_min_y(rect.top() + 14.0);
    let count = ((bars.width() / (BAR + 1.0)) as usize).max(1);
    let (behind, dropped) = (gathered(&overview.behind, count), gathered(&overview.dropped, count));
    let most = behind.iter().zip(&dropped).map(|(a, b)| a + b).max().unwrap_or(0).max(4);
    let length = (overview.end - overview.start).micros().max(1) as f64;
    let share = (view.now - overview.start).micros() as f64 / length;
    let now = bars.left() + (share.clamp(0.0, 1.0) as f32) * bars.width();
    for (i, (&behind, &dropped)) in behind.iter().zip(&dropped).enumerate() {
        let left = bars.left() + bars.width() * i as f32 / count as f32;
        let strength = if left > now { FUTURE } else { 1.0 };
        let height =
            |records: u32| if records == 0 { 0.0 } else { (bars.height() * records as f32 / most as f32).max(2.0) };
        let part = |bottom: f32, records: u32| {
            Rect::from_min_max(pos2(left, (bottom - height(records)).max(bars.top())), pos2(left + BAR, bottom))
        };
        let low = part(bars.bottom(), behind);
        painter.rect_filled(low, 0.0, alpha(theme.behind, strength));
        let high = part(low.top(), dropped);
        if dropped > 0 {
            painter.rect_filled(high, 0.0, alpha(theme.dropped, strength));
            painter.add(marks::hatch(high, 4.0, Stroke::new(1.4, alpha(theme.panel, 0.55))));
        }
    }
    marks::hline(painter, bars.x_range(), bars.bottom(), theme.grid);
    let now = painter.round_to_pixel_center(now);
    painter.vline(now, bars.y_range(), Stroke::new(stroke::SELECTION, theme.now));
}

/// Counts of many stretches gathered into `count` longer ones; their sum stays.
fn gathered(counts: &[u32], count: usize) -> Vec<u32> {
    let mut out = vec![0; count];
    for (i, &records) in counts.iter().enumerate() {
        out[i * count / counts.len()] += records;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathering_loses_nothing() {
        let counts: Vec<u32> = (0..1_024).map(|i| i % 7).collect();
        for count in [1, 3, 100, 1_024, 2_000] {
            let gathered = gathered(&counts, count);
            assert_eq!(gathered.len(), count);
            assert_eq!(gathered.iter().sum::<u32>(), counts.iter().sum::<u32>());
        }
        assert_eq!(gathered(&[], 4), [0; 4]);
        assert_eq!(gathered(&[5, 1, 2, 2], 2), [6, 4]);
    }
}
