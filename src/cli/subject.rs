//! What somebody asks about on a command line: a record, a window, a silence.
//!
//! Reading the text needs no run; [`Asked::within`] then finds the subject in one.

use std::str::FromStr;

use crate::cli::error::CliError;
use crate::cli::moment::Moment;
use crate::explain::{Subject, window_at};
use crate::record::{KeyId, PartitionId, RecordId};
use crate::runtime::Trace;
use crate::scenario::suggest::did_you_mean;
use crate::time::ProcTime;

/// What somebody asks about: `record:398`, `window:T3,12:04`, `watermark`, `partition:2`, `key:T3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A record, by its number in the order in which records are handled, from 0.
    Record(u32),
    /// A window.
    Window(KeyAndStart),
    /// Why nothing comes.
    Silence(Silent),
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(number) = text.strip_prefix("record:") {
            return number.parse().map(Self::Record).map_err(|_| format!("{number:?} is no record; they count from 0"));
        }
        if let Some(window) = text.strip_prefix("window:") {
            return window.parse().map(Self::Window);
        }
        let silent = text.parse().map(Self::Silence);
        silent.map_err(|_: String| {
            format!("{text:?} is not record:ID, window:KEY,START, watermark, partition:N or key:NAME")
        })
    }
}

impl Asked {
    /// The subject in a run; a silence is that of the moment `at`. `option` is the flag that asked, for errors.
    ///
    /// # Errors
    /// A record, window, partition or key that does not exist, and a moment outside the run.
    pub fn within(&self, trace: &Trace, at: Moment, option: &str) -> Result<Subject, CliError> {
        match self {
            Self::Record(id) if (*id as usize) < trace.stream.len() => Ok(Subject::Record(RecordId(*id))),
            Self::Record(id) => {
                let last = trace.stream.len().saturating_sub(1);
                Err(CliError::bad_input(format!("{option} {id}: the last record is {last}")))
            }
            Self::Window(asked) => window(trace, asked, option),
            Self::Silence(silent) => silence(trace, silent, at, option),
        }
    }
}

/// A key and the start of one of its windows; the key may hold commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAndStart {
    key: String,
    start: Moment,
}

impl FromStr for KeyAndStart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, start) =
            text.rsplit_once(',').ok_or_else(|| format!("{text:?} is not KEY,START; write \"T3,12:04\""))?;
        Ok(Self { key: key.to_owned(), start: start.parse()? })
    }
}

/// What is silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silent {
    /// The watermark of the pipeline.
    Watermark,
    /// A partition of the log, from 0.
    Partition(u32),
    /// A key, by its name.
    Key(String),
}

impl FromStr for Silent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let of = |what: &str| text.strip_prefix(what);
        match (of("partition:"), of("key:")) {
            _ if text == "watermark" => Ok(Self::Watermark),
            (Some(number), _) => number
                .parse()
                .map(Self::Partition)
                .map_err(|_| format!("{number:?} is no partition; they count from 0")),
            (None, Some(name)) => Ok(Self::Key(name.to_owned())),
            (None, None) => Err(format!("{text:?} is not watermark, partition:N or key:NAME")),
        }
    }
}

fn silence(trace: &Trace, silent: &Silent, at: Moment, option: &str) -> Result<Subject, CliError> {
    let (first, last) = trace.span().ok_or_else(|| CliError::bad_input("the stream is empty"))?;
    let at: ProcTime = at.within(first, last).map_err(|error| CliError::bad_input(format!("--at: {error}")))?;
    match silent {
        Silent::Watermark => Ok(Subject::Watermark { at }),
        Silent::Key(name) => Ok(Subject::Key { key: key(trace, option, name)?, at }),
        Silent::Partition(number) => {
            let partitions = trace.stream.partitions().max(1);
            if (*number as usize) < partitions {
                Ok(Subject::Partition { partition: PartitionId(*number), at })
            } else {
                let last = partitions - 1;
                Err(CliError::bad_input(format!("{option} partition:{number}: the last partition is {last}")))
            }
        }
    }
}

fn key(trace: &Trace, option: &str, name: &str) -> Result<KeyId, CliError> {
    let keys = trace.stream.key_table();
    keys.find(name).ok_or_else(|| {
        let hint = did_you_mean(name, keys.names());
        CliError::bad_input(format!("{option}: there is no key {name:?}{hint}"))
    })
}

fn window(trace: &Trace, asked: &KeyAndStart, option: &str) -> Result<Subject, CliError> {
    let is_of_all = asked.key.is_empty() && trace.stream.key_table().find("").is_none();
    let key = if is_of_all { None } else { Some(key(trace, option, &asked.key)?) };
    let (first, last) = trace.stream.event_time_range().ok_or_else(|| CliError::bad_input("the stream is empty"))?;
    // Windows may start before the first record, by no more than the longest of them.
    let longest = trace.windows.iter().map(|life| life.window.size()).max().unwrap_or_default();
    let start = asked.start.within((first - longest).on_proc_clock(), last.on_proc_clock());
    let start = start.map_err(|error| CliError::bad_input(format!("{option}: {error}")))?.on_event_clock();
    window_at(trace, key, start).map(|window| Subject::Window { key, window }).ok_or_else(|| {
        CliError::bad_input(format!("{option}: no record of {:?} falls in a window that starts at {start}", asked.key))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_read_as_they_are_named() {
        let read = |text: &str| text.parse::<Asked>();
        assert_eq!(read("record:398"), Ok(Asked::Record(398)));
        assert_eq!(read("watermark"), Ok(Asked::Silence(Silent::Watermark)));
        assert_eq!(read("partition:2"), Ok(Asked::Silence(Silent::Partition(2))));
        assert_eq!(read("key:a:b"), Ok(Asked::Silence(Silent::Key("a:b".to_owned()))));
        let Ok(Asked::Window(window)) = read("window:a,b,12:04") else { panic!("a window") };
        assert_eq!(window.key, "a,b");
        for wrong in ["398", "record:x", "window:T3", "partition:", "door"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
