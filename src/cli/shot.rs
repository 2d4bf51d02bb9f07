//! `highwater shot`: what the window would show at one moment of a run, drawn without display or GPU.
//!
//! The same file, flags and version give the same bytes on every machine.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use image::RgbaImage;

use crate::app::arrangement::{Preset, is_compact};
use crate::app::export::picture;
use crate::app::files::Opened;
use crate::app::panel::Panel;
use crate::app::run::Run;
use crate::app::shell::Lab;
use crate::app::shell::command::ShellCommand;
use crate::app::theme::ThemeChoice;
use crate::app::view::Command;
use crate::cli::args::CommonArgs;
use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::cli::moment::Moment;
use crate::cli::picture_size::{PictureSize, Scale};
use crate::cli::pipeline_args::PipelineArgs;
use crate::cli::subject::Asked;
use crate::cli::{input, output};
use crate::explain::Subject;
use crate::raster::encode_png;
use crate::runtime::{self, RunConfig};
use crate::scenario::{Scenario, set};
use crate::time::ProcTime;

/// Arguments of `highwater shot`.
#[derive(Clone, Debug, Args)]
pub struct ShotArgs {
    /// A scenario (.ron) or a recording (.csv or .jsonl, also .gz and .zst; .parquet)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// When: so long after the start (3min), a date (2026-03-02 12:03:00), a time of day (12:03) or the end
    #[arg(long, value_name = "MOMENT", default_value = "end", allow_hyphen_values = true)]
    pub at: Moment,
    /// One panel instead of the whole window: time-map, emissions, late, queues, topology, partitions, recovery,
    /// results, why, twin, tuner, settings, lesson, ledger or transport
    #[arg(long, value_name = "NAME")]
    pub panel: Option<PanelName>,
    /// What is selected or asked about: record:ID, window:KEY,START, watermark, partition:N or key:NAME
    #[arg(long, value_name = "WHAT")]
    pub select: Option<Asked>,
    /// Pins the run and shows it beside one with this setting changed, as in --set: pipeline.watermark.bound=64s; may
    /// be given several times, for one twin with several changes
    #[arg(long, value_name = "PATH=VALUE")]
    pub twin: Vec<String>,
    /// How the window is arranged
    #[arg(long, value_enum, default_value_t = Layout::Tune)]
    pub layout: Layout,
    /// Width and height in points, from 200x150 to 7680x4320
    #[arg(long, value_name = "WxH", default_value_t = PictureSize::default())]
    pub size: PictureSize,
    /// Pixels for each point, from 0.5 to 4
    #[arg(long, value_name = "FACTOR", default_value_t = Scale::default())]
    pub scale: Scale,
    /// Light marks on dark, or dark marks on light
    #[arg(long, value_enum, default_value_t = ThemeArg::Dark)]
    pub theme: ThemeArg,
    /// The picture, a PNG file
    #[arg(short, long, value_name = "OUT.png", value_parser = png_path)]
    pub output: PathBuf,
    /// Which columns of a recording mean what.
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Overrides.
    #[command(flatten)]
    pub pipeline: PipelineArgs,
}

/// How the window is arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// A lesson beside the time map
    Learn,
    /// Knobs, time map and plots
    Tune,
    /// Large type, few panels
    Present,
    /// The start page, with the file as where you were
    Start,
}

impl From<Layout> for Preset {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::Learn => Self::Learn,
            Layout::Tune | Layout::Start => Self::Tune,
            Layout::Present => Self::Present,
        }
    }
}

/// `--theme`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeArg {
    /// Light marks on near black
    Dark,
    /// Dark marks on white
    Light,
}

impl From<ThemeArg> for ThemeChoice {
    fn from(theme: ThemeArg) -> Self {
        match theme {
            ThemeArg::Dark => Self::Dark,
            ThemeArg::Light => Self::Light,
        }
    }
}

/// A panel by its name on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PanelName(pub Panel);

impl FromStr for PanelName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(panel) = Panel::ALL.into_iter().find(|panel| panel.name() == text) {
            return Ok(Self(panel));
        }
        let names = Panel::ALL.map(Panel::name);
        let nearest = names.iter().max_by(|a, b| likeness(text, a).total_cmp(&likeness(text, b)));
        let hint = match nearest.filter(|name| likeness(text, name) > 0.7) {
            Some(name) => format!("; did you mean {name}?"),
            None => ".".to_owned(),
        };
        Err(format!("there is no such panel{hint} The panels are {}", names.join(", ")))
    }
}

fn likeness(text: &str, name: &str) -> f64 {
    strsim::jaro_winkler(&text.to_lowercase(), name)
}

fn png_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_png = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
    if is_png { Ok(path) } else { Err(format!("{text:?} does not end in .png, the only kind of picture written")) }
}

/// What is drawn of a run, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// One panel, or the whole window.
    pub panel: Option<Panel>,
    /// What is selected or asked about.
    pub about: Option<Subject>,
    /// How the whole window is arranged.
    pub preset: Preset,
    /// Colours.
    pub theme: ThemeChoice,
    /// In points.
    pub size: PictureSize,
    /// Pixels for each point.
    pub scale: Scale,
}

