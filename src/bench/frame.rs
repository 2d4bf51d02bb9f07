//! The job `frame`: what a frame of the lab costs, UI pass and tessellation, without a screen.
//!
//! The whole window is laid out over a stream of so many records, as in `scenarios/million.ron`: a
//! thousand keys, windows of ten seconds, a thousand seconds. What is asked for in a frame (the next
//! instant, any instant, another bound) is applied before it; how long each takes is for the caller
//! to measure, who has the clock.

use egui::{Event, Modifiers, PointerButton, pos2, vec2};

use crate::app::files::Opened;
use crate::app::link::Link;
use crate::app::shell::Lab;
use crate::app::state::Saved;
use crate::app::view::Command;
use crate::raster::{FrameWork, Headless, HeadlessOptions};
use crate::rng::{Draws, Seed};
use crate::scenario::{Scenario, ScenarioError, SourceSpec, library};
use crate::time::{ProcTime, Span};

/// The scenario that is shown, with another rate.
pub const SCENARIO: &str = "million";

/// Width and height of the window, in points.
pub const SIZE: [f32; 2] = [1_600.0, 1_000.0];

/// Frames until the layout has settled.
const SETTLE: u32 = 4;

/// The lab without a screen, over a stream of so many records.
pub struct FrameJob {
    headless: Headless,
    lab: Lab,
    draws: Draws,
    records: usize,
}

impl FrameJob {
    /// Opens the scenario with about `records` records, computes its run and draws the first frames.
    ///
    /// # Errors
    /// Where the scenario cannot run; never for the one that the program is tested with.
    pub fn new(records: u32) -> Result<Self, String> {
        let scenario = scenario(records)?;
        let mut lab = Lab::with_link(Link::without_insight(), Opened::scenario(scenario), Saved::default());
        lab.logic();
        let run = lab.state().run.as_ref().ok_or("the scenario does not run")?;
        run.work_out();
        let records = run.trace.stream.len();
        let options = HeadlessOptions { size: vec2(SIZE[0], SIZE[1]), ..HeadlessOptions::default() };
        let mut job =
            Self { headless: Headless::new(options), lab, draws: Seed::new(7).stream("frames to scrub to"), records };
        job.lab.command(Command::Pause);
        for _ in 0..SETTLE {
            job.frame();
        }
        Ok(job)
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.records
    }

    /// One frame: the UI pass and the tessellation of all that it draws.
    pub fn frame(&mut self) -> FrameWork {
        let Self { headless, lab, .. } = self;
        headless.tessellate(|ui| lab.ui(ui, None))
    }

    /// Plays on from so much of the run, at the speed at which a run opens.
    pub fn play_from(&mut self, share: f64) {
        self.lab.command(Command::Pause);
        let to = self.instant(share);
        self.lab.command(Command::Seek(to));
        self.lab.command(Command::Play);
    }

    /// Holds time.
    pub fn pause(&mut self) {
        self.lab.command(Command::Pause);
    }

    /// Shows the whole run on the time map, as a reader does with a double click.
    pub fn fit(&mut self) {
        let [width, height] = SIZE;
        let pos = pos2(0.5 * width, 0.3 * height);
        for pressed in [true, false, true, false] {
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            self.headless.push_event(Event::PointerMoved(pos));
            self.headless.push_event(Event::PointerButton { pos, button, pressed, modifiers });
            self.frame();
        }
        self.headless.push_event(Event::PointerGone);
        self.frame();
    }

    /// Puts the cursor at an instant that is drawn by lot.
    pub fn scrub(&mut self) {
        let share = self.draws.unit();
        let to = self.instant(share);
        self.lab.command(Command::Seek(to));
    }

    /// Asks for another bound, as a reader does who drags it: a tenth of a second more each time. The run
    /// is computed by [`FrameJob::compute`].
    pub fn drag_bound(&mut self) {
        let bound = self.lab.state().scenario.pipeline.watermark.bound() + Span::from_millis(100);
        self.lab.command(Command::SetBound(bound));
    }

    /// Computes the run that was asked for and prepares it for drawing.
    pub fn compute(&mut self) {
        self.lab.logic();
    }

    fn instant(&self, share: f64) -> ProcTime {
        let playback = &self.lab.state().playback;
        playback.start + Span::from_micros((playback.length().micros() as f64 * share) as i64)
    }
}

fn scenario(records: u32) -> Result<Scenario, String> {
    let built_in = library::find(SCENARIO).ok_or_else(|| format!("there is no scenario {SCENARIO}"))?;
    let mut scenario = built_in.scenario().map_err(|error: ScenarioError| error.to_string())?;
    let seconds = scenario.duration.as_secs_f64();
    if let SourceSpec::Synthetic(source) = &mut scenario.source {
        source.rate = f64::from(records) / seconds;
    }
    Ok(scenario)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_what_is_asked_for() {
        let mut job = FrameJob::new(2_000).expect("it runs");
        assert!((1_900..=2_100).contains(&job.records()), "{}", job.records());
        let still = job.frame();
        assert!(still.vertices > 5_000 && still.triangles > 3_000, "{still:?}");
        job.play_from(0.5);
        let (before, _) = (job.lab.state().playback.now(), job.frame());
        job.frame();
        assert!(job.lab.state().playback.now() > before, "time advances");
        job.pause();
        job.scrub();
        let scrubbed = job.lab.state().playback.now();
        job.scrub();
        assert_ne!(job.lab.state().playback.now(), scrubbed);
        let generation = |job: &FrameJob| job.lab.state().run.as_ref().map(|run| run.generation);
        let first = generation(&job);
        job.drag_bound();
        job.compute();
        assert!(generation(&job) > first, "there is another run");
    }
}
