//! The report of a run for people: a few lines that read like sentences, numbers aligned.

use std::fmt::Write;

use crate::human::{count, span};
use crate::metrics::join::JoinReport;
use crate::metrics::rebalance_rows::RebalancesRow;
use crate::metrics::report::{Latency, PaneCounts, Report};
use crate::metrics::tasks::phrase;
use crate::pipeline::{AtEnd, Overflow};
use crate::production::{LossCause, Production};
use crate::runtime::{Ledger, Trace};
use crate::time::Span;

/// The whole report, ending with a line break.
pub fn report(report: &Report, trace: &Trace) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut out, report, trace);
    out
}

fn write_report(out: &mut String, report: &Report, trace: &Trace) -> std::fmt::Result {
    let pipeline = &trace.pipeline;
    writeln!(out, "{}: {} records, seed {}", report.scenario, number(report.records), report.seed)?;
    writeln!(
        out,
        "  {}, {}, lateness {}{}",
        pipeline.window,
        pipeline.watermark,
        pipeline.allowed_lateness,
        if pipeline.at_end == AtEnd::Flush { ", flushed at the end" } else { "" }
    )?;
    writeln!(out)?;
    if let Some(join) = &report.join {
        write_join(out, join)?;
    }
    write_ledger(out, &report.ledger)?;
    before_the_log(out, trace.stream.production())?;
    writeln!(out, "Behind       {:>12} records behind the watermark, dropped or not", number(report.behind))?;
    writeln!(out, "Complete     {:>12}", percent(report.completeness))?;
    writeln!(out)?;
    write_panes(out, &report.panes, report.open_at_end)?;
    writeln!(out)?;
    writeln!(out, "                      P50          P95          P99      longest")?;
    latency(out, "Delay", [report.delay_s.p50, report.delay_s.p95, report.delay_s.p99, report.delay_s.max])?;
    latency(out, "Results", quantiles(&report.result_latency_s))?;
    latency(out, "Freshness", quantiles(&report.freshness_s))?;
    latency(out, "Watermark lag", quantiles(&report.watermark_lag_s))?;
    writeln!(out)?;
    writeln!(
        out,
        "At most {} windows kept at once, {} records in the queue{}, {} unread in the log",
        count(u64::from(report.max_open_windows)),
        number(report.max_queue_depth),
        memory(trace, report),
        number(report.max_lag)
    )?;
    waiting(out, report)?;
    writeln!(out, "{} records/s; trace {}", count(report.records_per_s as u64), report.trace_hash)
}

/// Where every record is, and what is counted beside the sum.
pub(super) fn write_ledger(out: &mut String, ledger: &Ledger) -> std::fmt::Result {
    writeln!(out, "Ledger       {:>12} produced", count(ledger.produced))?;
    let fates = [
        (ledger.counted, "counted"),
        (ledger.dropped_late, "dropped late"),
        (ledger.side_output, "side output"),
        (ledger.unassigned, "in no window"),
        (ledger.dead_lettered, "dead lettered"),
        (ledger.shed, "shed"),
        (ledger.lost, "lost"),
        (ledger.in_flight, "in flight"),
    ];
    for (records, fate) in fates.into_iter().filter(|(records, fate)| *records > 0 || *fate == "counted") {
        writeln!(out, "             {:>12} {fate}", count(records))?;
    }
    let books = if ledger.balances() { "balances".to_owned() } else { format!("OFF BY {}", ledger.difference()) };
    writeln!(out, "             {books:>12}")?;
    if ledger.rejected > 0 {
        writeln!(out, "             {:>12} of the lost were refused by the schema gate", count(ledger.rejected))?;
    }
    if ledger.duplicated > 0 {
        writeln!(out, "             {:>12} counted twice or more, beside the sum", count(ledger.duplicated))?;
    }
    Ok(())
}

/// Panes by timing, and the windows without one.
pub(super) fn write_panes(out: &mut String, panes: &PaneCounts, open_at_end: usize) -> std::fmt::Result {
    writeln!(out, "Panes        {:>12} on time", number(panes.on_time))?;
    if panes.early > 0 {
        writeln!(out, "             {:>12} early", number(panes.early))?;
    }
    if panes.late > 0 {
        let first = number(panes.late_first);
        writeln!(out, "             {:>12} late ({first} the first of their window)", number(panes.late))?;
    }
    if panes.at_end > 0 {
        writeln!(out, "             {:>12} at the end", number(panes.at_end))?;
    }
    if panes.retractions > 0 {
        writeln!(out, "             {:>12} taken back", number(panes.retractions))?;
    }
    if panes.partial > 0 {
        writeln!(out, "             {:>12} parts of them, merged", number(panes.partial))?;
    }
    writeln!(out, "             {:>12} windows never fired", number(open_at_end))
}

/// The join that made the records, before the numbers of the pipeline behind it.
pub(super) fn write_join(out: &mut String, join: &JoinReport) -> std::fmt::Result {
    writeln!(out, "Join         {:>12} pairs, {}", number(join.pairs), join.kind)?;
    writeln!(out, "                  records      matched    unmatched      waiting         late")?;
    for (name, side) in [("Left", join.left), ("Right", join.right)] {
        let counts = [side.records, side.matched, side.unmatched, side.waiting, side.late].map(number);
        let cells: Vec<String> = counts.iter().map(|count| format!("{count:>13}")).collect();
        writeln!(out, "{name:<12}{}", cells.join(""))?;
    }
    writeln!(out, "                      P50          P95          P99      longest")?;
    latency(out, "Waited", quantiles(&join.wait_s))?;
    writeln!(out, "At most {} kept at once. The pairs are the records of what follows.", number(join.max_kept))?;
    writeln!(out)
}

