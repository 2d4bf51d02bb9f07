//! What the same failures do under each guarantee, in three columns side by side: a number to be seen from
//! the last row of a room, the records around the failure, the windows that it touched, and what it costs.
//!
//! Everything is as it is at the cursor; what windows should hold is known from the run without failures.
//!
//! - `strip`: the records around the failure
//! - `table`: windows, and the facts below them

mod strip;
mod table;

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::app::theme::{Theme, font, radius, space};
use crate::app::view::{Command, View};
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::pipeline::Delivery;
use crate::time::ProcTime;
use crate::twin::guarantees::{Guarantees, ORDER, Outcome};

/// What to do where nothing fails.
const NOTHING: &str = "Nothing has failed. Crash a task, and see what each guarantee loses, repeats or keeps.";
/// A run whose rows are known only in the order in which they were handled.
const NO_INPUT: &str = "The rows of this run are not kept as they were read, so no guarantee can be tried on them.";

/// A guarantee as it is introduced.
struct Promise {
    name: &'static str,
    words: &'static str,
    /// What its number counts.
    counts: &'static str,
}

const fn promise(delivery: Delivery) -> Promise {
    match delivery {
        Delivery::AtMostOnce => Promise { name: "At most once", words: "Never twice, may lose", counts: "lost" },
        Delivery::AtLeastOnce => {
            Promise { name: "At least once", words: "Never loses, may repeat", counts: "counted twice" }
        }
        Delivery::ExactlyOnce => {
            Promise { name: "Exactly once", words: "As if nothing had happened", counts: "lost or repeated" }
        }
    }
}

/// Sizes, by the room that there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::app::panels) struct Sizes {
    /// How many times its size type is.
    scale: f32,
    /// Left and right of a column.
    air: f32,
    /// Height of a line of the table.
    row: f32,
    /// Height of the strip of records.
    strip: f32,
}

/// What is left free left and right of what is shown to people in a window so wide.
pub(in crate::app::panels) fn air(width: f32) -> f32 {
    if width < 1_400.0 { space::PANEL } else { 28.0 }
}

impl Sizes {
    fn of(area: Rect) -> Self {
        let scale = (area.width() / 1_600.0).min(area.height() / 528.0).clamp(0.86, 1.3);
        // A small window gives its height to the windows of the table.
        let (row, strip) = if area.height() < 440.0 { (24.0, 52.0) } else { (34.0 * scale, 70.0 * scale) };
        Self { scale, air: air(area.width()), row, strip }
    }

    fn body(self) -> egui::FontId {
        font::regular(13.0 * self.scale)
    }

    fn value(self) -> egui::FontId {
        font::medium(13.5 * self.scale)
    }

    fn caption(self) -> egui::FontId {
        font::regular((12.0 * self.scale).max(10.5))
    }
}

/// Draws the three columns into all of `ui`.
pub fn guarantees_ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let area = ui.max_rect();
    ui.painter().rect_filled(area, 0.0, theme.panel);
    let sizes = Sizes::of(area);
    let guarantees = view.run.guarantees();
    let failed = failure_at(view);
    let first = view.run.trace.recovery.as_ref().and_then(|log| log.recoveries.first()).map(|row| row.failed_at);
    let width = area.width() / 3.0;
    for (place, delivery) in ORDER.into_iter().enumerate() {
        let left = area.left() + width * place as f32;
        let column = Rect::from_x_y_ranges(left..=left + width, area.y_range());
        if place > 0 {
            marks::vline(ui.painter(), left, area.y_range(), theme.hair);
        }
        let inner = column.shrink2(vec2(sizes.air, 0.0)).with_min_y(column.top() + 16.0 * sizes.scale);
        let outcome = guarantees.map(|it| &it.outcomes[place]);
        let told = outcome.and_then(|it| it.as_ref().ok()).filter(|_| failed.is_some());
        let top = head(ui, theme, sizes, inner, &promise(delivery), told.map(|it| number(delivery, it, view.now)));
        let rest = inner.with_min_y(top + 8.0 * sizes.scale);
        match (outcome, failed) {
            (Some(Ok(outcome)), Some(range)) => {
                let ui_id = ("guarantee", place);
                frame::scope(ui, ui_id, rest.expand2(vec2(sizes.air * 0.4, 0.0)), egui::Layout::default(), |ui| {
                    column_ui(ui, view, sizes, rest, outcome, range);
                });
            }
            (Some(Err(why)), Some(_)) => why_not(ui, theme, sizes, rest, promise(delivery).name, why),
            _ => {}
        }
    }
    if failed.is_none() || guarantees.is_none() {
        waiting_ui(ui, view, area.with_min_y(area.top() + 90.0 * sizes.scale), first, commands);
    }
}

/// The number of a guarantee at `now`, and what it leaves out: in a run under one guarantee the other kind of
/// damage is rare, but not impossible.
fn number(delivery: Delivery, outcome: &Outcome, now: ProcTime) -> (u64, String) {
    let (lost, repeated) = (outcome.watch.lost_by(now), outcome.watch.repeated_by(now));
    let and = |number: u64, what: &str| {
        if number > 0 { format!("and {} {what}", human::count(number)) } else { String::new() }
    };
    match delivery {
        Delivery::AtMostOnce => (lost, and(repeated, "counted twice")),
        Delivery::AtLeastOnce => (repeated, and(lost, "lost")),
        Delivery::ExactlyOnce => (lost + repeated, String::new()),
    }
}

