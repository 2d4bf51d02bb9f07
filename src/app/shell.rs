//! The window: takes in what the worker sends, draws the tiles, applies the commands. Nothing
//! else; what a command does is [`super::update`]'s, what a tile shows is its panel's.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Context, Rect, Ui, UiBuilder};

use crate::app::files::Opened;
use crate::app::layout::Tiles;
use crate::app::link::Link;
use crate::app::panels::emissions::{EmissionsState, emissions_ui};
use crate::app::panels::late::{LateState, late_ui};
use crate::app::panels::live::live_ui;
use crate::app::panels::partitions::{PartitionsState, partitions_ui};
use crate::app::panels::queues::{QueuesState, queues_ui};
use crate::app::panels::recovery::recovery_ui;
use crate::app::panels::settings::SettingsState;
use crate::app::panels::time_map::{TimeMapState, time_map_ui};
use crate::app::panels::topology::{TopologyState, topology_ui};
use crate::app::panels::{ledger, notices, settings, top_bar, transport};
use crate::app::run::Run;
use crate::app::state::{MainPanel, Saved, State};
use crate::app::theme::{self, Theme, ThemeChoice};
use crate::app::view::{Command, View};
use crate::app::widgets::marks;
use crate::app::{shortcuts, update};
use crate::scenario::{ColumnChoice, Scenario};
use crate::time::ProcTime;

/// The lab.
pub struct Lab {
    state: State,
    link: Link,
    settings: SettingsState,
    plots: Plots,
    /// The theme that the context has been given.
    installed: Option<ThemeChoice>,
}

/// A part of the window that can be drawn alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// Every tile.
    All,
    /// Every knob.
    Settings,
    /// Event time against processing time.
    TimeMap,
    /// One lane per window.
    Emissions,
    /// Late and dropped records, and the delays.
    Late,
    /// Queue depth and lag.
    Queues,
    /// Tasks and channels.
    Topology,
    /// One row for each partition of the log.
    Partitions,
    /// Checkpoints, failures, and what they did to results.
    Recovery,
    /// Play, speed, timeline.
    Transport,
    /// Where every record is.
    Ledger,
}

