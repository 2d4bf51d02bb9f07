//! What the card at the pointer says: everything that is known at this instant of a record, or of a
//! window with its panes. Nothing in it comes from after the cursor but the truth, which is always known.

use crate::app::panels::number::value as number;
use crate::app::panels::time_map::lines::spans_days;
use crate::app::panels::time_map::model::{Column, ColumnEnd, Firing};
use crate::app::panels::time_map::running::open_windows;
use crate::app::panels::time_map::scene::{RecordState, Scene};
use crate::app::panels::time_map::values;
use crate::app::panels::window_value::{WindowValue, why_by_key};
use crate::app::time_ticks::{clock, window_name};
use crate::human;
use crate::record::RecordId;
use crate::runtime::Fate;
use crate::window::aggregate::Summary;

/// Firings of a window that are listed, at most; the latest.
const MOST_FIRINGS: usize = 4;
/// Keys whose truths are added up for a card, at most.
const MOST_KEYS: usize = 2_000;

/// A card: a title, and rows of a name with what is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What it is.
    pub title: String,
    /// What is known, in the order in which it happened.
    pub rows: Vec<(&'static str, String)>,
}

fn time(scene: &Scene<'_>, micros: i64) -> String {
    if spans_days(scene.trace()) {
        human::instant(micros).chars().take("2026-03-02 12:00:00".len()).collect()
    } else {
        clock(micros, scene.axes.proc.us_per_px())
    }
}

/// What is known of a record in this state.
pub fn of_record(scene: &Scene<'_>, id: RecordId, state: RecordState) -> Facts {
    let trace = scene.trace();
    let i = id.index();
    let record = trace.stream.record(id);
    let (arrival, handled) = (trace.stream.arrivals()[i], trace.handled[i]);
    let has_been_handled = !matches!(state, RecordState::Waiting | RecordState::ToCome);
    let mut rows = vec![
        ("key, value", format!("{}, {}", trace.stream.key_table().name(record.key), number(record.value))),
        ("happened", time(scene, record.event_time.micros())),
    ];
    if trace.stream.is_partitioned() {
        rows.push(("partition", trace.stream.partition(id).0.to_string()));
    }
    let reached = if state == RecordState::ToCome { "will reach the log" } else { "reached the log" };
    rows.push((reached, time(scene, arrival.micros())));
    rows.push(("delay", human::span(trace.stream.delay(id))));
    if has_been_handled && handled > arrival && handled.is_finite() {
        rows.push(("waited", human::span(handled - arrival)));
    }
    if has_been_handled && handled.is_finite() {
        rows.push(("handled", time(scene, handled.micros())));
    }
    if let Some(again) = scene.model.lives.again_at(i).filter(|&at| at <= scene.view.now) {
        rows.push(("handled again", time(scene, again.micros())));
    }
    let met = trace.watermark_before[i];
    if met.is_finite() && has_been_handled {
        let distance = met - record.event_time;
        if distance.is_negative() {
            rows.push(("ahead of the watermark by", human::span(-distance)));
        } else {
            rows.push(("behind the watermark by", human::span(distance)));
        }
    }
    if has_been_handled {
        rows.extend(windows_of(scene, id));
    }
    let by_hand = if scene.view.run.is_by_hand(id) { ", put in by hand" } else { "" };
    Facts { title: format!("Record {}, {}{by_hand}", human::count(u64::from(id.0)), fate(scene, i, state)), rows }
}

