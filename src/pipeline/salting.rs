//! Salting: aggregation in two stages, so that one hot key keeps more than one task busy.
//!
//! Every key is split over `tasks.salts` sub-keys, record by record in turn. The first stage counts by
//! sub-key, each owned by a window task through its key group; when a window fires there, the part
//! goes to a second stage, where the merge task that owns the whole key puts the parts together and
//! fires when every first-stage task has passed the end of the window. Apache Beam calls this
//! `Combine.perKey(..).withHotKeyFanout(n)`, Apache Flink's SQL local-global aggregation, and for
//! distinct counts split distinct aggregation.
//!
//! The panes are those of the pipeline without salts, where its state can be put together from
//! parts; [`problems`] refuses the rest. Floating-point sums are added part by part, so their last
//! digits may differ.

use crate::pipeline::{Pipeline, Problem, WindowSpec};
use crate::time::Span;
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::Aggregate;
use crate::window::dialect::Dialect;
use crate::window::trigger::TriggerSpec;

/// What a pipeline asks for that cannot be had in two stages; nothing where it has no salts.
pub(super) fn problems(pipeline: &Pipeline) -> Vec<Problem> {
    if pipeline.tasks.salts <= 1 {
        return Vec::new();
    }
    let reason = if pipeline.dialect != Dialect::Flink {
        format!("{} fires windows by rules that parts of a key cannot follow one by one", pipeline.dialect.name())
    } else if !matches!(pipeline.trigger, TriggerSpec::Default | TriggerSpec::EventTime) {
        format!("the trigger {} counts what a whole key has, and sub-keys see parts of it", pipeline.trigger.word())
    } else if matches!(pipeline.window, WindowSpec::Session { .. }) {
        "sessions of sub-keys are not sessions of their key: a gap of one may be filled by another".to_owned()
    } else if pipeline.window == WindowSpec::Global {
        "the one window for all time has no end at which parts could be merged".to_owned()
    } else if matches!(pipeline.aggregate, Aggregate::Quantile(_)) {
        "a quantile sketch that is merged from parts is another than that of the whole".to_owned()
    } else {
        return Vec::new();
    };
    vec![Problem::new("tasks.salts", format!("{reason}: must be 1"))]
}

/// The pipeline of the first stage: every pane of it says what came since the one before.
pub fn first_stage(pipeline: &Pipeline) -> Pipeline {
    let mut first = pipeline.clone();
    first.tasks.salts = 1;
    // Without lateness every window fires once, and fast operators only know how to accumulate.
    let fires_once = pipeline.allowed_lateness == Span::ZERO;
    first.accumulation = if fires_once { Accumulation::Accumulating } else { Accumulation::Discarding };
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Tasks;

    fn check(pipeline: Pipeline, expected: Option<&str>) {
        let salted = Pipeline { tasks: Tasks { salts: 2, ..Tasks::default() }, ..pipeline.clone() };
        let found: Vec<String> =
            salted.problems().into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        let expected: Vec<String> = expected.iter().map(|text| format!("tasks.salts: {text}: must be 1")).collect();
        assert_eq!(found, expected);
        assert_eq!(pipeline.problems(), []);
    }

    #[test]
    fn what_cannot_be_merged_from_parts_is_refused_with_the_reason() {
        let plain = Pipeline::default();
        check(plain.clone(), None);
        check(Pipeline { aggregate: Aggregate::Distinct, ..plain.clone() }, None);
        check(
            Pipeline { aggregate: Aggregate::Quantile(0.5), ..plain.clone() },
            Some("a quantile sketch that is merged from parts is another than that of the whole"),
        );
        check(
            Pipeline { window: WindowSpec::Session { gap: Span::from_secs(1) }, ..plain.clone() },
            Some("sessions of sub-keys are not sessions of their key: a gap of one may be filled by another"),
        );
        check(
            Pipeline { window: WindowSpec::Global, ..plain.clone() },
            Some("the one window for all time has no end at which parts could be merged"),
        );
        check(
            Pipeline { trigger: TriggerSpec::Count(3), ..plain.clone() },
            Some("the trigger Count counts what a whole key has, and sub-keys see parts of it"),
        );
        check(
            Pipeline { dialect: Dialect::Beam, ..plain },
            Some("Beam fires windows by rules that parts of a key cannot follow one by one"),
        );
    }
}
