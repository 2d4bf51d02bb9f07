//! Paragraphs of prose in which words between two stars stand out.

use egui::text::{LayoutJob, TextFormat};
use egui::{Role, Sense, Ui, WidgetInfo};

use crate::app::theme::{Theme, font};

/// Size and line height of prose in a lesson.
const SIZE: f32 = 15.0;
const LINE: f32 = 24.0;
/// Between paragraphs.
const GAP: f32 = 12.0;

/// Draws paragraphs that are parted by empty lines.
pub fn paragraphs(ui: &mut Ui, theme: &Theme, text: &str) {
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let job = job(theme, paragraph, ui.available_width());
        let plain = job.text.clone();
        let galley = ui.painter().layout_job(job);
        let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &plain));
        ui.painter().galley(rect.min, galley, theme.t2);
        ui.add_space(GAP);
    }
}

fn job(theme: &Theme, paragraph: &str, width: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let one_line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    for (place, part) in one_line.split("**").enumerate() {
        let (font_id, color) =
            if place % 2 == 1 { (font::semibold(SIZE), theme.t1) } else { (font::regular(SIZE), theme.t2) };
        let format = TextFormat { font_id, color, line_height: Some(LINE), ..TextFormat::default() };
        job.append(part, 0.0, format);
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_between_stars_stand_out() {
        let job = job(&Theme::DARK, "The **watermark**\nis a claim.", 300.0);
        assert_eq!(job.text, "The watermark is a claim.");
        let fonts: Vec<_> = job.sections.iter().map(|section| section.format.font_id.clone()).collect();
        assert_eq!(fonts, [font::regular(SIZE), font::semibold(SIZE), font::regular(SIZE)]);
    }
}
