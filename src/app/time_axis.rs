//! The mapping between instants of one clock and pixels: pure, in `f64` microseconds.
//!
//! An axis never holds an empty or infinite range, so every conversion is finite. Which clock it
//! shows and what is drawn on it is left to the panel; where its ticks stand is
//! [`super::time_ticks`].

/// The shortest range that an axis shows: below it, microseconds would be several pixels apart.
pub const MIN_RANGE_US: f64 = 200.0;

/// The longest range that an axis shows, about 25,000 years: all instants that input may carry.
pub const MAX_RANGE_US: f64 = 8e17;

/// A stretch of one clock, in microseconds since the epoch. `start < end`, both finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeRange {
    /// Earliest instant.
    pub start: f64,
    /// Latest instant.
    pub end: f64,
}

impl TimeRange {
    /// The range between two instants in either order. Widened around its middle to at least
    /// [`MIN_RANGE_US`], narrowed to at most [`MAX_RANGE_US`]; anything that is not finite counts as 0.
    pub fn new(a: f64, b: f64) -> Self {
        let finite = |t: f64| if t.is_finite() { t.clamp(-MAX_RANGE_US, MAX_RANGE_US) } else { 0.0 };
        let (start, end) = (finite(a.min(b)), finite(a.max(b)));
        let length = (end - start).clamp(MIN_RANGE_US, MAX_RANGE_US);
        let middle = start + (end - start) / 2.0;
        Self { start: middle - length / 2.0, end: middle + length / 2.0 }
    }

    /// The range of instants `start..=end` in whole microseconds.
    pub fn of_micros(start: i64, end: i64) -> Self {
        Self::new(start as f64, end as f64)
    }

    /// Microseconds from start to end; positive.
    pub fn length(self) -> f64 {
        self.end - self.start
    }

    /// Whether `t` is inside, both ends included.
    pub fn contains(self, t: f64) -> bool {
        self.start <= t && t <= self.end
    }

    /// Longer (`factor > 1`) or shorter, with `anchor` staying where it is on screen.
    pub fn zoomed(self, factor: f64, anchor: f64) -> Self {
        let length = self.length();
        let factor = (length * factor).clamp(MIN_RANGE_US, MAX_RANGE_US) / length;
        Self::new(anchor - (anchor - self.start) * factor, anchor + (self.end - anchor) * factor)
    }

    /// Moved by `by` microseconds.
    pub fn panned(self, by: f64) -> Self {
        Self::new(self.start + by, self.end + by)
    }

    /// Kept near `limits`: at most three times as long, and its middle inside them.
    pub fn clamped(self, limits: Self) -> Self {
        let length = self.length().min(limits.length() * 3.0).max(MIN_RANGE_US);
        let middle = (self.start + self.length() / 2.0).clamp(limits.start, limits.end);
        Self::new(middle - length / 2.0, middle + length / 2.0)
    }

    /// The same middle with this margin, a share of the length, on both sides.
    pub fn with_margin(self, share: f64) -> Self {
        let margin = self.length() * share;
        Self::new(self.start - margin, self.end + margin)
    }
}

/// A range of one clock laid along a line of pixels. Pixels may run either way (processing time
/// runs up, so its `px_end` is the smaller one).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeAxis {
    range: TimeRange,
    px_start: f32,
    px_end: f32,
}

impl TimeAxis {
    /// `range` from pixel `px_start` to pixel `px_end`; they are kept at least a pixel apart.
    pub fn new(range: TimeRange, px_start: f32, px_end: f32) -> Self {
        let apart = if (px_end - px_start).abs() >= 1.0 { px_end } else { px_start + 1.0 };
        Self { range, px_start, px_end: apart }
    }

    /// What is shown.
    pub fn range(self) -> TimeRange {
        self.range
    }

    /// Microseconds per pixel; positive.
    pub fn us_per_px(self) -> f64 {
        self.range.length() / f64::from((self.px_end - self.px_start).abs())
    }

    /// Length in pixels of a stretch of `us` microseconds; keeps the sign of `us`.
    pub fn px_len(self, us: f64) -> f32 {
        (us / self.us_per_px()) as f32
    }

    /// The pixel of an instant in microseconds. Instants far outside land at most a million
    /// pixels away, so that drawing stays in the range of `f32`.
    pub fn px(self, us: f64) -> f32 {
        let share = (us - self.range.start) / self.range.length();
        let px = f64::from(self.px_start) + share * f64::from(self.px_end - self.px_start);
        px.clamp(-1e6, 1e6) as f32
    }

