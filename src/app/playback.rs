//! The cursor over a run: where it stands, how fast it moves, and how it steps.
//!
//! Pure: real time comes in as seconds of a frame. Time stops at the end of the run, and playing
//! from there starts again. The cursor never leaves the run.

use crate::runtime::Trace;
use crate::time::{ProcTime, Span};

/// The slowest speed, in processing time per real time.
pub const SPEED_MIN: f64 = 0.1;
/// The fastest speed for runs up to three hours; longer ones go up to what shows them in ten seconds.
pub const SPEED_MAX: f64 = 1_000.0;
/// How long a run takes to play at the speed that it opens with, in seconds of real time.
const PLAY_SECONDS: f64 = 60.0;
/// A frame never moves the cursor by more real time than this, in seconds: after a pause of the
/// machine the run goes on where it was.
const LONGEST_FRAME: f64 = 0.25;

/// The cursor over a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// First instant of the run.
    pub start: ProcTime,
    /// Last instant of the run.
    pub end: ProcTime,
    /// Whether time advances.
    pub playing: bool,
    /// Processing time per real time.
    pub speed: f64,
    now: ProcTime,
    /// Parts of a microsecond that slow speeds have not spent yet.
    rest: f64,
}

impl Playback {
    /// The cursor at the start of a run, playing at a speed that shows it in about a minute.
    pub fn new(start: ProcTime, end: ProcTime) -> Self {
        let end = end.max(start);
        Self { start, end, playing: true, speed: opening_speed(end - start), now: start, rest: 0.0 }
    }

    /// Everything up to and including this instant has happened.
    pub fn now(&self) -> ProcTime {
        self.now
    }

    /// The length of the run.
    pub fn length(&self) -> Span {
        self.end - self.start
    }

    /// Whether the cursor stands at the end.
    pub fn at_end(&self) -> bool {
        self.now >= self.end
    }

    /// The fastest speed that makes sense for this run.
    pub fn fastest(&self) -> f64 {
        fastest(self.length())
    }

    /// Moves the cursor; clamped to the run.
    pub fn seek(&mut self, now: ProcTime) {
        self.now = now.clamp(self.start, self.end);
        self.rest = 0.0;
    }

    /// Lets time advance; from the start when it stands at the end.
    pub fn play(&mut self) {
        if self.at_end() {
            self.seek(self.start);
        }
        self.playing = true;
    }

    /// Changes the speed, clamped to what makes sense for this run.
    pub fn set_speed(&mut self, speed: f64) {
        if speed.is_finite() {
            self.speed = speed.clamp(SPEED_MIN, self.fastest());
        }
    }

    /// Another run takes the place of this one: the cursor keeps its place, and stays at the end
    /// when it stood there. The speed stays.
    pub fn rebase(&mut self, start: ProcTime, end: ProcTime) {
        let stood_at_end = self.at_end() && !self.playing;
        self.start = start;
        self.end = end.max(start);
        self.seek(if stood_at_end { self.end } else { self.now });
        self.set_speed(self.speed);
    }

    /// A frame of `seconds` of real time has passed. Stops at the end.
    pub fn advance(&mut self, seconds: f64) {
        if !self.playing || seconds.is_nan() {
            return;
        }
        let micros = seconds.clamp(0.0, LONGEST_FRAME) * 1e6 * self.speed + self.rest;
        let whole = libm::floor(micros);
        self.now = (self.now + Span::from_micros(whole as i64)).min(self.end);
        self.rest = micros - whole;
        if self.at_end() {
            self.playing = false;
            self.rest = 0.0;
        }
    }

    /// Moves to the next instant at which something happened to `records` records (back, when
    /// negative), and pauses. Instants are those at which records were handled.
    pub fn step_records(&mut self, trace: &Trace, records: i32) {
        self.playing = false;
        self.seek(stepped(self.now, records, trace.handled.len(), |i| trace.handled[i], (self.start, self.end)));
    }

    /// As [`Playback::step_records`], for panes.
    pub fn step_panes(&mut self, trace: &Trace, panes: i32) {
        self.playing = false;
        let at = |i: usize| trace.panes[i].emitted_at;
        self.seek(stepped(self.now, panes, trace.panes.len(), at, (self.start, self.end)));
    }
}

/// The instant `steps` different instants after `now` in the ascending column `at`; the first or
/// last instant of the run when there are not so many.
fn stepped(
    now: ProcTime,
    steps: i32,
    length: usize,
    at: impl Fn(usize) -> ProcTime,
    (start, end): (ProcTime, ProcTime),
) -> ProcTime {
    let mut now = now;
    for _ in 0..steps.unsigned_abs() {
        let next = if steps > 0 {
            Some(partition_point(length, |i| at(i) <= now)).filter(|&i| i < length)
        } else {
            partition_point(length, |i| at(i) < now).checked_sub(1)
        };
        match next {
            Some(i) => now = at(i),
            None => return if steps > 0 { end } else { start },
        }
    }
    now
}

