//! The chip of the top bar that says how many alerts last at the cursor and how many errors are not yet
//! closed; pressed, it lists them, each with its beginning. There is none where all is well.

use egui::{Popup, PopupCloseBehavior, RichText, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::app::shell::command::ShellCommand;
use crate::app::state::State;
use crate::app::theme::{Theme, font, radius, space};
use crate::app::time_ticks;
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::metrics::alerts::{Alert, Severity};
use crate::metrics::tasks::phrase::many;

/// What the chip counts.
struct Counted<'a> {
    alerts: Vec<&'a Alert>,
    /// Errors that are not yet closed.
    errors: usize,
}

impl Counted<'_> {
    fn of(state: &State) -> Counted<'_> {
        let insight = state.run.as_ref().filter(|_| !state.shell.is_starting).and_then(|run| run.insight());
        Counted {
            alerts: insight.map_or_else(Vec::new, |insight| insight.alerts_at(state.playback.now())),
            errors: state.notices.iter().filter(|notice| notice.is_problem).count(),
        }
    }

    /// `2 alerts, 1 error`.
    fn in_words(&self) -> String {
        let parts = [(self.alerts.len(), "alert"), (self.errors, "error")];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| many(count, what));
        parts.collect::<Vec<_>>().join(", ")
    }

    /// The worst of them as a mark.
    fn mark(&self, theme: &Theme, at: egui::Pos2) -> Shape {
        let is_critical = self.alerts.iter().any(|alert| alert.severity() == Severity::Critical);
        mark(theme, if is_critical { Severity::Critical } else { Severity::Warning }, at)
    }
}

fn mark(theme: &Theme, severity: Severity, at: egui::Pos2) -> Shape {
    match severity {
        Severity::Warning => marks::triangle(at, 5.0, theme.warn),
        Severity::Critical => marks::octagon(at, 5.0, theme.critical),
    }
}

/// Draws the chip where there is something to count.
pub fn alert_chip_ui(ui: &mut Ui, theme: &Theme, state: &State, commands: &mut Vec<Command>) {
    let counted = Counted::of(state);
    let words = counted.in_words();
    if words.is_empty() {
        return;
    }
    let count = human::count((counted.alerts.len() + counted.errors) as u64);
    let galley = ui.painter().layout_no_wrap(count, font::value(), theme.t1);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 30.0, space::HIT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    let rim = if response.has_focus() { Stroke::new(2.0, theme.you) } else { Stroke::new(1.0, theme.hair) };
    let ground = if response.hovered() { theme.raised } else { theme.field };
    ui.painter().rect(rect, radius::FIELD, ground, rim, StrokeKind::Inside);
    ui.painter().add(counted.mark(theme, pos2(rect.left() + 13.0, rect.center().y)));
    ui.painter().galley(pos2(rect.left() + 22.0, rect.center().y - galley.size().y / 2.0), galley, theme.t1);
    let response = response.on_hover_text(format!("{words} at this instant"));
    let menu = Popup::menu(&response).width(360.0).gap(6.0);
    menu.close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        for (place, alert) in counted.alerts.iter().enumerate() {
            alert_ui(ui, theme, place, alert, commands);
        }
        if counted.errors > 0 {
            frame::caption(ui, theme, format!("{} below the time map", many(counted.errors, "error")));
            if button(ui, theme, "Close every notice", Loudness::Quiet).clicked() {
                commands.push(Command::Shell(ShellCommand::CloseNotices));
                Popup::close_all(ui.ctx());
            }
        }
    });
}

/// An alert with its mark, its words, and a way to where it began.
fn alert_ui(ui: &mut Ui, theme: &Theme, place: usize, alert: &Alert, commands: &mut Vec<Command>) {
    let raised = alert.firing.raised_at;
    ui.push_id(place, |ui| {
        ui.horizontal_wrapped(|ui| {
            let (at, _) = ui.allocate_exact_size(vec2(14.0, 18.0), Sense::hover());
            ui.painter().add(mark(theme, alert.severity(), at.center()));
            ui.label(RichText::new(&alert.words).font(font::body()).color(theme.t1));
        });
        let words = format!("Go to {}, when it began", time_ticks::clock(raised.micros(), 1e6));
        if button(ui, theme, &words, Loudness::Yours).clicked() {
            commands.push(Command::Seek(raised));
            Popup::close_all(ui.ctx());
        }
    });
}
