//! The edge of the log: from records in the order in which they happen to what the log holds, in the
//! order in which it can be read.
//!
//! Three things in turn, each only where it is described: the network (losses, copies), the limits of
//! the partitions on what they take in, and the delivery of a log without order. Nothing is lost or
//! added without being written down in [`Production`].

use crate::gate::{Defect, Poison};
use crate::log::LogRules;
use crate::log::ingress::Ingress;
use crate::production::{LossCause, LostRecord, ProducerId, Production};
use crate::record::{Columns, PartitionId, RecordId};
use crate::rng::Seed;
use crate::source::delivery::ready_times;
use crate::source::network::Network;
use crate::time::{ProcTime, Span};

/// Records on their way, by the order in which they happened.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Their columns, keys included.
    pub columns: Columns,
    /// Who sent them; empty for one producer.
    pub producers: Vec<ProducerId>,
    /// Which record each is, by the order in which they happened; equal for copies. Empty while every
    /// row is a record of its own.
    numbers: Vec<u32>,
    /// The numbers of their defects, from 1; empty while all are good.
    marks: Vec<u16>,
    defects: Vec<Defect>,
}

impl Rows {
    /// Records of which none is a copy.
    pub const fn new(columns: Columns, producers: Vec<ProducerId>) -> Self {
        Self { columns, producers, numbers: Vec::new(), marks: Vec::new(), defects: Vec::new() }
    }

    /// The same records, some of them bad: by place, the number of a defect from 1; 0 for good ones.
    #[must_use]
    pub fn with_poison(self, marks: Vec<u16>, defects: Vec<Defect>) -> Self {
        Self { marks, defects, ..self }
    }

    fn len(&self) -> usize {
        self.columns.event_times.len()
    }

    fn partition(&self, place: usize) -> PartitionId {
        self.columns.partitions.get(place).copied().unwrap_or_default()
    }

    fn lost(&self, place: usize, at: ProcTime, cause: LossCause) -> LostRecord {
        let Columns { event_times, keys, values, .. } = &self.columns;
        LostRecord { at, event_time: event_times[place], key: keys[place], value: values[place], cause }
    }

    /// Only these records, in this order; one may be named more than once.
    fn select(&mut self, places: &[u32]) {
        self.columns.select(places);
        if !self.producers.is_empty() {
            self.producers = places.iter().map(|&place| self.producers[place as usize]).collect();
        }
        if !self.numbers.is_empty() {
            self.numbers = places.iter().map(|&place| self.numbers[place as usize]).collect();
        }
        if !self.marks.is_empty() {
            self.marks = places.iter().map(|&place| self.marks[place as usize]).collect();
        }
    }

    fn sort_by_arrival(&mut self) {
        if let Some(places) = self.columns.arrival_order() {
            self.select(&places);
        }
    }

    /// The columns in order of arrival; the rest goes into `production`.
    pub fn into_columns(mut self, production: &mut Production) -> Columns {
        self.sort_by_arrival();
        let mut seen = Numbers::new(&self.numbers);
        let copies = (0..).zip(&self.numbers).filter(|&(_, &number)| !seen.insert(number));
        production.duplicates = copies.map(|(place, _)| RecordId(place)).collect();
        production.producers = self.producers;
        let bad = (0..).zip(&self.marks).filter_map(|(place, mark)| Some((RecordId(place), mark.checked_sub(1)?)));
        production.poison = Poison::new(self.defects, bad.collect());
        // What was lost in one stage may be earlier than what was lost in the one before.
        production.lost.sort_by_key(|lost| lost.at);
        self.columns
    }
}

/// Sends every record over the network.
pub fn send(rows: &mut Rows, network: &mut Network<'_>, production: &mut Production) {
    let mut places: Vec<u32> = Vec::with_capacity(rows.len());
    let mut arrivals: Vec<ProcTime> = Vec::with_capacity(rows.len());
    for place in 0..rows.len() {
        let sent = network.send(place, rows.partition(place), rows.columns.arrivals[place]);
        production.deduplicated += sent.deduplicated;
        production.retries += sent.retries;
        production.unacknowledged += u64::from(sent.written.is_some() && !sent.is_settled);
        production.lost.extend(sent.lost.map(|(at, cause)| rows.lost(place, at, cause)));
        for at in sent.written.into_iter().chain(sent.copies) {
            // A stream holds fewer than 2^32 records.
            places.push(place as u32);
            arrivals.push(at);
        }
    }
    let is_one_to_one = places.windows(2).all(|pair| pair[0] != pair[1]);
    rows.select(&places);
    rows.columns.arrivals = arrivals;
    rows.numbers = if is_one_to_one { Vec::new() } else { places };
}

/// Which records were seen.
struct Numbers(Vec<bool>);

impl Numbers {
    /// None of these is seen.
    fn new(numbers: &[u32]) -> Self {
        Self(vec![false; numbers.iter().max().map_or(0, |&last| last as usize + 1)])
    }

    /// Sees a record. Whether it is the first time.
    fn insert(&mut self, number: u32) -> bool {
        !std::mem::replace(&mut self.0[number as usize], true)
    }
}

/// Holds every record back until its partition takes it in, or until `patience` is over. A record of
/// which a copy is taken in is not lost.
pub fn throttle(rows: &mut Rows, ingress: &mut Ingress, patience: Span, production: &mut Production) {
    rows.sort_by_arrival();
    let mut places: Vec<u32> = Vec::with_capacity(rows.len());
    let mut arrivals: Vec<ProcTime> = Vec::with_capacity(rows.len());
    let mut refused: Vec<usize> = Vec::new();
    for place in 0..rows.len() {
        let at = rows.columns.arrivals[place];
        let Some(taken) = ingress.admit(rows.partition(place), at, patience) else {
            refused.push(place);
            continue;
        };
        production.throttled += u64::from(taken > at);
        production.longest_throttle = production.longest_throttle.max(taken - at);
        places.push(place as u32);
        arrivals.push(taken);
    }
    let mut known = Numbers::new(&rows.numbers);
    for &place in places.iter().filter(|_| !rows.numbers.is_empty()) {
        known.insert(rows.numbers[place as usize]);
    }
    // From the last try on: a record is lost with that one.
    for &place in refused.iter().rev() {
        if rows.numbers.get(place).is_none_or(|&number| known.insert(number)) {
            let at = rows.columns.arrivals[place] + patience;
            production.lost.push(rows.lost(place, at, LossCause::Throttled));
        }
    }
    rows.select(&places);
    rows.columns.arrivals = arrivals;
}

/// Lets deliveries overtake each other, in a log without an order of partitions.
pub fn deliver(rows: &mut Rows, rules: &LogRules, seed: Seed) {
    let Columns { arrivals, keys, .. } = &mut rows.columns;
    *arrivals = ready_times(rules.ordering, rules.delivery_jitter, arrivals, keys, seed);
}
