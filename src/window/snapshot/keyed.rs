//! What the snapshots of all operators have in common: counters that belong to no key, and state by
//! key that can be dealt out and put together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::KeyId;
use crate::time::EventTime;
use crate::window::pane::WindowId;
use crate::window::snapshot::error::RestoreError;

/// State by key, in order of the ids of the keys.
pub(in crate::window) type Keyed<K> = BTreeMap<KeyId, K>;

/// What every operator keeps that belongs to no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::window) struct Wide {
    /// The watermark that it has seen; in Kafka Streams, stream time.
    pub watermark: EventTime,
    /// How many windows it has opened: the identity of the next one.
    pub opened: u64,
}

impl Wide {
    /// The identity of the next window, where identities are 32-bit numbers.
    pub fn opened(self) -> Result<u32, RestoreError> {
        u32::try_from(self.opened).map_err(|_| RestoreError::TooManyWindows(self.opened))
    }
}

/// The state of one key in one kind of operator.
pub(in crate::window) trait OfKey {
    /// Every window's identity becomes larger by this.
    fn raise_ids(&mut self, by: u32);
}

/// A raised identity; the caller has made sure that it fits.
pub(in crate::window) const fn raised(id: WindowId, by: u32) -> WindowId {
    WindowId(id.0.saturating_add(by))
}

/// The state of every key goes to one of `parts` parts, the one that `part_of` says.
pub(in crate::window) fn deal<K>(
    keys: Keyed<K>,
    parts: usize,
    part_of: &mut dyn FnMut(KeyId) -> usize,
) -> Vec<Keyed<K>> {
    let mut dealt: Vec<Keyed<K>> = (0..parts).map(|_| Keyed::new()).collect();
    for (key, state) in keys {
        if let Some(part) = dealt.get_mut(part_of(key)) {
            part.insert(key, state);
        }
    }
    dealt
}

/// Puts the keys of `others` to those of `keys`.
///
/// # Errors
/// [`RestoreError::KeyTwice`].
pub(in crate::window) fn unite<K>(keys: &mut Keyed<K>, others: Keyed<K>) -> Result<(), RestoreError> {
    for (key, state) in others {
        if keys.insert(key, state).is_some() {
            return Err(RestoreError::KeyTwice(key.0));
        }
    }
    Ok(())
}

/// Whether numbers ascend and none comes twice.
pub(in crate::window) fn ascends<T: Ord>(numbers: impl IntoIterator<Item = T>) -> bool {
    let mut last = None;
    numbers.into_iter().all(|number| {
        let is_larger = last.as_ref().is_none_or(|last| *last < number);
        last = Some(number);
        is_larger
    })
}
