//! Snapshots of [`SlicedWindows`]: by key, its windows, its slices, and its running totals with what
//! they become when the oldest slices leave. The totals are kept as they are and not added up anew,
//! so that floating-point sums go on with the same bits.

use serde::{Deserialize, Serialize};

use crate::record::KeyId;
use crate::time::EventTime;
use crate::window::aggregate::Summary;
use crate::window::pane::WindowId;
use crate::window::running::KeyTotals;
use crate::window::sliced::SlicedWindows;
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::keyed::{Keyed, OfKey, Wide, ascends, raised};
use crate::window::snapshot::setting::Setting;

/// Numbers of slices and windows stay below this in magnitude: instants end at 2^63 microseconds, and a
/// window is cut into fewer than 2^15 slices.
const NUMBER_LIMIT: u64 = 1 << 61;

/// Where the running totals are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::window) struct Reach {
    /// Every slice up to this one that has state has joined.
    joined_to: i64,
    /// Every window before this one is complete.
    next: i64,
    /// The slices of the front, ascending.
    front: Vec<i64>,
}

/// The state of one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::window) struct SlicedKey {
    /// By number; empty where nobody follows windows.
    windows: Vec<(i64, WindowId)>,
    /// Slices that have not turned, by number.
    slices: Vec<(i64, Summary)>,
    running: Option<KeyTotals<Summary>>,
    /// By slice of the front: what the front's total becomes when it leaves.
    after: Vec<(i64, Summary)>,
}

impl OfKey for SlicedKey {
    fn raise_ids(&mut self, by: u32) {
        self.windows.iter_mut().for_each(|(_, id)| *id = raised(*id, by));
    }
}

impl SlicedKey {
    /// Everything up to `joined_to` becomes part of the front.
    fn settle(&mut self, joined_to: i64) {
        let first_after = self.slices.partition_point(|&(slice, _)| slice <= joined_to);
        let joined: Vec<(i64, Summary)> = self.slices.drain(..first_after).collect();
        let mut so_far = Summary::default();
        let mut newer = Vec::with_capacity(joined.len());
        for (slice, total) in joined.into_iter().rev() {
            newer.push((slice, so_far));
            let mut grown = total;
            grown.merge(&so_far);
            so_far = grown;
        }
        self.after.iter_mut().for_each(|(_, after)| after.merge(&so_far));
        self.after.extend(newer.into_iter().rev());
        let mut front = self.running.take().unwrap_or_default().front;
        front.merge(&so_far);
        self.running = (front.count > 0).then_some(KeyTotals { front, back: Summary::default() });
    }

    fn check(&self, reach: &Reach) -> Result<(), RestoreError> {
        let numbers = |numbers: &[(i64, Summary)]| numbers.iter().map(|&(number, _)| number).collect::<Vec<_>>();
        let (windows, slices, after) = (
            self.windows.iter().map(|&(number, _)| number).collect::<Vec<_>>(),
            numbers(&self.slices),
            numbers(&self.after),
        );
        if ![&windows, &slices, &after].into_iter().all(ascends) {
            return Err(RestoreError::Impossible("a key has a slice or a window twice"));
        }
        if [&windows, &slices, &after].into_iter().flatten().any(|number| number.unsigned_abs() >= NUMBER_LIMIT) {
            return Err(RestoreError::Impossible("a slice is beyond the ends of time"));
        }
        if self.slices.iter().any(|(_, total)| total.count == 0) {
            return Err(RestoreError::Impossible("a slice without a record"));
        }
        if after.iter().any(|slice| reach.front.binary_search(slice).is_err()) {
            return Err(RestoreError::Impossible("a total after a slice that is not in the front"));
        }
        Ok(())
    }
}

/// Brings the state of two operators at one watermark together, which may have turned their slices
/// at different instants.
///
/// # Errors
/// [`RestoreError::KeyTwice`].
pub(in crate::window) fn unite(
    (reach, keys): (&mut Reach, &mut Keyed<SlicedKey>),
    (other_reach, mut others): (Reach, Keyed<SlicedKey>),
) -> Result<(), RestoreError> {
    if *reach != other_reach {
        let joined_to = reach.joined_to.max(other_reach.joined_to);
        keys.values_mut().chain(others.values_mut()).for_each(|key| key.settle(joined_to));
        let slices = keys.values().chain(others.values()).flat_map(|key| key.after.iter().map(|&(slice, _)| slice));
        let mut front: Vec<i64> = reach.front.iter().chain(&other_reach.front).copied().chain(slices).collect();
        front.sort_unstable();
        front.dedup();
        *reach = Reach { joined_to, next: reach.next.max(other_reach.next), front };
    }
    crate::window::snapshot::keyed::unite(keys, others)
}

