//! What a run on threads has done up to now, as plain data to look at.

use std::sync::Arc;

use crate::runtime::threads::meter::{Depth, Meter, ThreadProgress};
use crate::time::ProcTime;

/// What a run has done up to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Processing time.
    pub now: ProcTime,
    /// By source task.
    pub sources: Vec<ThreadProgress>,
    /// By window task.
    pub windows: Vec<ThreadProgress>,
    /// The sink.
    pub sink: ThreadProgress,
    /// Every channel: from each source to each window task, then from each window task to the sink.
    pub channels: Vec<ChannelProgress>,
}

/// A channel and how full it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelProgress {
    /// The name of the sending thread.
    pub from: Arc<str>,
    /// The name of the receiving thread.
    pub to: Arc<str>,
    /// Batches in it.
    pub depth: u64,
    /// Most batches in it at once.
    pub peak: u64,
    /// Batches that it holds at most.
    pub capacity: u64,
}

impl Progress {
    /// Records that the sources have read.
    pub fn read(&self) -> u64 {
        self.sources.iter().map(|source| source.handled).sum()
    }

    /// Records that the window tasks have handled.
    pub fn handled(&self) -> u64 {
        self.windows.iter().map(|window| window.handled).sum()
    }
}

/// A thread's name and its counters.
#[derive(Clone, Debug)]
pub struct Metered {
    /// The name of the thread.
    pub name: Arc<str>,
    /// Its counters.
    pub meter: Arc<Meter>,
}

impl Metered {
    fn progress(&self) -> ThreadProgress {
        self.meter.progress(&self.name)
    }
}

/// A channel between two threads.
#[derive(Clone, Debug)]
pub struct Gauge {
    /// The name of the sending thread.
    pub from: Arc<str>,
    /// The name of the receiving thread.
    pub to: Arc<str>,
    /// How full it is.
    pub depth: Arc<Depth>,
    /// Batches that it holds at most.
    pub capacity: u64,
}

/// All counters of a run.
#[derive(Clone, Debug)]
pub struct Meters {
    /// By source task.
    pub sources: Vec<Metered>,
    /// By window task.
    pub windows: Vec<Metered>,
    /// The sink.
    pub sink: Metered,
    /// As in [`Progress::channels`].
    pub gauges: Vec<Gauge>,
}

impl Meters {
    /// What has been counted up to now.
    pub fn progress(&self, now: ProcTime) -> Progress {
        let channel = |Gauge { from, to, depth, capacity }: &Gauge| ChannelProgress {
            from: Arc::clone(from),
            to: Arc::clone(to),
            // A message may be on its way between the two counts.
            depth: depth.get().min(*capacity),
            peak: depth.peak().min(*capacity),
            capacity: *capacity,
        };
        Progress {
            now,
            sources: self.sources.iter().map(Metered::progress).collect(),
            windows: self.windows.iter().map(Metered::progress).collect(),
            sink: self.sink.progress(),
            channels: self.gauges.iter().map(channel).collect(),
        }
    }
}
