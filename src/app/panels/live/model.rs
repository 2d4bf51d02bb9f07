//! A live run as the topology shows one: the same stages, from the counters of its threads.

use crate::app::live::LiveFrame;
use crate::app::panels::topology::model::{Bar, Edge, Fill, Model, Row, Stage};
use crate::human;
use crate::metrics::tasks::Shares;
use crate::metrics::tasks::phrase::{many, percent, percent_short, rate};
use crate::runtime::TaskId;
use crate::time::EventTime;

/// The topology of a live run. `most_lag` is the most unread records that it has had so far.
pub fn model(frame: &LiveFrame, most_lag: u64) -> Model {
    let (sources, windows) = (frame.progress.sources.len(), frame.progress.windows.len());
    let shares = |place: usize| frame.shares.get(place).copied().unwrap_or_default();
    let of_source = |task: usize| row(TaskId::source(task), shares(task), sources, task, None, None);
    let of_window = |task: usize| {
        let fill = Fill { level: small(frame.depth_of(task)), capacity: Some(small(frame.capacity_of(task))) };
        let watermark = known(frame.progress.windows[task].watermark);
        row(TaskId::window(task), shares(sources + task), windows, task, Some(fill), watermark)
    };
    let stages = vec![
        log(frame, most_lag),
        stage("Sources", (0..sources).map(of_source).collect()),
        stage("Windows", (0..windows).map(of_window).collect()),
        Stage {
            name: "Sink",
            about: "writes panes".to_owned(),
            rows: vec![row(TaskId::Sink, shares(sources + windows), 1, 0, None, None)],
        },
    ];
    Model {
        stages,
        edges: edges(frame, shares),
        dead_letters: None,
        causes: Vec::new(),
        backlog: String::new(),
        held_back: String::new(),
    }
}

fn stage(name: &'static str, rows: Vec<Row>) -> Stage {
    Stage { name, about: many(rows.len(), "thread"), rows }
}

fn log(frame: &LiveFrame, most_lag: u64) -> Stage {
    let lag = frame.lag();
    let words = format!("Log: {} of {} records have come, {lag} unread", frame.arrived, frame.records);
    let row = Row {
        number: String::new(),
        bar: Bar::Lag(lag as f64 / most_lag.max(1) as f64),
        value: human::count(lag),
        fill: None,
        watermark: None,
        silence: None,
        is_cause: false,
        words,
    };
    Stage {
        name: "Log",
        about: format!("{} of {}", human::count(frame.arrived), human::count(frame.records)),
        rows: vec![row],
    }
}

fn row(
    task: TaskId,
    shares: Shares,
    siblings: usize,
    place: usize,
    fill: Option<Fill>,
    watermark: Option<EventTime>,
) -> Row {
    let [busy, idle, held] = [shares.busy, shares.idle, shares.backpressured].map(percent);
    let mut words = format!("{task}, live: {busy} busy, {idle} idle, {held} backpressured");
    if let Some(fill) = fill {
        words.push_str(&format!("; in front of it {}", fill.in_words()));
    }
    Row {
        number: if siblings == 1 { String::new() } else { (place + 1).to_string() },
        bar: Bar::Task(shares),
        value: percent_short(shares.busy.max(shares.backpressured)),
        fill,
        watermark,
        silence: None,
        is_cause: false,
        words,
    }
}

fn edges(frame: &LiveFrame, shares: impl Fn(usize) -> Shares) -> Vec<Edge> {
    let (sources, windows) = (frame.progress.sources.len(), frame.progress.windows.len());
    let fullest = |to_sink: bool| {
        let channels =
            frame.progress.channels.iter().filter(|channel| (*channel.to == *frame.progress.sink.name) == to_sink);
        let fullest = channels.max_by_key(|channel| channel.depth);
        fullest.map(|channel| Fill { level: small(channel.depth), capacity: Some(small(channel.capacity)) })
    };
    let waits = |mut places: std::ops::Range<usize>| places.any(|place| shares(place).backpressured > 0.05);
    let edge = |what: &str, per_s: f64, fill: Option<Fill>, watermark: Option<EventTime>, is_blocked: bool| {
        let rate = rate(per_s);
        let mut words = format!("{what}: {rate}");
        if let Some(fill) = fill {
            words.push_str(&format!("; the fullest channel holds {}", fill.in_words()));
        }
        Edge { rate, fill, watermark, is_blocked, words }
    };
    let [read, _, panes] = frame.per_s;
    vec![
        edge("Live, from the log to the sources", read, None, None, false),
        edge("Live, from the sources to the windows", read, fullest(false), None, waits(0..sources)),
        edge(
            "Live, panes to the sink",
            panes,
            fullest(true),
            known(frame.watermark),
            waits(sources..sources + windows),
        ),
    ]
}

fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn known(watermark: EventTime) -> Option<EventTime> {
    (watermark > EventTime::MIN && watermark < EventTime::MAX).then_some(watermark)
}