impl Lab {
    /// A window on `opened`, playing, with a worker thread that wakes `ctx`.
    pub fn new(ctx: &Context, opened: Opened, saved: Saved) -> Self {
        let waker = ctx.clone();
        Self::with_link(Link::threaded(move || waker.request_repaint()), opened, saved)
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

    fn with_link(mut link: Link, opened: Opened, saved: Saved) -> Self {
        let remarks = opened.remarks.join("\n");
        let mut state = State::new(opened, saved);
        if !remarks.is_empty() {
            let title = format!("Opened {}", state.scenario.title);
            state.notify(false, title, remarks);
        }
        state.opened_at = 1;
        update::compute(&mut state, &mut link);
        Self::of_state(state, link)
    }

    fn of_state(state: State, link: Link) -> Self {
        Self { state, link, settings: SettingsState::default(), plots: Plots::default(), installed: None }
    }

    /// What the lab shows and what the reader has chosen.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies a command, as a panel or a key would.
    pub fn command(&mut self, command: Command) {
        update::apply(&mut self.state, &mut self.link, command);
    }

    /// Takes in what the worker has sent. Draws nothing.
    pub fn logic(&mut self) {
        update::receive(&mut self.state, &mut self.link);
    }

    /// Draws `panel` into all of `ui` and applies what it asks for.
    pub fn ui(&mut self, ui: &mut Ui, panel: Panel) {
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
        update::tick(&mut self.state, seconds, holding);
        let mut commands = Vec::new();
        self.draw(ui, &theme, panel, &mut commands);
        if panel == Panel::All {
            let tiles = Tiles::of(ui.max_rect());
            notices::overlays_ui(&ctx, ui.max_rect(), tiles.time_map, &mut self.state, &theme, &mut commands);
            commands.extend(shortcuts::commands(&ctx, self.state.open_card.is_some()));
            commands.extend(dropped_files(&ctx));
        }
        for command in commands {
            update::apply(&mut self.state, &mut self.link, command);
        }
        if self.state.playback.playing
            || self.state.ghost.is_some()
            || self.state.is_computing()
            || self.state.live.is_some()
        {
            ctx.request_repaint();
        }
    }

    fn draw(&mut self, ui: &mut Ui, theme: &Theme, panel: Panel, commands: &mut Vec<Command>) {
        let area = ui.max_rect();
        ui.painter().rect_filled(area, 0.0, theme.panel);
        let tiles = Tiles::of(area);
        let Self { state, settings, plots, .. } = self;
        let state: &State = state;
        if panel == Panel::All {
            tile(ui, "top bar", tiles.top_bar, |ui| {
                top_bar::top_bar_ui(ui, state, theme, tiles.compact, commands);
            });
        }
        let Some(view) = state.view(theme) else { return };
        let rect = |of: Panel, tile: Rect| match panel {
            Panel::All => Some(tile),
            one => (one == of).then_some(area),
        };
        if let Some(rect) = rect(Panel::Settings, tiles.settings) {
            tile(ui, "settings", rect, |ui| {
                settings::settings_ui(ui, &view, state, settings, commands);
            });
        }
        let main = match state.saved.main {
            MainPanel::TimeMap => Panel::TimeMap,
            MainPanel::Topology => Panel::Topology,
            MainPanel::Partitions => Panel::Partitions,
            MainPanel::Recovery => Panel::Recovery,
        };
        if let (Panel::All, Some(live)) = (panel, &state.live) {
            tile(ui, "live", tiles.time_map, |ui| live_ui(ui, theme, live, commands));
        } else if panel == Panel::All {
            plots.ui(ui, main, tiles.time_map, &view, commands);
        } else if matches!(panel, Panel::TimeMap | Panel::Topology | Panel::Partitions | Panel::Recovery) {
            plots.ui(ui, panel, area, &view, commands);
        }
        for (of, tile_rect) in
            [(Panel::Emissions, tiles.emissions), (Panel::Late, tiles.late), (Panel::Queues, tiles.queues)]
        {
            if let Some(rect) = rect(of, tile_rect) {
                plots.ui(ui, of, rect, &view, commands);
            }
        }
        if let Some(rect) = rect(Panel::Transport, tiles.transport) {
            let frame = transport::Frame {
                playback: &state.playback,
                left_width: tiles.settings.width(),
                compact: tiles.compact,
                shown: plots.time_map.shown(),
            };
            tile(ui, "transport", rect, |ui| transport::transport_ui(ui, &view, frame, commands));
        }
        if let Some(rect) = rect(Panel::Ledger, tiles.ledger) {
            tile(ui, "ledger", rect, |ui| ledger::ledger_ui(ui, &view, tiles.compact));
        }
        if panel == Panel::All {
            seams(ui, theme, &tiles);
        }
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
}

impl Plots {
    fn ui(&mut self, ui: &mut Ui, panel: Panel, rect: Rect, view: &View<'_>, commands: &mut Vec<Command>) {
        match panel {
            Panel::TimeMap => tile(ui, "time map", rect, |ui| time_map_ui(ui, view, &mut self.time_map, commands)),
            Panel::Emissions => {
                tile(ui, "emissions", rect, |ui| emissions_ui(ui, view, &mut self.emissions, commands));
            }
            Panel::Queues => tile(ui, "queues", rect, |ui| queues_ui(ui, view, &mut self.queues, commands)),
            Panel::Topology => tile(ui, "topology", rect, |ui| topology_ui(ui, view, &mut self.topology)),
            Panel::Partitions => {
                tile(ui, "partitions", rect, |ui| partitions_ui(ui, view, &mut self.partitions, commands));
            }
            Panel::Recovery => tile(ui, "recovery", rect, |ui| recovery_ui(ui, view, commands)),
            Panel::Late => tile(ui, "late", rect, |ui| late_ui(ui, view, &mut self.late, commands)),
            _ => {}
        }
    }
}

/// A child that fills `rect` and is cut to it.
fn tile(ui: &mut Ui, name: &str, rect: Rect, contents: impl FnOnce(&mut Ui)) {
    let mut child = ui.new_child(UiBuilder::new().id_salt(name).max_rect(rect));
    child.shrink_clip_rect(rect);
    contents(&mut child);
}

/// The hairlines where tiles meet.
fn seams(ui: &Ui, theme: &Theme, tiles: &Tiles) {
    let painter = ui.painter();
    let middle = tiles.time_map.x_range();
    marks::vline(painter, tiles.settings.right(), tiles.settings.y_range(), theme.hair);
    marks::hline(painter, middle, tiles.emissions.top(), theme.hair);
    marks::vline(painter, tiles.late.left(), tiles.late.y_range(), theme.hair);
    marks::vline(painter, tiles.queues.left(), tiles.queues.y_range(), theme.hair);
    marks::hline(painter, tiles.transport.x_range(), tiles.transport.top(), theme.hair);
    marks::hline(painter, tiles.ledger.x_range(), tiles.ledger.top(), theme.hair);
}

fn dropped_files(ctx: &Context) -> Option<Command> {
    let path = ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).next())?;
    Some(Command::OpenFile(path))
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
        Lab::ui(self, ui, Panel::All);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, SAVED_KEY, &self.state.saved);
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        self.state.theme().panel.to_normalized_gamma_f32()
    }
}
