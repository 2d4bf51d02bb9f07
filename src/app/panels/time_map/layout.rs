//! Where the parts of the time map stand in its panel: the plot, the two strips on its right that
//! share its vertical clock, and the captions below. Pure.

use egui::{Rect, pos2, vec2};

/// Room for the labels of processing time and for the now pill.
const LEFT: f32 = 70.0;
/// Air right of the last part.
const RIGHT: f32 = 16.0;
/// Room for the labels of event time and for the captions.
const BOTTOM: f32 = 42.0;
/// Air above the plot.
const TOP: f32 = 4.0;
/// Between the plot and a strip, and between strips.
const GAP: f32 = 10.0;
/// Width of a strip where there is room.
const STRIP: f32 = 86.0;
/// Width of a strip in a small panel.
const STRIP_SMALL: f32 = 64.0;
/// Panels narrower than this have small strips.
const SMALL: f32 = 900.0;
/// The plot is never narrower than this while there are strips.
const PLOT_LEAST: f32 = 260.0;

/// The parts of the time map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapLayout {
    /// The plot of both clocks.
    pub plot: Rect,
    /// Records that wait, by processing time.
    pub waiting: Option<Rect>,
    /// How far the watermark is behind the clock, by processing time.
    pub lag: Option<Rect>,
}

impl MapLayout {
    /// The plot alone: where it is not processing time that runs up, no strip shares its clock.
    pub fn plot_alone(body: Rect) -> Self {
        let with = Self::new(body, false);
        let right = with.lag.map_or(with.plot.right(), |lag| lag.right());
        Self { plot: with.plot.with_max_x(right), waiting: None, lag: None }
    }

    /// Lays out the part of a panel below its header. `queue` is whether anything can ever wait.
    pub fn new(body: Rect, queue: bool) -> Self {
        let left = LEFT.min(body.width() * 0.25);
        let inner = Rect::from_min_max(
            pos2(body.left() + left, body.top() + TOP),
            pos2(
                (body.right() - RIGHT).max(body.left() + left + 1.0),
                (body.bottom() - BOTTOM).max(body.top() + TOP + 1.0),
            ),
        );
        let width = if body.width() < SMALL { STRIP_SMALL } else { STRIP };
        let fits = ((inner.width() - PLOT_LEAST) / (width + GAP)).floor().max(0.0) as usize;
        let strips = fits.min(1 + usize::from(queue));
        let plot_right = inner.right() - strips as f32 * (width + GAP);
        let plot = inner.with_max_x(plot_right);
        let strip = |n: usize| {
            let at = pos2(plot_right + GAP + n as f32 * (width + GAP), inner.top());
            Rect::from_min_size(at, vec2(width, inner.height()))
        };
        let (waiting, lag) = match (strips, queue) {
            (0, _) => (None, None),
            (1, true) => (Some(strip(0)), None),
            (1, false) => (None, Some(strip(0))),
            _ => (Some(strip(0)), Some(strip(1))),
        };
        Self { plot, waiting, lag }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(252.0, 76.0), vec2(width, height))
    }

    #[test]
    fn the_full_size_is_the_one_of_the_design() {
        let layout = MapLayout::new(body(1036.0, 540.0), true);
        assert_eq!(layout.plot, Rect::from_min_max(pos2(322.0, 80.0), pos2(1080.0, 574.0)));
        assert_eq!(layout.waiting.map(|r| (r.left(), r.width())), Some((1090.0, 86.0)));
        assert_eq!(layout.lag.map(|r| (r.left(), r.right())), Some((1186.0, 1272.0)));
    }

    #[test]
    fn without_a_queue_the_plot_takes_its_room() {
        let with = MapLayout::new(body(1036.0, 540.0), true);
        let without = MapLayout::new(body(1036.0, 540.0), false);
        assert_eq!(without.waiting, None);
        assert_eq!(without.lag, with.lag);
        assert_eq!(without.plot.width(), with.plot.width() + 96.0);
    }

    #[test]
    fn small_panels_have_narrow_strips_and_tiny_ones_none() {
        let small = MapLayout::new(body(800.0, 400.0), true);
        assert_eq!(small.waiting.map(|r| r.width()), Some(64.0));
        let tiny = MapLayout::new(body(300.0, 200.0), true);
        assert_eq!((tiny.waiting, tiny.lag), (None, None));
        for (width, height) in [(0.0, 0.0), (10.0, 10.0), (340.0, 60.0)] {
            let layout = MapLayout::new(body(width, height), true);
            assert!(layout.plot.width() >= 1.0 && layout.plot.height() >= 1.0, "{layout:?}");
        }
    }
}
