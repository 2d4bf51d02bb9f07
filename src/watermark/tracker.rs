//! The watermark in front of one operator: a generator per input, merged, surrounded by the
//! options (when it is handed on, silent inputs, records from the future, alignment).
//!
//! A pure machine: the caller says what arrives and what has been handled, asks when to be called
//! again ([`Tracker::next_timer`]) and hands the result to the operator. Inputs are the partitions
//! of one source, so the rules between them are those of [`SplitMerge`].
//!
//! An input is silent while none of its records is on the way (in the log, in the queue, being
//! worked on): waiting behind a slow operator or behind a pause is not silence. With periodic
//! emission it is checked in every interval, as Flink does; after every record, at the instants at
//! which a check could find something.

use serde::{Deserialize, Serialize};

use crate::record::RecordId;
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::align::AlignmentGroup;
use crate::watermark::generator::{Generator, Seen};
use crate::watermark::idle::{IdleCheck, IdleTimer};
use crate::watermark::merge::{Emitted, InputStatus};
use crate::watermark::spec::{Emit, WatermarkOptions, WatermarkSpec};
use crate::watermark::split::SplitMerge;
use crate::watermark::ticks::Ticks;

/// The watermark rose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rise {
    /// The new watermark.
    pub watermark: EventTime,
    /// The record that it goes back to: of the input that holds the minimum, the one that raised
    /// its watermark last. `None` when the clock did.
    pub raised_by: Option<RecordId>,
}

/// An input went idle or woke up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// Which input.
    pub input: usize,
    /// What it is from now on.
    pub status: InputStatus,
}

/// What surrounds the watermark of a run, beside its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// How many partitions there are; at least 1.
    pub partitions: usize,
    /// From the first arrival to the last: over how long a clock-driven watermark has to be shown.
    pub arrivals_span: Span,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Input {
    generator: Generator,
    idle: Option<IdleTimer>,
    /// Its records that have arrived and are not handled.
    on_the_way: u32,
    /// No record of it will come.
    has_ended: bool,
}

/// The watermark in front of one operator. It is its own snapshot: written out and read back, it
/// goes on as if nothing had happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracker {
    max_future: Option<Span>,
    /// `None`: after every record.
    ticks: Option<Ticks>,

    inputs: Vec<Input>,
    merge: SplitMerge,
    alignment: Option<AlignmentGroup>,
    has_started: bool,
    skewed: u64,
    changes: Vec<StatusChange>,
}

impl Tracker {
    /// A tracker that has seen nothing. The description has no [`crate::watermark::spec::problems`].
    /// A perfect watermark knows the future of all partitions, so it has one input in any case.
    pub fn new(spec: WatermarkSpec, options: &WatermarkOptions, surroundings: Surroundings) -> Self {
        let is_split = options.per_partition && spec != WatermarkSpec::Perfect;
        let inputs = if is_split { surroundings.partitions.max(1) } else { 1 };
        let input = Input {
            generator: Generator::new(spec),
            idle: options.idle_after.map(IdleTimer::new),
            on_the_way: 0,
            has_ended: false,
        };
        let ticks = match options.emit {
            Emit::PerRecord => None,
            Emit::Periodic { interval } => Some(Ticks::new(interval, surroundings.arrivals_span)),
        };
        Self {
            max_future: options.max_future,
            ticks,
            inputs: vec![input; inputs],
            merge: SplitMerge::new(inputs),
            alignment: options.max_drift.filter(|_| is_split).map(|drift| AlignmentGroup::new(inputs, drift)),
            has_started: false,
            skewed: 0,
            changes: Vec::new(),
        }
    }

    /// The current watermark; [`EventTime::MIN`] before the first.
    pub const fn current(&self) -> EventTime {
        self.merge.output()
    }

    /// Whether every input is idle.
    pub fn is_idle(&self) -> bool {
        self.merge.status() == InputStatus::Idle
    }

    /// How many records said nothing about event time, because theirs was in the future.
    pub const fn skewed(&self) -> u64 {
        self.skewed
    }

    /// Whether a partition is too far ahead of the slowest one to be read.
    pub fn is_paused(&self, partition: usize) -> bool {
        self.alignment.as_ref().is_some_and(|group| group.is_paused(self.input_of(partition)))
    }

