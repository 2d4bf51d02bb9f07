//! The recorded order: what each task of a run got from which channel, and what its clock said.
//!
//! That is all that a run on threads decides by chance; everything else is a function of the stream
//! and the configuration. Channels are kept as run lengths and instants as differences, a few bytes
//! per batch.

use serde::{Deserialize, Serialize};

use crate::runtime::threads::config::ThreadsConfig;
use crate::time::{ProcTime, Span};

/// So many messages in a row from one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which channel, from 0.
    pub channel: u32,
    /// How many; at least 1.
    pub count: u32,
}

/// Which channel came next, as run lengths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs(Vec<Run>);

impl Runs {
    /// So many more came from `channel`.
    pub fn push(&mut self, channel: u32, count: u32) {
        match self.0.last_mut() {
            _ if count == 0 => {}
            Some(last) if last.channel == channel && last.count <= u32::MAX - count => last.count += count,
            _ => self.0.push(Run { channel, count }),
        }
    }

    /// The run lengths. Two neighbours are of different channels, unless one was too long.
    pub fn runs(&self) -> &[Run] {
        &self.0
    }

    /// The channel of every single one, in order.
    pub fn channels(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|run| std::iter::repeat_n(run.channel, run.count as usize))
    }
}

/// Ascending instants, as the bytes of their differences (LEB128: seven bits a byte, low ones first).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instants {
    first: Option<ProcTime>,
    last: ProcTime,
    differences: Vec<u8>,
}

impl Instants {
    /// One more instant; one before the last counts as the last.
    pub fn push(&mut self, at: ProcTime) {
        if self.first.is_none() {
            (self.first, self.last) = (Some(at), at);
            return;
        }
        // Not negative, so the sign bit is free.
        let mut difference = (at - self.last).micros().max(0).cast_unsigned();
        self.last = self.last.max(at);
        while difference >= 0x80 {
            self.differences.push(difference as u8 | 0x80);
            difference >>= 7;
        }
        self.differences.push(difference as u8);
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = ProcTime> {
        let mut last = self.first.unwrap_or_default();
        let mut bytes = self.differences.iter().copied();
        let later = std::iter::from_fn(move || {
            let (mut difference, mut shift) = (0_u64, 0_u32);
            loop {
                let byte = bytes.next()?;
                // A difference has nine bytes at most; what a damaged record says beyond them is lost.
                difference |= u64::from(byte & 0x7F).checked_shl(shift).unwrap_or(0);
                shift += 7;
                if byte < 0x80 {
                    last = last + Span::from_micros(difference.cast_signed());
                    return Some(last);
                }
            }
        });
        self.first.into_iter().chain(later)
    }
}

/// When a source took its steps. What it reads in a step follows from the instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceOrder {
    /// The instant of every step.
    pub steps: Instants,
    /// Whether it was told to stop before it had read everything; it then sent no final watermark.
    pub was_stopped: bool,
}

/// In which order a window task got its batches, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputOrder {
    /// The source of every message.
    pub channels: Runs,
    /// The instant at which each was taken.
    pub taken: Instants,
}

impl InputOrder {
    /// A message from `channel` was taken.
    pub fn push(&mut self, channel: u32, at: ProcTime) {
        self.channels.push(channel, 1);
        self.taken.push(at);
    }

    /// Channel and instant of every message.
    pub fn messages(&self) -> impl Iterator<Item = (usize, ProcTime)> {
        self.channels.channels().map(|channel| channel as usize).zip(self.taken.iter())
    }
}

/// Everything that a run decided by chance, and what it was a run of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The configuration of the run.
    pub config: ThreadsConfig,
    /// By source task.
    pub sources: Vec<SourceOrder>,
    /// By window task.
    pub windows: Vec<InputOrder>,
    /// From which window task every pane came that the sink took.
    pub sink: Runs,
}

impl Recorded {
    /// Bytes of the orders, without the configuration.
    pub fn bytes(&self) -> usize {
        let instants = |instants: &Instants| size_of::<Instants>() + instants.differences.len();
        let runs = |runs: &Runs| size_of_val(runs.0.as_slice());
        let sources: usize = self.sources.iter().map(|order| instants(&order.steps)).sum();
        let windows: usize = self.windows.iter().map(|order| runs(&order.channels) + instants(&order.taken)).sum();
        sources + windows + runs(&self.sink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_channel_are_one_run() {
        let mut runs = Runs::default();
        for (channel, count) in [(0, 1), (0, 2), (1, 0), (1, 1), (0, 1)] {
            runs.push(channel, count);
        }
        let run = |channel, count| Run { channel, count };
        assert_eq!(runs.runs(), [run(0, 3), run(1, 1), run(0, 1)]);
        assert_eq!(runs.channels().collect::<Vec<_>>(), [0, 0, 0, 1, 0]);
    }

    #[test]
    fn instants_come_back_as_they_went_in() {
        let mut instants = Instants::default();
        assert_eq!(instants.iter().count(), 0);
        let micros = [-7, -7, 0, 127, 255, 1 << 40, i64::MAX - 1];
        micros.iter().for_each(|&at| instants.push(ProcTime::from_micros(at)));
        assert_eq!(instants.iter().map(ProcTime::micros).collect::<Vec<_>>(), micros);
        instants.push(ProcTime::EPOCH);
        assert_eq!(instants.iter().last(), Some(ProcTime::from_micros(i64::MAX - 1)), "it does not go back");
        let near = (0..1_000).fold(Instants::default(), |mut instants, step| {
            instants.push(ProcTime::from_micros(step * 100));
            instants
        });
        assert_eq!(near.differences.len(), 999);
    }
}
