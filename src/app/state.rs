//! What the lab is showing and what the reader has chosen. Changed by [`super::update`] alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbeam_channel::Sender;
use serde::{Deserialize, Serialize};

use crate::app::arrangement::Arrangement;
use crate::app::beside::Beside;
use crate::app::files::Opened;
use crate::app::live::{LiveCommand, LiveFrame};
use crate::app::panel::Panel;
use crate::app::panels::lesson::LessonProgress;
use crate::app::playback::Playback;
use crate::app::run::Run;
use crate::app::shell::remembered::{Recent, Was};
use crate::app::shell::state::ShellState;
use crate::app::tasks::Running;
use crate::app::theme::{Theme, ThemeChoice};
use crate::app::view::{LegendFilter, Selection, View};
use crate::explain::Subject;
use crate::record::{KeyId, Stream};
use crate::recording::ColumnReport;
use crate::scenario::Scenario;
use crate::time::ProcTime;

/// What is remembered from one session to the next, and would be missed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// Dark or light.
    pub theme: ThemeChoice,
    /// Which panels are open, and where they lie.
    pub arrangement: Arrangement,
    /// The file that was last opened, offered again in the field for a path.
    pub last_file: String,
    /// Files that were opened, the last one first.
    pub recent: Vec<Recent>,
    /// By lesson: how many of its steps were seen.
    pub course: BTreeMap<String, usize>,
    /// Where the reader was.
    pub was: Option<Was>,
    /// The zoom; what suits the window when nobody has chosen one.
    pub zoom: Option<f32>,
    /// The folder that was last written to.
    pub export_folder: String,
}

/// Something that the reader has to know; stays until closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// For closing it.
    pub id: u64,
    /// Whether something went wrong.
    pub is_problem: bool,
    /// What happened, in a few words.
    pub title: String,
    /// Where, and what to do.
    pub text: String,
}

/// A file that is being read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Its name.
    pub name: String,
    /// How much is done, from 0 to 1.
    pub share: f32,
}

/// The run before the last change, shown for a moment.
#[derive(Clone, Debug)]
pub struct Ghost {
    /// The run.
    pub run: Arc<Run>,
    /// When it begins to fade, in seconds of the frames' clock.
    pub fades_at: f64,
}

/// How long the run before a change stays after the knob is let go, in seconds, and how long it
/// then fades.
pub const GHOST_STAYS: f64 = 0.6;
/// How long the ghost fades, in seconds.
pub const GHOST_FADES: f64 = 0.2;

impl Ghost {
    /// Its opacity at `time`, from 0 to 1.
    pub fn opacity(&self, time: f64) -> f32 {
        (1.0 - (time - self.fades_at) / GHOST_FADES).clamp(0.0, 1.0) as f32
    }
}

/// One look at a live run, kept for the plot of its queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSample {
    /// Processing time.
    pub now: ProcTime,
    /// By window task: what waits in front of it.
    pub depths: Vec<u64>,
    /// Unread records in the log.
    pub lag: u64,
}

/// A run on real threads that is under way.
pub struct LiveRun {
    /// Tells its news from that of others.
    pub id: u64,
    /// Where to send commands; once it is dropped, the run is cancelled and its threads end.
    pub commands: Sender<LiveCommand>,
    /// The latest look; `None` before the first.
    pub frame: Option<LiveFrame>,
    /// Looks so far, evenly thinned out to at most [`LIVE_SAMPLES`].
    pub samples: Vec<LiveSample>,
    /// Of so many looks one is kept.
    pub keeps_each: usize,
    /// Looks so far.
    pub looks: usize,
    /// Processing time per real time.
    pub speed: f64,
    /// Whether its sources wait.
    pub is_paused: bool,
    /// Whether it has ended and is being replayed.
    pub is_replaying: bool,
}

/// Looks that are kept of a live run: more than a plot has pixels.
pub const LIVE_SAMPLES: usize = 1_200;

impl LiveRun {
    /// Takes in a look.
    pub fn see(&mut self, frame: LiveFrame) {
        if self.looks.is_multiple_of(self.keeps_each) {
            if self.samples.len() >= LIVE_SAMPLES {
                let mut place = 0;
                self.samples.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.keeps_each *= 2;
            }
            let depths = (0..frame.progress.windows.len()).map(|window| frame.depth_of(window)).collect();
            self.samples.push(LiveSample { now: frame.progress.now, depths, lag: frame.lag() });
        }
        self.looks += 1;
        self.frame = Some(frame);
    }
}