    /// Whether partitions are paused at all.
    #[inline]
    pub const fn aligns(&self) -> bool {
        self.alignment.is_some()
    }

    /// Whether inputs went idle or woke up since [`Tracker::take_changes`] was asked last.
    #[inline]
    pub const fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether every partition has a watermark of its own.
    #[inline]
    pub const fn is_split(&self) -> bool {
        self.inputs.len() > 1
    }

    /// The inputs that went idle or woke up since this was asked last, in that order.
    pub fn take_changes(&mut self) -> std::vec::Drain<'_, StatusChange> {
        self.changes.drain(..)
    }

    /// A record of this partition has reached the log. The first one starts every clock.
    pub fn on_arrival(&mut self, partition: usize, now: ProcTime) {
        let input = self.input_of(partition);
        if !self.has_started {
            self.has_started = true;
            if let Some(ticks) = &mut self.ticks {
                ticks.start(now);
            } else {
                self.inputs.iter_mut().filter_map(|input| input.idle.as_mut()).for_each(|idle| {
                    idle.check(now);
                });
            }
        }
        self.inputs[input].on_the_way += 1;
    }

    /// A record of this partition has been handled; the rise that it caused, if the watermark is
    /// handed on after every record.
    pub fn on_record(&mut self, partition: usize, seen: &Seen) -> Option<Rise> {
        let place = self.input_of(partition);
        let is_skewed =
            self.max_future.is_some_and(|max_future| seen.arrival.since_event(seen.event_time) < -max_future);
        self.skewed += u64::from(is_skewed);
        let input = &mut self.inputs[place];
        input.on_the_way = input.on_the_way.saturating_sub(1);
        input.generator.on_record(seen, is_skewed);
        if let Some(idle) = &mut input.idle {
            idle.on_activity();
        }
        if let Some(ticks) = &mut self.ticks {
            ticks.move_clock(seen.now);
            return None;
        }
        if let Some(idle) = &mut input.idle {
            // The first check sees the record; the second, when it was the last, starts the silence.
            idle.check(seen.now);
            if input.on_the_way == 0 {
                idle.check(seen.now);
            }
        }
        let watermark = input.generator.current();
        let emitted = if self.hand_on(place, watermark) { self.merge.update() } else { Emitted::default() };
        self.risen(emitted.watermark)
    }

    /// Whether all that a record has to say is its event time, to one watermark, and is handed on at the
    /// next tick: then [`Tracker::on_plain_record`] does.
    pub fn is_plain(&self) -> bool {
        let is_plain = |input: &Input| input.idle.is_none() && input.generator.is_bounded();
        self.ticks.is_some() && self.max_future.is_none() && self.inputs.len() == 1 && self.inputs.iter().all(is_plain)
    }

    /// The same as [`Tracker::on_record`] where [`Tracker::is_plain`].
    #[inline]
    pub fn on_plain_record(&mut self, id: RecordId, event_time: EventTime, now: ProcTime) {
        if let Some(input) = self.inputs.first_mut() {
            input.on_the_way = input.on_the_way.saturating_sub(1);
            input.generator.on_bounded(id, event_time);
        }
        if let Some(ticks) = &mut self.ticks {
            ticks.move_clock(now);
        }
    }

    /// A record of this partition will not come, though it had arrived: the log no longer holds it.
    pub fn on_lost(&mut self, partition: usize) {
        let place = self.input_of(partition);
        self.inputs[place].on_the_way = self.inputs[place].on_the_way.saturating_sub(1);
    }

    /// The last record of this partition has been handled: nobody waits for it to catch up any more.
    /// Its watermark stands, and counts.
    pub fn on_end_of(&mut self, partition: usize) {
        let place = self.input_of(partition);
        self.inputs[place].has_ended = true;
        if let Some(group) = &mut self.alignment {
            group.report(place, EventTime::MAX);
        }
    }

    /// When [`Tracker::on_timer`] is to be called, if nothing happens before; [`ProcTime::MAX`] for
    /// never. `horizon` is the instant of whatever happens next otherwise; `due` the watermark at
    /// which the operator has something to do. Ticks at which nothing could happen are left out.
    #[inline]
    pub fn next_timer(&self, horizon: ProcTime, due: EventTime) -> ProcTime {
        match &self.ticks {
            Some(ticks) if self.has_started && self.awaits_tick(0) => ticks.next(),
            _ => self.next_check(horizon, due),
        }
    }

    #[inline(never)]
    fn next_check(&self, horizon: ProcTime, due: EventTime) -> ProcTime {
        if !self.has_started {
            return ProcTime::MAX;
        }
        let Some(ticks) = &self.ticks else {
            return self.inputs.iter().map(Input::next_check).min().unwrap_or(ProcTime::MAX);
        };
        if (0..self.inputs.len()).any(|place| self.awaits_tick(place)) {
            return ticks.next();
        }
        let check = self.inputs.iter().map(Input::next_check).min().unwrap_or(ProcTime::MAX);
        let on_clock = self.inputs.iter().find_map(|input| input.generator.clock_lag());
        let clock = on_clock.map_or(ProcTime::MAX, |lag| ticks.next_shown(horizon, (due + lag).on_proc_clock()));
        ticks.at_or_after(check).min(clock)
    }

    /// The instant asked for has come.
    pub fn on_timer(&mut self, now: ProcTime) -> Option<Rise> {
        let is_tick = self.ticks.as_mut().map(|ticks| ticks.take(now)).is_some();
        for place in 0..self.inputs.len() {
            let input = &mut self.inputs[place];
            let found = match &mut input.idle {
                None => IdleCheck::Active,
                Some(_) if !is_tick && input.on_the_way > 0 => continue,
                Some(idle) => {
                    // An idle input is idle until its record has been handled.
                    if input.on_the_way > 0 && !self.merge.is_idle(place) {
                        idle.on_activity();
                    }
                    idle.check(now)
                }
            };
            match found {
                IdleCheck::Active if is_tick => {
                    input.generator.on_clock(now);
                    let watermark = input.generator.current();
                    self.hand_on(place, watermark);
                }
                IdleCheck::TurnsIdle => self.turn_idle(place),
                IdleCheck::Active | IdleCheck::StaysIdle => {}
            }
        }
        let emitted = self.merge.update();
        self.risen(emitted.watermark)
    }

    fn input_of(&self, partition: usize) -> usize {
        if self.inputs.len() == 1 { 0 } else { partition }
    }

    /// Whether the next tick has something to find out about this input: a watermark that was not
    /// handed on, or a record that the check for idleness has not seen.
    #[inline]
    fn awaits_tick(&self, place: usize) -> bool {
        let input = &self.inputs[place];
        let is_unchecked = || input.idle.as_ref().is_some_and(|idle| idle.next_change() == ProcTime::MIN);
        input.generator.current() > self.merge.watermark(place)
            || ((input.on_the_way == 0 || self.merge.is_idle(place)) && is_unchecked())
    }

    /// An input's watermark goes to the merger, which may wake it. Whether it rose.
    fn hand_on(&mut self, place: usize, watermark: EventTime) -> bool {
        if self.merge.is_idle(place) {
            self.changes.push(StatusChange { input: place, status: InputStatus::Active });
        }
        if let Some(group) = &mut self.alignment
            && watermark > EventTime::MIN
            && !self.inputs[place].has_ended
        {
            group.report(place, watermark);
        }
        self.merge.note_watermark(place, watermark)
    }

    fn turn_idle(&mut self, place: usize) {
        self.changes.push(StatusChange { input: place, status: InputStatus::Idle });
        self.merge.note_idle(place);
        if let Some(group) = &mut self.alignment {
            group.report(place, EventTime::MAX);
        }
    }

    fn risen(&self, watermark: Option<EventTime>) -> Option<Rise> {
        let watermark = watermark?;
        let holder = (0..self.inputs.len()).find(|&place| self.merge.watermark(place) == watermark);
        let raised_by = holder.and_then(|place| self.inputs[place].generator.raised_by());
        Some(Rise { watermark, raised_by })
    }
}

impl Input {
    /// The first instant at which a check for idleness can find something.
    fn next_check(&self) -> ProcTime {
        match &self.idle {
            Some(idle) if self.on_the_way == 0 => idle.next_change(),
            _ => ProcTime::MAX,
        }
    }
}
