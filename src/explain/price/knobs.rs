//! Settings that may flip an outcome: each with the values that are worth trying, the smallest change first.

use crate::explain::price::NoFix;
use crate::human::{self, span, span_exact};
use crate::pipeline::{Delivery, Emit, LatePolicy, Overflow, WatermarkSpec, WindowSpec};
use crate::scenario::Scenario;
use crate::time::Span;
use crate::twin::guarantees;

/// One value of a setting.
#[derive(Clone, Debug)]
pub(super) struct Rung {
    /// In words.
    pub to: String,
    /// The scenario with it.
    pub scenario: Scenario,
    /// As for `--set`.
    pub setting: String,
}

/// A span to be found between its value now and as far as it takes.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// Its value now.
    pub from: Span,
    /// A value that just misses, where it is known; the next one above it is tried first.
    pub hint: Option<Span>,
    /// Sets it.
    pub set: fn(&mut Scenario, Span),
    /// As for `--set`.
    pub setting: fn(&Scenario, Span) -> String,
}

/// The values to try.
#[derive(Clone, Debug)]
pub(super) enum Steps {
    /// One after the other until one flips the outcome.
    Ladder(Vec<Rung>),
    /// The smallest one that does.
    Grid(Grid),
}

/// A setting that may flip an outcome.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// In words: `Allowed lateness`.
    pub knob: &'static str,
    /// Its value now, in words.
    pub from: String,
    /// What to try.
    pub steps: Steps,
    /// Why it does not help, where none of the values does; without it, nothing is said then.
    pub why_not: Option<&'static str>,
}

impl Candidate {
    pub(super) fn unhelpful(&self) -> Option<NoFix> {
        self.why_not.map(|why| NoFix { knob: self.knob, why: why.to_owned() })
    }
}

/// A ladder of one setting; values that change nothing are left out.
fn ladder<T: Clone>(
    base: &Scenario,
    knob: &'static str,
    from: String,
    values: impl IntoIterator<Item = T>,
    change: impl Fn(&mut Scenario, &T) -> (String, String),
) -> Option<Candidate> {
    let rungs = values.into_iter().filter_map(|value| {
        let mut scenario = base.clone();
        let (to, setting) = change(&mut scenario, &value);
        (scenario != *base).then_some(Rung { to, scenario, setting })
    });
    let rungs: Vec<Rung> = rungs.collect();
    (!rungs.is_empty()).then_some(Candidate { knob, from, steps: Steps::Ladder(rungs), why_not: None })
}

/// A span so many times as long; saturates.
const fn times(span: Span, n: i64) -> Span {
    Span::from_micros(span.micros().saturating_mul(n))
}

/// `off`, or a span.
fn or_off(value: Option<Span>) -> String {
    value.map_or("off".to_owned(), span)
}

pub(super) fn lateness(base: &Scenario, hint: Option<Span>) -> Candidate {
    let from = base.pipeline.allowed_lateness;
    let set = |scenario: &mut Scenario, value| scenario.pipeline.allowed_lateness = value;
    let setting = |_: &Scenario, value| format!("pipeline.allowed_lateness={}", span_exact(value));
    Candidate {
        knob: "Allowed lateness",
        from: span(from),
        steps: Steps::Grid(Grid { from, hint, set, setting }),
        why_not: Some("No allowed lateness keeps a state for it: its trigger takes no more records."),
    }
}

/// How far the watermark stays behind, whatever its rule; `None` for rules that have no such span.
pub(super) fn bound(base: &Scenario, hint: Option<Span>) -> Option<Candidate> {
    let (knob, from) = match base.pipeline.watermark {
        WatermarkSpec::Bounded { bound } | WatermarkSpec::Punctuated { bound, .. } => ("Bound", bound),
        WatermarkSpec::Monotonous => ("Bound", Span::ZERO),
        WatermarkSpec::FixedLag { lag } => ("Lag behind the clock", lag),
        WatermarkSpec::Adaptive { min, .. } => ("Least distance", min),
        WatermarkSpec::Percentile { .. } | WatermarkSpec::Perfect | WatermarkSpec::FromSource => return None,
    };
    let set = |scenario: &mut Scenario, value: Span| match &mut scenario.pipeline.watermark {
        WatermarkSpec::Bounded { bound } | WatermarkSpec::Punctuated { bound, .. } => *bound = value,
        WatermarkSpec::FixedLag { lag } => *lag = value,
        WatermarkSpec::Adaptive { min, max, .. } => {
            *min = value;
            *max = value.max(*max);
        }
        other => *other = WatermarkSpec::Bounded { bound: value },
    };
    let setting = |base: &Scenario, value: Span| {
        let exact = span_exact(value);
        match base.pipeline.watermark {
            WatermarkSpec::Monotonous => format!("pipeline.watermark=Bounded(bound: \"{exact}\")"),
            WatermarkSpec::FixedLag { .. } => format!("pipeline.watermark.lag={exact}"),
            WatermarkSpec::Adaptive { .. } => format!("pipeline.watermark.min={exact}"),
            _ => format!("pipeline.watermark.bound={exact}"),
        }
    };
    Some(Candidate { knob, from: span(from), steps: Steps::Grid(Grid { from, hint, set, setting }), why_not: None })
}

