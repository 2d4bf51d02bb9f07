//! The window operator of the Azure Stream Analytics dialect.
//!
//! Every window fires once, at its end, and is never corrected: times were repaired at the door
//! ([`crate::watermark::azure`]), so nothing is late. Tumbling and hopping windows exclude their start
//! and include their end, `(start, end]`, which is the half-open window of a clock that is one unit
//! behind; a pane carries the end of its window onward (`System.Timestamp`). A session takes a record
//! exactly one timeout after its last one; the service's maximum duration of a session is not kept.
//!
//! Source: "Windowing functions", "Tumbling window" and "Session window" of the Stream Analytics
//! Query Language reference (Microsoft).

use crate::pipeline::{Pipeline, WindowSpec};
use crate::record::{KeyId, Record, RecordId};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::aligned::AlignedWindows;
use crate::window::assign::AlignedAssigner;
use crate::window::dialect::Dialect;
use crate::window::general::GeneralWindows;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Pane, Window, WindowId};
use crate::window::session::SessionWindows;
use crate::window::sink::{Kept, WindowSink};

/// By how much the clock of the windows is behind.
const UNIT: Span = Span::from_micros(1);

/// Keyed windows of the Azure Stream Analytics dialect.
#[derive(Clone, Debug)]
pub enum AzureWindows {
    /// Tumbling or hopping windows; records are shifted onto their clock.
    Aligned(Box<AlignedWindows>),
    /// Session windows.
    Session(Box<SessionWindows>),
    /// Any of them for an aggregate that needs more than a summary.
    General {
        /// What does the work.
        windows: Box<GeneralWindows>,
        /// How far records are shifted.
        shift: Span,
    },
}

impl AzureWindows {
    /// An operator without state.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`].
    pub fn new(pipeline: &Pipeline) -> Self {
        if pipeline.aggregate.is_special() {
            return Self::general(pipeline);
        }
        match (pipeline.window, AlignedAssigner::new(pipeline.window)) {
            (_, Some(assigner)) => Self::Aligned(Box::new(AlignedWindows::new(assigner, Span::ZERO))),
            (WindowSpec::Session { gap }, None) => Self::Session(Box::new(SessionWindows::new(gap, Span::ZERO))),
            (_, None) => panic!("a checked pipeline of this dialect has tumbling, hopping or session windows"),
        }
    }

    /// An operator without state that can do everything, also where a faster one would do the same.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`].
    pub fn general(pipeline: &Pipeline) -> Self {
        let general = Pipeline { dialect: Dialect::Flink, allowed_lateness: Span::ZERO, ..pipeline.clone() };
        let shift = if matches!(pipeline.window, WindowSpec::Session { .. }) { Span::ZERO } else { UNIT };
        Self::General { windows: Box::new(GeneralWindows::new(&general)), shift }
    }

    /// How many (key, window) states are kept.
    pub fn kept(&self) -> usize {
        match self {
            Self::Aligned(windows) => windows.kept(),
            Self::Session(windows) => windows.kept(),
            Self::General { windows, .. } => windows.kept(),
        }
    }

    /// Bytes that a special aggregate keeps beside the summaries; 0 for others.
    pub const fn special_bytes(&self) -> usize {
        match self {
            Self::Aligned(_) | Self::Session(_) => 0,
            Self::General { windows, .. } => windows.special_bytes(),
        }
    }

    /// No window fires before the watermark reaches this.
    pub fn next_due(&self) -> EventTime {
        let due = match self {
            Self::Aligned(windows) => windows.next_due(),
            Self::Session(windows) => windows.next_due(),
            Self::General { windows, .. } => windows.next_due(),
        };
        due + UNIT
    }

    /// Everything that is kept, in an order that depends on the input alone.
    pub fn visit_kept(&self, visit: impl FnMut(Kept)) {
        match self {
            Self::Aligned(windows) => windows.visit_kept(visit),
            Self::Session(windows) => windows.visit_kept(visit),
            Self::General { windows, .. } => windows.visit_kept(visit),
        }
    }

