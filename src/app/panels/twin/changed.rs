//! What was changed between the pinned run and the one on screen, in words: a name, what it was, what it is.

use crate::human;
use crate::pipeline::{Delivery, LatePolicy, WatermarkSpec, WindowSpec};
use crate::scenario::{DelaySpec, Scenario, SourceSpec};
use crate::sink::SinkSpec;
use crate::time::Span;
use crate::window::accumulation::Accumulation;

/// A setting that the two runs do not share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its name, as the settings have it.
    pub name: &'static str,
    /// What the pinned run has.
    pub before: String,
    /// What the run on screen has.
    pub after: String,
}

impl Changed {
    /// As a finding: `Bound 30 s, now 1 min 4 s`.
    pub fn in_words(&self) -> String {
        format!("{} {}, now {}", self.name, self.before, self.after)
    }
}

/// A name and what it says; compared as text.
type Said = (&'static str, String);

/// Everything that differs, in the order of the settings. Never empty for two scenarios that differ.
pub fn changed(before: &Scenario, after: &Scenario) -> Vec<Changed> {
    let (old, new) = (said(before), said(after));
    let mut found: Vec<Changed> = Vec::new();
    for (name, text) in &old {
        let other = new.iter().find(|(same, _)| same == name).map_or("none", |(_, text)| text);
        if other != text {
            found.push(readable(name, text, other));
        }
    }
    for (name, text) in new.iter().filter(|(name, _)| !old.iter().any(|(same, _)| same == name)) {
        found.push(Changed { name, before: "none".to_owned(), after: text.clone() });
    }
    if found.is_empty() && before != after {
        let text = |text: &str| text.to_owned();
        found.push(Changed { name: "Scenario", before: text("as it was"), after: text("changed") });
    }
    found
}

/// What stands in files as code is only said to be another one.
fn readable(name: &'static str, before: &str, after: &str) -> Changed {
    let (before, after) = match name {
        "Trigger" => ("as it was", "another one"),
        "Faults" => {
            let count = |text: &'_ str| text.split(' ').next().map_or(String::new(), str::to_owned);
            let (old, new) = (count(before), count(after));
            if old != new {
                return Changed { name, before: old, after: new };
            }
            ("as they were", "others")
        }
        _ => (before, after),
    };
    Changed { name, before: before.to_owned(), after: after.to_owned() }
}

fn said(scenario: &Scenario) -> Vec<Said> {
    let mut said = source(scenario);
    let pipeline = &scenario.pipeline;
    said.extend(watermark(pipeline.watermark));
    said.push(("Idle after", option(pipeline.watermark_options.idle_after)));
    said.push(("Guard against the future", option(pipeline.watermark_options.max_future)));
    said.push(("Alignment", option(pipeline.watermark_options.max_drift)));
    said.push(("Watermark by partition", switch(pipeline.watermark_options.per_partition)));
    said.extend(windows(pipeline.window));
    said.push(("Allowed lateness", human::span(pipeline.allowed_lateness)));
    let late = if pipeline.late == LatePolicy::Drop { "drop" } else { "side output" };
    said.push(("After that", late.to_owned()));
    said.push(("Value", pipeline.aggregate.to_string()));
    let panes = match pipeline.accumulation {
        Accumulation::Discarding => "discard",
        Accumulation::Accumulating => "add up",
        Accumulation::AccumulatingAndRetracting => "retract",
    };
    said.push(("Panes", panes.to_owned()));
    said.push(("Trigger", format!("{:?}", pipeline.trigger)));
    said.push(("Rules of", pipeline.dialect.name().to_owned()));
    said.push(("Service time", human::span(pipeline.service_time)));
    said.push(("Queue", human::count(u64::from(pipeline.queue_capacity))));
    said.push(("Window tasks", pipeline.tasks.windows.to_string()));
    said.push(("Sources", pipeline.tasks.sources.to_string()));
    said.push(("Salts", pipeline.tasks.salts.to_string()));
    said.push(("Micro-batch", option(pipeline.tasks.micro_batch)));
    let delivery = match pipeline.delivery {
        Delivery::AtMostOnce => "at most once",
        Delivery::AtLeastOnce => "at least once",
        Delivery::ExactlyOnce => "exactly once",
    };
    said.push(("Guarantee", delivery.to_owned()));
    said.push(("Checkpoint every", option(pipeline.checkpoints.as_ref().map(|spec| spec.interval))));
    let sink = match pipeline.sink {
        SinkSpec::Append => "append",
        SinkSpec::Upsert => "upsert",
        SinkSpec::TwoPhaseCommit { .. } => "two-phase commit",
    };
    said.push(("Sink", sink.to_owned()));
    said.push(("Faults", faults(scenario)));
    said
}

fn source(scenario: &Scenario) -> Vec<Said> {
    let mut said = vec![("Seed", scenario.seed.to_string()), ("Duration", human::span(scenario.duration))];
    if let SourceSpec::Synthetic(source) = &scenario.source {
        said.push(("Rate", format!("{} per second", crate::app::panels::number::value(source.rate))));
        let delay = match &source.delay {
            DelaySpec::Constant { delay } => human::span(*delay),
            DelaySpec::LogNormal { median, .. } => format!("median {}", human::span(*median)),
            DelaySpec::Exponential { mean, .. } => format!("mean {}", human::span(*mean)),
            DelaySpec::Uniform { min, max } => format!("{} to {}", human::span(*min), human::span(*max)),
            _ => "another one".to_owned(),
        };
        said.push(("Delay", delay));
        said.push(("Partitions", source.partitions.to_string()));
    }
    said
}

/// How many there are, and then what they are.
fn faults(scenario: &Scenario) -> String {
    let faults = &scenario.faults;
    if faults.is_empty() { "none".to_owned() } else { format!("{} {faults:?}", faults.len()) }
}

fn watermark(spec: WatermarkSpec) -> Vec<Said> {
    match spec {
        WatermarkSpec::Bounded { bound } => vec![("Bound", human::span(bound))],
        other => vec![("Watermark", other.to_string())],
    }
}

fn windows(spec: WindowSpec) -> Vec<Said> {
    match spec {
        WindowSpec::Tumbling { size, .. } => vec![("Windows", "tumbling".to_owned()), ("Size", human::span(size))],
        WindowSpec::Sliding { size, slide, .. } => {
            let windows = ("Windows", "sliding".to_owned());
            vec![windows, ("Size", human::span(size)), ("Slide", human::span(slide))]
        }
        other => vec![("Windows", other.to_string())],
    }
}

fn option(span: Option<Span>) -> String {
    span.map_or("off".to_owned(), human::span)
}

fn switch(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::files::built_in;

    #[test]
    fn what_was_changed_is_said_with_both_values() {
        let before = built_in()[0].clone();
        assert_eq!(changed(&before, &before), []);
        let mut after = before.clone();
        after.pipeline.watermark = WatermarkSpec::Bounded { bound: Span::from_secs(64) };
        let found = changed(&before, &after);
        assert_eq!(found.iter().map(Changed::in_words).collect::<Vec<_>>(), ["Bound 30 s, now 1 min 4 s"]);
        after.seed = 8;
        assert_eq!(changed(&before, &after).len(), 2);
        after.pipeline.watermark = WatermarkSpec::Perfect;
        let names: Vec<&str> = changed(&before, &after).iter().map(|it| it.name).collect();
        assert_eq!(names, ["Seed", "Bound", "Watermark"]);
        let mut other = before.clone();
        other.about.push('x');
        assert_eq!(changed(&before, &other).len(), 1, "never empty where something differs");
    }
}
