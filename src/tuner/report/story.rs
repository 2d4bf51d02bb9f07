//! What a report says, in which order: for a reader who has two minutes and has to say yes or no.

use crate::human::{count, instant, span};
use crate::record::Stream;
use crate::recording::delays::DelayQuantiles;
use crate::tuner::advice::Advice;
use crate::tuner::advice::{percent, words};
use crate::tuner::baseline::{self, Baselines};
use crate::tuner::capacity::{self, Capacity};
use crate::tuner::point::Point;
use crate::tuner::report::document::{Block, Document};
use crate::tuner::report::plot::{Mark, Plot};
use crate::tuner::setting::window_text;

/// Everything that a report is made from.
#[derive(Clone, Debug)]
pub struct Story<'a> {
    /// Name of the recording or scenario.
    pub title: &'a str,
    /// Its records.
    pub stream: &'a Stream,
    /// How the file was taken: columns and what was guessed, a sentence each.
    pub remarks: Vec<String>,
    /// What is advised.
    pub advice: &'a Advice,
    /// The settings worth having with the advised window, by ascending latency.
    pub frontier: &'a [Point],
    /// The usual rules.
    pub baselines: Option<&'a Baselines>,
    /// What load was planned for.
    pub capacity: Option<&'a Capacity>,
    /// Commands that give the same again.
    pub commands: Vec<String>,
    /// Version of the program.
    pub version: &'a str,
    /// Hash of the trace of a run with the advised setting; `None` where none was made.
    pub trace_hash: Option<String>,
}

/// Tells the story.
pub fn story(story: &Story<'_>) -> Document {
    let mut blocks = asked_and_advised(story);
    blocks.extend(recording(story));
    blocks.extend(sureness(story));
    blocks.extend(usual_rules(story));
    blocks.extend(frontier(story));
    blocks.extend(story.capacity.map(planned).unwrap_or_default());
    blocks.extend(again(story));
    Document { title: format!("Bound and lateness for {}", story.title), blocks }
}

fn heading(text: &str) -> Block {
    Block::Heading(text.to_owned())
}

fn asked_and_advised(story: &Story<'_>) -> Vec<Block> {
    let advice = story.advice;
    let setting = advice.point.setting;
    let mut lead =
        format!("Set a bound of {} and an allowed lateness of {}", span(setting.bound), span(setting.lateness));
    if let Some(idle) = advice.idle {
        lead.push_str(&format!(", and an idle timeout of {}", span(idle.silences.idle_after)));
    }
    lead.push_str(&format!(", with {}.", setting.window));
    let mut blocks = vec![
        Block::Text(format!("Asked for: {}, {:.0} % sure.", advice.wanted, advice.wanted.wish.confidence * 100.0)),
        Block::Lead(lead),
    ];
    let sentences: Vec<String> = words::sentences(advice).into_iter().skip(1).collect();
    blocks.push(heading("What it gives and what it costs"));
    blocks.push(Block::List(sentences));
    if !advice.alternatives.is_empty() {
        blocks.push(Block::Text("What else there is:".to_owned()));
        let item = |(why, point): &(String, Point)| {
            format!("{}, {why}: {}.", words::setting(point.setting), words::price(point))
        };
        blocks.push(Block::List(advice.alternatives.iter().map(item).collect()));
    }
    blocks
}

fn recording(story: &Story<'_>) -> Vec<Block> {
    let stream = story.stream;
    let mut rows: Vec<[String; 2]> = vec![["records".to_owned(), count(stream.len() as u64)]];
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    if let Some((first, last)) = stream.event_time_range() {
        let range = format!("{} to {} ({})", instant(first.micros()), instant(last.micros()), span(last - first));
        row("event time", range);
    }
    if let Some((first, last)) = stream.arrival_range() {
        row("arrival", format!("{} to {}", instant(first.micros()), instant(last.micros())));
    }
    row("keys", count(stream.key_table().len() as u64));
    row("partitions", count(stream.partitions() as u64));
    if let Some(delays) = DelayQuantiles::of(stream) {
        let DelayQuantiles { p50, p90, p99, p999, max, negative_count } = delays;
        let shown = format!(
            "p50 {}, p90 {}, p99 {}, p99.9 {}, longest {}",
            span(p50),
            span(p90),
            span(p99),
            span(p999),
            span(max)
        );
        row("delay", shown);
        if negative_count > 0 {
            row("delays below zero", format!("{}: clocks that disagree", count(negative_count)));
        }
    }
    let rows = rows.into_iter().map(|row| row.to_vec()).collect();
    let heads = vec!["".to_owned(), "".to_owned()];
    let mut blocks = vec![heading("The recording"), Block::Table { heads, rows, marked: None }];
    if !story.remarks.is_empty() {
        blocks.push(Block::List(story.remarks.clone()));
    }
    blocks
}

