//! What of the window has a fixed place: the bar above, the transport and the ledger below. Between them
//! lie the tiles of [`super::arrangement`].

use egui::Rect;

use crate::app::arrangement::{Preset, is_compact};

/// The fixed parts of the window, and the body between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Whether the window is small, so that panels leave out what they can.
    pub compact: bool,
    /// Name, scenario, file and theme.
    pub top_bar: Rect,
    /// The tiles.
    pub body: Rect,
    /// Play, speed, timeline.
    pub transport: Rect,
    /// Where every record is; `None` where it would only distract.
    pub ledger: Option<Rect>,
    /// Width of the left part of the transport: that of the settings above it.
    pub left_width: f32,
}

impl Frame {
    /// The parts of a window that fills `area`.
    pub fn of(area: Rect, preset: Preset) -> Self {
        let compact = is_compact(area.size());
        let (transport_height, ledger_height) = match preset {
            Preset::Tune => (if compact { 70.0 } else { 88.0 }, 32.0),
            Preset::Learn => (64.0, 0.0),
            Preset::Present => (56.0, 0.0),
        };
        let (top_bar, rest) = area.split_top_bottom_at_y(area.top() + 44.0);
        let (rest, ledger) = rest.split_top_bottom_at_y(area.bottom() - ledger_height);
        let (body, transport) = rest.split_top_bottom_at_y(ledger.top() - transport_height);
        let ledger = (ledger_height > 0.0).then_some(ledger);
        Self { compact, top_bar, body, transport, ledger, left_width: if compact { 232.0 } else { 252.0 } }
    }
}

/// The zoom that a window of this width (in points at zoom 1) opens with.
pub fn opening_zoom(width: f32) -> f32 {
    if width >= 2400.0 { 1.25 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    #[test]
    fn the_parts_fill_the_window_without_overlap() {
        for (width, height) in [(1600.0, 1000.0), (1280.0, 800.0), (2048.0, 1152.0), (960.0, 640.0)] {
            for (preset, ..) in Preset::ALL {
                let frame = Frame::of(Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height)), preset);
                let parts = [Some(frame.top_bar), Some(frame.body), Some(frame.transport), frame.ledger];
                let heights: f32 = parts.iter().flatten().map(Rect::height).sum();
                assert!((heights - height).abs() < 0.5, "{width} x {height}: {heights}");
                let ends: Vec<f32> = parts.iter().flatten().map(Rect::top).collect();
                assert!(ends.is_sorted());
            }
        }
    }

    #[test]
    fn the_grid_of_1600_by_1000() {
        let frame = Frame::of(Rect::from_min_size(pos2(0.0, 0.0), vec2(1600.0, 1000.0)), Preset::Tune);
        let rect = |x, y, w, h| Rect::from_min_size(pos2(x, y), vec2(w, h));
        assert!(!frame.compact);
        assert_eq!(frame.body, rect(0.0, 44.0, 1600.0, 836.0));
        assert_eq!(frame.transport, rect(0.0, 880.0, 1600.0, 88.0));
        assert_eq!(frame.ledger, Some(rect(0.0, 968.0, 1600.0, 32.0)));
        assert_eq!((opening_zoom(2560.0), opening_zoom(1600.0)), (1.25, 1.0));
    }
}
