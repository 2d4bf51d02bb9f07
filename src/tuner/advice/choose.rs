//! From what is wanted to a setting: how the span that keeps the promise is divided into bound and lateness.
//!
//! What is promised is their sum. The bound decides when the first result of a window is out, the lateness how
//! often it is corrected afterwards. Without a limit on latency all of it is bound, and nothing is corrected;
//! with one the bound is as long as the limit allows, and the rest is lateness.

use crate::time::Span;
use crate::tuner::advice::fit::Fit;
use crate::tuner::advice::price::Prices;
use crate::tuner::advice::wanted::Wanted;
use crate::tuner::bounds::rounded_up;
use crate::tuner::parallel::Cancelled;
use crate::tuner::point::Point;

/// What was chosen, and whether it is what was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// What the setting gives on the recording.
    pub point: Point,
    /// Where the wishes cannot both be met: what each of them costs.
    pub conflict: Option<Conflict>,
}

/// Two wishes that cannot both be met.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// As complete as wanted, but later.
    pub complete: Point,
    /// As soon as wanted, but less complete; `None` when no bound is short enough.
    pub soon: Option<Point>,
    /// What results take with no bound at all.
    pub fastest: Point,
}

/// Divides what the fit promises. `latenesses` are those that are allowed, ascending; empty for any.
///
/// # Errors
/// When the watch of the prices breaks off.
pub fn choose(prices: &Prices<'_>, fit: &Fit, wanted: Wanted, latenesses: &[Span]) -> Result<Chosen, Cancelled> {
    let met = |point: Point| Chosen { point, conflict: None };
    let horizon = fit.promised;
    let Some(limit) = wanted.latency else {
        let lateness = latenesses.first().copied().unwrap_or(Span::ZERO);
        return Ok(met(prices.point(rounded_up(rest(horizon, lateness)), lateness)?));
    };
    let allowed = if latenesses.is_empty() { &[Span::ZERO] } else { latenesses };
    for &lateness in allowed {
        let bound = rest(horizon, lateness);
        for bound in [rounded_up(bound), bound] {
            if prices.is_soon(limit, bound)? {
                return Ok(met(prices.point(bound, lateness)?));
            }
        }
    }
    let longest = prices.longest_bound(limit, horizon)?;
    if let Some(longest) = longest.filter(|_| latenesses.is_empty()) {
        let bound = rounded_down(longest);
        return Ok(met(prices.point(bound, rounded_up(rest(horizon, bound)))?));
    }
    let most = latenesses.last().copied().unwrap_or(horizon);
    let complete = prices.point(rest(horizon, most), most)?;
    let soon = longest.map(|bound| prices.point(rounded_down(bound), most)).transpose()?;
    let fastest = prices.point(Span::ZERO, most)?;
    // The nearest is the one that misses its wish by the smaller factor.
    let too_late = limit
        .quantile
        .of(&complete.result_latency_s)
        .map_or(f64::INFINITY, |seconds| seconds / limit.at_most.as_secs_f64().max(1e-6));
    let too_many = |point: &Point| (1.0 - point.completeness) / (1.0 - wanted.wish.complete).max(1e-9);
    let nearest = match &soon {
        Some(soon) if too_many(soon) < too_late => soon.clone(),
        _ => complete.clone(),
    };
    Ok(Chosen { point: nearest, conflict: Some(Conflict { complete, soon, fastest }) })
}

/// What is left of a span; nothing when the part is longer.
fn rest(whole: Span, part: Span) -> Span {
    (whole - part).max(Span::ZERO)
}

/// The next shorter span of two digits (in seconds): a bound that is rounded must not become too long.
fn rounded_down(span: Span) -> Span {
    let mut unit = 1;
    while span.micros() / unit >= 100 {
        unit *= 10;
    }
    Span::from_micros(span.micros() / unit * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_rounded_down_to_two_digits() {
        let rounded =
            [0, 7, 99, 101, 1_999, 123_456_789].map(|micros| rounded_down(Span::from_micros(micros)).micros());
        assert_eq!(rounded, [0, 7, 99, 100, 1_900, 120_000_000]);
        assert_eq!(rest(Span::from_secs(3), Span::from_secs(5)), Span::ZERO);
    }
}
