//! Lessons: a text beside the run, a question that is answered before the run shows it, and a few knobs.
//!
//! Which choice is right is not written down: each says what would hold, and the engine says whether it
//! does. So a lesson cannot claim what its own run denies.

use serde::{Deserialize, Serialize};

use crate::pipeline::Problem;
use crate::scenario::goal::Goal;
use crate::time::Span;

/// The most steps of a lesson.
pub const MAX_STEPS: usize = 20;
/// The most choices of a question: as many as there are keys for them.
pub const MAX_CHOICES: usize = 5;

/// A lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LessonSpec {
    /// Its place in the course, from 1; 0 outside of any.
    pub number: u32,
    /// Its steps; at least one.
    pub steps: Vec<LessonStep>,
}

/// A step of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LessonStep {
    /// What it is about: a question, or a few words.
    pub title: String,
    /// Paragraphs, with an empty line between them; `**words**` stand out.
    pub text: String,
    /// The run is held here, so long after its start, until the step is decided.
    pub until: Option<Span>,
    /// What the reader is to foresee.
    pub question: Option<Question>,
    /// What is said once the run has shown it.
    pub reveal: String,
    /// The knobs that matter here.
    pub knobs: Vec<LessonKnob>,
}

/// What the reader is to foresee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// What may come; 2 to [`MAX_CHOICES`].
    pub choices: Vec<LessonChoice>,
    /// What the button says that lets the run go on.
    #[serde(default = "see")]
    pub button: String,
}

/// One thing that may come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonChoice {
    /// What it says.
    pub says: String,
    /// What that means for the result.
    #[serde(default)]
    pub detail: String,
    /// What holds for the run when this is right.
    pub holds: Goal,
}

fn see() -> String {
    "See".to_owned()
}

/// A knob that a lesson shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LessonKnob {
    /// The out-of-orderness bound of the watermark.
    Bound,
    /// The allowed lateness.
    AllowedLateness,
    /// The size of the window.
    WindowSize,
    /// What a later pane does to an earlier one.
    Panes,
}

impl LessonSpec {
    /// Everything that is out of range, with paths from the root of a scenario.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.steps.is_empty() || self.steps.len() > MAX_STEPS {
            found.push(Problem::new("lesson.steps", format!("must be 1 to {MAX_STEPS} steps")));
        }
        for (i, step) in self.steps.iter().enumerate() {
            if step.until.is_some_and(|until| until < Span::ZERO) {
                found.push(Problem::new(format!("lesson.steps.{i}.until"), "must be 0 or more".to_owned()));
            }
            let Some(question) = &step.question else { continue };
            if !(2..=MAX_CHOICES).contains(&question.choices.len()) {
                let message = format!("must be 2 to {MAX_CHOICES} choices");
                found.push(Problem::new(format!("lesson.steps.{i}.question.choices"), message));
            }
            for (j, choice) in question.choices.iter().enumerate() {
                found.extend(choice.holds.problems(&format!("lesson.steps.{i}.question.choices.{j}.holds")));
            }
        }
        found
    }
}
