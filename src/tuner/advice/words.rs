//! Advice in words, and as JSON.

use serde::{Serialize, Serializer};

use crate::human::{count, span};
use crate::metrics::report::Latency;
use crate::time::Span;
use crate::tuner::advice::advise::{Advice, HeldOut, Idle};
use crate::tuner::advice::wanted::percent;
use crate::tuner::advice::warning::Warning;
use crate::tuner::point::Point;
use crate::tuner::setting::{Setting, window_text};

/// The advice for people: a heading and some lines, ending with a line feed.
pub fn in_words(advice: &Advice) -> String {
    let mut text = format!("Advice for {}:\n", advice.wanted);
    for line in sentences(advice) {
        text.push_str(&format!("  {line}\n"));
    }
    for (why, point) in &advice.alternatives {
        text.push_str(&format!("  or: {}: {why}: {}\n", setting(point.setting), price(point)));
    }
    for warning in &advice.warnings {
        text.push_str(&format!("  careful: {}\n", warning.text));
    }
    text
}

/// A setting as people say it: `bound 10 s, lateness 0 s (tumbling:1min)`.
pub(crate) fn setting(setting: Setting) -> String {
    format!("bound {}, lateness {} ({})", span(setting.bound), span(setting.lateness), window_text(setting.window))
}

/// What a point costs and gives, in a few words.
pub(crate) fn price(point: &Point) -> String {
    format!(
        "{} complete, worst window {}, {}, {} late panes, {} windows open at most",
        percent(point.completeness),
        percent(point.worst_window_completeness()),
        latency(&point.result_latency_s),
        count(point.counts.late_panes),
        count(point.max_open_windows)
    )
}

fn latency(latency: &Latency) -> String {
    match (latency.p50, latency.p99) {
        (Some(p50), Some(p99)) => format!("results p50 {}, p99 {} after their window", seconds(p50), seconds(p99)),
        _ => "no result on time".to_owned(),
    }
}

/// Seconds as people say them.
pub(crate) fn seconds(seconds: f64) -> String {
    span(Span::from_secs_f64(seconds))
}

/// What is advised and why, a sentence each, without alternatives and warnings.
pub(crate) fn sentences(advice: &Advice) -> Vec<String> {
    let mut sentences = Vec::new();
    let chosen = setting(advice.point.setting);
    sentences.push(match &advice.conflict {
        None => format!("Set {chosen}."),
        Some(_) => format!("Both cannot be had. Nearest: {chosen}."),
    });
    sentences.push(format!("On this recording: {}.", price(&advice.point)));
    sentences.extend(conflict(advice));
    sentences.push(sureness(advice));
    sentences.extend(advice.held_out.map(|it| held_out(advice, it)));
    sentences.extend(slope(advice));
    sentences.push(
        advice
            .idle
            .map_or_else(|| "No idle timeout is needed: no partition's silence holds results back.".to_owned(), idle),
    );
    sentences
}

fn conflict(advice: &Advice) -> Option<String> {
    let conflict = advice.conflict.as_ref()?;
    let limit = advice.wanted.latency?;
    let latency =
        |point: &Point| limit.quantile.of(&point.result_latency_s).map_or_else(|| "never".to_owned(), seconds);
    let name = limit.quantile.name();
    let complete = format!(
        "As complete as wanted costs a {name} of {} instead of {}",
        latency(&conflict.complete),
        span(limit.at_most)
    );
    Some(match &conflict.soon {
        Some(soon) => format!("{complete}; as soon as wanted leaves {} complete.", percent(soon.completeness)),
        None => format!(
            "{complete}; no bound is short enough, because without any the {name} is {}: a window ends for the stream only \
             when a record from beyond its end arrives.",
            latency(&conflict.fastest)
        ),
    })
}

fn sureness(advice: &Advice) -> String {
    let fit = &advice.fit;
    let (low, high) = fit.interval;
    format!(
        "With {:.0} % confidence the next {} records are {} complete if they are like these; the bound and lateness together \
         that this recording needed are {}, and from {} to {} in 90 % of its resamples (blocks of {} records; {} records \
         decide).",
        libm::floor(fit.confidence * 100.0),
        count(fit.seen as u64),
        percent(advice.wanted.wish.complete),
        span(fit.needed),
        span(low),
        span(high),
        count(libm::round(fit.block) as u64),
        count(fit.deciding as u64)
    )
}

