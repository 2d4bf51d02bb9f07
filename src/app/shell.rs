//! The window: takes in what the worker sends, draws the tiles, applies the commands. Nothing
//! else; what a command does is [`super::update`]'s, what a tile shows is its panel's.
//!
//! - [`command`], [`state`], [`update`]: what lies over the run and around it, and what is asked of it
//! - [`remembered`]: files and places that the next session offers again

pub mod command;
pub mod remembered;
pub mod state;
pub mod update;

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Align, Context, Layout, Rect, Ui};

use crate::app::arrangement::tiling::{self, Tiling};
use crate::app::arrangement::{Arrangement, Preset};
use crate::app::files::{self, Opened};
use crate::app::layout::Frame;
use crate::app::link::Link;
use crate::app::panel::Panel;
use crate::app::panels::emissions::{EmissionsState, emissions_ui};
use crate::app::panels::late::{LateState, late_ui};
use crate::app::panels::lesson::{LessonState, knobs_ui, lesson_ui};
use crate::app::panels::live::live_ui;
use crate::app::panels::partitions::{PartitionsState, partitions_ui};
use crate::app::panels::queues::{QueuesState, queues_ui};
use crate::app::panels::recovery::recovery_ui;
use crate::app::panels::results::{ResultsState, results_ui};
use crate::app::panels::settings::SettingsState;
use crate::app::panels::start::{Page, StartState, start_ui, thumbnails};
use crate::app::panels::time_map::{TimeMapState, time_map_ui};
use crate::app::panels::topology::{TopologyState, topology_ui};
use crate::app::panels::tuner::{TunerState, tuner_ui};
use crate::app::panels::twin::{TwinState, twin_ui};
use crate::app::panels::why::{WhyState, why_ui};
use crate::app::panels::{ledger, notices, settings, top_bar, transport};
use crate::app::run::Run;
use crate::app::shell::command::{ShellCommand, ZOOMS};
use crate::app::shell::state::ShellState;
use crate::app::shortcuts;
use crate::app::state::{Saved, State};
use crate::app::theme::{self, Theme, ThemeChoice};
use crate::app::update as changes;
use crate::app::view::{Command, View};
use crate::app::widgets::focus::Reveal;
use crate::app::widgets::{frame, marks};
use crate::scenario::{ColumnChoice, Scenario};
use crate::time::ProcTime;

/// The lab.
pub struct Lab {
    state: State,
    link: Link,
    settings: SettingsState,
    plots: Plots,
    start: StartState,
    /// The theme that the context has been given.
    installed: Option<ThemeChoice>,
    reveal: Reveal,
}

impl Lab {
    /// A window on `opened`, playing, with a worker thread that wakes `ctx`.
    pub fn new(ctx: &Context, opened: Opened, saved: Saved) -> Self {
        let waker = ctx.clone();
        Self::with_link(Link::threaded(move || waker.request_repaint()), opened, saved)
    }

    /// A window on the start page. The run behind it is that of the first built-in scenario, computed when the
    /// reader leaves the page without choosing.
    pub fn starting(ctx: &Context, saved: Saved) -> Self {
        let waker = ctx.clone();
        Self::on_start(Link::threaded(move || waker.request_repaint()), saved)
    }

    /// As [`Lab::starting`] without a thread.
    pub fn starting_headless(saved: Saved) -> Self {
        Self::on_start(Link::here(), saved)
    }

    fn on_start(link: Link, saved: Saved) -> Self {
        let scenario = files::built_in()
            .first()
            .cloned()
            .unwrap_or_else(|| Scenario::of_recording(&PathBuf::new(), ColumnChoice::default()));
        let mut state = State::new(Opened::scenario(scenario), saved);
        state.shell.is_starting = true;
        state.shell.missing = remembered::missing(&state.saved.recent);
        Self::of_state(state, link)
    }

