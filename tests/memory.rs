//! What is kept does not grow with the length of the stream: ten times the records, the same state.

use highwater::bench::{Answer, Job, SmallRecord};
use highwater::record::Record;
use highwater::time::ProcTime;
use highwater::watermark::BoundedWatermark;
use highwater::window::aggregate::CountSum;
use highwater::window::operator::WindowOperator;

/// Records that are made and handled at a time; they are never all there at once.
const CHUNK: u32 = 10_000;

/// The most windows and the longest snapshot between two chunks, over so many records of a job.
fn peaks(job: Job, records: u32) -> (usize, Answer) {
    let pipeline = job.pipeline();
    let mut operator: WindowOperator<CountSum> = WindowOperator::keeping(&pipeline);
    let mut watermark = BoundedWatermark::new(pipeline.watermark.bound());
    let (mut answer, mut most) = (Answer::default(), 0);
    for first in (0..records).step_by(CHUNK as usize) {
        let chunk: Vec<Record> = (first..first + CHUNK).map(|i| SmallRecord::generate(i).widen(i)).collect();
        operator.on_batch(&chunk, ProcTime::EPOCH, |record| watermark.observe(record.event_time), &mut answer);
        most = most.max(operator.kept());
    }
    (most, answer)
}

#[test]
fn ten_times_the_records_keep_as_many_windows() {
    for (job, records) in [(Job::W1, 300_000), (Job::W2, 200_000), (Job::W3, 200_000)] {
        let (few, short) = peaks(job, records);
        let (many, long) = peaks(job, 10 * records);
        assert!(long.panes > 9 * short.panes, "{job:?}: {} panes, then {}", short.panes, long.panes);
        // 1,000 keys; with a bound of 500 ms, windows of 1 s of at most two seconds, and of 10 s every second
        // of at most twelve, are open at once. A session ends after 2 s and so does its successor.
        let limit = match job {
            Job::W1 => 2_000,
            Job::W2 => 12_000,
            Job::W3 => 3_000,
        };
        assert!(few > 0 && few <= limit && many <= limit, "{job:?}: {few}, then {many}, of at most {limit}");
        assert!(many * 10 <= few * 11, "{job:?}: {few}, then {many}");
    }
}
