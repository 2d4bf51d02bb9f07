//! Sessions that overlap become one. Sessions that only touch stay apart.

use std::collections::BTreeMap;

use crate::record::KeyId;
use crate::time::EventTime;
use crate::window::beam::state::{Contents, State};
use crate::window::dialect::TimestampCombiner;
use crate::window::pane::{Window, WindowId};

/// Windows that become one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// What they become; it may be one of them.
    pub result: Window,
    /// All of them.
    pub windows: Vec<Window>,
}

/// Groups of overlapping windows, where there are at least two. `windows` in any order, without
/// repetitions.
pub(super) fn groups(mut windows: Vec<Window>) -> Vec<Group> {
    windows.sort_unstable();
    let mut groups: Vec<Group> = Vec::new();
    for window in windows {
        match groups.last_mut() {
            Some(group) if window.start < group.result.end => {
                group.result.end = group.result.end.max(window.end);
                group.windows.push(window);
            }
            _ => groups.push(Group { result: window, windows: vec![window] }),
        }
    }
    groups.retain(|group| group.windows.len() > 1);
    groups
}

/// Sessions of `key` that merge with others and overlap [`from`, `to`).
pub(super) fn active<C: Contents>(
    states: &BTreeMap<(KeyId, Window), State<C>>,
    key: KeyId,
    from: EventTime,
    to: EventTime,
) -> impl Iterator<Item = Window> {
    let range = (key, Window::new(EventTime::MIN, EventTime::MIN))..(key, Window::new(to, EventTime::MIN));
    let before = states.range(range).rev().filter(|(_, state)| state.is_active);
    // Active sessions are apart, so those before the first that ends too early end earlier still.
    before.map(|(&(_, window), _)| window).take_while(move |window| window.end > from)
}

/// What the merged window keeps of its parts, given by ascending window, without the trigger.
/// `previous` is the part with the same extent as the result, if there is one: only then does the
/// count of its panes go on.
pub(super) fn combine<C: Contents>(
    mut merged: State<C>,
    parts: &[(Window, State<C>)],
    result: Window,
    combiner: TimestampCombiner,
) -> State<C> {
    for (window, part) in parts {
        merged.id = earlier(merged.id, part.id);
        merged.total.merge(&part.total);
        merged.collected.merge(&part.collected);
        merged.contents.merge(&part.contents);
        merged.fresh += part.fresh;
        merged.said.extend_from_slice(&part.said);
        if *window == result {
            merged.panes = part.panes;
            merged.nonspeculative = part.nonspeculative;
        }
        merged.hold = match (merged.hold, part.hold) {
            (Some(a), Some(b)) if combiner == TimestampCombiner::Latest => Some(a.max(b)),
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    merged
}

fn earlier(a: Option<WindowId>, b: Option<WindowId>) -> Option<WindowId> {
    [a, b].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window((start, end): (i64, i64)) -> Window {
        Window::new(EventTime::from_micros(start), EventTime::from_micros(end))
    }

    #[test]
    fn overlapping_windows_form_chains_and_touching_ones_do_not() {
        let windows = [(30, 40), (0, 10), (9, 19), (19, 29), (18, 20), (40, 50), (49, 59)];
        let found = groups(windows.map(window).to_vec());
        let expected = [
            Group { result: window((0, 29)), windows: [(0, 10), (9, 19), (18, 20), (19, 29)].map(window).to_vec() },
            Group { result: window((40, 59)), windows: [(40, 50), (49, 59)].map(window).to_vec() },
        ];
        assert_eq!(found, expected);
    }
}