    /// A window that reads the recording at `path` first; its panels stay empty until then.
    pub fn reading(ctx: &Context, path: PathBuf, saved: Saved) -> Self {
        let waker = ctx.clone();
        let placeholder = Opened::scenario(Scenario::of_recording(&path, ColumnChoice::default()));
        let mut lab = Self::of_state(State::new(placeholder, saved), Link::threaded(move || waker.request_repaint()));
        lab.command(Command::OpenFile(path));
        lab
    }

    /// As [`Lab::new`] without a thread: runs are computed inside [`Lab::logic`], so that every
    /// frame is the same on every machine.
    pub fn headless(opened: Opened, saved: Saved) -> Self {
        Self::with_link(Link::here(), opened, saved)
    }

    /// A still picture at `now` of a run of `opened` that is already computed. Notices are left out.
    pub fn still(opened: Opened, run: Arc<Run>, now: ProcTime, theme: ThemeChoice) -> Self {
        let mut state = State::new(opened, Saved { theme, ..Saved::default() });
        state.generation = run.generation;
        state.opened_at = run.generation;
        let (start, end) = run.clock_range();
        state.playback = crate::app::playback::Playback::new(start, end);
        state.playback.playing = false;
        state.playback.seek(now);
        run.work_out();
        state.run = Some(run);
        Self::of_state(state, Link::here())
    }

    /// As [`Lab::new`], over a line to a worker that the caller has made.
    pub fn with_link(mut link: Link, opened: Opened, saved: Saved) -> Self {
        let remarks = opened.remarks.join("\n");
        let mut state = State::new(opened, saved);
        if !remarks.is_empty() {
            let title = format!("Opened {}", state.scenario.title);
            state.notify(false, title, remarks);
        }
        self::update::opened(&mut state);
        state.opened_at = 1;
        changes::compute(&mut state, &mut link);
        Self::of_state(state, link)
    }

    fn of_state(state: State, link: Link) -> Self {
        Self {
            state,
            link,
            settings: SettingsState::default(),
            plots: Plots::default(),
            start: StartState::default(),
            installed: None,
            reveal: Reveal::default(),
        }
    }

    /// What the lab shows and what the reader has chosen.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies a command, as a panel or a key would.
    pub fn command(&mut self, command: Command) {
        changes::apply(&mut self.state, &mut self.link, command);
    }

    /// Lets `choose` change what is shown, before a picture is drawn.
    pub fn choose(&mut self, choose: impl FnOnce(&mut State)) {
        choose(&mut self.state);
    }

    /// What a clock outside says, in seconds since 1970 UTC; for saying when files were opened.
    pub fn set_today(&mut self, seconds: i64) {
        self.state.shell.today = seconds;
        // The file that the program was started with was opened before the clock was asked.
        self.state
            .saved
            .recent
            .iter_mut()
            .filter(|recent| recent.opened_at == 0)
            .for_each(|recent| recent.opened_at = seconds);
    }

    /// The zoom that suits the window; the one of the reader goes before it.
    pub fn set_opening_zoom(&mut self, zoom: f32) {
        self.state.shell.opening_zoom = zoom;
    }

    /// Takes in what the worker has sent. Draws nothing.
    pub fn logic(&mut self) {
        changes::receive(&mut self.state, &mut self.link);
    }

    /// Arranges the tiles in one of the ways that the lab comes with.
    #[must_use]
    pub fn arranged(mut self, preset: Preset) -> Self {
        self.state.saved.arrangement.show_preset(preset);
        self
    }

