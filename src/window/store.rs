//! The state of the general operator by key and window, wherever it lives.
//!
//! Without settings it is a map and nothing else. With a limit, it counts the bytes that the state would
//! take written out, and has an error when there are too many. With a backend, what was not used lately is
//! written there as soon as more than some bytes are in memory, and read back when it is asked for. The
//! operator sees no difference: a window is in one of the two places, and never in both. After an error
//! nothing that is kept is to be trusted; whoever runs the operator has to ask.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use crate::record::KeyId;
use crate::state::backend::{BackendError, MemoryBackend, StateBackend, StateFigures, StateSpec};
use crate::time::EventTime;
use crate::window::aggregate::Aggregate;
use crate::window::general::State;
use crate::window::pane::Window;
use crate::window::snapshot::general::GeneralWindow;
use crate::window::trigger::flink::TriggerState;

/// Which state.
pub(super) type Place = (KeyId, Window);

/// Bytes of a place, written so that their order is that of the places.
const PLACE_BYTES: usize = 4 + 8 + 8;
type PlaceBytes = [u8; PLACE_BYTES];

/// States by key and window.
#[derive(Clone, Debug)]
pub(super) struct StateStore {
    in_memory: BTreeMap<Place, Slot>,
    /// `None` where nobody counts bytes.
    watch: Option<Box<Watch>>,
}

/// A state in memory.
#[derive(Clone, Debug)]
struct Slot {
    state: State,
    /// Bytes that it takes written out, by when it was last settled.
    bytes: u32,
    /// The larger, the later it was used.
    used: u64,
}

/// What is known of bytes, and where they go that are too many.
#[derive(Debug)]
struct Watch {
    spec: StateSpec,
    backend: Box<dyn StateBackend>,
    initial: TriggerState,
    aggregate: Aggregate,
    uses: u64,
    /// Used since the last settling.
    touched: Vec<Place>,
    memory_bytes: u64,
    disk_bytes: u64,
    on_disk: usize,
    figures: StateFigures,
    /// What went wrong first.
    error: OnceLock<BackendError>,
}

impl Clone for Watch {
    /// What is on disk is in memory in the copy.
    fn clone(&self) -> Self {
        let error = self.error.clone();
        let backend = self.backend.copy().unwrap_or_else(|found| {
            error.get_or_init(|| found);
            MemoryBackend::default()
        });
        Self { backend: Box::new(backend), touched: self.touched.clone(), error, ..*self }
    }
}

impl StateStore {
    /// No states. What a window starts with decides how states are read back.
    pub fn new(
        spec: StateSpec,
        backend: Box<dyn StateBackend>,
        (initial, aggregate): (TriggerState, Aggregate),
    ) -> Self {
        let watch = || {
            Box::new(Watch {
                spec,
                backend,
                initial,
                aggregate,
                uses: 0,
                touched: Vec::new(),
                memory_bytes: 0,
                disk_bytes: 0,
                on_disk: 0,
                figures: StateFigures::default(),
                error: OnceLock::new(),
            })
        };
        Self { in_memory: BTreeMap::new(), watch: (!spec.is_unlimited()).then(watch) }
    }

    /// How many states there are.
    pub fn len(&self) -> usize {
        self.in_memory.len() + self.watch.as_ref().map_or(0, |watch| watch.on_disk)
    }

    /// What keeping them has come to; `None` where nobody counts bytes.
    pub fn figures(&self) -> Option<StateFigures> {
        self.watch.as_ref().map(|watch| watch.figures)
    }

    /// What went wrong first.
    pub fn error(&self) -> Option<&BackendError> {
        self.watch.as_ref().and_then(|watch| watch.error.get())
    }

    /// The state of a place, made if there is none.
    pub fn get_or_make(&mut self, place: Place, make: impl FnOnce() -> State) -> &mut State {
        self.load(place);
        let used = self.touch(place);
        let slot = self.in_memory.entry(place).or_insert_with(|| Slot { state: make(), bytes: 0, used });
        slot.used = used;
        &mut slot.state
    }

    /// The state of a place.
    pub fn get_mut(&mut self, place: Place) -> Option<&mut State> {
        self.load(place);
        if self.watch.is_some() && self.in_memory.contains_key(&place) {
            let used = self.touch(place);
            let slot = self.in_memory.get_mut(&place)?;
            slot.used = used;
            return Some(&mut slot.state);
        }
        self.in_memory.get_mut(&place).map(|slot| &mut slot.state)
    }

