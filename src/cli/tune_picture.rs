//! The frontier of every window as a picture: results later to the right, more complete upwards.
//!
//! Both axes are logarithmic, the upright one in what is missing: each step up a tenth of it. The top is
//! for settings that miss nothing. Drawn without display or GPU, the same bytes everywhere.

use egui::{Align2, Color32, Painter, Pos2, Rect, Stroke, pos2, vec2};

use crate::app::theme::{Theme, font, install, install_fonts, space, stroke};
use crate::cli::error::CliError;
use crate::cli::tune::{Tuned, TunedWindow};
use crate::human::{count, span};
use crate::raster::{Headless, HeadlessOptions, encode_png};
use crate::time::Span;
use crate::tuner::setting::window_text;
use crate::tuner::{Point, Quantile};

const SIZE: egui::Vec2 = vec2(1200.0, 720.0);
/// Room for the labels of the upright axis, the title, the legend, and the other axis.
const PLOT: Rect = Rect { min: pos2(96.0, 72.0), max: pos2(960.0, 636.0) };
/// How wide a dot is.
const DOT: f32 = 3.0;
/// Missing shares that have a line of their own.
const TICKS: [(f64, &str); 7] = [
    (1.0, "0%"),
    (0.1, "90%"),
    (0.01, "99%"),
    (1e-3, "99.9%"),
    (1e-4, "99.99%"),
    (1e-5, "99.999%"),
    (1e-6, "99.9999%"),
];

/// The PNG file.
///
/// # Errors
/// When no window fired on time at any setting: there is nothing to draw.
pub(super) fn png(tuned: &Tuned) -> Result<Vec<u8>, CliError> {
    let quantile = tuned.target.latency.map_or(Quantile::P99, |limit| limit.quantile);
    let axes = Axes::of(tuned, quantile).ok_or_else(|| {
        CliError::bad_input("there is nothing to draw: no window gives a result on time at any of these settings")
    })?;
    let theme = Theme::dark();
    let options = HeadlessOptions { size: SIZE, ..HeadlessOptions::default() };
    let mut headless = Headless::new(options);
    install_fonts(headless.context());
    install(headless.context(), &theme);
    let picture = headless.run(3, theme.panel, |ui| draw(ui.painter(), &theme, tuned, &axes));
    encode_png(&picture).map_err(CliError::bad_input)
}

/// Where things lie.
struct Axes {
    quantile: Quantile,
    /// The shortest and the longest latency, as decimal logarithms of seconds.
    latency: (f64, f64),
    /// The least share that is missing anywhere, rounded down to a power of ten.
    least: f64,
}

impl Axes {
    fn of(tuned: &Tuned, quantile: Quantile) -> Option<Self> {
        let points = || tuned.windows.iter().flat_map(|it| &it.frontier);
        // Results before the end of their window are as good as at it.
        let logs = points().filter_map(|it| Some(libm::log10(quantile.of(&it.result_latency_s)?.max(1e-3))));
        let (low, high) = logs.fold((f64::MAX, f64::MIN), |(low, high), log| (low.min(log), high.max(log)));
        let missing = points().map(|it| 1.0 - it.completeness).filter(|&missing| missing > 0.0);
        let least = missing.fold(1.0, f64::min);
        let least = libm::pow(10.0, libm::floor(libm::log10(least))).max(1e-6);
        (low <= high).then_some(Self { quantile, latency: (low - 0.05, high + 0.05), least })
    }

    fn x(&self, seconds: f64) -> f32 {
        let (low, high) = self.latency;
        let place = (libm::log10(seconds.max(1e-3)) - low) / (high - low);
        PLOT.left() + place as f32 * PLOT.width()
    }

    /// The top is for nothing missing, a step above the least.
    fn y(&self, missing: f64) -> f32 {
        let bottom = 0.0;
        let top = -libm::log10(self.least) + 1.0;
        let place = if missing <= 0.0 { top } else { -libm::log10(missing.max(self.least)) };
        PLOT.bottom() - ((place - bottom) / (top - bottom)) as f32 * PLOT.height()
    }

