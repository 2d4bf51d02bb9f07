//! A capacity plan in words and as a table.

use crate::human::span;
use crate::time::Span;
use crate::tuner::capacity::{Capacity, Choice};

/// The plan for people, a table and a few sentences; lines end with a line feed.
pub fn in_words(capacity: &Capacity) -> String {
    let mut text = format!("{}:\n", heading(capacity));
    let (heads, rows, marked) = table(capacity);
    let all: Vec<&Vec<String>> = std::iter::once(&heads).chain(&rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    for (place, row) in all.iter().enumerate() {
        let mark = if marked.is_some_and(|marked| marked + 1 == place) { '*' } else { ' ' };
        text.push(mark);
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        text.push('\n');
    }
    for sentence in sentences(capacity) {
        text.push_str(&format!("  {sentence}\n"));
    }
    text
}

/// What is planned for.
pub(crate) fn heading(capacity: &Capacity) -> String {
    format!("Capacity for {} records/s, {} of work on each", number(capacity.load_per_s), seconds(capacity.service_s))
}

/// Column heads, a row for each number of tasks, and the place of the one that is advised.
pub(crate) fn table(capacity: &Capacity) -> (Vec<String>, Vec<Vec<String>>, Option<usize>) {
    let heads = ["tasks", "busiest gets", "utilisation", "mean wait", "if pooled", "queue p99", "replayed", "catch-up"];
    let row = |choice: &Choice| {
        vec![
            choice.tasks.to_string(),
            percent(choice.busiest_share),
            percent(choice.utilisation),
            told(choice.wait_s),
            told(choice.pooled_wait_s),
            choice.queue_p99.map_or_else(|| "grows".to_owned(), |queue| number(libm::ceil(queue))),
            number(choice.queue_replayed as f64),
            catch_up(capacity, choice),
        ]
    };
    let marked = capacity.choices.iter().position(|choice| Some(choice.tasks) == capacity.tasks);
    (heads.map(str::to_owned).to_vec(), capacity.choices.iter().map(row).collect(), marked)
}

/// What to do and why, a sentence each.
pub(crate) fn sentences(capacity: &Capacity) -> Vec<String> {
    let mut sentences = Vec::new();
    let target = percent(capacity.target_utilisation);
    match (capacity.tasks, capacity.queue) {
        (Some(tasks), Some(queue)) => sentences.push(format!(
            "{tasks} task{} with room for {} records each keep the busiest one below {target}.",
            if tasks == 1 { "" } else { "s" },
            number(queue as f64)
        )),
        _ => sentences.push(format!(
            "No number of tasks keeps the busiest one below {target}: the key {} alone has {} of the records. \
             Split it into {} sub-keys (salting), or make the work on a record cheaper.",
            quoted(&capacity.hottest_key),
            percent(capacity.hottest_share),
            capacity.salts.unwrap_or(1)
        )),
    }
    sentences.push(format!(
        "The hottest of {} keys, {}, has {} of the records, so tasks of any number do at most {:.1} times the work of one.",
        number(capacity.keys as f64),
        quoted(&capacity.hottest_key),
        percent(capacity.hottest_share),
        capacity.speed_up_limit
    ));
    let chosen = capacity.choices.iter().find(|choice| Some(choice.tasks) == capacity.tasks);
    if let (Some(outage), Some(catch_up)) = (capacity.outage_s, chosen.and_then(|choice| choice.catch_up_s)) {
        sentences.push(format!(
            "After an outage of {} the busiest task needs {} more to catch up; what was done since the last checkpoint \
             is done again and counts as outage too.",
            seconds(outage),
            seconds(catch_up)
        ));
    }
    sentences
}

fn catch_up(capacity: &Capacity, choice: &Choice) -> String {
    match (capacity.outage_s, choice.catch_up_s) {
        (None, _) => "-".to_owned(),
        (Some(_), Some(time)) => seconds(time),
        (Some(_), None) => "never".to_owned(),
    }
}

fn told(time: Option<f64>) -> String {
    time.map_or_else(|| "grows".to_owned(), seconds)
}

fn quoted(key: &str) -> String {
    if key.is_empty() { "(none)".to_owned() } else { format!("\"{key}\"") }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn seconds(time: f64) -> String {
    span(Span::from_secs_f64(time))
}

/// A number with commas between thousands, and a decimal only where it is small.
fn number(value: f64) -> String {
    if value < 100.0 && value > libm::floor(value) {
        format!("{value:.1}")
    } else {
        crate::human::count(libm::round(value) as u64)
    }
}
