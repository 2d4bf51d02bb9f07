//! State of a fast operator as state of the general one: the same windows with the same content, and
//! of each whether it has fired already.

use crate::pipeline::Pipeline;
use crate::window::aggregate::Collected;
use crate::window::azure::AzureWindows;
use crate::window::lateness;
use crate::window::operator::WindowOperator;
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::general::{GeneralKey, GeneralWindow};
use crate::window::snapshot::keyed::{Keyed, Wide};
use crate::window::snapshot::operator::{OperatorSnapshot, State};
use crate::window::trigger::flink::TriggerState;

impl OperatorSnapshot {
    /// The same state for the general operator of the pipeline; as it is where there is no fast one.
    pub(in crate::window) fn widened(self, pipeline: &Pipeline) -> Result<Self, RestoreError> {
        if matches!(self.state(), State::General(_) | State::Kafka(_) | State::Beam(..)) {
            return Ok(self);
        }
        let wide = Wide { watermark: self.watermark(), opened: self.opened() };
        let operator = WindowOperator::restore(pipeline, self)?;
        if let WindowOperator::Sliced(windows) = &operator
            && !windows.follows()
        {
            return Err(RestoreError::Unfollowed);
        }
        let mut keys: Keyed<GeneralKey> = Keyed::new();
        operator.visit_kept(|kept| {
            let state: &mut GeneralKey = keys.entry(kept.key).or_default();
            state.windows.push(GeneralWindow {
                window: kept.window,
                id: kept.id,
                total: kept.summary,
                contents: Some(Collected::of(kept.summary)),
                panes: kept.panes,
                // A fast operator fires nothing early.
                nonspeculative: kept.panes,
                trigger: TriggerState::Stateless,
                said: Vec::new(),
            });
            if !lateness::is_complete(kept.window, wide.watermark) {
                state.event_timers.push((kept.window.end, kept.window));
            }
            state.event_timers.push((lateness::closes_at(kept.window, pipeline.allowed_lateness), kept.window));
        });
        let general = match operator {
            WindowOperator::Azure(_) => WindowOperator::Azure(Box::new(AzureWindows::general(pipeline))),
            _ => WindowOperator::general(pipeline),
        };
        Ok(Self::new(general.settings(), wide, State::General(keys)))
    }
}
