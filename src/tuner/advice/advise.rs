//! The whole advice for a recording: a setting, its price, what else there is, and how sure all that is.

use std::sync::Arc;

use crate::pipeline::{WatermarkSpec, WindowSpec};
use crate::record::{RecordId, Stream};
use crate::rng::Seed;
use crate::runtime::RunConfig;
use crate::time::Span;
use crate::tuner::advice::choose::{Chosen, Conflict, choose};
use crate::tuner::advice::drift::{Drift, drift};
use crate::tuner::advice::fit::{Fit, Wish, fit};
use crate::tuner::advice::needs::{Needs, Newest};
use crate::tuner::advice::price::Prices;
use crate::tuner::advice::silence::{Silences, silences};
use crate::tuner::advice::wanted::Wanted;
use crate::tuner::advice::warning::{self, Kind, Warning};
use crate::tuner::bounds::rounded_up;
use crate::tuner::form::Form;
use crate::tuner::frontier::Slope;
use crate::tuner::parallel::{Cancelled, Watch};
use crate::tuner::point::{Point, window_length};
use crate::tuner::setting::Setting;
use crate::tuner::tuning::Tuner;

/// Beyond so many records an idle timeout is not tried out by runs of the engine.
const MOST_TRIED: usize = 2_000_000;

/// What advice is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is wanted.
    pub wanted: Wanted,
    /// Windows that would do, in order of preference; at least one.
    pub windows: Vec<WindowSpec>,
    /// Latenesses that are allowed, ascending; empty for any.
    pub latenesses: Vec<Span>,
    /// Whether the recording says when records arrived.
    pub has_arrivals: bool,
    /// Where the draws of the resampling come from.
    pub seed: u64,
}

/// A setting that is advised.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What was wanted.
    pub wanted: Wanted,
    /// The setting, and what it gives on the recording.
    pub point: Point,
    /// Where the wishes cannot both be met: what each of them costs.
    pub conflict: Option<Conflict>,
    /// After how long a silent partition is to be left out; `None` where that is not needed.
    pub idle: Option<Idle>,
    /// How the sum of bound and lateness was found, and how sure it is.
    pub fit: Fit,
    /// What a longer bound would change; `None` without a closed form.
    pub slope: Option<Slope>,
    /// What else there is, with why.
    pub alternatives: Vec<(String, Point)>,
    /// What the first half says of the second; `None` for fewer than two records.
    pub held_out: Option<HeldOut>,
    /// How the thirds of the recording differ; `None` for fewer than three records.
    pub drift: Option<Drift>,
    /// Why it may be less sure than that.
    pub warnings: Vec<Warning>,
}

/// An idle timeout, and what it changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Idle {
    /// The silences, and the timeout.
    pub silences: Silences,
    /// The 99 % quantile of the latency without and with it, in seconds; `None` where it was not tried out.
    pub p99_s: Option<(f64, f64)>,
    /// Completeness without and with it.
    pub completeness: Option<(f64, f64)>,
}

/// A promise that was made on the first half of the recording, and what became of it on the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    /// What the first half says.
    pub fit: Fit,
    /// The share of the second half that this would have counted.
    pub completeness: f64,
    /// Whether that is what was promised.
    pub kept: bool,
}

/// Advises; `None` for a recording without a record in a window, or no window.
///
/// # Errors
/// When `watch` breaks off.
pub fn advise(tuner: &Tuner, question: &Question, watch: &Watch<'_>) -> Result<Option<Advice>, Cancelled> {
    let mut best: Option<Found<'_>> = None;
    let mut others = Vec::new();
    for &window in &question.windows {
        let Some(found) = Found::of(tuner, question, window, watch)? else { continue };
        let is_better =
            best.as_ref().is_none_or(|best| best.chosen.conflict.is_some() && found.chosen.conflict.is_none());
        let other = if is_better { best.replace(found) } else { Some(found) };
        others.extend(other.map(|it| ("with other windows".to_owned(), it.chosen.point)));
    }
    best.map(|found| found.advice(tuner, question, others)).transpose()
}

/// What was found for one window.
struct Found<'a> {
    prices: Prices<'a>,
    needs: Needs,
    fit: Fit,
    chosen: Chosen,
}

/// Whose event time counts in a pipeline.
fn newest(config: &RunConfig) -> Newest {
    if config.pipeline.watermark_options.per_partition { Newest::OfSlowestPartition } else { Newest::OfAll }
}

impl<'a> Found<'a> {
    fn of(
        tuner: &'a Tuner,
        question: &Question,
        window: WindowSpec,
        watch: &'a Watch<'a>,
    ) -> Result<Option<Self>, Cancelled> {
        let stream = tuner.stream();
        let needs = Needs::of(stream, window, newest(tuner.config()));
        let fitted = fit(&needs.assigned(0..stream.len()), question.wanted.wish, Seed::new(question.seed));
        let Some(fit) = fitted else { return Ok(None) };
        let prices = Prices::of(tuner, window, watch)?;
        let chosen = choose(&prices, &fit, question.wanted, &question.latenesses)?;
        Ok(Some(Self { prices, needs, fit, chosen }))
    }

