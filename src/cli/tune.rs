//! `highwater tune`: which bound and lateness a stream needs, exactly, and at what price.
//!
//! Points that were asked for, or points worth looking at; the frontier of all that there are; the
//! cheapest setting that gives what is wanted on this very recording. All of it from one pass per
//! window where the closed form holds ([`crate::tuner`]), else from runs of the engine.

use std::cell::Cell;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::Path;

use indicatif::ProgressBar;
use serde::Serialize;

use crate::cli::args::{CommonArgs, Format};
use crate::cli::error::CliError;
use crate::cli::tune_advice::{self, Extras, ReportKind};
use crate::cli::tune_args::TuneArgs;
use crate::cli::{input, output, tune_picture, tune_text};
use crate::open::Opened;
use crate::pipeline::WindowSpec;
use crate::runtime::RunConfig;
use crate::time::Span;
use crate::tuner::{
    Cancelled, Form, Point, Progress, Quantile, Scan, Setting, Slope, Target, Tuner, bounds, frontier, verify,
};

/// Bounds on the curve of a window from which its frontier is taken.
const CURVE: usize = 200;
/// Points of a frontier that are told.
const FRONTIER_MOST: usize = 40;

/// What was found, for every format.
pub(super) struct Tuned {
    /// The file.
    pub title: String,
    /// Records in the stream.
    pub records: usize,
    /// What was wanted.
    pub target: Target,
    /// One for each window.
    pub windows: Vec<TunedWindow>,
    /// Advice, and what goes with it.
    pub extras: Extras,
}

/// What was found for one window.
pub(super) struct TunedWindow {
    /// The window.
    pub window: WindowSpec,
    /// How points were found.
    pub form: Form,
    /// What the closed form reads from.
    pub scan: Option<Scan>,
    /// Points asked for, or worth looking at, by lateness and bound.
    pub points: Vec<Point>,
    /// What raising the bound of each by a step changes, where that is known.
    pub slopes: Vec<Option<Slope>>,
    /// The settings worth having with the first lateness, by ascending latency.
    pub frontier: Vec<Point>,
    /// The least bound that gives what is wanted, with the first lateness.
    pub cheapest: Option<Point>,
}

/// Tunes and prints.
///
/// # Errors
/// Bad input or settings; output that cannot be written; [`CliError::Failed`] when closed form and
/// engine differ.
pub fn tune(args: &TuneArgs, common: &CommonArgs) -> Result<(), CliError> {
    let kind = args.output.as_deref().map(FileKind::of).transpose()?;
    let settings = args.fixed.settings();
    let opened = input::load(&args.file, &args.columns, &|scenario| settings.apply(scenario), common.quiet)?;
    let tuner = Tuner::new(opened.stream.clone(), RunConfig::of(&opened.scenario, &opened.stream));
    let windows = windows(args, &opened);
    check(args, &tuner, &windows)?;
    Extras::check(args, &opened)?;
    if let Some(count) = args.verify {
        return verify_all(args, common, &tuner, &windows, count);
    }
    let tuned = with_progress(common, |watch| {
        let mut scans = tuner.scans(&windows, watch)?.into_iter();
        let tune = |&window: &WindowSpec| tune_window(args, &tuner, window, scans.next().flatten(), watch);
        let windows = windows.iter().map(tune).collect::<Result<Vec<_>, Cancelled>>()?;
        let (title, target) = (opened.scenario.title.clone(), args.target());
        let extras = Extras::of(args, &opened, &tuner, matches!(kind, Some(FileKind::Report(_))), watch)?;
        Ok(Tuned { title, records: opened.stream.len(), target, windows, extras })
    })?;
    if let (Some(path), Some(kind)) = (&args.output, kind) {
        let bytes = match kind {
            FileKind::Rows(format) => written(&tuned, format)?,
            FileKind::Picture => tune_picture::png(&tuned)?,
            FileKind::Report(kind) => {
                let typed: Vec<String> = std::env::args().skip(1).collect();
                tune_advice::report(&tuned, &opened, &tuner, &typed, kind)?
            }
        };
        output::write_file(path, &bytes)?;
    }
    if let Some(folder) = &common.out {
        std::fs::create_dir_all(folder)
            .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
        output::write_file(&folder.join("tune.json"), &written(&tuned, Format::Json)?)?;
        output::write_file(&folder.join("tune.csv"), &written(&tuned, Format::Csv)?)?;
    }
    output::print(&written(&tuned, args.format)?)
}

/// What `-o` writes, by the end of the name.
#[derive(Clone, Copy)]
enum FileKind {
    /// As on standard output.
    Rows(Format),
    /// The frontier as a PNG file.
    Picture,
    /// All that was found, on a page.
    Report(ReportKind),
}

