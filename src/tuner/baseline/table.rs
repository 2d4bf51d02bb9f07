//! Baselines as a table, and what the rules of thumb cost in words.

use crate::human::{count, span};
use crate::time::Span;
use crate::tuner::advice::percent;
use crate::tuner::baseline::compare::{Baseline, Baselines};
use crate::tuner::point::Point;
use crate::tuner::setting::window_text;

/// Column heads of [`cells`].
pub(crate) const HEADS: [&str; 12] = [
    "rule",
    "bound",
    "complete",
    "worst window",
    "p50",
    "p95",
    "p99",
    "late panes",
    "dropped",
    "as complete",
    "its p99",
    "sooner",
];

/// The row of a rule, with the tuner's setting that is as complete.
pub(crate) fn cells(row: &Baseline) -> [String; 12] {
    let point = &row.point;
    let latency = &point.result_latency_s;
    let tuned = row.tuned.as_ref();
    [
        row.rule.name.to_owned(),
        row.bound.map_or_else(|| "none".to_owned(), span),
        percent(point.completeness),
        percent(point.worst_window_completeness()),
        seconds(latency.p50),
        seconds(latency.p95),
        seconds(latency.p99),
        count(point.counts.late_panes),
        count(point.counts.dropped),
        tuned.map_or_else(|| "-".to_owned(), |tuned| format!("bound {}", span(tuned.setting.bound))),
        seconds(tuned.and_then(|tuned| tuned.result_latency_s.p99)),
        saved(row).map_or_else(|| "-".to_owned(), |saved| seconds(Some(saved))),
    ]
}

fn seconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), |seconds| span(Span::from_secs_f64(seconds)))
}

/// By how many seconds the tuner's results are sooner at the 99 % quantile; negative when they are later.
fn saved(row: &Baseline) -> Option<f64> {
    Some(row.point.result_latency_s.p99? - row.tuned.as_ref()?.result_latency_s.p99?)
}

/// The table for people and a sentence for each rule of thumb; lines end with a line feed.
pub fn in_words(baselines: &Baselines) -> String {
    let mut text = format!("{}:\n", heading(baselines));
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(baselines.rows.iter().map(cells));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = if column == 0 { format!("  {cell:<width$}") } else { format!("  {cell:>width$}") };
            line.push_str(&cell);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for sentence in sentences(baselines) {
        text.push_str(&format!("  {sentence}\n"));
    }
    text
}

/// What is compared.
pub(crate) fn heading(baselines: &Baselines) -> String {
    let part = if baselines.records < baselines.of_records {
        format!(", the first {} of {} records", count(baselines.records as u64), count(baselines.of_records as u64))
    } else {
        String::new()
    };
    format!("Usual rules, {}, lateness {}{part}", window_text(baselines.window), span(baselines.lateness))
}

/// For each rule what it costs against the tuner's setting, or why it costs nothing.
pub(crate) fn sentences(baselines: &Baselines) -> Vec<String> {
    baselines.rows.iter().filter_map(sentence).collect()
}

fn sentence(row: &Baseline) -> Option<String> {
    let name = row.rule.name;
    let Some(tuned) = &row.tuned else {
        return Some(format!("{name}: no comparison, because this pipeline has no closed form."));
    };
    let complete = percent(row.point.completeness);
    let bound = span(tuned.setting.bound);
    let seconds = |seconds: f64| span(Span::from_secs_f64(seconds));
    let (its, ours) = match (row.point.result_latency_s.p99, tuned.result_latency_s.p99) {
        (Some(its), Some(ours)) => (its, ours),
        (None, Some(ours)) => {
            let ours = seconds(ours);
            let text = "it waits so long that no window of the recording ever fires";
            return Some(format!("{name}: {text}; a bound of {bound} is as complete with a p99 of {ours}."));
        }
        (_, None) => return Some(format!("{name}: nothing fires on time with a bound that is as complete ({bound}).")),
    };
    let saved = its - ours;
    // A thousandth of the latency is not worth a sentence of its own.
    let is_worth = saved.abs() > its.abs() / 1_000.0;
    Some(if is_worth && saved > 0.0 {
        format!(
            "{name}: {complete} complete with a p99 of {}; a bound of {bound} is as complete with {}, {} sooner{}.",
            seconds(its),
            seconds(ours),
            seconds(saved),
            more_complete(row, tuned)
        )
    } else if is_worth {
        format!(
            "{name}: {complete} complete with a p99 of {}, {} sooner than any fixed bound that is as complete ({bound}): \
             {}.",
            seconds(its),
            seconds(-saved),
            why_sooner(row)
        )
    } else {
        format!(
            "{name}: {complete} complete with a p99 of {}, and no bound does better: {}.",
            seconds(its),
            why_equal(row, tuned)
        )
    })
}