fn held_out(advice: &Advice, held_out: HeldOut) -> String {
    format!(
        "Tested: the first half alone says {}, which counts {} of the second half ({} was promised, {:.0} % sure).",
        span(held_out.fit.promised),
        percent(held_out.completeness),
        percent(advice.wanted.wish.complete),
        libm::floor(held_out.fit.confidence * 100.0)
    )
}

fn slope(advice: &Advice) -> Option<String> {
    let slope = advice.slope?;
    let later = slope.later_s.p99.map(|later| format!(" and makes the p99 {} later", seconds(later.max(0.0))));
    Some(format!(
        "The next {} of bound saves {} records{}.",
        span(slope.step),
        count(slope.records_saved),
        later.unwrap_or_default()
    ))
}

fn idle(idle: Idle) -> String {
    let Idle { silences, p99_s, completeness } = idle;
    let mut text = format!(
        "Set an idle timeout of {}: {} silences are longer, the longest of them {} in partition {}",
        span(silences.idle_after),
        count(silences.count as u64),
        span(silences.longest),
        silences.partition
    );
    if let (Some((before, after)), Some((complete, then))) = (p99_s, completeness) {
        let (complete, then) = (percent(complete), percent(then));
        text.push_str(&format!(
            "; with it the p99 is {} instead of {}, and {then} is complete instead of {complete}",
            seconds(after),
            seconds(before)
        ));
    }
    text.push('.');
    text
}

#[derive(Serialize)]
struct AdviceJson<'a> {
    window: String,
    bound_s: f64,
    lateness_s: f64,
    idle_after_s: Option<f64>,
    confidence: f64,
    interval: [f64; 2],
    warnings: &'a [Warning],
    met: bool,
    complete: f64,
    latency: Option<String>,
    confidence_wanted: f64,
    needed_s: f64,
    promised_s: f64,
    deciding: usize,
    together: f64,
    block_records: f64,
    held_out: Option<HeldOutJson>,
    slope: Option<SlopeJson>,
    point: &'a Point,
    conflict: Option<ConflictJson<'a>>,
    alternatives: Vec<AlternativeJson<'a>>,
}

#[derive(Serialize)]
struct HeldOutJson {
    promised_s: f64,
    confidence: f64,
    completeness: f64,
    kept: bool,
}

#[derive(Serialize)]
struct SlopeJson {
    step_s: f64,
    records_saved: u64,
    later_s: Latency,
}

#[derive(Serialize)]
struct ConflictJson<'a> {
    complete: &'a Point,
    soon: Option<&'a Point>,
    fastest: &'a Point,
}

#[derive(Serialize)]
struct AlternativeJson<'a> {
    why: &'a str,
    #[serde(flatten)]
    point: &'a Point,
}

impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let setting = self.point.setting;
        let fit = &self.fit;
        AdviceJson {
            window: window_text(setting.window),
            bound_s: setting.bound.as_secs_f64(),
            lateness_s: setting.lateness.as_secs_f64(),
            idle_after_s: self.idle.map(|it| it.silences.idle_after.as_secs_f64()),
            confidence: fit.confidence,
            interval: [fit.interval.0.as_secs_f64(), fit.interval.1.as_secs_f64()],
            warnings: &self.warnings,
            met: self.conflict.is_none(),
            complete: self.wanted.wish.complete,
            latency: self.wanted.latency.map(|it| it.to_string()),
            confidence_wanted: self.wanted.wish.confidence,
            needed_s: fit.needed.as_secs_f64(),
            promised_s: fit.promised.as_secs_f64(),
            deciding: fit.deciding,
            together: fit.together,
            block_records: fit.block,
            held_out: self.held_out.map(|it| HeldOutJson {
                promised_s: it.fit.promised.as_secs_f64(),
                confidence: it.fit.confidence,
                completeness: it.completeness,
                kept: it.kept,
            }),
            slope: self.slope.map(|it| SlopeJson {
                step_s: it.step.as_secs_f64(),
                records_saved: it.records_saved,
                later_s: it.later_s,
            }),
            point: &self.point,
            conflict: self.conflict.as_ref().map(|it| ConflictJson {
                complete: &it.complete,
                soon: it.soon.as_ref(),
                fastest: &it.fastest,
            }),
            alternatives: self.alternatives.iter().map(|(why, point)| AlternativeJson { why, point }).collect(),
        }
        .serialize(serializer)
    }
}
