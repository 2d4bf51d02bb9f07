//! Where the ticks of a time axis stand and what they say: people's steps, in UTC.
//!
//! Steps are 1, 2, 5 ... milliseconds, 1, 2, 5, 10, 15, 30 seconds and minutes, 1, 3, 6, 12
//! hours, days, weeks (from Monday), months and years. Ticks stand on whole multiples of their
//! step counted from midnight UTC, so they do not move when the axis does.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::time_axis::{TimeAxis, TimeRange};

const MILLI: i64 = 1_000;
const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// No axis has more ticks than this, however long it is.
const MOST_TICKS: usize = 200;

/// Steps of fixed length, ascending, in microseconds.
const FIXED: [i64; 33] = [
    100,
    200,
    500,
    MILLI,
    2 * MILLI,
    5 * MILLI,
    10 * MILLI,
    20 * MILLI,
    50 * MILLI,
    100 * MILLI,
    200 * MILLI,
    500 * MILLI,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];

/// Steps of the calendar, in months, ascending after [`FIXED`].
const MONTHS: [i64; 15] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400, 6_000, 12_000, 24_000];

/// The distance between two ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickStep {
    /// Microseconds.
    Fixed(i64),
    /// Calendar months; 12 is a year.
    Months(i64),
}

impl TickStep {
    /// Microseconds; of an average month for calendar steps.
    pub fn approx_us(self) -> f64 {
        match self {
            Self::Fixed(us) => us as f64,
            Self::Months(months) => months as f64 * 30.436_875 * DAY as f64,
        }
    }
}

/// One tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Microseconds since the epoch.
    pub at: i64,
    /// Where it is on the axis.
    pub px: f32,
    /// What it says.
    pub label: String,
    /// Whether a larger unit begins here (midnight among hours, January among months).
    pub major: bool,
}

/// The smallest step whose ticks are at least `min_px` apart; seconds and below need a third
/// more room, because their labels are longer.
pub fn choose_step(us_per_px: f64, min_px: f32) -> TickStep {
    let room = us_per_px * f64::from(min_px);
    let longer = |step: i64| if step < MINUTE { room * 4.0 / 3.0 } else { room };
    if let Some(&step) = FIXED.iter().find(|&&step| step as f64 >= longer(step)) {
        return TickStep::Fixed(step);
    }
    let fits = |months: &&i64| TickStep::Months(**months).approx_us() >= room;
    TickStep::Months(MONTHS.iter().find(fits).copied().unwrap_or(MONTHS[MONTHS.len() - 1]))
}

/// As [`choose_step`] for a length of time that is not an instant: microseconds, at most ten thousand days.
pub fn span_step(us_per_px: f64, min_px: f32) -> i64 {
    let room = us_per_px * f64::from(min_px);
    let longer = [30, 60, 180, 365, 1_000, 2_000, 5_000, 10_000].map(|days| days * DAY);
    FIXED.into_iter().chain(longer).find(|&step| step as f64 >= room).unwrap_or(10_000 * DAY)
}

/// All ticks inside the axis, ascending, at least `min_px` apart.
pub fn ticks(axis: TimeAxis, min_px: f32) -> Vec<Tick> {
    let step = choose_step(axis.us_per_px(), min_px);
    let instants = match step {
        TickStep::Fixed(us) => fixed_instants(axis.range(), us),
        TickStep::Months(months) => month_instants(axis.range(), months),
    };
    let tick = |at: i64| Tick { at, px: axis.px_of(at), label: label(at, step), major: is_major(at, step) };
    instants.into_iter().map(tick).collect()
}

fn fixed_instants(range: TimeRange, step: i64) -> Vec<i64> {
    // The epoch was a Thursday; weeks count from the Monday before it.
    let origin = if step % (7 * DAY) == 0 { -3 * DAY } else { 0 };
    let first = ((range.start.ceil() as i64 - origin).div_euclid(step)) * step + origin;
    (0..MOST_TICKS as i64)
        .map(|n| first.saturating_add(n * step))
        .skip_while(|&at| (at as f64) < range.start)
        .take_while(|&at| at as f64 <= range.end)
        .collect()
}

fn month_instants(range: TimeRange, months: i64) -> Vec<i64> {
    let Some(first) = civil(range.start as i64) else { return Vec::new() };
    let first = (i64::from(first.year()) * 12 + i64::from(first.month()) - 1).div_euclid(months) * months;
    (0..MOST_TICKS as i64)
        .map_while(|n| month_start(first + n * months))
        .skip_while(|&at| (at as f64) < range.start)
        .take_while(|&at| at as f64 <= range.end)
        .collect()
}

/// Midnight UTC of the first day of a month, counted from year 0; `None` outside the calendar.
fn month_start(month: i64) -> Option<i64> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let date = Date::new(year, i8::try_from(month.rem_euclid(12) + 1).ok()?, 1).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

