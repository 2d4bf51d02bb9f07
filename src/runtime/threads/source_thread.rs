//! The body of a source's thread: it takes steps as long as there is something to read, and waits where
//! there is not.

use crate::runtime::threads::batch::{Batch, Message};
use crate::runtime::threads::channel::{Left, Outlet};
use crate::runtime::threads::control::{Control, Phase};
use crate::runtime::threads::exchange::Exchange;
use crate::runtime::threads::meter::Meter;
use crate::runtime::threads::order::SourceOrder;
use crate::runtime::threads::source_task::{SourceTally, SourceTask};
use crate::time::ProcTime;

/// What is left of a source when it has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEnd {
    /// When it took its steps.
    pub order: SourceOrder,
    /// What it read.
    pub tally: SourceTally,
    /// Records that said nothing about event time, because theirs was in the future.
    pub skewed: u64,
}

/// The thread of one source.
#[derive(Debug)]
pub struct SourceThread {
    /// The machine.
    pub task: SourceTask,
    /// Its end of the exchange.
    pub exchange: Exchange,
    /// A channel to every window task.
    pub outlets: Vec<Outlet<Batch>>,
}

impl SourceThread {
    /// Reads to the end, or until it is stopped.
    ///
    /// # Errors
    /// When a window task is gone or the run is cancelled.
    pub fn run(mut self, control: &Control, meter: &Meter) -> Result<SourceEnd, Left> {
        let mut order = SourceOrder::default();
        let mut is_reading = true;
        loop {
            let (phase, version) = control.phase();
            match phase {
                Phase::Running => {}
                Phase::Paused => {
                    meter.idle(|| control.wait(None, version));
                    continue;
                }
                Phase::Stopping => {
                    order.was_stopped = is_reading;
                    break;
                }
                Phase::Cancelled => return Err(Left::Cancelled),
            }
            let now = control.now();
            order.steps.push(now);
            let read = self.task.step(now, &mut self.exchange);
            meter.add_handled(read as u64);
            self.send(meter)?;
            let wakes_at = self.task.wakes_at();
            if is_reading && (self.task.has_ended() || wakes_at == ProcTime::MAX) {
                is_reading = false;
                control.source_has_read_all();
            }
            if !is_reading && self.is_done(control, wakes_at) {
                break;
            }
            if wakes_at > now {
                meter.idle(|| control.wait(Some(wakes_at), version));
            }
        }
        if is_reading {
            control.source_has_read_all();
        }
        if !order.was_stopped {
            self.task.finish(&mut self.exchange);
            self.send(meter)?;
        }
        for outlet in &self.outlets {
            outlet.send(Message::End, meter)?;
        }
        Ok(SourceEnd { order, tally: self.task.tally(), skewed: self.task.skewed() })
    }

    /// Time goes on until the last record of the stream has been read. A source that has come to the
    /// end of its own may still fall idle by then, or follow the clock.
    fn is_done(&self, control: &Control, wakes_at: ProcTime) -> bool {
        wakes_at == ProcTime::MAX || self.task.sends_final_watermark() || !control.is_any_source_reading()
    }

    fn send(&mut self, meter: &Meter) -> Result<(), Left> {
        for (outlet, batch) in self.outlets.iter().zip(self.exchange.take()) {
            if let Some(batch) = batch {
                outlet.send(Message::Data(batch), meter)?;
            }
        }
        Ok(())
    }
}
