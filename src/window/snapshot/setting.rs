//! What an operator was built with, in words: state means something only beside it, so a snapshot
//! carries it and is refused by a pipeline that has another.

use serde::{Deserialize, Serialize};

use crate::pipeline::WindowSpec;
use crate::time::Span;
use crate::window::aggregate::Aggregate;
use crate::window::snapshot::error::RestoreError;

/// One setting: what it is called, and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::window) struct Setting {
    name: String,
    value: String,
}

impl Setting {
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into() }
    }

    /// Which operator it is; the first of its settings.
    pub fn operator(value: &str) -> Self {
        Self::new("operator", value)
    }

    pub fn windows(spec: WindowSpec) -> Self {
        // Exact, unlike the words for people, which round.
        Self::new("windows", ron::to_string(&spec).unwrap_or_else(|_| format!("{spec:?}")))
    }

    pub fn lateness(span: Span) -> Self {
        Self::new("allowed lateness", crate::human::span_exact(span))
    }

    /// All plain aggregates are answered by one summary, so they are one setting.
    pub fn aggregate(aggregate: Aggregate) -> Self {
        let value =
            if aggregate.is_special() { aggregate.to_string() } else { "count, sum, mean, min, max".to_owned() };
        Self::new("aggregate", value)
    }
}

/// Whether the settings that state was kept with are those of the operator that is to go on with it.
///
/// # Errors
/// [`RestoreError::OtherSetting`] with the first that differs.
pub(in crate::window) fn compare(kept: &[Setting], asked: &[Setting]) -> Result<(), RestoreError> {
    let differing = kept.iter().zip(asked).find(|(kept, asked)| kept != asked);
    let ends = (kept.len() != asked.len()).then(|| (kept.last(), asked.last()));
    let (kept, asked) = match (differing, ends) {
        (Some((kept, asked)), _) => (Some(kept), Some(asked)),
        (None, Some(ends)) => ends,
        (None, None) => return Ok(()),
    };
    let told = |setting: Option<&Setting>| setting.map_or_else(String::new, |setting| setting.value.clone());
    let name = asked.or(kept).map_or_else(String::new, |setting| setting.name.clone());
    Err(RestoreError::OtherSetting { name, kept: told(kept), asked: told(asked) })
}
