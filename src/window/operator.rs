//! The window operator: a pure state machine from records and watermarks to panes.
//!
//! The caller handles a record first ([`WindowOperator::on_record`]) and then the watermark that it
//! raised ([`WindowOperator::on_watermark`]). No clock, thread or file inside: "now" is an argument.

use crate::pipeline::{Pipeline, WindowSpec};
use crate::record::{Record, RecordId};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::aligned::AlignedWindows;
use crate::window::assign::AlignedAssigner;
use crate::window::pane::Timing;
use crate::window::session::SessionWindows;
use crate::window::sink::{Kept, WindowSink};

/// What became of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In how many windows it falls.
    pub assigned: u32,
    /// In how many of them it was counted; the state of the others was gone.
    pub counted: u32,
}

/// A watermark as it reaches the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The new watermark; [`EventTime::MAX`] is the final one.
    pub watermark: EventTime,
    /// Processing time.
    pub now: ProcTime,
    /// The record that raised it; `None` for the final one.
    pub cause: Option<RecordId>,
}

impl Advance {
    /// How a pane is called that this watermark fires by reaching the window's end.
    pub fn timing_of_completion(&self) -> Timing {
        if self.watermark == EventTime::MAX { Timing::AtEnd } else { Timing::OnTime }
    }
}

/// The window operator of one pipeline.
#[derive(Clone, Debug)]
pub enum WindowOperator {
    /// Tumbling or sliding windows.
    Aligned(AlignedWindows),
    /// Session windows.
    Session(SessionWindows),
}

impl WindowOperator {
    /// The operator that a checked pipeline describes.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`] with its window.
    pub fn new(pipeline: &Pipeline) -> Self {
        let allowed_lateness = pipeline.allowed_lateness;
        match (pipeline.window, AlignedAssigner::new(pipeline.window)) {
            (WindowSpec::Session { gap }, _) => {
                assert!(gap > Span::ZERO, "the gap is positive in a checked pipeline");
                Self::Session(SessionWindows::new(gap, allowed_lateness))
            }
            (_, Some(assigner)) => Self::Aligned(AlignedWindows::new(assigner, allowed_lateness)),
            (_, None) => panic!("global and cumulative windows have no operator in this version"),
        }
    }

    /// Counts a record in its windows. The watermark that it raises comes afterwards.
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        match self {
            Self::Aligned(windows) => windows.on_record(record, now, sink),
            Self::Session(windows) => windows.on_record(record, now, sink),
        }
    }

    /// Fires and drops windows. Watermarks ascend.
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        match self {
            Self::Aligned(windows) => windows.on_watermark(advance, sink),
            Self::Session(windows) => windows.on_watermark(advance, sink),
        }
    }

    /// How many (key, window) states are kept.
    pub const fn kept(&self) -> usize {
        match self {
            Self::Aligned(windows) => windows.kept(),
            Self::Session(windows) => windows.kept(),
        }
    }

    /// Everything that is kept, in an order that depends on the input alone.
    pub fn visit_kept(&self, visit: impl FnMut(Kept)) {
        match self {
            Self::Aligned(windows) => windows.visit_kept(visit),
            Self::Session(windows) => windows.visit_kept(visit),
        }
    }
}
