//! The frontier: completeness upwards, by how much is missing; latency to the right; a line for each allowed
//! lateness and a point for each bound. The corner of the wish can be dragged; a point applies itself.

use egui::{
    Align, Align2, Color32, CursorIcon, Layout, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2,
    vec2,
};

use super::choice::{Place, Rated, Wish, latency};
use super::scale::{Nines, Waits, rounded};
use super::{Shown, apply, beside, words};
use crate::app::theme::{Theme, alpha, font, space};
use crate::app::view::Command;
use crate::app::widgets::{focus, frame, marks};
use crate::human;
use crate::time::Span;
use crate::tuner::Quantile;

/// Room for the axes.
const AXIS_LEFT: f32 = 58.0;
const AXIS_BELOW: f32 = 46.0;
/// Width of the lines, in points.
const LINE: f32 = 1.6;
/// How near the pointer has to be to a point.
const REACH: f32 = 12.0;

/// The mapping of the plot.
struct Chart {
    plot: Rect,
    nines: Nines,
    waits: Waits,
}

impl Chart {
    fn x(&self, seconds: f64) -> f32 {
        self.plot.left() + self.waits.place(seconds) as f32 * self.plot.width()
    }

    fn y(&self, share: f64) -> f32 {
        // Air above all of it, so that its line is not the rim.
        self.plot.bottom() - self.nines.height(share) as f32 * (self.plot.height() - 22.0)
    }

    fn at(&self, rated: &Rated) -> Option<Pos2> {
        Some(pos2(self.x(rated.latency?), self.y(rated.complete)))
    }
}

/// Draws the frontier into `rect`.
pub fn plot_ui(ui: &mut Ui, shown: &Shown<'_>, rect: Rect, wish: &mut Wish, narrow: bool, commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    frame::panel(ui, theme, rect, "Completeness against latency", |ui| legend_ui(ui, shown, narrow), |_| {});
    let body = rect.with_min_y(rect.top() + space::HEADER);
    let plot = Rect::from_min_max(
        pos2(body.left() + AXIS_LEFT, body.top() + 4.0),
        pos2(body.right() - 26.0, body.bottom() - AXIS_BELOW),
    );
    if plot.width() < 80.0 || plot.height() < 60.0 {
        return;
    }
    let rated: Vec<&Rated> = shown.ranked.iter().collect();
    let latencies = rated.iter().filter_map(|rated| rated.latency).chain([wish.within.as_secs_f64()]);
    let latencies = latencies.chain(beside::reach(shown).filter_map(|(latency, _)| latency));
    let longest = latencies.fold(0.001, f64::max) * 1.08;
    let nines = Nines::of(
        rated
            .iter()
            .map(|rated| rated.complete)
            .chain([wish.complete])
            .chain(beside::reach(shown).map(|(_, complete)| complete)),
    );
    let waits = Waits::new(longest, shown.now.as_ref().and_then(|now| now.latency));
    let chart = Chart { plot, nines, waits };
    axes(ui.painter(), theme, &chart, shown);
    goal_ui(ui, theme, &chart, wish);
    band(ui.painter(), theme, &chart, shown);
    beside::lines(ui.painter(), shown, &|seconds, share| pos2(chart.x(seconds), chart.y(share)));
    for lateness in 0..shown.surface.grid.latenesses.len() {
        line(ui.painter(), theme, &chart, shown, lateness);
    }
    labels(ui.painter(), theme, &chart, shown);
    points_ui(ui, &chart, shown, commands);
}

fn legend_ui(ui: &mut Ui, shown: &Shown<'_>, narrow: bool) {
    let theme = shown.view.theme;
    ui.spacing_mut().item_spacing.x = 6.0;
    for (place, &lateness) in shown.surface.grid.latenesses.iter().enumerate() {
        let (sample, _) = ui.allocate_exact_size(vec2(22.0, 12.0), Sense::hover());
        stroke_of(ui.painter(), Stroke::new(LINE, theme.window), place, &[sample.left_center(), sample.right_center()]);
        ui.label(egui::RichText::new(words::kept(lateness)).font(font::legend()).color(theme.t2));
        ui.add_space(4.0);
    }
    beside::legend_ui(ui, shown);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if !narrow && shown.surface.seeds() > 1 && ui.available_width() > 180.0 {
            let seeds = shown.surface.seeds();
            let within = seeds - 2 * (seeds / 10);
            frame::caption(ui, theme, format!("bars: {within} of {seeds} seeds fall here"));
        }
    });
}

