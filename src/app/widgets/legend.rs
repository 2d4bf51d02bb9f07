//! The legend: a sample, a name, a count; pressing it hides and shows what it names.

use egui::{Color32, Pos2, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::view::LegendItem;
use crate::app::widgets::marks;

/// One entry of the legend.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What it switches.
    pub item: LegendItem,
    /// Its name.
    pub name: &'a str,
    /// How many there are, where that means something.
    pub count: Option<u64>,
    /// Whether it is shown.
    pub on: bool,
    /// Whether the name is written beside the sample; without room it is only told on hover.
    pub named: bool,
}

impl Entry<'_> {
    /// How wide it will be, in points.
    pub fn width(&self, ui: &Ui) -> f32 {
        let wide = |text: String, font| ui.painter().layout_no_wrap(text, font, Color32::PLACEHOLDER).size().x;
        let name = if self.named { 6.0 + wide(self.name.to_owned(), font::legend()) } else { 0.0 };
        let number = self.count.map_or(0.0, |count| 5.0 + wide(crate::human::count(count), font::legend_value()));
        sample_width(self.item) + name + number + 6.0
    }

    /// Draws the entry. Zero is pale, a hidden entry is hollow and pale.
    pub fn ui(self, ui: &mut Ui, theme: &Theme) -> Response {
        let pale = !self.on || self.count == Some(0);
        let name_colour = if pale { theme.t3 } else { theme.t2 };
        let written = if self.named { self.name } else { "" };
        let name = ui.painter().layout_no_wrap(written.to_owned(), font::legend(), name_colour);
        let number = self.count.map(|count| {
            let colour = if pale { theme.t3 } else { theme.t1 };
            ui.painter().layout_no_wrap(crate::human::count(count), font::legend_value(), colour)
        });
        let sample = sample_width(self.item);
        let number_width = number.as_ref().map_or(0.0, |number| number.size().x + 5.0);
        let gap = if self.named { 6.0 } else { 0.0 };
        let size = vec2(sample + gap + name.size().x + number_width + 6.0, space::HIT);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let label = match self.count {
            Some(count) => format!("{} {}", self.name, crate::human::count(count)),
            None => self.name.to_owned(),
        };
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), self.on, &label));
        if ui.is_rect_visible(rect) {
            if response.hovered() || response.has_focus() {
                ui.painter().rect_filled(rect.expand2(vec2(1.0, -1.0)), radius::SEGMENT, theme.field);
            }
            let middle = rect.left_center() + vec2(3.0 + sample / 2.0, 0.0);
            let strength = if pale { 0.55 } else { 1.0 };
            ui.painter().add(sample_shape(self.item, middle, theme, strength, self.on));
            let text_at = |x: f32, height: f32| pos2(x, rect.center().y - height / 2.0);
            let x = rect.left() + 3.0 + sample + gap;
            let name_width = name.size().x;
            ui.painter().galley(text_at(x, name.size().y), name, name_colour);
            if let Some(number) = number {
                ui.painter().galley(text_at(x + name_width + 5.0, number.size().y), number, name_colour);
            }
        }
        response.on_hover_text(if self.on { format!("Hide: {}", self.name) } else { format!("Show: {}", self.name) })
    }
}

fn sample_width(item: LegendItem) -> f32 {
    match item {
        LegendItem::Watermark | LegendItem::Perfect | LegendItem::Ideal => 16.0,
        _ => 8.0,
    }
}

fn sample_shape(item: LegendItem, at: Pos2, theme: &Theme, strength: f32, on: bool) -> Shape {
    let tint = |colour: Color32| alpha(colour, strength);
    let line = [at - vec2(8.0, 0.0), at + vec2(8.0, 0.0)];
    match item {
        LegendItem::OnTime if !on => marks::hollow(at, 3.0, tint(theme.on_time)),
        LegendItem::OnTime => marks::dot(at, 3.0, tint(theme.on_time)),
        LegendItem::Behind => marks::diamond(at, marks::DIAMOND_HALF, tint(theme.behind)),
        LegendItem::Dropped => marks::cross(at, 3.4, tint(theme.dropped)),
        LegendItem::SideOutput => marks::square(at, 3.2, tint(theme.side)),
        LegendItem::GivenUp => marks::triangle_hollow(at, 3.8, tint(theme.dropped)),
        LegendItem::Watermark => Shape::line_segment(line, Stroke::new(2.2, tint(theme.watermark))),
        LegendItem::Perfect => {
            marks::dashed(line[0], line[1], Stroke::new(1.4, alpha(tint(theme.watermark), 0.8)), 5.0, 4.0)
        }
        LegendItem::Ideal => marks::dashed(line[0], line[1], Stroke::new(1.2, tint(theme.ideal)), 1.5, 4.0),
    }
}
