//! Live: the pipeline on real threads, as it runs. The same stages as in the topology, fed by the
//! counters of the threads; the queues over time; counts and the latest panes. At its end the run is
//! replayed, and the time map shows it.

mod model;
mod plot;

use egui::text::LayoutJob;
use egui::{Align, Align2, Layout, Rect, Role, Sense, TextFormat, Ui, WidgetInfo, pos2};

use crate::app::live::{LatestPane, LiveFrame};
use crate::app::panels::topology::{self, empty};
use crate::app::state::LiveRun;
use crate::app::theme::{Theme, font, space};
use crate::app::time_ticks;
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::frame;
use crate::human;
use crate::metrics::tasks::Stretch;
use crate::metrics::tasks::phrase::Clock;

/// Share of the height that the stages get.
const STAGES: f32 = 0.56;
/// Width of counts and latest panes.
const SIDE: f32 = 330.0;

/// Draws the panel into all of `ui`.
pub fn live_ui(ui: &mut Ui, theme: &Theme, live: &LiveRun, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    frame::panel(ui, theme, rect, "Live", |ui| header_ui(ui, theme, live, commands), |_| {});
    let body = rect.with_min_y(rect.top() + space::HEADER);
    let Some(shown) = &live.frame else {
        empty(ui, theme, body, "Starting the threads");
        return;
    };
    let (stages, rest) = body.split_top_bottom_at_fraction(STAGES);
    let (first, last) = (live.samples.first(), live.samples.last());
    let run = first.zip(last).map_or(Stretch::new(shown.progress.now, shown.progress.now), |(first, last)| {
        Stretch::new(first.now, last.now)
    });
    let most_lag = live.samples.iter().map(|sample| sample.lag).max().unwrap_or(0);
    let look = topology::Look { scale: 1.0, words: topology::Words::None, ends: None };
    frame::scope(ui, "live stages", stages, Layout::top_down(Align::Min), |ui| {
        topology::draw(ui, theme, Clock::of(run), &model::model(shown, most_lag), stages, look);
    });
    let rest = Rect::from_min_max(
        pos2(rest.left() + space::PANEL, rest.top()),
        pos2(rest.right() - space::PANEL, rest.bottom() - space::S),
    );
    let (left, right) = rest.split_left_right_at_x((rest.right() - SIDE).max(rest.left() + 60.0));
    plot::plot(ui, theme, left.with_max_x(left.right() - space::L), live);
    counts_ui(ui, theme, right, shown);
}

fn header_ui(ui: &mut Ui, theme: &Theme, live: &LiveRun, commands: &mut Vec<Command>) {
    if let Some(shown) = &live.frame {
        let threads = shown.progress.sources.len() + shown.progress.windows.len() + 1;
        let clock = time_ticks::clock(shown.progress.now.micros(), 1e5);
        let state = match (live.is_replaying, live.is_paused) {
            (true, _) => "replaying",
            (false, true) => "paused",
            (false, false) => "running",
        };
        frame::caption(ui, theme, format!("{clock}, {state} on {threads} threads, {}× real time", live.speed));
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if live.is_replaying {
            return;
        }
        let help = "No more records are read; what is under way is handled, and the run is replayed";
        if button(ui, theme, "Stop live run", Loudness::Plain).on_hover_text(help).clicked() {
            commands.push(Command::StopLive);
        }
        let (name, help) = if live.is_paused {
            ("Go on", "Everything goes on (Space)")
        } else {
            ("Hold live run", "Sources wait, and time stands still (Space)")
        };
        if button(ui, theme, name, Loudness::Quiet).on_hover_text(help).clicked() {
            commands.push(Command::TogglePlay);
        }
    });
}

/// What has become of the records so far, and the latest panes.
fn counts_ui(ui: &mut Ui, theme: &Theme, rect: Rect, shown: &LiveFrame) {
    let late: u64 = shown.progress.windows.iter().map(|window| window.late).sum();
    let handled = shown.progress.handled();
    let counts = [
        ("arrived", shown.arrived),
        ("unread", shown.lag()),
        ("handled", handled),
        ("too late", late),
        ("panes", shown.progress.sink.panes),
    ];
    frame::scope(ui, "live counts", rect, Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for (name, count) in counts {
                let colour = if count == 0 { theme.t3 } else { theme.t1 };
                let mut job = LayoutJob::default();
                let format = |font_id, color| TextFormat { font_id, color, ..TextFormat::default() };
                job.append(&human::count(count), 0.0, format(font::value(), colour));
                job.append(name, 4.0, format(font::legend(), theme.t3));
                ui.label(job);
                ui.add_space(6.0);
            }
        });
        ui.add_space(4.0);
        for pane in &shown.latest {
            if ui.available_height() < 20.0 {
                break;
            }
            pane_ui(ui, theme, pane);
        }
    });
}

/// One of the latest panes, in a row.
fn pane_ui(ui: &mut Ui, theme: &Theme, pane: &LatestPane) {
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 18.0), Sense::hover());
    let window = time_ticks::clock(pane.window.start.micros(), 1e6);
    let value = pane.value.map_or_else(|| "…".to_owned(), |value| format!("{}", (value * 1e3).round() / 1e3));
    let timing = pane.timing.word().replace('_', " ");
    let words = format!("Pane of {} at {window}: {value}, {timing}", pane.key);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    let (painter, y) = (ui.painter(), rect.center().y);
    painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, window, font::tick(), theme.t2);
    let key: String = pane.key.chars().take(16).collect();
    painter.text(pos2(rect.left() + 76.0, y), Align2::LEFT_CENTER, key, font::tick(), theme.t2);
    painter.text(pos2(rect.right() - 70.0, y), Align2::RIGHT_CENTER, value, font::value(), theme.t1);
    painter.text(pos2(rect.right(), y), Align2::RIGHT_CENTER, timing, font::tick(), theme.t3);
}
