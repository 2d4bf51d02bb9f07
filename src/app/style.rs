//! egui's own styles in the colours of a theme: surfaces and controls without a hue, hairlines
//! instead of shadows.

use egui::epaint::{FontColorTransferFunction, Shadow};
use egui::style::{HandleShape, Selection, WidgetVisuals};
use egui::{Color32, CornerRadius, Margin, Stroke, TextStyle, Visuals};

use crate::app::theme::{Theme, alpha, font, radius, space, stroke};

/// Gives `ctx` the fonts, colours and distances of `theme`. Calling it again with the same theme
/// only costs the styles; fonts are set by [`crate::app::theme::install_fonts`].
pub fn install(ctx: &egui::Context, theme: &Theme) {
    let side = if theme.is_dark() { egui::Theme::Dark } else { egui::Theme::Light };
    ctx.set_theme(side);
    ctx.style_mut_of(side, |style| {
        style.visuals = visuals(theme);
        style.text_styles = [
            (TextStyle::Small, font::tick()),
            (TextStyle::Body, font::body()),
            (TextStyle::Button, font::body()),
            (TextStyle::Heading, font::finding()),
            (TextStyle::Monospace, font::mono()),
        ]
        .into();
        style.spacing.item_spacing = egui::vec2(space::S, space::XS);
        style.spacing.button_padding = egui::vec2(10.0, 5.0);
        style.spacing.interact_size = egui::vec2(space::HIT, space::HIT);
        style.spacing.menu_margin = Margin::same(6);
        style.spacing.window_margin = Margin::same(12);
        style.spacing.tooltip_width = 320.0;
        style.spacing.scroll = egui::style::ScrollStyle::floating();
        style.animation_time = 0.12;
        style.interaction.selectable_labels = false;
    });
}

fn visuals(theme: &Theme) -> Visuals {
    let mut visuals = if theme.is_dark() { Visuals::dark() } else { Visuals::light() };
    let state = |fill: Color32, rim: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(stroke::HAIR, rim),
        corner_radius: CornerRadius::same(radius::FIELD as u8),
        fg_stroke: Stroke::new(stroke::HAIR, text),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = state(theme.panel, theme.hair, theme.t2);
    visuals.widgets.inactive = state(theme.field, theme.hair, theme.t1);
    visuals.widgets.hovered = state(theme.raised, theme.idle, theme.t1);
    visuals.widgets.active = state(theme.raised, theme.you, theme.t1);
    visuals.widgets.open = state(theme.raised, theme.idle, theme.t1);
    visuals.selection = Selection { bg_fill: alpha(theme.you, 0.28), stroke: Stroke::new(stroke::HAIR, theme.you) };
    visuals.hyperlink_color = theme.you;
    visuals.faint_bg_color = theme.field;
    visuals.extreme_bg_color = theme.plot;
    visuals.text_edit_bg_color = Some(theme.field);
    visuals.code_bg_color = theme.field;
    visuals.warn_fg_color = theme.warn;
    visuals.error_fg_color = theme.dropped;
    visuals.weak_text_color = Some(theme.t3);
    visuals.window_fill = theme.raised;
    visuals.window_stroke = Stroke::new(stroke::HAIR, theme.hair);
    visuals.window_corner_radius = CornerRadius::same(radius::CARD as u8);
    visuals.menu_corner_radius = CornerRadius::same(radius::CARD as u8);
    visuals.window_shadow = Shadow::NONE;
    visuals.popup_shadow = Shadow { offset: [0, 0], blur: 0, spread: 1, color: alpha(theme.shade, 0.25) };
    visuals.panel_fill = theme.panel;
    // Light letters on dark ground look bolder than they are; egui's default makes them bolder still.
    visuals.text_options.color_transfer_function =
        if theme.is_dark() { FontColorTransferFunction::Gamma(0.8) } else { FontColorTransferFunction::Off };
    // Hinting would round the widths of letters, and Inter is drawn tight.
    visuals.text_options.font_hinting = false;
    visuals.handle_shape = HandleShape::Circle;
    visuals
}
