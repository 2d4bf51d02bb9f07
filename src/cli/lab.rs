//! Starting the window: `highwater [FILE]`.
//!
//! Where no window can be opened, one sentence says so and names the commands that need none.
//! Input that cannot be read is refused before the window opens when it is a scenario; a
//! recording is read behind the open window, with progress.

use std::path::Path;

use crossbeam_channel::{Receiver, Sender, unbounded};
use egui::{Context, Ui, ViewportBuilder, ViewportCommand};

use crate::app::files::{self, Opened};
use crate::app::layout::opening_zoom;
use crate::app::shell::{self, Lab};
use crate::cli::error::CliError;
use crate::cli::stopwatch::{self, Stopwatch};

/// The size of the window when none is remembered.
const OPENING_SIZE: [f32; 2] = [1600.0, 1000.0];
/// Below this size panels would have to hide each other.
const SMALLEST_SIZE: [f32; 2] = [960.0, 640.0];
/// How many frames `--smoke` draws.
const SMOKE_FRAMES: usize = 60;

/// Opens the window on a scenario or a recording, on the start page without a file. With `is_smoke` it draws
/// 60 frames, of the first built-in scenario without a file, prints how fast it was, and leaves.
///
/// # Errors
/// When there is no display, when no window can be opened, or when the file cannot be read.
pub fn lab(file: Option<&Path>, is_smoke: bool) -> Result<(), CliError> {
    let watch = Stopwatch::start();
    let start = Start::of(file, is_smoke)?;
    if !has_display() {
        return Err(CliError::bad_input(no_window("there is no display")));
    }
    let (report, reports) = unbounded();
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("Highwater")
            .with_app_id("highwater")
            .with_inner_size(OPENING_SIZE)
            .with_min_inner_size(SMALLEST_SIZE)
            .with_drag_and_drop(true),
        persist_window: !is_smoke,
        // A smoke test starts from nothing and leaves nothing.
        persistence_path: is_smoke.then(|| std::env::temp_dir().join("highwater-smoke.ron")),
        ..eframe::NativeOptions::default()
    };
    let opened = eframe::run_native(
        "highwater",
        options,
        Box::new(move |creation| {
            let lab = start.lab(&creation.egui_ctx, creation.storage);
            let window = Window { lab, zoomed: false };
            Ok(if is_smoke { Box::new(Smoke::new(window, watch, report)) } else { Box::new(window) })
        }),
    );
    opened.map_err(|error| CliError::bad_input(no_window(&reason(&error))))?;
    if is_smoke { print_report(&reports) } else { Ok(()) }
}

/// What the window opens with.
enum Start {
    /// The start page.
    Page,
    Scenario(Box<Opened>),
    /// Read behind the open window.
    Recording(std::path::PathBuf),
}

impl Start {
    fn of(file: Option<&Path>, is_smoke: bool) -> Result<Self, CliError> {
        let Some(path) = file else {
            if !is_smoke {
                return Ok(Self::Page);
            }
            return Opened::first().map(|opened| Self::Scenario(Box::new(opened))).map_err(CliError::bad_input);
        };
        let is_recording = path.is_file() && path.extension().is_none_or(|ending| ending != "ron");
        if is_recording {
            return Ok(Self::Recording(path.to_owned()));
        }
        let opened = files::open(&files::Source::File(path.to_owned()), &mut |_| true);
        opened.map(|opened| Self::Scenario(Box::new(opened))).map_err(CliError::bad_input)
    }

    fn lab(self, ctx: &Context, storage: Option<&dyn eframe::Storage>) -> Lab {
        let saved = shell::saved(storage);
        let mut lab = match self {
            Self::Page => Lab::starting(ctx, saved),
            Self::Scenario(opened) => Lab::new(ctx, *opened, saved),
            Self::Recording(path) => Lab::reading(ctx, path, saved),
        };
        lab.set_today(stopwatch::unix_seconds());
        lab
    }
}

/// Whether a window can be shown at all. Elsewhere than on Linux there is always a display.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET")
}

/// The last part of an error of the window system: what went wrong, without where in its source.
fn reason(error: &eframe::Error) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_owned()
}

fn no_window(why: &str) -> String {
    format!(
        "no window can be opened ({why}); `highwater run` runs without one, and `highwater shot` draws what it would show"
    )
}

/// The lab in a window of the system.
struct Window {
    lab: Lab,
    zoomed: bool,
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        if !self.zoomed {
            self.zoomed = true;
            let width = ctx.content_rect().width() * ctx.zoom_factor();
            // A zoom that the reader has chosen follows with the first frame.
            ctx.set_zoom_factor(opening_zoom(width));
            self.lab.set_opening_zoom(opening_zoom(width));
        }
        eframe::App::logic(&mut self.lab, ctx, frame);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        eframe::App::ui(&mut self.lab, ui, frame);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.lab.save(storage);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.lab.clear_color(visuals)
    }
}

/// Draws so many frames of the real window and leaves.
struct Smoke {
    window: Window,
    watch: Stopwatch,
    report: Sender<SmokeReport>,
    /// When each frame began, in seconds since the start of the program.
    frames: Vec<f64>,
}

/// How fast the window was, and what it showed.
struct SmokeReport {
    first_frame_s: f64,
    frame_ms_median: f64,
    /// Of the run on screen; the same as that of `highwater run`.
    trace_hash: String,
}

impl Smoke {
    fn new(window: Window, watch: Stopwatch, report: Sender<SmokeReport>) -> Self {
        Self { window, watch, report, frames: Vec::new() }
    }

    fn report(&self) -> Option<SmokeReport> {
        let mut steps: Vec<f64> = self.frames.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_by(f64::total_cmp);
        let median = steps.get(steps.len() / 2)?;
        let trace_hash = self.window.lab.state().run.as_ref()?.trace.hash_hex();
        Some(SmokeReport { first_frame_s: *self.frames.first()?, frame_ms_median: median * 1e3, trace_hash })
    }
}

impl eframe::App for Smoke {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        self.window.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.window.ui(ui, frame);
        // The first frame is the first one with a run on it.
        if self.window.lab.state().run.is_some() {
            self.frames.push(self.watch.elapsed().as_secs_f64());
        }
        if self.frames.len() >= SMOKE_FRAMES {
            if let Some(report) = self.report() {
                // Nobody listens only when the window was closed by hand.
                let _ = self.report.send(report);
            }
            ui.ctx().send_viewport_cmd(ViewportCommand::Close);
        }
        ui.ctx().request_repaint();
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.window.clear_color(visuals)
    }
}

fn print_report(reports: &Receiver<SmokeReport>) -> Result<(), CliError> {
    let Ok(report) = reports.try_recv() else {
        return Err(CliError::bad_input("the window was closed before it had drawn its frames"));
    };
    let numbers = serde_json::json!({
        "first_frame_s": report.first_frame_s,
        "frame_ms_median": report.frame_ms_median,
        "trace_hash": report.trace_hash,
    });
    println!("{numbers}");
    Ok(())
}
