//! The two ends of the bounded channels between threads: a sender that blocks while there is no room,
//! and a receiver that takes from several channels whatever is there.
//!
//! Who waits is measured, and waits no longer when the run is cancelled. A sender that is gone without
//! having said that it came to its end has failed, and so has a receiver that is gone.

use std::convert::Infallible;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Select, Sender, TryRecvError, TrySendError};

use crate::runtime::threads::batch::Message;
use crate::runtime::threads::clock::Duration;
use crate::runtime::threads::meter::{Depth, Meter};

/// Why a thread left before its work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The run was cancelled.
    Cancelled,
    /// A thread that sends to this one is gone.
    SenderGone,
    /// A thread that this one sends to is gone.
    ReceiverGone,
    /// What takes the panes wants no more.
    SinkClosed,
}

/// The sending end of one channel.
#[derive(Debug)]
pub struct Outlet<T> {
    sender: Sender<Message<T>>,
    depth: Arc<Depth>,
    cancelled: Receiver<Infallible>,
}

/// The receiving end of one channel, to be put into an [`Inbox`].
#[derive(Debug)]
pub struct Inlet<T> {
    receiver: Receiver<Message<T>>,
    depth: Arc<Depth>,
}

/// A channel that holds so many messages.
pub fn channel<T>(capacity: usize, cancelled: Receiver<Infallible>) -> (Outlet<T>, Inlet<T>, Arc<Depth>) {
    let (sender, receiver) = crossbeam_channel::bounded(capacity);
    let depth = Arc::new(Depth::default());
    let outlet = Outlet { sender, depth: Arc::clone(&depth), cancelled };
    (outlet, Inlet { receiver, depth: Arc::clone(&depth) }, depth)
}

impl<T> Outlet<T> {
    /// Sends a message, waiting while the channel is full.
    ///
    /// # Errors
    /// When the receiver is gone or the run is cancelled; the message is lost.
    pub fn send(&self, message: Message<T>, meter: &Meter) -> Result<(), Left> {
        match self.sender.try_send(message) {
            Ok(()) => {}
            Err(TrySendError::Disconnected(_)) => return Err(Left::ReceiverGone),
            Err(TrySendError::Full(message)) => meter.blocked(|| {
                crossbeam_channel::select! {
                    send(self.sender, message) -> sent => sent.map_err(|_| Left::ReceiverGone),
                    recv(self.cancelled) -> _ => Err(Left::Cancelled),
                }
            })?,
        }
        self.depth.send();
        Ok(())
    }
}

/// The receiving ends of all channels of one thread.
#[derive(Debug)]
pub struct Inbox<T> {
    /// `None` once the sender has come to its end.
    channels: Vec<Option<Inlet<T>>>,
    cancelled: Receiver<Infallible>,
    /// Where the next look around starts, so that every channel has its turn.
    turn: usize,
}

/// What came to an inbox.
#[derive(Clone, Debug, PartialEq)]
pub enum Received<T> {
    /// A message, through this channel.
    Message(usize, Message<T>),
    /// Nothing in the time given.
    Nothing,
    /// Every sender has come to its end.
    AllEnded,
}

impl<T> Inbox<T> {
    /// An inbox over these channels.
    pub fn new(channels: Vec<Inlet<T>>, cancelled: Receiver<Infallible>) -> Self {
        Self { channels: channels.into_iter().map(Some).collect(), cancelled, turn: 0 }
    }

    /// Takes the next message, waiting for it if need be, but no longer than `patience`.
    ///
    /// # Errors
    /// When a sender is gone without having come to its end, or the run is cancelled.
    pub fn receive(&mut self, patience: Option<Duration>, meter: &Meter) -> Result<Received<T>, Left> {
        for _ in 0..self.channels.len() {
            let channel = self.turn;
            self.turn = (self.turn + 1) % self.channels.len();
            let Some(inlet) = &self.channels[channel] else { continue };
            match inlet.receiver.try_recv() {
                Ok(message) => return Ok(self.took(channel, message)),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return Err(Left::SenderGone),
            }
        }
        meter.idle(|| self.wait(patience))
    }

