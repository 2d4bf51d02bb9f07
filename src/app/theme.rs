//! All colours, type sizes and distances of the lab, for a dark and a light screen.
//!
//! One colour has one meaning in every panel: blue-violet is a window or what it emitted, green
//! is the watermark's claim, sky blue is what the reader chose or changed, orange with a hatch is
//! waiting, red with a cross is gone. Surfaces and controls have no hue. This is the only file
//! with colour literals; shapes and hatches, which carry the same meanings for those who do not
//! see the colours, are in [`super::widgets`].

use egui::Color32;
use serde::{Deserialize, Serialize};

pub use crate::app::style::install;
pub use crate::app::type_roles::{self as font, install_fonts};

/// Which of the two screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// Light marks on near black.
    #[default]
    Dark,
    /// Dark marks on white.
    Light,
}

impl ThemeChoice {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }
}

/// The colours of one screen, by meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Which screen this is.
    pub choice: ThemeChoice,
    /// Behind panels, and the impossible half of the time map.
    pub bg: Color32,
    /// Panels.
    pub panel: Color32,
    /// Cards, hover.
    pub raised: Color32,
    /// The ground of a plot.
    pub plot: Color32,
    /// Hairlines between panels.
    pub hair: Color32,
    /// Minor grid lines of a plot.
    pub grid_minor: Color32,
    /// Grid lines of a plot.
    pub grid: Color32,
    /// Wells and segments.
    pub field: Color32,
    /// Text.
    pub t1: Color32,
    /// Second text.
    pub t2: Color32,
    /// Third text; axes; zero.
    pub t3: Color32,
    /// A record on time, and the plain bar.
    pub on_time: Color32,
    /// A record behind the watermark that is counted.
    pub behind: Color32,
    /// A record dropped late; a wrong result.
    pub dropped: Color32,
    /// A record in the side output.
    pub side: Color32,
    /// Everything that is the reader's: selection, changed knob, focus, main button.
    pub you: Color32,
    /// The watermark.
    pub watermark: Color32,
    /// The ideal diagonal.
    pub ideal: Color32,
    /// Windows, panes, emissions.
    pub window: Color32,
    /// A value that was withdrawn.
    pub retract: Color32,
    /// Busy; queue depth.
    pub busy: Color32,
    /// Idle; the rail of a slider.
    pub idle: Color32,
    /// Backpressured; waiting beyond the queue.
    pub backpressure: Color32,
    /// An alert that only notes.
    pub note: Color32,
    /// An alert that warns.
    pub warn: Color32,
    /// A critical alert.
    pub critical: Color32,
    /// The run before the last change.
    pub ghost: Color32,
    /// Faults and their bands.
    pub fault: Color32,
    /// The line of the current instant, the playhead.
    pub now: Color32,
    /// Text on the main button.
    pub ink: Color32,
    /// The rim of things that float.
    pub shade: Color32,
}

const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

impl Theme {
    /// The dark screen.
    pub const DARK: Self = Self {
        choice: ThemeChoice::Dark,
        bg: hex(0x0B_0E13),
        panel: hex(0x11_151B),
        raised: hex(0x18_1E27),
        plot: hex(0x0D_1116),
        hair: hex(0x23_2B36),
        grid_minor: hex(0x19_202A),
        grid: hex(0x22_2B37),
        field: hex(0x1B_222C),
        t1: hex(0xEA_EEF4),
        t2: hex(0xAA_B4C2),
        t3: hex(0x7E_8A9A),
        on_time: hex(0x93_A7C1),
        behind: hex(0xF4_B63F),
        dropped: hex(0xFF_6B4F),
        side: hex(0x8F_55E8),
        you: hex(0x55_C4FF),
        watermark: hex(0x2F_D3AE),
        ideal: hex(0x7E_8A9A),
        window: hex(0x76_83F5),
        retract: hex(0xF5_82BD),
        busy: hex(0x5D_8CF0),
        idle: hex(0x3B_4655),
        backpressure: hex(0xF0_883A),
        note: hex(0x8F_A0B5),
        warn: hex(0xF4_B63F),
        critical: hex(0xFF_6B4F),
        ghost: hex(0xA8_9A7E),
        fault: hex(0xD9_DFE8),
        now: hex(0xFF_FFFF),
        ink: hex(0x0B_0E13),
        shade: hex(0x00_0000),
    };

    /// The light screen.
    pub const LIGHT: Self = Self {
        choice: ThemeChoice::Light,
        bg: hex(0xEE_F0F3),
        panel: hex(0xFA_FBFC),
        raised: hex(0xFF_FFFF),
        plot: hex(0xFF_FFFF),
        hair: hex(0xDD_E2E8),
        grid_minor: hex(0xEE_F1F4),
        grid: hex(0xE2_E7EC),
        field: hex(0xED_F0F4),
        t1: hex(0x14_1A22),
        t2: hex(0x45_4F5C),
        t3: hex(0x5E_6978),
        on_time: hex(0x66_788F),
        behind: hex(0xC6_7C00),
        dropped: hex(0xCC_2F0B),
        side: hex(0x4E_1A94),
        you: hex(0x00_75BF),
        watermark: hex(0x00_836A),
        ideal: hex(0x5E_6978),
        window: hex(0x35_38A8),
        retract: hex(0xBF_2B7F),
        busy: hex(0x2F_62D0),
        idle: hex(0xC3_CBD5),
        backpressure: hex(0xC8_5A00),
        note: hex(0x5A_6B80),
        warn: hex(0xC6_7C00),
        critical: hex(0xCC_2F0B),
        ghost: hex(0x7D_6A45),
        fault: hex(0x33_3C48),
        now: hex(0x0E_141B),
        ink: hex(0xFF_FFFF),
        shade: hex(0x1A_2430),
    };

