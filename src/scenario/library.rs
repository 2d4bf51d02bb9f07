//! The built-in scenarios, and reading one from disk.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use crate::scenario::parse::{MAX_FILE_BYTES, parse, parse_bytes};
use crate::scenario::{Scenario, ScenarioError};

/// A scenario that is part of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name on the command line, and of its file without the ending.
    pub slug: &'static str,
    /// The text of its file, with the comment that says what to watch for.
    pub text: &'static str,
}

macro_rules! built_in {
    ($($slug:literal),* $(,)?) => {
        /// The built-in scenarios, in the order of the start screen. The first is opened when
        /// nothing else is named.
        pub const BUILT_IN: &[BuiltIn] = &[
            $(BuiltIn { slug: $slug, text: include_str!(concat!("../../scenarios/", $slug, ".ron")) }),*
        ];
    };
}

built_in![
    "trams-tunnel",
    "trams-crash",
    "disorder",
    "watermark",
    "tumbling",
    "sliding",
    "sessions",
    "late-nine",
    "dataflow",
    "dataflow-batch",
    "labels",
    "slow-operator",
    "wrong-clock",
    "retries",
    "shard",
    "micro-batch",
    "hot-key",
    "idle-partition",
    "idle-partition-loses",
    "lag-spiral",
    "lag-spiral-lost",
    "poison-reject",
    "poison-dead-letter",
    "poison-crash-loop",
    "dead-letter-sink-fails",
    "exactly-once",
    "at-least-once",
    "at-most-once",
    "upsert-is-enough",
    "upsert-not-enough",
    "max-needs-less",
    "checkpoint-cascade",
    "checkpoint-cascade-cured",
    "four-tasks",
    "hot-key-salted",
    "rebalance-eager",
    "rebalance-cooperative",
    "twenty-thousand",
    "million",
];

impl BuiltIn {
    /// Reads the text.
    ///
    /// # Errors
    /// Never for the files that the program is tested with.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        parse(self.text, &format!("scenarios/{}.ron", self.slug))
    }

    /// What to watch for: the comment at the top of the file, line by line, without slashes.
    pub fn watch_for(&self) -> Vec<&'static str> {
        let comment = self.text.lines().map_while(|line| line.strip_prefix("//"));
        comment.map(str::trim).filter(|line| !line.is_empty()).collect()
    }
}

/// The built-in scenario of this name, with or without `.ron`.
pub fn find(slug: &str) -> Option<&'static BuiltIn> {
    let slug = slug.strip_suffix(".ron").unwrap_or(slug);
    BUILT_IN.iter().find(|built_in| built_in.slug == slug)
}

/// Reads and checks a scenario file. A recording that it names is not opened; its path is relative
/// to the folder of the file.
///
/// # Errors
/// When the file cannot be read, or is no scenario.
pub fn load(path: &Path) -> Result<Scenario, ScenarioError> {
    let file = path.display().to_string();
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // One byte more than allowed is enough to know; what a pipe would still send is not read.
        File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| {
        let message = match error.kind() {
            ErrorKind::NotFound => "there is no such file".to_owned(),
            ErrorKind::IsADirectory => "is a folder, not a file".to_owned(),
            ErrorKind::PermissionDenied => "cannot be read: permission denied".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        ScenarioError::whole(&file, message)
    })?;
    parse_bytes(&bytes, &file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_scenarios_are_found_by_name() {
        assert_eq!(BUILT_IN[0].slug, "trams-tunnel");
        assert_eq!(find("sliding"), find("sliding.ron"));
        assert_eq!(find("sliding").map(|it| it.slug), Some("sliding"));
        assert_eq!(find("gliding"), None);
    }

    #[test]
    fn unreadable_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| load(path).unwrap_err().to_string();
        let missing = folder.path().join("none.ron");
        assert_eq!(message(&missing), format!("{}: there is no such file", missing.display()));
        assert!(message(folder.path()).contains("folder"));
        let empty = folder.path().join("empty.ron");
        std::fs::write(&empty, "").unwrap();
        assert!(message(&empty).contains("the file is empty"));
        let large = folder.path().join("large.ron");
        std::fs::write(&large, vec![b' '; (MAX_FILE_BYTES + 1) as usize]).unwrap();
        assert!(message(&large).contains("more than 4,194,304 bytes"));
    }
}