    fn advice(self, tuner: &Tuner, question: &Question, others: Vec<(String, Point)>) -> Result<Advice, Cancelled> {
        let stream = tuner.stream();
        let wanted = question.wanted;
        let setting = self.chosen.point.setting;
        let mut alternatives = alternatives(&self, wanted)?;
        alternatives.extend(others);
        let idle = idle(tuner, setting);
        let held_out = held_out(&self.needs, wanted.wish, question.seed);
        let drift = drift_of(stream, &self.needs, &self.fit, question.seed);
        let mut warnings: Vec<Warning> = warning::thin_tail(&self.fit, wanted.wish).into_iter().collect();
        warnings.extend(drift.as_ref().and_then(warning::drifting));
        warnings.extend(
            held_out.filter(|it| !it.kept).map(|it| warning::held_out(it.completeness, wanted.wish, it.fit.confidence)),
        );
        warnings.extend(warning::one_dominates(stream, &self.needs, self.fit.needed));
        if !question.has_arrivals {
            warnings.push(warning::no_arrivals());
        }
        let covered = stream.event_time_range().map_or(Span::ZERO, |(first, last)| last - first);
        warnings.extend(warning::short(covered, window_length(setting.window), setting.horizon()));
        warnings.extend(approximate(tuner, &self.chosen.point, wanted.wish));
        let slope = self.prices.slope(setting, step(setting, &self.fit))?;
        let (Chosen { point, conflict }, fit) = (self.chosen, self.fit);
        Ok(Advice { wanted, point, conflict, idle, fit, slope, alternatives, held_out, drift, warnings })
    }
}

/// A round step of about a tenth of the bound; without one, of what is needed or of a window.
fn step(setting: Setting, fit: &Fit) -> Span {
    let window = window_length(setting.window).unwrap_or(Span::ZERO);
    let of = [setting.bound, fit.promised, window].into_iter().find(|span| *span > Span::ZERO);
    let tenth = of.map_or(0, |span| span.micros() / 10);
    let people =
        [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 60_000_000, 600_000_000, 3_600_000_000, 86_400_000_000];
    Span::from_micros(people.into_iter().rev().find(|&unit| unit <= tenth).unwrap_or(1_000))
}

fn alternatives(found: &Found<'_>, wanted: Wanted) -> Result<Vec<(String, Point)>, Cancelled> {
    let setting = found.chosen.point.setting;
    let whole = rounded_up(found.fit.promised);
    let mut alternatives = Vec::new();
    if setting.lateness > Span::ZERO {
        alternatives.push(("no corrections, all in the bound".to_owned(), found.prices.point(whole, Span::ZERO)?));
    }
    if setting.bound > Span::ZERO && whole > Span::ZERO {
        let text = "first results at once, corrected for as long".to_owned();
        alternatives.push((text, found.prices.point(Span::ZERO, whole)?));
    }
    let missing = 1.0 - wanted.wish.complete;
    if let Some(scan) = found.prices.scan() {
        for (text, share) in [("ten times as many missing", 10.0), ("a tenth as many missing", 0.1)] {
            let complete = 1.0 - missing * share;
            let bound = rounded_up((scan.least_horizon(complete) - setting.lateness).max(Span::ZERO));
            if missing * share < 1.0 && missing > 0.0 && bound != setting.bound {
                let text = format!("{text}, as far as the recording says");
                alternatives.push((text, found.prices.point(bound, setting.lateness)?));
            }
        }
    }
    Ok(alternatives)
}

fn held_out(needs: &Needs, wish: Wish, seed: u64) -> Option<HeldOut> {
    let half = needs.len() / 2;
    let fit = fit(&needs.assigned(0..half), wish, Seed::new(seed))?;
    let second = needs.assigned(half..needs.len());
    let missing = second.iter().filter(|&&need| need >= fit.promised.micros()).count() as u64;
    let completeness = 1.0 - missing as f64 / second.len().max(1) as f64;
    Some(HeldOut { fit, completeness, kept: missing <= wish.allowed(second.len()) })
}

fn drift_of(stream: &Stream, needs: &Needs, fit: &Fit, seed: u64) -> Option<Drift> {
    let delays: Vec<i64> = (0..stream.len()).map(|place| stream.delay(RecordId(place as u32)).micros()).collect();
    drift(&delays, &needs.assigned(0..needs.len()), fit.needed.micros() - 1, Seed::new(seed))
}

/// An idle timeout where partitions have watermarks of their own and one is silent for long; tried out by two
/// runs of the engine.
fn idle(tuner: &Tuner, setting: Setting) -> Option<Idle> {
    let stream = tuner.stream();
    if !tuner.config().pipeline.watermark_options.per_partition {
        return None;
    }
    let silences = silences(stream)?;
    if stream.len() > MOST_TRIED {
        return Some(Idle { silences, p99_s: None, completeness: None });
    }
    let with = |idle_after: Option<Span>| {
        let mut config = tuner.config().clone();
        config.pipeline.watermark_options.idle_after = idle_after;
        let tuner = Tuner::new(Arc::clone(stream), config);
        tuner.run(&[setting], &|_| std::ops::ControlFlow::Continue(())).ok().and_then(|mut points| points.pop())
    };
    let (without, with) = (with(None)?, with(Some(silences.idle_after))?);
    let p99_s = without.result_latency_s.p99.zip(with.result_latency_s.p99);
    Some(Idle { silences, p99_s, completeness: Some((without.completeness, with.completeness)) })
}

/// When records are not dropped exactly as the needs say, and it shows.
fn approximate(tuner: &Tuner, point: &Point, wish: Wish) -> Option<Warning> {
    let Form::Engine { because } = tuner.form(point.setting.window) else { return None };
    if matches!(tuner.config().pipeline.watermark, WatermarkSpec::Bounded { .. } | WatermarkSpec::Monotonous)
        && point.completeness >= wish.complete
    {
        return None;
    }
    let text = format!(
        "the promise is that of a bounded watermark after every record, and this pipeline differs: {because}. A run of it \
         counts {} of the recording",
        crate::tuner::advice::wanted::percent(point.completeness)
    );
    Some(Warning::new(Kind::Approximate, text))
}