    /// Draws the window, or `panel` alone, into all of `ui` and applies what it asks for.
    pub fn ui(&mut self, ui: &mut Ui, panel: Option<Panel>) {
        let theme = self.state.theme();
        let ctx = ui.ctx().clone();
        if self.installed != Some(theme.choice) {
            if self.installed.is_none() {
                theme::install_fonts(&ctx);
            }
            theme::install(&ctx, &theme);
            self.installed = Some(theme.choice);
            // Fonts arrive with the next frame; the named families do not exist before.
            ctx.request_discard("fonts and theme");
            return;
        }
        let (seconds, holding) = ctx.input(|input| {
            let keys = input.keys_down.iter().next().is_some();
            (f64::from(input.stable_dt), input.pointer.any_down() || keys)
        });
        changes::tick(&mut self.state, seconds, holding);
        self.follow_zoom(&ctx, panel.is_some());
        if panel.is_none() {
            self.name_window(&ctx);
        }
        self.reveal.begin(&ctx);
        let mut commands = Vec::new();
        if let Some(panel) = panel {
            self.panel_ui(ui, &theme, panel, &mut commands);
        } else {
            let corner = if self.state.shell.is_starting {
                self.start_ui(ui, &theme, &mut commands)
            } else {
                self.window_ui(ui, &theme, &mut commands)
            };
            notices::overlays_ui(&ctx, ui.max_rect(), corner, &mut self.state, &theme, &mut commands);
            commands.extend(shortcuts::commands(&ctx, ShellState::on_top(&self.state)));
            commands.extend(dropped_files(&ctx));
        }
        self.reveal.end(&ctx);
        for command in commands {
            changes::apply(&mut self.state, &mut self.link, command);
        }
        if self.state.playback.playing
            || self.state.ghost.is_some()
            || self.state.is_computing()
            || self.state.live.is_some()
        {
            ctx.request_repaint();
        }
    }

    /// Gives the window the zoom that the reader has chosen, and the clipboard what is on its way to it.
    fn follow_zoom(&mut self, ctx: &Context, is_alone: bool) {
        if self.state.shell.quits {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        let shell = &mut self.state.shell;
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        shell.zoom = ctx.zoom_factor();
        if shell.opening_zoom == 0.0 {
            shell.opening_zoom = shell.zoom;
        }
        if let Some(zoom) =
            self.state.saved.zoom.filter(|zoom| *zoom != shell.zoom && !is_alone && ZOOMS.contains(zoom))
        {
            ctx.set_zoom_factor(zoom);
        }
        if let Some(text) = shell.outgoing.take() {
            ctx.copy_text(text);
        }
    }

    /// Gives the window the name of what it shows, for the bar of the system and for those who cannot see it.
    fn name_window(&mut self, ctx: &Context) {
        let shell = &self.state.shell;
        let shown = if shell.is_starting || self.state.run.is_none() { None } else { Some(&self.state.scenario.title) };
        let title = shown.map_or("Highwater".to_owned(), |shown| format!("{shown} \u{2013} Highwater"));
        if title != shell.title {
            self.state.shell.title.clone_from(&title);
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title));
        }
    }

    /// Draws one panel into all of `ui`.
    fn panel_ui(&mut self, ui: &mut Ui, theme: &Theme, panel: Panel, commands: &mut Vec<Command>) {
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme.panel);
        let Self { state, settings, plots, .. } = self;
        if let Some(view) = state.view(theme) {
            let frame = Frame::of(ui.max_rect(), Preset::Tune);
            draw(ui, panel, &Drawing { state, view: &view, frame }, settings, plots, commands);
        }
    }

    /// Draws the start page under the top bar, and sees to its thumbnails. Where the page lies.
    fn start_ui(&mut self, ui: &mut Ui, theme: &Theme, commands: &mut Vec<Command>) -> Rect {
        let area = ui.max_rect();
        ui.painter().rect_filled(area, 0.0, theme.panel);
        let frame = Frame::of(area, Preset::Tune);
        tile(ui, "top bar", frame.top_bar, |ui| {
            top_bar::top_bar_ui(ui, &self.state, &self.state.saved.arrangement, theme, frame.compact, commands);
        });
        let rest = area.with_min_y(frame.top_bar.bottom());
        marks::hline(ui.painter(), area.x_range(), rest.top(), theme.hair);
        let page = Page { state: &self.state, theme };
        tile(ui, "start page", rest, |ui| start_ui(ui, page, &mut self.start, commands));
        let thumbnails = &mut self.state.shell.thumbnails;
        self.start.wanted.drain(..).for_each(|wanted| thumbnails.ask(wanted));
        let is_drawing = self.state.tasks.iter().any(|task| task.kind == thumbnails::KIND);
        if let Some(task) = thumbnails.next().filter(|_| !is_drawing) {
            commands.push(Command::StartTask(task));
        }
        rest
    }

    /// Draws the whole window. Where the time map lies, or else the body.
    fn window_ui(&mut self, ui: &mut Ui, theme: &Theme, commands: &mut Vec<Command>) -> Rect {
        let area = ui.max_rect();
        ui.painter().rect_filled(area, 0.0, theme.panel);
        let mut arrangement = std::mem::take(&mut self.state.saved.arrangement);
        let frame = Frame::of(area, arrangement.preset);
        let Self { state, settings, plots, .. } = self;
        let state: &State = state;
        tile(ui, "top bar", frame.top_bar, |ui| {
            top_bar::top_bar_ui(ui, state, &arrangement, theme, frame.compact, commands);
        });
        marks::hline(ui.painter(), area.x_range(), frame.body.top(), theme.hair);
        let mut map = frame.body;
        if let Some(view) = state.view(theme) {
            let view = View { preset: arrangement.preset, ..view };
            let drawing = Drawing { state, view: &view, frame };
            let mut asked = Vec::new();
            tile(ui, "body", frame.body, |ui| {
                let mut draw_tile = |ui: &mut Ui, panel: Panel| draw(ui, panel, &drawing, settings, plots, commands);
                map = body_ui(ui, theme, &mut arrangement, frame.compact, &mut draw_tile, &mut asked);
            });
            commands.append(&mut asked);
            let ledger = frame.ledger.map(|rect| (Panel::Ledger, rect));
            for (panel, rect) in [(Panel::Transport, frame.transport)].into_iter().chain(ledger) {
                marks::hline(ui.painter(), area.x_range(), rect.top(), theme.hair);
                tile(ui, panel.name(), rect, |ui| draw(ui, panel, &drawing, settings, plots, commands));
            }
        }
        self.state.saved.arrangement = arrangement;
        map
    }
}

