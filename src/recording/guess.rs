//! Which column means what, from names and cells of the sample, with reasons in words.
//!
//! The user's choices are kept to the letter; only the rest is guessed. A guess needs a reason
//! that a reader would accept: a name that says it, or being the only column of its kind. Where
//! there is none, the role stays empty, as for a value that would have to be picked from three
//! columns of numbers.

use std::collections::BTreeSet;

use super::instants::Decimal;
use super::names::{EXACT, NameWords, STRONG};
use super::report::{Choice, ColumnReport, Role};
use super::sample::{Hint, Sample, SampleColumn};
use super::time_format::TimeFormat;
use super::time_guess::{Detected, detect, is_plausible_epoch};
use crate::human;

/// The columns that were chosen, and why.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// By [`Role::index`]: which column of the sample.
    pub(super) columns: [Option<usize>; 5],
    /// By [`Role::index`].
    pub(super) reports: Vec<ColumnReport>,
    /// What the formats of the time columns leave open.
    pub(super) notes: Vec<String>,
}

/// What the user chose: for every role a column of the sample, no column, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Given {
    /// To be guessed.
    #[default]
    Open,
    /// No column is to have this role.
    None,
    /// This column.
    Column(usize),
}

/// Pairs of more columns of times than this are not compared; the first ones are.
const TIME_COLUMNS_MAX: usize = 32;

/// What is known about a column of the sample.
struct Facts {
    words: NameWords,
    filled: usize,
    /// Cells that are numbers, NaN and infinities included.
    numbers: usize,
    finite_numbers: usize,
    distinct: usize,
    detected: Detected,
    looks_like_time: bool,
}

impl Facts {
    fn of(column: &SampleColumn, format: Option<&TimeFormat>) -> Self {
        let words = NameWords::new(&column.name);
        let filled: Vec<&str> = column.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
        let numbers = filled.iter().filter(|cell| cell.parse::<f64>().is_ok()).count();
        let finite_numbers = filled.iter().filter(|cell| is_finite_number(cell)).count();
        let detected = detect(column, &words, format);
        let parses = detected.parsed_count > 0 && detected.parsed_count * 2 >= filled.len();
        let is_number_format = matches!(detected.format, TimeFormat::Epoch(_));
        // A column of small numbers is a time only if its name says so.
        let looks_like_time = parses && (!is_number_format || words.is_time() || is_plausible_epoch(&filled));
        let distinct = column.cells.iter().collect::<BTreeSet<_>>().len();
        Self { filled: filled.len(), numbers, finite_numbers, distinct, looks_like_time, detected, words }
    }

    fn is_text(&self) -> bool {
        self.filled > 0 && self.numbers * 2 <= self.filled && !self.looks_like_time
    }

    /// Whether this can be what is aggregated. Under a good name a few rows may be bad; without
    /// one, a guess must not cost a single row.
    fn can_be_value(&self, row_count: usize) -> bool {
        let score = self.words.value_score();
        let is_number = match score {
            EXACT => self.numbers > 0,
            0 => self.finite_numbers == row_count && row_count > 0,
            _ => self.numbers > 0 && self.numbers * 10 >= row_count * 9,
        };
        is_number && (score == EXACT || !self.looks_like_time && !self.words.is_identifier())
    }

    /// Whether values come again often enough to group by; a handful of rows says nothing.
    fn repeats(&self, row_count: usize) -> bool {
        self.filled > 0 && (row_count < 20 || self.distinct * 2 <= row_count)
    }
}

/// Whether a cell is a number that a record can carry.
fn is_finite_number(cell: &str) -> bool {
    Decimal::parse(cell.as_bytes()).is_some() && cell.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether a row can be no header: it has a date or a plausible number since 1970, or nothing but
/// numbers.
pub(super) fn looks_like_data(row: &[String]) -> bool {
    let mut cells = row.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).peekable();
    if cells.peek().is_none() {
        return false;
    }
    let is_time = |cell: &str| {
        let column = SampleColumn { cells: vec![cell.to_owned()], ..SampleColumn::default() };
        let detected = detect(&column, &NameWords::default(), None);
        detected.parsed_count > 0 && (!matches!(detected.format, TimeFormat::Epoch(_)) || is_plausible_epoch(&[cell]))
    };
    cells.clone().any(is_time) || cells.all(is_finite_number)
}

/// Fills the roles that are open. `format` is the time format that the user gave.
///
/// Returns `None` when there is no event time.
pub(super) fn choose(sample: &Sample, given: [Given; 5], format: Option<&TimeFormat>) -> Option<Chosen> {
    let [first, second] = &sample.hints;
    choose_with(first, sample, given, format).or_else(|| choose_with(second, sample, given, format))
}

