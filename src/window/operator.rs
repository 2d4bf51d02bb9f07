//! The window operator: a pure state machine from records and watermarks to panes.
//!
//! The caller handles a record first ([`WindowOperator::on_record`]) and then the watermark that it
//! raised ([`WindowOperator::on_watermark`]). No clock, thread or file inside: "now" is an argument, and
//! [`WindowOperator::next_timer`] says when the operator wants to hear that time has passed.
//!
//! The fast operators do what most pipelines ask for; [`GeneralWindows`] does everything.

use crate::pipeline::{Pipeline, WindowSpec};
use crate::record::{Record, RecordId};
use crate::state::backend::{BackendError, StateBackend, StateFigures, StateSpec};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::{Accumulator, Summary};
use crate::window::aligned::AlignedWindows;
use crate::window::assign::AlignedAssigner;
use crate::window::azure::AzureWindows;
use crate::window::beam::BeamWindows;
use crate::window::dialect::Dialect;
use crate::window::general::GeneralWindows;
use crate::window::kafka::KafkaWindows;
use crate::window::pane::Timing;
use crate::window::session::SessionWindows;
use crate::window::sink::{Kept, WindowSink};
use crate::window::sliced::SlicedWindows;
use crate::window::slices::SliceGrid;
use crate::window::trigger::TriggerSpec;

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
    /// The record that it comes right after; `None` when a timer raised it, and for the final one.
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
pub enum WindowOperator<A = Summary> {
    /// Tumbling or sliding windows that fire at their end, accumulating.
    Aligned(Box<AlignedWindows<A>>),
    /// Windows that overlap, fire at their end and are gone then.
    Sliced(Box<SlicedWindows<A>>),
    /// Session windows that fire at their end, accumulating.
    Session(Box<SessionWindows<A>>),
    /// Every other pipeline of the Flink dialect.
    General(Box<GeneralWindows>),
    /// The Beam dialect; every record is a bundle of its own.
    Beam(Box<BeamWindows>),
    /// The Kafka Streams dialect.
    Kafka(Box<KafkaWindows>),
    /// The Azure Stream Analytics dialect.
    Azure(Box<AzureWindows>),
}

impl WindowOperator {
    /// The fastest operator that does what a checked pipeline describes, with everything in its
    /// panes.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`].
    pub fn new(pipeline: &Pipeline) -> Self {
        Self::keeping(pipeline)
    }

    /// The general operator for a checked pipeline, also where a faster one would do the same.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`].
    pub fn general(pipeline: &Pipeline) -> Self {
        Self::of_any_shape(pipeline)
    }

    /// The operator for a checked pipeline that keeps its state on disk, with where that goes.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`].
    pub fn over(pipeline: &Pipeline, backend: Box<dyn StateBackend>) -> Self {
        match pipeline.state {
            StateSpec::Memory { .. } => Self::new(pipeline),
            StateSpec::Disk { .. } => Self::General(Box::new(GeneralWindows::over(pipeline, backend))),
        }
    }

    /// What keeping state has come to; `None` where the pipeline sets no limit on memory.
    pub fn state_figures(&self) -> Option<StateFigures> {
        if let Self::General(windows) = self { windows.state_figures() } else { None }
    }

    /// What went wrong first with keeping state: nothing that comes of this operator is to be trusted from
    /// then on.
    pub fn state_error(&self) -> Option<&BackendError> {
        if let Self::General(windows) = self { windows.state_error() } else { None }
    }
}

