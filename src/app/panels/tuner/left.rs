//! What the reader wants, what was tried, rules of thumb beside it, and the delays of this stream.

use egui::{Align2, Rect, ScrollArea, Sense, Shape, Stroke, Ui, UiBuilder, pos2, vec2};

use super::choice::{Place, Rated, Wish};
use super::{Shown, heat, words};
use crate::app::theme::{Theme, font, radius, space};
use crate::app::widgets::controls::segments;
use crate::app::widgets::knob::Knob;
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::metrics::quantile::{P50, P90, P99};
use crate::time::Span;
use crate::tuner;

/// Shares that can be wished for.
const SHARES: [f64; 13] = [0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 1.0];
/// Height of the curve of delays.
const CURVE: f32 = 116.0;
/// Height of a row of the tables.
const ROW: f32 = 24.0;

/// Draws the column into `rect`.
pub fn left_ui(ui: &mut Ui, shown: &Shown<'_>, rect: Rect, wish: &mut Wish) {
    let theme = shown.view.theme;
    frame::panel(ui, theme, rect, "What you want", |_| {}, |_| {});
    let inner = rect.with_min_y(rect.top() + space::HEADER + 4.0).shrink2(vec2(space::PANEL, 0.0));
    let mut child = ui.new_child(UiBuilder::new().id_salt("tuner left").max_rect(inner));
    child.set_clip_rect(inner.expand2(vec2(6.0, 0.0)).intersect(ui.clip_rect()));
    ScrollArea::vertical().id_salt("tuner left scroll").auto_shrink(false).show(&mut child, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        wish_ui(ui, shown, wish);
        rule(ui, theme);
        tried(ui, shown);
        rule(ui, theme);
        compared(ui, shown);
        rule(ui, theme);
        delays(ui, shown);
    });
}

fn rule(ui: &mut Ui, theme: &Theme) {
    ui.add_space(space::M);
    let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    marks::hline(ui.painter(), line.x_range(), line.center().y, theme.hair);
    ui.add_space(space::M);
}

fn wish_ui(ui: &mut Ui, shown: &Shown<'_>, wish: &mut Wish) {
    let theme = shown.view.theme;
    let complete = Knob {
        label: "Complete, at least",
        help: "The share of the records that is to be counted.",
        quantity: Quantity::Share,
        scale: Scale::Stops(SHARES.to_vec()),
        limits: 0.5..=1.0,
        default: wish.complete,
        ticks: &[],
    };
    if let Some(share) = complete.ui(ui, theme, wish.complete) {
        wish.complete = share;
    }
    let longest = shown.ranked.iter().filter_map(|rated| rated.latency).fold(1.0, f64::max);
    let within = Knob {
        label: "Result within",
        help: "How long after its window's end a result may come.",
        quantity: Quantity::Span,
        scale: Scale::Root { max: longest * 1.08e6 },
        limits: 1e3..=1e12,
        default: wish.within.micros() as f64,
        ticks: &[],
    };
    if let Some(micros) = within.ui(ui, theme, wish.within.micros() as f64) {
        wish.within = Span::from_micros((micros as i64).max(1_000));
    }
    ui.add_space(6.0);
    frame::caption(ui, theme, "of every window, for");
    ui.add_space(4.0);
    let choices = [
        ("P50", "Half of the results come in time"),
        ("P95", "95% of the results come in time"),
        ("P99", "99% of the results come in time"),
        ("Max", "Every result comes in time"),
    ];
    let all = tuner::Quantile::ALL;
    let chosen = all.iter().position(|it| *it == wish.quantile).unwrap_or(0);
    if let Some(pressed) = segments(ui, theme, "quantile", &choices, chosen) {
        wish.quantile = all[pressed];
    }
}

fn row(ui: &mut Ui, theme: &Theme, name: &str, value: &str) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, name, font::body(), theme.t2);
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, value, font::value(), theme.t1);
}

fn tried(ui: &mut Ui, shown: &Shown<'_>) {
    let theme = shown.view.theme;
    let grid = &shown.surface.grid;
    frame::caption(ui, theme, "Tried");
    let ends = |all: &[Span]| match all {
        [] => String::new(),
        [only] => human::span(*only),
        [first, .., last] => format!("{} to {}, {}", words::rough(*first), words::rough(*last), all.len()),
    };
    let sizes = match (grid.windows.first(), grid.windows.last()) {
        (Some(first), Some(last)) if grid.windows.len() > 1 => {
            format!("{} to {}, {}", heat::name_of(*first), heat::name_of(*last), grid.windows.len())
        }
        (Some(only), _) => heat::name_of(*only),
        _ => String::new(),
    };
    row(ui, theme, "Windows", &sizes);
    row(ui, theme, "Bounds", &ends(&grid.bounds));
    row(ui, theme, "Allowed lateness", &ends(&grid.latenesses));
    if shown.surface.seeds() > 1 {
        row(ui, theme, "Seeds", &shown.surface.seeds().to_string());
    }
    ui.add_space(6.0);
    let (card, _) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::hover());
    ui.painter().rect(card, radius::FIELD, theme.field, Stroke::new(1.0, theme.hair), egui::StrokeKind::Inside);
    ui.painter().add(marks::check(card.left_center() + vec2(18.0, 0.0), 4.5, theme.watermark));
    let found = human::count(shown.surface.found() as u64);
    let how = if shown.surface.is_closed { "exact points, one pass" } else { "runs done" };
    let words = format!("{found} {how}");
    ui.painter().text(card.center(), Align2::CENTER_CENTER, words, font::medium(12.0), theme.t1);
}

