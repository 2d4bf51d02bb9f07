//! What lies over the window: the shade behind a card, and the card.

use egui::{Area, Context, Frame, Id, Margin, Order, Rect, Role, Sense, Stroke, WidgetInfo};

use crate::app::theme::{Theme, alpha, radius};

/// Darkens the window and takes the presses that miss the card. Whether it was pressed.
pub fn shade(ctx: &Context, area: Rect, theme: &Theme, id: Id) -> bool {
    let shown = Area::new(id).order(Order::Middle).fixed_pos(area.min).show(ctx, |ui| {
        let response = ui.allocate_rect(area, Sense::CLICK);
        response.widget_info(|| WidgetInfo::labeled(Role::Pane, true, "Behind the card"));
        ui.painter().rect_filled(area, 0.0, alpha(theme.bg, 0.72));
        response.clicked()
    });
    shown.inner
}

/// A card that floats: a darker rim instead of a shadow.
pub fn card(theme: &Theme) -> Frame {
    Frame::NONE
        .fill(theme.raised)
        .stroke(Stroke::new(1.0, theme.hair))
        .corner_radius(radius::CARD)
        .inner_margin(Margin::same(14))
        .shadow(egui::epaint::Shadow { offset: [0, 0], blur: 0, spread: 1, color: alpha(theme.shade, 0.25) })
}
