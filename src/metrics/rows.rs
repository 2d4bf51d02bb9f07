//! The panes of a run as rows of CSV.

use crate::human::instant_rfc3339;
use crate::oracle::Truth;
use crate::runtime::Trace;

/// Every pane, in order of emission, with a header: `key,window_start,window_end,timing,index,value,
/// emitted_at,watermark,truth,retraction`. Instants are RFC 3339 in UTC; the final watermark is empty,
/// and so are the edges of the global window. `truth` is the batch answer for the window, over the
/// complete input. `retraction` is whether the value is withdrawn instead of said.
///
/// # Errors
/// Only what the CSV writer itself reports; memory does not fail to be written to.
pub fn panes_csv(trace: &Trace, truth: &Truth) -> Result<Vec<u8>, csv::Error> {
    let aggregate = trace.pipeline.aggregate;
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
    for pane in &trace.panes {
        let complete = truth.of_window(pane.key, pane.window);
        writer.write_record([
            trace.stream.key_table().name(pane.key),
            &instant_rfc3339(pane.window.start.micros()),
            &instant_rfc3339(pane.window.end.micros()),
            pane.timing.word(),
            &pane.index.to_string(),
            &number(pane.summary.value(aggregate)),
            &instant_rfc3339(pane.emitted_at.micros()),
            &instant_rfc3339(pane.watermark.micros()),
            &number(complete.and_then(|summary| summary.value(aggregate))),
            if pane.is_retraction { "true" } else { "false" },
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