fn civil(micros: i64) -> Option<DateTime> {
    Some(TimeZone::UTC.to_datetime(Timestamp::from_microsecond(micros).ok()?))
}

fn is_major(at: i64, step: TickStep) -> bool {
    match step {
        TickStep::Fixed(us) if us < DAY => at.rem_euclid(DAY) == 0,
        TickStep::Fixed(_) => civil(at).is_some_and(|t| t.day() == 1),
        TickStep::Months(months) => months < 12 && civil(at).is_some_and(|t| t.month() == 1),
    }
}

fn label(at: i64, step: TickStep) -> String {
    let Some(t) = civil(at) else { return String::new() };
    match step {
        TickStep::Fixed(us) if us < DAY && at.rem_euclid(DAY) == 0 => t.strftime("%-d %b").to_string(),
        TickStep::Fixed(us) if us < MILLI => t.strftime("%T%.6f").to_string(),
        TickStep::Fixed(us) if us < SECOND => t.strftime("%T%.3f").to_string(),
        TickStep::Fixed(us) if us < MINUTE => t.strftime("%T").to_string(),
        TickStep::Fixed(us) if us < DAY => t.strftime("%H:%M").to_string(),
        TickStep::Fixed(_) => t.strftime("%-d %b").to_string(),
        TickStep::Months(months) if months < 12 => t.strftime("%b %Y").to_string(),
        TickStep::Months(_) => t.strftime("%Y").to_string(),
    }
}

/// The day or days that a range covers, for the caption of an axis: `23 Mar 2019`,
/// `23 – 24 Mar 2019`, `28 Feb – 3 Mar 2019`. Empty outside the calendar.
pub fn day_caption(range: TimeRange) -> String {
    let (Some(from), Some(to)) = (civil(range.start as i64), civil(range.end as i64)) else {
        return String::new();
    };
    let to_text = to.strftime("%-d %b %Y").to_string();
    if from.date() == to.date() {
        to_text
    } else if from.year() != to.year() {
        format!("{} \u{2013} {to_text}", from.strftime("%-d %b %Y"))
    } else if from.month() != to.month() {
        format!("{} \u{2013} {to_text}", from.strftime("%-d %b"))
    } else {
        format!("{} \u{2013} {to_text}", from.strftime("%-d"))
    }
}

/// The time of day for the now pill and cards: `12:09:37`; `12:09:37.250` where pixels are so
/// fine that a second is more than 40 of them.
pub fn clock(micros: i64, us_per_px: f64) -> String {
    let Some(t) = civil(micros) else { return String::new() };
    if us_per_px < SECOND as f64 / 40.0 { t.strftime("%T%.3f").to_string() } else { t.strftime("%T").to_string() }
}

/// As [`clock`], but the day (`23 Mar`) where a pixel is so many minutes that the time of day says
/// nothing about the neighbourhood.
pub fn clock_or_day(micros: i64, us_per_px: f64) -> String {
    if us_per_px < 20.0 * MINUTE as f64 {
        return clock(micros, us_per_px);
    }
    civil(micros).map_or_else(String::new, |t| t.strftime("%-d %b").to_string())
}

/// The start of a window as its name: `12:04`, `12:04:30` when it is not on a minute, `23 Mar` when
/// windows begin at midnight and last a day or more, `23 Mar 12:00` for long windows that do not.
pub fn window_name(start: i64, size: i64) -> String {
    let Some(t) = civil(start) else { return String::new() };
    if size >= DAY {
        let on_midnight = start.rem_euclid(DAY) == 0;
        return t.strftime(if on_midnight { "%-d %b" } else { "%-d %b %H:%M" }).to_string();
    }
    if start.rem_euclid(SECOND) != 0 {
        t.strftime("%T%.3f").to_string()
    } else if start.rem_euclid(MINUTE) != 0 {
        t.strftime("%T").to_string()
    } else {
        t.strftime("%H:%M").to_string()
    }
}

