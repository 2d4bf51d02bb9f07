//! An explanation and its prices as text for a terminal, and as one JSON object.

use std::fmt::Write;

use serde::Serialize;

use crate::explain::case::length;
use crate::explain::price::{Cost, Prices};
use crate::explain::{Explanation, Horizon, Link, Mark, Outcome, When};
use crate::human;

/// Sentences are broken after so many letters.
const WIDTH: usize = 78;

/// What `--format json` writes. Fields are only ever added.
#[derive(Debug, Serialize)]
pub struct Report {
    schema: u32,
    name: String,
    headline: String,
    prose: String,
    steps: Vec<StepRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    horizon: Option<HorizonRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<GroupRow>,
    changes: Vec<ChangeRow>,
    impossible: Vec<ImpossibleRow>,
    runs: usize,
}

#[derive(Debug, Serialize)]
struct StepRow {
    at: String,
    clock: &'static str,
    what: String,
    detail: String,
    mark: Mark,
    link: String,
}

#[derive(Debug, Serialize)]
struct HorizonRow {
    window_end: String,
    lateness_s: f64,
    past_end_s: f64,
    past_horizon_s: f64,
}

#[derive(Debug, Serialize)]
struct GroupRow {
    title: String,
    records: u64,
    outcomes: Vec<OutcomeRow>,
}

#[derive(Debug, Serialize)]
struct OutcomeRow {
    outcome: Outcome,
    records: u64,
}

#[derive(Debug, Serialize)]
struct ChangeRow {
    knob: &'static str,
    from: String,
    to: String,
    set: Vec<String>,
    price: String,
    difference: Cost,
    runs: usize,
}

#[derive(Debug, Serialize)]
struct ImpossibleRow {
    knob: &'static str,
    why: String,
}

impl Report {
    /// Of an explanation, with what changes would cost where that was searched for.
    pub fn new(explanation: &Explanation, prices: Option<&Prices>) -> Self {
        let steps = explanation.steps.iter().map(|step| StepRow {
            at: human::instant_rfc3339(step.at.micros()),
            clock: match step.at {
                When::Event(_) => "event_time",
                When::Processing(_) => "processing_time",
            },
            what: step.title.clone(),
            detail: step.detail.clone(),
            mark: step.mark,
            link: link(step.link),
        });
        let horizon = explanation.horizon.map(|horizon| HorizonRow {
            window_end: human::instant_rfc3339(horizon.window.end.micros()),
            lateness_s: horizon.lateness.as_secs_f64(),
            past_end_s: horizon.past_end.as_secs_f64(),
            past_horizon_s: horizon.past_it().as_secs_f64(),
        });
        let group = explanation.group.as_ref().map(|group| GroupRow {
            title: group.title.clone(),
            records: group.len(),
            outcomes: Outcome::ALL
                .into_iter()
                .zip(group.counts)
                .filter(|(_, records)| *records > 0)
                .map(|(outcome, records)| OutcomeRow { outcome, records })
                .collect(),
        });
        let fixes = prices.map_or(&[][..], |prices| &prices.fixes);
        let changes = fixes.iter().map(|fix| ChangeRow {
            knob: fix.knob,
            from: fix.from.clone(),
            to: fix.to.clone(),
            set: fix.settings.clone(),
            price: fix.price.clone(),
            difference: fix.cost,
            runs: fix.runs,
        });
        let impossible = prices.map_or(&[][..], |prices| &prices.impossible).iter();
        Self {
            schema: 1,
            name: explanation.name.clone(),
            headline: explanation.title.clone(),
            prose: explanation.prose.to_string(),
            steps: steps.collect(),
            horizon,
            group,
            changes: changes.collect(),
            impossible: impossible.map(|it| ImpossibleRow { knob: it.knob, why: it.why.clone() }).collect(),
            runs: prices.map_or(0, |prices| prices.runs),
        }
    }
}

/// `record 398`, `pane 12`: what a step leads to.
fn link(link: Link) -> String {
    match link {
        Link::Record(id) => format!("record {}", id.0),
        Link::Window { window, .. } => format!("window {}", human::instant_rfc3339(window.start.micros())),
        Link::Pane(place) => format!("pane {place}"),
        Link::Instant(at) => format!("at {}", human::instant_rfc3339(at.micros())),
        Link::Partition { partition, .. } => format!("partition {}", partition.0),
        Link::Fault { place, .. } => format!("fault {place}"),
    }
}

/// For a terminal.
pub fn text(explanation: &Explanation, prices: Option<&Prices>) -> String {
    let mut out = format!("{} ({})\n", explanation.title, explanation.name);
    wrap(&mut out, &explanation.prose.to_string(), "");
    out.push('\n');
    let clock = explanation.clock();
    let tell = |when: When| clock.tell(when.reading());
    let rows: Vec<(String, &str, &str)> =
        explanation.steps.iter().map(|step| (tell(step.at), step.title.as_str(), step.detail.as_str())).collect();
    let widths =
        rows.iter().fold((0, 0), |(at, title), row| (at.max(row.0.chars().count()), title.max(row.1.chars().count())));
    for (at, title, detail) in &rows {
        let line = format!("  {at:<first$}  {title:<second$}  {detail}", first = widths.0, second = widths.1);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    // Writing to a text cannot fail.
    if let Some(horizon) = &explanation.horizon {
        let _ = writeln!(out, "\nHow late is too late\n  {}", in_words(horizon));
    }
    if let Some(prices) = prices {
        changes(&mut out, prices);
    }
    if let Some(group) = explanation.group.as_ref().filter(|group| !group.is_empty()) {
        let _ = writeln!(out, "\n{}: {}\n  {}", group.title, group.caption, group.words());
    }
    out
}

fn in_words(horizon: &Horizon) -> String {
    let lateness = length(horizon.lateness);
    let distance = length(horizon.past_it());
    if horizon.is_past() {
        format!("{distance} past the horizon, which is {lateness} after the end of the window")
    } else {
        format!("{distance} before the horizon, which is {lateness} after the end of the window")
    }
}

fn changes(out: &mut String, prices: &Prices) {
    let plural = if prices.runs == 1 { "run" } else { "runs" };
    let _ = writeln!(out, "\n{}, and its price (found by {} {plural})", prices.title, prices.runs);
    let knobs = prices.fixes.iter().map(|fix| fix.knob).chain(prices.impossible.iter().map(|it| it.knob));
    let width = knobs.map(|knob| knob.chars().count()).max().unwrap_or(0);
    for fix in &prices.fixes {
        let _ = writeln!(out, "  {:<width$}  {} \u{2192} {}", fix.knob, fix.from, fix.to);
        let _ = writeln!(out, "  {:<width$}  {}", "", fix.price);
        let _ = writeln!(out, "  {:<width$}  --set '{}'", "", fix.settings.join("' --set '"));
    }
    for it in &prices.impossible {
        let _ = writeln!(out, "  {:<width$}  {}", it.knob, it.why);
    }
    if prices.fixes.is_empty() && prices.impossible.is_empty() {
        let _ = writeln!(out, "  No single setting does.");
    }
}

/// Breaks a text into lines of at most [`WIDTH`] letters.
fn wrap(out: &mut String, text: &str, indent: &str) {
    let mut line = indent.to_owned();
    for word in text.split(' ') {
        let is_first = line.len() == indent.len();
        if !is_first && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = indent.to_owned();
        } else if !is_first {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_broken_between_words() {
        let mut out = String::new();
        wrap(&mut out, &["word"; 40].join(" "), "  ");
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH && line.starts_with("  word")));
        assert_eq!(out.split_whitespace().count(), 40);
    }
}