fn fate(scene: &Scene<'_>, i: usize, state: RecordState) -> &'static str {
    match state {
        RecordState::OnTime => "on time",
        RecordState::Behind => "behind, counted",
        RecordState::Dropped => "dropped late",
        RecordState::SideOutput => "side output",
        RecordState::Unassigned => "in no window",
        RecordState::GivenUp => match scene.trace().fates[i] {
            Fate::Shed => "shed: a channel was full",
            Fate::DeadLettered => "refused by the schema gate, kept as a dead letter",
            Fate::Rejected => "refused by the schema gate, given up",
            _ => "lost",
        },
        RecordState::Waiting => "waiting",
        RecordState::ToCome => "still to come",
        RecordState::Undone => "undone by a restart",
    }
}

/// The windows that a record falls in, and when the only one had been closed before it came.
fn windows_of(scene: &Scene<'_>, id: RecordId) -> Vec<(&'static str, String)> {
    let trace = scene.trace();
    let record = trace.stream.record(id);
    let range = scene.model.columns_between(record.event_time, record.event_time);
    let merged = |column: &&Column| matches!(column.end, ColumnEnd::Merged(at) if at <= scene.view.now);
    let holds = |column: &&Column| {
        column.window.contains(record.event_time)
            && column.session_of.is_none_or(|key| key == record.key)
            && column.opened_at <= scene.view.now
    };
    let all = scene.model.columns[range].iter();
    let columns: Vec<&Column> = all.filter(holds).filter(|column| !merged(column)).collect();
    match columns.as_slice() {
        [] => Vec::new(),
        [column] => {
            let mut rows = vec![("window", values::window_span(column))];
            if let ColumnEnd::Closed(at) = column.end
                && at <= trace.handled[id.index()]
            {
                rows.push(("which was closed", time(scene, at.micros())));
            }
            rows
        }
        [first, .., last] => {
            let size = first.window.size().micros();
            let name = |at: i64| window_name(at, size);
            let (from, to) = (name(first.window.start.micros()), name(last.window.end.micros()));
            vec![("windows", format!("{}, {from} \u{2013} {to}", columns.len()))]
        }
    }
}

/// What is known of a column and its panes.
pub fn of_column(scene: &Scene<'_>, i: usize) -> Facts {
    let column = &scene.model.columns[i];
    let (trace, now) = (scene.trace(), scene.view.now);
    let firings = scene.model.firings_at(trace, column, now);
    let mut rows = vec![("opened", time(scene, column.opened_at.micros()))];
    rows.extend(fired(scene, column, firings));
    let open = open_windows(trace, scene.model, i..i + 1, column.session_of.or(scene.view.key), now);
    let is_own =
        |window: crate::window::pane::Window| column.window.start <= window.start && window.end <= column.window.end;
    let open = open.into_iter().find(|open| is_own(open.window));
    if let Some(open) = open.filter(|open| open.fresh > 0) {
        rows.push(("so far", format!("{} {}", open.value.text(), open.value.tail()).trim().to_owned()));
    }
    rows.extend(truth(scene, column, firings));
    match column.end {
        ColumnEnd::Closed(at) if at <= now => rows.push(("closed", time(scene, at.micros()))),
        ColumnEnd::Merged(at) if at <= now => rows.push(("merged into another", time(scene, at.micros()))),
        _ => rows.extend(closes(scene, column, firings)),
    }
    let key = column.session_of.or(scene.view.key).map(|key| trace.stream.key_table().name(key));
    let name = values::window_span(column);
    Facts { title: key.map_or(name.clone(), |key| format!("{name}, {key}")), rows }
}

/// The latest firings of a column, and the watermark at the last of them.
fn fired(scene: &Scene<'_>, column: &Column, firings: &[Firing]) -> Vec<(&'static str, String)> {
    let Some(last) = firings.last() else { return vec![("not fired yet", String::new())] };
    let mut rows = Vec::new();
    let mut by_key = false;
    for firing in &firings[firings.len().saturating_sub(MOST_FIRINGS)..] {
        let value = values::said(scene, column, firing);
        by_key |= !value.tail().is_empty();
        let what = format!("{} {}", value.text(), value.tail());
        rows.push((values::word(firing.timing), format!("{}  at {}", what.trim(), time(scene, firing.at.micros()))));
    }
    if firings.len() > MOST_FIRINGS {
        rows.push(("firings in all", firings.len().to_string()));
    }
    let pane = scene.model.panes_at(scene.trace(), column, last.at).last();
    let watermark = pane.map(|&id| scene.trace().panes[id as usize].watermark).filter(|w| w.is_finite());
    rows.extend(watermark.map(|claim| ("watermark then", time(scene, claim.micros()))));
    if let Some(why) = why_by_key(scene.trace().pipeline.aggregate).filter(|_| by_key) {
        rows.push(("not one number", why.to_owned()));
    }
    rows
}

/// The answer over the complete input, and how far what was said is from it, where it is one number and
/// cheap to know.
fn truth(scene: &Scene<'_>, column: &Column, firings: &[Firing]) -> Vec<(&'static str, String)> {
    let trace = scene.trace();
    let aggregate = trace.pipeline.aggregate;
    let keys = trace.stream.key_table().len();
    let one = column.session_of.or(scene.view.key);
    if aggregate.is_special() || (one.is_none() && keys > MOST_KEYS) {
        return Vec::new();
    }
    let mut all = Summary::default();
    // There are fewer than 2^32 keys.
    let of = |key: crate::record::KeyId| scene.view.run.truth.of_window(key, column.window);
    match one {
        Some(key) => of(key).into_iter().for_each(|summary| all.merge(summary)),
        None => (0..keys as u32).filter_map(|key| of(crate::record::KeyId(key))).for_each(|s| all.merge(s)),
    }
    let WindowValue::One(truth) = WindowValue::of_summary(aggregate, &all) else { return Vec::new() };
    let mut rows = vec![("truth", number(truth))];
    if let Some(last) = firings.last()
        && let WindowValue::One(said) = scene.model.value_in_all(trace, column, last.panes_by_then)
        && said != truth
    {
        rows.push((if said < truth { "short by" } else { "over by" }, number((said - truth).abs())));
    }
    rows
}

/// When a window that has answered closes, where it is kept for late records.
fn closes(scene: &Scene<'_>, column: &Column, firings: &[Firing]) -> Option<(&'static str, String)> {
    let closes = column.window.end + scene.trace().pipeline.allowed_lateness;
    let is_kept = !firings.is_empty() && column.window.end <= scene.view.watermark();
    (is_kept && closes.is_finite()).then(|| ("closes when the watermark is at", time(scene, closes.micros())))
}
