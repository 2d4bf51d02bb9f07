//! What every panel reads in one frame, and what it may ask for.
//!
//! A [`Run`] is one computed run, immutable and shared. A [`View`] is that run at one instant of
//! processing time, with what the reader has chosen. Panels draw a view and push [`Command`]s;
//! nothing but [`super::update`] applies them.

use std::path::PathBuf;
use std::sync::Arc;

pub use crate::app::run::{Marks, Run};

use crate::app::arrangement::Preset;
use crate::app::beside::Beside;
use crate::app::panel::Panel;
use crate::app::panels::lesson::LessonProgress;
use crate::app::shell::command::ShellCommand;
use crate::app::tasks::Task;
use crate::app::theme::{Theme, ThemeChoice};
use crate::explain::Subject;
use crate::record::{KeyId, RecordId};
use crate::scenario::{Fault, Scenario};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::pane::Window;

/// What the reader has picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// Nothing.
    #[default]
    None,
    /// A record.
    Record(RecordId),
    /// A window of one key, or of all keys together.
    Window {
        /// The key; all of them when `None`.
        key: Option<KeyId>,
        /// The window.
        window: Window,
    },
}

/// An entry of the legend, which is also a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegendItem {
    /// Records on time.
    OnTime,
    /// Records behind the watermark that are counted.
    Behind,
    /// Records dropped late.
    Dropped,
    /// Records in the side output.
    SideOutput,
    /// Records shed, lost or refused.
    GivenUp,
    /// The watermark.
    Watermark,
    /// The perfect watermark, which knows the future.
    Perfect,
    /// The ideal diagonal.
    Ideal,
}

/// What the legend shows; all of it at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegendFilter {
    /// Records on time.
    pub on_time: bool,
    /// Records behind the watermark that are counted.
    pub behind: bool,
    /// Records dropped late.
    pub dropped: bool,
    /// Records in the side output.
    pub side_output: bool,
    /// Records shed, lost or refused.
    pub given_up: bool,
    /// The watermark.
    pub watermark: bool,
    /// The perfect watermark, which knows the future.
    pub perfect: bool,
    /// The ideal diagonal.
    pub ideal: bool,
}

impl Default for LegendFilter {
    fn default() -> Self {
        Self {
            on_time: true,
            behind: true,
            dropped: true,
            side_output: true,
            given_up: true,
            watermark: true,
            perfect: true,
            ideal: true,
        }
    }
}

impl LegendFilter {
    /// Whether `item` is shown.
    pub const fn shows(self, item: LegendItem) -> bool {
        match item {
            LegendItem::OnTime => self.on_time,
            LegendItem::Behind => self.behind,
            LegendItem::Dropped => self.dropped,
            LegendItem::SideOutput => self.side_output,
            LegendItem::GivenUp => self.given_up,
            LegendItem::Watermark => self.watermark,
            LegendItem::Perfect => self.perfect,
            LegendItem::Ideal => self.ideal,
        }
    }

    /// Shows `item` when it is hidden, and the other way round.
    pub const fn toggle(&mut self, item: LegendItem) {
        let switch = match item {
            LegendItem::OnTime => &mut self.on_time,
            LegendItem::Behind => &mut self.behind,
            LegendItem::Dropped => &mut self.dropped,
            LegendItem::SideOutput => &mut self.side_output,
            LegendItem::GivenUp => &mut self.given_up,
            LegendItem::Watermark => &mut self.watermark,
            LegendItem::Perfect => &mut self.perfect,
            LegendItem::Ideal => &mut self.ideal,
        };
        *switch = !*switch;
    }
}

/// What every panel reads in one frame.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The run on screen.
    pub run: &'a Run,
    /// What the reader has asked for; ahead of `run.scenario` while the next run is computed.
    pub scenario: &'a Scenario,
    /// The cursor: everything up to and including this instant has happened.
    pub now: ProcTime,
    /// Colours.
    pub theme: &'a Theme,
    /// What is picked.
    pub selection: Selection,
    /// The key that is shown; all of them when `None`.
    pub key: Option<KeyId>,
    /// What the legend shows.
    pub legend: LegendFilter,
    /// Processing time per real time while playing.
    pub speed: f64,
    /// Whether time advances by itself.
    pub playing: bool,
    /// The run before the last change, for a moment, with its opacity (0 to 1).
    pub ghost: Option<(&'a Run, f32)>,
    /// The run that this one is compared with.
    pub pinned: Option<&'a Run>,
    /// Another stream that the tuner tries the same settings on.
    pub beside: Option<&'a Arc<Beside>>,
    /// Whether the next click on the time map puts a record in ([`Command::Inject`]).
    pub injecting: bool,
    /// What is asked about that cannot be selected: a silence.
    pub asked: Option<Subject>,
    /// How the window is arranged; Present asks for large type.
    pub preset: Preset,
    /// Where the reader is in the lesson.
    pub lesson: LessonProgress,
}

