//! Nothing is asked about: three things that are worth it, as buttons.

use egui::{Align2, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::why::{card, icons};
use crate::app::theme::{Theme, font, radius, space};
use crate::app::view::{Selection, View};
use crate::explain::{Case, Mark, Prose, Subject, Suggestions};

/// Height of an offer.
const OFFER: f32 = 48.0;

/// What the reader took up.
pub(super) enum Taken {
    /// It can be selected.
    Select(Selection),
    /// It cannot.
    Ask(Subject),
}

/// Draws the offers; the one that was pressed.
pub(super) fn empty_ui(ui: &mut Ui, view: &View<'_>, case: &Case<'_>, found: Suggestions) -> Option<Taken> {
    let theme = view.theme;
    ui.label(RichText::new("Nothing is selected").font(font::finding()).color(theme.t1));
    ui.add_space(2.0);
    let words =
        "Click a record, a window or a partition, and read here why it went as it did. Or begin with one of these.";
    let mut prose = Prose::default();
    prose.say(words);
    card::prose_ui(ui, theme, &prose);
    ui.add_space(space::M);
    let mut taken = None;
    if let Some(id) = found.uncounted {
        let at = case.happened(view.run.trace.stream.event_times()[id.index()]);
        let what = format!("{}, from {at}", case.record(id));
        if offer_ui(ui, theme, Mark::Dropped, "A record that is not counted", &what) {
            taken = Some(Taken::Select(Selection::Record(id)));
        }
    }
    if let Some(window) = found.worst {
        let is_short = found.uncounted.is_some();
        let title = if is_short { "The worst window" } else { "The window that was corrected most" };
        if offer_ui(ui, theme, Mark::Closed, title, &case.window(window)) {
            taken = Some(Taken::Select(Selection::Window { key: view.key, window }));
        }
    }
    if let Some(at) = found.silence {
        let what = format!("the watermark around {}", case.at(at));
        if offer_ui(ui, theme, Mark::Watermark, "The longest silence", &what) {
            taken = Some(Taken::Ask(Subject::Watermark { at }));
        }
    }
    let what = format!("what the watermark waits for at {}", case.at(view.now));
    if offer_ui(ui, theme, Mark::Waiting, "This moment", &what) {
        taken = Some(Taken::Ask(Subject::Watermark { at: view.now }));
    }
    taken
}

fn offer_ui(ui: &mut Ui, theme: &Theme, mark: Mark, title: &str, what: &str) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), OFFER), Sense::click());
    let name = format!("{title}: {what}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let fill = if response.hovered() { theme.field } else { theme.raised };
    ui.painter().rect(rect, radius::CARD, fill, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
    if response.has_focus() {
        ui.painter().rect_stroke(rect.expand(2.0), radius::CARD + 2.0, (1.5, theme.you), StrokeKind::Inside);
    }
    icons::mark(ui.painter(), theme, pos2(rect.left() + 19.0, rect.center().y), mark, 1.2);
    let left = rect.left() + 38.0;
    ui.painter().text(pos2(left, rect.top() + 17.0), Align2::LEFT_CENTER, title, font::value(), theme.t1);
    ui.painter().text(pos2(left, rect.top() + 33.0), Align2::LEFT_CENTER, what, font::tick(), theme.t3);
    ui.add_space(space::S);
    response.clicked()
}
