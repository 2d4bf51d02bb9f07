//! Why a run on threads did not start, or did not come to its end.

use std::any::Any;
use std::thread::JoinHandle;

use thiserror::Error;

use crate::pipeline::Problem;
use crate::runtime::threads::channel::Left;

/// Why a run did not start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// The configuration is out of its limits; not empty.
    #[error("start a run with settings out of range: {}", in_one_line(.0))]
    Problems(Vec<Problem>),
    /// The system gave no thread.
    #[error("start the thread {thread}: {message}")]
    Spawn {
        /// The name of the thread.
        thread: String,
        /// What the system said.
        message: String,
    },
}

/// Why a run did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    /// A thread panicked; the others were ended.
    #[error("finish the run: the thread {thread} panicked: {message}")]
    Panicked {
        /// The name of the thread; the first one in the order of the pipeline.
        thread: String,
        /// What it said.
        message: String,
    },
    /// What took the panes wanted no more of them.
    #[error("finish the run: nobody takes the panes of highwater-sink any more")]
    SinkClosed,
    /// It was cancelled from outside.
    #[error("finish the run: it was cancelled")]
    Cancelled,
}

/// Why a run has no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// It did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It did not come to its end.
    #[error(transparent)]
    Run(#[from] RunError),
}

fn in_one_line(problems: &[Problem]) -> String {
    let told: Vec<String> = problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
    told.join("; ")
}

/// What went wrong while threads were joined in the order of the pipeline. A panic is the cause of
/// everything else; a closed sink, of cancellations.
#[derive(Debug, Default)]
pub struct Trouble {
    panicked: Option<RunError>,
    left: Option<Left>,
}

impl Trouble {
    /// Waits for a thread; what it came to, unless it left early.
    pub fn join<T>(&mut self, name: &str, thread: JoinHandle<Result<T, Left>>) -> Option<T> {
        match thread.join() {
            Ok(Ok(end)) => Some(end),
            Ok(Err(left)) => {
                if self.left != Some(Left::SinkClosed) {
                    self.left = Some(left);
                }
                None
            }
            Err(payload) => {
                let message = said(payload.as_ref());
                self.panicked.get_or_insert(RunError::Panicked { thread: name.to_owned(), message });
                None
            }
        }
    }

    /// The cause of it all; `None` when every thread came to its end.
    pub fn into_error(self) -> Option<RunError> {
        self.panicked.or_else(|| {
            self.left.map(|left| match left {
                Left::SinkClosed => RunError::SinkClosed,
                Left::Cancelled | Left::SenderGone | Left::ReceiverGone => RunError::Cancelled,
            })
        })
    }
}

/// What a panic said.
fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}