fn more_complete(row: &Baseline, tuned: &Point) -> String {
    let fewer = row.point.counts.dropped.saturating_sub(tuned.counts.dropped);
    if fewer > 0 { format!(", and drops {} fewer records", count(fewer)) } else { String::new() }
}

fn why_sooner(row: &Baseline) -> &'static str {
    if row.rule.name == "perfect" {
        "it knows which records are still to come"
    } else {
        "it moves with the delays, and a fixed bound has to suit the worst of them all the time"
    }
}

/// Why a shorter bound would be less complete, or would not be sooner.
fn why_equal(row: &Baseline, tuned: &Point) -> String {
    match row.bound {
        Some(bound) if tuned.setting.bound < bound => {
            "between the two bounds no record comes that would let a window fire sooner".to_owned()
        }
        _ if row.point.counts.dropped == 0 && tuned.setting.bound == Span::ZERO => {
            "without any bound nothing is dropped either".to_owned()
        }
        _ => "it is the least bound that drops no more records".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::report::Latency;
    use crate::pipeline::{WatermarkSpec, WindowSpec};
    use crate::tuner::baseline::rules::Rule;
    use crate::tuner::point::{Counts, Source};
    use crate::tuner::setting::Setting;

    fn point(bound: i64, p99: f64, dropped: u64) -> Point {
        let window = WindowSpec::Tumbling { size: Span::from_secs(60), offset: Span::ZERO };
        Point {
            setting: Setting { window, bound: Span::from_secs(bound), lateness: Span::ZERO },
            source: Source::ClosedForm,
            assigned: 1_000,
            counts: Counts { dropped, ..Counts::default() },
            completeness: 1.0 - dropped as f64 / 1_000.0,
            worst_window: None,
            result_latency_s: Latency { p50: Some(1.0), p95: Some(2.0), p99: Some(p99), max: Some(p99) },
            max_open_windows: 1,
            max_state_bytes: None,
        }
    }

    fn told(its: (i64, f64, u64), ours: (i64, f64, u64)) -> String {
        let rule = Rule {
            name: "2 x p99",
            about: String::new(),
            watermark: WatermarkSpec::Bounded { bound: Span::from_secs(its.0) },
            per_partition: false,
        };
        let of = |(bound, p99, dropped)| point(bound, p99, dropped);
        let row = Baseline { rule, bound: Some(Span::from_secs(its.0)), point: of(its), tuned: Some(of(ours)) };
        sentence(&row).expect("there is one")
    }

    #[test]
    fn what_a_rule_costs_is_said_or_why_it_costs_nothing() {
        let sooner = "2 x p99: 99.9 % complete with a p99 of 40 s; a bound of 10 s is as complete with 20 s, 20 s sooner, \
                      and drops 1 fewer records.";
        assert_eq!(told((30, 40.0, 1), (10, 20.0, 0)), sooner);
        assert!(told((30, 40.0, 1), (29, 40.0, 1)).ends_with("no record comes that would let a window fire sooner."));
        assert!(told((30, 40.0, 1), (30, 40.0, 1)).ends_with("it is the least bound that drops no more records."));
        assert!(told((0, 4.0, 0), (0, 4.0, 0)).ends_with("without any bound nothing is dropped either."));
        assert!(told((30, 10.0, 1), (30, 40.0, 1)).contains("30 s sooner than any fixed bound"));
    }
}