pub(super) fn quantile(base: &Scenario) -> Option<Candidate> {
    let WatermarkSpec::Percentile { quantile: now, sample } = base.pipeline.watermark else { return None };
    let values = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0].into_iter().filter(move |&value| value > now);
    ladder(base, "Quantile of delays", now.to_string(), values, |scenario, &value| {
        scenario.pipeline.watermark = WatermarkSpec::Percentile { quantile: value, sample };
        (value.to_string(), format!("pipeline.watermark.quantile={value}"))
    })
}

/// Spans that people choose from, in seconds.
const USUAL_S: [i64; 14] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200];

fn set_idle(scenario: &mut Scenario, value: Option<Span>) -> (String, String) {
    scenario.pipeline.watermark_options.idle_after = value;
    let exact = value.map_or("None".to_owned(), span_exact);
    (or_off(value), format!("pipeline.watermark_options.idle_after={exact}"))
}

/// A longer timeout of idleness, or none.
pub(super) fn later_idle(base: &Scenario) -> Option<Candidate> {
    let now = base.pipeline.watermark_options.idle_after?;
    let longer = USUAL_S.into_iter().map(Span::from_secs).filter(move |&value| value > now).map(Some);
    ladder(base, "Idle after", span(now), longer.chain([None]), |scenario, &value| set_idle(scenario, value))
}

/// A timeout of idleness below `silent`, the longest first.
pub(super) fn sooner_idle(base: &Scenario, silent: Span) -> Option<Candidate> {
    let now = base.pipeline.watermark_options.idle_after;
    let shorter = USUAL_S.into_iter().rev().map(Span::from_secs);
    let shorter = shorter.filter(move |&value| value < silent && now.is_none_or(|now| value < now)).map(Some);
    let candidate = ladder(base, "Idle after", or_off(now), shorter, |scenario, &value| set_idle(scenario, value));
    candidate.map(|candidate| Candidate { why_not: Some("No other input could raise it meanwhile."), ..candidate })
}

/// How far ahead of its arrival a record may raise the watermark, the longest first.
pub(super) fn future_guard(base: &Scenario) -> Option<Candidate> {
    let now = base.pipeline.watermark_options.max_future;
    let values = [86_400, 3_600, 600, 60, 10, 1, 0].map(Span::from_secs);
    let values = values.into_iter().filter(move |&value| now.is_none_or(|now| value < now));
    ladder(base, "Guard against the future", or_off(now), values, |scenario, &value| {
        scenario.pipeline.watermark_options.max_future = Some(value);
        (span(value), format!("pipeline.watermark_options.max_future={}", span_exact(value)))
    })
}

pub(super) fn per_partition(base: &Scenario) -> Option<Candidate> {
    if base.pipeline.watermark_options.per_partition {
        return None;
    }
    ladder(base, "Watermark", "of all together".to_owned(), [()], |scenario, ()| {
        scenario.pipeline.watermark_options.per_partition = true;
        ("of each partition".to_owned(), "pipeline.watermark_options.per_partition=true".to_owned())
    })
}

/// By how much partitions may run ahead of the slowest, the most first.
pub(super) fn alignment(base: &Scenario) -> Option<Candidate> {
    let options = &base.pipeline.watermark_options;
    if !options.per_partition {
        return None;
    }
    let now = options.max_drift;
    let values = USUAL_S.into_iter().rev().map(Span::from_secs).filter(move |&value| now.is_none_or(|now| value < now));
    ladder(base, "Partitions at most apart", or_off(now), values, |scenario, &value| {
        scenario.pipeline.watermark_options.max_drift = Some(value);
        (span(value), format!("pipeline.watermark_options.max_drift={}", span_exact(value)))
    })
}