    fn wait(&mut self, patience: Option<Duration>) -> Result<Received<T>, Left> {
        let mut open = self.channels.iter().enumerate().filter_map(|(i, inlet)| Some((i, inlet.as_ref()?)));
        let Some(first) = open.next() else { return Ok(Received::AllEnded) };
        let mut select = Select::new();
        let mut places = vec![first.0];
        select.recv(&first.1.receiver);
        for (place, inlet) in open {
            select.recv(&inlet.receiver);
            places.push(place);
        }
        let cancelled = select.recv(&self.cancelled);
        let ready = match patience {
            None => select.select(),
            Some(patience) => match select.select_timeout(patience) {
                Ok(ready) => ready,
                Err(_) => return Ok(Received::Nothing),
            },
        };
        if ready.index() == cancelled {
            // Nothing is ever sent here; it is ready because it is closed.
            let _ = ready.recv(&self.cancelled);
            return Err(Left::Cancelled);
        }
        let channel = places[ready.index()];
        let Some(inlet) = &self.channels[channel] else { return Ok(Received::Nothing) };
        match ready.recv(&inlet.receiver) {
            Ok(message) => Ok(self.took(channel, message)),
            Err(_) => Err(Left::SenderGone),
        }
    }

    fn took(&mut self, channel: usize, message: Message<T>) -> Received<T> {
        if let Some(inlet) = &self.channels[channel] {
            inlet.depth.take();
        }
        if matches!(message, Message::End) {
            self.channels[channel] = None;
        }
        Received::Message(channel, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::threads::clock::WallClock;

    fn meter() -> Meter {
        Meter::new(WallClock::start())
    }

    /// Two channels of two messages each into one inbox, and what cancels them when it is dropped.
    fn two() -> (Vec<Outlet<u32>>, Inbox<u32>, Sender<Infallible>) {
        let (cancel, cancelled) = crossbeam_channel::bounded(0);
        let (outlets, inlets): (Vec<_>, Vec<_>) = (0..2)
            .map(|_| {
                let (outlet, inlet, _) = channel(2, cancelled.clone());
                (outlet, inlet)
            })
            .unzip();
        (outlets, Inbox::new(inlets, cancelled), cancel)
    }

    #[test]
    fn channels_take_turns_and_end_one_by_one() {
        let (outlets, mut inbox, _cancel) = two();
        let meter = meter();
        for (channel, message) in [(0, Message::Data(1)), (0, Message::End), (1, Message::Data(2))] {
            outlets[channel].send(message, &meter).expect("there is room");
        }
        let mut receive = || inbox.receive(Some(Duration::ZERO), &meter).expect("nobody has failed");
        assert_eq!(receive(), Received::Message(0, Message::Data(1)));
        assert_eq!(receive(), Received::Message(1, Message::Data(2)));
        assert_eq!(receive(), Received::Message(0, Message::End));
        assert_eq!(receive(), Received::Nothing);
        outlets[1].send(Message::End, &meter).expect("there is room");
        assert_eq!(receive(), Received::Message(1, Message::End));
        assert_eq!(receive(), Received::AllEnded);
    }

    #[test]
    fn who_is_gone_without_a_word_has_failed() {
        let (mut outlets, mut inbox, _cancel) = two();
        let meter = meter();
        outlets[1].send(Message::Data(5), &meter).expect("there is room");
        outlets.pop();
        assert_eq!(inbox.receive(None, &meter), Ok(Received::Message(1, Message::Data(5))));
        assert_eq!(inbox.receive(None, &meter), Err(Left::SenderGone));
        drop(inbox);
        assert_eq!(outlets[0].send(Message::Data(5), &meter), Err(Left::ReceiverGone));
    }

    #[test]
    fn cancelling_ends_every_wait() {
        let (outlets, mut inbox, cancel) = two();
        let meter = meter();
        (0..2).for_each(|message| outlets[0].send(Message::Data(message), &meter).expect("there is room"));
        drop(cancel);
        assert_eq!(outlets[0].send(Message::Data(2), &meter), Err(Left::Cancelled), "it is full");
        let received: Vec<_> = (0..3).map(|_| inbox.receive(None, &meter)).collect();
        let data = |message| Ok(Received::Message(0, Message::Data(message)));
        assert_eq!(received, [data(0), data(1), Err(Left::Cancelled)]);
    }
}
