//! `highwater check`: does this engine agree with others? Files of cases that were recorded from
//! them are run, and the first difference is told in words. A scenario passes when it runs and
//! every record is accounted for.

use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cases::file::read_cases;
use crate::cli::args::{CommonArgs, Format};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::open::open;
use crate::recording::ReadOptions;
use crate::runtime::{RunConfig, run as run_stream};

/// Arguments of `highwater check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Files of cases (.json, .jsonl, also .gz and .zst) or scenarios (.ron)
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The outcome as text or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// What came of all files.
#[derive(Clone, Debug, Default, Serialize)]
struct Outcome {
    schema: u32,
    passed: usize,
    failed: usize,
    files: Vec<FileOutcome>,
    failures: Vec<Failure>,
}

/// What came of one file.
#[derive(Clone, Debug, Serialize)]
struct FileOutcome {
    file: String,
    shapes: Vec<&'static str>,
    passed: usize,
    failed: usize,
}

/// A case that failed.
#[derive(Clone, Debug, Serialize)]
struct Failure {
    file: String,
    line: usize,
    case: String,
    difference: String,
}

/// Runs the cases of every file and prints how many passed.
///
/// # Errors
/// Files that cannot be used, all of them in one message; otherwise [`CliError::Failed`] when a case
/// failed.
pub fn check(args: &CheckArgs, common: &CommonArgs) -> Result<(), CliError> {
    if args.format == Format::Csv {
        return Err(CliError::bad_input("check has no rows to write; --format is text or json"));
    }
    let mut outcome = Outcome { schema: 1, ..Outcome::default() };
    let mut unusable = Vec::new();
    for path in &args.files {
        let is_scenario = path.extension().is_some_and(|ending| ending == "ron");
        let checked = if is_scenario { check_scenario(path, &mut outcome) } else { check_cases(path, &mut outcome) };
        unusable.extend(checked.err());
    }
    if !unusable.is_empty() {
        return Err(CliError::bad_input(unusable.join("\n")));
    }
    let mut json = serde_json::to_vec_pretty(&outcome).map_err(CliError::bad_input)?;
    json.push(b'\n');
    if let Some(folder) = &common.out {
        fs::create_dir_all(folder)
            .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
        output::write_file(&folder.join("check.json"), &json)?;
    }
    match args.format {
        Format::Json => output::print(&json)?,
        Format::Text | Format::Csv => output::print(outcome.in_words().as_bytes())?,
    }
    if outcome.failed > 0 { Err(CliError::Failed) } else { Ok(()) }
}

impl Outcome {
    fn in_words(&self) -> String {
        let first = self.failures.first().map_or_else(String::new, |failure| {
            format!("{}:{}: {}: {}\n", failure.file, failure.line, failure.case, failure.difference)
        });
        format!("{first}{} passed, {} failed\n", self.passed, self.failed)
    }

    fn add(&mut self, file: FileOutcome) {
        self.passed += file.passed;
        self.failed += file.failed;
        self.files.push(file);
    }
}

fn check_cases(path: &Path, outcome: &mut Outcome) -> Result<(), String> {
    let file = path.display().to_string();
    let text = read_text(path).map_err(|told| format!("{file}: {told}"))?;
    let cases = read_cases(&text).map_err(|error| format!("{file}:{}: {}", error.line, error.message))?;
    let mut of_file = FileOutcome { file, shapes: Vec::new(), passed: 0, failed: 0 };
    for case in cases {
        if !of_file.shapes.contains(&case.shape.name) {
            of_file.shapes.push(case.shape.name);
        }
        let told = (case.shape.run)(&case.value);
        of_file.passed += usize::from(told.is_ok());
        if let Err(difference) = told {
            of_file.failed += 1;
            let file = of_file.file.clone();
            outcome.failures.push(Failure { file, line: case.line, case: case.name, difference });
        }
    }
    outcome.add(of_file);
    Ok(())
}

fn check_scenario(path: &Path, outcome: &mut Outcome) -> Result<(), String> {
    let file = path.display().to_string();
    let opened = open(path, &ReadOptions::default(), &|_| Ok(()), &mut |_| ControlFlow::Continue(()))
        .map_err(|error| error.to_string())?;
    let trace = run_stream(&opened.stream, &RunConfig::of(&opened.scenario, &opened.stream));
    let is_balanced = trace.ledger.balances();
    if !is_balanced {
        let difference = format!("{} records have no fate or two", trace.ledger.difference());
        outcome.failures.push(Failure { file: file.clone(), line: 1, case: opened.scenario.title, difference });
    }
    let (passed, failed) = (usize::from(is_balanced), usize::from(!is_balanced));
    outcome.add(FileOutcome { file, shapes: vec!["scenario"], passed, failed });
    Ok(())
}

/// The first bytes of packed files.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

fn read_text(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut plain = Vec::new();
    let unpacked = if bytes.starts_with(GZIP) {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain)
    } else if bytes.starts_with(ZSTD) {
        zstd::Decoder::new(&bytes[..]).and_then(|mut decoder| decoder.read_to_end(&mut plain))
    } else {
        plain = bytes;
        Ok(plain.len())
    };
    unpacked.map_err(|error| format!("cannot be unpacked: {error}"))?;
    String::from_utf8(plain).map_err(|error| format!("is not UTF-8 text: {error}"))
}
