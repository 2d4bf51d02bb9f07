//! A report as one HTML file: style and plot are in it, nothing is fetched.

use crate::tuner::report::document::{Block, Document};
use crate::tuner::report::plot::svg;

/// Light and dark by the reader's own setting; prints in black on white. Colours are named by what they are for.
const STYLE: &str = "\
:root { color-scheme: light dark; --ground: hsl(0 0% 100%); --ink: hsl(220 15% 15%); --quiet: hsl(220 8% 42%); \
--line: hsl(220 15% 86%); --lead: hsl(205 60% 95%); --mark: hsl(205 85% 36%); --other: hsl(28 80% 42%); }\n\
@media (prefers-color-scheme: dark) { :root { --ground: hsl(220 15% 10%); --ink: hsl(220 12% 90%); \
--quiet: hsl(220 8% 64%); --line: hsl(220 10% 26%); --lead: hsl(205 40% 17%); --mark: hsl(203 85% 66%); \
--other: hsl(32 85% 64%); } }\n\
@media print { :root { color-scheme: light; } details { break-inside: avoid; } }\n\
body { background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; \
max-width: 64rem; padding: 0 1rem; }\n\
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }\n\
.lead { background: var(--lead); border-left: 4px solid var(--mark); font-size: 1.15rem; padding: 0.8rem 1rem; }\n\
.wide { overflow-x: auto; }\n\
table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; width: 100%; }\n\
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: right; white-space: nowrap; }\n\
th:first-child, td:first-child { text-align: left; } th { color: var(--quiet); font-weight: 600; }\n\
tr.marked td { background: var(--lead); font-weight: 600; }\n\
pre { background: var(--lead); overflow-x: auto; padding: 0.8rem 1rem; }\n\
svg { height: auto; max-width: 100%; } svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; }\n\
svg .axis { stroke: var(--line); } svg .curve { fill: none; stroke: var(--mark); stroke-width: 2; }\n\
svg .chosen { fill: var(--mark); } svg .rule { fill: none; stroke: var(--other); stroke-width: 2; }\n\
svg text.rule-name { fill: var(--other); stroke: none; } svg text.chosen-name { fill: var(--mark); font-weight: 600; }\n";

/// The report as one HTML file.
pub fn html(document: &Document) -> String {
    let title = escaped(&document.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for block in &document.blocks {
        page.push_str(&written(block));
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn written(block: &Block) -> String {
    match block {
        Block::Heading(heading) => format!("<h2>{}</h2>\n", escaped(heading)),
        Block::Text(text) => format!("<p>{}</p>\n", escaped(text)),
        Block::Lead(text) => format!("<p class=\"lead\">{}</p>\n", escaped(text)),
        Block::List(items) => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escaped(item))).collect();
            format!("<ul>\n{items}</ul>\n")
        }
        Block::Table { heads, rows, marked } => table(heads, rows, *marked),
        Block::Commands(lines) => format!("<pre>{}</pre>\n", escaped(&lines.join("\n"))),
        Block::Plot(plot) => svg(plot),
    }
}

fn table(heads: &[String], rows: &[Vec<String>], marked: Option<usize>) -> String {
    let heads: String = heads.iter().map(|head| format!("<th>{}</th>", escaped(head))).collect();
    let row = |(place, row): (usize, &Vec<String>)| {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
        let class = if marked == Some(place) { " class=\"marked\"" } else { "" };
        format!("<tr{class}>{cells}</tr>\n")
    };
    let rows: String = rows.iter().enumerate().map(row).collect();
    format!("<div class=\"wide\"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

/// Text in which nothing is mark-up.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_complete_and_fetch_nothing() {
        let heads = ["rule", "p99"].map(str::to_owned).to_vec();
        let rows = vec![["<script>", "1 s"].map(str::to_owned).to_vec()];
        let blocks = vec![Block::Table { heads, rows, marked: Some(0) }, Block::List(vec!["a & b".to_owned()])];
        let page = html(&Document { title: "Bound".to_owned(), blocks });
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
        assert!(page.contains("<tr class=\"marked\"><td>&lt;script&gt;</td><td>1 s</td></tr>"));
        assert!(page.contains("<li>a &amp; b</li>") && page.contains("prefers-color-scheme: dark"));
        for fetched in ["http", "src=", "<link", "<script", "url(", "@import"] {
            assert!(!page.contains(fetched), "{fetched}");
        }
    }
}