impl FileKind {
    fn of(path: &Path) -> Result<Self, CliError> {
        match path.extension().and_then(|it| it.to_str()) {
            Some("csv") => Ok(Self::Rows(Format::Csv)),
            Some("json") => Ok(Self::Rows(Format::Json)),
            Some("txt") => Ok(Self::Rows(Format::Text)),
            Some("png") => Ok(Self::Picture),
            Some("md") => Ok(Self::Report(ReportKind::Markdown)),
            Some("html" | "htm") => Ok(Self::Report(ReportKind::Html)),
            _ => {
                let endings = ".csv, .json, .txt, .png, .md or .html";
                let message = format!("{}: the name must end with {endings}", path.display());
                Err(CliError::bad_input(message))
            }
        }
    }
}

/// The windows asked for, that of the scenario, or some that suit the recording.
fn windows(args: &TuneArgs, opened: &Opened) -> Vec<WindowSpec> {
    if !args.windows.is_empty() {
        args.windows()
    } else if opened.guessed.window {
        bounds::windows(&opened.stream)
    } else {
        vec![opened.scenario.pipeline.window]
    }
}

/// Whether the pipeline can run at every setting that is asked for.
fn check(args: &TuneArgs, tuner: &Tuner, windows: &[WindowSpec]) -> Result<(), CliError> {
    let longest = |spans: &[Span]| spans.iter().copied().max().unwrap_or(Span::ZERO);
    for &window in windows {
        let setting = Setting { window, bound: longest(&args.bounds), lateness: longest(&args.lateness) };
        if let Some(problem) = setting.apply(&tuner.config().pipeline).problems().into_iter().next() {
            let window = crate::tuner::setting::window_text(window);
            return Err(CliError::bad_input(format!("{window}: {}: {}", problem.path, problem.message)));
        }
    }
    Ok(())
}

fn tune_window(
    args: &TuneArgs,
    tuner: &Tuner,
    window: WindowSpec,
    scan: Option<Scan>,
    watch: &crate::tuner::Watch<'_>,
) -> Result<TunedWindow, Cancelled> {
    let latenesses: &[Span] = if args.lateness.is_empty() { &[Span::ZERO] } else { &args.lateness };
    let first = latenesses[0];
    let mut points = Vec::new();
    for &lateness in latenesses {
        let at = |bound| Setting { window, bound, lateness };
        match &scan {
            Some(scan) => {
                let bounds = if args.bounds.is_empty() { bounds::bounds(scan) } else { args.bounds.clone() };
                points.extend(bounds.into_iter().map(|bound| tuner.finish(scan.point(bound, lateness))));
            }
            None if args.bounds.is_empty() => points.extend(tuner.search(window, lateness, watch)?),
            None => {
                let settings: Vec<Setting> = args.bounds.iter().copied().map(at).collect();
                points.extend(tuner.run(&settings, watch)?);
            }
        }
    }
    let (slopes, candidates) = match &scan {
        Some(scan) => {
            let step = step(scan);
            let slope = |it: &Point| Some(scan.slope(it.setting.bound, it.setting.lateness, step));
            let curve = bounds::curve(scan, CURVE).into_iter().map(|bound| tuner.finish(scan.point(bound, first)));
            (points.iter().map(slope).collect(), curve.collect())
        }
        None => (vec![None; points.len()], points.clone()),
    };
    let of_first: Vec<Point> = candidates.into_iter().filter(|it| it.setting.lateness == first).collect();
    let quantile = args.latency.map_or(Quantile::P99, |limit| limit.quantile);
    let best = frontier(&of_first, quantile);
    let frontier = thinned(&best).into_iter().map(|place| of_first[place].clone()).collect();
    let cheapest = cheapest(&args.target(), tuner, scan.as_ref(), &of_first, first);
    Ok(TunedWindow { window, form: tuner.form(window), scan, points, slopes, frontier, cheapest })
}

/// The least bound that gives what is wanted, of all where the closed form holds, else of those tried.
fn cheapest(target: &Target, tuner: &Tuner, scan: Option<&Scan>, tried: &[Point], lateness: Span) -> Option<Point> {
    let is_enough = |point: &Point| target.is_met_by(point);
    if target.is_empty() {
        return None;
    }
    match scan {
        Some(scan) => {
            // Completeness only grows with the bound, and latency does too: the least complete bound is
            // the only one to ask.
            let horizon = target.completeness.map_or(Span::ZERO, |share| scan.least_horizon(share));
            let bound = (horizon - lateness).max(Span::ZERO);
            Some(tuner.finish(scan.point(bound, lateness))).filter(is_enough)
        }
        None => tried.iter().filter(|point| is_enough(point)).min_by_key(|point| point.setting.bound).cloned(),
    }
}