/// The line of a lateness: solid, dashed, dotted.
pub fn stroke_of(painter: &Painter, stroke: Stroke, lateness: usize, points: &[Pos2]) {
    match lateness {
        0 => drop(painter.add(Shape::line(points.to_vec(), stroke))),
        1 => drop(painter.add(Shape::Vec(Shape::dashed_line(points, stroke, 6.0, 3.0)))),
        _ => drop(painter.add(Shape::Vec(Shape::dashed_line(points, stroke, 1.6, 3.4)))),
    }
}

fn axes(painter: &Painter, theme: &Theme, chart: &Chart, shown: &Shown<'_>) {
    painter.rect_filled(chart.plot, 0.0, theme.plot);
    let mut last = f32::INFINITY;
    for share in chart.nines.ticks() {
        let y = chart.y(share);
        marks::hline(painter, chart.plot.x_range(), y, theme.grid);
        if last - y >= 13.0 {
            let words = if share >= 1.0 { "all".to_owned() } else { words::percent(share) };
            painter.text(pos2(chart.plot.left() - 8.0, y), Align2::RIGHT_CENTER, words, font::tick(), theme.t3);
            last = y;
        }
    }
    for at in chart.waits.ticks() {
        let x = chart.x(at);
        marks::vline(painter, x, chart.plot.y_range(), theme.grid);
        let words = if at == 0.0 { "0".to_owned() } else { words::seconds(at) };
        painter.text(pos2(x, chart.plot.bottom() + 6.0), Align2::CENTER_TOP, words, font::tick(), theme.t3);
    }
    let y = chart.plot.bottom() + 24.0;
    let of = match shown.surface.seeds() {
        1 => "records counted, of all that fall in a window",
        _ => "records counted, by the median seed",
    };
    painter.text(pos2(chart.plot.left() - 42.0, y), Align2::LEFT_TOP, format!("\u{2191} {of}"), font::tick(), theme.t3);
    let wait = match shown.wish.quantile {
        Quantile::P50 => "median wait for a result after its window ends \u{2192}",
        Quantile::P95 => "wait that 95% of the results keep \u{2192}",
        Quantile::P99 => "wait that 99% of the results keep \u{2192}",
        Quantile::Max => "longest wait for a result \u{2192}",
    };
    painter.text(pos2(chart.plot.right(), y), Align2::RIGHT_TOP, wait, font::tick(), theme.t3);
}

/// The wish as a corner that can be dragged.
fn goal_ui(ui: &mut Ui, theme: &Theme, chart: &Chart, wish: &mut Wish) {
    let corner = pos2(chart.x(wish.within.as_secs_f64()), chart.y(wish.complete));
    let wanted = Rect::from_min_max(chart.plot.min, corner);
    let painter = ui.painter();
    painter.rect_filled(wanted, 0.0, alpha(theme.you, 0.09));
    let stroke = Stroke::new(1.2, theme.you);
    painter.add(marks::dashed(wanted.left_bottom(), wanted.right_bottom(), stroke, 5.0, 3.0));
    painter.add(marks::dashed(wanted.right_top(), wanted.right_bottom(), stroke, 5.0, 3.0));
    painter.rect_filled(Rect::from_center_size(wanted.right_bottom(), vec2(9.0, 9.0)), 2.0, theme.you);
    if chart.plot.right() - corner.x > 110.0 {
        let at = pos2(corner.x + 8.0, chart.plot.top() + 12.0);
        painter.text(at, Align2::LEFT_CENTER, "\u{2190} what you want", font::legend(), theme.you);
    }
    let hit = Rect::from_center_size(corner, vec2(space::HIT, space::HIT));
    let response = ui.interact(hit, ui.scope_id().with("goal"), Sense::drag());
    let name = format!("Goal: {} within {}", words::percent(wish.complete), human::span(wish.within));
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &name));
    focus::ring(ui, theme, hit, &response);
    let response = response.on_hover_cursor(CursorIcon::Move);
    if let Some(to) = response.interact_pointer_pos().filter(|_| response.dragged()) {
        let place = f64::from((to.x - chart.plot.left()) / chart.plot.width()).clamp(0.0, 1.0);
        let seconds = chart.waits.seconds(place);
        wish.within = rounded(seconds.max(0.001)).max(Span::from_millis(1));
        let height = f64::from((chart.plot.bottom() - to.y) / (chart.plot.height() - 22.0));
        let share = chart.nines.share(height.clamp(0.0, 1.0));
        // Ten-thousandths: what can be said of a wish.
        wish.complete = ((share * 10_000.0).round() / 10_000.0).clamp(0.5, 1.0);
    }
}

