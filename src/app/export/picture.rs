//! A picture of the lab at an instant, drawn without a window: the same choices, the same bytes on every machine.

use std::sync::Arc;

use egui::{Vec2, vec2};
use image::RgbaImage;

use crate::app::files::Opened;
use crate::app::layout::opening_zoom;
use crate::app::panel::Panel;
use crate::app::shell::Lab;
use crate::app::state::{Saved, State};
use crate::app::theme::{Theme, ThemeChoice};
use crate::app::view::{LegendFilter, Run, Selection};
use crate::raster::{Headless, HeadlessOptions};
use crate::record::KeyId;
use crate::time::ProcTime;

/// Frames until the layout has settled: fonts arrive with the second, sizes that depend on other sizes with the third.
const FRAMES: u32 = 4;
/// Long enough that whatever fades in has done so by the last frame.
const SECONDS_PER_FRAME: f32 = 0.5;

/// More thumbnails than any start page has.
const MOST_THUMBNAILS: usize = 200;

/// What is drawn, and how large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// One panel, or the whole window.
    pub panel: Option<Panel>,
    /// Colours.
    pub theme: ThemeChoice,
    /// Width and height in points.
    pub points: Vec2,
    /// Pixels for each point.
    pub scale: f32,
}

/// A size that a panel reads well at, where it is not on screen.
pub fn usual_size(panel: Option<Panel>) -> Vec2 {
    match panel {
        None => vec2(1280.0, 800.0),
        Some(Panel::Transport) => vec2(1280.0, 88.0),
        Some(Panel::Ledger) => vec2(1280.0, 32.0),
        Some(panel) if panel.is_narrow() => vec2(320.0, 836.0),
        Some(Panel::Emissions | Panel::Late | Panel::Queues | Panel::Results) => vec2(540.0, 320.0),
        Some(_) => vec2(1048.0, 572.0),
    }
}

/// What of a lab a picture shows, to be drawn elsewhere than in its window.
#[derive(Clone)]
pub struct Scene {
    opened: Opened,
    run: Arc<Run>,
    now: ProcTime,
    saved: Saved,
    /// What is picked.
    pub selection: Selection,
    /// The key that is shown.
    pub key: Option<KeyId>,
    /// What the legend shows.
    pub legend: LegendFilter,
    /// The run that this one is compared with.
    pub pinned: Option<Arc<Run>>,
}

impl Scene {
    /// What `state` shows of `run`.
    pub fn of(state: &State, run: &Arc<Run>) -> Self {
        let opened = Opened {
            recording: state.recording.clone(),
            columns: state.columns.clone(),
            tries: state.tries.clone(),
            ..Opened::scenario(state.opened.clone())
        };
        Self {
            opened,
            run: Arc::clone(run),
            now: state.playback.now(),
            saved: state.saved.clone(),
            selection: state.selection,
            key: state.key,
            legend: state.legend,
            pinned: state.pinned.clone(),
        }
    }

    /// A lab that shows it.
    pub fn lab(self) -> Lab {
        let scenario = self.run.scenario.clone();
        let mut lab = Lab::still(self.opened, self.run, self.now, self.saved.theme);
        lab.choose(|state| {
            state.saved = self.saved;
            state.scenario = scenario;
            state.selection = self.selection;
            state.key = self.key;
            state.legend = self.legend;
            state.pinned = self.pinned;
        });
        lab
    }
}

/// Draws `lab`, once. Large windows open zoomed in, and so they are drawn.
pub fn draw(lab: &mut Lab, look: &Look) -> RgbaImage {
    Screen::new(look).settle(lab)
}

/// A screen that pictures are drawn on, one after the other.
pub struct Screen {
    headless: Headless,
    look: Look,
}

impl Screen {
    /// A fresh screen.
    pub fn new(look: &Look) -> Self {
        let zoom = if look.panel.is_none() { opening_zoom(look.points.x) } else { 1.0 };
        let options = HeadlessOptions {
            size: look.points / zoom,
            pixels_per_point: look.scale * zoom,
            seconds_per_frame: SECONDS_PER_FRAME,
        };
        Self { headless: Headless::new(options), look: *look }
    }

    /// Draws `lab` once its layout has settled.
    pub fn settle(&mut self, lab: &mut Lab) -> RgbaImage {
        let picture = self.frames(lab, FRAMES);
        if !lab.state().shell.is_starting {
            return picture;
        }
        // The start page draws its thumbnails one after the other.
        for _ in 0..MOST_THUMBNAILS {
            self.frames(lab, 1);
            if lab.state().shell.thumbnails.wanted.is_empty() {
                break;
            }
        }
        self.frames(lab, 2)
    }

    /// Draws the next frame of a lab that has settled before.
    pub fn next(&mut self, lab: &mut Lab) -> RgbaImage {
        self.frames(lab, 1)
    }

    fn frames(&mut self, lab: &mut Lab, frames: u32) -> RgbaImage {
        let panel = self.look.panel;
        self.headless.run(frames, Theme::of(self.look.theme).panel, |ui| {
            // Long work that a panel asks for is done before its next frame.
            lab.logic();
            lab.ui(ui, panel);
        })
    }
}