impl<A: Accumulator> WindowOperator<A> {
    /// The fastest operator that does what a checked pipeline describes, keeping an `A` per key and
    /// window where it is a fast one; the general ones keep a whole [`Summary`].
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`].
    pub fn keeping(pipeline: &Pipeline) -> Self {
        let allowed_lateness = pipeline.allowed_lateness;
        let is_plain = pipeline.dialect == Dialect::Flink
            && matches!(pipeline.trigger, TriggerSpec::Default | TriggerSpec::EventTime)
            && pipeline.accumulation == Accumulation::Accumulating
            && !pipeline.aggregate.is_special()
            && pipeline.state.is_unlimited();
        let slices = SliceGrid::new(pipeline.window).filter(|_| allowed_lateness == Span::ZERO);
        match (pipeline.window, AlignedAssigner::new(pipeline.window), slices) {
            (WindowSpec::Session { gap }, ..) if is_plain => {
                assert!(gap > Span::ZERO, "the gap is positive in a checked pipeline");
                Self::Session(Box::new(SessionWindows::new(gap, allowed_lateness)))
            }
            (.., Some(grid)) if is_plain => Self::Sliced(Box::new(SlicedWindows::new(grid))),
            (_, Some(assigner), None) if is_plain => {
                Self::Aligned(Box::new(AlignedWindows::new(assigner, allowed_lateness)))
            }
            _ => Self::of_any_shape(pipeline),
        }
    }

    fn of_any_shape(pipeline: &Pipeline) -> Self {
        match pipeline.dialect {
            Dialect::Beam => Self::Beam(Box::new(BeamWindows::new(pipeline))),
            Dialect::KafkaStreams => Self::Kafka(Box::new(KafkaWindows::new(pipeline))),
            Dialect::AzureStreamAnalytics => Self::Azure(Box::new(AzureWindows::new(pipeline))),
            Dialect::Flink => Self::General(Box::new(GeneralWindows::new(pipeline))),
        }
    }

    /// Counts a record in its windows. The watermark that it raises comes afterwards.
    #[inline]
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        match self {
            Self::Aligned(windows) => windows.on_record(record, now, sink),
            Self::Session(windows) => windows.on_record(record, now, sink),
            Self::Sliced(windows) => windows.on_record(record, now, sink),
            Self::General(windows) => windows.on_record(record, now, sink),
            Self::Beam(windows) => windows.on_record(record, now, sink),
            Self::Kafka(windows) => windows.on_record(record, now, sink),
            Self::Azure(windows) => windows.on_record(record, now, sink),
        }
    }

    /// Fires and drops windows. Watermarks ascend.
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        match self {
            Self::Aligned(windows) => windows.on_watermark(advance, sink),
            Self::Session(windows) => windows.on_watermark(advance, sink),
            Self::Sliced(windows) => windows.on_watermark(advance, sink),
            Self::General(windows) => windows.on_watermark(advance, sink),
            Self::Beam(windows) => windows.on_watermark(advance, sink),
            Self::Kafka(windows) => windows.on_watermark(advance, sink),
            Self::Azure(windows) => windows.on_watermark(advance, sink),
        }
    }

    /// The next instant of processing time for which [`WindowOperator::on_processing_time`] should be
    /// called, after everything else that happens at that instant; it may be past.
    pub fn next_timer(&self) -> Option<ProcTime> {
        match self {
            Self::Aligned(_) | Self::Sliced(_) | Self::Session(_) | Self::Kafka(_) | Self::Azure(_) => None,
            Self::General(windows) => windows.next_timer(),
            Self::Beam(windows) => windows.next_timer(),
        }
    }

    /// Processing time has passed `now`: everything that happens at `now` has been handled, and what
    /// was waiting for it fires. Instants ascend.
    pub fn on_processing_time<S: WindowSink>(&mut self, now: ProcTime, sink: &mut S) {
        match self {
            Self::Aligned(_) | Self::Sliced(_) | Self::Session(_) | Self::Kafka(_) | Self::Azure(_) => {}
            Self::General(windows) => windows.on_processing_time(now, sink),
            Self::Beam(windows) => windows.on_processing_time(now, sink),
        }
    }

    /// As [`WindowOperator::on_processing_time`], but where one instant after the other can fire, only the
    /// earliest does: a task that cannot hand its panes on leaves the rest for later.
    pub fn on_next_timers<S: WindowSink>(&mut self, now: ProcTime, sink: &mut S) {
        match self {
            Self::General(windows) => windows.on_next_timers(now, sink),
            other => other.on_processing_time(now, sink),
        }
    }

    /// No window fires or goes before the watermark reaches this; it may be past.
    pub fn next_due(&self) -> EventTime {
        match self {
            Self::Aligned(windows) => windows.next_due(),
            Self::Session(windows) => windows.next_due(),
            Self::Sliced(windows) => windows.next_due(),
            Self::General(windows) => windows.next_due(),
            Self::Beam(windows) => windows.next_due(),
            Self::Kafka(windows) => windows.next_due(),
            Self::Azure(windows) => windows.next_due(),
        }
    }

    /// How many (key, window) states are kept.
    #[inline]
    pub fn kept(&self) -> usize {
        match self {
            Self::Aligned(windows) => windows.kept(),
            Self::Session(windows) => windows.kept(),
            Self::Sliced(windows) => windows.kept(),
            Self::General(windows) => windows.kept(),
            Self::Beam(windows) => windows.kept(),
            Self::Kafka(windows) => windows.kept(),
            Self::Azure(windows) => windows.kept(),
        }
    }

    /// Bytes that a special aggregate keeps beside the summaries; 0 for others.
    #[inline]
    pub const fn special_bytes(&self) -> usize {
        match self {
            Self::Aligned(_) | Self::Sliced(_) | Self::Session(_) => 0,
            Self::General(windows) => windows.special_bytes(),
            Self::Beam(windows) => windows.special_bytes(),
            Self::Kafka(windows) => windows.special_bytes(),
            Self::Azure(windows) => windows.special_bytes(),
        }
    }

    /// Everything that is kept, in an order that depends on the input alone.
    pub fn visit_kept(&self, visit: impl FnMut(Kept)) {
        match self {
            Self::Aligned(windows) => windows.visit_kept(visit),
            Self::Session(windows) => windows.visit_kept(visit),
            Self::Sliced(windows) => windows.visit_kept(visit),
            Self::General(windows) => windows.visit_kept(visit),
            Self::Beam(windows) => windows.visit_kept(visit),
            Self::Kafka(windows) => windows.visit_kept(visit),
            Self::Azure(windows) => windows.visit_kept(visit),
        }
    }
}
