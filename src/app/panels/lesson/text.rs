//! Paragraphs of prose in which words between two stars stand out.

use egui::text::{LayoutJob, TextFormat};
use egui::{Role, Sense, Ui, WidgetInfo};

use crate::app::theme::{Theme, font};

/// How prose of a lesson is set, in points: size, height of a line, and what is left free between paragraphs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prose {
    size: f32,
    line: f32,
    gap: f32,
}

impl Prose {
    /// As it reads best.
    pub const COMFORTABLE: Self = Self { size: 15.0, line: 24.0, gap: 12.0 };
    /// In low windows, so that question and button are in sight.
    pub const TIGHT: Self = Self { size: 13.5, line: 20.0, gap: 8.0 };
}

/// Draws paragraphs that are parted by empty lines.
pub fn paragraphs(ui: &mut Ui, theme: &Theme, text: &str, prose: Prose) {
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let job = job(theme, paragraph, ui.available_width(), prose);
        let plain = job.text.clone();
        let galley = ui.painter().layout_job(job);
        let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &plain));
        ui.painter().galley(rect.min, galley, theme.t2);
        ui.add_space(prose.gap);
    }
}

fn job(theme: &Theme, paragraph: &str, width: f32, prose: Prose) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let one_line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    for (place, part) in one_line.split("**").enumerate() {
        let (font_id, color) =
            if place % 2 == 1 { (font::semibold(prose.size), theme.t1) } else { (font::regular(prose.size), theme.t2) };
        let format = TextFormat { font_id, color, line_height: Some(prose.line), ..TextFormat::default() };
        job.append(part, 0.0, format);
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_between_stars_stand_out() {
        let job = job(&Theme::DARK, "The **watermark**\nis a claim.", 300.0, Prose::COMFORTABLE);
        assert_eq!(job.text, "The watermark is a claim.");
        let fonts: Vec<_> = job.sections.iter().map(|section| section.format.font_id.clone()).collect();
        assert_eq!(fonts, [font::regular(15.0), font::semibold(15.0), font::regular(15.0)]);
    }
}
