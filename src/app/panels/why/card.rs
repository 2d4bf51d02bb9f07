//! The finding: a mark, a title, and the sentences with their values in bold.

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::why::icons;
use crate::app::theme::{Theme, font};
use crate::explain::{Explanation, Prose};

/// Height of a line of the finding.
const FINDING_LINE: f32 = 19.0;
/// Height of a line of prose.
const PROSE_LINE: f32 = 19.0;
/// Room of the mark in front of the finding.
const MARK: f32 = 22.0;

/// Draws the title and the sentences over the whole width.
pub(super) fn card_ui(ui: &mut Ui, theme: &Theme, explanation: &Explanation) {
    let width = ui.available_width();
    let mut job = LayoutJob::default();
    job.wrap.max_width = width - MARK;
    let format = TextFormat {
        font_id: font::finding(),
        color: theme.t1,
        line_height: Some(FINDING_LINE),
        ..TextFormat::default()
    };
    job.append(&explanation.title, 0.0, format);
    let galley = ui.painter().layout_job(job);
    let (rect, response) = ui.allocate_exact_size(vec2(width, galley.size().y), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &explanation.title));
    let at = pos2(rect.left() + 6.0, rect.top() + FINDING_LINE / 2.0);
    icons::mark(ui.painter(), theme, at, explanation.mark, 1.35);
    ui.painter().galley(rect.min + vec2(MARK, 0.0), galley, theme.t1);
    ui.add_space(4.0);
    prose_ui(ui, theme, &explanation.prose);
}

/// Sentences over the whole width, their values in bold.
pub(super) fn prose_ui(ui: &mut Ui, theme: &Theme, prose: &Prose) {
    let width = ui.available_width();
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    for (text, is_value) in &prose.runs {
        let (font_id, color) = if *is_value { (font::semibold(12.5), theme.t1) } else { (font::prose(), theme.t2) };
        let format = TextFormat {
            font_id,
            color,
            line_height: Some(PROSE_LINE),
            valign: Align::Center,
            ..TextFormat::default()
        };
        job.append(text, 0.0, format);
    }
    let galley = ui.painter().layout_job(job);
    let (rect, response) = ui.allocate_exact_size(vec2(width, galley.size().y), Sense::hover());
    let words = prose.to_string();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    ui.painter().galley(rect.min, galley, theme.t2);
}
