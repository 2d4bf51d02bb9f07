//! Lanes under the map, for windows that overlap there: in one lane no two windows meet.
//!
//! Sliding windows have a lane for every phase (starts that are a size apart share one), cumulative
//! ones a lane for every length, sessions one for every key. Where there would be more lanes than
//! room, evenly spaced windows stay, or the keys with most records. Pure; drawing is [`super::rack`]'s.

use std::ops::Range;

use egui::{Rangef, Rect};

use crate::app::panels::time_map::model::Column;
use crate::human;
use crate::pipeline::WindowSpec;
use crate::record::{KeyId, KeyTable};
use crate::time::Span;

/// Height of a lane, in points.
pub const ROW: f32 = 18.0;
/// Lanes beyond which the rack would be a table.
const MOST: usize = 8;
/// The share of the height that lanes may take from the map.
const SHARE: f32 = 0.34;
/// Maps lower than this keep all of their height, in points.
const LEAST_HEIGHT: f32 = 190.0;

/// Which window stands in which lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lanes {
    order: Order,
    rows: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Order {
    /// By the number of the window, counted in slides; one in `every` is shown.
    Phases { slide: i64, offset: i64, every: i64 },
    /// By length, counted in steps, the longest last; one in `every` is shown, and the longest always.
    Lengths { step: i64, longest: i64, every: i64 },
    /// By key; `left_out` have no lane.
    Keys { keys: Vec<KeyId>, left_out: usize },
}

/// The keys that lanes may be of.
#[derive(Clone, Copy, Debug)]
pub struct LaneKeys<'a> {
    /// All keys with how many records they have, most frequent first.
    pub all: &'a [(KeyId, usize)],
    /// The only one that is shown.
    pub shown: Option<KeyId>,
    /// The one that is selected: it always has a lane.
    pub selected: Option<KeyId>,
}

/// How many lanes fit under a map of this height in points.
pub fn most(height: f32) -> usize {
    if height < LEAST_HEIGHT { 0 } else { ((SHARE * height / ROW) as usize).min(MOST) }
}

impl Lanes {
    /// The lanes of a kind of windows, at most `most` of them; `None` where windows do not overlap,
    /// or where there is no room for two lanes.
    pub fn of(spec: WindowSpec, keys: LaneKeys<'_>, most: usize) -> Option<Self> {
        if most < 2 {
            return None;
        }
        let per_record = spec.windows_per_record();
        let every = (per_record - 1).div_euclid(most as i64) + 1;
        // At most `most`.
        let rows = ((per_record - 1).div_euclid(every) + 1) as usize;
        let order = match spec {
            WindowSpec::Sliding { slide, offset, .. } if per_record > 1 => {
                Order::Phases { slide: slide.micros().max(1), offset: offset.micros(), every }
            }
            WindowSpec::Cumulative { step, .. } if per_record > 1 => {
                Order::Lengths { step: step.micros().max(1), longest: per_record, every }
            }
            WindowSpec::Session { .. } if keys.shown.is_none() && keys.all.len() > 1 => {
                let order = by_key(keys, most);
                let Order::Keys { keys, .. } = &order else { return None };
                return Some(Self { rows: keys.len(), order });
            }
            _ => return None,
        };
        Some(Self { order, rows })
    }

    /// How many lanes there are; at least two.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The height of all lanes in points.
    pub fn height(&self) -> f32 {
        self.rows as f32 * ROW
    }

    /// The lane of a column; `None` when it is not among those that are shown.
    pub fn lane_of(&self, column: &Column) -> Option<usize> {
        let start = column.window.start.micros();
        match &self.order {
            Order::Phases { slide, offset, every } => {
                let number = start.saturating_sub(*offset).div_euclid(*slide);
                let shown = number.rem_euclid(*every) == 0;
                shown.then(|| number.div_euclid(*every).rem_euclid(self.rows as i64) as usize)
            }
            Order::Lengths { step, longest, every } => {
                let shorter = longest - column.window.size().micros().div_euclid(*step);
                let lane = (shorter >= 0 && shorter % every == 0).then(|| (shorter / every) as usize)?;
                (self.rows - 1).checked_sub(lane)
            }
            Order::Keys { .. } => self.lane_of_key(column.session_of?),
        }
    }

    /// The lane of a key's sessions.
    pub fn lane_of_key(&self, key: KeyId) -> Option<usize> {
        let Order::Keys { keys, .. } = &self.order else { return None };
        keys.iter().position(|&other| other == key)
    }

