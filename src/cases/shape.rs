//! The shapes of cases that are known: each is recognised by what a case holds, not by the name of
//! its file.

use serde_json::Value;

use crate::cases::{alignment, beam, flink_windows, idleness, restart, valve};

/// Runs a case: nothing when it passes, else the first difference in words.
pub type RunCase = fn(&Value) -> Result<(), String>;

/// A shape of cases.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What its cases are about.
    pub name: &'static str,
    /// What a case of this shape has.
    pub marks: Marks,
    /// How one is run.
    pub run: RunCase,
}

/// What a case of a shape has.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// Fields that it has.
    pub fields: &'static [&'static str],
    /// Values of its field `kind`; empty when it need not have one.
    pub kinds: &'static [&'static str],
}

/// Every shape that is known. A new one is a line here.
pub const SHAPES: [Shape; 6] = [
    Shape {
        name: "Flink windows",
        marks: Marks { fields: &["pipeline", "input", "output", "late"], kinds: &[] },
        run: flink_windows::run_case,
    },
    Shape {
        name: "Beam windows",
        marks: Marks { fields: &["window", "trigger", "mode", "steps"], kinds: &[] },
        run: beam::run_case,
    },
    Shape {
        name: "watermark valve",
        marks: Marks { fields: &["channels", "steps"], kinds: &[] },
        run: valve::run_case,
    },
    Shape {
        name: "watermark idleness",
        marks: Marks { fields: &["steps"], kinds: &["idleness", "splits"] },
        run: idleness::run_case,
    },
    Shape {
        name: "watermark alignment",
        marks: Marks { fields: &["sources", "steps"], kinds: &["alignment"] },
        run: alignment::run_case,
    },
    Shape {
        name: "restart strategies",
        marks: Marks { fields: &["strategy", "steps"], kinds: &[] },
        run: restart::run_case,
    },
];

impl Shape {
    /// The shape of a case; `None` when it is of no known one.
    pub fn of(case: &Value) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.marks.are_on(case))
    }
}

impl Marks {
    fn are_on(&self, case: &Value) -> bool {
        let kind = case.get("kind").and_then(Value::as_str);
        self.fields.iter().all(|field| case.get(field).is_some())
            && (self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(&kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(text: &str) -> Option<&'static str> {
        Shape::of(&serde_json::from_str(text).expect("JSON")).map(|shape| shape.name)
    }

    #[test]
    fn a_case_is_known_by_what_it_holds() {
        assert_eq!(shape_of(r#"{"pipeline":{},"input":[],"output":[],"late":[]}"#), Some("Flink windows"));
        assert_eq!(shape_of(r#"{"window":{},"trigger":{},"mode":"x","steps":[]}"#), Some("Beam windows"));
        assert_eq!(shape_of(r#"{"channels":1,"steps":[]}"#), Some("watermark valve"));
        assert_eq!(shape_of(r#"{"kind":"splits","splits":2,"steps":[]}"#), Some("watermark idleness"));
        assert_eq!(shape_of(r#"{"kind":"alignment","sources":2,"steps":[]}"#), Some("watermark alignment"));
        assert_eq!(shape_of(r#"{"strategy":{},"steps":[]}"#), Some("restart strategies"));
        assert_eq!(shape_of(r#"{"kind":"other","steps":[]}"#), None);
        assert_eq!(shape_of("[]"), None);
    }
}
