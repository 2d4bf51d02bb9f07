//! Where the reader is in a lesson.

use serde::{Deserialize, Serialize};

use crate::app::playback::Playback;
use crate::scenario::{LessonSpec, LessonStep};
use crate::time::ProcTime;

/// Where the reader is in the lesson that is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonProgress {
    /// The step, from 0.
    pub step: usize,
    /// The choice that was made in it.
    pub chosen: Option<usize>,
    /// Whether the run has been let go on.
    pub decided: bool,
}

impl LessonProgress {
    /// The step that is shown; the last one at most.
    pub fn shown(self, lesson: &LessonSpec) -> Option<&LessonStep> {
        lesson.steps.get(self.step.min(lesson.steps.len().saturating_sub(1)))
    }

    /// Whether the step asks something that is not decided yet.
    pub fn is_open(self, step: &LessonStep) -> bool {
        step.question.is_some() && !self.decided
    }

    /// The instant at which the run is held for this step; `None` once it is decided.
    pub fn gate(self, lesson: &LessonSpec, playback: &Playback) -> Option<ProcTime> {
        let until = self.shown(lesson).filter(|step| self.is_open(step))?.until?;
        Some((playback.start + until).min(playback.end))
    }
}
