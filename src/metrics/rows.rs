//! The panes of a run as rows of CSV.

use crate::human::instant_rfc3339;
use crate::oracle::{Truth, special_truth};
use crate::pipeline::Pipeline;
use crate::record::Stream;
use crate::runtime::Trace;
use crate::window::pane::Pane;

/// Every pane, in order of emission, with a header: `key,window_start,window_end,timing,index,value,
/// emitted_at,watermark,truth,retraction`. Instants are RFC 3339 in UTC; the final watermark is empty,
/// and so are the edges of the global window. `truth` is the batch answer for the window, over the
/// complete input. `retraction` is whether the value is withdrawn instead of said. The value of an
/// aggregate that is a list has spaces between; its truth is the last value of the list.
///
/// # Errors
/// Only what the CSV writer itself reports; memory does not fail to be written to.
pub fn panes_csv(trace: &Trace, truth: &Truth) -> Result<Vec<u8>, csv::Error> {
    let panes = trace.panes.iter().enumerate().map(|(i, pane)| (pane, trace.list_of(i)));
    rows_csv(&trace.stream, &trace.pipeline, panes, truth)
}

/// As [`panes_csv`], of panes with their lists from any run of `pipeline` over `stream`.
///
/// # Errors
/// As [`panes_csv`].
pub fn rows_csv<'a>(
    stream: &Stream,
    pipeline: &Pipeline,
    panes: impl Iterator<Item = (&'a Pane, &'a [f64])>,
    truth: &Truth,
) -> Result<Vec<u8>, csv::Error> {
    let aggregate = pipeline.aggregate;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "key",
        "window_start",
        "window_end",
        "timing",
        "index",
        "value",
        "emitted_at",
        "watermark",
        "truth",
        "retraction",
    ])?;
    let special = special_truth(stream, pipeline.window, aggregate);
    for (pane, list) in panes {
        let complete = if aggregate.is_special() {
            special.of_window(pane.key, pane.window).copied()
        } else {
            truth.of_window(pane.key, pane.window).and_then(|summary| summary.value(aggregate))
        };
        let list: Vec<String> = list.iter().map(f64::to_string).collect();
        writer.write_record([
            stream.key_table().name(pane.key),
            &instant_rfc3339(pane.window.start.micros()),
            &instant_rfc3339(pane.window.end.micros()),
            pane.timing.word(),
            &pane.index.to_string(),
            &if list.is_empty() { number(pane.value(aggregate)) } else { list.join(" ") },
            &instant_rfc3339(pane.emitted_at.micros()),
            &instant_rfc3339(pane.watermark.micros()),
            &number(complete),
            if pane.is_retraction { "true" } else { "false" },
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