/// A watermark that follows the clock: it rises when nothing comes.
pub(super) fn clock_watermark(base: &Scenario, lag: Span) -> Option<Candidate> {
    let now = base.pipeline.watermark;
    if matches!(now, WatermarkSpec::FixedLag { .. }) {
        return None;
    }
    let longest_first = [times(lag, 4), times(lag, 2), lag];
    ladder(base, "Watermark rule", now.to_string(), longest_first, |scenario, &value| {
        let unit = super::search::unit_of(value).micros();
        let lag = Span::from_micros((value.micros() / unit).max(1) * unit);
        scenario.pipeline.watermark = WatermarkSpec::FixedLag { lag };
        if scenario.pipeline.watermark_options.emit == Emit::PerRecord {
            scenario.pipeline.watermark_options.emit = Emit::Periodic { interval: Span::from_millis(200) };
        }
        (
            format!("{} behind the clock", span(lag)),
            format!("pipeline.watermark=FixedLag(lag: \"{}\")", span_exact(lag)),
        )
    })
}

pub(super) fn side_output(base: &Scenario) -> Option<Candidate> {
    if base.pipeline.late == LatePolicy::SideOutput {
        return None;
    }
    ladder(base, "After that", "drop".to_owned(), [()], |scenario, ()| {
        scenario.pipeline.late = LatePolicy::SideOutput;
        ("side output".to_owned(), "pipeline.late=SideOutput".to_owned())
    })
}

/// Longer tumbling windows, or sessions of a longer gap.
pub(super) fn window_size(base: &Scenario) -> Option<Candidate> {
    let longer = |now: Span| {
        let usual = USUAL_S.into_iter().chain([10_800, 21_600, 43_200, 86_400]).map(Span::from_secs);
        usual.filter(move |&value| value > now && value <= times(now, 12))
    };
    match base.pipeline.window {
        WindowSpec::Tumbling { size: now, offset } => {
            ladder(base, "Window size", span(now), longer(now), |scenario, &size| {
                scenario.pipeline.window = WindowSpec::Tumbling { size, offset };
                (span(size), format!("pipeline.window.size={}", span_exact(size)))
            })
        }
        WindowSpec::Session { gap: now } => ladder(base, "Session gap", span(now), longer(now), |scenario, &gap| {
            scenario.pipeline.window = WindowSpec::Session { gap };
            (span(gap), format!("pipeline.window.gap={}", span_exact(gap)))
        }),
        _ => None,
    }
}

/// No gaps between windows.
pub(super) fn slide(base: &Scenario) -> Option<Candidate> {
    let WindowSpec::Sliding { size, slide: now, offset } = base.pipeline.window else { return None };
    if now <= size || offset >= size {
        return None;
    }
    ladder(base, "Slide", span(now), [size], |scenario, &slide| {
        scenario.pipeline.window = WindowSpec::Sliding { size, slide, offset };
        (span(slide), format!("pipeline.window.slide={}", span_exact(slide)))
    })
}

/// More window tasks, then less work for a record, then longer queues.
pub(super) fn faster(base: &Scenario) -> Vec<Candidate> {
    let pipeline = &base.pipeline;
    let windows = pipeline.tasks.windows;
    let most = pipeline.tasks.key_groups.min(64);
    let more = std::iter::successors(Some(windows.saturating_mul(2)), |n| n.checked_mul(2)).take(4);
    let more = more.filter(|&value| value <= most);
    let tasks = ladder(base, "Window tasks", windows.to_string(), more, |scenario, &value| {
        scenario.pipeline.tasks.windows = value;
        (value.to_string(), format!("pipeline.tasks.windows={value}"))
    });
    let service = pipeline.service_time;
    let less = [80, 65, 50, 40, 30, 20, 10, 5, 1].map(|percent| Span::from_micros(service.micros() * percent / 100));
    let service = ladder(base, "Service time", span(service), less, |scenario, &value| {
        scenario.pipeline.service_time = value;
        (span(value), format!("pipeline.service_time={}", span_exact(value)))
    });
    [tasks, service].into_iter().flatten().collect()
}

pub(super) fn queue(base: &Scenario) -> Option<Candidate> {
    let now = base.pipeline.queue_capacity;
    let longer = std::iter::successors(Some(now.saturating_mul(2)), |n| n.checked_mul(2)).take(12);
    ladder(base, "Queue", human::count(u64::from(now)), longer, |scenario, &value| {
        scenario.pipeline.queue_capacity = value;
        (human::count(u64::from(value)), format!("pipeline.queue_capacity={value}"))
    })
}

