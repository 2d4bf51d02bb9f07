//! What has changed between two snapshots of one operator: the content of an incremental checkpoint.
//!
//! The unit is a key: one whose state differs is written whole, one whose state is gone is named. So
//! the size follows the keys that were touched, not all that there are. (Apache Flink's incremental
//! checkpoints are those of RocksDB, whose unit is a sorted file.)

use serde::{Deserialize, Serialize};

use crate::record::KeyId;
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::keyed::Keyed;
use crate::window::snapshot::operator::{OperatorSnapshot, State};

/// The way from one snapshot to a later one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotChanges {
    /// The later one without the keys that have not changed.
    changed: OperatorSnapshot,
    /// Keys that it does not have, ascending.
    removed: Vec<KeyId>,
}

impl SnapshotChanges {
    /// How many keys are written whole.
    pub fn changed_keys(&self) -> usize {
        self.changed.keys().len()
    }

    /// How many keys are gone.
    pub const fn removed_keys(&self) -> usize {
        self.removed.len()
    }
}

impl OperatorSnapshot {
    /// What has changed since `base`, an earlier snapshot of the same operator.
    ///
    /// # Errors
    /// When it is one of another operator.
    pub fn changes_since(&self, base: &Self) -> Result<SnapshotChanges, RestoreError> {
        self.check_same_operator(base)?;
        let mut removed = Vec::new();
        let state = match (self.state(), base.state()) {
            (State::Aligned(keys), State::Aligned(before)) => State::Aligned(changed(keys, before, &mut removed)),
            (State::Session(keys), State::Session(before)) => State::Session(changed(keys, before, &mut removed)),
            (State::General(keys), State::General(before)) => State::General(changed(keys, before, &mut removed)),
            (State::Kafka(keys), State::Kafka(before)) => State::Kafka(changed(keys, before, &mut removed)),
            (State::Sliced(reach, keys), State::Sliced(_, before)) => {
                State::Sliced(reach.clone(), changed(keys, before, &mut removed))
            }
            (State::Beam(output, keys), State::Beam(_, before)) => {
                State::Beam(*output, changed(keys, before, &mut removed))
            }
            _ => return Err(RestoreError::Impossible("the settings of one operator and the state of another")),
        };
        Ok(SnapshotChanges { changed: self.with_state(state), removed })
    }

    /// The later snapshot again, from this one and what has changed since.
    ///
    /// # Errors
    /// When the changes are those of another operator.
    pub fn with_changes(self, changes: SnapshotChanges) -> Result<Self, RestoreError> {
        let SnapshotChanges { changed, removed } = changes;
        changed.check_same_operator(&self)?;
        let state = match (self.into_state(), changed.state().clone()) {
            (State::Aligned(keys), State::Aligned(newer)) => State::Aligned(applied(keys, newer, &removed)),
            (State::Session(keys), State::Session(newer)) => State::Session(applied(keys, newer, &removed)),
            (State::General(keys), State::General(newer)) => State::General(applied(keys, newer, &removed)),
            (State::Kafka(keys), State::Kafka(newer)) => State::Kafka(applied(keys, newer, &removed)),
            (State::Sliced(_, keys), State::Sliced(reach, newer)) => {
                State::Sliced(reach, applied(keys, newer, &removed))
            }
            (State::Beam(_, keys), State::Beam(output, newer)) => State::Beam(output, applied(keys, newer, &removed)),
            _ => return Err(RestoreError::Impossible("the settings of one operator and the state of another")),
        };
        Ok(changed.with_state(state))
    }
}

fn changed<K: Clone + PartialEq>(keys: &Keyed<K>, before: &Keyed<K>, removed: &mut Vec<KeyId>) -> Keyed<K> {
    removed.extend(before.keys().filter(|key| !keys.contains_key(key)));
    let differs = |(key, state): &(&KeyId, &K)| before.get(key) != Some(*state);
    keys.iter().filter(differs).map(|(&key, state)| (key, state.clone())).collect()
}

fn applied<K>(mut keys: Keyed<K>, newer: Keyed<K>, removed: &[KeyId]) -> Keyed<K> {
    removed.iter().for_each(|key| {
        keys.remove(key);
    });
    keys.extend(newer);
    keys
}
