//! A stretch of a run as an animation: the lab is drawn at equal steps of processing time. The same film gives
//! the same bytes on every machine.

use std::collections::BTreeSet;

use image::RgbaImage;

use crate::app::export::gif::{Animation, Palette};
use crate::app::export::picture::{Look, Screen};
use crate::app::shell::Lab;
use crate::app::tasks::GoOn;
use crate::app::theme::Theme;
use crate::app::view::Command;
use crate::time::{ProcTime, Span};

/// More frames would take minutes to draw and make a file that nothing plays.
pub const MOST_FRAMES: u64 = 1_800;
/// Pixels of all frames together: about a gigabyte of them is drawn in five minutes.
pub const MOST_PIXELS: f64 = 1.2e9;
/// A file of animated pictures counts hundredths of a second; above 50 a second viewers slow down.
pub const FPS: std::ops::RangeInclusive<u32> = 1..=50;
/// Wider or higher animations are films, and want another kind of file.
const LARGEST_SIDE: f32 = 2_560.0;
/// Pictures that the colours are chosen from, evenly over the film.
const SAMPLES: u64 = 6;

/// A stretch of a run, and how it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Film {
    /// The first picture.
    pub from: ProcTime,
    /// The last picture is at or before this instant.
    pub to: ProcTime,
    /// Pictures in a second.
    pub fps: u32,
    /// Processing time per second of the film.
    pub speed: f64,
    /// What each picture shows.
    pub look: Look,
}

impl Film {
    /// How many pictures it has; at least one.
    pub fn frames(&self) -> u64 {
        let seconds = (self.to - self.from).as_secs_f64().max(0.0) / self.speed;
        (seconds * f64::from(self.fps) + 1e-6) as u64 + 1
    }

    /// The instant of a picture.
    pub fn at(&self, frame: u64) -> ProcTime {
        let micros = frame as f64 / f64::from(self.fps) * self.speed * 1e6;
        (self.from + Span::from_micros(micros as i64)).min(self.to)
    }

    /// Checks that it can be drawn in reasonable time and space.
    ///
    /// # Errors
    /// In words, with what would be right.
    pub fn check(&self) -> Result<(), String> {
        if self.to < self.from {
            return Err("the film ends before it begins; give an earlier start or a later end".to_owned());
        }
        if !FPS.contains(&self.fps) {
            return Err(format!("{} frames a second; from {} to {} can be shown", self.fps, FPS.start(), FPS.end()));
        }
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Err(format!("a speed of {} shows nothing; give one above 0", self.speed));
        }
        let pixels = self.look.points * self.look.scale;
        if pixels.x > LARGEST_SIDE || pixels.y > LARGEST_SIDE {
            let most = LARGEST_SIDE;
            return Err(format!("frames of {}x{} pixels; the limit is {most}x{most}", pixels.x, pixels.y));
        }
        let frames = self.frames();
        let most = MOST_FRAMES.min((MOST_PIXELS / f64::from(pixels.x * pixels.y)) as u64);
        if frames > most {
            let faster = self.speed * frames as f64 / most as f64;
            return Err(format!(
                "{frames} frames of {}x{} pixels; the limit is {most}. Raise the speed from {:.1} to {:.0}, or lower \
                 the frames a second or the size",
                pixels.x,
                pixels.y,
                self.speed,
                libm::ceil(faster)
            ));
        }
        Ok(())
    }
}

/// Draws the film into the bytes of a GIF file; `None` when `go_on` says to stop.
///
/// # Errors
/// When it is too long or too large, in words.
pub fn bytes(mut lab: Lab, film: &Film, go_on: GoOn<'_>) -> Result<Option<Vec<u8>>, String> {
    film.check()?;
    let frames = film.frames();
    let mut screen = Screen::new(&film.look);
    lab.command(Command::Pause);
    lab.command(Command::Seek(film.at(0)));
    screen.settle(&mut lab);
    let samples: BTreeSet<u64> = (0..SAMPLES).map(|i| i * (frames - 1) / (SAMPLES - 1)).collect();
    let steps = frames + samples.len() as u64;
    let mut done = 0_u64;
    let mut draw = |at: u64, go_on: &mut dyn FnMut(f32) -> bool| -> Option<RgbaImage> {
        done += 1;
        go_on(done as f32 / steps as f32).then(|| {
            lab.command(Command::Seek(film.at(at)));
            screen.next(&mut lab)
        })
    };
    let mut palette = Palette::with(&Theme::of(film.look.theme).all_colours());
    for &sample in &samples {
        let Some(picture) = draw(sample, go_on) else { return Ok(None) };
        palette.see(&picture);
    }
    let mut animation = Animation::new(palette.chosen());
    for frame in 0..frames {
        let Some(picture) = draw(frame, go_on) else { return Ok(None) };
        let hundredths = |frame: u64| libm::round(frame as f64 * 100.0 / f64::from(film.fps)) as u64;
        animation.add(&picture, (hundredths(frame + 1) - hundredths(frame)) as u16)?;
    }
    animation.finish().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::theme::ThemeChoice;
    use egui::vec2;

    fn film(seconds: i64, fps: u32, speed: f64) -> Film {
        let look = Look { panel: None, theme: ThemeChoice::Dark, points: vec2(640.0, 400.0), scale: 1.0 };
        let from = ProcTime::from_micros(1_000_000_000);
        Film { from, to: from + Span::from_secs(seconds), fps, speed, look }
    }

    #[test]
    fn pictures_are_evenly_spaced_and_both_ends_are_shown() {
        let film = film(60, 10, 10.0);
        assert_eq!(film.frames(), 61);
        assert_eq!(film.at(0), film.from);
        assert_eq!(film.at(1) - film.at(0), Span::from_secs(1));
        assert_eq!(film.at(60), film.to);
        assert_eq!(self::film(0, 10, 10.0).frames(), 1);
    }

    #[test]
    fn too_much_is_refused_with_what_would_be_right() {
        assert_eq!(film(60, 10, 10.0).check(), Ok(()));
        let error = |film: Film| film.check().expect_err("it is refused");
        assert!(error(film(-1, 10, 1.0)).contains("ends before it begins"));
        assert!(error(film(60, 60, 1.0)).contains("from 1 to 50"));
        assert!(error(film(60, 10, 0.0)).contains("above 0"));
        let long = error(film(3_600, 10, 1.0));
        assert!(long.starts_with("36001 frames of 640x400 pixels; the limit is 1800. Raise the speed"), "{long}");
        let faster = film(3_600, 10, 21.0);
        assert_eq!(faster.check(), Ok(()));
        let mut large = film(1, 10, 1.0);
        large.look.points = vec2(4_000.0, 400.0);
        assert!(error(large).contains("the limit is 2560x2560"));
    }
}