    /// Takes a state out.
    pub fn remove(&mut self, place: Place) -> Option<State> {
        self.load(place);
        let slot = self.in_memory.remove(&place)?;
        if let Some(watch) = &mut self.watch {
            watch.memory_bytes -= u64::from(slot.bytes);
        }
        Some(slot.state)
    }

    /// Sets the state of a place. The one that was there.
    pub fn insert(&mut self, place: Place, state: State) -> Option<State> {
        let before = self.remove(place);
        let used = self.touch(place);
        self.in_memory.insert(place, Slot { state, bytes: 0, used });
        before
    }

    /// The sessions of a key that touch `own`, ascending; the sessions of a key are apart.
    pub fn sessions(&mut self, key: KeyId, own: Window) -> Vec<Window> {
        let first = (key, Window::new(EventTime::MIN, EventTime::MIN));
        let last = (key, Window::new(own.end, EventTime::MAX));
        self.load_sessions(first, last, own.start);
        let before = self.in_memory.range(first..=last).rev().map(|(&(_, window), _)| window);
        let mut touched: Vec<Window> = before.take_while(|window| window.end >= own.start).collect();
        touched.reverse();
        touched
    }

    /// Everything, by key, then by window.
    pub fn for_each(&self, mut visit: impl FnMut(Place, &State)) {
        let stored = self.watch.as_ref().filter(|watch| watch.on_disk > 0).map_or_else(Vec::new, |watch| watch.all());
        let mut stored = stored.iter().peekable();
        for (&place, slot) in &self.in_memory {
            while let Some((earlier, state)) = stored.next_if(|(other, _)| *other < place) {
                visit(*earlier, state);
            }
            visit(place, &slot.state);
        }
        stored.for_each(|(place, state)| visit(*place, state));
    }

    /// Between two inputs: counts the bytes of what was used, and moves out what is too much.
    pub fn settle(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        let mut touched = std::mem::take(&mut watch.touched);
        for place in touched.drain(..) {
            let Some(slot) = self.in_memory.get_mut(&place) else { continue };
            let bytes = (PLACE_BYTES + encode(place, &slot.state).len()) as u32;
            watch.memory_bytes = watch.memory_bytes - u64::from(slot.bytes) + u64::from(bytes);
            slot.bytes = bytes;
        }
        watch.touched = touched;
        watch.note();
        match watch.spec {
            StateSpec::Memory { limit: Some(limit) } if watch.memory_bytes > limit => {
                watch.fails(BackendError::LimitExceeded { needed: watch.memory_bytes, limit });
            }
            StateSpec::Disk { memory } if watch.memory_bytes > memory => self.move_out(memory / 2),
            _ => {}
        }
    }

    /// Writes out what was not used for longest, until so many bytes are left in memory.
    fn move_out(&mut self, leave: u64) {
        let Some(watch) = &mut self.watch else { return };
        let mut by_use: Vec<(u64, Place)> = self.in_memory.iter().map(|(&place, slot)| (slot.used, place)).collect();
        by_use.sort_unstable();
        for (_, place) in by_use {
            if watch.memory_bytes <= leave || watch.error.get().is_some() {
                break;
            }
            let Some(slot) = self.in_memory.get(&place) else { continue };
            match watch.backend.put(&bytes_of(place), &encode(place, &slot.state)) {
                Err(error) => watch.fails(error),
                Ok(()) => {
                    watch.memory_bytes -= u64::from(slot.bytes);
                    watch.disk_bytes += u64::from(slot.bytes);
                    watch.on_disk += 1;
                    watch.figures.writes += 1;
                    self.in_memory.remove(&place);
                }
            }
        }
        watch.note();
    }

    /// Reads a state back, if it is not in memory.
    fn load(&mut self, place: Place) {
        let Some(watch) = &mut self.watch else { return };
        if watch.on_disk == 0 || self.in_memory.contains_key(&place) {
            return;
        }
        if let Some((state, bytes)) = watch.take(place) {
            self.in_memory.insert(place, Slot { state, bytes, used: watch.uses });
        }
    }

    /// Reads back the sessions in a range that end at `start` or later; those before end before.
    fn load_sessions(&mut self, first: Place, last: Place, start: EventTime) {
        let Some(watch) = self.watch.as_ref().filter(|watch| watch.on_disk > 0) else { return };
        let mut found = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| match place_of(key) {
            Some(place) if place.1.end >= start => {
                found.push(place);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(()),
        };
        if let Err(error) = watch.backend.descend(&bytes_of(first), &bytes_of(last), &mut visit) {
            watch.fails(error);
        }
        found.into_iter().for_each(|place| self.load(place));
    }

    fn touch(&mut self, place: Place) -> u64 {
        let Some(watch) = &mut self.watch else { return 0 };
        watch.uses += 1;
        watch.touched.push(place);
        watch.uses
    }
}

impl Watch {
    fn fails(&self, error: BackendError) {
        self.error.get_or_init(|| error);
    }

