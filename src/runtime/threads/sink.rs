//! The sink: one thread that takes the panes of all window tasks and hands them to whoever wants them.

use crossbeam_channel::Sender;

use crate::runtime::threads::batch::Message;
use crate::runtime::threads::channel::{Inbox, Left, Received};
use crate::runtime::threads::control::Control;
use crate::runtime::threads::meter::Meter;
use crate::runtime::threads::order::Runs;
use crate::runtime::threads::work::Worker;
use crate::state::TaskIndex;

/// What takes the panes wants no more of them; the run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkClosed;

/// What takes the panes of a run. It is called on the thread of the sink; as long as it does not
/// return, window tasks wait, and before long the sources too.
pub trait PaneSink<E>: Send + 'static {
    /// Takes panes of one window task, in order; not empty.
    ///
    /// # Errors
    /// When it wants no more; it is not called again.
    fn take(&mut self, task: TaskIndex, panes: Vec<E>) -> Result<(), SinkClosed>;
}

/// Keeps all panes, by window task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByTask<E>(pub Vec<Vec<E>>);

impl<E: Send + 'static> PaneSink<E> for ByTask<E> {
    fn take(&mut self, task: TaskIndex, panes: Vec<E>) -> Result<(), SinkClosed> {
        if self.0.len() <= task.index() {
            self.0.resize_with(task.index() + 1, Vec::new);
        }
        self.0[task.index()].extend(panes);
        Ok(())
    }
}

/// Hands panes on; closed when the receiver is gone.
impl<E: Send + 'static> PaneSink<E> for Sender<(TaskIndex, Vec<E>)> {
    fn take(&mut self, task: TaskIndex, panes: Vec<E>) -> Result<(), SinkClosed> {
        self.send((task, panes)).map_err(|_| SinkClosed)
    }
}

/// The body of the sink's thread: the sink, and from which window task each pane came.
///
/// # Errors
/// When a window task is gone, the sink wants no more, or the run is cancelled.
pub fn run<E, S: PaneSink<E>>(
    mut sink: S,
    mut inbox: Inbox<Vec<E>>,
    mut worker: Worker,
    control: &Control,
    meter: &Meter,
) -> Result<(S, Runs), Left> {
    let mut order = Runs::default();
    let mut taken = 0_u32;
    loop {
        match inbox.receive(None, meter)? {
            Received::Message(task, Message::Data(panes)) => {
                // There are at most 64 tasks, and a batch has fewer than 2^32 panes.
                let (task, count) = (task as u32, panes.len() as u32);
                let since = control.now();
                for _ in 0..count {
                    worker.work(taken, since, control)?;
                    taken = taken.wrapping_add(1);
                }
                sink.take(TaskIndex(task), panes).map_err(|SinkClosed| Left::SinkClosed)?;
                order.push(task, count);
                meter.add_panes(u64::from(count));
            }
            Received::Message(_, Message::End) | Received::Nothing => {}
            Received::AllEnded => return Ok((sink, order)),
        }
    }
}
