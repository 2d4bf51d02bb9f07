//! How long until a record shows: from its event time to the first pane that holds it.

use crate::record::{KeyId, RecordId};
use crate::runtime::{Fate, Trace};
use crate::time::{ProcTime, Span};

/// For every counted record that some pane holds: when the first such pane was delivered, minus the
/// record's event time. In the order of the trace; records that no pane has shown are left out.
pub fn freshness(trace: &Trace) -> Vec<Span> {
    let shown = shown_at(trace).into_iter().zip(trace.stream.event_times());
    shown.filter(|&(at, _)| at < ProcTime::MAX).map(|(at, &happened)| at.since_event(happened)).collect()
}

/// For every record: when the first pane that holds it was delivered; [`ProcTime::MAX`] where it is not
/// counted, or no pane has shown it.
///
/// A pane holds a record when it has the record's key, its window contains the event time, and it
/// was emitted by this record's handling or later: until its state goes, a window keeps all that
/// it has counted.
pub fn shown_at(trace: &Trace) -> Vec<ProcTime> {
    let panes_by_key = PanesByKey::of(trace);
    let mut passed = vec![0_usize; trace.stream.key_table().len()];
    let mut found = vec![ProcTime::MAX; trace.stream.len()];
    for (i, record) in trace.stream.records().enumerate() {
        let Some(passed) = passed.get_mut(record.key.index()) else { continue };
        let panes = panes_by_key.of_key(record.key);
        // Records are handled in order, so panes that an earlier record emitted stay behind.
        while panes.get(*passed).is_some_and(|&pane| is_before(trace, pane, record.id)) {
            *passed += 1;
        }
        if trace.fates.get(i) != Some(&Fate::Counted) {
            continue;
        }
        let holds = |pane: &&u32| {
            let pane = &trace.panes[**pane as usize];
            !pane.is_retraction && pane.window.contains(record.event_time)
        };
        if let Some(&pane) = panes[*passed..].iter().find(holds) {
            let pane = pane as usize;
            found[i] = trace.delivered.get(pane).copied().unwrap_or(trace.panes[pane].emitted_at);
        }
    }
    found
}

fn is_before(trace: &Trace, pane: u32, id: RecordId) -> bool {
    let pane = &trace.panes[pane as usize];
    pane.cause.map_or(pane.emitted_at < trace.handled[id.index()], |cause| cause < id)
}

/// Indices of panes, in order of emission, grouped by key.
struct PanesByKey {
    starts: Vec<usize>,
    panes: Vec<u32>,
}

impl PanesByKey {
    fn of(trace: &Trace) -> Self {
        let keys = trace.stream.key_table().len();
        let mut starts = vec![0; keys + 1];
        for pane in &trace.panes {
            starts[pane.key.index() + 1] += 1;
        }
        for key in 0..keys {
            starts[key + 1] += starts[key];
        }
        let mut next = starts.clone();
        let mut panes = vec![0; trace.panes.len()];
        for (i, pane) in trace.panes.iter().enumerate() {
            panes[next[pane.key.index()]] = i as u32;
            next[pane.key.index()] += 1;
        }
        Self { starts, panes }
    }

    fn of_key(&self, key: KeyId) -> &[u32] {
        &self.panes[self.starts[key.index()]..self.starts[key.index() + 1]]
    }
}
