//! A producer's clock that jumps: the event times that it writes are wrong by as much, and nothing else
//! is. A jump adds to what is wrong with the clock anyhow.

use super::{Happened, Whose, happening_within};
use crate::scenario::{Fault, KeySpec};
use crate::time::{EventTime, Span};

/// By how much what is written is wrong, by place; empty where no clock jumps.
pub fn jumps(happened: &Happened, faults: &[Fault], keys: &KeySpec, start: EventTime) -> Vec<Span> {
    let mut wrong: Vec<Span> = Vec::new();
    for fault in faults {
        let Fault::ClockJump { producer, by, from, until } = *fault else { continue };
        let whose = Whose::new(None, None, Some(producer), keys);
        wrong.resize(happened.len(), Span::ZERO);
        for place in happening_within(&happened.columns.event_times, start, (from, until)) {
            if whose.includes(happened, place) {
                wrong[place] = wrong[place] + by;
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::faults::tests::{START, keys, steady};

    #[test]
    fn a_jump_is_written_while_it_lasts_and_jumps_add_up() {
        let jump = |by, from, until| Fault::ClockJump {
            producer: 1,
            by: Span::from_secs(by),
            from: Span::from_secs(from),
            until: Span::from_secs(until),
        };
        let happened = steady(12);
        assert_eq!(jumps(&happened, &[], &keys(), START), []);
        // Producer 1 sends what happens at 1, 4, 7 and 10 s.
        let wrong = jumps(&happened, &[jump(3_600, 4, 10), jump(-60, 6, 11)], &keys(), START);
        let secs: Vec<i64> = wrong.iter().map(|span| span.micros() / 1_000_000).collect();
        assert_eq!(secs, [0, 0, 0, 0, 3_600, 0, 0, 3_540, 0, 0, -60, 0]);
    }
}
