//! The built-in scenarios: each reads, checks clean, begins with what to watch for, and gives the
//! records that its comment promises.

use highwater::scenario::library::{BUILT_IN, BuiltIn};
use highwater::scenario::{Scenario, parse};
use highwater::source::generate;

fn scenario(built_in: &BuiltIn) -> Scenario {
    built_in.scenario().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_file_is_built_in_and_every_one_is_a_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of scenarios")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut built_in: Vec<String> = BUILT_IN.iter().map(|it| format!("{}.ron", it.slug)).collect();
    built_in.sort();
    assert_eq!(files, built_in);
}

#[test]
fn every_scenario_says_what_to_watch_for_and_to_try() {
    for built_in in BUILT_IN {
        let lines = built_in.watch_for();
        assert!((3..=6).contains(&lines.len()), "{}: {} lines", built_in.slug, lines.len());
        assert!(lines.iter().any(|line| line.starts_with("Try: ")), "{}: nothing to try", built_in.slug);
        let scenario = scenario(built_in);
        assert!(!scenario.about.is_empty(), "{}: about is empty", built_in.slug);
    }
}

#[test]
fn every_scenario_generates_a_stream_of_the_size_it_is_made_for() {
    for built_in in BUILT_IN {
        let stream = generate(&scenario(built_in)).unwrap_or_else(|error| panic!("{}: {error}", built_in.slug));
        let records = match built_in.slug {
            "million" => 1_000_000..=1_000_000,
            "twenty-thousand" => 20_000..=20_000,
            _ => 500..=2_000,
        };
        assert!(records.contains(&stream.len()), "{}: {} records", built_in.slug, stream.len());
    }
}

#[test]
fn every_scenario_reads_back_what_it_writes() {
    for built_in in BUILT_IN {
        let scenario = scenario(built_in);
        let written = scenario.to_ron();
        assert_eq!(parse(&written, built_in.slug), Ok(scenario), "{written}");
    }
}
