//! `highwater film`: a stretch of a run as an animation, drawn without display or GPU.
//!
//! The same file, flags and version give the same bytes on every machine.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use egui::vec2;

use crate::app::export::film::{self, Film};
use crate::app::export::picture::Look;
use crate::app::files::Opened;
use crate::app::run::Run;
use crate::app::shell::Lab;
use crate::cli::args::CommonArgs;
use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::cli::moment::Moment;
use crate::cli::picture_size::PictureSize;
use crate::cli::pipeline_args::PipelineArgs;
use crate::cli::shot::{Layout, PanelName, ThemeArg};
use crate::cli::{input, output};
use crate::runtime::{self, RunConfig};

/// Arguments of `highwater film`.
#[derive(Clone, Debug, Args)]
pub struct FilmArgs {
    /// A scenario (.ron) or a recording (.csv, .jsonl, .parquet, also .gz and .zst)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where it begins: so long after the start (3min), a date, a time of day (12:03) or the end
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    pub from: Moment,
    /// Where it ends
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    pub to: Moment,
    /// One panel instead of the whole window, by its name
    #[arg(long, value_name = "NAME")]
    pub panel: Option<PanelName>,
    /// How the window is arranged
    #[arg(long, value_enum, default_value_t = Layout::Tune)]
    pub layout: Layout,
    /// Width and height in points, which are pixels here
    #[arg(long, value_name = "WxH", default_value = "960x600")]
    pub size: PictureSize,
    /// Light marks on dark, or dark marks on light
    #[arg(long, value_enum, default_value_t = ThemeArg::Dark)]
    pub theme: ThemeArg,
    /// Pictures in a second, from 1 to 50
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub fps: u32,
    /// Processing time per second of the film
    #[arg(long, value_name = "FACTOR", default_value_t = 10.0)]
    pub speed: f64,
    /// The animation, a GIF file
    #[arg(short, long, value_name = "OUT.gif", value_parser = gif_path)]
    pub output: PathBuf,
    /// Which columns of a recording mean what.
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Overrides.
    #[command(flatten)]
    pub pipeline: PipelineArgs,
}

fn gif_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_gif = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gif"));
    if is_gif { Ok(path) } else { Err(format!("{text:?} does not end in .gif, the only kind of film written")) }
}

/// Draws the stretch asked for and writes the animation.
///
/// # Errors
/// Bad input or settings, moments outside the run, a film too long or too large, a file that cannot be written.
pub fn film(args: &FilmArgs, common: &CommonArgs) -> Result<(), CliError> {
    let opened = input::load(&args.file, &args.columns, &|scenario| args.pipeline.apply(scenario), common.quiet)?;
    let config = RunConfig::of(&opened.scenario, &opened.stream);
    let trace = Arc::new(runtime::run(&opened.stream, &config));
    let run = Arc::new(Run::new(opened.scenario.clone(), trace, 1).over(Arc::clone(&opened.stream)));
    let (start, end) = run.clock_range();
    let from = args.from.within(start, end).map_err(|error| CliError::bad_input(format!("--from: {error}")))?;
    let to = args.to.within(start, end).map_err(|error| CliError::bad_input(format!("--to: {error}")))?;
    if args.layout == Layout::Start {
        return Err(CliError::bad_input("--layout start has no run to film; it is one of learn, tune and present"));
    }
    let points = args.size.points();
    let look = Look {
        panel: args.panel.map(|name| name.0),
        theme: args.theme.into(),
        points: vec2(points.x, points.y),
        scale: 1.0,
    };
    let film = Film { from, to, fps: args.fps, speed: args.speed, look };
    film.check().map_err(CliError::bad_input)?;
    let lab = Lab::still(Opened::of(opened, &args.file), run, from, look.theme).arranged(args.layout.into());
    let frames = film.frames();
    let shows_progress = !common.quiet && std::io::stderr().is_terminal();
    let bar = if shows_progress { indicatif::ProgressBar::new(frames) } else { indicatif::ProgressBar::hidden() };
    let mut go_on = |share: f32| {
        bar.set_position((f64::from(share) * frames as f64) as u64);
        true
    };
    let bytes = film::bytes(lab, &film, &mut go_on).map_err(CliError::bad_input)?.unwrap_or_default();
    bar.finish_and_clear();
    output::write_file(&args.output, &bytes)
}