    /// Counts a record in its windows; its event time has been repaired.
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        match self {
            Self::Aligned(windows) => {
                let record = Record { event_time: record.event_time - UNIT, ..*record };
                windows.on_record(&record, now, &mut AzureSink(sink))
            }
            Self::Session(windows) => windows.on_record(record, now, &mut AzureSink(sink)),
            Self::General { windows, shift } => {
                let record = Record { event_time: record.event_time - *shift, ..*record };
                windows.on_record(&record, now, &mut AzureSink(sink))
            }
        }
    }

    /// Fires windows and drops them.
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        let advance = Advance { watermark: advance.watermark - UNIT, ..*advance };
        match self {
            Self::Aligned(windows) => windows.on_watermark(&advance, &mut AzureSink(sink)),
            Self::Session(windows) => windows.on_watermark(&advance, &mut AzureSink(sink)),
            Self::General { windows, .. } => windows.on_watermark(&advance, &mut AzureSink(sink)),
        }
    }
}

/// Puts panes back on the clock of the records.
struct AzureSink<'a, S>(&'a mut S);

impl<S: WindowSink> WindowSink for AzureSink<'_, S> {
    fn opened(&mut self, id: WindowId, key: KeyId, window: Window, now: ProcTime, by: RecordId) {
        self.0.opened(id, key, window, now, by);
    }

    fn fired(&mut self, pane: Pane) {
        self.0.fired(Pane { watermark: pane.watermark + UNIT, event_time: pane.window.end, is_last: true, ..pane });
    }

    fn listed(&mut self, values: &[f64]) {
        self.0.listed(values);
    }

    fn merged(&mut self, from: Kept, into: WindowId, now: ProcTime) {
        self.0.merged(from, into, now);
    }

    fn closed(&mut self, kept: Kept, now: ProcTime) {
        self.0.closed(kept, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records at these times with a watermark after each; panes as `[start, end] count` after the
    /// record that fired them.
    fn check(window: WindowSpec, times: &[i64], expected: &[(u32, i64, i64, u64)]) {
        let pipeline = Pipeline { dialect: Dialect::AzureStreamAnalytics, window, ..Pipeline::default() };
        assert_eq!(pipeline.problems(), []);
        let mut windows = AzureWindows::new(&pipeline);
        let mut panes: Vec<Pane> = Vec::new();
        for (i, &t) in times.iter().enumerate() {
            let watermark = EventTime::from_micros(t);
            let record = Record { id: RecordId(i as u32), event_time: watermark, key: KeyId(0), value: 1.0 };
            let now = ProcTime::from_micros(i as i64);
            assert!(windows.on_record(&record, now, &mut panes).counted > 0);
            windows.on_watermark(&Advance { watermark, now, cause: Some(record.id) }, &mut panes);
            assert!(panes.iter().all(|pane| pane.watermark <= watermark && pane.is_last));
        }
        let found: Vec<_> = panes
            .iter()
            .map(|p| {
                assert_eq!(p.event_time, p.window.end);
                (p.cause.map_or(0, |id| id.0), p.window.start.micros(), p.window.end.micros(), p.summary.count)
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn windows_exclude_their_start_and_include_their_end() {
        let span = Span::from_micros;
        let tumbling = WindowSpec::Tumbling { size: span(10), offset: Span::ZERO };
        // 0 belongs to the window before, 10 to the first; both of the tens are in it.
        check(tumbling, &[0, 1, 10, 10, 11], &[(1, -10, 0, 1), (4, 0, 10, 3)]);
        let hopping = WindowSpec::Sliding { size: span(10), slide: span(5), offset: Span::ZERO };
        check(hopping, &[5, 6, 11], &[(1, -5, 5, 1), (2, 0, 10, 2)]);
    }

    #[test]
    fn a_session_takes_a_record_exactly_one_timeout_after_its_last() {
        let session = WindowSpec::Session { gap: Span::from_micros(10) };
        check(session, &[0, 10, 20, 31, 42], &[(3, 0, 30, 3), (4, 31, 41, 1)]);
    }
}
