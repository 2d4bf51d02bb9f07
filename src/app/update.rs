//! The one place that applies commands and takes in what the worker sends.

use std::sync::Arc;

use crate::app::arrangement::{Arrangement, Preset};
use crate::app::breaking;
use crate::app::files::{Opened, Source, short_name};
use crate::app::link::{Link, Message};
use crate::app::live::{LiveCommand, LiveNews, verdict};
use crate::app::panel::Panel;
use crate::app::panels::lesson::LessonProgress;
use crate::app::playback::Playback;
use crate::app::run::Run;
use crate::app::shell;
use crate::app::shell::command::ShellCommand;
use crate::app::shell::remembered::Next;
use crate::app::state::{GHOST_STAYS, Ghost, LiveRun, Reading, State};
use crate::app::tasks::{News, Running, Task};
use crate::app::view::{Command, LegendFilter, Selection};
use crate::app::worker::Job;
use crate::explain::price::same_record;
use crate::pipeline::WatermarkSpec;
use crate::scenario::Scenario;

/// So many changes can be taken back; older ones are forgotten.
const UNDO_DEPTH: usize = 100;

/// Applies a command.
pub fn apply(state: &mut State, link: &mut Link, command: Command) {
    match command {
        Command::Select(_) | Command::ShowKey(_) | Command::ToggleLegend(_) | Command::CloseNotice(_) => {
            choose(state, command);
        }
        Command::Ask(subject) => {
            state.asked = Some(subject);
            state.saved.arrangement.show(Panel::Why);
        }
        Command::Change(scenario) => change(state, link, *scenario),
        Command::Tell { title, text } => state.notify(true, title, text),
        Command::Inject { .. } | Command::ToggleInjecting | Command::Break(_) | Command::RemoveFault(_) => {
            break_run(state, link, command);
        }
        Command::SetBound(bound) => {
            let mut scenario = state.scenario.clone();
            scenario.pipeline.watermark = WatermarkSpec::Bounded { bound };
            change(state, link, scenario);
        }
        Command::Undo => {
            if let Some(scenario) = state.undo.pop() {
                state.redo.push(std::mem::replace(&mut state.scenario, scenario));
                compute(state, link);
            }
        }
        Command::Redo => {
            if let Some(scenario) = state.redo.pop() {
                state.undo.push(std::mem::replace(&mut state.scenario, scenario));
                compute(state, link);
            }
        }
        Command::ResetAll => change(state, link, state.opened.clone()),
        Command::OpenBuiltIn(_)
        | Command::OpenFile(_)
        | Command::AskForFile
        | Command::ShowOpenCard(_)
        | Command::CancelLoading => open(state, link, command),
        Command::SetTheme(theme) => state.saved.theme = theme,
        Command::ShowPanel(_)
        | Command::ClosePanel(_)
        | Command::ToggleMaximised(_)
        | Command::SetPreset(_)
        | Command::ResetLayout => arrange(&mut state.saved.arrangement, &command),
        Command::Pin | Command::Unpin | Command::BackToPinned => pin(state, link, &command),
        Command::LessonChoose(_) | Command::LessonDecide | Command::LessonStep(_) => learn(state, &command),
        Command::StartTask(task) => start(state, link, task),
        Command::CancelTask(id) => {
            link.cancel_task(id);
            state.tasks.retain(|task| task.id != id);
        }
        Command::Shell(command) => shell::update::apply(state, link, command),
        Command::GoLive => go_live(state, link),
        Command::StopLive => steer(state, LiveCommand::Stop),
        _ => move_cursor(state, command),
    }
}

fn arrange(arrangement: &mut Arrangement, command: &Command) {
    match *command {
        Command::ShowPanel(panel) => arrangement.show(panel),
        Command::ClosePanel(panel) => arrangement.close(panel),
        Command::ToggleMaximised(panel) => arrangement.toggle_maximised(panel),
        Command::SetPreset(preset) => arrangement.show_preset(preset),
        Command::ResetLayout => arrangement.reset(),
        _ => {}
    }
}

/// Pins the run on screen, or lets the pinned one go. The comparison has a panel of its own meanwhile.
fn pin(state: &mut State, link: &mut Link, command: &Command) {
    let arrangement = &mut state.saved.arrangement;
    match command {
        Command::Pin => {
            state.pinned = state.run.clone();
            if state.pinned.is_some() {
                arrangement.show(Panel::Twin);
            }
        }
        _ => {
            let pinned = state.pinned.take();
            arrangement.close(Panel::Twin);
            if let (Command::BackToPinned, Some(run)) = (command, pinned) {
                change(state, link, run.scenario.clone());
            }
        }
    }
}

