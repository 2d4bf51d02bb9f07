//! What a bound costs, by closed form where it holds and by runs of the engine elsewhere.

use crate::pipeline::WindowSpec;
use crate::time::Span;
use crate::tuner::frontier::Slope;
use crate::tuner::parallel::{Cancelled, Watch};
use crate::tuner::point::Point;
use crate::tuner::scan::Scan;
use crate::tuner::setting::Setting;
use crate::tuner::target::LatencyTarget;
use crate::tuner::tuning::Tuner;

/// Halvings of the range of bounds by closed form: enough for a microsecond in years.
const HALVINGS: u32 = 60;
/// Halvings by runs of the engine: a hundredth of the range.
const HALVINGS_BY_ENGINE: u32 = 7;

/// Asks for points of one window.
pub struct Prices<'a> {
    tuner: &'a Tuner,
    scan: Option<Scan>,
    window: WindowSpec,
    watch: &'a Watch<'a>,
}

impl<'a> Prices<'a> {
    /// Prices of a window.
    ///
    /// # Errors
    /// When `watch` breaks off.
    pub fn of(tuner: &'a Tuner, window: WindowSpec, watch: &'a Watch<'a>) -> Result<Self, Cancelled> {
        Ok(Self { tuner, scan: tuner.scan(window, watch)?, window, watch })
    }

    /// The scan behind the closed form; `None` where it does not hold.
    pub const fn scan(&self) -> Option<&Scan> {
        self.scan.as_ref()
    }

    /// What this setting gives.
    ///
    /// # Errors
    /// When the watch breaks off.
    pub fn point(&self, bound: Span, lateness: Span) -> Result<Point, Cancelled> {
        if let Some(scan) = &self.scan {
            return Ok(self.tuner.finish(scan.point(bound, lateness)));
        }
        let setting = Setting { window: self.window, bound, lateness };
        self.tuner.run(&[setting], self.watch)?.pop().ok_or(Cancelled)
    }

    /// Whether results are soon enough with this bound. No result on time is not.
    ///
    /// # Errors
    /// When the watch breaks off.
    pub fn is_soon(&self, limit: LatencyTarget, bound: Span) -> Result<bool, Cancelled> {
        let latency = match &self.scan {
            Some(scan) => scan.result_latency(bound),
            None => self.point(bound, Span::ZERO)?.result_latency_s,
        };
        Ok(limit.quantile.of(&latency).is_some_and(|seconds| seconds <= limit.at_most.as_secs_f64()))
    }

    /// The longest bound up to `most` with which results are soon enough, to a microsecond (by runs of the
    /// engine to about a hundredth of `most`); `None` when they are not even without one.
    ///
    /// # Errors
    /// When the watch breaks off.
    pub fn longest_bound(&self, limit: LatencyTarget, most: Span) -> Result<Option<Span>, Cancelled> {
        if !self.is_soon(limit, Span::ZERO)? {
            return Ok(None);
        }
        if self.is_soon(limit, most)? {
            return Ok(Some(most));
        }
        let (mut soon, mut late) = (0, most.micros());
        let halvings = if self.scan.is_some() { HALVINGS } else { HALVINGS_BY_ENGINE };
        for _ in 0..halvings {
            if late - soon <= 1 {
                break;
            }
            let middle = soon + (late - soon) / 2;
            if self.is_soon(limit, Span::from_micros(middle))? { soon = middle } else { late = middle }
        }
        Ok(Some(Span::from_micros(soon)))
    }

    /// What a longer bound changes.
    ///
    /// # Errors
    /// When the watch breaks off.
    pub fn slope(&self, setting: Setting, step: Span) -> Result<Option<Slope>, Cancelled> {
        Ok(self.scan.as_ref().map(|scan| scan.slope(setting.bound, setting.lateness, step)))
    }
}