/// Draws the tiles, or the one that has the body for itself. Where the time map lies, or else all of it.
fn body_ui(
    ui: &mut Ui,
    theme: &Theme,
    arrangement: &mut Arrangement,
    compact: bool,
    draw: &mut dyn FnMut(&mut Ui, Panel),
    asked: &mut Vec<Command>,
) -> Rect {
    let body = ui.max_rect();
    if let Some(panel) = arrangement.maximised {
        tiling::handle(ui, theme, panel, true, asked);
        draw(ui, panel);
        return body;
    }
    let tree = arrangement.tree(body.size(), compact);
    let mut tiling = Tiling::new(theme, tree, draw);
    tiling.show(ui, tree);
    asked.append(&mut tiling.asked);
    let edited = tiling.edited;
    let map = tree.tiles.find_pane(&Panel::TimeMap).and_then(|tile| tree.tiles.rect(tile));
    if edited {
        arrangement.keep();
    }
    map.unwrap_or(body)
}

/// What a panel is drawn from.
struct Drawing<'a> {
    state: &'a State,
    view: &'a View<'a>,
    frame: Frame,
}

/// Draws a panel into all of `ui`.
fn draw(
    ui: &mut Ui,
    panel: Panel,
    drawing: &Drawing<'_>,
    settings: &mut SettingsState,
    plots: &mut Plots,
    commands: &mut Vec<Command>,
) {
    let Drawing { state, view, frame } = drawing;
    let size = ui.max_rect().size();
    if panel.is_tile() && (size.x < tiling::LEAST.x || size.y < tiling::LEAST.y) {
        ui.painter().rect_filled(ui.max_rect(), 0.0, view.theme.panel);
        return;
    }
    let is_main = matches!(panel, Panel::TimeMap | Panel::Topology | Panel::Recovery | Panel::Partitions);
    match (panel, &state.live) {
        (_, Some(live)) if is_main => live_ui(ui, view.theme, live, commands),
        (Panel::Settings, _)
            if view.preset == Preset::Learn && knobs_ui(ui, view, &mut plots.lesson, &state.opened, commands) => {}
        (Panel::Settings, _) => settings::settings_ui(ui, view, state, settings, commands),
        (Panel::Ledger, _) => ledger::ledger_ui(ui, view, frame.compact, commands),
        (Panel::Transport, _) => {
            let frame = transport::Frame {
                playback: &state.playback,
                left_width: frame.left_width,
                compact: frame.compact,
                shown: plots.time_map.shown(),
            };
            transport::transport_ui(ui, view, frame, commands);
        }
        _ => plots.ui(ui, panel, view, commands),
    }
}

