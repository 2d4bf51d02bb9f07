//! What the comparison comes to, in two sentences written from the runs.
//!
//! A sentence is a list of pieces, of which some are strong; nothing in it is not measured.

use crate::app::panels::emissions::lanes::{Lane, Lanes};
use crate::app::panels::time_map::ghost::short;
use crate::app::panels::window_value::WindowValue;
use crate::app::run::Run;
use crate::human;
use crate::time::{ProcTime, Span};
use crate::twin::pair::Pair;

/// A piece of a sentence, and whether it is strong.
pub type Piece = (String, bool);

/// Windows that are looked at for the example: the latest ones.
pub const WINDOWS: usize = 200;

/// One window in both runs.
pub struct Both {
    /// In the pinned run.
    pub pinned: Lane,
    /// In the run on screen.
    pub now: Lane,
    /// What each said first that was not early.
    pub first: [Option<WindowValue>; 2],
}

/// The latest windows that both runs have opened at `now`, by start.
pub fn both(runs: [&Run; 2], lanes: [&mut Lanes; 2], now: ProcTime) -> Vec<Both> {
    let [pinned_run, run] = runs;
    let [pinned_lanes, lanes] = lanes;
    let opened = lanes.opened(now);
    let mut found = Vec::new();
    for place in opened.len().saturating_sub(WINDOWS)..opened.len() {
        let Some(column) = opened.get(place) else { continue };
        let lane = lanes.lane(run, now, column);
        let named = lane.key.map(|key| run.trace.stream.key_table().name(key));
        let key = named.and_then(|name| pinned_run.trace.stream.key_table().find(name));
        let Some(other) = pinned_lanes.find(lane.window, key) else { continue };
        if pinned_lanes.column(other).opened_at > now {
            continue;
        }
        let pinned = pinned_lanes.lane(pinned_run, now, other);
        let first = [pinned_lanes.first_answer(pinned_run, now, other), lanes.first_answer(run, now, column)];
        found.push(Both { pinned, now: lane, first });
    }
    found
}

/// What the comparison comes to at `now`.
pub fn story(pair: &Pair, pinned: &Run, run: &Run, windows: &[Both], now: ProcTime) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if pair.is_same_input() {
        counted(&mut pieces, run.ledger_at(now).counted as i64 - pinned.ledger_at(now).counted as i64);
        when(&mut pieces, pair.later.at(now));
    } else {
        let [before, after, both] = pair.records.map(|records| human::count(records as u64));
        let common = if both == "0" { "none is".to_owned() } else { format!("{both} are") };
        plain(
            &mut pieces,
            format!("The runs read different records: {before} then, {after} now, and {common} the same. "),
        );
        plain(&mut pieces, "Windows are compared by when they are, and records not at all.".to_owned());
    }
    pieces.extend(example(windows));
    if pieces.is_empty() {
        plain(&mut pieces, "Nothing is different up to here.".to_owned());
    }
    pieces
}

fn plain(pieces: &mut Vec<Piece>, text: String) {
    pieces.push((text, false));
}

fn counted(pieces: &mut Vec<Piece>, more: i64) {
    let many = |count: u64| if count == 1 { "1 record".to_owned() } else { format!("{} records", human::count(count)) };
    let verb = if more.unsigned_abs() == 1 { "is" } else { "are" };
    match more {
        0 => plain(pieces, "As many records are counted".to_owned()),
        1.. => {
            pieces.push((format!("{} more", many(more.unsigned_abs())), true));
            plain(pieces, format!(" {verb} counted"));
        }
        _ => {
            pieces.push((format!("{} fewer", many(more.unsigned_abs())), true));
            plain(pieces, format!(" {verb} counted"));
        }
    }
}

fn when(pieces: &mut Vec<Piece>, later: Option<Span>) {
    let Some(later) = later else { return plain(pieces, ".".to_owned()) };
    let amount = short(if later < Span::ZERO { Span::ZERO - later } else { later });
    match later.micros() {
        0 => plain(pieces, ", and results come when they did, by the median.".to_owned()),
        micros => {
            plain(pieces, ", and results come ".to_owned());
            pieces.push((format!("{amount} {}", if micros > 0 { "later" } else { "sooner" }), true));
            plain(pieces, ", by the median.".to_owned());
        }
    }
}

/// The window of which the runs first said what is farthest apart, or else that was corrected more often in
/// one of them.
fn example(windows: &[Both]) -> Option<Piece> {
    let apart = |both: &&Both| {
        let [pinned, now] = both.first.map(|value| value.and_then(WindowValue::number));
        Some((now? - pinned?).abs()).filter(|apart| *apart > 0.0)
    };
    let by_value = windows.iter().filter(|both| apart(both).is_some());
    let by_value = by_value.max_by(|a, b| apart(a).unwrap_or(0.0).total_cmp(&apart(b).unwrap_or(0.0)));
    let more = |both: &&Both| both.now.corrections().abs_diff(both.pinned.corrections());
    let by_corrections = || windows.iter().filter(|both| more(both) > 0).max_by_key(more);
    let both = by_value.or_else(by_corrections)?;
    let (before, after) = (both.pinned.corrections(), both.now.corrections());
    let corrected = match after {
        0 => format!("is never corrected, not {}", times(before)),
        _ => format!("is corrected {}, not {}", times(after), times(before)),
    };
    let text = match (apart(&both).is_some(), before != after) {
        (true, true) => format!("first says {}, and {corrected}", first_values(both)),
        (true, false) => format!("first says {}", first_values(both)),
        (false, _) => corrected,
    };
    Some((format!(" {} {text}.", both.now.name), false))
}

fn first_values(both: &Both) -> String {
    let [pinned, now] = both.first.map(|value| value.unwrap_or_default().text());
    format!("{now}, not {pinned}")
}

fn times(count: usize) -> String {
    let words = ["never", "once", "twice", "three times", "four times", "five times", "six times"];
    words.get(count).map_or_else(|| format!("{count} times"), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[Piece]) -> String {
        pieces.iter().map(|(text, _)| text.as_str()).collect()
    }

    #[test]
    fn sentences_say_more_fewer_later_and_sooner() {
        let said = |more, later: Option<i64>| {
            let mut pieces = Vec::new();
            counted(&mut pieces, more);
            when(&mut pieces, later.map(Span::from_secs));
            text(&pieces)
        };
        assert_eq!(said(10, Some(34)), "10 records more are counted, and results come 34 s later, by the median.");
        assert_eq!(said(-1, Some(-5)), "1 record fewer is counted, and results come 5 s sooner, by the median.");
        assert_eq!(said(0, Some(0)), "As many records are counted, and results come when they did, by the median.");
        assert_eq!(said(1, None), "1 record more is counted.");
        assert_eq!([0, 1, 3, 9].map(times), ["never", "once", "three times", "9 times"]);
    }
}
