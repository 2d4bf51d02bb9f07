//! Closed form against engine at random settings, field by field.

use crate::pipeline::WindowSpec;
use crate::rng::Seed;
use crate::time::Span;
use crate::tuner::parallel::{Cancelled, Watch};
use crate::tuner::point::{Point, Source};
use crate::tuner::setting::Setting;
use crate::tuner::tuning::Tuner;

/// How many settings were compared, and the first that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Settings compared.
    pub settings: usize,
    /// Those at which every field is equal.
    pub equal: usize,
    /// The first one that is not.
    pub first: Option<Difference>,
}

/// A setting at which closed form and engine say different things.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where.
    pub setting: Setting,
    /// Which field, and what each says.
    pub told: String,
}

/// Settings drawn from a seed: one of these windows, and bounds and latenesses from none to twice the
/// longest delay behind, short ones as likely as long ones. Half of the latenesses are zero.
pub fn settings(tuner: &Tuner, windows: &[WindowSpec], count: usize, seed: u64) -> Vec<Setting> {
    let mut newest = i64::MIN;
    let mut longest = 1;
    for t in tuner.stream().event_times() {
        newest = newest.max(t.micros());
        longest = longest.max(newest.saturating_sub(t.micros()));
    }
    let draw = |place: usize| {
        let mut rng = Seed::new(seed).stream(&format!("setting {place}"));
        let window = *windows.get(rng.integer(0, windows.len().max(1) as i64 - 1) as usize)?;
        let span = |share: f64| {
            let micros = libm::pow(2.0 * longest as f64, share);
            // Half of them in whole seconds, where ties are.
            let unit = if longest > 10_000_000 && share > 0.5 { 1_000_000 } else { 1 };
            Span::from_micros(micros as i64 / unit * unit)
        };
        let bound = if rng.unit() < 0.1 { Span::ZERO } else { span(rng.unit()) };
        let lateness = if rng.unit() < 0.5 { Span::ZERO } else { span(rng.unit()) };
        Some(Setting { window, bound, lateness })
    };
    (0..count).filter_map(draw).collect()
}

/// Compares both at every setting.
///
/// # Errors
/// When `watch` breaks off.
pub fn verify(tuner: &Tuner, settings: &[Setting], watch: &Watch<'_>) -> Result<Verified, Cancelled> {
    let (found, run) = (tuner.points(settings, watch)?, tuner.run(settings, watch)?);
    let mut verified = Verified { settings: settings.len(), equal: 0, first: None };
    for (found, run) in found.iter().zip(&run) {
        match difference(found, run) {
            None => verified.equal += 1,
            Some(told) if verified.first.is_none() => {
                verified.first = Some(Difference { setting: run.setting, told });
            }
            Some(_) => {}
        }
    }
    Ok(verified)
}

/// The first field in which two points of one setting differ, and what each says of it. Where they come
/// from is no difference, nor is a size of state that only one of them knows.
pub fn difference(found: &Point, run: &Point) -> Option<String> {
    let found = Point {
        source: Source::Engine,
        max_state_bytes: found.max_state_bytes.or(run.max_state_bytes),
        ..found.clone()
    };
    if found == *run {
        return None;
    }
    let fields = [
        ("dropped", format!("{}", found.counts.dropped), format!("{}", run.counts.dropped)),
        ("behind", format!("{}", found.counts.behind), format!("{}", run.counts.behind)),
        ("panes", format!("{:?}", found.counts), format!("{:?}", run.counts)),
        ("completeness", format!("{}", found.completeness), format!("{}", run.completeness)),
        ("the worst window", format!("{:?}", found.worst_window), format!("{:?}", run.worst_window)),
        ("result latency", format!("{:?}", found.result_latency_s), format!("{:?}", run.result_latency_s)),
        ("most open windows", format!("{}", found.max_open_windows), format!("{}", run.max_open_windows)),
    ];
    let differs = fields.into_iter().find(|(_, found, run)| found != run);
    let (name, found, run) = differs.unwrap_or_else(|| ("the point", format!("{found:?}"), format!("{run:?}")));
    Some(format!("{name}: {found} in closed form, {run} by the engine"))
}