pub(super) fn block(base: &Scenario) -> Option<Candidate> {
    if base.pipeline.tasks.overflow == Overflow::Block {
        return None;
    }
    ladder(base, "When a queue is full", "shed".to_owned(), [()], |scenario, ()| {
        scenario.pipeline.tasks.overflow = Overflow::Block;
        ("wait".to_owned(), "pipeline.tasks.overflow=Block".to_owned())
    })
}

pub(super) fn retention(base: &Scenario) -> Vec<Candidate> {
    let rules = base.log.rules();
    let age = rules.retention_age.and_then(|now| {
        let longer = std::iter::successors(Some(times(now, 2)), |&age| Some(times(age, 2))).take(10);
        ladder(base, "The log keeps", span(now), longer, |scenario, &value| {
            scenario.log.retention_age = Some(value);
            (span(value), format!("log.retention_age={}", span_exact(value)))
        })
    });
    let records = rules.retention_records.and_then(|now| {
        let more = std::iter::successors(Some(now.saturating_mul(2)), |n| n.checked_mul(2)).take(10);
        ladder(base, "The log keeps", format!("{} records", human::count(now)), more, |scenario, &value| {
            scenario.log.retention_records = Some(value);
            (format!("{} records", human::count(value)), format!("log.retention_records={value}"))
        })
    });
    [age, records].into_iter().flatten().collect()
}

/// A stronger guarantee, with the checkpoints and the sink that it needs.
pub(super) fn delivery(base: &Scenario) -> Option<Candidate> {
    let name = |delivery: Delivery| match delivery {
        Delivery::AtMostOnce => "at most once",
        Delivery::AtLeastOnce => "at least once",
        Delivery::ExactlyOnce => "exactly once",
    };
    let now = base.pipeline.delivery;
    let stronger = guarantees::ORDER.into_iter().skip_while(move |&delivery| delivery != now).skip(1);
    ladder(base, "Delivery", name(now).to_owned(), stronger, |scenario, &delivery| {
        *scenario = guarantees::under(scenario, delivery);
        (name(delivery).to_owned(), format!("pipeline.delivery={delivery:?}"))
    })
}

pub(super) fn gate_policy(base: &Scenario) -> Option<Candidate> {
    use crate::gate::GatePolicy::{Crash, DeadLetter, Reject};
    let name = |policy| match policy {
        Crash => "crash",
        Reject => "give them up",
        DeadLetter => "dead letters",
    };
    ladder(
        base,
        "Bad records",
        name(base.pipeline.gate.policy).to_owned(),
        [DeadLetter, Reject],
        |scenario, &policy| {
            scenario.pipeline.gate.policy = policy;
            (name(policy).to_owned(), format!("pipeline.gate.policy={policy:?}"))
        },
    )
}

pub(super) fn flush(base: &Scenario) -> Option<Candidate> {
    use crate::pipeline::AtEnd;
    ladder(base, "At the end", "hold".to_owned(), [()], |scenario, ()| {
        scenario.pipeline.at_end = AtEnd::Flush;
        ("flush".to_owned(), "pipeline.at_end=Flush".to_owned())
    })
}

/// A watermark that is nearer to the newest record.
pub(super) fn shorter_bound(base: &Scenario) -> Option<Candidate> {
    let WatermarkSpec::Bounded { bound: now } = base.pipeline.watermark else { return None };
    let shares = [3, 2, 1, 0].map(|quarters| {
        let unit = super::search::unit_of(now).micros().max(1);
        Span::from_micros(now.micros() * quarters / 4 / unit * unit)
    });
    ladder(base, "Bound", span(now), shares, |scenario, &bound| {
        scenario.pipeline.watermark = WatermarkSpec::Bounded { bound };
        (span(bound), format!("pipeline.watermark.bound={}", span_exact(bound)))
    })
}

/// The trigger of the dialect, which takes records for as long as there is state.
pub(super) fn default_trigger(base: &Scenario) -> Option<Candidate> {
    use crate::window::trigger::TriggerSpec;
    ladder(base, "Trigger", "of its own".to_owned(), [()], |scenario, ()| {
        scenario.pipeline.trigger = TriggerSpec::Default;
        ("the usual one".to_owned(), "pipeline.trigger=Default".to_owned())
    })
}
