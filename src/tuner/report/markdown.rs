//! A report as Markdown (CommonMark with the tables of GitHub).

use crate::tuner::report::document::{Block, Document};

/// The report as Markdown, ending with a line feed. Plots are left out; their numbers are in the tables.
pub fn markdown(document: &Document) -> String {
    let mut text = format!("# {}\n", escaped(&document.title));
    for block in &document.blocks {
        let written = written(block);
        if !written.is_empty() {
            text.push('\n');
            text.push_str(&written);
        }
    }
    text
}

fn written(block: &Block) -> String {
    match block {
        Block::Heading(heading) => format!("## {}\n", escaped(heading)),
        Block::Text(text) => format!("{}\n", escaped(text)),
        Block::Lead(text) => format!("**{}**\n", escaped(text)),
        Block::List(items) => items.iter().map(|item| format!("- {}\n", escaped(item))).collect(),
        Block::Table { heads, rows, marked } => table(heads, rows, *marked),
        Block::Commands(lines) => format!("```sh\n{}\n```\n", lines.join("\n")),
        Block::Plot(_) => String::new(),
    }
}

fn table(heads: &[String], rows: &[Vec<String>], marked: Option<usize>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let escaped_all = |cells: &[String]| cells.iter().map(|cell| escaped(cell)).collect::<Vec<String>>();
    let mut text = line(&escaped_all(heads));
    let rules: Vec<String> = (0..heads.len()).map(|place| if place == 0 { "---" } else { "---:" }.to_owned()).collect();
    text.push_str(&line(&rules));
    for (place, row) in rows.iter().enumerate() {
        let cells = escaped_all(row);
        let bold = |cell: String| if cell.is_empty() { cell } else { format!("**{cell}**") };
        let cells = if marked == Some(place) { cells.into_iter().map(bold).collect() } else { cells };
        text.push_str(&line(&cells));
    }
    text
}

/// Text in which nothing is mark-up.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_written_as_markdown() {
        let heads = ["rule", "p99"].map(str::to_owned).to_vec();
        let rows = vec![["a|b", "1 s"].map(str::to_owned).to_vec(), ["c", "2 s"].map(str::to_owned).to_vec()];
        let document = Document {
            title: "Bound of *x*".to_owned(),
            blocks: vec![
                Block::Lead("Set it.".to_owned()),
                Block::Table { heads, rows, marked: Some(1) },
                Block::Commands(vec!["highwater tune x.csv".to_owned()]),
            ],
        };
        let expected = "# Bound of \\*x\\*\n\n**Set it.**\n\n| rule | p99 |\n| --- | ---: |\n| a\\|b | 1 s |\n\
                        | **c** | **2 s** |\n\n```sh\nhighwater tune x.csv\n```\n";
        assert_eq!(markdown(&document), expected);
    }
}
