//! The size and scale of a picture on the command line, with their limits.
//!
//! A size is in points, the unit of the window; a scale says how many pixels make a point. Both have limits of their
//! own, and so has the picture that they make together.

use std::fmt;
use std::str::FromStr;

use egui::{Vec2, vec2};

/// Smaller windows have no room for a panel.
const SMALLEST: (u32, u32) = (200, 150);
/// An 8K screen: 133 MB of pixels while drawing.
const LARGEST: (u32, u32) = (7_680, 4_320);
/// Letters are unreadable below and only grow coarser above.
const SCALES: std::ops::RangeInclusive<f32> = 0.5..=4.0;

/// Width and height in points, within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSize {
    width: u32,
    height: u32,
}

impl Default for PictureSize {
    /// What the lab is laid out for.
    fn default() -> Self {
        Self { width: 1_600, height: 1_000 }
    }
}

impl PictureSize {
    /// In points.
    pub fn points(self) -> Vec2 {
        vec2(self.width as f32, self.height as f32)
    }

    /// Checks that the picture is not too large at this scale.
    ///
    /// # Errors
    /// When it would have more pixels across or down than the limit.
    pub fn at_scale(self, scale: Scale) -> Result<(), String> {
        let pixels = self.points() * scale.0;
        if pixels.x <= LARGEST.0 as f32 && pixels.y <= LARGEST.1 as f32 {
            return Ok(());
        }
        let (width, height) = (pixels.x.round(), pixels.y.round());
        Err(format!(
            "{self} at --scale {} makes a picture of {width}x{height} pixels; the limit is {}x{}",
            scale.0, LARGEST.0, LARGEST.1
        ))
    }
}

impl fmt::Display for PictureSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for PictureSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |digits: &str| digits.trim().parse::<u32>().ok();
        let sides = text.split_once(['x', 'X', '×']).and_then(|(width, height)| Some((side(width)?, side(height)?)));
        let (width, height) =
            sides.ok_or_else(|| format!("{text:?} is not a size; write width and height, as in 1600x1000"))?;
        if (SMALLEST.0..=LARGEST.0).contains(&width) && (SMALLEST.1..=LARGEST.1).contains(&height) {
            return Ok(Self { width, height });
        }
        Err(format!(
            "{text} is out of range: sizes go from {}x{} to {}x{}",
            SMALLEST.0, SMALLEST.1, LARGEST.0, LARGEST.1
        ))
    }
}

/// Pixels for each point, within the limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale(f32);

impl Default for Scale {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Scale {
    /// Pixels for each point.
    pub fn pixels_per_point(self) -> f32 {
        self.0
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scale = text.trim().parse::<f32>().ok().filter(|scale| SCALES.contains(scale));
        scale.map(Self).ok_or_else(|| format!("{text:?} is not a scale from {} to {}", SCALES.start(), SCALES.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, width, height) in [("1600x1000", 1600, 1000), (" 200 X 150 ", 200, 150), ("7680×4320", 7680, 4320)]
        {
            assert_eq!(text.parse(), Ok(PictureSize { width, height }), "{text}");
        }
        assert_eq!(PictureSize::default().to_string(), "1600x1000");
        assert_eq!(PictureSize::default().points(), vec2(1600.0, 1000.0));
    }

    #[test]
    fn wrong_sizes_say_what_would_be_right() {
        for (text, part) in [
            ("1600", "as in 1600x1000"),
            ("1600x", "as in 1600x1000"),
            ("-1600x1000", "as in 1600x1000"),
            ("1600x1000x3", "as in 1600x1000"),
            ("199x150", "from 200x150 to 7680x4320"),
            ("1600x149", "from 200x150 to 7680x4320"),
            ("7681x4320", "from 200x150 to 7680x4320"),
            ("99999999999x1", "as in 1600x1000"),
        ] {
            let error = text.parse::<PictureSize>().expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn scales_have_limits() {
        assert_eq!("1.5".parse(), Ok(Scale(1.5)));
        assert_eq!("0.5".parse(), Ok(Scale(0.5)));
        assert_eq!("4".parse(), Ok(Scale(4.0)));
        for text in ["0.4", "4.1", "NaN", "-1", "inf", "two", ""] {
            let error = text.parse::<Scale>().expect_err(text);
            assert!(error.contains("from 0.5 to 4"), "{text}: {error}");
        }
    }

    #[test]
    fn size_and_scale_together_have_a_limit() {
        let size = PictureSize { width: 3_840, height: 2_160 };
        assert_eq!(size.at_scale(Scale(2.0)), Ok(()));
        let error = size.at_scale(Scale(2.5)).expect_err("too many pixels");
        assert_eq!(error, "3840x2160 at --scale 2.5 makes a picture of 9600x5400 pixels; the limit is 7680x4320");
    }
}