/// Where eight of ten seeds fall, for windows that are closed at once.
fn band(painter: &Painter, theme: &Theme, chart: &Chart, shown: &Shown<'_>) {
    if shown.surface.seeds() < 5 {
        return;
    }
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for bound in 0..shown.surface.grid.bounds.len() {
        let Some(rated) = shown.rated(Place { lateness: 0, bound }) else { continue };
        let (Some(latency), Some((low, high))) = (rated.latency, spread(rated)) else { continue };
        above.push(pos2(chart.x(latency), chart.y(high)));
        below.push(pos2(chart.x(latency), chart.y(low)));
    }
    for place in 1..above.len() {
        let quad = vec![above[place - 1], above[place], below[place], below[place - 1]];
        painter.add(Shape::convex_polygon(quad, alpha(theme.window, 0.12), Stroke::NONE));
    }
}

/// Shares between which eight of ten lie.
fn spread(rated: &Rated) -> Option<(f64, f64)> {
    let mut shares = rated.shares.clone();
    shares.sort_by(f64::total_cmp);
    let cut = shares.len() / 10;
    Some((*shares.get(cut)?, *shares.get(shares.len() - 1 - cut)?))
}

fn line(painter: &Painter, theme: &Theme, chart: &Chart, shown: &Shown<'_>, lateness: usize) {
    let bounds = 0..shown.surface.grid.bounds.len();
    let points: Vec<Pos2> =
        bounds.filter_map(|bound| shown.rated(Place { lateness, bound }).and_then(|it| chart.at(it))).collect();
    stroke_of(painter, Stroke::new(LINE, theme.window), lateness, &points);
    for at in points {
        if lateness == 0 {
            painter.circle_filled(at, 3.6, theme.window);
        } else {
            painter.circle(at, 3.6, theme.plot, Stroke::new(1.5, theme.window));
        }
    }
}