    fn at(&self, point: &Point) -> Option<Pos2> {
        let seconds = self.quantile.of(&point.result_latency_s)?;
        Some(pos2(self.x(seconds), self.y(1.0 - point.completeness)))
    }
}

fn draw(painter: &Painter, theme: &Theme, tuned: &Tuned, axes: &Axes) {
    let title = format!("{}: {} records", tuned.title, count(tuned.records as u64));
    painter.text(pos2(space::L, space::L), Align2::LEFT_TOP, title, font::finding(), theme.t1);
    let about = format!("Records counted, against how late results are ({}), for every bound", axes.quantile.name());
    painter.text(pos2(space::L, 48.0), Align2::LEFT_CENTER, about, font::body(), theme.t2);
    painter.rect_filled(PLOT, 0.0, theme.plot);
    draw_shares(painter, theme, axes);
    draw_spans(painter, theme, axes);
    let colours = [theme.window, theme.watermark, theme.you, theme.on_time, theme.behind, theme.side];
    for (place, window) in tuned.windows.iter().enumerate() {
        let colour = colours[place % colours.len()];
        draw_window(painter, axes, window, colour);
        let at = pos2(PLOT.right() + space::L, PLOT.top() + space::ROW * place as f32 + space::S);
        painter.circle_filled(at, DOT + 1.0, colour);
        let name = window_text(window.window);
        painter.text(at + vec2(space::M, 0.0), Align2::LEFT_CENTER, name, font::legend(), theme.t1);
    }
}

fn draw_shares(painter: &Painter, theme: &Theme, axes: &Axes) {
    let line = Stroke::new(stroke::HAIR, theme.grid);
    let tick = |missing: f64, label: &str| {
        let y = axes.y(missing);
        painter.hline(PLOT.x_range(), y, line);
        let at = pos2(PLOT.left() - space::S, y);
        painter.text(at, Align2::RIGHT_CENTER, label, font::tick(), theme.t2);
    };
    TICKS.iter().filter(|(missing, _)| *missing >= axes.least).for_each(|&(missing, label)| tick(missing, label));
    tick(0.0, "100%");
}

fn draw_spans(painter: &Painter, theme: &Theme, axes: &Axes) {
    let line = Stroke::new(stroke::HAIR, theme.grid);
    // In seconds, so that neighbours are up to three times apart and every one is a round span.
    let sub_minute = [1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0];
    let minutes = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 75.0, 90.0, 120.0, 150.0, 180.0, 240.0, 360.0, 720.0];
    let days = [1.0, 2.0, 4.0, 7.0, 14.0, 30.0, 60.0, 120.0, 240.0, 365.0, 730.0, 1_460.0];
    let of_units = minutes.map(|it| it * 60.0).into_iter().chain(days.map(|it| it * 86_400.0));
    let ticks = sub_minute.into_iter().chain(of_units).map(Span::from_secs_f64);
    let mut last = f32::NEG_INFINITY;
    for tick in ticks {
        let x = axes.x(tick.as_secs_f64());
        if !PLOT.x_range().contains(x) || x - last < 56.0 {
            continue;
        }
        last = x;
        painter.vline(x, PLOT.y_range(), line);
        let at = pos2(x, PLOT.bottom() + space::S);
        painter.text(at, Align2::CENTER_TOP, span(tick), font::tick(), theme.t2);
    }
    let at = pos2(PLOT.center().x, PLOT.bottom() + space::HEADER);
    let about = "time from the end of a window to its result";
    painter.text(at, Align2::CENTER_TOP, about, font::legend(), theme.t2);
}

fn draw_window(painter: &Painter, axes: &Axes, window: &TunedWindow, colour: Color32) {
    let dots: Vec<Pos2> = window.frontier.iter().filter_map(|point| axes.at(point)).collect();
    for pair in dots.windows(2) {
        painter.line_segment([pair[0], pair[1]], Stroke::new(stroke::WATERMARK, colour));
    }
    for dot in dots {
        painter.circle_filled(dot, DOT, colour);
    }
}
