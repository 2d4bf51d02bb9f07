//! Questions that people really ask, each with the scenario that reproduces it and the panel that answers it.

use crate::app::panel::Panel;
use crate::scenario::library;

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// As it is asked.
    pub words: &'static str,
    /// The built-in scenario that reproduces it.
    pub slug: &'static str,
    /// The panel that answers it.
    pub panel: Panel,
}

const fn question(words: &'static str, slug: &'static str, panel: Panel) -> Question {
    Question { words, slug, panel }
}

/// So many stand on the start page; the palette has all.
pub const ON_START: usize = 8;

/// The questions, those of the start page first.
pub const QUESTIONS: &[Question] = &[
    question("Why is this window\u{2019}s count too low?", "trams-tunnel", Panel::Why),
    question("How long should I wait for late records?", "trams-tunnel", Panel::Tuner),
    question("What does exactly once cost?", "exactly-once", Panel::Recovery),
    question("Why has the watermark stopped?", "idle-partition", Panel::Partitions),
    question("Which task causes the backpressure?", "hot-key", Panel::Topology),
    question("How soon is the lag gone after a burst?", "lag-spiral", Panel::Queues),
    question("Why do my dashboard numbers change?", "dataflow", Panel::Emissions),
    question("One key gets all the traffic. What now?", "hot-key-salted", Panel::Topology),
    question("One of three partitions has data; why is there no watermark?", "idle-partition", Panel::Partitions),
    question("I enabled idleness and lost data; why?", "idle-partition-loses", Panel::Late),
    question("Are records behind the watermark dropped, or still counted?", "watermark", Panel::Late),
    question("One event from the future, and then all data is dropped; why?", "wrong-clock", Panel::TimeMap),
    question("Do sessions that touch at the gap merge?", "sessions", Panel::TimeMap),
    question("Crash between checkpoint and commit: lost or duplicated?", "at-least-once", Panel::Recovery),
    question("Zero loss, yet some rows exist twice; why?", "upsert-not-enough", Panel::Recovery),
    question("Checkpoints take longer and longer; stuck or slow?", "checkpoint-cascade", Panel::Recovery),
    question("Slow processing, then a rebalance, then duplicates; why?", "rebalance-eager", Panel::Recovery),
    question("Lag grows, tasks look healthy, a restart does not help; why?", "poison-crash-loop", Panel::Partitions),
    question(
        "The dead letters fail too; why does the partition look idle?",
        "dead-letter-sink-fails",
        Panel::Partitions,
    ),
];

impl Question {
    /// The place of its scenario among the built-in ones.
    pub fn scenario(&self) -> usize {
        library::BUILT_IN.iter().position(|built_in| built_in.slug == self.slug).unwrap_or(0)
    }

    /// What answers it, in words.
    pub fn answered_by(&self) -> String {
        let title = crate::app::files::built_in().get(self.scenario()).map_or("", |scenario| scenario.title.as_str());
        format!("{title}, {}", self.panel.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_a_scenario_and_is_asked_once() {
        for question in QUESTIONS {
            assert!(library::find(question.slug).is_some(), "{}", question.words);
            assert_eq!(QUESTIONS.iter().filter(|other| other.words == question.words).count(), 1);
        }
        assert!(QUESTIONS.len() > ON_START);
    }
}
