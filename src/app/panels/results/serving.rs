//! The table as a store that is read online: how fresh it is, against an age that the reader agrees to, and
//! whether it says what a replay and a batch say.

use std::sync::{Arc, OnceLock};

use egui::{Align2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use crate::app::panels::results::freshness::{Freshness, round_agreement};
use crate::app::panels::time_map::ghost::short;
use crate::app::tasks::Task;
use crate::app::theme::{Theme, alpha, font, space};
use crate::app::view::{Command, View};
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::knob::Knob;
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::runtime::RunConfig;
use crate::time::{ProcTime, Span};
use crate::twin::{Parity, parity};

/// Height of the plot of the age.
const PLOT: f32 = 84.0;

/// What this part keeps between frames.
#[derive(Default)]
pub struct ServingState {
    /// The age that the reader agrees to.
    agreed: Option<Span>,
    /// Stream, replay and batch compared, by the run's generation.
    parity: Option<(u64, Arc<OnceLock<Parity>>)>,
}

/// Draws freshness and parity.
pub fn serving_ui(
    ui: &mut Ui,
    view: &View<'_>,
    freshness: &Freshness,
    state: &mut ServingState,
    commands: &mut Vec<Command>,
) {
    let theme = view.theme;
    let default = round_agreement(freshness.quantiles[1].at(ProcTime::MAX));
    let agreed = state.agreed.unwrap_or(default);
    egui::ScrollArea::vertical().id_salt("serving").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.set_width(ui.available_width() - 8.0);
        facts_ui(ui, view, freshness, agreed);
        ui.add_space(6.0);
        plot_ui(ui, view, freshness, agreed);
        ui.add_space(6.0);
        let knob = Knob {
            label: "Agreed age",
            help: "How old the newest event in the table may be. The share of time within it is exact.",
            quantity: Quantity::Span,
            scale: Scale::Log { min: 1e6, max: 86_400e6, zero: false },
            limits: 1e3..=3.2e13,
            default: default.micros() as f64,
            ticks: &[],
        };
        if let Some(micros) = knob.ui(ui, theme, agreed.micros() as f64) {
            state.agreed = Some(Span::from_micros(micros as i64));
        }
        ui.add_space(10.0);
        parity_ui(ui, view, state, commands);
    });
}

fn fact(ui: &mut Ui, theme: &Theme, name: &str, value: &str, is_bad: bool) {
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), space::ROW), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{name}: {value}")));
    let y = row.center().y;
    ui.painter().text(pos2(row.left(), y), Align2::LEFT_CENTER, name, font::body(), theme.t2);
    let colour = if is_bad { theme.dropped } else { theme.t1 };
    ui.painter().text(pos2(row.right(), y), Align2::RIGHT_CENTER, value, font::value(), colour);
    marks::hline(ui.painter(), row.x_range(), row.bottom(), theme.hair);
}

fn facts_ui(ui: &mut Ui, view: &View<'_>, freshness: &Freshness, agreed: Span) {
    let (theme, now) = (view.theme, view.now);
    let said = |span: Option<Span>| span.map_or("\u{2026}".to_owned(), short);
    let age = freshness.age_at(now);
    fact(ui, theme, "age of the newest event", &said(age), age.is_some_and(|age| age > agreed));
    let [median, most, nearly_all] = freshness.quantiles.each_ref().map(|quantile| said(quantile.at(now)));
    fact(ui, theme, "event to result, P50", &median, false);
    fact(ui, theme, "P95", &most, false);
    fact(ui, theme, "P99", &nearly_all, false);
    let within = freshness.within(agreed, now);
    let share = within.map_or("\u{2026}".to_owned(), percent);
    fact(ui, theme, &format!("of the time within {}", short(agreed)), &share, false);
}

/// A share with as many digits as put it on its side of a whole.
fn percent(share: f64) -> String {
    let tenth = (share * 1_000.0).round() / 10.0;
    match share {
        1.0 => "100%".to_owned(),
        _ if tenth >= 100.0 => ">99.9%".to_owned(),
        _ => format!("{tenth:.1}%"),
    }
}

