//! Timers of event time by key, given out in one total order: instant, then key.
//!
//! A calendar queue (Brown, Calendar queues, 1988): time is cut into buckets of equal width, and a
//! timer is put into its bucket without a comparison. When the watermark gets to a bucket, its owner
//! is asked of each timer whether it is still due there: most have moved on by then, and go to a
//! later bucket unsorted. Only those that stay are sorted. What is due beyond the wheel's reach
//! waits in an ordered map by half turns of the wheel. A timer that is no longer wanted may be left
//! to come up and be ignored by its owner.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::record::KeyId;
use crate::time::{EventTime, Span};
use crate::window::bit_ring::BitRing;

/// When to look at a key again. Ordered by instant, then key, so that ties have one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// The watermark at which it is due.
    pub due: EventTime,
    /// Whose timer.
    pub key: KeyId,
}

/// Buckets in the wheel: a power of two, at most 64 times 64. A bucket takes 4 bytes and a bit.
const BUCKETS: i64 = 1_024;
/// What is due within this many buckets of the cursor, or up to twice as many, is in the wheel.
const HALF_TURN: i64 = BUCKETS / 2;
/// Buckets over the distance that timers are usually set ahead. More of them make every watermark
/// look at more buckets; fewer of them sort more timers.
const BUCKETS_AHEAD: i64 = 128;

const WORDS: usize = BUCKETS as usize / 64;

const NO_NODE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    timer: Timer,
    /// The next one of the bucket, or of the free ones.
    next: u32,
}

/// Timers in order.
#[derive(Clone, Debug)]
pub struct TimerWheel {
    /// Base-2 logarithm of a bucket's width in microseconds.
    shift: u32,
    /// Timers of this bucket and of those before are sorted; those of later ones are not.
    cursor: i64,
    soon: BinaryHeap<Reverse<Timer>>,
    /// By bucket modulo their number: the first node.
    heads: Vec<u32>,
    occupied: BitRing<WORDS>,
    nodes: Vec<Node>,
    free: u32,
    /// Timers beyond the wheel's reach, by half turn.
    far: BTreeMap<i64, Vec<Timer>>,
    /// No timer is due before.
    next_due: EventTime,
    len: usize,
}

impl TimerWheel {
    /// No timers. `usual` is how far ahead of the watermark they are usually set; not negative.
    pub fn new(usual: Span) -> Self {
        let width = (usual.micros() / BUCKETS_AHEAD) as u64 + 1;
        Self {
            shift: width.next_power_of_two().trailing_zeros(),
            cursor: 0,
            soon: BinaryHeap::new(),
            heads: vec![NO_NODE; BUCKETS as usize],
            occupied: BitRing::default(),
            nodes: Vec::new(),
            free: NO_NODE,
            far: BTreeMap::new(),
            next_due: EventTime::MAX,
            len: 0,
        }
    }

    /// No timer is due before this, and perhaps none then; [`EventTime::MAX`] when there is none.
    #[inline]
    pub const fn next_due(&self) -> EventTime {
        self.next_due
    }

    /// Bytes of memory that this holds, used or not; the ordered map is not counted.
    pub fn bytes(&self) -> usize {
        let far: usize = self.far.values().map(Vec::capacity).sum();
        (self.soon.capacity() + far) * size_of::<Timer>()
            + self.heads.capacity() * size_of::<u32>()
            + self.nodes.capacity() * size_of::<Node>()
            + size_of::<BitRing<WORDS>>()
    }

    /// Sets a timer.
    pub fn set(&mut self, timer: Timer) {
        let bucket = self.bucket_of(timer.due);
        if self.len == 0 {
            // Others may come that are due a little earlier.
            self.cursor = self.cursor.max(bucket.saturating_sub(HALF_TURN / 2));
        }
        self.len += 1;
        self.next_due = self.next_due.min(timer.due);
        if bucket <= self.cursor {
            self.soon.push(Reverse(timer));
        } else if self.is_near(bucket) {
            self.link_new(bucket, timer);
        } else {
            self.far.entry(bucket.div_euclid(HALF_TURN)).or_default().push(timer);
        }
    }

    /// Takes out the first timer that is due at `watermark`. `look` is asked about timers that come
    /// near: when the owner wants to be called instead, which is not before the timer is due, or
    /// `None` for not at all.
    pub fn pop(&mut self, watermark: EventTime, mut look: impl FnMut(Timer) -> Option<EventTime>) -> Option<Timer> {
        loop {
            let soon = self.soon.peek().map_or(EventTime::MAX, |Reverse(timer)| timer.due);
            if soon <= watermark
                && let Some(Reverse(timer)) = self.soon.pop()
            {
                self.len -= 1;
                return Some(timer);
            }
            let next = self.next_bucket();
            let wheel = next.map_or(EventTime::MAX, |bucket| self.start_of(bucket));
            match next {
                Some(bucket) if wheel <= watermark => self.open(bucket, &mut look),
                _ => {
                    self.next_due = soon.min(wheel);
                    return None;
                }
            }
        }
    }

