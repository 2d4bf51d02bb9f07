//! The tipping point of the checkpoint cascade: one knob, the speed of storage, is swept, and what comes of it is
//! kept as a page and a drawing under `docs/`.
//!
//! `HIGHWATER_BLESS=1 cargo test --test cascade` writes both again; otherwise they must say what the runs say.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use highwater::human::count;
use highwater::record::Stream;
use highwater::runtime::outcome::{View, standing};
use highwater::runtime::{RunConfig, run};
use highwater::scenario::library::find;
use highwater::scenario::{Scenario, set};

/// What one run comes to.
#[derive(Clone, Copy, Debug)]
struct Point {
    bandwidth: u64,
    completed: usize,
    failed: usize,
    job_failures: usize,
    handled: u64,
    /// Windows whose results are committed by the end.
    results: usize,
    largest: u64,
    /// When the checkpoint began to which the first failure went back, in seconds of the run.
    first_rewind: Option<f64>,
}

fn at(scenario: &Scenario, stream: &Arc<Stream>, bandwidth: u64) -> Point {
    let mut scenario = scenario.clone();
    set::apply(&mut scenario, &[format!("pipeline.checkpoints.bandwidth={bandwidth}")]).expect("it is a field");
    let trace = run(stream, &RunConfig::of(&scenario, stream));
    let (handled, results) = (trace.ledger.counted, standing(&trace, View::Committed).len());
    let log = trace.recovery.expect("checkpoints");
    let start = scenario.source.start_time().expect("a date").micros();
    let began = |id: u32| log.checkpoints.iter().find(|row| row.id == id).map(|row| row.began.micros() - start);
    Point {
        bandwidth,
        completed: log.checkpoints.iter().filter(|row| row.completed.is_some()).count(),
        failed: log.checkpoints.iter().filter(|row| row.failed.is_some()).count(),
        job_failures: log.recoveries.len(),
        handled,
        results,
        largest: log.checkpoints.iter().map(|row| row.bytes).max().unwrap_or(0),
        first_rewind: log.recoveries.first().and_then(|it| began(it.checkpoint)).map(|micros| micros as f64 / 1e6),
    }
}

/// The sweep, in order of bandwidth.
struct Sweep {
    points: Vec<Point>,
    records: u64,
    /// The slowest storage with which the job never fails, to the byte a second.
    tip: u64,
    /// The slowest with which it fails and gets out of the loop by itself.
    escape: u64,
    /// The largest state over what the timeout leaves for writing it.
    closed_form: f64,
}

static SWEEP: LazyLock<Sweep> = LazyLock::new(sweep);

fn sweep() -> Sweep {
    let scenario = find("checkpoint-cascade").expect("a built-in scenario").scenario().expect("it reads");
    let stream = Arc::new(highwater::source::generate(&scenario).expect("it can be made"));
    let least = |holds: &dyn Fn(Point) -> bool| {
        let (mut fails, mut least) = (10_000, 45_000);
        while least - fails > 1 {
            let middle = u64::midpoint(fails, least);
            *(if holds(at(&scenario, &stream, middle)) { &mut least } else { &mut fails }) = middle;
        }
        least
    };
    let records = stream.len() as u64;
    let (tip, escape) = (least(&|it| it.job_failures == 0), least(&|it| it.results > 0));
    let round = (10_000..=45_000).step_by(2_500);
    let mut bandwidths: Vec<u64> =
        round.chain([31_000, 32_000, 33_000, 34_000, 34_500, escape - 1, escape, tip - 1, tip, 36_000]).collect();
    bandwidths.sort_unstable();
    let points: Vec<Point> = bandwidths.into_iter().map(|bandwidth| at(&scenario, &stream, bandwidth)).collect();
    let spec = scenario.pipeline.checkpoints.expect("checkpoints");
    let largest = points.last().expect("points").largest;
    let closed_form = largest as f64 / (spec.timeout - spec.latency).as_secs_f64();
    Sweep { points, records, tip, escape, closed_form }
}

#[test]
fn the_cascade_tips_over_once_and_where_the_closed_form_says() {
    let sweep = &*SWEEP;
    // 174,999 bytes in 5 s less 10 ms. The source task writes its 12 bytes at the same time as the window task
    // writes the others, so two bytes a second less will do: (174,999 - 12) / 4.99 = 35,067.5.
    assert_eq!(sweep.closed_form.round() as u64, 35_070);
    assert_eq!(sweep.tip, 35_068);
    for it in &sweep.points {
        assert_eq!((it.job_failures == 0, it.failed == 0), (it.bandwidth >= sweep.tip, it.bandwidth >= sweep.tip));
        assert_eq!(
            it.results,
            if it.bandwidth >= sweep.escape { 5_000 } else { 0 },
            "one window of 5,000 keys: {it:?}"
        );
        assert!(it.bandwidth < sweep.tip || it.handled == sweep.records, "{it:?}");
    }
    let below = &sweep.points[..sweep.points.iter().position(|it| it.bandwidth == sweep.tip).expect("it is drawn")];
    assert!(below[0].completed == 0 && below.is_sorted_by_key(|it| it.completed), "{below:?}");
}

/// A job that was started again handles 1,000 records a second of a stream that brings 200. Its next checkpoint begins
/// after 10 s, and its barrier waits 1 s behind the 1,000 records of a full channel: the state is that of 55 s after
/// the last complete checkpoint. Where that is beyond the end of the window, at 240 s and 2 s of bound, it is small.
#[test]
fn the_loop_is_left_where_the_end_of_the_window_is_in_reach_of_the_last_complete_checkpoint() {
    let Sweep { points, escape, .. } = &*SWEEP;
    let rewind = |bandwidth: u64| {
        let point = points.iter().find(|it| it.bandwidth == bandwidth).expect("it is drawn");
        point.first_rewind.expect("it fails, after a complete checkpoint")
    };
    let (in_the_loop, out_of_it) = (rewind(*escape - 1), rewind(*escape));
    assert!(in_the_loop + 55.0 < 242.0 && out_of_it + 55.0 > 242.0, "{in_the_loop} s and {out_of_it} s");
}

