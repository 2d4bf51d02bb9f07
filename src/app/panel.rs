//! The panels of the lab by name: what a tile may show, and what each is for.

use serde::{Deserialize, Serialize};

/// A part of the window that is a tile of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Panel {
    /// Event time against processing time.
    TimeMap,
    /// One lane per window.
    Emissions,
    /// Late and dropped records, and the delays.
    Late,
    /// Queue depth and lag.
    Queues,
    /// Tasks and channels.
    Topology,
    /// One row for each partition of the log.
    Partitions,
    /// Checkpoints, failures, and what they did to results.
    Recovery,
    /// The table as it stands, and its changelog.
    Results,
    /// Where every record is.
    Ledger,
    /// Why something went as it did, in words.
    Why,
    /// The run beside the pinned one.
    Twin,
    /// Completeness against latency.
    Tuner,
    /// Every knob.
    Settings,
    /// Text, prediction, reveal, goal.
    Lesson,
    /// Play, speed, timeline.
    Transport,
}

impl Panel {
    /// All of them, in the order of menus and keys.
    pub const ALL: [Self; 15] = [
        Self::TimeMap,
        Self::Topology,
        Self::Partitions,
        Self::Recovery,
        Self::Results,
        Self::Queues,
        Self::Tuner,
        Self::Why,
        Self::Settings,
        Self::Emissions,
        Self::Late,
        Self::Twin,
        Self::Lesson,
        Self::Ledger,
        Self::Transport,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TimeMap => "time-map",
            Self::Emissions => "emissions",
            Self::Late => "late",
            Self::Queues => "queues",
            Self::Topology => "topology",
            Self::Partitions => "partitions",
            Self::Recovery => "recovery",
            Self::Results => "results",
            Self::Ledger => "ledger",
            Self::Why => "why",
            Self::Twin => "twin",
            Self::Tuner => "tuner",
            Self::Settings => "settings",
            Self::Lesson => "lesson",
            Self::Transport => "transport",
        }
    }

    /// Its title on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::TimeMap => "Time map",
            Self::Emissions => "Emissions",
            Self::Late => "Late and dropped",
            Self::Queues => "Queues",
            Self::Topology => "Topology",
            Self::Partitions => "Partitions",
            Self::Recovery => "Recovery",
            Self::Results => "Results",
            Self::Ledger => "Ledger",
            Self::Why => "Why",
            Self::Twin => "Twin",
            Self::Tuner => "Tuner",
            Self::Settings => "Settings",
            Self::Lesson => "Lesson",
            Self::Transport => "Transport",
        }
    }

    /// What it is for, in a line.
    pub const fn help(self) -> &'static str {
        match self {
            Self::TimeMap => "Event time against processing time",
            Self::Emissions => "One lane per window: open, fired, corrected, closed",
            Self::Late => "Late and dropped records, and the delays",
            Self::Queues => "Queue depth, credits and lag, and the time to clear",
            Self::Topology => "Tasks and channels: who is busy, who waits, and why",
            Self::Partitions => "The lag, position and watermark of every partition of the log",
            Self::Recovery => "Checkpoints, failures, and what each guarantee loses, repeats or keeps",
            Self::Results => "The table as it stands, its changelog, and its error",
            Self::Ledger => "Where every record is",
            Self::Why => "Why something went as it did, in words",
            Self::Twin => "This run beside the pinned one",
            Self::Tuner => "Completeness against latency, and advice",
            Self::Settings => "Every knob of the pipeline",
            Self::Lesson => "Text, prediction, reveal, goal",
            Self::Transport => "Play, speed, timeline",
        }
    }

    /// Whether it is a tile that can be moved and closed; the transport and the ledger have fixed places.
    pub const fn is_tile(self) -> bool {
        !matches!(self, Self::Transport | Self::Ledger)
    }

    /// Whether it reads best narrow and tall.
    pub const fn is_narrow(self) -> bool {
        matches!(self, Self::Settings | Self::Why | Self::Twin | Self::Lesson)
    }
}
