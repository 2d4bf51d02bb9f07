//! How far each knob turns: ranges follow the stream, so that a recording of taxi trips has hours
//! where a tram has seconds. Pure; asked once per run.

use crate::app::run::Run;
use crate::app::widgets::quantity::WINDOW_STOPS_S;
use crate::app::widgets::scale::Scale;
use crate::metrics::quantile::{P50, P99};
use crate::pipeline::{MAX_QUEUE_CAPACITY, WindowSpec};
use crate::scenario::Scenario;
use crate::time::{MICROS_PER_SECOND, SPAN_LIMIT, Span};

/// A window is at most cut into so many slides by turning; typing may go further.
const SLIDES_PER_WINDOW: f64 = 30.0;
/// A run shows at most this many windows by turning.
const WINDOWS_PER_RUN: f64 = 2_000.0;

/// Quantiles that people ask for.
pub const QUANTILE_STOPS: [f64; 12] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0];

/// The scales of the knobs for one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges {
    /// The out-of-orderness bound.
    pub bound: Scale,
    /// Half and 99 % of the delays, marked on the track of the bound.
    pub delays: [(f64, &'static str); 2],
    /// The allowed lateness.
    pub lateness: Scale,
    /// Window size, slide and gap.
    pub window: Scale,
    /// The service time.
    pub service_time: Scale,
    /// The capacity of the queue.
    pub queue: Scale,
}

/// What spans may be typed, in microseconds.
pub fn span_limits(least: i64) -> std::ops::RangeInclusive<f64> {
    least as f64..=SPAN_LIMIT.micros() as f64
}

impl Ranges {
    /// The scales for a run of `opened`, the scenario as it was opened.
    pub fn of(run: &Run, opened: &Scenario) -> Self {
        let pipeline = &opened.pipeline;
        let micros = |span: Span| span.micros().max(0) as f64;
        let (p50, p99) = (micros(run.delay_quantile(P50)), micros(run.delay_quantile(P99)));
        let bound = micros(pipeline.watermark.bound());
        let size = micros(window_length(pipeline.window));
        let most_wait = round_up((p99 * 1.25).max(bound * 2.0).max(10.0 * MICROS_PER_SECOND as f64));
        let lateness = micros(pipeline.allowed_lateness);
        let most_late = round_up(most_wait.max(lateness * 2.0).max(size * 2.0));
        let (start, end) = run.clock_range();
        let length = micros(end - start).max(MICROS_PER_SECOND as f64);
        let spacing = length / run.trace.stream.len().max(1) as f64;
        let slowest = round_up((spacing * 20.0).max(micros(pipeline.service_time) * 4.0).max(1_000.0));
        let capacity = f64::from(pipeline.queue_capacity.clamp(1, MAX_QUEUE_CAPACITY));
        Self {
            bound: Scale::Root { max: most_wait },
            delays: [(p50, "P50"), (p99, "P99")],
            lateness: Scale::Root { max: most_late },
            window: Scale::Stops(window_stops(length, size)),
            service_time: Scale::Log { min: (slowest / 10_000.0).max(10.0), max: slowest, zero: true },
            queue: Scale::Log {
                min: 1.0,
                max: (capacity * 10.0).clamp(1_000.0, f64::from(MAX_QUEUE_CAPACITY)),
                zero: false,
            },
        }
    }

    /// Intervals between firings: as windows, and shorter.
    pub fn interval(&self) -> Scale {
        self.window.clone()
    }

    /// The stops of a slide below a window of this size, up to twice the size.
    pub fn slides(&self, size: f64) -> Scale {
        let Scale::Stops(stops) = &self.window else { return self.window.clone() };
        let all = WINDOW_STOPS_S.iter().map(|stop| stop * MICROS_PER_SECOND as f64).chain(stops.iter().copied());
        let mut near: Vec<f64> = all.filter(|&stop| stop >= size / SLIDES_PER_WINDOW && stop <= size * 2.0).collect();
        near.push(size);
        near.sort_by(f64::total_cmp);
        near.dedup();
        if near.len() < 2 { Scale::Stops(vec![size / 2.0, size]) } else { Scale::Stops(near) }
    }
}

/// The length that a window kind is turned by.
pub fn window_length(window: WindowSpec) -> Span {
    match window {
        WindowSpec::Tumbling { size, .. } | WindowSpec::Sliding { size, .. } => size,
        WindowSpec::Session { gap } => gap,
        WindowSpec::Cumulative { max, .. } => max,
        WindowSpec::Global => Span::from_secs(60),
    }
}

/// The sizes that people choose and that a run of `length` can show, with the one it opened with.
fn window_stops(length: f64, opened: f64) -> Vec<f64> {
    let fits = |stop: &f64| *stop >= length / WINDOWS_PER_RUN && *stop <= length;
    let mut stops: Vec<f64> = WINDOW_STOPS_S.iter().map(|stop| stop * MICROS_PER_SECOND as f64).filter(fits).collect();
    stops.push(opened.max(1.0));
    stops.sort_by(f64::total_cmp);
    stops.dedup();
    if stops.len() < 2 {
        stops.push(stops[0] * 2.0);
    }
    stops
}

/// The next span that people find round, from 1, 1.5, 2, 3, 5 or 10 of a unit on.
fn round_up(micros: f64) -> f64 {
    let units = [1e3, 1e4, 1e5, 1e6, 1e7, 6e7, 6e8, 3.6e9, 3.6e10, 8.64e10, 8.64e11, 8.64e12, 8.64e13];
    for unit in units {
        for factor in [1.0, 1.5, 2.0, 3.0, 4.0, 5.0] {
            if unit * factor >= micros {
                return unit * factor;
            }
        }
    }
    micros
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: f64 = MICROS_PER_SECOND as f64;

    #[test]
    fn ranges_end_at_round_spans() {
        for (raw, round) in [(10.0, 10.0), (11.0, 15.0), (143.0, 180.0), (170.0, 180.0), (4_000.0, 5_400.0)] {
            assert_eq!(round_up(raw * S), round * S, "{raw} s");
        }
        assert_eq!(round_up(100.0 * 86_400.0 * S), 100.0 * 86_400.0 * S);
    }

    #[test]
    fn window_stops_fit_the_run_and_hold_what_it_opened_with() {
        let stops = window_stops(630.0 * S, 60.0 * S);
        assert_eq!((stops[0], stops[stops.len() - 1]), (0.5 * S, 600.0 * S));
        assert!(stops.contains(&(60.0 * S)) && stops.is_sorted());
        let days = window_stops(7_000.0 * 86_400.0 * S, 604_800.0 * S);
        assert_eq!(days[0], 604_800.0 * S);
        assert!(days.len() >= 3);
        assert_eq!(window_stops(0.001 * S, 42.0 * S), [42.0 * S, 84.0 * S]);
    }
}
