//! The windows of a record, and the settings that it just missed, in closed form.

use crate::pipeline::{WatermarkOptions, WatermarkSpec, WindowSpec};
use crate::record::RecordId;
use crate::runtime::{Fate, Trace};
use crate::time::Span;
use crate::window::assigner::Assigner;
use crate::window::dialect::Dialect;
use crate::window::lateness;
use crate::window::pane::Window;

/// The windows that a record falls in, ascending, as known from its event time; for sessions, the one that
/// took it, or the record's own where none did.
pub fn windows_of(trace: &Trace, id: RecordId) -> Vec<Window> {
    let Some(&event_time) = trace.stream.event_times().get(id.index()) else { return Vec::new() };
    let mut windows = Vec::new();
    match (Assigner::new(trace.pipeline.window), trace.pipeline.window) {
        (Some(assigner), _) => assigner.windows(event_time, &mut windows),
        (None, WindowSpec::Session { gap }) if trace.fates[id.index()] != Fate::Counted => {
            windows.push(Window::new(event_time, event_time + gap));
        }
        (None, _) => {
            let key = trace.stream.keys()[id.index()];
            let lives = trace.windows.iter().filter(|life| life.key == key && life.window.contains(event_time));
            windows.extend(lives.map(|life| life.window).max_by_key(|window| window.size()));
        }
    }
    windows.sort_unstable();
    windows
}

/// Whether a window was over for a record when it came: the state was gone, by the watermark that met it.
pub fn was_gone(trace: &Trace, window: Window, id: RecordId) -> bool {
    lateness::is_gone(window, trace.pipeline.allowed_lateness, trace.watermark_before[id.index()])
}

/// Settings that an uncounted record just misses: with anything above one of them (the other as it
/// is) it would have been counted, with exactly that it would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JustMissed {
    /// The out-of-orderness bound.
    pub bound: Span,
    /// The allowed lateness.
    pub allowed_lateness: Span,
}

/// What an uncounted record misses. Exact where the watermark is bounded after every record, the rules are Flink's and
/// windows do not depend on the records; `None` elsewhere, and for counted records.
pub fn just_missed(trace: &Trace, id: RecordId) -> Option<JustMissed> {
    let pipeline = &trace.pipeline;
    let bound = match pipeline.watermark {
        WatermarkSpec::Bounded { bound } => bound,
        WatermarkSpec::Monotonous => Span::ZERO,
        _ => return None,
    };
    let is_exact = pipeline.watermark_options == WatermarkOptions::default()
        && pipeline.dialect == Dialect::Flink
        && Assigner::new(pipeline.window).is_some();
    if !is_exact || !matches!(trace.fates.get(id.index()), Some(Fate::DroppedLate | Fate::SideOutput)) {
        return None;
    }
    // State goes at end + lateness <= W, so the last of the windows needs the least.
    let end = windows_of(trace, id).iter().map(|window| window.end).max()?;
    let short_by = trace.watermark_before[id.index()] - end - pipeline.allowed_lateness;
    Some(JustMissed { bound: bound + short_by, allowed_lateness: pipeline.allowed_lateness + short_by })
}
