//! What is wrong with a scenario file, with the place of every problem.

use std::fmt;

/// Why a scenario file cannot be used: one problem of its text, or all problems of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file as the user named it.
    pub file: String,
    /// At least one.
    pub problems: Vec<FileProblem>,
}

/// One problem of a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// Line and column, from 1; `None` for problems of the whole file.
    pub place: Option<(usize, usize)>,
    /// The field, as a path from the root: `pipeline.window.size`; empty when it is not about one.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl ScenarioError {
    /// A problem of the whole file.
    pub fn whole(file: &str, message: impl Into<String>) -> Self {
        let problem = FileProblem { place: None, path: String::new(), message: message.into() };
        Self { file: file.to_owned(), problems: vec![problem] }
    }
}

/// One line per problem: `file:line:column: field: message`.
impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.file)?;
            if let Some((line, column)) = problem.place {
                write!(f, ":{line}:{column}")?;
            }
            if !problem.path.is_empty() {
                write!(f, ": {}", problem.path)?;
            }
            write!(f, ": {}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioError {}
