//! Type roles: Inter for words and numbers (its digits are all of one width), JetBrains Mono for
//! file names, identifiers and code. Sizes are points; nothing is smaller than 10.
//!
//! Both families lie in `assets/fonts` with their licences; egui's own fonts stand behind them for
//! what they lack.

use std::sync::{Arc, LazyLock};

use egui::{FontData, FontDefinitions, FontFamily, FontId};

static MEDIUM: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("Inter Medium"));
static SEMIBOLD: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("Inter SemiBold"));
static MONO_MEDIUM: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("JetBrains Mono Medium"));

/// Inter Regular at any size.
pub fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Inter Medium at any size.
pub fn medium(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(Arc::clone(&MEDIUM)))
}

/// Inter SemiBold at any size.
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(Arc::clone(&SEMIBOLD)))
}

/// Axis, tick, caption.
pub fn tick() -> FontId {
    regular(11.0)
}

/// Ticks of small plots.
pub fn tick_small() -> FontId {
    regular(10.5)
}

/// Captions inside panes; the smallest size.
pub fn tick_inside() -> FontId {
    regular(10.0)
}

/// Legends and second text.
pub fn legend() -> FontId {
    regular(11.5)
}

/// A number in a legend.
pub fn legend_value() -> FontId {
    medium(11.5)
}

/// Body, knob, table.
pub fn body() -> FontId {
    regular(12.0)
}

/// A value in a knob or a table.
pub fn value() -> FontId {
    medium(12.0)
}

/// Prose.
pub fn prose() -> FontId {
    regular(12.5)
}

/// Panel titles.
pub fn title() -> FontId {
    semibold(12.5)
}

/// The value of a pane.
pub fn pane_value() -> FontId {
    semibold(16.0)
}

/// The value of an open window so far.
pub fn pane_running() -> FontId {
    medium(16.0)
}

/// The first line of a finding.
pub fn finding() -> FontId {
    semibold(15.0)
}

/// The clock of the transport.
pub fn clock() -> FontId {
    medium(16.0)
}

/// File names, identifiers, code.
pub fn mono() -> FontId {
    FontId::new(11.5, FontFamily::Monospace)
}

/// Emphasis among file names.
pub fn mono_medium() -> FontId {
    FontId::new(11.5, FontFamily::Name(Arc::clone(&MONO_MEDIUM)))
}

/// Gives `ctx` Inter and JetBrains Mono, with egui's own fonts behind them for what they lack.
pub fn install_fonts(ctx: &egui::Context) {
    let mut fonts = FontDefinitions::default();
    let mut add = |name: &str, bytes: &'static [u8]| {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    };
    add("Inter", include_bytes!("../../assets/fonts/Inter-Regular.ttf"));
    add("Inter Medium", include_bytes!("../../assets/fonts/Inter-Medium.ttf"));
    add("Inter SemiBold", include_bytes!("../../assets/fonts/Inter-SemiBold.ttf"));
    add("JetBrains Mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf"));
    add("JetBrains Mono Medium", include_bytes!("../../assets/fonts/JetBrainsMono-Medium.ttf"));
    let fallback = |family: &FontFamily| fonts.families.get(family).cloned().unwrap_or_default();
    let (words, code) = (fallback(&FontFamily::Proportional), fallback(&FontFamily::Monospace));
    let mut family = |family: FontFamily, first: &str, rest: &[String]| {
        let list = std::iter::once(first.to_owned()).chain(rest.iter().cloned()).collect();
        fonts.families.insert(family, list);
    };
    family(FontFamily::Proportional, "Inter", &words);
    family(FontFamily::Name(Arc::clone(&MEDIUM)), "Inter Medium", &words);
    family(FontFamily::Name(Arc::clone(&SEMIBOLD)), "Inter SemiBold", &words);
    family(FontFamily::Monospace, "JetBrains Mono", &code);
    family(FontFamily::Name(Arc::clone(&MONO_MEDIUM)), "JetBrains Mono Medium", &code);
    ctx.set_fonts(fonts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::theme::{Theme, install};

    #[test]
    fn every_type_role_has_its_glyphs() {
        let ctx = egui::Context::default();
        install_fonts(&ctx);
        install(&ctx, &Theme::DARK);
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            for font in [tick(), value(), title(), mono(), mono_medium()] {
                for glyph in "Aa0\u{2212}\u{2013}\u{00d7}·→↑".chars() {
                    assert!(ui.ctx().fonts_mut(|fonts| fonts.has_glyph(&font, glyph)), "{glyph} in {font:?}");
                }
            }
        });
        output.textures_delta.clear();
    }
}
