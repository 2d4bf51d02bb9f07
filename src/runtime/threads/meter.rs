//! Counters of a run on threads: what each thread has done, what it is doing now, and how full the
//! channels are. They are for looking at; no result depends on them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::runtime::threads::clock::WallClock;
use crate::time::EventTime;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It works.
    Busy,
    /// It waits for something to come.
    Idle,
    /// It waits for room in a channel.
    Blocked,
    /// It has come to its end.
    Ended,
}

/// The counters of one thread. Times are nanoseconds of the wall clock.
#[derive(Debug)]
pub struct Meter {
    wall: WallClock,
    handled: AtomicU64,
    panes: AtomicU64,
    late: AtomicU64,
    watermark: AtomicI64,
    idle: AtomicU64,
    blocked: AtomicU64,
    /// Since when it waits, 62 bits, and for what, 2 bits.
    waits: AtomicU64,
}

const WORKS: u64 = 0;
const IDLE: u64 = 1;
const BLOCKED: u64 = 2;
const ENDED: u64 = 3;

impl Meter {
    /// The counters of a thread that is about to start.
    pub const fn new(wall: WallClock) -> Self {
        Self {
            wall,
            handled: AtomicU64::new(0),
            panes: AtomicU64::new(0),
            late: AtomicU64::new(0),
            watermark: AtomicI64::new(EventTime::MIN.micros()),
            idle: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            waits: AtomicU64::new(WORKS),
        }
    }

    /// So many more records have been read or handled.
    pub fn add_handled(&self, records: u64) {
        self.handled.fetch_add(records, Ordering::Relaxed);
    }

    /// So many more panes have been sent or taken.
    pub fn add_panes(&self, panes: u64) {
        self.panes.fetch_add(panes, Ordering::Relaxed);
    }

    /// Its watermark, and how many records came too late for it.
    pub fn say(&self, watermark: EventTime, late: u64) {
        self.watermark.store(watermark.micros(), Ordering::Relaxed);
        self.late.store(late, Ordering::Relaxed);
    }

    /// Waits for something to come.
    pub fn idle<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.waiting(IDLE, &self.idle, wait)
    }

    /// Waits for room.
    pub fn blocked<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.waiting(BLOCKED, &self.blocked, wait)
    }

    /// The thread has come to its end.
    pub fn end(&self) {
        self.waits.store(self.wall.nanos() << 2 | ENDED, Ordering::Relaxed);
    }

    fn waiting<T>(&self, what: u64, total: &AtomicU64, wait: impl FnOnce() -> T) -> T {
        let since = self.wall.nanos();
        self.waits.store(since << 2 | what, Ordering::Relaxed);
        let result = wait();
        total.fetch_add(self.wall.nanos().saturating_sub(since), Ordering::Relaxed);
        self.waits.store(WORKS, Ordering::Relaxed);
        result
    }

    /// What the thread has done up to now. The parts are read one after the other, so they may be a
    /// moment apart.
    pub fn progress(&self, name: &str) -> ThreadProgress {
        let waits = self.waits.load(Ordering::Relaxed);
        let now = self.wall.nanos();
        let (since, what) = (waits >> 2, waits & 3);
        let lived = if what == ENDED { since } else { now };
        let waited = now.saturating_sub(since);
        let idle = self.idle.load(Ordering::Relaxed) + if what == IDLE { waited } else { 0 };
        let blocked = self.blocked.load(Ordering::Relaxed) + if what == BLOCKED { waited } else { 0 };
        ThreadProgress {
            name: name.to_owned(),
            handled: self.handled.load(Ordering::Relaxed),
            panes: self.panes.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            watermark: EventTime::from_micros(self.watermark.load(Ordering::Relaxed)),
            activity: match what {
                IDLE => Activity::Idle,
                BLOCKED => Activity::Blocked,
                ENDED => Activity::Ended,
                _ => Activity::Busy,
            },
            busy_ns: lived.saturating_sub(idle + blocked),
            idle_ns: idle,
            blocked_ns: blocked,
        }
    }
}

/// What a thread has done up to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadProgress {
    /// The name of the thread.
    pub name: String,
    /// Records that it has read (a source) or handled (a window task); 0 for the sink.
    pub handled: u64,
    /// Panes that it has sent (a window task) or taken (the sink); 0 for a source.
    pub panes: u64,
    /// Records that came too late for it, dropped or to the side output; 0 for all but window tasks.
    pub late: u64,
    /// Its watermark; [`EventTime::MIN`] before the first, and for all but window tasks.
    pub watermark: EventTime,
    /// What it is doing now.
    pub activity: Activity,
    /// Nanoseconds since the start of the run in which it worked. The three sum to its life.
    pub busy_ns: u64,
    /// Nanoseconds in which it waited for something to come.
    pub idle_ns: u64,
    /// Nanoseconds in which it waited for room in a channel.
    pub blocked_ns: u64,
}

/// How full one channel is.
#[derive(Debug, Default)]
pub struct Depth {
    sent: AtomicU64,
    taken: AtomicU64,
    peak: AtomicU64,
}

impl Depth {
    /// One more batch has gone in.
    pub fn send(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.peak.fetch_max(self.get(), Ordering::Relaxed);
    }

    /// One more batch has come out.
    pub fn take(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// Most batches in the channel at once, as far as its sender saw.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// Batches in the channel.
    pub fn get(&self) -> u64 {
        self.sent.load(Ordering::Relaxed).saturating_sub(self.taken.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_thread_is_busy_idle_and_blocked() {
        let meter = Meter::new(WallClock::start());
        meter.add_handled(3);
        meter.idle(|| assert_eq!(meter.progress("a").activity, Activity::Idle));
        meter.blocked(|| assert_eq!(meter.progress("a").activity, Activity::Blocked));
        assert_eq!(meter.progress("a").activity, Activity::Busy);
        meter.end();
        let (one, two) = (meter.progress("a"), meter.progress("a"));
        assert_eq!(one, two, "nothing moves after the end");
        assert_eq!((one.handled, one.activity), (3, Activity::Ended));
    }

    #[test]
    fn a_channel_holds_what_went_in_and_has_not_come_out() {
        let depth = Depth::default();
        (0..3).for_each(|_| depth.send());
        depth.take();
        assert_eq!((depth.get(), depth.peak()), (2, 3));
    }
}
