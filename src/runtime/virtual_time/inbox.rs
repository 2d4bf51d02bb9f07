//! What waits in front of a task: one bounded channel from every sender.
//!
//! Elements of one channel stay in order. The task takes the one that was sent first of all, as if
//! the channels were served in order of arrival. A waiting record (or part of a window) takes a
//! credit; watermarks and statuses travel with the records and take none.

use std::collections::VecDeque;

use crate::record::RecordId;
use crate::time::{EventTime, ProcTime};
use crate::watermark::InputStatus;

/// A record on its way through a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Which record, by its place in order of arrival.
    pub id: RecordId,
    /// The event time that it is handled under.
    pub event_time: EventTime,
    /// When it was put into the channel.
    pub enqueued: ProcTime,
    /// The source task that read it, or [`TaskId::NO_TASK`](crate::runtime::TaskId::NO_TASK).
    pub source: u16,
}

/// A watermark on its way through a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The watermark.
    pub watermark: EventTime,
    /// The record that it goes back to; `None` when the clock raised it.
    pub raised_by: Option<RecordId>,
    /// The record that it was sent right after; `None` when a timer sent it.
    pub cause: Option<RecordId>,
}

/// What travels through a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// A record.
    Record(Sent),
    /// A watermark.
    Watermark(Mark),
    /// The sender went idle or woke up.
    Status(InputStatus),
    /// All before it belongs to the checkpoint of this number.
    Barrier(u32),
}

/// What some of which takes a credit while it waits.
pub trait Credited {
    /// Whether this does.
    fn takes_credit(&self) -> bool;
}

impl Credited for Element {
    #[inline]
    fn takes_credit(&self) -> bool {
        matches!(self, Self::Record(_))
    }
}

/// The channels of one task.
#[derive(Clone, Debug)]
pub struct Inbox<T = Element> {
    /// Of all channels, in order of sending, each with its channel.
    waiting: VecDeque<(u32, T)>,
    /// Of channels that are held back, in order of sending; all sent before what waits in the same channel.
    held: VecDeque<(u32, T)>,
    /// By channel: what in it takes a credit.
    credited: Vec<u32>,
}

impl<T: Credited> Inbox<T> {
    /// So many empty channels.
    pub fn new(channels: usize) -> Self {
        Self { waiting: VecDeque::new(), held: VecDeque::new(), credited: vec![0; channels] }
    }

    /// What waits in a channel and takes a credit.
    #[inline]
    pub fn credited_in(&self, channel: usize) -> u32 {
        self.credited[channel]
    }

    /// What waits in all channels and takes a credit.
    pub fn credited(&self) -> usize {
        self.credited.iter().map(|&credited| credited as usize).sum()
    }

    /// Everything that waits, in order of sending.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.held.iter().chain(&self.waiting).map(|(_, element)| element)
    }

    /// Whether nothing waits, not even a watermark, but for what is held back.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether something is held back.
    #[inline]
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Holds an element back that was sent through this channel last of all that does not wait there.
    pub fn hold(&mut self, channel: usize, element: T) {
        self.credited[channel] += u32::from(element.takes_credit());
        self.held.push_back((channel as u32, element));
    }

    /// What was held back waits again, in front. Whether there was something.
    pub fn release(&mut self) -> bool {
        let held = self.holds();
        while let Some(last) = self.held.pop_back() {
            self.waiting.push_front(last);
        }
        held
    }

    /// Throws everything away.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.held.clear();
        self.credited.fill(0);
    }

    /// Puts an element at the end of a channel. Whether there is credit is the caller's to ask.
    #[inline]
    pub fn push(&mut self, channel: usize, element: T) {
        self.credited[channel] += u32::from(element.takes_credit());
        // At most MAX_TASKS channels.
        self.waiting.push_back((channel as u32, element));
    }

    /// Takes what was sent first, and says through which channel.
    #[inline]
    pub fn pop(&mut self) -> Option<(usize, T)> {
        let (channel, element) = self.waiting.pop_front()?;
        let channel = channel as usize;
        self.credited[channel] -= u32::from(element.takes_credit());
        Some((channel, element))
    }
}

impl Inbox {
    /// Keeps only those elements for which `keeps` says so; asked in order of sending, by channel. Only what
    /// takes no credit may go.
    pub fn retain(&mut self, mut keeps: impl FnMut(usize, &Element) -> bool) {
        self.waiting.retain(|(channel, element)| keeps(*channel as usize, element));
    }

    /// Takes what was sent first if it is a record, and says through which channel.
    #[inline]
    pub fn pop_record(&mut self) -> Option<(usize, Sent)> {
        // Looked at in place: an element that is moved as a whole is copied twice.
        let &(channel, Element::Record(sent)) = self.waiting.front()? else { return None };
        self.waiting.pop_front();
        self.credited[channel as usize] -= 1;
        Some((channel as usize, sent))
    }

    /// Takes the record out that has waited longest in a channel; what travels around it stays. O(n).
    pub fn remove_oldest(&mut self, channel: usize) -> Option<Sent> {
        let is_first =
            |&(of, element): &(u32, Element)| of as usize == channel && matches!(element, Element::Record(_));
        let queue = if self.held.iter().any(is_first) { &mut self.held } else { &mut self.waiting };
        let place = queue.iter().position(is_first)?;
        match queue.remove(place) {
            Some((_, Element::Record(sent))) => {
                self.credited[channel] -= 1;
                Some(sent)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: u32) -> Element {
        Element::Record(Sent { id: RecordId(id), event_time: EventTime::EPOCH, enqueued: ProcTime::EPOCH, source: 0 })
    }

    const MARK: Element = Element::Watermark(Mark { watermark: EventTime::EPOCH, raised_by: None, cause: None });

    #[test]
    fn channels_are_served_in_order_of_sending_and_only_records_take_credit() {
        let mut inbox = Inbox::new(2);
        inbox.push(1, record(0));
        inbox.push(0, MARK);
        inbox.push(0, record(1));
        inbox.push(1, record(2));
        assert_eq!((inbox.credited_in(0), inbox.credited_in(1), inbox.credited()), (1, 2, 3));
        let order: Vec<(usize, Element)> = std::iter::from_fn(|| inbox.pop()).collect();
        assert_eq!(order, [(1, record(0)), (0, MARK), (0, record(1)), (1, record(2))]);
        assert!(inbox.is_empty());
        assert_eq!(inbox.credited(), 0);
    }

    #[test]
    fn the_oldest_record_leaves_and_the_watermark_before_it_stays() {
        let mut inbox = Inbox::new(1);
        inbox.push(0, MARK);
        inbox.push(0, record(0));
        inbox.push(0, record(1));
        assert_eq!(inbox.remove_oldest(0).map(|sent| sent.id), Some(RecordId(0)));
        assert_eq!(inbox.credited_in(0), 1);
        assert_eq!(inbox.pop_record(), None, "the watermark is before it");
        assert_eq!(inbox.pop(), Some((0, MARK)));
        assert_eq!(inbox.pop_record().map(|(channel, sent)| (channel, sent.id)), Some((0, RecordId(1))));
        assert_eq!((inbox.pop_record(), inbox.credited()), (None, 0));
        assert_eq!(inbox.remove_oldest(0), None);
    }
}
