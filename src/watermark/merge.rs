//! The watermark of an operator with several inputs: a valve over the channels of other tasks.
//!
//! The rules are those of Apache Flink's `StatusWatermarkValve` (observed, version 1.20):
//! - the output is the minimum over the channels that count, and it never goes back;
//! - a channel counts while it is active and has caught up with the output;
//! - a watermark on an idle channel is thrown away;
//! - a channel that wakes up behind the output is left out until it reaches it (`>=`);
//! - when the last active channel goes idle, the largest watermark of all is flushed, but only if
//!   that channel held the output;
//! - the valve is idle when every channel is.
//!
//! The machine does not know the unit or the convention of its watermarks: it only compares them.
//! [`EventTime::MIN`] is "none yet", [`EventTime::MAX`] the end of input. For the splits inside one
//! source the rules differ: see [`crate::watermark::split`].

use serde::{Deserialize, Serialize};

use crate::time::EventTime;

/// Whether an input takes part in event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InputStatus {
    /// Records may come; its watermark counts.
    Active,
    /// Silent; nobody waits for it.
    Idle,
}

/// What a merger hands on after one step: first the watermark, then the status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emitted {
    /// The new output watermark, when it rose.
    pub watermark: Option<EventTime>,
    /// The new status of the output.
    pub status: Option<InputStatus>,
}

/// One input of a [`Valve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Channel {
    watermark: EventTime,
    status: InputStatus,
    /// It is part of the minimum: active, and not behind the output since it woke up.
    counts: bool,
}

/// Merges the watermarks and statuses of several channels. It is its own snapshot: written out and
/// read back, it goes on as if nothing had happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Valve {
    channels: Vec<Channel>,
    output: EventTime,
    status: InputStatus,
}

impl Valve {
    /// A valve over so many channels, all active and without a watermark.
    pub fn new(channels: usize) -> Self {
        let fresh = Channel { watermark: EventTime::MIN, status: InputStatus::Active, counts: true };
        Self { channels: vec![fresh; channels], output: EventTime::MIN, status: InputStatus::Active }
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// The last watermark that came out; [`EventTime::MIN`] before the first.
    pub const fn output(&self) -> EventTime {
        self.output
    }

    /// Whether any channel is active.
    pub const fn status(&self) -> InputStatus {
        self.status
    }

    /// A watermark comes in. O(channels).
    ///
    /// # Panics
    /// When `channel` is not below [`Valve::channels`].
    pub fn on_watermark(&mut self, channel: usize, watermark: EventTime) -> Emitted {
        let output = self.output;
        let input = &mut self.channels[channel];
        if input.status == InputStatus::Idle || watermark <= input.watermark {
            return Emitted::default();
        }
        input.watermark = watermark;
        input.counts |= watermark >= output;
        Emitted { watermark: self.raise(self.minimum()), status: None }
    }

    /// A channel goes idle or wakes up. O(channels).
    ///
    /// # Panics
    /// When `channel` is not below [`Valve::channels`].
    pub fn on_status(&mut self, channel: usize, status: InputStatus) -> Emitted {
        if self.channels[channel].status == status {
            return Emitted::default();
        }
        self.channels[channel].status = status;
        match status {
            InputStatus::Idle => self.on_idle(channel),
            InputStatus::Active => self.on_active(channel),
        }
    }

    fn on_idle(&mut self, channel: usize) -> Emitted {
        let held_output = self.channels[channel].watermark == self.output;
        self.channels[channel].counts = false;
        let all_idle = self.channels.iter().all(|input| input.status == InputStatus::Idle);
        let claim = match (held_output, all_idle) {
            (false, _) => None,
            (true, false) => self.minimum(),
            (true, true) => self.channels.iter().map(|input| input.watermark).max(),
        };
        let watermark = self.raise(claim);
        if all_idle {
            self.status = InputStatus::Idle;
        }
        Emitted { watermark, status: all_idle.then_some(InputStatus::Idle) }
    }

    fn on_active(&mut self, channel: usize) -> Emitted {
        let input = &mut self.channels[channel];
        input.counts = input.watermark >= self.output;
        let woke = self.status == InputStatus::Idle;
        self.status = InputStatus::Active;
        Emitted { watermark: None, status: woke.then_some(InputStatus::Active) }
    }

    /// The minimum over the channels that count; `None` when none does.
    fn minimum(&self) -> Option<EventTime> {
        self.channels.iter().filter(|input| input.counts).map(|input| input.watermark).min()
    }

    fn raise(&mut self, claim: Option<EventTime>) -> Option<EventTime> {
        let risen = claim.filter(|&claim| claim > self.output)?;
        self.output = risen;
        Some(risen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> EventTime {
        EventTime::from_micros(micros)
    }

    fn rises(valve: &mut Valve, channel: usize, micros: i64) -> Option<i64> {
        valve.on_watermark(channel, at(micros)).watermark.map(EventTime::micros)
    }

    #[test]
    fn the_output_is_the_minimum_and_waits_for_every_channel() {
        let mut valve = Valve::new(2);
        assert_eq!(rises(&mut valve, 0, 10), None);
        assert_eq!(rises(&mut valve, 1, 4), Some(4));
        assert_eq!(rises(&mut valve, 1, 3), None);
        assert_eq!(rises(&mut valve, 1, 20), Some(10));
        assert_eq!(valve.output(), at(10));
    }

    #[test]
    fn a_channel_that_wakes_behind_is_left_out_until_it_reaches_the_output() {
        let mut valve = Valve::new(2);
        rises(&mut valve, 0, 5);
        assert_eq!(valve.on_status(1, InputStatus::Idle).watermark, Some(at(5)));
        assert_eq!(rises(&mut valve, 1, 7), None, "thrown away");
        assert_eq!(valve.on_status(1, InputStatus::Active), Emitted::default());
        assert_eq!(rises(&mut valve, 1, 4), None);
        assert_eq!(rises(&mut valve, 0, 6), Some(6), "still without channel 1");
        assert_eq!(rises(&mut valve, 1, 6), None, "reaches it, and counts from here on");
        assert_eq!(rises(&mut valve, 0, 9), None);
        assert_eq!(rises(&mut valve, 1, 8), Some(8));
    }

    #[test]
    fn the_largest_is_flushed_only_by_the_channel_that_held_the_output() {
        let mut held = Valve::new(2);
        rises(&mut held, 0, 10);
        rises(&mut held, 1, 7);
        held.on_status(0, InputStatus::Idle);
        let flushed = Emitted { watermark: Some(at(10)), status: Some(InputStatus::Idle) };
        assert_eq!(held.on_status(1, InputStatus::Idle), flushed);

        let mut behind = Valve::new(2);
        rises(&mut behind, 0, 10);
        rises(&mut behind, 1, 7);
        behind.on_status(1, InputStatus::Idle);
        behind.on_status(1, InputStatus::Active);
        rises(&mut behind, 0, 12);
        rises(&mut behind, 0, 15);
        behind.on_status(0, InputStatus::Idle);
        rises(&mut behind, 1, 9);
        assert_eq!(
            behind.on_status(1, InputStatus::Idle),
            Emitted { watermark: None, status: Some(InputStatus::Idle) }
        );
        assert_eq!(behind.output(), at(15));
    }

    #[test]
    fn a_valve_without_channels_says_nothing() {
        let valve = Valve::new(0);
        assert_eq!((valve.output(), valve.status()), (EventTime::MIN, InputStatus::Active));
    }
}