/// A round step that is felt: about a hundredth of the bound that drops nothing.
pub(super) fn step(scan: &Scan) -> Span {
    let [milli, second, minute] = [Span::from_millis(1), Span::from_secs(1), Span::from_secs(60)];
    let steps = [milli, milli.times(10), milli.times(100), second, second.times(10), minute, minute.times(10)];
    let hours = [minute.times(60), minute.times(360), minute.times(1_440)];
    let wanted = Span::from_micros(scan.least_horizon(1.0).micros() / 100);
    steps.into_iter().chain(hours).rev().find(|&step| step <= wanted).unwrap_or(milli)
}

/// At most so many places, evenly chosen, with the first and the last.
fn thinned(places: &[usize]) -> Vec<usize> {
    let last = places.len().saturating_sub(1);
    let mut kept: Vec<usize> = (0..FRONTIER_MOST).map(|i| i * last / (FRONTIER_MOST - 1)).collect();
    kept.dedup();
    kept.into_iter().filter_map(|place| places.get(place).copied()).collect()
}

/// Does work that tells how far it is, with a bar on a terminal.
fn with_progress<T>(
    common: &CommonArgs,
    work: impl FnOnce(&crate::tuner::Watch<'_>) -> Result<T, Cancelled>,
) -> Result<T, CliError> {
    let shows = !common.quiet && std::io::stderr().is_terminal();
    let bar = if shows { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let watch = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        ControlFlow::Continue(())
    };
    let done = work(&watch).map_err(CliError::bad_input);
    bar.finish_and_clear();
    done
}

fn verify_all(
    args: &TuneArgs,
    common: &CommonArgs,
    tuner: &Tuner,
    windows: &[WindowSpec],
    count: u32,
) -> Result<(), CliError> {
    let closed: Vec<WindowSpec> = windows.iter().copied().filter(|it| tuner.form(*it) == Form::Closed).collect();
    if closed.is_empty() {
        let because = windows.iter().find_map(|it| match tuner.form(*it) {
            Form::Engine { because } => Some(because),
            Form::Closed => None,
        });
        let because = because.unwrap_or("there is no window");
        return Err(CliError::bad_input(format!("--verify: every point is a run of the engine already: {because}")));
    }
    let seed = args.fixed.seed.unwrap_or(0);
    let settings = verify::settings(tuner, &closed, count as usize, seed);
    let verified = with_progress(common, |watch| verify(tuner, &settings, watch))?;
    let text = tune_text::verified(&verified, seed);
    let bytes = if args.format == Format::Json {
        let (settings, equal) = (verified.settings, verified.equal);
        let first = verified.first.as_ref().map(|it| format!("{}: {}", it.setting, it.told));
        json(&VerifiedJson { schema: 1, seed, settings, equal, first })?
    } else {
        text.into_bytes()
    };
    output::print(&bytes)?;
    if verified.first.is_none() { Ok(()) } else { Err(CliError::Failed) }
}

#[derive(Serialize)]
struct VerifiedJson {
    schema: u32,
    seed: u64,
    settings: usize,
    equal: usize,
    first: Option<String>,
}

#[derive(Serialize)]
struct TunedJson<'a> {
    schema: u32,
    scenario: &'a str,
    records: usize,
    points: Vec<&'a Point>,
    frontier: Vec<&'a Point>,
    /// By window, where something was wanted: the least bound that gives it on this recording.
    cheapest: Vec<&'a Point>,
    advice: Option<&'a crate::tuner::advice::Advice>,
    baselines: &'a [crate::tuner::baseline::Baseline],
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<&'a crate::tuner::capacity::Capacity>,
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, CliError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(CliError::bad_input)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn written(tuned: &Tuned, format: Format) -> Result<Vec<u8>, CliError> {
    let windows = || tuned.windows.iter();
    match format {
        Format::Text => Ok(tune_text::tuned(tuned).into_bytes()),
        Format::Json => json(&TunedJson {
            schema: 1,
            scenario: &tuned.title,
            records: tuned.records,
            points: windows().flat_map(|it| &it.points).collect(),
            frontier: windows().flat_map(|it| &it.frontier).collect(),
            cheapest: windows().filter_map(|it| it.cheapest.as_ref()).collect(),
            advice: tuned.extras.advice.as_ref(),
            baselines: tuned.extras.baselines.as_ref().map_or(&[], |it| &it.rows),
            capacity: tuned.extras.capacity.as_ref(),
        }),
        Format::Csv => rows(windows().flat_map(|it| &it.points)).map_err(CliError::bad_input),
    }
}

/// A row for every point, with the names of the JSON fields.
fn rows<'a>(points: impl Iterator<Item = &'a Point>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let is_first = Cell::new(true);
    for point in points {
        let columns = crate::tuner::point::columns(point);
        if is_first.replace(false) {
            writer.write_record(columns.iter().map(|(name, _)| *name))?;
        }
        writer.write_record(columns.iter().map(|(_, value)| value.as_str()))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