    /// The earliest instant at which an owner wants to be called, if `look` gives the instant for
    /// each timer, as in [`TimerWheel::pop`]; [`EventTime::MAX`] for never.
    pub fn first_due(&self, look: impl Fn(Timer) -> Option<EventTime>) -> EventTime {
        let earlier = |first: EventTime, timer| first.min(look(timer).unwrap_or(EventTime::MAX));
        let mut first = self.soon.iter().fold(EventTime::MAX, |first, &Reverse(timer)| earlier(first, timer));
        let mut after = self.cursor + 1;
        while let Some(bucket) = self.next_near(after).filter(|&bucket| self.start_of(bucket) < first) {
            let mut place = self.heads[bucket.rem_euclid(BUCKETS) as usize];
            while let Some(node) = self.nodes.get(place as usize) {
                first = earlier(first, node.timer);
                place = node.next;
            }
            after = bucket + 1;
        }
        let far = self.far.iter().take_while(|&(&half_turn, _)| self.start_of(half_turn * HALF_TURN) < first);
        far.flat_map(|(_, timers)| timers).fold(first, |first, &timer| earlier(first, timer))
    }

    const fn bucket_of(&self, due: EventTime) -> i64 {
        due.micros() >> self.shift
    }

    const fn start_of(&self, bucket: i64) -> EventTime {
        EventTime::from_micros(bucket << self.shift)
    }

    /// Whether a bucket behind the cursor is in the wheel: of the cursor's half turn or the next.
    const fn is_near(&self, bucket: i64) -> bool {
        bucket.div_euclid(HALF_TURN) <= self.cursor.div_euclid(HALF_TURN) + 1
    }

    /// The first bucket behind the cursor that may have a timer; of far ones, where their half turn
    /// begins.
    fn next_bucket(&self) -> Option<i64> {
        let far = || self.far.first_key_value().map(|(&half_turn, _)| half_turn * HALF_TURN);
        self.next_near(self.cursor + 1).or_else(far)
    }

    /// The first bucket in the wheel from `after` on that has a timer.
    fn next_near(&self, after: i64) -> Option<i64> {
        let steps = self.occupied.next_from(after.rem_euclid(BUCKETS) as usize)? as i64;
        (after + steps - self.cursor <= BUCKETS).then_some(after + steps)
    }

    /// Moves the cursor to a bucket and sorts what is due there.
    fn open(&mut self, bucket: i64, look: &mut impl FnMut(Timer) -> Option<EventTime>) {
        self.cursor = bucket;
        let slot = bucket.rem_euclid(BUCKETS) as usize;
        self.occupied.clear(slot);
        let mut place = std::mem::replace(&mut self.heads[slot], NO_NODE);
        while let Some(&Node { timer, next }) = self.nodes.get(place as usize) {
            match look(timer) {
                Some(due) if self.bucket_of(due) > self.cursor && self.is_near(self.bucket_of(due)) => {
                    self.nodes[place as usize].timer.due = due;
                    self.link(self.bucket_of(due), place);
                }
                later => {
                    self.nodes[place as usize].next = self.free;
                    self.free = place;
                    self.len -= 1;
                    if let Some(due) = later {
                        self.set(Timer { due, key: timer.key });
                    }
                }
            }
            place = next;
        }
        while let Some(half_turn) = self.far.first_entry() {
            if *half_turn.key() > bucket.div_euclid(HALF_TURN) + 1 {
                break;
            }
            for timer in half_turn.remove() {
                self.len -= 1;
                self.set(timer);
            }
        }
    }

    fn link_new(&mut self, bucket: i64, timer: Timer) {
        let mut place = self.free;
        if let Some(node) = self.nodes.get_mut(place as usize) {
            self.free = node.next;
            node.timer = timer;
        } else {
            // One per key and a few, so there are fewer than 2^32 of them.
            place = self.nodes.len() as u32;
            self.nodes.push(Node { timer, next: NO_NODE });
        }
        self.link(bucket, place);
    }

    #[inline]
    fn link(&mut self, bucket: i64, place: u32) {
        let slot = bucket.rem_euclid(BUCKETS) as usize;
        self.occupied.set(slot);
        let head = &mut self.heads[slot];
        self.nodes[place as usize].next = std::mem::replace(head, place);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Numbers below a limit, the same in every run (Knuth's MMIX generator).
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % limit
        }
    }

    fn timer(due: i64, key: u32) -> Timer {
        Timer { due: EventTime::from_micros(due), key: KeyId(key) }
    }