    /// What all windows of a lane have in common: how far they are shifted, how long they are, or
    /// whose they are.
    pub fn name(&self, lane: usize, table: &KeyTable) -> String {
        let lane_number = lane as i64;
        match &self.order {
            Order::Phases { slide, every, .. } => {
                format!("+{}", human::span(Span::from_micros(lane_number * every * slide)))
            }
            Order::Lengths { step, longest, every } => {
                let shorter = (self.rows as i64 - 1 - lane_number) * every;
                human::span(Span::from_micros((longest - shorter) * step))
            }
            Order::Keys { keys, .. } => match keys.get(lane).map(|&key| table.name(key)) {
                Some("") | None => "(empty key)".to_owned(),
                Some(name) => name.to_owned(),
            },
        }
    }

    /// What has no lane, in words; `None` when everything has one.
    pub fn left_out(&self) -> Option<String> {
        match &self.order {
            Order::Phases { every, .. } | Order::Lengths { every, .. } if *every > 1 => {
                Some(format!("lanes: one window in {every}"))
            }
            Order::Keys { left_out, .. } if *left_out > 0 => {
                Some(format!("lanes: {} more keys without one", human::count(*left_out as u64)))
            }
            _ => None,
        }
    }

    /// The stretch up and down of a lane inside the rack.
    pub fn row(&self, rack: Rect, lane: usize) -> Rangef {
        let top = rack.top() + lane as f32 * ROW;
        Rangef::new(top, top + ROW)
    }

    /// The lane at a height; `None` outside of the rack.
    pub fn lane_at(&self, rack: Rect, y: f32) -> Option<usize> {
        let lane = ((y - rack.top()) / ROW).floor();
        (lane >= 0.0 && (lane as usize) < self.rows).then_some(lane as usize)
    }

    /// The column of a lane that holds a place across, among `candidates`; of several (merged sessions
    /// leave their columns behind) the last that `alive` lets through.
    pub fn find(
        &self,
        columns: &[Column],
        candidates: Range<usize>,
        (lane, micros): (usize, i64),
        alive: impl Fn(&Column) -> bool,
    ) -> Option<usize> {
        candidates.rev().find(|&i| {
            let column = &columns[i];
            let (start, end) = (column.window.start.micros(), column.window.end.micros());
            start <= micros && micros < end && alive(column) && self.lane_of(column) == Some(lane)
        })
    }
}

