//! The frontier as a picture: how late results are against what is missing from them.
//!
//! Missing is on a logarithmic scale, because the difference between 99 % and 99.9 % is the one that costs;
//! nothing missing has a line of its own at the bottom.

use crate::human::span;
use crate::time::Span;
use crate::tuner::report::html::escaped;

/// A frontier, and points beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// Of each point of the frontier, seconds of latency and the missing share; by ascending latency.
    pub frontier: Vec<(f64, f64)>,
    /// What is advised.
    pub chosen: Option<(f64, f64)>,
    /// The usual rules.
    pub rules: Vec<Mark>,
}

/// A named point.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Its name.
    pub name: String,
    /// Seconds of latency and the missing share.
    pub at: (f64, f64),
}

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 48.0;
/// Distance from the lowest decade down to the line of what misses nothing.
const NOTHING: f64 = 34.0;

/// From shares and seconds to places in the picture.
struct Scale {
    most_seconds: f64,
    /// Decades of the missing share: the highest and the lowest shown, as powers of ten.
    decades: (i32, i32),
}

impl Scale {
    fn of(plot: &Plot) -> Self {
        let points = || plot.frontier.iter().copied().chain(plot.chosen).chain(plot.rules.iter().map(|mark| mark.at));
        let most = points().map(|point| point.0).fold(0.0, f64::max);
        let missing = || points().map(|point| point.1).filter(|missing| *missing > 0.0);
        let lowest = libm::floor(libm::log10(missing().fold(0.1, f64::min))) as i32;
        let highest = libm::ceil(libm::log10(missing().fold(0.01, f64::max))) as i32;
        Self {
            most_seconds: if most > 0.0 { most * 1.05 } else { 1.0 },
            decades: (highest, lowest.max(-9).min(highest - 1)),
        }
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + (seconds / self.most_seconds).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, missing: f64) -> f64 {
        let lowest = HEIGHT - BOTTOM - NOTHING;
        if missing <= 0.0 {
            return HEIGHT - BOTTOM;
        }
        let (high, low) = (f64::from(self.decades.0), f64::from(self.decades.1));
        let place = (high - libm::log10(missing)) / (high - low);
        TOP + place.clamp(0.0, 1.0) * (lowest - TOP)
    }
}

/// The picture as inline SVG; colours are classes of the page's style.
pub(super) fn svg(plot: &Plot) -> String {
    let scale = Scale::of(plot);
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" \
         aria-label=\"Missing records against result latency\">\n"
    );
    out.push_str(&axes(&scale));
    let place = |at: &(f64, f64)| (scale.x(at.0), scale.y(at.1));
    let points: Vec<String> = plot.frontier.iter().map(place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    if points.len() > 1 {
        out.push_str(&format!("<polyline class=\"curve\" points=\"{}\"/>\n", points.join(" ")));
    }
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for mark in &plot.rules {
        let (x, y) = place(&mark.at);
        out.push_str(&format!("<circle class=\"rule\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>\n"));
        out.push_str(&label("rule-name", &mark.name, (x, y), &mut taken));
    }
    if let Some(chosen) = &plot.chosen {
        let (x, y) = place(chosen);
        out.push_str(&format!("<circle class=\"chosen\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\"/>\n"));
        out.push_str(&label("chosen-name", "advised", (x, y), &mut taken));
    }
    out.push_str("</svg>\n");
    out
}

/// A name above its point, or as far above it as the names before leave room.
fn label(class: &str, name: &str, (x, y): (f64, f64), taken: &mut Vec<(f64, f64)>) -> String {
    let width = name.chars().count() as f64 * 7.0;
    let left = (x - width / 2.0).clamp(LEFT + 4.0, WIDTH - width - 4.0);
    let mut base = y - 9.0;
    while base > TOP && taken.iter().any(|&(other, at)| (other - left).abs() < width + 6.0 && (at - base).abs() < 13.0)
    {
        base -= 13.0;
    }
    taken.push((left, base));
    format!("<text class=\"{class}\" x=\"{left:.1}\" y=\"{base:.1}\">{}</text>\n", escaped(name))
}

fn axes(scale: &Scale) -> String {
    let mut out = String::new();
    let (left, right, floor) = (LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM);
    let mut line = |y: f64, name: &str| {
        out.push_str(&format!("<line class=\"axis\" x1=\"{left}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n"));
        let at = left - 8.0;
        out.push_str(&format!("<text x=\"{at}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>\n", y + 4.0));
    };
    for decade in scale.decades.1..=scale.decades.0 {
        let missing = libm::pow(10.0, f64::from(decade));
        let decimals = usize::try_from(-decade - 2).unwrap_or(0);
        line(scale.y(missing), &format!("{:.decimals$} %", missing * 100.0));
    }
    line(floor, "nothing");
    for tick in 0..=4 {
        let seconds = scale.most_seconds * f64::from(tick) / 4.0;
        let anchor = if tick == 4 { "end" } else { "middle" };
        let name = span(Span::from_secs_f64(seconds));
        let x = scale.x(seconds);
        out.push_str(&format!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{name}</text>\n", floor + 18.0));
    }
    let middle = f64::midpoint(left, right);
    let below = HEIGHT - 8.0;
    out.push_str(&format!(
        "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">result latency p99: lower is sooner; the scale on the left \
         is what is missing</text>\n"
    ));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_where_their_numbers_say() {
        let plot = Plot {
            frontier: vec![(0.0, 0.1), (50.0, 0.001), (100.0, 0.0)],
            chosen: Some((50.0, 0.001)),
            rules: vec![Mark { name: "2 x <p99>".to_owned(), at: (100.0, 0.0) }],
        };
        let scale = Scale::of(&plot);
        assert_eq!(scale.decades, (-1, -3));
        assert_eq!((scale.y(0.1), scale.y(0.001), scale.y(0.0)), (20.0, 298.0, 332.0));
        assert_eq!((scale.x(0.0), scale.x(105.0)), (76.0, 830.0));
        let picture = svg(&plot);
        assert!(picture.contains("points=\"76.0,20.0 435.0,298.0 794.1,332.0\""), "{picture}");
        assert!(picture.contains("2 x &lt;p99&gt;") && picture.contains("advised"), "{picture}");
        assert_eq!(picture.matches("<circle").count(), 2);
    }

    #[test]
    fn a_plot_without_points_is_only_its_axes() {
        let picture = svg(&Plot::default());
        assert!(picture.contains("nothing") && !picture.contains("NaN") && !picture.contains("polyline"), "{picture}");
    }
}