/// What the queue took, where nothing bounds it.
fn memory(trace: &Trace, report: &Report) -> String {
    match trace.pipeline.tasks.overflow {
        Overflow::Unbounded => format!(" ({} kB)", count(report.max_queue_bytes.div_ceil(1_000))),
        Overflow::Block | Overflow::ShedNewest | Overflow::ShedOldest => String::new(),
    }
}

/// Tasks that did anything but idle, why records waited, silent partitions, and alerts.
fn waiting(out: &mut String, report: &Report) -> std::fmt::Result {
    let worked = report.tasks.iter().filter(|row| row.shares.busy > 0.0 || row.shares.backpressured > 0.0);
    for (place, row) in worked.enumerate() {
        let name = if place == 0 { "Tasks" } else { "" };
        let [busy, idle, held] = [row.shares.busy, row.shares.idle, row.shares.backpressured].map(phrase::percent);
        writeln!(out, "{name:<13}{:<12}{busy:>7} busy {idle:>7} idle {held:>7} backpressured", row.task)?;
    }
    for cause in &report.causes {
        writeln!(out, "Cause        {}", cause.words)?;
    }
    if let Some((lag, predicted, actual)) = report.time_to_clear.as_ref().and_then(|clear| {
        Some((clear.lag, span(Span::from_secs_f64(clear.predicted_s?)), span(Span::from_secs_f64(clear.actual_s?))))
    }) {
        writeln!(out, "To clear     {} at half of the peak: predicted {predicted}, actual {actual}", number(lag))?;
    }
    for row in &report.partitions {
        for silence in row.silences.iter().filter(|silence| silence.state != "blocked") {
            let share = phrase::percent(silence.share);
            writeln!(out, "Partition {:<3}{} {share} of the time: {}", row.partition, silence.state, silence.reason)?;
        }
    }
    if let Some(rebalances) = &report.rebalances {
        rebalanced(out, rebalances)?;
    }
    for goal in &report.goals {
        let mark = if goal.met { "met" } else { "not met" };
        writeln!(out, "Goal         {mark}: {} ({})", goal.goal, goal.actual)?;
    }
    for alert in &report.alerts {
        writeln!(out, "Alert        {}: {}", alert.severity, alert.words)?;
    }
    Ok(())
}

/// What the consumer group cost.
fn rebalanced(out: &mut String, row: &RebalancesRow) -> std::fmt::Result {
    let told = |secs: f64| span(Span::from_secs_f64(secs));
    let pause = row.pause;
    let (p50, max) = (pause.p50_s.map_or("-".to_owned(), told), pause.max_s.map_or("-".to_owned(), told));
    writeln!(
        out,
        "Rebalances   {}: {} pauses of partitions, {p50} p50, {max} longest, {} in all; {} unnoticed before; {} records \
         counted again",
        row.count,
        number(pause.count),
        told(pause.total_s),
        told(row.unnoticed_s),
        number(row.duplicates)
    )
}

pub(super) fn number(amount: usize) -> String {
    count(amount as u64)
}

pub(super) fn quantiles(latency: &Latency) -> [Option<f64>; 4] {
    [latency.p50, latency.p95, latency.p99, latency.max]
}

/// What happened between the producers and the log, where anything did.
fn before_the_log(out: &mut String, production: &Production) -> std::fmt::Result {
    let causes = [LossCause::Network, LossCause::LeaderFailure, LossCause::GaveUp, LossCause::Throttled];
    let lost = causes.map(|cause| (production.lost_for(cause) as u64, format!("lost {}", cause.in_words())));
    let waited = format!("held back by a full partition, {} at most", span(production.longest_throttle));
    let rest = [
        (production.retries, "requests sent again".to_owned()),
        (production.duplicates.len() as u64, "copies written".to_owned()),
        (production.deduplicated, "copies dropped by the broker".to_owned()),
        (production.unacknowledged, "written, and given up by their producer".to_owned()),
        (production.throttled, waited),
    ];
    let mut heading = "Before the log";
    for (records, what) in lost.into_iter().chain(rest).filter(|(records, _)| *records > 0) {
        writeln!(out, "{heading:<14}{:>11} {what}", count(records))?;
        heading = "";
    }
    Ok(())
}

/// A line of spans: median, two high quantiles, the longest.
pub(super) fn latency(out: &mut String, name: &str, seconds: [Option<f64>; 4]) -> std::fmt::Result {
    write!(out, "{name:<13}")?;
    for seconds in seconds {
        let text = seconds.map_or(String::new(), |s| span(Span::from_secs_f64(s)));
        write!(out, "{text:>13}")?;
    }
    // Nothing but blanks at the end of a line helps nobody.
    out.truncate(out.trim_end().len());
    writeln!(out)
}

/// A share with the digits that put it on its true side of 100 %.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = format!("{percent:.2}%");
    if text == "100.00%" && share < 1.0 { format!("{percent:.5}%") } else { text }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_below_one_never_reads_as_complete() {
        assert_eq!(percent(1.0), "100.00%");
        assert_eq!(percent(0.98057), "98.06%");
        assert_eq!(percent(0.999_999), "99.99990%");
    }
}