    fn note(&mut self) {
        let figures = &mut self.figures;
        figures.max_bytes = figures.max_bytes.max(self.memory_bytes + self.disk_bytes);
        figures.max_memory_bytes = figures.max_memory_bytes.max(self.memory_bytes);
        figures.max_disk_bytes = figures.max_disk_bytes.max(self.disk_bytes);
    }

    /// Takes a state out of the backend, with its bytes.
    fn take(&mut self, place: Place) -> Option<(State, u32)> {
        let key = bytes_of(place);
        let taken = self.backend.get(&key).and_then(|value| {
            let Some(value) = value else { return Ok(None) };
            self.backend.remove(&key)?;
            self.decode(place.0, &value).map(|state| Some((state, (PLACE_BYTES + value.len()) as u32)))
        });
        match taken {
            Ok(Some((state, bytes))) => {
                self.disk_bytes -= u64::from(bytes);
                self.memory_bytes += u64::from(bytes);
                self.on_disk -= 1;
                self.figures.reads += 1;
                Some((state, bytes))
            }
            Ok(None) => None,
            Err(error) => {
                self.fails(error);
                None
            }
        }
    }

    /// Everything in the backend, ascending.
    fn all(&self) -> Vec<(Place, State)> {
        let mut all = Vec::new();
        let mut visit = |key: &[u8], value: &[u8]| {
            let place = place_of(key).ok_or_else(|| BackendError::Damaged("a key of another length".to_owned()));
            match place.and_then(|place| Ok((place, self.decode(place.0, value)?))) {
                Ok(entry) => all.push(entry),
                Err(error) => self.fails(error),
            }
            ControlFlow::Continue(())
        };
        if let Err(error) = self.backend.descend(&[0; PLACE_BYTES], &[u8::MAX; PLACE_BYTES], &mut visit) {
            self.fails(error);
        }
        all.reverse();
        all
    }

    fn decode(&self, key: KeyId, value: &[u8]) -> Result<State, BackendError> {
        let damaged = |told: String| BackendError::Damaged(told);
        let window: GeneralWindow = postcard::from_bytes(value).map_err(|error| damaged(error.to_string()))?;
        window.state(key, self.initial, self.aggregate).map_err(|error| damaged(error.to_string()))
    }
}

fn encode((_, window): Place, state: &State) -> Vec<u8> {
    let kept = GeneralWindow::of(window, state);
    postcard::to_allocvec(&kept).expect("numbers and lists in memory have an encoding, and a vector takes every byte")
}

/// Big endian, with the sign turned, so that negative instants come first.
fn bytes_of((key, window): Place) -> PlaceBytes {
    let ordered = |time: EventTime| (time.micros() ^ i64::MIN).to_be_bytes();
    let mut bytes = [0; PLACE_BYTES];
    bytes[..4].copy_from_slice(&key.0.to_be_bytes());
    bytes[4..12].copy_from_slice(&ordered(window.start));
    bytes[12..].copy_from_slice(&ordered(window.end));
    bytes
}

fn place_of(bytes: &[u8]) -> Option<Place> {
    let (key, rest) = bytes.split_first_chunk()?;
    let (start, rest) = rest.split_first_chunk()?;
    let end = <&[u8; 8]>::try_from(rest).ok()?;
    let time = |bytes: &[u8; 8]| EventTime::from_micros(i64::from_be_bytes(*bytes) ^ i64::MIN);
    Some((KeyId(u32::from_be_bytes(*key)), Window::new(time(start), time(end))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_places_are_in_their_order_and_read_back() {
        let time = EventTime::from_micros;
        let mut places = Vec::new();
        for key in [0, 1, 255, 256, u32::MAX] {
            for start in [i64::MIN, -256, -1, 0, 1, 255, 256, i64::MAX] {
                for end in [i64::MIN, -1, 0, i64::MAX] {
                    places.push((KeyId(key), Window::new(time(start), time(end))));
                }
            }
        }
        places.sort_unstable();
        assert!(places.windows(2).all(|pair| bytes_of(pair[0]) < bytes_of(pair[1])));
        for place in places {
            assert_eq!(place_of(&bytes_of(place)), Some(place));
        }
        assert_eq!(place_of(&[1; 19]), None);
        assert_eq!(place_of(&[1; 21]), None);
    }
}