/// Goes on in the lesson. What the reader foresees is only changed while the run is held.
fn learn(state: &mut State, command: &Command) {
    let lesson = &mut state.lesson;
    match *command {
        Command::LessonChoose(choice) if !lesson.decided => lesson.chosen = Some(choice),
        Command::LessonDecide if lesson.chosen.is_some() => {
            lesson.decided = true;
            state.playback.play();
        }
        Command::LessonStep(step) => {
            *lesson = LessonProgress { step, ..LessonProgress::default() };
            if step == 0 {
                state.playback.seek(state.playback.start);
            }
            state.playback.play();
        }
        _ => {}
    }
}

/// Begins long work in place of the one of its kind.
fn start(state: &mut State, link: &mut Link, task: Task) {
    for other in state.tasks.extract_if(.., |other| other.kind == task.kind) {
        link.cancel_task(other.id);
    }
    let (kind, title) = (task.kind, task.title.clone());
    let id = link.start(task);
    state.tasks.push(Running { id, kind, title, share: 0.0, since: state.time });
}

/// Takes in news of long work.
fn hear_of(state: &mut State, id: u64, news: News) {
    let Some(place) = state.tasks.iter().position(|task| task.id == id) else { return };
    match news {
        News::Progress(share) => state.tasks[place].share = share,
        News::Done(finish) => {
            state.tasks.remove(place);
            finish(state);
        }
    }
}

/// Puts a record or a fault in at the cursor, or takes a fault out.
fn break_run(state: &mut State, link: &mut Link, command: Command) {
    let asked = match command {
        Command::Inject { event_time, key, value } => {
            let asked = breaking::with_record(state, event_time, &key, value);
            state.injecting &= asked.is_err();
            asked
        }
        Command::Break(fault) => breaking::with_fault(state, *fault),
        Command::RemoveFault(place) => Ok(breaking::without_fault(state, place)),
        _ => {
            state.injecting = !state.injecting;
            return;
        }
    };
    match asked {
        Ok(scenario) => change(state, link, scenario),
        Err(why) => state.notify(true, "That cannot be done here", why),
    }
}

/// Where Why lies behind another panel, it comes forward while something is selected. A twin stays: its rows select.
fn uncover_why(state: &mut State) {
    let arrangement = &mut state.saved.arrangement;
    if state.selection != Selection::None && state.pinned.is_some() && arrangement.is_visible(Panel::Twin) {
        return;
    }
    if state.selection != Selection::None {
        let hidden = arrangement.uncover(Panel::Why);
        state.behind_why = hidden.or(state.behind_why);
    } else if let Some(hidden) = state.behind_why.take().filter(|_| arrangement.is_visible(Panel::Why)) {
        arrangement.uncover(hidden);
    }
}

fn choose(state: &mut State, command: Command) {
    match command {
        Command::Select(selection) => {
            state.injecting &= selection != Selection::None;
            state.selection = selection;
            state.asked = None;
            uncover_why(state);
        }
        Command::ShowKey(key) => state.key = key,
        Command::ToggleLegend(item) => state.legend.toggle(item),
        Command::CloseNotice(id) => state.notices.retain(|notice| notice.id != id),
        _ => {}
    }
}

/// Runs the present scenario on real threads. What is asked of playing is asked of that run until its end.
fn go_live(state: &mut State, link: &mut Link) {
    state.playback.playing = false;
    let job =
        Job { generation: state.generation + 1, scenario: state.scenario.clone(), recording: state.recording.clone() };
    let speed = state.playback.speed;
    let (id, commands) = link.go_live(job, speed);
    state.live = Some(LiveRun {
        id,
        commands,
        frame: None,
        samples: Vec::new(),
        keeps_each: 1,
        looks: 0,
        speed,
        is_paused: false,
        is_replaying: false,
    });
}

fn steer(state: &mut State, command: LiveCommand) {
    let Some(live) = &mut state.live else { return };
    match command {
        LiveCommand::Pause => live.is_paused = true,
        LiveCommand::Resume => live.is_paused = false,
        LiveCommand::SetSpeed(speed) => live.speed = speed,
        LiveCommand::Stop => {}
    }
    // A send fails only when the run has ended, and then it has said so.
    let _ = live.commands.send(command);
}