/// How a session of this size is named by an instant of it: sessions begin with a record, at any part of a
/// second, and from ten seconds on nobody asks for that part.
pub fn session_name(at: i64, size: i64) -> String {
    if size < 10 * SECOND {
        return window_name(at, size);
    }
    match civil(at) {
        Some(t) if size < DAY => t.strftime("%T").to_string(),
        _ => window_name(at, size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a timestamp").as_microsecond()
    }

    fn labels(from: &str, to: &str, px: f32, min_px: f32) -> Vec<String> {
        let axis = TimeAxis::new(TimeRange::of_micros(micros(from), micros(to)), 0.0, px);
        ticks(axis, min_px).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn minutes_of_the_tram_scenario() {
        let found = labels("2026-03-02T12:02:30Z", "2026-03-02T12:06:30Z", 400.0, 60.0);
        assert_eq!(found, ["12:03", "12:04", "12:05", "12:06"]);
    }

    #[test]
    fn seconds_are_written_out() {
        let found = labels("2026-03-02T12:02:01Z", "2026-03-02T12:02:31Z", 300.0, 70.0);
        assert_eq!(found, ["12:02:10", "12:02:20", "12:02:30"]);
    }

    #[test]
    fn midnight_says_the_date() {
        let found = labels("2019-03-23T20:00:00Z", "2019-03-24T04:00:00Z", 400.0, 120.0);
        assert_eq!(found, ["21:00", "24 Mar", "03:00"]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        let found = labels("2019-03-01T00:00:00Z", "2019-03-30T00:00:00Z", 290.0, 60.0);
        assert_eq!(found, ["4 Mar", "11 Mar", "18 Mar", "25 Mar"]);
    }

    #[test]
    fn months_and_years_follow_the_calendar() {
        let found = labels("2018-11-10T00:00:00Z", "2019-03-10T00:00:00Z", 240.0, 55.0);
        assert_eq!(found, ["Dec 2018", "Jan 2019", "Feb 2019", "Mar 2019"]);
        let found = labels("2004-06-01T00:00:00Z", "2026-01-02T00:00:00Z", 300.0, 60.0);
        assert_eq!(found, ["2005", "2010", "2015", "2020", "2025"]);
    }

    #[test]
    fn steps_are_peoples_steps() {
        let second = SECOND as f64;
        assert_eq!(choose_step(second, 60.0), TickStep::Fixed(MINUTE));
        assert_eq!(choose_step(second, 61.0), TickStep::Fixed(2 * MINUTE));
        assert_eq!(choose_step(second / 8.0, 60.0), TickStep::Fixed(10 * SECOND));
        assert_eq!(choose_step(60.0 * second, 70.0), TickStep::Fixed(2 * HOUR));
        assert_eq!(choose_step(1e18, 70.0), TickStep::Months(24_000));
    }

    #[test]
    fn ticks_before_the_epoch_stand_on_whole_steps() {
        let axis = TimeAxis::new(TimeRange::new(-150.0 * SECOND as f64, 70.0 * SECOND as f64), 0.0, 220.0);
        let at: Vec<i64> = ticks(axis, 60.0).into_iter().map(|tick| tick.at / SECOND).collect();
        assert_eq!(at, [-120, -60, 0, 60]);
    }

    #[test]
    fn ranges_outside_the_calendar_have_no_ticks_rather_than_wrong_ones() {
        let axis = TimeAxis::new(TimeRange::new(-7e17, -6e17), 0.0, 500.0);
        assert!(ticks(axis, 60.0).len() < MOST_TICKS);
        assert_eq!(day_caption(axis.range()), "");
    }

    #[test]
    fn captions_name_the_days() {
        let caption = |from: &str, to: &str| day_caption(TimeRange::of_micros(micros(from), micros(to)));
        assert_eq!(caption("2019-03-23T20:00:00Z", "2019-03-23T22:00:00Z"), "23 Mar 2019");
        assert_eq!(caption("2019-03-23T20:00:00Z", "2019-03-24T02:00:00Z"), "23 \u{2013} 24 Mar 2019");
        assert_eq!(caption("2019-02-28T20:00:00Z", "2019-03-03T02:00:00Z"), "28 Feb \u{2013} 3 Mar 2019");
        assert_eq!(caption("2018-12-31T20:00:00Z", "2019-01-01T02:00:00Z"), "31 Dec 2018 \u{2013} 1 Jan 2019");
    }

    #[test]
    fn the_pill_says_the_day_where_the_time_of_day_says_nothing() {
        let at = micros("2026-03-02T12:04:05Z");
        assert_eq!(clock_or_day(at, SECOND as f64), "12:04:05");
        assert_eq!(clock_or_day(at, 10.0 * MILLI as f64), "12:04:05.000");
        assert_eq!(clock_or_day(at, HOUR as f64), "2 Mar");
    }

    #[test]
    fn windows_are_named_by_their_start() {
        let at = micros("2026-03-02T12:04:00Z");
        assert_eq!(window_name(at, MINUTE), "12:04");
        assert_eq!(window_name(at + 30 * SECOND, 30 * SECOND), "12:04:30");
        assert_eq!(window_name(at + 250 * MILLI, MILLI), "12:04:00.250");
        assert_eq!(window_name(micros("2019-03-21T00:00:00Z"), 7 * DAY), "21 Mar");
        assert_eq!(window_name(at, DAY), "2 Mar 12:04");
        let at = at + 250 * MILLI;
        assert_eq!([session_name(at, MINUTE), session_name(at, SECOND)], ["12:04:00", "12:04:00.250"]);
        assert_eq!(session_name(at, DAY), "2 Mar 12:04");
    }
}