/// Rules of thumb at the nearest bounds of the grid.
fn compared(ui: &mut Ui, shown: &Shown<'_>) {
    let theme = shown.view.theme;
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
    let grid = &shown.surface.grid;
    let delays = &shown.view.run.delays;
    let near = |wanted: Span| {
        let distance = |place: &usize| (grid.bounds[*place].micros() - wanted.micros()).abs();
        (0..grid.bounds.len()).min_by_key(distance).unwrap_or(0)
    };
    let p99 = P99.of_sorted(delays).unwrap_or(Span::ZERO);
    let rules = [("No wait", 0), ("Near P99", near(p99)), ("Near twice P99", near(p99 + p99))];
    let mut lines: Vec<(String, Place)> =
        rules.map(|(name, bound)| (name.to_owned(), Place { lateness: 0, bound })).into();
    lines.extend(shown.now.map(|now| ("Now".to_owned(), now.place)));
    let wait_of = |rated: &Rated| rated.latency.map_or_else(|| "\u{2013}".to_owned(), words::seconds);
    let width = |text: String| ui.painter().layout_no_wrap(text, font::value(), theme.t1).size().x;
    let waits = lines.iter().filter_map(|(_, place)| shown.rated(*place)).map(|rated| width(wait_of(rated)));
    let columns = [head.right() - waits.fold(50.0, f32::max) - space::M, head.right()];
    ui.painter().text(head.left_center(), Align2::LEFT_CENTER, "For comparison", font::tick(), theme.t3);
    for (x, name) in columns.into_iter().zip(["complete", "wait"]) {
        ui.painter().text(pos2(x, head.center().y), Align2::RIGHT_CENTER, name, font::tick(), theme.t3);
    }
    for (name, place) in lines {
        let Some(rated) = shown.rated(place) else { continue };
        let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::hover());
        let painter = ui.painter();
        let top = line.top() + 11.0;
        painter.text(pos2(line.left(), top), Align2::LEFT_CENTER, name, font::medium(12.0), theme.t1);
        let setting = words::setting(shown.setting(place));
        painter.text(pos2(line.left(), top + 15.0), Align2::LEFT_CENTER, setting, font::tick(), theme.t3);
        let wait = wait_of(rated);
        for (x, text) in columns.into_iter().zip([words::percent(rated.complete), wait]) {
            painter.text(pos2(x, top), Align2::RIGHT_CENTER, text, font::value(), theme.t1);
        }
    }
}

/// The delays of all records, from the shortest to the longest, as a curve.
fn delays(ui: &mut Ui, shown: &Shown<'_>) {
    let theme = shown.view.theme;
    let sorted = &shown.view.run.delays;
    frame::caption(ui, theme, "Delays in this stream");
    ui.add_space(4.0);
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else { return };
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), CURVE), Sense::hover());
    let plot = area.with_max_y(area.bottom() - 16.0);
    ui.painter().rect_filled(plot, 0.0, theme.plot);
    // A delay is never negative on this scale, and never nothing: a logarithm has no place for that.
    let least = first.micros().max(last.micros() / 10_000).max(1) as f64;
    let most = (last.micros() as f64).max(least * 1.001);
    let x = |span: Span| {
        let place = libm::log((span.micros() as f64).max(least) / least) / libm::log(most / least);
        plot.left() + place.clamp(0.0, 1.0) as f32 * plot.width()
    };
    let steps = 96;
    let point = |step: usize| {
        let place = (sorted.len() - 1) * step / steps;
        pos2(x(sorted[place]), plot.bottom() - (place as f32 + 1.0) / sorted.len() as f32 * (plot.height() - 2.0))
    };
    let curve = (0..=steps).map(point).collect();
    ui.painter().add(Shape::line(curve, Stroke::new(1.5, theme.on_time)));
    let bound = shown.view.run.trace.pipeline.watermark.bound();
    let p99 = P99.of_sorted(sorted).unwrap_or(Span::ZERO);
    marks::vline(ui.painter(), x(bound), plot.y_range(), theme.watermark);
    ui.painter().add(marks::dashed(
        pos2(x(p99), plot.top()),
        pos2(x(p99), plot.bottom()),
        Stroke::new(1.0, theme.t2),
        3.0,
        3.0,
    ));
    let low = plot.bottom() - 10.0;
    let (bound_side, bound_at) =
        if x(bound) - plot.left() > 46.0 { (Align2::RIGHT_CENTER, -4.0) } else { (Align2::LEFT_CENTER, 4.0) };
    let gap = (x(p99) - x(bound)).abs();
    if gap > 40.0 {
        ui.painter().text(pos2(x(p99) - 4.0, low), Align2::RIGHT_CENTER, "P99", font::tick(), theme.t2);
    }
    ui.painter().text(
        pos2(x(bound) + bound_at, low - if gap > 40.0 { 0.0 } else { 14.0 }),
        bound_side,
        "bound",
        font::tick(),
        theme.watermark,
    );
    let y = plot.bottom() + 4.0;
    let left = human::span(words::rough(Span::from_micros(least as i64)));
    ui.painter().text(pos2(plot.left(), y), Align2::LEFT_TOP, left, font::tick(), theme.t3);
    let right = human::span(words::rough(*last));
    ui.painter().text(pos2(plot.right(), y), Align2::RIGHT_TOP, right, font::tick(), theme.t3);
    ui.add_space(space::S);
    let of = |quantile: crate::metrics::quantile::Quantile| quantile.of_sorted(sorted).unwrap_or(Span::ZERO);
    for (name, span) in [("P50", of(P50)), ("P90", of(P90)), ("P99", p99), ("longest", *last)] {
        row(ui, theme, name, &human::span(words::rough(span)));
    }
}
