//! What is wanted of results: how complete, how soon, and how sure that is to be.

use crate::tuner::advice::fit::Wish;
use crate::tuner::target::{LatencyTarget, Target};

/// The confidence that is wanted when nothing is said.
pub const CONFIDENCE: f64 = 0.9;
/// The completeness that is wanted when nothing is said.
pub const COMPLETE: f64 = 0.999;

/// What is wanted of results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// The share of records to be counted, and how sure.
    pub wish: Wish,
    /// How soon, if that matters.
    pub latency: Option<LatencyTarget>,
}

impl Wanted {
    /// A target, with [`COMPLETE`] and [`CONFIDENCE`] where nothing is said.
    pub fn of(target: &Target, confidence: Option<f64>) -> Self {
        let complete = target.completeness.unwrap_or(COMPLETE);
        Self { wish: Wish { complete, confidence: confidence.unwrap_or(CONFIDENCE) }, latency: target.latency }
    }
}

/// In words: `99.9 % complete, p99 within 10 s`.
impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} complete", percent(self.wish.complete))?;
        self.latency.map_or(Ok(()), |latency| write!(f, ", {latency}"))
    }
}

/// A share as percent with as many decimals as tell it from 100 %: `99.9 %`, `99.997 %`.
pub fn percent(share: f64) -> String {
    let missing = (1.0 - share).max(0.0);
    let decimals = if missing <= 1e-12 {
        0
    } else {
        // The first digit of what is missing, and one more unless it is a round share such as 0.1 %.
        (-libm::floor(libm::log10(missing * 0.999_999)) as usize).saturating_sub(1).clamp(1, 8)
    };
    // Rounded down, so that what is not complete never looks complete.
    let scale = libm::pow(10.0, decimals as f64);
    let shown = libm::floor(share * 100.0 * scale + 1e-6) / scale;
    let text = format!("{shown:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_has_a_default() {
        let latency: LatencyTarget = "p99<=10s".parse().expect("a limit");
        let wanted = Wanted::of(&Target { completeness: None, latency: Some(latency) }, None);
        assert_eq!(wanted.to_string(), "99.9 % complete, p99 within 10 s");
        assert_eq!(wanted.wish.confidence, 0.9);
    }

    #[test]
    fn percents_are_never_rounded_up_to_complete() {
        let shown = [1.0, 0.999, 0.99997, 0.9999999, 0.5, 0.123_456, 0.0].map(percent);
        assert_eq!(shown, ["100 %", "99.9 %", "99.997 %", "99.99999 %", "50 %", "12.3 %", "0 %"]);
    }
}
