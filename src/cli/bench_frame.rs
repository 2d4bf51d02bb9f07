//! `highwater bench --job frame`: what frames of the lab cost the processor, and how much memory a million
//! records take. Medians over many frames, beside the limits that were set for them.

use std::fs;

use serde::Serialize;

use crate::bench::{FrameJob, frame};
use crate::cli::stopwatch::Stopwatch;
use crate::human;

/// Frames that are played at each size.
const PLAYED: usize = 240;
/// Instants that are scrubbed to.
const SCRUBBED: usize = 60;
/// Bounds that are dragged through.
const DRAGGED: usize = 30;

/// Milliseconds of many frames.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Millis {
    /// The middle one.
    pub median: f64,
    /// Only one in twenty is longer.
    pub p95: f64,
    /// The longest.
    pub max: f64,
    /// What the median should not exceed.
    pub limit: f64,
}

impl Millis {
    fn of(mut millis: Vec<f64>, limit: f64) -> Self {
        millis.sort_by(f64::total_cmp);
        let at = |share: f64| millis.get((millis.len() as f64 * share) as usize).or(millis.last()).copied();
        let figure = |share: f64| at(share).unwrap_or(0.0);
        Self { median: figure(0.5), p95: figure(0.95), max: figure(1.0), limit }
    }

    fn in_words(&self, what: &str) -> String {
        let Self { median, p95, max, limit } = self;
        let verdict = if median <= limit { "" } else { "  over the limit" };
        format!("{what:<34} {median:>7.2} ms  p95 {p95:>7.2}  max {max:>7.2}  limit {limit:>4}{verdict}\n")
    }
}

/// Frames that are played over so many records.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Played {
    /// How many records there are.
    pub records: usize,
    /// UI pass and tessellation of a frame, the cursor moving with each.
    pub frame_ms: Millis,
    /// The same with the whole run on the time map.
    pub fit_frame_ms: Millis,
    /// Corners of triangles in the last one.
    pub vertices: usize,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Frames {
    schema: u32,
    job: &'static str,
    size: [f32; 2],
    played: Vec<Played>,
    /// Frames after the cursor was put anywhere, over 100,000 records.
    scrub_ms: Millis,
    /// From a bound to its first frame, over 100,000 records: the run, its preparation, the frame.
    drag_ms: Millis,
    /// Of that, the run and its preparation.
    drag_compute_ms: Millis,
    /// The most memory that the process had, in MiB; with a million records when all sizes were measured.
    peak_memory_mib: Option<f64>,
    build: String,
}

/// Measures frames over at most `most` records.
///
/// # Errors
/// Where the scenario cannot run; never for the one that the program is tested with.
pub fn measure(most: u32, build: String) -> Result<Frames, String> {
    let mut played = Vec::new();
    for (records, limit) in [(10_000, 4.0), (1_000_000, 8.0)] {
        played.push(play(records.min(most), limit)?);
    }
    let peak_memory_mib = peak_memory_mib();
    let mut job = FrameJob::new(most.min(100_000))?;
    let scrub = (0..SCRUBBED).map(|_| {
        job.scrub();
        timed(|| job.frame())
    });
    let scrub_ms = Millis::of(scrub.collect(), 16.0);
    let (drag_ms, drag_compute_ms) = drag(&mut job);
    let size = frame::SIZE;
    Ok(Frames { schema: 1, job: "frame", size, played, scrub_ms, drag_ms, drag_compute_ms, peak_memory_mib, build })
}

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let watch = Stopwatch::start();
    work();
    watch.elapsed().as_secs_f64() * 1e3
}

fn play(records: u32, limit: f64) -> Result<Played, String> {
    let mut job = FrameJob::new(records)?;
    let mut vertices = 0;
    let mut played = |job: &mut FrameJob| {
        job.play_from(0.5);
        job.frame();
        let frames = (0..PLAYED).map(|_| timed(|| vertices = job.frame().vertices));
        Millis::of(frames.collect(), limit)
    };
    let frame_ms = played(&mut job);
    job.fit();
    let fit_frame_ms = played(&mut job);
    Ok(Played { records: job.records(), frame_ms, fit_frame_ms, vertices })
}

fn drag(job: &mut FrameJob) -> (Millis, Millis) {
    let (mut whole, mut computing) = (Vec::new(), Vec::new());
    for _ in 0..DRAGGED {
        job.drag_bound();
        let compute = timed(|| job.compute());
        let frame = timed(|| job.frame());
        computing.push(compute);
        whole.push(compute + frame);
    }
    (Millis::of(whole, 16.0), Millis::of(computing, 16.0))
}

/// The high-water mark of the process's memory; `None` where the system does not tell.
fn peak_memory_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1_024.0)
}

impl Frames {
    /// Several lines for a reader.
    pub fn in_words(&self) -> String {
        let [width, height] = self.size;
        let mut words = format!("frame: the whole lab at {width}x{height}, UI pass and tessellation\n");
        for Played { records, frame_ms, fit_frame_ms, vertices } in &self.played {
            let what = format!("play {} records", human::count(*records as u64));
            words += &frame_ms.in_words(&what);
            words += &fit_frame_ms.in_words("with all of them in view");
            words += &format!("{:<34} {} vertices\n", "", human::count(*vertices as u64));
        }
        words += &self.scrub_ms.in_words("scrub anywhere, 100,000 records");
        words += &self.drag_ms.in_words("drag the bound, 100,000 records");
        words += &self.drag_compute_ms.in_words("of that, run and preparation");
        if let Some(mib) = self.peak_memory_mib {
            words += &format!("{:<34} {mib:>7.0} MiB  limit 400\n", "most memory, 1,000,000 records");
        }
        words + &format!("({})\n", self.build)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_of_all_frames() {
        let millis = Millis::of((1..=100).rev().map(f64::from).collect(), 16.0);
        assert_eq!((millis.median, millis.p95, millis.max), (51.0, 96.0, 100.0));
        assert!(millis.in_words("play").ends_with("limit   16  over the limit\n"));
        assert_eq!(Millis::of(Vec::new(), 1.0).max, 0.0);
    }

    #[test]
    fn everything_is_measured() {
        let frames = measure(1_000, "test".to_owned()).expect("it runs");
        assert_eq!(frames.played.len(), 2);
        assert!(frames.drag_ms.median >= frames.drag_compute_ms.median && frames.scrub_ms.median > 0.0);
        let json = serde_json::to_value(&frames).expect("plain data");
        assert!(json["played"][0]["frame_ms"]["median"].as_f64() > Some(0.0));
        assert!(frames.in_words().contains("drag the bound"));
    }
}
