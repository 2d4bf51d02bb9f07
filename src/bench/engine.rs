//! A job through the window operator of its pipeline: what the lab and every command run, with
//! nothing recorded but a checksum over the panes.

use crate::bench::checksum::Answer;
use crate::pipeline::Pipeline;
use crate::record::Record;
use crate::time::{EventTime, MICROS_PER_MILLI, ProcTime};
use crate::watermark::BoundedWatermark;
use crate::window::aggregate::CountSum;
use crate::window::operator::{Advance, WindowOperator};
use crate::window::pane::Pane;
use crate::window::sink::WindowSink;

impl WindowSink for Answer {
    const FOLLOWS_WINDOWS: bool = false;

    #[inline]
    fn fired(&mut self, pane: Pane) {
        let start_ms = pane.window.start.micros() / MICROS_PER_MILLI;
        self.add(start_ms, u64::from(pane.key.0), pane.summary.count, (pane.summary.sum as i64).cast_unsigned());
    }
}

/// Runs the records through the pipeline, with the watermark after every record, and the final
/// one at the end.
///
/// # Panics
/// When the pipeline has [`Pipeline::problems`].
pub fn run(pipeline: &Pipeline, records: &[Record]) -> Answer {
    let mut answer = Answer::default();
    let mut operator: WindowOperator<CountSum> = WindowOperator::keeping(pipeline);
    let mut watermark = BoundedWatermark::new(pipeline.watermark.bound());
    operator.on_batch(records, ProcTime::EPOCH, |record| watermark.observe(record.event_time), &mut answer);
    operator.on_watermark(&Advance { watermark: EventTime::MAX, now: ProcTime::EPOCH, cause: None }, &mut answer);
    answer
}