fn choose_with(hints: &[Hint], sample: &Sample, given: [Given; 5], format: Option<&TimeFormat>) -> Option<Chosen> {
    let facts: Vec<Facts> = sample.columns.iter().map(|column| Facts::of(column, format)).collect();
    let mut guess = Guess { sample, facts, given, columns: [None; 5], choices: Default::default() };
    for role in Role::ALL {
        if let Given::Column(column) = given[role.index()] {
            guess.columns[role.index()] = Some(column);
            guess.choices[role.index()] = Some(Choice::Given);
        }
    }
    for hint in hints {
        if guess.is_open(hint.role) && !guess.columns.contains(&Some(hint.column)) {
            guess.take(hint.role, hint.column, hint.reason);
        }
    }
    guess.times();
    let event_time = guess.columns[Role::EventTime.index()]?;
    guess.partition();
    guess.key(event_time);
    guess.value();
    Some(guess.finish())
}

struct Guess<'s> {
    sample: &'s Sample,
    facts: Vec<Facts>,
    given: [Given; 5],
    columns: [Option<usize>; 5],
    choices: [Option<Choice>; 5],
}

impl Guess<'_> {
    fn is_open(&self, role: Role) -> bool {
        self.given[role.index()] == Given::Open
    }

    fn is_free(&self, column: usize) -> bool {
        !self.columns.contains(&Some(column)) && !self.sample.columns[column].is_aside
    }

    /// Whether it can still be guessed.
    fn is_empty(&self, role: Role) -> bool {
        self.is_open(role) && self.columns[role.index()].is_none()
    }

    fn take(&mut self, role: Role, column: usize, reason: impl Into<String>) {
        self.columns[role.index()] = Some(column);
        self.choices[role.index()] = Some(Choice::Guessed(reason.into()));
    }

    /// Event and arrival time are guessed together: the pair that fits best.
    fn times(&mut self) {
        let candidates: Vec<usize> = (0..self.facts.len())
            .filter(|&i| self.is_free(i) && (self.facts[i].looks_like_time || self.is_exact_time(i)))
            .take(TIME_COLUMNS_MAX)
            .collect();
        let given_event = self.columns[Role::EventTime.index()];
        let given_arrival = self.columns[Role::ArrivalTime.index()];
        let events = given_event.map_or_else(|| candidates.clone(), |column| vec![column]);
        let arrivals = match given_arrival {
            Some(column) => vec![column],
            None if self.is_open(Role::ArrivalTime) => candidates.clone(),
            None => Vec::new(),
        };
        let time_column_count = candidates.len() + usize::from(given_event.is_some());
        let mut best: Option<(i64, usize, usize, Order)> = None;
        for &event in &events {
            for &arrival in arrivals.iter().filter(|&&arrival| arrival != event) {
                let order = self.order(event, arrival);
                let score = self.pair_score(event, arrival, order);
                let is_reason =
                    given_arrival.is_some() || self.is_arrival_reason(event, arrival, order, time_column_count);
                if is_reason && best.as_ref().is_none_or(|(best, ..)| score > *best) {
                    best = Some((score, event, arrival, order));
                }
            }
        }
        if let Some((_, event, arrival, order)) = best {
            if given_event.is_none() {
                self.take(Role::EventTime, event, self.event_reason(event, candidates.len()));
            }
            if given_arrival.is_none() {
                self.take(Role::ArrivalTime, arrival, self.arrival_reason(arrival, order));
            }
        } else if given_event.is_none() {
            let score = |i: &usize| self.facts[*i].words.event_score() - self.facts[*i].words.arrival_score();
            // Of equals, the first in the file.
            if let Some(event) = candidates.iter().copied().rev().max_by_key(score) {
                self.take(Role::EventTime, event, self.event_reason(event, candidates.len()));
            }
        }
    }

    fn is_exact_time(&self, column: usize) -> bool {
        let words = &self.facts[column].words;
        words.event_score() >= EXACT || words.arrival_score() >= EXACT
    }

    /// In how many rows of the sample the second column is not before the first.
    fn order(&self, event: usize, arrival: usize) -> Order {
        let micros = |column: usize, row: usize| {
            self.facts[column].detected.format.micros(self.sample.columns[column].cells[row].as_bytes())
        };
        let mut order = Order::default();
        for row in 0..self.sample.row_count {
            if let (Ok(event), Ok(arrival)) = (micros(event, row), micros(arrival, row)) {
                order.compared += 1;
                order.not_before += u32::from(arrival >= event);
            }
        }
        order
    }

    fn pair_score(&self, event: usize, arrival: usize, order: Order) -> i64 {
        let (event, arrival) = (&self.facts[event].words, &self.facts[arrival].words);
        let names = event.event_score() + arrival.arrival_score() - event.arrival_score() - arrival.event_score();
        // Order is worth as much as a strong name, and wrong order more.
        let order = if order.is_mostly() { STRONG } else { -2 * STRONG };
        i64::from(names + order)
    }

    /// Whether there is reason enough to guess that this pair is event and arrival time.
    fn is_arrival_reason(&self, event: usize, arrival: usize, order: Order, time_column_count: usize) -> bool {
        let (event, arrival) = (&self.facts[event].words, &self.facts[arrival].words);
        if event.arrival_score() >= STRONG || arrival.event_score() >= STRONG {
            return false;
        }
        let is_named = arrival.arrival_score() >= STRONG;
        let is_named_twice = is_named && (event.event_score() >= STRONG || arrival.arrival_score() >= EXACT);
        is_named_twice || is_named && order.is_mostly() || time_column_count == 2 && order.is_nearly_always()
    }

    fn event_reason(&self, event: usize, candidate_count: usize) -> String {
        let words = &self.facts[event].words;
        if words.event_score() >= STRONG {
            "by its name".to_owned()
        } else if candidate_count == 1 {
            "as the only column of times".to_owned()
        } else {
            format!("as the column of times that fits best of {candidate_count}")
        }
    }

    fn arrival_reason(&self, arrival: usize, order: Order) -> String {
        let counts = format!(
            "not before the event time in {} of {} sampled rows",
            human::count(order.not_before.into()),
            human::count(order.compared.into())
        );
        if self.facts[arrival].words.arrival_score() >= STRONG { format!("by its name, {counts}") } else { counts }
    }

    fn partition(&mut self) {
        let found = (0..self.facts.len()).find(|&i| self.is_free(i) && self.facts[i].words.is_partition());
        if let (true, Some(column)) = (self.is_empty(Role::Partition), found) {
            self.take(Role::Partition, column, "by its name");
        }
    }

    fn key(&mut self, event_time: usize) {
        if !self.is_empty(Role::Key) {
            return;
        }
        let row_count = self.sample.row_count;
        let event_words = self.facts[event_time].words.clone();
        let score = |i: usize| {
            let facts = &self.facts[i];
            let score = facts.words.key_score(&event_words);
            let fits = score >= EXACT || (!facts.looks_like_time && facts.repeats(row_count));
            if fits && score >= STRONG { 2 * score + i32::from(facts.is_text()) } else { 0 }
        };
        let is_value = |i: usize| self.facts[i].words.value_score() >= EXACT;
        let free: Vec<usize> = (0..self.facts.len()).filter(|&i| self.is_free(i) && !is_value(i)).collect();
        let named = free.iter().copied().rev().max_by_key(|&i| score(i)).filter(|&i| score(i) > 0);
        if let Some(column) = named {
            return self.take(Role::Key, column, "by its name");
        }
        let texts: Vec<usize> =
            free.into_iter().filter(|&i| self.facts[i].is_text() && self.facts[i].repeats(row_count)).collect();
        if let [column] = texts[..] {
            self.take(Role::Key, column, "as the only column of text that repeats");
        }
    }

    fn value(&mut self) {
        if !self.is_empty(Role::Value) {
            return;
        }
        let row_count = self.sample.row_count;
        let numbers: Vec<usize> =
            (0..self.facts.len()).filter(|&i| self.is_free(i) && self.facts[i].can_be_value(row_count)).collect();
        let score = |i: &usize| self.facts[*i].words.value_score();
        let named = numbers.iter().copied().rev().max_by_key(score).filter(|i| score(i) > 0);
        if let Some(column) = named {
            self.take(Role::Value, column, "by its name");
        } else if let [column] = numbers[..] {
            self.take(Role::Value, column, "as the only column of numbers");
        }
    }

    fn finish(self) -> Chosen {
        let mut notes = Vec::new();
        let mut reports = Vec::new();
        for (role, choice) in Role::ALL.into_iter().zip(self.choices) {
            let column = self.columns[role.index()];
            let is_time = matches!(role, Role::EventTime | Role::ArrivalTime);
            let detected = column.filter(|_| is_time).map(|i| &self.facts[i].detected);
            let name = column.map(|i| self.sample.columns[i].name.as_str());
            if let (Some(detected), Some(name)) = (detected, name) {
                notes.extend(detected.note.as_ref().map(|note| format!("column {name:?}: {note}")));
            }
            reports.push(ColumnReport {
                role,
                column: name.map(Into::into),
                choice: choice.unwrap_or_else(|| Choice::Absent(without(role).to_owned())),
                time_format: detected.map(|detected| detected.format.clone()),
            });
        }
        Chosen { columns: self.columns, reports, notes }
    }
}

/// What is taken when no column has a role.
fn without(role: Role) -> &'static str {
    match role {
        Role::EventTime => "",
        Role::ArrivalTime => "file order is taken for arrival order",
        Role::Key => "every record has the same, empty key",
        Role::Value => "every record has the value 1",
        Role::Partition => "all records are in partition 0",
    }
}

/// How two columns of times compare.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    not_before: u32,
    compared: u32,
}

impl Order {
    fn is_mostly(self) -> bool {
        self.compared > 0 && self.not_before * 2 >= self.compared
    }

    fn is_nearly_always(self) -> bool {
        self.compared > 0 && self.not_before * 10 >= self.compared * 9
    }
}