/// The advice, the present setting, and the bounds of the lowest line, as far as they have room.
fn labels(painter: &Painter, theme: &Theme, chart: &Chart, shown: &Shown<'_>) {
    let mut taken: Vec<Rect> = Vec::new();
    let mut say = |at: Pos2, words: &str, font: egui::FontId, colour: Color32, sides: &[Align2], must: bool| {
        let galley = painter.layout_no_wrap(words.to_owned(), font, colour);
        let place = |side: &Align2| {
            let offset = match side.0[1] {
                Align::Min => vec2(8.0, 6.0),
                _ => vec2(8.0, -6.0),
            };
            let offset = if side.0[0] == Align::Max { vec2(-offset.x, offset.y) } else { offset };
            side.anchor_size(at + offset, galley.size()).expand2(vec2(3.0, 1.0))
        };
        let is_free =
            |rect: &Rect| chart.plot.contains_rect(*rect) && !taken.iter().any(|other| other.intersects(*rect));
        let free = sides.iter().map(place).find(is_free).or_else(|| must.then(|| place(&sides[0])));
        if let Some(rect) = free {
            painter.rect_filled(rect, 3.0, theme.plate());
            painter.galley(rect.min + vec2(3.0, 1.0), galley, colour);
            taken.push(rect);
        }
    };
    let sides = [Align2::LEFT_TOP, Align2::LEFT_BOTTOM, Align2::RIGHT_TOP, Align2::RIGHT_BOTTOM];
    let told = |rated: &Rated| {
        let latency = rated.latency.map_or_else(|| "no result".to_owned(), words::seconds);
        format!("{} in {latency}", words::percent_beside(rated.complete, shown.wish.complete))
    };
    let advice = shown.advice().filter(|rated| rated.keeps(&shown.wish));
    let is_same = shown.now.map(|now| now.place) == advice.map(|advice| advice.place);
    if let Some((rated, at)) = advice.and_then(|rated| Some((rated, chart.at(rated)?))) {
        error_bar(painter, chart, rated, theme.you);
        painter.circle(at, 9.0, theme.plot, Stroke::new(1.8, theme.you));
        painter.circle_filled(at, 4.5, theme.you);
        let name = if is_same { "Now, and advice" } else { "Advice" };
        say(at, &format!("{name}, {}", told(rated)), font::medium(12.0), theme.you, &sides, true);
    }
    if let Some((rated, at)) = shown.now.and_then(|rated| Some((rated, chart.at(rated)?)))
        && !is_same
    {
        error_bar(painter, chart, rated, theme.t1);
        painter.add(marks::diamond(at, 6.5, theme.t1));
        say(at, &format!("Now, {}", told(rated)), font::medium(12.0), theme.t1, &sides, true);
    }
    for bound in 0..shown.surface.grid.bounds.len() {
        let Some(at) = shown.rated(Place { lateness: 0, bound }).and_then(|it| chart.at(it)) else { continue };
        let words = human::span(shown.surface.grid.bounds[bound]);
        let words = if bound == 0 { "bound 0".to_owned() } else { words };
        say(at, &words, font::tick(), theme.t3, &[Align2::LEFT_TOP, Align2::RIGHT_TOP], false);
    }
}

fn error_bar(painter: &Painter, chart: &Chart, rated: &Rated, colour: Color32) {
    let (Some(at), Some((low, high))) = (chart.at(rated), spread(rated)) else { return };
    if rated.shares.len() < 5 || low >= high {
        return;
    }
    let (low, high) = (chart.y(low), chart.y(high));
    let stroke = Stroke::new(1.4, alpha(colour, 0.85));
    painter.line_segment([pos2(at.x, low), pos2(at.x, high)], stroke);
    for y in [low, high] {
        painter.line_segment([pos2(at.x - 4.0, y), pos2(at.x + 4.0, y)], stroke);
    }
}

/// Every point as a button that applies itself.
fn points_ui(ui: &mut Ui, chart: &Chart, shown: &Shown<'_>, commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    for lateness in 0..shown.surface.grid.latenesses.len() {
        for bound in 0..shown.surface.grid.bounds.len() {
            let place = Place { lateness, bound };
            let Some((rated, at)) = shown.rated(place).and_then(|it| Some((it, chart.at(it)?))) else { continue };
            let hit = Rect::from_center_size(at, vec2(REACH, REACH) * 1.3);
            let response = ui.interact(hit, ui.scope_id().with(("point", lateness, bound)), Sense::click());
            let setting = shown.setting(place);
            let point = shown.surface.at(shown.surface.window, lateness, bound);
            let wait = rated.latency.map_or_else(|| "no result on time".to_owned(), words::seconds);
            let name = format!("{}: {} counted, {wait}", words::setting(setting), words::percent(rated.complete));
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
            if response.hovered() || response.has_focus() {
                ui.painter().circle_stroke(at, 8.0, Stroke::new(1.5, theme.you));
            }
            let more = format!(
                "{name}\nthis stream: {} dropped, {} late panes, {} windows open at most, {} wait\nClick to set it.",
                human::count(point.counts.dropped),
                human::count(point.counts.late_panes),
                human::count(point.max_open_windows),
                latency(point, shown.wish.quantile).map_or_else(|| "no".to_owned(), words::seconds),
            );
            if response.on_hover_text(more).clicked() {
                commands.push(apply(shown.view, setting));
            }
        }
    }
}
