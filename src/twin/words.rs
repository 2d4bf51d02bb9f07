//! A comparison of twins for people: what changed, what it did to the books, and window by window.

use std::fmt::Write;

use crate::human::count;
use crate::runtime::Ledger;
use crate::twin::{Answer, Comparison};

/// Windows that are listed; more would not be read.
const MOST_LISTED: usize = 20;

/// The comparison as text, ending with a line break. `ledger` is that of the run itself.
pub fn in_words(comparison: &Comparison, ledger: &Ledger) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_words(&mut out, comparison, ledger);
    out
}

fn write_words(out: &mut String, comparison: &Comparison, run: &Ledger) -> std::fmt::Result {
    writeln!(out, "Twin         {}", comparison.settings.join(", "))?;
    let twin = &comparison.ledger;
    let books = [
        ("counted", run.counted, twin.counted),
        ("dropped late", run.dropped_late, twin.dropped_late),
        ("side output", run.side_output, twin.side_output),
        ("shed", run.shed, twin.shed),
        ("lost", run.lost, twin.lost),
        ("dead lettered", run.dead_lettered, twin.dead_lettered),
        ("duplicated", run.duplicated, twin.duplicated),
        ("in flight", run.in_flight, twin.in_flight),
    ];
    for (what, of_run, of_twin) in books {
        if of_run != of_twin {
            writeln!(out, "             {:>12} {what}, in the run {}", count(of_twin), count(of_run))?;
        }
    }
    if let [Some(of_run), Some(of_twin)] = comparison.mean_latency_s {
        writeln!(out, "             {of_twin:>10.3} s mean result latency, in the run {of_run:.3} s")?;
    }
    let (windows, same) = (comparison.windows as u64, comparison.same as u64);
    writeln!(out, "             {:>12} of {} windows say the same", count(same), count(windows))?;
    if comparison.differences.is_empty() {
        return Ok(());
    }
    let widest = comparison.differences.iter().take(MOST_LISTED).map(|it| it.key.chars().count()).max().unwrap_or(0);
    let widest = widest.max(3);
    writeln!(out, "\n{:widest$}  {:27}  {:>20}  {:>20}", "Key", "Window start", "run", "twin")?;
    for difference in comparison.differences.iter().take(MOST_LISTED) {
        let [of_run, of_twin] = [difference.run, difference.twin].map(said);
        writeln!(out, "{:widest$}  {:27}  {of_run:>20}  {of_twin:>20}", difference.key, difference.window_start)?;
    }
    if let Some(more) = comparison.differences.len().checked_sub(MOST_LISTED).filter(|&more| more > 0) {
        writeln!(out, "and {} more; --format json lists them all", count(more as u64))?;
    }
    Ok(())
}

fn said(answer: Option<Answer>) -> String {
    match answer {
        None => "no pane".to_owned(),
        Some(Answer { count, value: Some(value), .. }) => format!("{value} of {}", crate::human::count(count)),
        Some(Answer { count, value: None, .. }) => format!("nothing of {}", crate::human::count(count)),
    }
}