fn partition_point(length: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

fn fastest(length: Span) -> f64 {
    let ten_seconds = length.as_secs_f64() / 10.0;
    if ten_seconds <= SPEED_MAX { SPEED_MAX } else { libm::pow(10.0, libm::ceil(libm::log10(ten_seconds))) }
}

/// The round speed that plays a run of this length in about a minute.
fn opening_speed(length: Span) -> f64 {
    let exact = length.as_secs_f64() / PLAY_SECONDS;
    if exact <= SPEED_MIN { 1.0 } else { round_speed(exact).clamp(SPEED_MIN, fastest(length)) }
}

/// Speeds from an hour per second on, in seconds per second: as people say them.
const FAST: [f64; 16] = [
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    259_200.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
    5_184_000.0,
    15_552_000.0,
    31_536_000.0,
    63_072_000.0,
    315_360_000.0,
];

/// The nearest speed that people would say: 1, 1.5, 2, 3, 5 or 7 times a power of ten, and whole
/// hours or days per second from an hour on. `speed` is positive.
pub fn round_speed(speed: f64) -> f64 {
    let far = |candidate: &f64| libm::fabs(libm::log(candidate / speed));
    let nearest = |candidates: &[f64]| candidates.iter().copied().min_by(|a, b| far(a).total_cmp(&far(b)));
    if speed >= FAST[0] * 0.9 {
        return nearest(&FAST).unwrap_or(speed);
    }
    let decade = libm::pow(10.0, libm::floor(libm::log10(speed)));
    let candidates = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0].map(|factor| factor * decade);
    // 0.1 * 3 is not 0.3 in binary; two decimals are enough for any speed.
    libm::round(nearest(&candidates).unwrap_or(speed) * 100.0) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Pipeline;
    use crate::record::Stream;
    use std::sync::Arc;

    fn at(secs: i64) -> ProcTime {
        ProcTime::from_micros(secs * 1_000_000)
    }

    #[test]
    fn ten_minutes_open_at_ten_times_and_days_take_about_a_minute() {
        assert_eq!(Playback::new(at(0), at(600)).speed, 10.0);
        assert_eq!(Playback::new(at(0), at(2 * 86_400)).speed, 3_000.0);
        assert_eq!(Playback::new(at(0), at(31 * 86_400)).speed, 43_200.0);
        assert_eq!(Playback::new(at(0), at(15 * 365 * 86_400)).speed, 5_184_000.0);
        assert_eq!(Playback::new(at(0), at(0)).speed, 1.0);
    }

    #[test]
    fn time_advances_by_the_frame_and_stops_at_the_end() {
        let mut playback = Playback::new(at(100), at(110));
        playback.set_speed(10.0);
        playback.advance(0.1);
        assert_eq!(playback.now(), at(101));
        for _ in 0..20 {
            playback.advance(0.1);
        }
        assert_eq!(playback.now(), at(110));
        assert!(!playback.playing);
        playback.play();
        assert_eq!(playback.now(), at(100));
        assert!(playback.playing);
    }

    #[test]
    fn a_stalled_machine_does_not_jump() {
        let mut playback = Playback::new(at(0), at(1_000));
        playback.set_speed(10.0);
        playback.advance(60.0);
        assert_eq!(playback.now(), ProcTime::from_millis(2_500));
    }

    #[test]
    fn slow_speeds_lose_no_time() {
        let mut playback = Playback::new(at(0), at(1_000));
        playback.set_speed(0.1);
        for _ in 0..1_000 {
            playback.advance(1.0 / 60.0);
        }
        let micros = playback.now().micros();
        assert!((1_666_660..=1_666_667).contains(&micros), "{micros}");
    }

    #[test]
    fn a_new_run_keeps_the_cursor_where_it_was_or_at_the_end() {
        let mut playback = Playback::new(at(0), at(600));
        playback.seek(at(300));
        playback.rebase(at(0), at(700));
        assert_eq!(playback.now(), at(300));
        playback.playing = false;
        playback.seek(at(700));
        playback.rebase(at(0), at(650));
        assert_eq!(playback.now(), at(650));
    }

    #[test]
    fn steps_go_from_instant_to_instant_and_stop_at_the_ends() {
        let mut trace = Trace::empty(Arc::new(Stream::default()), Pipeline::default());
        trace.handled = vec![at(10), at(20), at(20), at(30)];
        let mut playback = Playback::new(at(0), at(40));
        let mut step = |steps| {
            playback.step_records(&trace, steps);
            playback.now()
        };
        assert_eq!(step(1), at(10));
        assert_eq!(step(1), at(20));
        assert_eq!(step(1), at(30));
        assert_eq!(step(1), at(40));
        assert_eq!(step(-1), at(30));
        assert_eq!(step(-2), at(10));
        assert_eq!(step(-1), at(0));
        assert!(!playback.playing);
    }

    #[test]
    fn speeds_are_round() {
        let cases = [(9.7, 10.0), (0.31, 0.3), (1.4, 1.5), (640.0, 700.0), (0.1, 0.1), (4e3, 3_600.0), (1e5, 86_400.0)];
        for (raw, round) in cases {
            assert_eq!(round_speed(raw), round, "{raw}");
        }
    }

    #[test]
    fn nonsense_speeds_change_nothing() {
        let mut playback = Playback::new(at(0), at(600));
        playback.set_speed(f64::NAN);
        assert_eq!(playback.speed, 10.0);
        playback.set_speed(1e9);
        assert_eq!(playback.speed, 1_000.0);
        playback.set_speed(0.0);
        assert_eq!(playback.speed, 0.1);
    }
}