fn page(sweep: &Sweep) -> String {
    let largest = sweep.points.last().map_or(0, |it| it.largest);
    let mut page = format!(
        "# Where checkpoints tip over\n\n\
         The job of `checkpoint-cascade`, 8 minutes and {} records, with storage of more and more bytes a second. A\n\
         checkpoint may take 5 s, of which 10 ms are latency, and the state grows to {} bytes. By arithmetic it tips at\n\
         {} / 4.99 = {} bytes a second; the sweep finds {}, because two tasks write at the same time.\n\n\
         ![Job failures and records handled over the speed of storage](cascade.svg)\n\n\
         Below that a checkpoint fails, the job goes back to the last complete one, and the next checkpoint meets a state\n\
         that is no smaller. A job that was started again handles 1,000 records a second of a stream that brings 200, so\n\
         after 10 s, and 1 s in which the barrier waits behind a full channel, it is 55 s further. With {} bytes a second\n\
         or more that is beyond the end of the window: it gets out of the loop by itself. With less nothing ever comes out.\n\n\
         | bytes a second | checkpoints complete | failed | job failures | records handled | results | |\n\
         |---:|---:|---:|---:|---:|---:|---|\n",
        count(sweep.records),
        count(largest),
        count(largest),
        count(sweep.closed_form.round() as u64),
        count(sweep.tip),
        count(sweep.escape),
    );
    for it in &sweep.points {
        let note = match it.bandwidth {
            bandwidth if bandwidth == sweep.tip => "**tipping point**",
            bandwidth if bandwidth == sweep.escape => "gets out by itself",
            _ => "",
        };
        let (bandwidth, handled, results) = (count(it.bandwidth), count(it.handled), count(it.results as u64));
        let figures = format!("{} | {} | {}", it.completed, it.failed, it.job_failures);
        writeln!(page, "| {bandwidth} | {figures} | {handled} | {results} | {note} |").expect("text grows");
    }
    page + "\nOne of these runs by itself:\n\n    highwater run scenarios/checkpoint-cascade.ron --set \
            pipeline.checkpoints.bandwidth=35000\n\nThe page and the drawing are written by\n\n    \
            HIGHWATER_BLESS=1 cargo test --test cascade\n"
}

const LEFT: f64 = 70.0;
const RIGHT: f64 = 730.0;

fn x(bandwidth: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * (bandwidth - 10_000.0) / 35_000.0
}

/// One panel: a title, a scale with three lines, and points joined by a line.
fn panel(svg: &mut String, points: &[Point], top: f64, title: &str, most: u64, colour: &str, of: fn(&Point) -> u64) {
    const HEIGHT: f64 = 120.0;
    let y = |value: u64| top + HEIGHT * (1.0 - value as f64 / most as f64);
    let mut line = |text: String| writeln!(svg, "{text}").expect("text grows");
    line(format!("<text x=\"{LEFT}\" y=\"{:.1}\" font-weight=\"600\">{title}</text>", top - 12.0));
    for value in [0, most / 2, most] {
        let (y, said) = (y(value), count(value));
        line(format!("<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"#d8dce2\"/>"));
        line(format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{said}</text>", LEFT - 8.0, y + 4.0));
    }
    let places: Vec<(f64, f64)> = points.iter().map(|it| (x(it.bandwidth as f64), y(of(it)))).collect();
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    line(format!("<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>", path.join(" ")));
    for (x, y) in places {
        line(format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"));
    }
}

fn drawing(sweep: &Sweep) -> String {
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"420\" viewBox=\"0 0 760 420\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#30363d\">\n<rect width=\"760\" height=\"420\" fill=\"#ffffff\"/>\n",
    );
    panel(&mut svg, &sweep.points, 50.0, "Failures of the job", 30, "#c2410c", |it| it.job_failures as u64);
    panel(&mut svg, &sweep.points, 230.0, "Records handled by the end", 100_000, "#1d5fbf", |it| it.handled);
    let tip = x(sweep.closed_form);
    let said = format!("state / (timeout - latency) = {}", count(sweep.closed_form.round() as u64));
    let mut line = |text: String| writeln!(svg, "{text}").expect("text grows");
    line(format!("<path d=\"M{tip:.1} 30V350\" stroke=\"#30363d\" stroke-dasharray=\"4 3\"/>"));
    line(format!("<text x=\"{:.1}\" y=\"26\" text-anchor=\"middle\">{said}</text>", tip));
    for bandwidth in (10_000..=45_000).step_by(5_000) {
        let (x, said) = (x(f64::from(bandwidth)), count(bandwidth as u64));
        line(format!("<text x=\"{x:.1}\" y=\"372\" text-anchor=\"middle\">{said}</text>"));
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    line(format!("<text x=\"{middle}\" y=\"398\" text-anchor=\"middle\">storage, bytes a second</text>"));
    svg + "</svg>\n"
}

#[test]
fn the_page_and_the_drawing_say_what_the_runs_say() {
    let sweep = &*SWEEP;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (name, text) in [("cascade.md", page(sweep)), ("cascade.svg", drawing(sweep))] {
        let file = docs.join(name);
        if std::env::var_os("HIGHWATER_BLESS").is_some() {
            std::fs::write(&file, &text).expect("it can be written");
        }
        assert_eq!(std::fs::read_to_string(&file).expect("it is on file"), text, "{name}");
    }
}
