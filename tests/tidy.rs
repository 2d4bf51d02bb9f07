//! The house rules, as far as a machine can check them: every one names the file and line that breaks it.
//!
//! What clippy can see better (clocks, threads and unordered maps by type, long functions) is in `.clippy.toml`.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines in a file; beyond this it holds more than one idea.
const MOST_LINES: usize = 800;
/// Characters in a line of code.
const MOST_COLUMNS: usize = 120;
/// Characters in a line with a text literal, which the formatter does not break.
const MOST_COLUMNS_WITH_TEXT: usize = 160;

/// One breach: where, and which rule.
type Breach = String;

/// A text file of the repository.
struct File {
    /// Path from the root, with forward slashes.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Lines with their number from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(i, line)| (i + 1, line))
    }

    /// Lines of code that ship: before the tests at the end of the file, without comments.
    fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens_tests =
            |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{');
        let end = lines.windows(2).position(opens_tests).unwrap_or(usize::MAX);
        self.lines().take(end).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn breach(&self, line: usize, rule: &str) -> Breach {
        format!("{}:{line}: {rule}", self.path)
    }

    /// A breach for every shipped line that holds one of `words`.
    fn forbid(&self, words: &[&str], rule: &str) -> Vec<Breach> {
        let found = |line: &str| words.iter().find(|word| line.contains(**word)).copied();
        self.shipped()
            .filter_map(|(number, line)| found(line).map(|word| self.breach(number, &format!("{word}: {rule}"))))
            .collect()
    }
}

