//! What `highwater tune` tells people: a table for each window, and a few sentences.

use std::fmt::Write;

use crate::cli::tune::{Tuned, TunedWindow, step};
use crate::human::{count, instant, span};
use crate::time::Span;
use crate::tuner::setting::window_text;
use crate::tuner::{Form, Point, Verified};

/// Everything, ending with a line break.
pub(super) fn tuned(tuned: &Tuned) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_tuned(&mut out, tuned);
    out
}

fn write_tuned(out: &mut String, tuned: &Tuned) -> std::fmt::Result {
    writeln!(out, "{}: {} records", tuned.title, count(tuned.records as u64))?;
    for window in &tuned.windows {
        writeln!(out)?;
        write_window(out, window)?;
    }
    if !tuned.target.is_empty() {
        writeln!(out)?;
        write_target(out, tuned)?;
    }
    out.push_str(&tuned.extras.in_words());
    Ok(())
}

const HEADS: [&str; 10] =
    ["bound", "lateness", "complete", "worst window", "dropped", "late panes", "p50", "p99", "open", ""];

fn write_window(out: &mut String, tuned: &TunedWindow) -> std::fmt::Result {
    let how = match tuned.form {
        Form::Closed => "exact, from one pass".to_owned(),
        Form::Engine { because } => format!("by runs of the engine: {because}"),
    };
    writeln!(out, "{}: {how}", window_text(tuned.window))?;
    let step = tuned.scan.as_ref().map(step);
    let mut heads: Vec<String> = HEADS.iter().map(|&head| head.to_owned()).collect();
    heads[9] = step.map_or_else(String::new, |step| format!("next {} saves", span(step)));
    let mut rows = vec![heads];
    for (point, slope) in tuned.points.iter().zip(&tuned.slopes) {
        let mut row = cells(point);
        row.push(slope.map_or_else(String::new, |slope| count(slope.records_saved)));
        rows.push(row);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let results = widths[..6].iter().map(|width| width + 2).sum::<usize>();
    writeln!(out, "{:results$}  results after their window's end", "")?;
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            write!(line, "  {cell:>width$}")?;
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    write_worst(out, tuned)
}

fn cells(point: &Point) -> Vec<String> {
    let latency = |seconds: Option<f64>| seconds.map_or_else(|| "none".to_owned(), |s| span(Span::from_secs_f64(s)));
    vec![
        span(point.setting.bound),
        span(point.setting.lateness),
        percent(point.completeness),
        percent(point.worst_window_completeness()),
        count(point.counts.dropped),
        count(point.counts.late_panes),
        latency(point.result_latency_s.p50),
        latency(point.result_latency_s.p99),
        count(point.max_open_windows),
    ]
}

/// Names the window that loses most at the first bound that is not complete.
fn write_worst(out: &mut String, tuned: &TunedWindow) -> std::fmt::Result {
    let incomplete = tuned.points.iter().rfind(|point| point.worst_window_completeness() < 1.0);
    let Some((point, worst)) = incomplete.and_then(|point| Some((point, point.worst_window?))) else { return Ok(()) };
    writeln!(
        out,
        "  With a bound of {} the worst window is that of {}, which counts {} of its {} records.",
        span(point.setting.bound),
        instant(worst.window.start.micros()),
        count(worst.counted),
        count(worst.records)
    )
}

fn write_target(out: &mut String, tuned: &Tuned) -> std::fmt::Result {
    let complete = tuned.target.completeness.map(|share| format!("{} complete", percent(share)));
    let latency = tuned.target.latency.map(|limit| format!("results {limit}"));
    let wanted: Vec<String> = complete.into_iter().chain(latency).collect();
    writeln!(out, "Wanted: {}", wanted.join(", "))?;
    for window in &tuned.windows {
        let name = window_text(window.window);
        match &window.cheapest {
            Some(point) => {
                let p99 = point.result_latency_s.p99.map(|s| span(Span::from_secs_f64(s)));
                let p99 = p99.map_or_else(String::new, |p99| format!(", p99 {p99}"));
                let (bound, complete) = (span(point.setting.bound), percent(point.completeness));
                writeln!(out, "  {name}: a bound of {bound} does it on this recording: {complete}{p99}")?;
            }
            None => writeln!(out, "  {name}: no bound does that on this recording")?,
        }
    }
    Ok(())
}

/// A share in percent with as many digits as its distance from 100 % needs; never rounded up to it.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 100.0 {
        return "100%".to_owned();
    }
    // A little room for what 99.9 lost on its way through binary.
    let digits = match 100.0 - percent + 1e-9 {
        10.0.. => 1,
        0.1.. => 2,
        0.01.. => 3,
        0.001.. => 4,
        _ => 6,
    };
    let scale = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6][digits - 1];
    // Down, with a little room for what 99.9 lost on its way through binary.
    let down = libm::floor(percent * scale + 1e-6) / scale;
    format!("{down:.digits$}%")
}

/// How many settings are equal, and the first difference in words.
pub(super) fn verified(verified: &Verified, seed: u64) -> String {
    let Verified { settings, equal, first } = verified;
    let mut text =
        format!("{equal} of {settings} settings equal full runs of the engine in every number (seed {seed})\n");
    if let Some(difference) = first {
        text += &format!("first difference: {}: {}\n", difference.setting, difference.told);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_look_more_complete_than_they_are() {
        let told = [1.0, 0.99999, 0.999, 0.9999999, 0.7828, 0.99, 0.0].map(percent);
        assert_eq!(told, ["100%", "99.9990%", "99.90%", "99.999990%", "78.2%", "99.00%", "0.0%"]);
    }
}
