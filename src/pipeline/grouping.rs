//! What a consumer group cannot be combined with.
//!
//! Who reads a partition changes during a run, and what was read may be read again. So nothing may
//! hang on a partition that its reader keeps to itself, and no copy of a record may get lost on the way.

use crate::gate::GatePolicy;
use crate::pipeline::{Overflow, Pipeline, Problem, WatermarkSpec};
use crate::window::dialect::Dialect;

/// What the group asks for that cannot be had, and what cannot be had beside it; nothing where there
/// is no group.
pub(super) fn problems(pipeline: &Pipeline) -> Vec<Problem> {
    let Some(group) = &pipeline.group else { return Vec::new() };
    let own = group.problems().into_iter().map(|it| Problem::new(format!("group.{}", it.path), it.message));
    let mut found: Vec<Problem> = own.collect();
    let mut refuse = |is_refused: bool, path: &str, reason: &str, instead: &str| {
        if is_refused {
            found.push(Problem::new(path, format!("{reason}: with pipeline.group, must be {instead}")));
        }
    };
    let options = &pipeline.watermark_options;
    let moves = "partitions change their reader, and what it knows of each does not go with them";
    let crashes = pipeline.gate.policy == GatePolicy::Crash && !pipeline.gate.versions.is_empty();
    refuse(crashes, "gate.policy", "members of a group do not crash", "Reject or DeadLetter");
    let knows_future = "it is made for readers that keep their partitions";
    let is_made_elsewhere = matches!(pipeline.watermark, WatermarkSpec::Perfect | WatermarkSpec::FromSource);
    refuse(is_made_elsewhere, "watermark", knows_future, "made from the records or the clock");
    refuse(options.per_partition, "watermark_options.per_partition", moves, "false");
    refuse(options.idle_after.is_some(), "watermark_options.idle_after", moves, "None");
    let azure = pipeline.dialect == Dialect::AzureStreamAnalytics;
    refuse(azure, "dialect", "the time policy of Azure Stream Analytics belongs to one reader", "another");
    let sheds = matches!(pipeline.tasks.overflow, Overflow::ShedNewest | Overflow::ShedOldest);
    refuse(sheds, "tasks.overflow", "a record that is given up and read again has two fates", "Block or Unbounded");
    let batches = pipeline.tasks.micro_batch.is_some();
    refuse(batches, "tasks.micro_batch", "a batch has its readers when it begins", "None");
    let restores = pipeline.checkpoints.is_some();
    refuse(restores, "checkpoints", "members commit their offsets by themselves", "None");
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{FieldSpec, FieldType, SchemaVersion};
    use crate::group::GroupSpec;
    use crate::pipeline::{Gate, Tasks, WatermarkOptions};
    use crate::time::Span;

    fn check(pipeline: Pipeline, expected: &[&str]) {
        assert_eq!(pipeline.problems(), [], "without a group");
        let grouped = Pipeline { group: Some(GroupSpec::default()), ..pipeline };
        let found: Vec<String> =
            grouped.problems().into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_hangs_on_one_reader_is_refused_beside_a_group() {
        check(Pipeline::default(), &[]);
        let name = "value".to_owned();
        let value = FieldSpec { name, holds: FieldType::Number, required: true, min: Some(0.0), max: None };
        let gate = Gate { versions: vec![SchemaVersion { fields: vec![value] }], ..Gate::default() };
        check(
            Pipeline { gate, ..Pipeline::default() },
            &["gate.policy: members of a group do not crash: with pipeline.group, must be Reject or DeadLetter"],
        );
        check(
            Pipeline { watermark: WatermarkSpec::Perfect, ..Pipeline::default() },
            &["watermark: it is made for readers that keep their partitions: with pipeline.group, must be made from \
               the records or the clock"],
        );
        let options = WatermarkOptions {
            per_partition: true,
            idle_after: Some(Span::from_secs(1)),
            ..WatermarkOptions::default()
        };
        check(
            Pipeline { watermark_options: options, ..Pipeline::default() },
            &[
                "watermark_options.per_partition: partitions change their reader, and what it knows of each does not \
                 go with them: with pipeline.group, must be false",
                "watermark_options.idle_after: partitions change their reader, and what it knows of each does not go \
                 with them: with pipeline.group, must be None",
            ],
        );
        let tasks = Tasks { overflow: Overflow::ShedNewest, micro_batch: Some(Span::from_secs(1)), ..Tasks::default() };
        check(
            Pipeline { tasks, ..Pipeline::default() },
            &[
                "tasks.overflow: a record that is given up and read again has two fates: with pipeline.group, must be \
                 Block or Unbounded",
                "tasks.micro_batch: a batch has its readers when it begins: with pipeline.group, must be None",
            ],
        );
    }

    #[test]
    fn the_settings_of_the_group_are_checked_with_their_paths() {
        let group = GroupSpec { commit_interval: Span::ZERO, ..GroupSpec::default() };
        let found = Pipeline { group: Some(group), ..Pipeline::default() }.problems();
        let found: Vec<String> = found.into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(found, ["group.commit_interval: 0s is out of range: must be more than 0, at most 115740d"]);
    }
}