/// Lanes of the most frequent keys and of the selected one, in the order of the keys.
fn by_key(keys: LaneKeys<'_>, most: usize) -> Order {
    let mut chosen: Vec<KeyId> = keys.all.iter().take(most).map(|&(key, _)| key).collect();
    if let Some(selected) = keys.selected.filter(|selected| !chosen.contains(selected)) {
        chosen.pop();
        chosen.push(selected);
    }
    let left_out = keys.all.len() - chosen.len();
    chosen.sort_unstable();
    Order::Keys { keys: chosen, left_out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture::{self, span};
    use crate::app::panels::time_map::model::MapModel;

    const NO_KEYS: LaneKeys<'_> = LaneKeys { all: &[], shown: None, selected: None };

    fn sliding(size: i64, slide: i64) -> WindowSpec {
        WindowSpec::Sliding { size: span(size), slide: span(slide), offset: Span::ZERO }
    }

    /// Whether two windows of one lane meet, and how many windows have a lane.
    fn meets(spec: WindowSpec, lanes: &Lanes) -> (bool, usize) {
        let trace = fixture::trace(400, 3, spec, 2);
        let model = MapModel::new(&trace, None);
        let merged = |c: &&Column| matches!(c.end, crate::app::panels::time_map::model::ColumnEnd::Merged(_));
        let placed: Vec<(usize, &Column)> = model
            .columns
            .iter()
            .filter(|column| !merged(column))
            .filter_map(|column| Some((lanes.lane_of(column)?, column)))
            .collect();
        assert!(placed.iter().all(|&(lane, _)| lane < lanes.rows()));
        let overlap = |a: &Column, b: &Column| a.window.start < b.window.end && b.window.start < a.window.end;
        let any = placed
            .iter()
            .enumerate()
            .any(|(i, (lane, a))| placed[i + 1..].iter().any(|(other, b)| lane == other && overlap(a, b)));
        (any, placed.len())
    }

    #[test]
    fn no_two_windows_of_a_lane_meet() {
        let cumulative = WindowSpec::Cumulative { max: span(60), step: span(15), offset: Span::ZERO };
        for (spec, rows) in [(sliding(60, 15), 4), (sliding(50, 15), 4), (sliding(30, 20), 2), (cumulative, 4)] {
            let lanes = Lanes::of(spec, NO_KEYS, 8).expect("they overlap");
            assert_eq!(lanes.rows(), rows, "{spec:?}");
            let (any, placed) = meets(spec, &lanes);
            assert!(!any && placed > 8, "{spec:?}: {placed}");
            assert_eq!(lanes.left_out(), None);
        }
        let keys = [(KeyId(1), 9), (KeyId(0), 7), (KeyId(2), 5)];
        // A record of a key comes every two seconds: few gaps are that long. With shorter ones, a record that comes
        // after its session has closed opens another that meets it.
        let spec = WindowSpec::Session { gap: span(10) };
        let lanes = Lanes::of(spec, LaneKeys { all: &keys, ..NO_KEYS }, 8).expect("three keys");
        let (any, placed) = meets(spec, &lanes);
        assert!(!any && placed > keys.len(), "{placed}");
        assert_eq!([0, 1, 2].map(|key| lanes.lane_of_key(KeyId(key))), [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn without_room_evenly_spaced_windows_stay() {
        let spec = sliding(60, 1);
        let lanes = Lanes::of(spec, NO_KEYS, 5).expect("they overlap");
        // 60 phases in 5 lanes: one window in twelve.
        assert_eq!((lanes.rows(), lanes.left_out().as_deref()), (5, Some("lanes: one window in 12")));
        assert!(!meets(spec, &lanes).0);
        let names: Vec<String> = (0..5).map(|lane| lanes.name(lane, &KeyTable::default())).collect();
        assert_eq!(names, ["+0 s", "+12 s", "+24 s", "+36 s", "+48 s"]);
        let spec = WindowSpec::Cumulative { max: span(60), step: span(10), offset: Span::ZERO };
        let lanes = Lanes::of(spec, NO_KEYS, 3).expect("they overlap");
        let names: Vec<String> = (0..3).map(|lane| lanes.name(lane, &KeyTable::default())).collect();
        assert_eq!(names, ["20 s", "40 s", "1 min"], "the longest is always there");
    }

    #[test]
    fn windows_that_do_not_overlap_have_no_lanes() {
        let tumbling = WindowSpec::Tumbling { size: span(60), offset: Span::ZERO };
        assert_eq!(Lanes::of(tumbling, NO_KEYS, 8), None);
        assert_eq!(Lanes::of(sliding(20, 30), NO_KEYS, 8), None);
        assert_eq!(Lanes::of(WindowSpec::Global, NO_KEYS, 8), None);
        let spec = WindowSpec::Session { gap: span(10) };
        let keys = [(KeyId(0), 9), (KeyId(1), 7)];
        assert_eq!(Lanes::of(spec, LaneKeys { all: &keys[..1], ..NO_KEYS }, 8), None);
        assert_eq!(Lanes::of(spec, LaneKeys { all: &keys, shown: Some(KeyId(1)), selected: None }, 8), None);
        assert_eq!(Lanes::of(sliding(60, 15), NO_KEYS, most(150.0)), None, "the map is too low");
    }

    #[test]
    fn the_selected_key_has_a_lane_even_when_it_is_rare() {
        let keys: Vec<(KeyId, usize)> = (0..20).map(|n| (KeyId(n), 100 - n as usize)).collect();
        let spec = WindowSpec::Session { gap: span(10) };
        let lanes = |selected| Lanes::of(spec, LaneKeys { all: &keys, shown: None, selected }, 6).expect("keys");
        assert_eq!((lanes(None).lane_of_key(KeyId(5)), lanes(None).lane_of_key(KeyId(17))), (Some(5), None));
        let with = lanes(Some(KeyId(17)));
        assert_eq!((with.rows(), with.lane_of_key(KeyId(17)), with.lane_of_key(KeyId(5))), (6, Some(5), None));
        assert_eq!(with.left_out().as_deref(), Some("lanes: 14 more keys without one"));
    }

    #[test]
    fn a_place_in_the_rack_is_a_window() {
        let trace = fixture::trace(400, 3, sliding(60, 15), 0);
        let model = MapModel::new(&trace, None);
        let lanes = Lanes::of(sliding(60, 15), NO_KEYS, 8).expect("they overlap");
        let rack = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(100.0, lanes.height()));
        let wanted = model.columns.len() / 2;
        let column = &model.columns[wanted];
        let lane = lanes.lane_of(column).expect("all are shown");
        let inside = (column.window.start + span(20)).micros();
        assert_eq!(lanes.lane_at(rack, lanes.row(rack, lane).center()), Some(lane));
        assert_eq!(lanes.lane_at(rack, rack.bottom() + 1.0), None);
        let found = lanes.find(&model.columns, 0..model.columns.len(), (lane, inside), |_| true);
        assert_eq!(found, Some(wanted));
    }
}