/// Draws the file at the moment asked for and writes the picture.
///
/// # Errors
/// Bad input or settings, a moment outside the run, a picture too large, a file that cannot be written.
pub fn shot(args: &ShotArgs, common: &CommonArgs) -> Result<(), CliError> {
    args.size.at_scale(args.scale).map_err(|error| CliError::bad_input(format!("--size: {error}")))?;
    let is_start = args.layout == Layout::Start && args.panel.is_none();
    if is_start && !args.twin.is_empty() {
        return Err(CliError::bad_input("--twin: the start page shows no pinned run; leave out --layout start"));
    }
    let opened = input::load(&args.file, &args.columns, &|scenario| args.pipeline.apply(scenario), common.quiet)?;
    let changed = if args.twin.is_empty() { None } else { Some(changed(args)?) };
    let pinned = changed.as_ref().map(|_| run_of(&opened, 1));
    let run = match &changed {
        Some(changed) => run_of(changed, 2),
        None => run_of(&opened, 1),
    };
    let (start, end) = run.clock_range();
    let now = args.at.within(start, end).map_err(|error| CliError::bad_input(format!("--at: {error}")))?;
    let about = args.select.as_ref().map(|asked| asked.within(&run.trace, args.at, "--select")).transpose()?;
    let look = Look {
        panel: args.panel.map(|name| name.0),
        about,
        preset: args.layout.into(),
        theme: args.theme.into(),
        size: args.size,
        scale: args.scale,
    };
    let opened = Opened::of(opened, &args.file);
    let picture =
        if is_start { draw_start(opened, run, now, look) } else { draw_beside(opened, run, pinned, now, look) };
    let bytes = encode_png(&picture).map_err(CliError::bad_input)?;
    output::write_file(&args.output, &bytes)
}

/// Opens the file once more, with what `--twin` changes.
fn changed(args: &ShotArgs) -> Result<crate::open::Opened, CliError> {
    let settings = |scenario: &mut Scenario| {
        args.pipeline.apply(scenario)?;
        set::apply(scenario, &args.twin).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(|error| format!("--twin {error}")).collect();
            lines.join("\n")
        })
    };
    input::load(&args.file, &args.columns, &settings, true)
}

fn run_of(opened: &crate::open::Opened, generation: u64) -> Arc<Run> {
    let config = RunConfig::of(&opened.scenario, &opened.stream);
    let trace = Arc::new(runtime::run(&opened.stream, &config));
    Arc::new(Run::new(opened.scenario.clone(), trace, generation).over(Arc::clone(&opened.stream)))
}

/// The picture of a run of `opened` at `now`. Large windows open zoomed in, and so they are drawn.
pub fn draw(opened: Opened, run: Arc<Run>, now: ProcTime, look: Look) -> RgbaImage {
    draw_beside(opened, run, None, now, look)
}

/// The picture of a run beside the one of `opened` that is `pinned`; the settings of the first are then others than
/// those that were opened.
fn draw_beside(opened: Opened, run: Arc<Run>, pinned: Option<Arc<Run>>, now: ProcTime, look: Look) -> RgbaImage {
    let scenario = run.scenario.clone();
    let mut lab = Lab::still(opened, run, now, look.theme).arranged(look.preset);
    if pinned.is_some() {
        lab.choose(|state| {
            state.scenario = scenario;
            state.pinned = pinned;
            state.saved.arrangement.show(Panel::Twin);
        });
    }
    if let Some(subject) = look.about {
        lab.command(Command::of_subject(subject));
        // Where Why lies behind another panel it comes forward, as after a press. The tiles are not laid out yet.
        let is_behind = look.preset == Preset::Tune && is_compact(look.size.points());
        if is_behind && lab.state().pinned.is_none() {
            lab.choose(|state| state.saved.arrangement.show(Panel::Why));
        }
    }
    picture::draw(&mut lab, &look.of_picture())
}

/// The picture of the start page, with a run of `opened` at `now` as where the reader was.
pub fn draw_start(opened: Opened, run: Arc<Run>, now: ProcTime, look: Look) -> RgbaImage {
    let mut lab = Lab::still(opened, run, now, look.theme);
    if let Some(subject) = look.about {
        lab.command(Command::of_subject(subject));
    }
    lab.command(Command::Shell(ShellCommand::ShowStart(true)));
    picture::draw(&mut lab, &look.of_picture())
}

impl Look {
    fn of_picture(self) -> picture::Look {
        let Self { panel, theme, size, scale, .. } = self;
        picture::Look { panel, theme, points: size.points(), scale: scale.pixels_per_point() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        shot: ShotArgs,
    }

    fn read(line: &str) -> Result<ShotArgs, String> {
        let words = std::iter::once("shot").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|command| command.shot).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_but_file_and_picture_has_a_default() {
        let args = read("a.ron -o a.png").expect("it is complete");
        assert_eq!(args.at, Moment::End);
        assert_eq!(args.panel, None);
        assert_eq!(args.size, PictureSize::default());
        assert_eq!(args.scale, Scale::default());
        assert_eq!(args.theme, ThemeArg::Dark);
        assert_eq!(args.output, PathBuf::from("a.png"));
    }

    #[test]
    fn every_panel_is_known_by_its_name() {
        for panel in Panel::ALL {
            let name = panel.name();
            let args = read(&format!("a.ron --panel {name} -o a.PNG")).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(args.panel, Some(PanelName(panel)));
        }
    }

    #[test]
    fn wrong_arguments_say_what_would_be_right() {
        for (line, part) in [
            ("a.ron", "--output <OUT.png>"),
            ("a.ron -o a.jpg", "does not end in .png"),
            ("a.ron -o a.png --panel timemap", "did you mean time-map?"),
            ("a.ron -o a.png --panel queue", "did you mean queues?"),
            ("a.ron -o a.png --panel zzz", "no such panel. The panels are time-map, topology, partitions"),
            ("a.ron -o a.png --size 10x10", "from 200x150 to 7680x4320"),
            ("a.ron -o a.png --size big", "as in 1600x1000"),
            ("a.ron -o a.png --scale 9", "from 0.5 to 4"),
            ("a.ron -o a.png --at -3min", "before the start"),
            ("a.ron -o a.png --at soon", "is not a moment"),
            ("a.ron -o a.png --theme blue", "possible values: dark, light"),
        ] {
            let error = read(line).expect_err(line);
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
