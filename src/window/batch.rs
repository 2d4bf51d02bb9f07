//! Many records at once, with the watermark after every single one: the same as calling the
//! operator once per record, but the kind of window is looked at once per batch.

use crate::record::Record;
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::Accumulator;
use crate::window::aligned::AlignedWindows;
use crate::window::operator::{Advance, Outcome, WindowOperator};
use crate::window::session::SessionWindows;
use crate::window::sink::WindowSink;
use crate::window::sliced::SlicedWindows;

/// What became of the records of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that were counted in at least one window.
    pub counted: u64,
    /// Records of which every window was gone.
    pub gone: u64,
    /// Records that fall in no window (slide > size).
    pub unassigned: u64,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.counted += u64::from(outcome.counted > 0);
        self.gone += u64::from(outcome.counted == 0 && outcome.assigned > 0);
        self.unassigned += u64::from(outcome.assigned == 0);
    }
}

impl<A: Accumulator> WindowOperator<A> {
    /// Counts records one after the other, each followed by the watermark that it raises:
    /// `watermark_after` is asked for it once per record, in order, and never goes back.
    pub fn on_batch<S, W>(&mut self, records: &[Record], now: ProcTime, watermark_after: W, sink: &mut S) -> Tally
    where
        S: WindowSink,
        W: FnMut(&Record) -> Option<EventTime>,
    {
        match self {
            Self::Aligned(windows) => batch(&mut **windows, records, now, watermark_after, sink),
            Self::Sliced(windows) => batch(&mut **windows, records, now, watermark_after, sink),
            Self::Session(windows) => batch(&mut **windows, records, now, watermark_after, sink),
            Self::General(_) | Self::Beam(_) | Self::Kafka(_) | Self::Azure(_) => {
                batch(self, records, now, watermark_after, sink)
            }
        }
    }
}

/// What all kinds of windows have in common.
trait Windows {
    fn count_plainly<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> bool;
    fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome;
    fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S);
}

macro_rules! windows {
    ($name:ident) => {
        impl<A: Accumulator> Windows for $name<A> {
            #[inline]
            fn count_plainly<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> bool {
                Self::count_plainly(self, record, now, sink)
            }

            #[inline]
            fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
                Self::on_record(self, record, now, sink)
            }

            #[inline]
            fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
                Self::on_watermark(self, advance, sink);
            }
        }
    };
}

impl<A: Accumulator> Windows for WindowOperator<A> {
    fn count_plainly<S: WindowSink>(&mut self, _: &Record, _: ProcTime, _: &mut S) -> bool {
        false
    }

    fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        Self::on_record(self, record, now, sink)
    }

    fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        Self::on_watermark(self, advance, sink);
    }
}

windows!(AlignedWindows);
windows!(SlicedWindows);
windows!(SessionWindows);

fn batch<O, S, W>(windows: &mut O, records: &[Record], now: ProcTime, mut watermark_after: W, sink: &mut S) -> Tally
where
    O: Windows,
    S: WindowSink,
    W: FnMut(&Record) -> Option<EventTime>,
{
    let mut tally = Tally::default();
    let mut others = 0;
    for record in records {
        if !windows.count_plainly(record, now, sink) {
            tally.add(windows.on_record(record, now, sink));
            others += 1;
        }
        if let Some(watermark) = watermark_after(record) {
            windows.on_watermark(&Advance { watermark, now, cause: Some(record.id) }, sink);
        }
    }
    tally.counted += records.len() as u64 - others;
    tally
}