    /// The dark screen.
    pub const fn dark() -> Self {
        Self::DARK
    }

    /// The light screen.
    pub const fn light() -> Self {
        Self::LIGHT
    }

    /// The colours of `choice`.
    pub const fn of(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Dark => Self::DARK,
            ThemeChoice::Light => Self::LIGHT,
        }
    }

    /// Every colour of it.
    pub fn all_colours(&self) -> Vec<Color32> {
        vec![
            self.bg,
            self.panel,
            self.raised,
            self.plot,
            self.hair,
            self.grid_minor,
            self.grid,
            self.field,
            self.t1,
            self.t2,
            self.t3,
            self.on_time,
            self.behind,
            self.dropped,
            self.side,
            self.you,
            self.watermark,
            self.ideal,
            self.window,
            self.retract,
            self.busy,
            self.idle,
            self.backpressure,
            self.note,
            self.warn,
            self.critical,
            self.ghost,
            self.fault,
            self.now,
            self.ink,
            self.shade,
        ]
    }

    /// Whether this is the dark screen.
    pub fn is_dark(&self) -> bool {
        self.choice == ThemeChoice::Dark
    }

    /// The fill of a window's area: 20 % on dark, 13 % on light.
    pub fn window_fill(&self) -> Color32 {
        alpha(self.window, if self.is_dark() { 0.20 } else { 0.13 })
    }

    /// The plate behind a label over data: plot colour, 80 %.
    pub fn plate(&self) -> Color32 {
        alpha(self.plot, 0.80)
    }

    /// A thumb, a play button: the strongest thing that has no hue.
    pub fn strong(&self) -> Color32 {
        self.t1
    }

    /// The chosen segment.
    pub fn segment_on(&self) -> Color32 {
        if self.is_dark() { self.idle.lerp_to_gamma(self.field, 0.45) } else { self.raised }
    }

    /// The rail of a slider, right of its thumb.
    pub fn rail(&self) -> Color32 {
        if self.is_dark() { self.hair } else { self.hair.lerp_to_gamma(self.field, 0.2) }
    }

    /// The rail of a slider, left of its thumb.
    pub fn rail_filled(&self) -> Color32 {
        if self.is_dark() { self.t3 } else { self.t2 }
    }
}

/// `colour` at `opacity` (0 to 1).
pub fn alpha(colour: Color32, opacity: f32) -> Color32 {
    colour.gamma_multiply(opacity.clamp(0.0, 1.0))
}

/// Distances in points, on a base of 4.
pub mod space {
    /// The base.
    pub const XS: f32 = 4.0;
    /// Between things that belong together.
    pub const S: f32 = 8.0;
    /// Between groups of a row.
    pub const M: f32 = 12.0;
    /// Padding of a panel.
    pub const PANEL: f32 = 16.0;
    /// Between groups.
    pub const L: f32 = 24.0;
    /// Height of a panel's header.
    pub const HEADER: f32 = 32.0;
    /// Height of a knob with its track.
    pub const KNOB: f32 = 40.0;
    /// Height of a table row.
    pub const ROW: f32 = 25.0;
    /// Height of a main button.
    pub const BUTTON: f32 = 30.0;
    /// The smallest side of anything that can be hit.
    pub const HIT: f32 = 24.0;
}

/// Corner radii in points. Panels have none.
pub mod radius {
    /// Bars.
    pub const BAR: f32 = 2.0;
    /// Plates behind labels.
    pub const PLATE: f32 = 3.0;
    /// Segments and keys.
    pub const SEGMENT: f32 = 4.0;
    /// Fields and buttons.
    pub const FIELD: f32 = 6.0;
    /// Cards.
    pub const CARD: f32 = 7.0;
}

/// Stroke widths in points.
pub mod stroke {
    /// Hairlines, grid, early panes.
    pub const HAIR: f32 = 1.0;
    /// The ideal diagonal (dashes 1.5 on, 4 off).
    pub const IDEAL: f32 = 1.2;
    /// Late firing, selection.
    pub const SELECTION: f32 = 1.5;
    /// The watermark; its casing in plot colour is 5.
    pub const WATERMARK: f32 = 2.2;
    /// Casing of the watermark.
    pub const CASING: f32 = 5.0;
    /// The on-time firing line.
    pub const FIRING: f32 = 2.5;
}

/// Relative luminance of WCAG 2.x.
pub fn luminance(colour: Color32) -> f64 {
    let channel = |byte: u8| {
        let c = f64::from(byte) / 255.0;
        if c <= 0.03928 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
    };
    0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (high, low) = (luminance(a).max(luminance(b)), luminance(a).min(luminance(b)));
        (high + 0.05) / (low + 0.05)
    }

    #[test]
    fn text_is_readable_on_every_surface_of_both_screens() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            for ground in [theme.plot, theme.panel, theme.raised, theme.field] {
                for text in [theme.t1, theme.t2, theme.t3] {
                    assert!(contrast(text, ground) >= 4.5, "{:?}: {text:?} on {ground:?}", theme.choice);
                }
            }
        }
    }

    #[test]
    fn marks_are_visible_on_plots_and_panels_of_both_screens() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            let marks = [
                theme.on_time,
                theme.behind,
                theme.dropped,
                theme.side,
                theme.you,
                theme.watermark,
                theme.window,
                theme.retract,
                theme.busy,
                theme.backpressure,
                theme.ghost,
                theme.now,
            ];
            for mark in marks {
                for ground in [theme.plot, theme.panel] {
                    assert!(contrast(mark, ground) >= 3.0, "{:?}: {mark:?} on {ground:?}", theme.choice);
                }
            }
        }
    }
}
