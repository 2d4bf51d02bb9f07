//! The body of a window task's thread: it takes batches from its channels in whatever order they come,
//! and writes that order down.

use crate::runtime::threads::batch::{Batch, Message};
use crate::runtime::threads::channel::{Inbox, Left, Outlet, Received};
use crate::runtime::threads::clock::Duration;
use crate::runtime::threads::control::Control;
use crate::runtime::threads::emission::{Emission, Emitter};
use crate::runtime::threads::meter::Meter;
use crate::runtime::threads::order::InputOrder;
use crate::runtime::threads::window_task::{WindowTally, WindowTask};
use crate::runtime::threads::work::Worker;
use crate::time::{ProcTime, Span};
use crate::window::aggregate::Accumulator;

/// A task that waits for an instant of processing time looks at the clock so often, because the speed
/// of the clock may change meanwhile.
const PATIENCE: Duration = Duration::from_millis(20);

/// What is left of a window task when it has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowEnd {
    /// In which order it got its input.
    pub order: InputOrder,
    /// What became of its records.
    pub tally: WindowTally,
    /// Windows that are kept and have never fired.
    pub unfired: u64,
}

/// The thread of one window task.
#[derive(Debug)]
pub struct WindowThread<A, E> {
    /// The machine.
    pub task: WindowTask<A>,
    /// A channel from every source.
    pub inbox: Inbox<Batch>,
    /// The channel to the sink.
    pub outlet: Outlet<Vec<E>>,
    /// Panes in a batch to the sink.
    pub batch_panes: usize,
    /// How long it takes for a record.
    pub worker: Worker,
}

impl<A: Accumulator, E: Emission> WindowThread<A, E> {
    /// Handles everything that comes, to the end of all sources.
    ///
    /// # Errors
    /// When a source or the sink is gone or the run is cancelled.
    pub fn run(mut self, control: &Control, meter: &Meter) -> Result<WindowEnd, Left> {
        let mut order = InputOrder::default();
        let mut emitter = Emitter::new(&self.outlet, self.batch_panes, meter);
        let mut last = ProcTime::MIN;
        loop {
            let patience = self.task.next_timer().map(|timer| {
                let left = control.until(timer + Span::from_micros(1)).unwrap_or(PATIENCE);
                left.min(PATIENCE)
            });
            let received = self.inbox.receive(patience, meter)?;
            if let Received::Message(_, Message::Data(batch)) = &received {
                let since = control.now();
                for record in &batch.records {
                    self.worker.work(record.id.0, since, control)?;
                }
            }
            let now = control.now().max(last);
            last = now;
            match received {
                Received::Message(channel, message) => {
                    // There are at most 64 channels.
                    order.push(channel as u32, now);
                    match message {
                        Message::Data(batch) => {
                            self.task.on_batch(channel, &batch, now, &mut emitter);
                            meter.add_handled(batch.records.len() as u64);
                            let tally = self.task.tally();
                            meter.say(self.task.watermark(), tally.dropped_late + tally.side_output);
                        }
                        Message::End => self.task.pass_time(now, &mut emitter),
                    }
                }
                Received::Nothing => self.task.pass_time(now, &mut emitter),
                Received::AllEnded => break,
            }
            emitter.flush()?;
        }
        self.outlet.send(Message::End, meter)?;
        Ok(WindowEnd { order, tally: *self.task.tally(), unfired: self.task.unfired() })
    }
}