/// Name, promise and number. Where they end.
fn head(ui: &Ui, theme: &Theme, sizes: Sizes, inner: Rect, promise: &Promise, told: Option<(u64, String)>) -> f32 {
    let painter = ui.painter();
    let k = sizes.scale;
    let top = inner.top();
    painter.text(
        pos2(inner.left(), top + 10.0 * k),
        Align2::LEFT_CENTER,
        promise.name,
        font::semibold(19.0 * k),
        theme.t1,
    );
    painter.text(pos2(inner.left(), top + 34.0 * k), Align2::LEFT_CENTER, promise.words, sizes.body(), theme.t3);
    if let Some((number, more)) = told {
        let colour = match (number, promise.counts) {
            (0, _) => theme.t1,
            (_, "lost") => theme.dropped,
            // On white the amber of a mark is too pale for a text.
            (_, "counted twice") if theme.is_dark() => theme.behind,
            (_, "counted twice") => theme.t1,
            _ => theme.dropped,
        };
        let words = human::count(number);
        let at = pos2(inner.right(), top + 16.0 * k);
        let rect = painter.text(at, Align2::RIGHT_CENTER, &words, font::semibold(40.0 * k), colour);
        let at = pos2(rect.left() - 12.0 * k, top + 24.0 * k);
        painter.text(at, Align2::RIGHT_CENTER, promise.counts, font::regular(14.0 * k), theme.t2);
        if !more.is_empty() {
            painter.text(pos2(inner.right(), top + 44.0 * k), Align2::RIGHT_CENTER, &more, sizes.caption(), theme.t2);
        }
        let said =
            format!("{}: {words} {}{}{more}", promise.name, promise.counts, if more.is_empty() { "" } else { ", " });
        let hit = Rect::from_min_max(inner.min, pos2(inner.right(), top + 48.0 * k));
        let response = ui.interact(hit, ui.scope_id().with(("number", promise.name)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
    }
    top + 48.0 * k
}

/// What lies between the number and the end of the column.
fn column_ui(ui: &mut Ui, view: &View<'_>, sizes: Sizes, rest: Rect, outcome: &Outcome, range: strip::Range) {
    let (above, below) = rest.split_top_bottom_at_y(rest.top() + sizes.strip + 34.0 * sizes.scale);
    strip::strip_ui(ui, view, sizes, above, outcome, range);
    table::table_ui(ui, view, sizes, below, outcome);
}

/// The last failure at the cursor, as the stretch that all strips show: from the checkpoint that any of them
/// went back to, until all of them had caught up.
fn failure_at(view: &View<'_>) -> Option<strip::Range> {
    let guarantees: &Guarantees = view.run.guarantees()?;
    let watches = guarantees.outcomes.iter().filter_map(|it| it.as_ref().ok()).map(|it| &it.watch);
    let rows = watches.filter_map(|watch| Some((watch, watch.failure_at(view.now)?)));
    strip::Range::of(rows, view.run.clock_range())
}

fn why_not(ui: &mut Ui, theme: &Theme, sizes: Sizes, rest: Rect, name: &str, why: &str) {
    let words = format!("Cannot be run: {why}");
    let galley = ui.painter().layout(words.clone(), sizes.body(), theme.t2, rest.width());
    ui.painter().galley(rest.min + vec2(0.0, 24.0), galley, theme.t2);
    let response = ui.interact(rest, ui.scope_id().with(("why not", name)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {words}")));
}

/// Nothing has failed yet, or the runs under each guarantee are not there yet.
fn waiting_ui(ui: &mut Ui, view: &View<'_>, area: Rect, first: Option<ProcTime>, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let is_computing = view.run.insight().is_none();
    match first {
        None => tell(ui, view, area, NOTHING),
        Some(_) if is_computing => {
            tell(ui, view, area, "Running the same stream under each guarantee");
            ui.ctx().request_repaint();
        }
        Some(_) if view.run.guarantees().is_none() => tell(ui, view, area, NO_INPUT),
        Some(at) => {
            let words =
                format!("Nothing has failed yet. The first failure is {} from here.", human::span(at - view.now));
            let (above, below) = area.split_top_bottom_at_y(area.center().y);
            tell(ui, view, above.with_min_y(above.bottom() - 40.0), &words);
            let place =
                Rect::from_center_size(pos2(below.center().x, below.top() + space::BUTTON), vec2(140.0, space::BUTTON));
            let mut child = ui.new_child(egui::UiBuilder::new().id_salt("go to it").max_rect(place));
            child.vertical_centered(|ui| {
                if button(ui, theme, "Go to it", Loudness::Plain).clicked() {
                    commands.push(Command::Seek(at));
                }
            });
        }
    }
}

/// A sentence in the middle, large enough for the last row.
fn tell(ui: &Ui, view: &View<'_>, area: Rect, words: &str) {
    let galley = ui.painter().layout(words.to_owned(), font::regular(15.0), view.theme.t2, area.width() - 48.0);
    let response = ui.interact(area, ui.scope_id().with("told"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    let at = area.center() - galley.size() / 2.0;
    let ground = Rect::from_min_size(at, galley.size()).expand2(vec2(20.0, 10.0));
    ui.painter().rect_filled(ground, radius::CARD, view.theme.raised);
    ui.painter().galley(at, galley, view.theme.t2);
}
