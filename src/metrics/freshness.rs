//! How long until a record shows: from its event time to the first pane that holds it.

use crate::record::{KeyId, RecordId};
use crate::runtime::{Fate, Trace};
use crate::time::Span;

/// For every counted record that some pane holds: the emission of the first such pane, minus the
/// record's event time. In arrival order; records that no pane has shown yet are left out.
///
/// A pane holds a record when it has the record's key, its window contains the event time, and it
/// was emitted by this record's handling or later: until its state goes, a window keeps all that
/// it has counted.
pub fn freshness(trace: &Trace) -> Vec<Span> {
    let panes_by_key = PanesByKey::of(trace);
    let mut passed = vec![0_usize; trace.stream.key_table().len()];
    let mut found = Vec::with_capacity(trace.stream.len());
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
        let first = panes[*passed..].iter().map(|&pane| &trace.panes[pane as usize]);
        if let Some(pane) =
            first.into_iter().find(|pane| !pane.is_retraction && pane.window.contains(record.event_time))
        {
            found.push(pane.emitted_at.since_event(record.event_time));
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
