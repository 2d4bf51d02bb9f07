//! A watermark that the source itself says, at instants of processing time that are known before.
//!
//! It rises when the clock reaches them, after everything else of that instant, and whatever the
//! records are. Time goes on until the last of them, also after the last record: what is said then
//! is part of the stream.

use crate::time::{EventTime, ProcTime};

/// What is said, and how far the clock is in it.
#[derive(Clone, Debug)]
pub struct SaidWatermark {
    /// Ascending in both clocks.
    said: Vec<(ProcTime, EventTime)>,
    /// How many of them have come.
    heard: usize,
}

impl SaidWatermark {
    /// Before the first word; `said` ascends in both clocks ([`crate::record::Stream::watermarks_said`]).
    pub const fn new(said: Vec<(ProcTime, EventTime)>) -> Self {
        Self { said, heard: 0 }
    }

    /// The current watermark; [`EventTime::MIN`] before the first.
    pub fn current(&self) -> EventTime {
        self.heard.checked_sub(1).map_or(EventTime::MIN, |last| self.said[last].1)
    }

    /// The next instant at which it rises; [`ProcTime::MAX`] for never.
    pub fn next_timer(&self) -> ProcTime {
        self.said.get(self.heard).map_or(ProcTime::MAX, |&(at, _)| at)
    }

    /// The last instant at which it rises; [`ProcTime::MIN`] when it never does.
    pub fn last(&self) -> ProcTime {
        self.said.last().map_or(ProcTime::MIN, |&(at, _)| at)
    }

    /// The clock has come to `now`; the next watermark, when it rises by now. Of several that are said
    /// at one instant each is a rise of its own: ask again.
    pub fn on_timer(&mut self, now: ProcTime) -> Option<EventTime> {
        let rises = self.next_timer() <= now && self.heard < self.said.len();
        self.heard += usize::from(rises);
        rises.then(|| self.current())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_when_the_clock_gets_there() {
        let at = ProcTime::from_micros;
        let reached = EventTime::from_micros;
        let mut watermark = SaidWatermark::new(vec![(at(1), reached(5)), (at(2), reached(6)), (at(4), reached(9))]);
        assert_eq!((watermark.current(), watermark.next_timer(), watermark.last()), (EventTime::MIN, at(1), at(4)));
        assert_eq!(watermark.on_timer(at(0)), None);
        assert_eq!(watermark.on_timer(at(3)), Some(reached(5)));
        assert_eq!((watermark.next_timer(), watermark.on_timer(at(3))), (at(2), Some(reached(6))));
        assert_eq!(watermark.on_timer(at(3)), None);
        assert_eq!((watermark.current(), watermark.next_timer()), (reached(6), at(4)));
        assert_eq!(watermark.on_timer(at(4)), Some(reached(9)));
        assert_eq!((watermark.next_timer(), watermark.on_timer(at(9))), (ProcTime::MAX, None));
        assert_eq!(SaidWatermark::new(Vec::new()).last(), ProcTime::MIN);
    }
}