/// The plots, each with what it keeps between frames.
#[derive(Default)]
struct Plots {
    time_map: TimeMapState,
    emissions: EmissionsState,
    late: LateState,
    queues: QueuesState,
    topology: TopologyState,
    partitions: PartitionsState,
    results: ResultsState,
    why: WhyState,
    twin: TwinState,
    tuner: TunerState,
    lesson: LessonState,
}

impl Plots {
    fn ui(&mut self, ui: &mut Ui, panel: Panel, view: &View<'_>, commands: &mut Vec<Command>) {
        match panel {
            Panel::TimeMap => time_map_ui(ui, view, &mut self.time_map, commands),
            Panel::Emissions => emissions_ui(ui, view, &mut self.emissions, commands),
            Panel::Late => late_ui(ui, view, &mut self.late, commands),
            Panel::Queues => queues_ui(ui, view, &mut self.queues, commands),
            Panel::Topology => topology_ui(ui, view, &mut self.topology, commands),
            Panel::Partitions => partitions_ui(ui, view, &mut self.partitions, commands),
            Panel::Recovery => recovery_ui(ui, view, commands),
            Panel::Results => results_ui(ui, view, &mut self.results, commands),
            Panel::Why => why_ui(ui, view, &mut self.why, commands),
            Panel::Twin => twin_ui(ui, view, &mut self.twin, commands),
            Panel::Tuner => tuner_ui(ui, view, &mut self.tuner, commands),
            Panel::Lesson => lesson_ui(ui, view, &mut self.lesson, commands),
            Panel::Settings | Panel::Ledger | Panel::Transport => {}
        }
    }
}

/// A child that fills `rect` and is cut to it.
fn tile(ui: &mut Ui, name: &str, rect: Rect, contents: impl FnOnce(&mut Ui)) {
    frame::scope(ui, name, rect, Layout::top_down(Align::Min), contents);
}

fn dropped_files(ctx: &Context) -> Option<Command> {
    let paths: Vec<PathBuf> =
        ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect());
    (!paths.is_empty()).then_some(Command::Shell(ShellCommand::OpenDropped(paths)))
}

/// Where the lab's choices are kept between sessions.
const SAVED_KEY: &str = "highwater lab";

/// The choices of the last session, or the defaults.
pub fn saved(storage: Option<&dyn eframe::Storage>) -> Saved {
    storage.and_then(|storage| eframe::get_value(storage, SAVED_KEY)).unwrap_or_default()
}

impl eframe::App for Lab {
    fn logic(&mut self, _ctx: &Context, _frame: &mut eframe::Frame) {
        Lab::logic(self);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        Lab::ui(self, ui, None);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        remembered::note_lesson(&mut self.state);
        let mut saved = self.state.saved.clone();
        saved.was = remembered::was(&self.state).or(saved.was);
        eframe::set_value(storage, SAVED_KEY, &saved);
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        self.state.theme().panel.to_normalized_gamma_f32()
    }
}
