//! Why a command did not do what was asked, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

/// Why a command stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CliError {
    /// Bad input or usage: exit code 2. The message names file, line, column and field.
    BadInput(String),
    /// A check or goal failed: exit code 1. What failed has been printed already.
    Failed,
}

impl CliError {
    /// Bad input, with a message that is complete in itself.
    pub fn bad_input(message: impl fmt::Display) -> Self {
        Self::BadInput(message.to_string())
    }

    /// The process's exit code: 1 or 2.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::BadInput(_) => ExitCode::from(2),
            Self::Failed => ExitCode::from(1),
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadInput(message) => f.write_str(message),
            Self::Failed => f.write_str("failed"),
        }
    }
}
