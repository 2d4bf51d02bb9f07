//! The results as a file: every pane with its truth, the rows of `highwater run --format csv`.
//!
//! The file lies in the folder that the program was started in, under a name that no file has yet. It is
//! written beside the window and put in place whole.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::tasks::Task;
use crate::app::view::View;
use crate::metrics::rows::panes_csv;

/// Names that are tried: with nothing, then with a number.
const NAMES: u32 = 1_000;

/// The task that writes the panes of the run on screen.
pub fn task(view: &View<'_>) -> Task {
    let (trace, truth) = (Arc::clone(&view.run.trace), Arc::clone(&view.run.truth));
    let stem = stem(&view.run.scenario.title);
    Task::new("export", "Writing the results", move |_| {
        let written = panes_csv(&trace, &truth)
            .map_err(|error| error.to_string())
            .and_then(|bytes| write_new(&stem, &bytes).map_err(|error| error.to_string()));
        Box::new(move |state| match written {
            Ok(path) => state.notify(false, "Results written", path.display().to_string()),
            Err(why) => state.notify(true, "Cannot write the results", why),
        })
    })
}

/// The title as a file name: letters and digits, others as hyphens.
fn stem(title: &str) -> String {
    let plain: String = title
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "results".to_owned() } else { format!("{}-results", words.join("-")) }
}

/// Writes a file that is not there yet. Its place.
fn write_new(stem: &str, bytes: &[u8]) -> std::io::Result<PathBuf> {
    let name = |number: u32| match number {
        0 => PathBuf::from(format!("{stem}.csv")),
        number => PathBuf::from(format!("{stem}-{number}.csv")),
    };
    let free = (0..NAMES).map(name).find(|path| !path.exists());
    let path = free.ok_or_else(|| std::io::Error::other(format!("there are {NAMES} files named {stem} already")))?;
    let unfinished = path.with_extension("csv.part");
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, &path)?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names_of_files() {
        let names = ["Trams and a tunnel", "24 h: Zürich", "???"].map(stem);
        assert_eq!(names, ["trams-and-a-tunnel-results", "24-h-z-rich-results", "results"]);
    }
}