/// Every text file that belongs to the repository.
fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["src", "tests", "benches", "scenarios", "docs", ".ci"] {
        collect(&root.join(folder), &mut paths);
    }
    paths.extend(fs::read_dir(root).expect("the root is a folder").flatten().map(|entry| entry.path()));
    paths.sort();
    let known = ["rs", "toml", "md", "ron", "txt", "csv", "jsonl"];
    let mut files = Vec::new();
    for path in paths.iter().filter(|path| path.is_file()) {
        let relative =
            path.strip_prefix(root).expect("it was found below the root").to_string_lossy().replace('\\', "/");
        let is_known = path.extension().is_some_and(|extension| known.iter().any(|known| extension == *known));
        if is_known || relative.starts_with(".ci/") || relative.starts_with(".git") {
            let bytes = fs::read(path).expect("a file of the repository can be read");
            files.push(File { path: relative, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    files
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

fn assert_none(breaches: Vec<Breach>) {
    assert!(breaches.is_empty(), "house rules are broken:\n  {}", breaches.join("\n  "));
}

fn check(rule: impl Fn(&File) -> Vec<Breach>) {
    let files = files();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the source was not found");
    assert_none(files.iter().flat_map(rule).collect());
}

fn check_source(rule: impl Fn(&File) -> Vec<Breach>) {
    check(|file| if file.is_rust() && file.is_in(&["src/"]) { rule(file) } else { Vec::new() });
}

#[test]
fn every_rust_file_opens_with_what_it_is() {
    check(|file| {
        let opens = file.text.starts_with("//! ");
        if file.is_rust() && !opens { vec![file.breach(1, "a file opens with a //! header")] } else { Vec::new() }
    });
}

#[test]
fn files_are_short_and_lines_narrow() {
    check(|file| {
        if !file.is_rust() && !file.is_in(&["scenarios/", ".ci/"]) {
            return Vec::new();
        }
        let mut breaches: Vec<Breach> = file
            .lines()
            .filter(|(_, line)| {
                let most =
                    if line.contains('"') || line.contains('\\') { MOST_COLUMNS_WITH_TEXT } else { MOST_COLUMNS };
                line.chars().count() > most
            })
            .map(|(number, _)| file.breach(number, &format!("a line has at most {MOST_COLUMNS} characters")))
            .collect();
        if file.text.lines().count() > MOST_LINES {
            breaches.push(file.breach(MOST_LINES, &format!("a file has at most {MOST_LINES} lines")));
        }
        breaches
    });
}

#[test]
fn nothing_is_left_for_later() {
    check(|file| {
        if !file.is_rust() || file.path == "tests/tidy.rs" {
            return Vec::new();
        }
        let unfinished = ["TODO", "FIXME", "todo!", "unimplemented!", "dbg!"];
        file.lines()
            .filter(|(_, line)| unfinished.iter().any(|word| line.contains(word)))
            .map(|(number, _)| file.breach(number, "unfinished work does not go in"))
            .collect()
    });
}

#[test]
fn shipped_code_does_not_unwrap() {
    check_source(|file| file.forbid(&[".unwrap()", ".unwrap_err()"], "say in an expect why it cannot fail"));
}

#[test]
fn colours_live_in_the_theme() {
    check_source(|file| {
        if file.path == "src/app/theme.rs" || file.is_in(&["src/raster/"]) {
            return Vec::new();
        }
        let mut breaches = file.forbid(&["Color32::from_", "from_hex", "Hsva"], "colours live in src/app/theme.rs");
        let hex = file.shipped().filter(|(_, line)| has_hex_color(line));
        breaches.extend(hex.map(|(number, _)| file.breach(number, "colours live in src/app/theme.rs")));
        breaches
    });
}

/// Whether a line holds `#` and six hexadecimal digits.
fn has_hex_color(line: &str) -> bool {
    line.match_indices('#').any(|(at, _)| {
        let digits = line[at + 1..].bytes().take_while(u8::is_ascii_hexdigit).count();
        digits == 6 || digits == 8
    })
}

/// Files that may use what the rest may not, each with its reason.
const EXCEPTIONS: [(&str, &str, &str); 8] = [
    ("src/cli/stopwatch.rs", "Instant::now", "how fast a run was is a wall-clock figure; no result depends on it"),
    ("src/cli/stopwatch.rs", "SystemTime::now", "on which day a file was opened; no result depends on it"),
    ("src/app/link.rs", "thread::Builder", "the lab's worker, so that the window never waits for a run or a file"),
    (
        "src/runtime/threads/clock.rs",
        "Instant::now",
        "threads run in real time; every reading is recorded for the replay",
    ),
    ("src/runtime/threads/clock.rs", "std::time::", "as above; the others have their durations from there"),
    ("src/runtime/threads/wiring.rs", "std::thread", "a thread for every task of the run"),
    ("src/runtime/threads/run.rs", "std::thread", "waits for them"),
    ("src/runtime/threads/error.rs", "std::thread", "says which of them panicked"),
];

/// Whether a file may use a word that is forbidden where it stands.
fn is_excepted(file: &File, word: &str) -> bool {
    EXCEPTIONS.iter().any(|(path, what, _)| *path == file.path && *what == word)
}

#[test]
fn clocks_threads_and_unordered_maps_stay_out() {
    let words =
        ["Instant::now", "SystemTime::now", "Timestamp::now", "thread::spawn", "thread::Builder", "HashMap", "HashSet"];
    check_source(|file| {
        let banned: Vec<&str> = words.iter().filter(|word| !is_excepted(file, word)).copied().collect();
        file.forbid(&banned, "a run is a function of its input; the exceptions are listed in tests/tidy.rs")
    });
}

#[test]
fn exceptions_are_still_needed() {
    let files = files();
    for (path, what, reason) in EXCEPTIONS {
        assert!(!reason.is_empty(), "{path} may use {what}: why?");
        let file = files.iter().find(|file| file.path == path);
        assert!(file.is_some_and(|file| file.text.contains(what)), "{path} does not use {what} any more");
    }
}

/// What each part of the source must not reach for. The engine knows no runtime, the runtime no screen.
const ARROWS: [(&[&str], &[&str]); 5] = [
    (
        &["src/time.rs", "src/record.rs", "src/watermark/", "src/window/", "src/join/", "src/state/", "src/sink/"],
        &["crate::runtime", "crate::oracle", "crate::recording", "crate::metrics", "crate::scenario"],
    ),
    (&["src/oracle/"], &["crate::runtime::virtual_time", "crate::window::operator", "crate::watermark"]),
    (
        &[
            "src/time.rs",
            "src/record.rs",
            "src/pipeline.rs",
            "src/production.rs",
            "src/log/",
            "src/group/",
            "src/watermark/",
            "src/window/",
            "src/join/",
            "src/state/",
            "src/sink/",
            "src/runtime/",
            "src/oracle/",
        ],
        &[
            "crate::app",
            "crate::cli",
            "crate::raster",
            "egui",
            "std::fs",
            "std::thread",
            "std::time::",
            "std::env",
            "println!",
        ],
    ),
    (&["src/raster/"], &["crate::app", "crate::cli", "crate::runtime", "crate::window"]),
    (&["src/app/"], &["crate::cli"]),
];

#[test]
fn dependencies_point_one_way() {
    check_source(|file| {
        let rules = ARROWS.iter().filter(|(folders, _)| file.is_in(folders));
        let banned = |words: &[&'static str]| -> Vec<&str> {
            words.iter().filter(|word| !is_excepted(file, word)).copied().collect()
        };
        rules.flat_map(|(_, words)| file.forbid(&banned(words), "this part does not know of that one")).collect()
    });
}

#[test]
fn simulated_numbers_do_not_depend_on_the_platform() {
    let words = [".ln(", ".exp(", ".powf(", ".powi(", ".log10(", ".log2(", ".sin(", ".cos(", "StdRng", "SmallRng"];
    check_source(|file| {
        let simulates = file.is_in(&[
            "src/scenario",
            "src/source",
            "src/log",
            "src/group",
            "src/production",
            "src/window",
            "src/runtime",
            "src/watermark",
        ]);
        let rule = "the standard library's differs between platforms in the last bit; use libm or integers";
        if simulates { file.forbid(&words, rule) } else { Vec::new() }
    });
}

#[test]
fn every_source_file_is_part_of_the_crate() {
    let files = files();
    let text_of = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let declared_in = |file: &File| {
        let (folder, name) = file.path.rsplit_once('/').expect("it is in a folder");
        let (folder, module) = match name.strip_suffix(".rs") {
            Some("mod") => folder.rsplit_once('/').expect("the root has no mod.rs"),
            module => (folder, module.expect("it is Rust")),
        };
        let parents = [format!("{folder}/mod.rs"), format!("{folder}.rs"), format!("{folder}/lib.rs")];
        parents.iter().filter_map(|path| text_of(path)).any(|text| text.contains(&format!("mod {module};")))
    };
    let is_root = |file: &File| ["src/lib.rs", "src/main.rs"].contains(&file.path.as_str());
    let source = files.iter().filter(|file| file.is_rust() && file.is_in(&["src/"]) && !is_root(file));
    assert_none(
        source.filter(|file| !declared_in(file)).map(|file| file.breach(1, "no module declares this file")).collect(),
    );
}

#[test]
fn texts_name_nothing_of_the_machine_they_were_written_on() {
    let names = [
        ["/ho", "me/"].concat(),
        ["/ro", "ot/"].concat(),
        ["/Us", "ers/"].concat(),
        ["/wo", "rk/"].concat(),
        ["../sh", "ared"].concat(),
    ];
    check(|file| {
        file.lines()
            .filter(|(_, line)| names.iter().any(|name| line.contains(name)))
            .map(|(number, _)| file.breach(number, "a path that only one machine has"))
            .collect()
    });
}

#[test]
fn the_rules_see_what_they_look_for() {
    let file = File {
        path: "src/app/sample.rs".to_owned(),
        text: "//! A sample.\nlet a = b.unwrap();\n// c.unwrap()\n#[cfg(test)]\npub mod tests {\nd.unwrap();\n}\n"
            .to_owned(),
    };
    assert_eq!(file.forbid(&[".unwrap()"], "no"), ["src/app/sample.rs:2: .unwrap(): no"]);
    assert!(has_hex_color("the colour #a0b1c2 is blue") && !has_hex_color("#[cfg(test)] issue #123"));
}