/// What is asked of playing goes to the live run while there is one. Whether it went there.
fn steers_live(state: &mut State, command: &Command) -> bool {
    let Some(is_paused) = state.live.as_ref().map(|live| live.is_paused) else { return false };
    let asked = match command {
        Command::Play => LiveCommand::Resume,
        Command::Pause => LiveCommand::Pause,
        Command::TogglePlay if is_paused => LiveCommand::Resume,
        Command::TogglePlay => LiveCommand::Pause,
        Command::SetSpeed(speed) => {
            state.playback.set_speed(*speed);
            LiveCommand::SetSpeed(state.playback.speed)
        }
        _ => return false,
    };
    steer(state, asked);
    true
}

/// Takes in news of the live run.
fn hear(state: &mut State, number: u64, news: LiveNews) {
    let Some(live) = state.live.as_mut().filter(|live| live.id == number) else { return };
    match news {
        LiveNews::Frame(frame) => live.see(*frame),
        LiveNews::Replaying => live.is_replaying = true,
        LiveNews::Refused(why) => {
            state.live = None;
            state.notify(true, "This cannot run live", why);
        }
        LiveNews::Done(end) => {
            state.live = None;
            let text = "The order in which each thread got its input was recorded and taken again in virtual time. \
                        The time map shows that run; change a setting to return to virtual time.";
            state.notify(!end.is_identical, verdict(&end), text);
            state.generation = end.run.generation;
            show(state, end.run);
            state.playback.playing = false;
            state.playback.seek(state.playback.end);
        }
    }
}

fn move_cursor(state: &mut State, command: Command) {
    if steers_live(state, &command) {
        return;
    }
    let run = state.run.clone();
    let playback = &mut state.playback;
    match command {
        Command::Seek(now) => playback.seek(now),
        Command::Play => playback.play(),
        Command::Pause => playback.playing = false,
        Command::TogglePlay if playback.playing => playback.playing = false,
        Command::TogglePlay => playback.play(),
        Command::StepRecord(steps) => run.iter().for_each(|run| playback.step_records(&run.trace, steps)),
        Command::StepPane(steps) => run.iter().for_each(|run| playback.step_panes(&run.trace, steps)),
        Command::ToStart => playback.seek(playback.start),
        Command::ToEnd => {
            playback.playing = false;
            playback.seek(playback.end);
        }
        Command::SetSpeed(speed) => playback.set_speed(speed),
        _ => {}
    }
}

fn open(state: &mut State, link: &mut Link, command: Command) {
    match command {
        Command::OpenBuiltIn(place) => {
            state.open_card = None;
            state.shell.next = Next::default();
            link.open(Source::BuiltIn(place));
        }
        Command::OpenFile(path) => {
            state.open_card = None;
            state.saved.last_file = path.display().to_string();
            state.shell.next = Next::default();
            state.reading = Some(Reading { name: short_name(&path), share: 0.0 });
            link.open(Source::File(path));
        }
        Command::AskForFile => link.ask_for_file(Message::Chosen),
        Command::ShowOpenCard(shown) => state.open_card = shown.then(|| state.saved.last_file.clone()),
        Command::CancelLoading => {
            link.cancel_reading();
            state.reading = None;
        }
        _ => {}
    }
}

/// Runs `scenario` in place of the present one; the last run stays as a ghost.
fn change(state: &mut State, link: &mut Link, scenario: Scenario) {
    if scenario == state.scenario {
        return;
    }
    if !state.change_goes_on {
        state.undo.push(state.scenario.clone());
        let forgotten = state.undo.len().saturating_sub(UNDO_DEPTH);
        state.undo.drain(..forgotten);
        state.change_goes_on = true;
        state.redo.clear();
    }
    state.scenario = scenario;
    compute(state, link);
}

/// Asks the worker for a run of the present scenario. A live run is of other settings by now, and ends.
pub fn compute(state: &mut State, link: &mut Link) {
    state.live = None;
    let fades_at = state.time + GHOST_STAYS;
    match (&mut state.ghost, &state.run) {
        (Some(ghost), _) => ghost.fades_at = fades_at,
        (ghost @ None, Some(run)) => *ghost = Some(Ghost { run: Arc::clone(run), fades_at }),
        (None, None) => {}
    }
    state.generation += 1;
    state.asked_at = state.time;
    link.compute(Job {
        generation: state.generation,
        scenario: state.scenario.clone(),
        recording: state.recording.clone(),
    });
}

