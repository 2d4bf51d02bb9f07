//! What a query asks for by itself: an instant ("12:05"), a record ("why was record 398 dropped"), a
//! window ("why 12:04").

use crate::app::panel::Panel;
use crate::app::panels::palette::entries::{Entry, Kind};
use crate::app::state::State;
use crate::app::time_ticks;
use crate::app::view::{Command, Run, Selection};
use crate::human;
use crate::moment::Moment;
use crate::record::RecordId;
use crate::time::ProcTime;
use crate::window::pane::Window;

/// What `query` says outright about the run on screen, the likeliest first.
pub fn direct(state: &State, query: &str) -> Vec<Entry> {
    let Some(run) = &state.run else { return Vec::new() };
    let asks_why = query.to_lowercase().contains("why");
    let mut entries: Vec<Entry> = record(run, query).into_iter().collect();
    let word = query.split_whitespace().next_back().unwrap_or_default().trim_end_matches('?');
    let instant = instant(run, word);
    entries.extend(instant.filter(|_| asks_why).and_then(|at| window(run, at)));
    entries.extend(instant.filter(|_| !asks_why || entries.is_empty()).map(|at| {
        let title = format!("Go to {}", time_ticks::clock(at.micros(), 1_000_000.0));
        Entry::new(Kind::Go, title, "Processing time", vec![Command::Pause, Command::Seek(at)])
    }));
    entries
}

/// What can be done with a query that nothing fits.
pub fn look_under_why(query: &str) -> Entry {
    let title = format!("Look under Why for \u{201c}{query}\u{201d}");
    Entry::new(Kind::Ask, title, "The reason for a record, a window or a silence", vec![Command::ShowPanel(Panel::Why)])
}

/// A number after the word "record" or a number sign, or the only number of a question.
fn record(run: &Run, query: &str) -> Option<Entry> {
    let lower = query.to_lowercase();
    let at = lower.find("record").map(|at| at + "record".len()).or_else(|| lower.find('#').map(|at| at + 1))?;
    let digits: String = lower[at..]
        .trim_start_matches([' ', 's', '#'])
        .chars()
        .filter(|letter| *letter != ',')
        .take_while(char::is_ascii_digit)
        .collect();
    let id: u32 = digits.parse().ok()?;
    if id as usize >= run.trace.stream.len() {
        return None;
    }
    let title = format!("Why record {} went as it did", human::count(u64::from(id)));
    let commands = vec![Command::Select(Selection::Record(RecordId(id))), Command::ShowPanel(Panel::Why)];
    Some(Entry::new(Kind::Ask, title, "Select it and show Why", commands))
}

/// A time of day, a date or a span after the start that lies in the run. Bare numbers are no instants.
fn instant(run: &Run, word: &str) -> Option<ProcTime> {
    let is_one = word.contains(':')
        || word.chars().next().is_some_and(|first| first.is_ascii_digit()) && word.ends_with(char::is_alphabetic);
    let (start, end) = run.clock_range();
    word.parse::<Moment>().ok().filter(|_| is_one)?.within(start, end).ok()
}

/// The window that begins at this instant of event time, or else the one that holds it.
fn window(run: &Run, at: ProcTime) -> Option<Entry> {
    let at = at.micros();
    let lives = || run.trace.windows.iter().map(|life| life.window);
    let starts = lives().find(|window| window.start.micros() == at);
    let window: Window =
        starts.or_else(|| lives().find(|window| (window.start.micros()..window.end.micros()).contains(&at)))?;
    let title = format!("Why window {} went as it did", time_ticks::clock(window.start.micros(), 1_000_000.0));
    let commands = vec![Command::Select(Selection::Window { key: None, window }), Command::ShowPanel(Panel::Why)];
    Some(Entry::new(Kind::Ask, title, "Select it and show Why", commands))
}