impl View<'_> {
    /// The watermark at the cursor.
    pub fn watermark(&self) -> EventTime {
        self.run.trace.watermark_at(self.now)
    }

    /// Whether a record belongs to the key that is shown.
    pub fn shows_key(&self, key: KeyId) -> bool {
        self.key.is_none_or(|shown| shown == key)
    }
}

/// What a panel, a key or a menu asks for.
#[derive(Debug)]
pub enum Command {
    /// Picks a record or a window, or nothing.
    Select(Selection),
    /// Asks why about something that cannot be selected, in the panel for it; until something is selected.
    Ask(Subject),
    /// Shows one key, or all.
    ShowKey(Option<KeyId>),
    /// Switches an entry of the legend.
    ToggleLegend(LegendItem),
    /// Moves the cursor; clamped to the run.
    Seek(ProcTime),
    /// Lets time advance; from the start when it stands at the end.
    Play,
    /// Holds time.
    Pause,
    /// Plays when paused, pauses when playing.
    TogglePlay,
    /// Pauses and moves this many records forward (back, when negative).
    StepRecord(i32),
    /// Pauses and moves this many panes forward (back, when negative).
    StepPane(i32),
    /// To the start of the run.
    ToStart,
    /// To the end of the run.
    ToEnd,
    /// Processing time per real time; clamped to 0.1 to 1,000 times, or to what plays the whole
    /// run in ten seconds where that is more.
    SetSpeed(f64),
    /// Runs this instead of the present scenario.
    Change(Box<Scenario>),
    /// Runs the present scenario with another out-of-orderness bound.
    SetBound(Span),
    /// Takes back the last change.
    Undo,
    /// Makes the change again that was taken back last.
    Redo,
    /// Takes back every change.
    ResetAll,
    /// Opens a built-in scenario by its place in the menu.
    OpenBuiltIn(usize),
    /// Opens a file, by its kind.
    OpenFile(PathBuf),
    /// Shows or hides the card for opening a file.
    ShowOpenCard(bool),
    /// Asks with the system's dialog which file to open.
    AskForFile,
    /// Stops loading the file that is being loaded.
    CancelLoading,
    /// Closes a notice.
    CloseNotice(u64),
    /// Dark or light.
    SetTheme(ThemeChoice),
    /// Runs the present scenario on real threads, at the speed of the playback.
    GoLive,
    /// Ends the live run: no more records are read.
    StopLive,
    /// Opens a panel, or brings it forward.
    ShowPanel(Panel),
    /// Closes a panel.
    ClosePanel(Panel),
    /// Gives a panel the whole body, or puts it back among the others.
    ToggleMaximised(Panel),
    /// Arranges the window in one of the ways that it comes with.
    SetPreset(Preset),
    /// Puts the panels of the preset back to where they come.
    ResetLayout,
    /// Keeps the run on screen beside those to come.
    Pin,
    /// Lets the pinned run go.
    Unpin,
    /// Runs the scenario of the pinned run again, and lets it go.
    BackToPinned,
    /// Puts a record into the log at the cursor, and runs everything again with it.
    Inject {
        /// When it happened.
        event_time: EventTime,
        /// What it is grouped by; it may be a key that the source does not have.
        key: String,
        /// What is aggregated; finite.
        value: f64,
    },
    /// Puts a fault into the scenario, and runs everything again with it.
    Break(Box<Fault>),
    /// Tells the reader why something cannot be done.
    Tell {
        /// What was asked for.
        title: &'static str,
        /// Why not, and what to do.
        text: String,
    },
    /// Takes the fault at this place out of the scenario.
    RemoveFault(usize),
    /// Lets the next click on the time map put a record in, or not. Putting one in ends it, and so does
    /// picking nothing.
    ToggleInjecting,
    /// Foresees one of the things that a lesson says may come.
    LessonChoose(usize),
    /// Lets the run of a lesson go on.
    LessonDecide,
    /// Goes to a step of the lesson.
    LessonStep(usize),
    /// Something of the window itself: palette, start page, clipboard, zoom, exports.
    Shell(ShellCommand),
    /// Begins long work; one of the same kind ends.
    StartTask(Task),
    /// Ends long work; nothing is heard of it any more.
    CancelTask(u64),
}

impl Command {
    /// Selects a subject, or asks about one that cannot be selected.
    pub const fn of_subject(subject: Subject) -> Self {
        match subject {
            Subject::Record(id) => Self::Select(Selection::Record(id)),
            Subject::Window { key, window } => Self::Select(Selection::Window { key, window }),
            other => Self::Ask(other),
        }
    }
}