/// Takes in what has come back from the worker.
pub fn receive(state: &mut State, link: &mut Link) {
    for message in link.poll() {
        match message {
            Message::Done(run) => show(state, run),
            Message::Refused(why) => state.notify(true, "These settings cannot run", why),
            Message::Progress(share) => {
                if let Some(reading) = &mut state.reading {
                    reading.share = share;
                }
            }
            Message::Opened(opened) => install(state, link, *opened),
            Message::CannotOpen(why) => {
                let name = state.reading.take().map_or_else(|| "the file".to_owned(), |reading| reading.name);
                state.notify(true, format!("Cannot open {name}"), why);
                if state.run.is_none() && state.generation == 0 && !state.shell.is_starting {
                    // There is nothing to go back to; an empty window would say nothing.
                    link.open(Source::BuiltIn(0));
                }
            }
            Message::Live(number, news) => hear(state, number, news),
            Message::Task(id, news) => hear_of(state, id, news),
            Message::Chosen(path) => apply(state, link, Command::OpenFile(path)),
            Message::ChosenBeside(path) => apply(state, link, Command::Shell(ShellCommand::LayBeside(path))),
            Message::SaveTo(path) => {
                if let Some(card) = &mut state.shell.export {
                    card.path = path.display().to_string();
                }
            }
            Message::Broken => {
                state.reading = None;
                let text = "A part of the program ended by a fault of its own. Open the file again, or start the program again.";
                state.notify(true, "The worker stopped", text);
            }
        }
    }
}

/// A scenario or recording takes the place of the present one.
pub fn install(state: &mut State, link: &mut Link, opened: Opened) {
    state.reading = None;
    state.ghost = None;
    if state.pinned.take().is_some() {
        state.saved.arrangement.close(Panel::Twin);
    }
    state.undo.clear();
    state.redo.clear();
    shell::remembered::note_lesson(state);
    state.lesson = LessonProgress::default();
    state.selection = Selection::None;
    state.asked = None;
    state.key = None;
    state.legend = LegendFilter::default();
    state.opened = opened.scenario.clone();
    state.scenario = opened.scenario;
    state.recording = opened.recording;
    state.columns = opened.columns;
    state.tries = opened.tries;
    state.shell.origin = opened.origin;
    shell::update::opened(state);
    if !opened.remarks.is_empty() {
        state.notify(false, format!("Opened {}", state.scenario.title), opened.remarks.join("\n"));
    }
    state.opened_at = state.generation + 1;
    compute(state, link);
    state.ghost = None;
}

/// A run that was asked for is here.
fn show(state: &mut State, run: Arc<Run>) {
    if run.generation < state.opened_at {
        // It belongs to a scenario that is no longer open.
        return;
    }
    let (start, end) = run.clock_range();
    let is_first = state.run.as_ref().is_none_or(|shown| shown.generation < state.opened_at);
    if is_first {
        state.playback = Playback::new(start, end);
    } else {
        state.playback.rebase(start, end);
    }
    if let Selection::Record(id) = state.selection {
        // Other settings may have records handled in another order.
        let before = state.run.as_ref().map(|old| &old.trace.stream);
        let same = before.and_then(|before| same_record(before, id, &run.trace.stream));
        let kept = same.or_else(|| Some(id).filter(|id| id.index() < run.trace.stream.len()));
        state.selection = kept.map_or(Selection::None, Selection::Record);
    }
    state.run = Some(run);
    if is_first {
        shell::update::arrived(state);
    }
}

/// A run that plays in a lesson is held until its step is decided.
fn hold_for_lesson(state: &mut State) {
    let is_shown = state.saved.arrangement.preset == Preset::Learn;
    let lesson = state.scenario.lesson.as_deref().filter(|_| is_shown);
    let gate = lesson.and_then(|lesson| state.lesson.gate(lesson, &state.playback));
    if let Some(gate) = gate.filter(|gate| state.playback.now() >= *gate) {
        state.playback.seek(gate);
        state.playback.playing = false;
    }
}

/// The clock of the frames has advanced: moves the cursor, lets the ghost fade. `holding` says
/// whether a pointer or a key is held down, so a knob may still be turning.
pub fn tick(state: &mut State, seconds: f64, holding: bool) {
    state.time += seconds;
    let was_playing = state.playback.playing;
    state.playback.advance(seconds);
    if was_playing {
        hold_for_lesson(state);
    }
    if !holding {
        state.change_goes_on = false;
    }
    if let Some(ghost) = &mut state.ghost {
        if holding {
            ghost.fades_at = state.time + GHOST_STAYS;
        }
        if ghost.opacity(state.time) <= 0.0 {
            state.ghost = None;
        }
    }
}
