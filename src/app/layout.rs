//! Where the tiles of the window lie: pure geometry on a grid for 1600 x 1000, with a compact
//! variant for small windows. Tiles meet in hairlines; what grows is the time map.

use egui::{Rect, pos2};

/// Panels beside the time map never grow wider than this; wider ones would only stretch.
const SIDE_PANEL_MAX: f32 = 640.0;

/// The tiles of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tiles {
    /// Whether the window is small, so that panels leave out what they can.
    pub compact: bool,
    /// Name, scenario, file and theme.
    pub top_bar: Rect,
    /// Every knob.
    pub settings: Rect,
    /// Event time against processing time.
    pub time_map: Rect,
    /// One lane per window.
    pub emissions: Rect,
    /// Late and dropped records, and the delays.
    pub late: Rect,
    /// Queue depth and lag.
    pub queues: Rect,
    /// Play, speed, timeline.
    pub transport: Rect,
    /// Where every record is.
    pub ledger: Rect,
}

impl Tiles {
    /// The tiles of a window that fills `area`.
    pub fn of(area: Rect) -> Self {
        let compact = area.width() < 1440.0 || area.height() < 900.0;
        let (settings_width, bottom_height, transport_height) =
            if compact { (232.0, 200.0, 70.0) } else { (252.0, 264.0, 88.0) };
        let (top_bar, rest) = area.split_top_bottom_at_y(area.top() + 44.0);
        let (rest, ledger) = rest.split_top_bottom_at_y(area.bottom() - 32.0);
        let (rest, transport) = rest.split_top_bottom_at_y(ledger.top() - transport_height);
        let (settings, rest) = rest.split_left_right_at_x(area.left() + settings_width);
        // A tall window gives a quarter of what it has more than 1000 to the bottom row.
        let bottom_height = bottom_height + (area.height() - 1000.0).max(0.0) * 0.25;
        let bottom_height = bottom_height.min(rest.height() * 0.42);
        let (time_map, bottom) = rest.split_top_bottom_at_y((rest.bottom() - bottom_height).round());
        let width = bottom.width();
        let emissions_width = (width * 0.40).round().min(SIDE_PANEL_MAX);
        let late_width = (width * 0.34).round().min(SIDE_PANEL_MAX);
        let first = bottom.left() + emissions_width;
        let second = first + late_width;
        let part = |from: f32, to: f32| Rect::from_min_max(pos2(from, bottom.top()), pos2(to, bottom.bottom()));
        Self {
            compact,
            top_bar,
            settings,
            time_map,
            emissions: part(bottom.left(), first),
            late: part(first, second),
            queues: part(second, bottom.right()),
            transport,
            ledger,
        }
    }

    /// All tiles, for checks that they neither overlap nor leave a hole.
    pub fn all(&self) -> [Rect; 8] {
        [
            self.top_bar,
            self.settings,
            self.time_map,
            self.emissions,
            self.late,
            self.queues,
            self.transport,
            self.ledger,
        ]
    }
}

/// The zoom that a window of this width (in points at zoom 1) opens with.
pub fn opening_zoom(width: f32) -> f32 {
    if width >= 2400.0 { 1.25 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    fn tiles(width: f32, height: f32) -> Tiles {
        Tiles::of(Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height)))
    }

    #[test]
    fn tiles_fill_the_window_without_overlap() {
        for (width, height) in [(1600.0, 1000.0), (1280.0, 800.0), (2048.0, 1152.0), (960.0, 640.0)] {
            let tiles = tiles(width, height).all();
            let area: f32 = tiles.iter().map(|tile| tile.area()).sum();
            assert!((area - width * height).abs() < 1.0, "{width} x {height}: {area}");
            for (i, a) in tiles.iter().enumerate() {
                assert!(a.width() > 0.0 && a.height() > 0.0, "{width} x {height}: {a:?}");
                for b in &tiles[..i] {
                    assert!(!a.shrink(0.5).intersects(b.shrink(0.5)), "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn the_grid_of_1600_by_1000() {
        let tiles = tiles(1600.0, 1000.0);
        assert!(!tiles.compact);
        let rect = |x, y, w, h| Rect::from_min_size(pos2(x, y), vec2(w, h));
        assert_eq!(tiles.settings, rect(0.0, 44.0, 252.0, 836.0));
        assert_eq!(tiles.time_map, rect(252.0, 44.0, 1348.0, 572.0));
        assert_eq!(tiles.transport, rect(0.0, 880.0, 1600.0, 88.0));
        assert_eq!(tiles.ledger, rect(0.0, 968.0, 1600.0, 32.0));
    }

    #[test]
    fn side_panels_stay_readable_on_wide_screens() {
        let tiles = tiles(2560.0, 1440.0);
        assert!(tiles.emissions.width() <= 640.0 && tiles.late.width() <= 640.0);
        assert_eq!((opening_zoom(2560.0), opening_zoom(1600.0)), (1.25, 1.0));
    }
}