fn sureness(story: &Story<'_>) -> Vec<Block> {
    let warnings = &story.advice.warnings;
    if warnings.is_empty() {
        let text = "Nothing was found that speaks against it: enough records decide, the stream does not drift, no key or \
                    partition stands out, and the recording is long enough.";
        return vec![heading("What speaks against it"), Block::Text(text.to_owned())];
    }
    let capital = |text: &str| {
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect::<String>() + ".")
    };
    let items = warnings.iter().map(|warning| capital(&warning.text)).collect();
    vec![heading("What speaks against it"), Block::List(items)]
}

fn usual_rules(story: &Story<'_>) -> Vec<Block> {
    let Some(baselines) = story.baselines else { return Vec::new() };
    let heads = baseline::HEADS.map(str::to_owned).to_vec();
    let rows = baselines.rows.iter().map(|row| baseline::cells(row).to_vec()).collect();
    let text = "Every rule was run by the engine on this recording. \"As complete\" is the least bound that drops no more \
                records than the rule, with the same lateness; \"sooner\" is by how much its p99 is lower.";
    vec![
        heading(&baseline::heading(baselines)),
        Block::Text(text.to_owned()),
        Block::Table { heads, rows, marked: None },
        Block::List(baseline::sentences(baselines)),
    ]
}

/// Rows of the table of the frontier; the plot shows all points.
const MOST_ROWS: usize = 16;

const POINT_HEADS: [&str; 9] =
    ["bound", "lateness", "complete", "worst window", "p50", "p95", "p99", "late panes", "dropped"];

fn frontier(story: &Story<'_>) -> Vec<Block> {
    let chosen = &story.advice.point;
    if story.frontier.is_empty() {
        return Vec::new();
    }
    let told = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), words::seconds);
    let row = |point: &Point| {
        let latency = &point.result_latency_s;
        vec![
            span(point.setting.bound),
            span(point.setting.lateness),
            percent(point.completeness),
            percent(point.worst_window_completeness()),
            told(latency.p50),
            told(latency.p95),
            told(latency.p99),
            count(point.counts.late_panes),
            count(point.counts.dropped),
        ]
    };
    let every = story.frontier.len().div_ceil(MOST_ROWS).max(1);
    let mut points: Vec<&Point> =
        story.frontier.iter().step_by(every).filter(|point| point.setting != chosen.setting).collect();
    let place = points.partition_point(|point| point.result_latency_s.p99 < chosen.result_latency_s.p99);
    points.insert(place, chosen);
    let plot = plot(story);
    let text = format!(
        "{}. Every row is the least that has to be waited for what it counts; the advised setting is marked.",
        window_text(chosen.setting.window)
    );
    vec![
        heading("The frontier"),
        Block::Plot(plot),
        Block::Text(text),
        Block::Table {
            heads: POINT_HEADS.map(str::to_owned).to_vec(),
            rows: points.into_iter().map(row).collect(),
            marked: Some(place),
        },
    ]
}

fn plot(story: &Story<'_>) -> Plot {
    let at = |point: &Point| point.result_latency_s.p99.map(|p99| (p99, 1.0 - point.completeness));
    let frontier: Vec<(f64, f64)> = story.frontier.iter().filter_map(at).collect();
    let chosen = at(&story.advice.point);
    let mark = |row: &baseline::Baseline| Some(Mark { name: row.rule.name.to_owned(), at: at(&row.point)? });
    let mut rules: Vec<Mark> = story.baselines.iter().flat_map(|it| &it.rows).filter_map(mark).collect();
    // One rule that waits for ages must not press everything else against the edge.
    let others = frontier.iter().chain(&chosen).map(|point| point.0).fold(0.0, f64::max);
    rules.retain(|mark| mark.at.0 <= others * 3.0);
    Plot { frontier, chosen, rules }
}

fn planned(capacity: &Capacity) -> Vec<Block> {
    let (heads, rows, marked) = capacity::table(capacity);
    vec![
        heading(&capacity::heading(capacity)),
        Block::Table { heads, rows, marked },
        Block::List(capacity::sentences(capacity)),
    ]
}

fn again(story: &Story<'_>) -> Vec<Block> {
    let hash = story
        .trace_hash
        .as_ref()
        .map_or_else(|| "the recording is too long to run it for a report".to_owned(), |hash| format!("trace {hash}"));
    vec![
        heading("The same again"),
        Block::Commands(story.commands.clone()),
        Block::Text(format!("highwater {}; a run with the advised setting: {hash}.", story.version)),
    ]
}