impl SlicedWindows {
    /// What it was built with.
    pub(in crate::window) fn settings(&self) -> Vec<Setting> {
        vec![Setting::operator("sliced windows"), Setting::windows(self.grid.spec())]
    }

    /// Whether somebody follows its windows, so that they have identities.
    pub(in crate::window) fn follows(&self) -> bool {
        self.opened > 0 || self.kept() == 0
    }

    /// What it keeps.
    pub(in crate::window) fn snapshot(&self) -> (Wide, Reach, Keyed<SlicedKey>) {
        let mut keys: Keyed<SlicedKey> = Keyed::new();
        for (number, lives) in self.lives.iter() {
            for life in lives.iter() {
                keys.entry(life.key).or_default().windows.push((number, life.id));
            }
        }
        for (number, cells) in self.slices.iter() {
            cells.iter().for_each(|cell| keys.entry(cell.key).or_default().slices.push((number, *cell.total)));
        }
        self.running.each_key(|key, totals| keys.entry(key).or_default().running = Some(totals));
        let mut front = Vec::new();
        for (number, totals) in self.running.front_slices() {
            front.push(number);
            for (key, after) in totals {
                keys.entry(key).or_default().after.push((number, after));
            }
        }
        let wide = Wide { watermark: self.watermark, opened: self.opened };
        (wide, Reach { joined_to: self.joined_to, next: self.next, front }, keys)
    }

    /// Goes on from a snapshot; the operator has no state.
    ///
    /// # Errors
    /// [`RestoreError::Impossible`].
    pub(in crate::window) fn restore(
        &mut self,
        wide: Wide,
        reach: &Reach,
        keys: &Keyed<SlicedKey>,
    ) -> Result<(), RestoreError> {
        // Before the first watermark both are as far in the past as there is.
        let is_far = |number: i64| number > 0 && number.unsigned_abs() >= NUMBER_LIMIT;
        if is_far(reach.joined_to) || is_far(reach.next) {
            return Err(RestoreError::Impossible("a slice is beyond the ends of time"));
        }
        if !ascends(&reach.front) || reach.front.iter().any(|number| number.unsigned_abs() >= NUMBER_LIMIT) {
            return Err(RestoreError::Impossible("a slice of the front is beyond the ends of time"));
        }
        let mut lives: Vec<(i64, WindowId, KeyId)> = Vec::new();
        reach.front.iter().for_each(|&slice| self.running.put_back_slice(slice));
        for (&key, state) in keys {
            state.check(reach)?;
            lives.extend(state.windows.iter().map(|&(number, id)| (number, id, key)));
            for (slice, total) in &state.slices {
                // Ready are those that have not joined and are in no window that is complete.
                let is_open = self.grid.first_incomplete(wide.watermark) <= *self.grid.windows_with(*slice).start();
                let cells = self.slices.get_or_open(*slice, *slice > reach.joined_to && is_open);
                *cells.get_or_add(key) = *total;
            }
            if state.running.is_some() || !state.after.is_empty() {
                self.running.put_back(reach.joined_to, key, state.running.clone().unwrap_or_default());
            }
            for &(slice, after) in &state.after {
                self.running.put_back_after(slice, key, after);
            }
        }
        lives.sort_unstable();
        self.gone = wide.opened.wrapping_sub(lives.len() as u64);
        for (number, id, key) in lives {
            let (seen, _) = self.lives.get_or_open(number, true).get_or_open(key, id);
            seen.0 = true;
        }
        self.joined_to = reach.joined_to;
        self.next = reach.next;
        self.watermark = wide.watermark;
        self.opened = wide.opened;
        let due = self.next_with_state().map(|number| self.grid.window(number).end);
        self.next_due = due.unwrap_or(EventTime::MAX);
        Ok(())
    }
}
