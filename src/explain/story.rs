//! An explanation as plain data: a title, a few sentences, a chain of steps that lead somewhere.
//!
//! Nothing here knows how it is shown. Sentences are runs of text of which the values are marked; every
//! step says when, on which clock, and what it links to.

use std::fmt;

use serde::Serialize;

use crate::metrics::tasks::Stretch;
use crate::metrics::tasks::phrase::Clock;
use crate::record::{KeyId, PartitionId, RecordId};
use crate::time::{EventTime, ProcTime};
use crate::window::pane::Window;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A record, by its place in the trace.
    Record(RecordId),
    /// A window of one key, or of all keys together. Of sessions, the ones that overlap it.
    Window {
        /// The key; all of them when `None`.
        key: Option<KeyId>,
        /// The window.
        window: Window,
    },
    /// A firing, by its place in the trace.
    Pane(u32),
    /// What a partition is up to at an instant.
    Partition {
        /// Which.
        partition: PartitionId,
        /// When.
        at: ProcTime,
    },
    /// Why nothing comes from a key at an instant.
    Key {
        /// Which.
        key: KeyId,
        /// When.
        at: ProcTime,
    },
    /// What everything waits for at an instant: why the watermark stands where it does.
    Watermark {
        /// When.
        at: ProcTime,
    },
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// A record, by its place in the trace.
    Record(RecordId),
    /// A window of one key, or of all keys together.
    Window {
        /// The key; all of them when `None`.
        key: Option<KeyId>,
        /// The window.
        window: Window,
    },
    /// A firing, by its place in the trace.
    Pane(u32),
    /// An instant of the run.
    Instant(ProcTime),
    /// A partition at an instant.
    Partition {
        /// Which.
        partition: PartitionId,
        /// When.
        at: ProcTime,
    },
    /// A fault, by its place in the scenario, and when it began.
    Fault {
        /// Its place in the scenario.
        place: u32,
        /// When it began.
        at: ProcTime,
    },
}

/// An instant on one of the two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When it happened, as the record says.
    Event(EventTime),
    /// When a machine handled it.
    Processing(ProcTime),
}

impl When {
    /// The reading of the clock in microseconds: steps are told in this order.
    pub const fn micros(self) -> i64 {
        match self {
            Self::Event(at) => at.micros(),
            Self::Processing(at) => at.micros(),
        }
    }

    /// The instant of processing time with the same reading, for telling it.
    pub const fn reading(self) -> ProcTime {
        ProcTime::from_micros(self.micros())
    }
}

/// What a step looks like. Every kind has a shape of its own on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A record, or something ordinary.
    OnTime,
    /// Behind the watermark, and counted.
    Behind,
    /// Gone: dropped, lost, given up, wrong.
    Dropped,
    /// To the side output.
    SideOutput,
    /// Not done yet, or undone.
    Waiting,
    /// A window opened.
    Opened,
    /// A pane before the end of its window.
    Early,
    /// The pane on time.
    Fired,
    /// A correction.
    Late,
    /// A value was withdrawn.
    Withdrawn,
    /// The state of a window went.
    Closed,
    /// The watermark's claim.
    Watermark,
    /// A queue was full.
    Backpressure,
    /// A fault.
    Fault,
    /// A warning.
    Warning,
    /// All is well.
    Good,
}

/// One step of a causal chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: When,
    /// What, in two to five words.
    pub title: String,
    /// A number or a reason that belongs to it; may be empty.
    pub detail: String,
    /// What it looks like.
    pub mark: Mark,
    /// What it leads to.
    pub link: Link,
}

impl Step {
    /// A step of event time.
    pub fn happened(at: EventTime, title: impl Into<String>, mark: Mark, link: Link) -> Self {
        Self { at: When::Event(at), title: title.into(), detail: String::new(), mark, link }
    }

    /// A step of processing time.
    pub fn new(at: ProcTime, title: impl Into<String>, mark: Mark, link: Link) -> Self {
        Self { at: When::Processing(at), title: title.into(), detail: String::new(), mark, link }
    }

    /// With a detail.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

/// A few sentences of which the values are marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose {
    /// Text in reading order, and whether it is a value.
    pub runs: Vec<(String, bool)>,
}

impl Prose {
    /// Adds plain text.
    pub fn say(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.push(text.as_ref(), false)
    }

    /// Adds a value.
    pub fn value(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.push(text.as_ref(), true)
    }

    /// Begins a sentence: one blank after the one before it.
    pub fn sentence(&mut self) -> &mut Self {
        if self.runs.is_empty() { self } else { self.push(" ", false) }
    }

    fn push(&mut self, text: &str, is_value: bool) -> &mut Self {
        match self.runs.last_mut() {
            Some((last, same)) if *same == is_value => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.runs.push((text.to_owned(), is_value)),
        }
        self
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.runs.iter().try_for_each(|(text, _)| f.write_str(text))
    }
}

/// How late is too late: where a record met the watermark, on the scale of its last window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The window.
    pub window: Window,
    /// How long its state is kept after its end, in event time; not negative.
    pub lateness: crate::time::Span,
    /// How far the watermark was past the end when the record came.
    pub past_end: crate::time::Span,
}

impl Horizon {
    /// How far past the horizon the record came; negative when it was in time.
    pub fn past_it(&self) -> crate::time::Span {
        self.past_end - self.lateness
    }

    /// Whether the state was gone: the end plus the lateness had been reached.
    pub fn is_past(&self) -> bool {
        !self.past_it().is_negative()
    }
}

/// Why something went as it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What was asked about.
    pub subject: Subject,
    /// Its name: `record 398`.
    pub name: String,
    /// The outcome in a few words: `Dropped from 12:04 – 12:05`.
    pub title: String,
    /// What the outcome looks like.
    pub mark: Mark,
    /// What happened and why, in one to three sentences.
    pub prose: Prose,
    /// What led to it, in the order of the clocks' readings.
    pub steps: Vec<Step>,
    /// How late is too late; of records that came after the end of a window.
    pub horizon: Option<Horizon>,
    /// Records that shared the cause, or the window.
    pub group: Option<super::group::Group>,
}

impl Explanation {
    /// How the instants of its steps are told: as finely as it takes to tell them apart.
    pub fn clock(&self) -> Clock {
        let readings = || self.steps.iter().map(|step| step.at.reading()).filter(|at| at.is_finite());
        let (first, last) = (readings().min(), readings().max());
        let (first, last) = (first.unwrap_or(ProcTime::EPOCH), last.unwrap_or(ProcTime::EPOCH));
        Clock::of(Stretch::new(first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn prose_joins_what_is_alike_and_reads_as_one_text() {
        let mut prose = Prose::default();
        prose.sentence().value("T3").say(" sent ").value("2").say(".").sentence().say("It was late.");
        assert_eq!(prose.to_string(), "T3 sent 2. It was late.");
        let values: Vec<bool> = prose.runs.iter().map(|(_, is_value)| *is_value).collect();
        assert_eq!(values, [true, false, true, false]);
    }

    #[test]
    fn state_is_gone_when_the_horizon_is_reached() {
        let at = |past_end| Horizon {
            window: Window::new(EventTime::EPOCH, EventTime::EPOCH + Span::from_secs(60)),
            lateness: Span::from_secs(60),
            past_end: Span::from_micros(past_end),
        };
        assert!(!at(59_999_999).is_past());
        assert!(at(60_000_000).is_past() && at(60_000_001).is_past());
        assert_eq!(at(94_000_000).past_it(), Span::from_secs(34));
    }
}