    /// Sets timers up to `ahead` after the watermark, which takes steps up to `step`, and compares with an ordered set.
    fn check(usual: i64, start: i64, ahead: u64, step: u64) {
        let mut random = Random(usual as u64);
        let mut wheel = TimerWheel::new(Span::from_micros(usual));
        let mut expected = BTreeSet::new();
        let mut watermark = start;
        for round in 0..3_000 {
            for _ in 0..random.below(4) {
                let timer = timer(watermark + 1 + random.below(ahead) as i64, random.below(5) as u32);
                if expected.insert(timer) {
                    wheel.set(timer);
                }
            }
            watermark += random.below(step) as i64;
            // Now and then all there is.
            let to =
                EventTime::from_micros(if round % 1_000 == 999 { watermark + 2 * ahead as i64 } else { watermark });
            let first = expected.first().map_or(EventTime::MAX, |timer| timer.due);
            assert!(wheel.next_due() <= first);
            assert_eq!(wheel.first_due(|timer| Some(timer.due)), first);
            assert_eq!(wheel.len, expected.len());
            let found: Vec<Timer> = std::iter::from_fn(|| wheel.pop(to, |timer| Some(timer.due))).collect();
            let due: Vec<Timer> = expected.iter().copied().take_while(|timer| timer.due <= to).collect();
            expected.retain(|timer| timer.due > to);
            assert_eq!(found, due);
            watermark = watermark.max(found.last().map_or(watermark, |timer| timer.due.micros()));
        }
    }

    #[test]
    fn timers_come_up_in_order_of_instant_then_key() {
        for start in [0, -1_000_000_007, 1_000_000_000_000_000] {
            check(100, start, 120, 30);
            check(2_000_000, start, 2_500_000, 1_000);
            check(2_000_000, start, 2_500_000, 1_000_000);
        }
    }

    #[test]
    fn timers_may_be_far_ahead_and_the_watermark_may_jump() {
        for start in [0, -1_000_000_007, 1_000_000_000_000_000] {
            check(10, start, 100_000, 3_000);
            check(1_000, start, 1_000_000, 100);
            check(1_000, start, 1_000_000, 1_000_000);
        }
    }

    #[test]
    fn owners_that_have_moved_on_are_not_called_and_their_timers_follow() {
        let mut random = Random(7);
        let mut wheel = TimerWheel::new(Span::from_micros(1_000));
        // When each key wants to be called; timers are never set again by hand.
        let mut wanted: Vec<i64> = (0..50).map(|key| 1_000 + key * 10).collect();
        let mut armed = wanted.clone();
        wanted.iter().zip(0..).for_each(|(&due, key)| wheel.set(timer(due, key)));
        let mut calls = Vec::new();
        for watermark in 0..20_000 {
            let key = random.below(50) as usize;
            if watermark < 10_000 && wanted[key] > watermark {
                wanted[key] = wanted[key].max(watermark + 1_000);
            }
            let first = wanted.iter().copied().filter(|&due| due > watermark - 1).min();
            let first = first.map_or(EventTime::MAX, EventTime::from_micros);
            let look = |wanted: &[i64], timer: Timer| Some(EventTime::from_micros(wanted[timer.key.index()]));
            assert_eq!(wheel.first_due(|timer| look(&wanted, timer)), first);
            loop {
                let found = wheel.pop(EventTime::from_micros(watermark), |timer| {
                    armed[timer.key.index()] = wanted[timer.key.index()];
                    look(&wanted, timer)
                });
                let Some(Timer { due, key }) = found else { break };
                assert_eq!(due.micros(), armed[key.index()]);
                if wanted[key.index()] > due.micros() {
                    // It moved on after it had been sorted.
                    armed[key.index()] = wanted[key.index()];
                    wheel.set(timer(wanted[key.index()], key.0));
                } else {
                    calls.push((due.micros(), key.0));
                    assert_eq!(due.micros(), watermark);
                }
            }
        }
        assert_eq!(calls.len(), 50);
        assert!(calls.is_sorted() && wheel.soon.is_empty() && wheel.len == 0);
    }

    #[test]
    fn timers_that_nobody_wants_are_forgotten() {
        let mut wheel = TimerWheel::new(Span::from_micros(1_000));
        (0..10).for_each(|key| wheel.set(timer(5_000 + i64::from(key), key)));
        assert_eq!(wheel.first_due(|timer| (timer.key.0 == 4).then_some(timer.due)), EventTime::from_micros(5_004));
        let mut pop = || wheel.pop(EventTime::from_micros(9_000), |timer| (timer.key.0 == 4).then_some(timer.due));
        assert_eq!((pop(), pop()), (Some(timer(5_004, 4)), None));
        assert_eq!((wheel.len, wheel.next_due()), (0, EventTime::MAX));
    }
}
