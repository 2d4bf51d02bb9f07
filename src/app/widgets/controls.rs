//! Buttons and segments. Controls have no hue; the one main button of a panel is sky blue,
//! because pressing it is the reader's.

use egui::{
    Align2, Color32, Painter, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::app::theme::{Theme, alpha, font, radius, space};

/// How loud a button is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loudness {
    /// The one main button: sky blue.
    Main,
    /// A field with a hairline.
    Plain,
    /// Only its text, a field on hover.
    Quiet,
    /// As quiet, in the colour of what is the reader's.
    Yours,
}

impl Loudness {
    const fn is_quiet(self) -> bool {
        matches!(self, Self::Quiet | Self::Yours)
    }
}

/// A button with a text.
pub fn button(ui: &mut Ui, theme: &Theme, text: &str, loudness: Loudness) -> Response {
    wide_button(ui, theme, text, loudness, 0.0)
}

/// A button with a text that is at least so wide.
pub fn wide_button(ui: &mut Ui, theme: &Theme, text: &str, loudness: Loudness, least: f32) -> Response {
    let (font, padding) = match loudness {
        Loudness::Quiet | Loudness::Yours => (font::body(), 8.0),
        Loudness::Main | Loudness::Plain => (font::value(), 14.0),
    };
    let colour = match (loudness, ui.is_enabled()) {
        (_, false) => theme.t3,
        (Loudness::Main, true) => theme.ink,
        (Loudness::Plain, true) => theme.t1,
        (Loudness::Quiet, true) => theme.t2,
        (Loudness::Yours, true) => theme.you,
    };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, colour);
    let height = if loudness.is_quiet() { space::HIT } else { space::BUTTON };
    let (rect, response) =
        ui.allocate_exact_size(vec2((galley.size().x + 2.0 * padding).max(least), height), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), text));
    paint_ground(ui.painter(), theme, rect, &response, loudness);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, colour);
    response
}

/// A square button with a drawing; `name` is what a screen reader says, `help` shows on hover.
pub fn icon_button(
    ui: &mut Ui,
    theme: &Theme,
    size: Vec2,
    name: &str,
    help: &str,
    draw: impl FnOnce(&Painter, Rect, Color32),
) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    paint_ground(ui.painter(), theme, rect, &response, Loudness::Quiet);
    let colour = if !ui.is_enabled() {
        alpha(theme.t3, 0.5)
    } else if response.hovered() {
        theme.t1
    } else {
        theme.t2
    };
    draw(ui.painter(), rect, colour);
    response.on_hover_text(help)
}

fn paint_ground(painter: &Painter, theme: &Theme, rect: Rect, response: &Response, loudness: Loudness) {
    let pressed = response.is_pointer_button_down_on();
    let (fill, rim) = match loudness {
        Loudness::Main if !response.enabled() => (theme.field, theme.hair),
        Loudness::Main if pressed => (alpha(theme.you, 0.85), theme.you),
        Loudness::Main => (theme.you, theme.you),
        Loudness::Plain if response.hovered() => (theme.raised.lerp_to_gamma(theme.idle, 0.25), theme.idle),
        Loudness::Plain => (theme.field, theme.hair),
        Loudness::Quiet | Loudness::Yours if pressed => (theme.hair, Color32::TRANSPARENT),
        Loudness::Quiet | Loudness::Yours if response.hovered() => (theme.field, Color32::TRANSPARENT),
        Loudness::Quiet | Loudness::Yours => (Color32::TRANSPARENT, Color32::TRANSPARENT),
    };
    let corner = if loudness.is_quiet() { radius::SEGMENT } else { radius::FIELD };
    painter.rect(rect, corner, fill, Stroke::new(1.0, rim), StrokeKind::Inside);
    if response.has_focus() {
        painter.rect_stroke(rect.expand(2.0), corner + 2.0, (2.0, theme.you), StrokeKind::Inside);
    }
}

/// Height of a row of segments.
const SEGMENT: f32 = 22.0;
/// A segment is wider than its name by at least this.
const SEGMENT_AIR: f32 = 8.0;

