//! What happens to the members of a group, and when they commit: known before the run.
//!
//! Members commit at whole intervals from the start of the run. Only the last commit before a member
//! stops answering is ever gone back to, so the others are left out.

use crate::group::GroupSpec;
use crate::pipeline::Pipeline;
use crate::runtime::RunConfig;
use crate::scenario::Fault;
use crate::time::{ProcTime, Span};

/// Something that happens to a member; members are source tasks, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It commits how far it has read.
    Commit(usize),
    /// What was wrong with it is over: it is heard again.
    Heard(usize),
    /// It polls again.
    Polls(usize),
    /// It joins.
    Joins(usize),
    /// It leaves in order.
    Leaves(usize),
    /// Nothing is heard of it.
    FallsSilent(usize),
    /// It asks for no records.
    Stalls(usize),
}

/// What happens to the members of a group.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The settings of the group.
    pub spec: GroupSpec,
    /// When the run begins.
    pub origin: ProcTime,
    /// In order of time; a commit comes before anything else of its instant.
    actions: Vec<(ProcTime, Action)>,
    /// By source task: whether it is a member when the run begins.
    pub is_there: Vec<bool>,
}

impl Schedule {
    /// `None` where there is no group.
    pub fn new(config: &RunConfig) -> Option<Self> {
        let Pipeline { group, tasks, .. } = &config.pipeline;
        let spec = (*group)?;
        let mut actions = Vec::new();
        for fault in &config.faults {
            let at = |after: Span| config.origin + after;
            let lasts = |from: Span| {
                let interval = spec.commit_interval.micros().max(1);
                Span::from_micros(from.micros().div_euclid(interval) * interval)
            };
            match *fault {
                Fault::MemberSilent { task, from, until } => {
                    let task = task as usize;
                    actions.push((at(lasts(from)), Action::Commit(task)));
                    actions.push((at(from), Action::FallsSilent(task)));
                    actions.push((at(until), Action::Heard(task)));
                }
                Fault::MemberStalls { task, from, until } => {
                    let task = task as usize;
                    actions.push((at(lasts(from)), Action::Commit(task)));
                    actions.push((at(from), Action::Stalls(task)));
                    actions.push((at(until), Action::Polls(task)));
                }
                Fault::MemberLeaves { task, at: after } => actions.push((at(after), Action::Leaves(task as usize))),
                Fault::MemberJoins { task, at: after } => actions.push((at(after), Action::Joins(task as usize))),
                _ => {}
            }
        }
        actions.sort_unstable();
        let first_is_joining = |source: usize| {
            let first = actions.iter().find_map(|&(_, action)| match action {
                Action::Joins(task) if task == source => Some(true),
                Action::Leaves(task) if task == source => Some(false),
                _ => None,
            });
            first == Some(true)
        };
        let is_there = (0..tasks.sources as usize).map(|source| !first_is_joining(source)).collect();
        Some(Self { spec, origin: config.origin, actions, is_there })
    }

    /// What happens after so many actions, and when.
    pub fn get(&self, place: usize) -> Option<(ProcTime, Action)> {
        self.actions.get(place).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Tasks;

    #[test]
    fn the_last_commit_before_a_silence_is_kept_and_who_joins_first_is_not_there() {
        let secs = Span::from_secs;
        let pipeline = Pipeline {
            group: Some(GroupSpec::default()),
            tasks: Tasks { sources: 3, ..Tasks::default() },
            ..Pipeline::default()
        };
        let faults = vec![
            Fault::MemberSilent { task: 0, from: secs(12), until: secs(20) },
            Fault::MemberStalls { task: 0, from: secs(20), until: secs(21) },
            Fault::MemberLeaves { task: 1, at: secs(1) },
            Fault::MemberJoins { task: 1, at: secs(2) },
            Fault::MemberJoins { task: 2, at: secs(3) },
        ];
        let config = RunConfig { faults, ..RunConfig::plain(pipeline.clone()) };
        let schedule = Schedule::new(&config).expect("a group");
        let at = |seconds: i64| ProcTime::EPOCH + secs(seconds);
        let actions: Vec<(ProcTime, Action)> = (0..).map_while(|place| schedule.get(place)).collect();
        let expected = [
            (at(1), Action::Leaves(1)),
            (at(2), Action::Joins(1)),
            (at(3), Action::Joins(2)),
            (at(10), Action::Commit(0)),
            (at(12), Action::FallsSilent(0)),
            (at(20), Action::Commit(0)),
            (at(20), Action::Heard(0)),
            (at(20), Action::Stalls(0)),
            (at(21), Action::Polls(0)),
        ];
        assert_eq!(actions, expected);
        assert_eq!(schedule.is_there, [true, true, false]);
        assert!(Schedule::new(&RunConfig::plain(Pipeline::default())).is_none());
    }
}
