//! The rules of a join: its kind, its watermarks, and its second stream, which keeps the rules of a first one.

use super::Check;
use crate::pipeline::Problem;
use crate::scenario::Scenario;
use crate::scenario::join::{Following, JoinWith};

impl Check {
    pub(super) fn join(&mut self, scenario: &Scenario) {
        let Some(join) = &scenario.join else { return };
        let own = join.rules().problems().into_iter();
        self.found.extend(own.map(|it| Problem::new(format!("join.{}", it.path), it.message)));
        let mut second = Self::default();
        match &join.with {
            JoinWith::Synthetic(source) => second.synthetic(source, scenario.duration, &[]),
            JoinWith::Recording(source) => second.recording(source),
            JoinWith::Records(source) => second.found.extend(source.problems()),
            JoinWith::Following(following) => second.following(following),
        }
        let renamed = |it: Problem| Problem::new(it.path.replacen("source", "join.with", 1), it.message);
        self.found.extend(second.found.into_iter().map(renamed));
    }

    fn following(&mut self, following: &Following) {
        let Following { share, after, delay, repeats, values } = following;
        self.number("source.share", *share, (0.0..=1.0).contains(share), "0 to 1");
        self.delay("source.after", after, 0);
        self.delay("source.delay", delay, 0);
        self.number("source.repeats", *repeats, (0.0..=1.0).contains(repeats), "0 to 1");
        self.values(values);
    }
}