/// One of few: a well with a choice in it, in as many rows as the width asks for. Each choice is a
/// name and a line on what it does. The new choice, when another one was pressed.
pub fn segments(ui: &mut Ui, theme: &Theme, group: &str, choices: &[(&str, &str)], chosen: usize) -> Option<usize> {
    let natural: Vec<f32> = choices
        .iter()
        .map(|(name, _)| ui.painter().layout_no_wrap((*name).to_owned(), font::legend(), theme.t1).size().x)
        .collect();
    let width = ui.available_width();
    let rows = rows_of(&natural, width);
    let (well, _) = ui.allocate_exact_size(vec2(width, SEGMENT * rows.len() as f32), Sense::hover());
    ui.painter().rect_filled(well, radius::FIELD - 1.0, theme.field);
    let mut pressed = None;
    for (row, range) in rows.into_iter().enumerate() {
        let spare = (width - natural[range.clone()].iter().sum::<f32>()) / range.len().max(1) as f32;
        let mut left = well.left();
        for i in range {
            let (name, help) = choices[i];
            let top = well.top() + SEGMENT * row as f32;
            let rect = Rect::from_min_size(pos2(left, top), vec2(natural[i] + spare, SEGMENT));
            left = rect.right();
            let hit = rect.expand2(vec2(0.0, 1.0));
            let response = ui.interact(hit, ui.scope_id().with((group, name)), Sense::click());
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), i == chosen, name));
            paint_segment(ui.painter(), theme, rect, &response, i == chosen, name);
            if response.on_hover_text(help).clicked() && i != chosen {
                pressed = Some(i);
            }
        }
    }
    pressed
}

/// Segments by row: as few rows as hold them, and about equally many in each.
fn rows_of(natural: &[f32], width: f32) -> Vec<std::ops::Range<usize>> {
    let most_rows = natural.len().max(1);
    for count in 1..most_rows {
        let per_row = natural.len().div_ceil(count);
        let rows: Vec<_> =
            (0..natural.len()).step_by(per_row).map(|from| from..(from + per_row).min(natural.len())).collect();
        let needed =
            |row: &std::ops::Range<usize>| natural[row.clone()].iter().sum::<f32>() + SEGMENT_AIR * row.len() as f32;
        if rows.iter().all(|row| needed(row) <= width) || count == 1 && natural.len() <= 2 {
            return rows;
        }
    }
    (0..natural.len()).map(|i| i..i + 1).collect()
}

fn paint_segment(painter: &Painter, theme: &Theme, rect: Rect, response: &Response, chosen: bool, name: &str) {
    let inner = rect.shrink(2.0);
    if chosen {
        let rim = if theme.is_dark() { Color32::TRANSPARENT } else { theme.hair };
        painter.rect(inner, radius::SEGMENT, theme.segment_on(), Stroke::new(1.0, rim), StrokeKind::Inside);
    }
    if response.has_focus() {
        painter.rect_stroke(inner, radius::SEGMENT, (2.0, theme.you), StrokeKind::Inside);
    }
    let (font, colour) = match (chosen, response.hovered()) {
        (true, _) => (font::legend_value(), theme.t1),
        (false, true) => (font::legend(), theme.t1),
        (false, false) => (font::legend(), theme.t3),
    };
    painter.text(rect.center(), Align2::CENTER_CENTER, name, font, colour);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_take_as_few_rows_as_hold_them() {
        let one_row = |natural: &[f32], width: f32| rows_of(natural, width).len() == 1;
        assert!(one_row(&[40.0, 40.0, 40.0], 200.0) && one_row(&[90.0; 2], 100.0));
        assert_eq!(rows_of(&[50.0; 5], 200.0), [0..3, 3..5]);
        assert_eq!(rows_of(&[60.0; 11], 220.0), [0..3, 3..6, 6..9, 9..11]);
        assert_eq!(rows_of(&[500.0; 3], 100.0), [0..1, 1..2, 2..3]);
        assert!(rows_of(&[], 100.0).is_empty());
    }
}