/// What the lab is showing and what the reader has chosen.
pub struct State {
    /// Remembered between sessions.
    pub saved: Saved,
    /// What lies over the run and around it.
    pub shell: ShellState,
    /// The scenario as it was opened; knobs that differ from it are marked.
    pub opened: Scenario,
    /// The scenario that is asked for; ahead of `run` while the next run is computed.
    pub scenario: Scenario,
    /// The rows, when the source is a recording.
    pub recording: Option<Arc<Stream>>,
    /// What to try with the scenario.
    pub tries: Vec<String>,
    /// Which columns of a recording mean what.
    pub columns: Vec<ColumnReport>,
    /// The run on screen; `None` until the first one is computed.
    pub run: Option<Arc<Run>>,
    /// The run on real threads, while there is one.
    pub live: Option<LiveRun>,
    /// The run before the last change.
    pub ghost: Option<Ghost>,
    /// The run that others are compared with, until it is let go.
    pub pinned: Option<Arc<Run>>,
    /// Another stream that the tuner tries the same settings on.
    pub beside: Option<Arc<Beside>>,
    /// Whether the next click on the time map puts a record in.
    pub injecting: bool,
    /// Long work that is under way, oldest first.
    pub tasks: Vec<Running>,
    /// Where the reader is in the lesson.
    pub lesson: LessonProgress,
    /// The cursor.
    pub playback: Playback,
    /// What is picked.
    pub selection: Selection,
    /// What is asked about that cannot be selected.
    pub asked: Option<Subject>,
    /// The panel that Why stands in front of for as long as something is selected.
    pub behind_why: Option<Panel>,
    /// The key that is shown; all of them when `None`.
    pub key: Option<KeyId>,
    /// What the legend shows.
    pub legend: LegendFilter,
    /// Notices, oldest first.
    pub notices: Vec<Notice>,
    /// The file that is being read.
    pub reading: Option<Reading>,
    /// The text of the field for a path, while the card for opening is shown.
    pub open_card: Option<String>,
    /// Scenarios to go back to, oldest first.
    pub undo: Vec<Scenario>,
    /// Scenarios that were taken back, the latest last.
    pub redo: Vec<Scenario>,
    /// Whether the next change belongs to the same movement of a knob as the last one.
    pub change_goes_on: bool,
    /// The generation of the last job.
    pub generation: u64,
    /// When that job was asked for, on the frames' clock.
    pub asked_at: f64,
    /// From this generation on, runs belong to the scenario that was opened last.
    pub opened_at: u64,
    /// The frames' clock, in seconds.
    pub time: f64,
    /// Ids of notices.
    pub notices_given: u64,
}

impl State {
    /// A scenario that was opened, before its first run.
    pub fn new(opened: Opened, saved: Saved) -> Self {
        let shell = ShellState { origin: opened.origin, ..ShellState::default() };
        Self {
            saved,
            shell,
            opened: opened.scenario.clone(),
            scenario: opened.scenario,
            recording: opened.recording,
            tries: opened.tries,
            columns: opened.columns,
            run: None,
            live: None,
            ghost: None,
            pinned: None,
            beside: None,
            injecting: false,
            tasks: Vec::new(),
            lesson: LessonProgress::default(),
            playback: Playback::new(ProcTime::EPOCH, ProcTime::EPOCH),
            selection: Selection::None,
            asked: None,
            behind_why: None,
            key: None,
            legend: LegendFilter::default(),
            notices: Vec::new(),
            reading: None,
            open_card: None,
            undo: Vec::new(),
            redo: Vec::new(),
            change_goes_on: false,
            generation: 0,
            asked_at: 0.0,
            opened_at: 0,
            time: 0.0,
            notices_given: 0,
        }
    }

    /// The colours.
    pub fn theme(&self) -> Theme {
        Theme::of(self.saved.theme)
    }

    /// Whether a run is being computed.
    pub fn is_computing(&self) -> bool {
        self.run.as_ref().map_or(0, |run| run.generation) < self.generation
    }

    /// Whether the reader has waited for a run long enough to be told.
    pub fn is_computing_long(&self) -> bool {
        self.is_computing() && self.time - self.asked_at > 0.2
    }

    /// What panels read in this frame; `None` until the first run is computed.
    pub fn view<'a>(&'a self, theme: &'a Theme) -> Option<View<'a>> {
        let run = self.run.as_deref()?;
        let ghost = self.ghost.as_ref().map(|ghost| (&*ghost.run, ghost.opacity(self.time)));
        Some(View {
            run,
            scenario: &self.scenario,
            now: self.playback.now(),
            theme,
            selection: self.selection,
            asked: self.asked,
            key: self.key,
            legend: self.legend,
            speed: self.playback.speed,
            playing: self.playback.playing,
            ghost: ghost.filter(|(_, opacity)| *opacity > 0.0),
            pinned: self.pinned.as_deref(),
            beside: self.beside.as_ref(),
            injecting: self.injecting,
            preset: self.saved.arrangement.preset,
            lesson: self.lesson,
        })
    }

    /// Shows a notice. One with the same title takes its place.
    pub fn notify(&mut self, is_problem: bool, title: impl Into<String>, text: impl Into<String>) {
        self.notices_given += 1;
        let notice = Notice { id: self.notices_given, is_problem, title: title.into(), text: text.into() };
        self.notices.retain(|other| other.title != notice.title);
        self.notices.push(notice);
    }
}