    /// The pixel of an instant in whole microseconds.
    pub fn px_of(self, micros: i64) -> f32 {
        self.px(micros as f64)
    }

    /// How far, in pixels and modulo `period`, a pixel is from the epoch: patterns that start at 0 of this
    /// stay with the data when the view moves.
    pub fn phase(self, px: f32, period: f32) -> f32 {
        let to_start = (self.range.start / self.us_per_px()).rem_euclid(f64::from(period));
        let along = f64::from((px - self.px_start) * (self.px_end - self.px_start).signum());
        (to_start + along).rem_euclid(f64::from(period)) as f32
    }

    /// The instant at a pixel, in microseconds.
    pub fn at(self, px: f32) -> f64 {
        let share = f64::from(px - self.px_start) / f64::from(self.px_end - self.px_start);
        self.range.start + share * self.range.length()
    }

    /// The instant at a pixel, to the nearest microsecond.
    pub fn micros_at(self, px: f32) -> i64 {
        self.at(px).round() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_map_to_pixels_and_back() {
        let across = TimeAxis::new(TimeRange::new(1_000_000.0, 3_000_000.0), 100.0, 300.0);
        assert_eq!(across.px(1_000_000.0), 100.0);
        assert_eq!(across.px(2_000_000.0), 200.0);
        assert_eq!(across.at(250.0), 2_500_000.0);
        assert_eq!(across.us_per_px(), 10_000.0);
        let up = TimeAxis::new(TimeRange::new(0.0, 1000.0), 500.0, 100.0);
        assert_eq!(up.px(250.0), 400.0);
        assert_eq!(up.at(400.0), 250.0);
        assert_eq!(up.px_len(500.0), 200.0);
    }

    #[test]
    fn dates_of_today_keep_their_microseconds() {
        let noon = 1_772_452_800_000_000_i64;
        let axis = TimeAxis::new(TimeRange::of_micros(noon, noon + 1000), 0.0, 1000.0);
        for offset in [0, 1, 499, 1000] {
            assert_eq!(axis.micros_at(axis.px_of(noon + offset)), noon + offset);
        }
    }

    #[test]
    fn zooming_keeps_the_anchor_where_it_is() {
        let range = TimeRange::new(0.0, 10_000.0);
        let axis = TimeAxis::new(range, 0.0, 100.0);
        let zoomed = TimeAxis::new(range.zoomed(0.5, 2_000.0), 0.0, 100.0);
        assert_eq!(zoomed.range(), TimeRange { start: 1_000.0, end: 6_000.0 });
        assert_eq!(axis.px(2_000.0), zoomed.px(2_000.0));
    }

    #[test]
    fn no_zoom_makes_a_range_empty_or_infinite() {
        let range = TimeRange::new(0.0, 10_000.0);
        assert_eq!(range.zoomed(0.0, 5_000.0).length(), MIN_RANGE_US);
        assert_eq!(range.zoomed(f64::INFINITY, 5_000.0).length(), MAX_RANGE_US);
        assert_eq!(TimeRange::new(7.0, 7.0).length(), MIN_RANGE_US);
        assert!(TimeRange::new(f64::NAN, f64::INFINITY).length() >= MIN_RANGE_US);
    }

    #[test]
    fn a_clamped_range_stays_near_its_limits() {
        let limits = TimeRange::new(0.0, 1_000.0);
        assert_eq!(TimeRange::new(5_000.0, 5_400.0).clamped(limits), TimeRange { start: 800.0, end: 1_200.0 });
        assert_eq!(TimeRange::new(-9_000.0, 9_000.0).clamped(limits), TimeRange { start: -1_500.0, end: 1_500.0 });
        assert_eq!(TimeRange::new(200.0, 600.0).clamped(limits), TimeRange { start: 200.0, end: 600.0 });
    }

    #[test]
    fn patterns_stay_with_the_data_when_the_view_moves() {
        let noon = 1_772_452_800_000_000.0;
        let range = TimeRange::new(noon, noon + 500_000_000.0);
        let up = |range| TimeAxis::new(range, 500.0, 0.0);
        let (before, after) = (up(range), up(range.panned(33_000_000.0)));
        let instant = noon + 200_000_000.0;
        let (a, b) = (before.phase(before.px(instant), 9.0), after.phase(after.px(instant), 9.0));
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }

    #[test]
    fn far_away_instants_stay_drawable() {
        let axis = TimeAxis::new(TimeRange::new(0.0, 1_000.0), 0.0, 100.0);
        assert_eq!(axis.px_of(i64::MAX), 1e6);
        assert_eq!(axis.px_of(i64::MIN), -1e6);
    }
}
