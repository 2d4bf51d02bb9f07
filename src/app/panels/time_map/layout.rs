//! Where the parts of the time map stand in its panel: the plot, the two strips on its right that
//! share its vertical clock, the rack of lanes under it that shares its event time, and the captions
//! below. Pure.

use egui::{Rect, pos2, vec2};

/// Room for the labels of processing time and for the now pill.
const LEFT: f32 = 70.0;
/// Air right of the last part.
const RIGHT: f32 = 16.0;
/// Room for the labels of event time and for the captions.
const BOTTOM: f32 = 42.0;
/// Air above the plot.
const TOP: f32 = 4.0;
/// Between the plot and the rack under it.
const GAP_BELOW: f32 = 6.0;
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
    /// Lanes of windows, by event time.
    pub rack: Option<Rect>,
}

/// Which strips a map has where there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strips {
    /// Whether anything can ever wait.
    pub waiting: bool,
    /// Whether the lag of the watermark is of interest.
    pub lag: bool,
}

impl MapLayout {
    /// The height that plot and rack have together in a body of this height, in points.
    pub fn height(body: f32) -> f32 {
        (body - BOTTOM - TOP).max(1.0)
    }

    /// Lays out the part of a panel below its header. The rack gets `lanes` points of height, if any.
    pub fn new(body: Rect, strips: Strips, lanes: Option<f32>) -> Self {
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
        let shown = fits.min(usize::from(strips.waiting) + usize::from(strips.lag));
        let plot_right = inner.right() - shown as f32 * (width + GAP);
        let below = lanes.map_or(0.0, |height| height + GAP_BELOW);
        let plot_bottom = (inner.bottom() - below).max(inner.top() + 1.0);
        let plot = inner.with_max_x(plot_right).with_max_y(plot_bottom);
        let strip = |n: usize| {
            let at = pos2(plot_right + GAP + n as f32 * (width + GAP), inner.top());
            Rect::from_min_size(at, vec2(width, plot.height()))
        };
        let (waiting, lag) = match (shown, strips.waiting) {
            (0, _) => (None, None),
            (1, true) => (Some(strip(0)), None),
            (1, false) => (None, Some(strip(0))),
            _ => (Some(strip(0)), Some(strip(1))),
        };
        let rack = lanes.map(|_| plot.with_min_y(plot_bottom + GAP_BELOW).with_max_y(inner.bottom()));
        Self { plot, waiting, lag, rack }
    }

    /// Where the labels of event time hang: under the rack, or else under the plot.
    pub fn foot(&self) -> f32 {
        self.rack.map_or(self.plot.bottom(), |rack| rack.bottom())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Strips = Strips { waiting: true, lag: true };

    fn body(width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(252.0, 76.0), vec2(width, height))
    }

    #[test]
    fn the_full_size_is_the_one_of_the_design() {
        let layout = MapLayout::new(body(1036.0, 540.0), BOTH, None);
        assert_eq!(layout.plot, Rect::from_min_max(pos2(322.0, 80.0), pos2(1080.0, 574.0)));
        assert_eq!(layout.waiting.map(|r| (r.left(), r.width())), Some((1090.0, 86.0)));
        assert_eq!(layout.lag.map(|r| (r.left(), r.right())), Some((1186.0, 1272.0)));
    }

    #[test]
    fn without_a_queue_the_plot_takes_its_room() {
        let with = MapLayout::new(body(1036.0, 540.0), BOTH, None);
        let without = MapLayout::new(body(1036.0, 540.0), Strips { waiting: false, ..BOTH }, None);
        assert_eq!(without.waiting, None);
        assert_eq!(without.lag, with.lag);
        assert_eq!(without.plot.width(), with.plot.width() + 96.0);
    }

    #[test]
    fn lanes_take_their_height_from_the_plot_and_its_strips() {
        let without = MapLayout::new(body(1036.0, 540.0), BOTH, None);
        let with = MapLayout::new(body(1036.0, 540.0), BOTH, Some(72.0));
        let rack = with.rack.expect("lanes were asked for");
        assert_eq!(rack.height(), 72.0);
        assert_eq!((rack.left(), rack.right()), (with.plot.left(), with.plot.right()));
        assert_eq!((with.foot(), rack.top() - with.plot.bottom()), (without.foot(), 6.0));
        assert_eq!(with.lag.map(|lag| lag.y_range()), Some(with.plot.y_range()));
    }

    #[test]
    fn without_strips_the_plot_has_all_the_width() {
        let alone = MapLayout::new(body(1036.0, 540.0), Strips { waiting: false, lag: false }, None);
        let both = MapLayout::new(body(1036.0, 540.0), BOTH, None);
        assert_eq!((alone.waiting, alone.lag), (None, None));
        assert_eq!(Some(alone.plot.right()), both.lag.map(|lag| lag.right()));
    }

    #[test]
    fn small_panels_have_narrow_strips_and_tiny_ones_none() {
        let small = MapLayout::new(body(800.0, 400.0), BOTH, None);
        assert_eq!(small.waiting.map(|r| r.width()), Some(64.0));
        let tiny = MapLayout::new(body(300.0, 200.0), BOTH, None);
        assert_eq!((tiny.waiting, tiny.lag), (None, None));
        for (width, height) in [(0.0, 0.0), (10.0, 10.0), (340.0, 60.0)] {
            let layout = MapLayout::new(body(width, height), BOTH, None);
            assert!(layout.plot.width() >= 1.0 && layout.plot.height() >= 1.0, "{layout:?}");
        }
    }
}
