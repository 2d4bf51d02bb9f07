//! The pipeline that a recording opens with when nobody has said which: a window that cuts the
//! recording into some eighty pieces, and a bound that covers 99 % of its delays (90 % of them, or
//! none, where the recording is too short for that). A starting point to look at, not advice.

use crate::metrics::quantile::{P90, P99, Quantile};
use crate::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use crate::record::{RecordId, Stream};
use crate::time::{EventTime, Span};

/// How many windows the recording should show: enough for a pattern, few enough to tell apart.
const WINDOWS_WANTED: i64 = 80;

/// Lengths that people use for windows and bounds.
const ROUND_SPANS: [Span; 28] = [
    Span::from_millis(1),
    Span::from_millis(10),
    Span::from_millis(100),
    Span::from_secs(1),
    Span::from_secs(5),
    Span::from_secs(10),
    Span::from_secs(30),
    Span::from_secs(60),
    Span::from_secs(2 * 60),
    Span::from_secs(5 * 60),
    Span::from_secs(15 * 60),
    Span::from_secs(30 * 60),
    Span::from_secs(3_600),
    Span::from_secs(2 * 3_600),
    Span::from_secs(4 * 3_600),
    Span::from_secs(6 * 3_600),
    Span::from_secs(12 * 3_600),
    Span::from_secs(86_400),
    Span::from_secs(2 * 86_400),
    Span::from_secs(4 * 86_400),
    Span::from_secs(7 * 86_400),
    Span::from_secs(10 * 86_400),
    Span::from_secs(14 * 86_400),
    Span::from_secs(30 * 86_400),
    Span::from_secs(60 * 86_400),
    Span::from_secs(90 * 86_400),
    Span::from_secs(180 * 86_400),
    Span::from_secs(365 * 86_400),
];

/// The smallest round span that is at least `span`, or the largest of all; zero stays zero.
fn rounded_up(span: Span) -> Span {
    if span == Span::ZERO {
        return span;
    }
    ROUND_SPANS.into_iter().find(|&round| round >= span).unwrap_or(ROUND_SPANS[ROUND_SPANS.len() - 1])
}

/// A first pipeline for this recording: tumbling windows, no lateness, nothing slow.
pub fn first_pipeline(stream: &Stream) -> Pipeline {
    let delays = || (0..stream.len()).map(|i| stream.delay(RecordId(i as u32)).micros());
    let times = || stream.event_times().iter().map(|time| time.micros());
    // A few wild event times must not stretch the windows, so the outer hundredths are left out.
    let last = P99.of_scans(times).map_or(EventTime::EPOCH, EventTime::from_micros);
    let first = Quantile::per_mille(10).of_scans(times).map_or(EventTime::EPOCH, EventTime::from_micros);
    let length = last - first;
    let size = rounded_up(Span::from_micros((length.micros() / WINDOWS_WANTED).max(1)));
    let covering = |share: Quantile| {
        share.of_scans(delays).map_or(Span::ZERO, |delay| rounded_up(Span::from_micros(delay).max(Span::ZERO)))
    };
    // With a bound as long as the recording nothing would ever fire.
    let bound = if covering(P99).times(4) <= length { covering(P99) } else { covering(P90) };
    let bound = if bound.times(2) <= length { bound } else { Span::ZERO };
    Pipeline {
        watermark: WatermarkSpec::Bounded { bound },
        window: WindowSpec::Tumbling { size, offset: Span::ZERO },
        ..Pipeline::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, KeyTable, PartitionId, Row};

    fn check(records: i64, spacing: Span, delay: Span, size: Span, bound: Span) {
        let row = |i: i64| {
            let event_time = EventTime::EPOCH + spacing.times(i);
            let (key, partition) = (KeyId(0), PartitionId(0));
            Row { event_time, arrival: event_time.on_proc_clock() + delay, key, value: 1.0, partition }
        };
        let stream = Stream::from_rows((0..records).map(row).collect(), KeyTable::default());
        let pipeline = first_pipeline(&stream);
        assert_eq!(pipeline.window, WindowSpec::Tumbling { size, offset: Span::ZERO });
        assert_eq!(pipeline.watermark.bound(), bound);
        assert_eq!(pipeline.problems(), []);
    }

    #[test]
    fn windows_and_bounds_are_round_and_fit_the_recording() {
        let secs = Span::from_secs;
        // 1,000 records a second apart: 980 s between the quantiles / 80 = 12.25 s, so 30 s.
        check(1_000, secs(1), secs(3), secs(30), secs(5));
        // A month of records: 1 h apart, 98 % of 720 h / 80 = 8.8 h, so 12 h.
        check(720, secs(3_600), secs(3_400), secs(43_200), secs(3_600));
        check(1, secs(1), secs(-5), Span::from_millis(1), Span::ZERO);
        check(0, secs(1), secs(1), Span::from_millis(1), Span::ZERO);
    }
}