/// The age over the run: a saw that grows with the clock and falls with every result.
fn plot_ui(ui: &mut Ui, view: &View<'_>, freshness: &Freshness, agreed: Span) {
    let theme = view.theme;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), PLOT), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Age of the table over the run"));
    let plot = rect.with_max_y(rect.bottom() - 14.0);
    ui.painter().rect_filled(plot, 0.0, theme.plot);
    let (start, end) = view.run.clock_range();
    let parts = (plot.width() / 2.0).max(1.0) as usize;
    let saw = freshness.saw(start, end, parts);
    let most = saw.iter().map(|(_, age)| *age).max().unwrap_or(Span::ZERO).max(agreed).micros() as f64 * 1.15;
    let length = (end - start).micros().max(1) as f64;
    let x = |at: ProcTime| plot.left() + ((at - start).micros() as f64 / length) as f32 * plot.width();
    let y = |age: Span| plot.bottom() - (age.micros() as f64 / most.max(1.0)) as f32 * plot.height();
    let painter = ui.painter().with_clip_rect(plot.intersect(ui.clip_rect()));
    let line: Vec<egui::Pos2> = saw.iter().map(|&(at, age)| pos2(x(at), y(age))).collect();
    let past = Rect::from_x_y_ranges(plot.left()..=x(view.now), plot.y_range());
    painter.add(Shape::line(line.clone(), Stroke::new(1.0, alpha(theme.window, 0.35))));
    painter.with_clip_rect(past.intersect(ui.clip_rect())).add(Shape::line(line, Stroke::new(1.5, theme.window)));
    let level = painter.round_to_pixel_center(y(agreed));
    painter.add(marks::dashed(
        pos2(plot.left(), level),
        pos2(plot.right(), level),
        Stroke::new(1.0, theme.you),
        5.0,
        4.0,
    ));
    let words = format!("agreed {}", short(agreed));
    let (at, anchor) =
        if level - plot.top() > 20.0 { (level - 2.0, Align2::LEFT_BOTTOM) } else { (level + 2.0, Align2::LEFT_TOP) };
    frame::plate(&painter, theme, pos2(plot.left() + 2.0, at), anchor, &words, font::tick_inside(), theme.you);
    marks::vline(&painter, x(view.now), plot.y_range(), theme.now);
    marks::hline(ui.painter(), plot.x_range(), plot.bottom(), theme.grid);
    let caption = "age of the newest event in the table, over the run";
    ui.painter().text(pos2(rect.left(), rect.bottom()), Align2::LEFT_BOTTOM, caption, font::tick_inside(), theme.t3);
}

/// What stream, replay and batch say, or the button that finds out.
fn parity_ui(ui: &mut Ui, view: &View<'_>, state: &mut ServingState, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let generation = view.run.generation;
    let asked = state.parity.as_ref().filter(|(of, _)| *of == generation).map(|(_, cell)| Arc::clone(cell));
    ui.label(egui::RichText::new("Parity").font(font::semibold(12.0)).color(theme.t1));
    ui.add_space(4.0);
    match asked.as_ref().map(|cell| cell.get()) {
        None => {
            frame::caption(ui, theme, "Whether a replay of the log and a batch over it say the same");
            ui.add_space(6.0);
            if button(ui, theme, "Compare", Loudness::Plain).clicked() {
                let cell = Arc::new(OnceLock::new());
                state.parity = Some((generation, Arc::clone(&cell)));
                commands.push(Command::StartTask(task(view, cell)));
            }
        }
        Some(None) => drop(frame::caption(ui, theme, "Replaying the log\u{2026}")),
        Some(Some(found)) => {
            let of = |same: usize| format!("{} of {}", human::count(same as u64), human::count(found.windows as u64));
            let is_off = |same: usize| same < found.windows;
            fact(
                ui,
                theme,
                "stream says what the batch says",
                &of(found.stream_equals_batch),
                is_off(found.stream_equals_batch),
            );
            fact(
                ui,
                theme,
                "replay says what the batch says",
                &of(found.replay_equals_batch),
                is_off(found.replay_equals_batch),
            );
            fact(
                ui,
                theme,
                "replay says what the stream said",
                &of(found.replay_equals_stream),
                is_off(found.replay_equals_stream),
            );
            if found.stream_silent > 0 {
                fact(ui, theme, "not said by the stream", &human::count(found.stream_silent as u64), false);
            }
        }
    }
}

fn task(view: &View<'_>, cell: Arc<OnceLock<Parity>>) -> Task {
    let (trace, scenario) = (Arc::clone(&view.run.trace), view.run.scenario.clone());
    Task::new("parity", "Replaying the log", move |go_on| {
        if go_on(0.0) {
            let config = RunConfig::of(&scenario, &trace.stream);
            cell.get_or_init(|| parity(&trace, &trace.stream, &config));
        }
        Box::new(|_| {})
    })
}
