//! Sinks under random schedules of rows, barriers, notifications and crashes, against a naive account of
//! what each delivery promises.

use highwater::checkpoint::CheckpointId;
use highwater::record::KeyId;
use highwater::sink::{Change, Isolation, Output, Row, SinkSnapshot, SinkSpec};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::pane::Window;
use proptest::prelude::*;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Write,
    /// A barrier; the checkpoint is complete right away, or stays pending.
    Barrier,
    /// The newest pending checkpoint completes, and the sink hears of it or not.
    Complete {
        is_heard: bool,
    },
    CrashAndRestore,
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Write),
        2 => Just(Step::Barrier),
        2 => any::<bool>().prop_map(|is_heard| Step::Complete { is_heard }),
        1 => Just(Step::CrashAndRestore),
        1 => (1..30_i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..80)
}

/// A job that writes the numbers 0, 1, 2, ... and goes back to where its last checkpoint was.
struct Job {
    output: Output,
    now: ProcTime,
    next: u32,
    checkpoint: CheckpointId,
    pending: Option<(CheckpointId, u32, SinkSnapshot)>,
    complete: (u32, SinkSnapshot),
    /// Rows that were refused: the job restarts at once.
    refused: u32,
}

impl Job {
    fn new(spec: SinkSpec) -> Self {
        Self {
            output: Output::new(spec),
            now: ProcTime::EPOCH,
            next: 0,
            checkpoint: CheckpointId(0),
            pending: None,
            complete: (0, SinkSnapshot::default()),
            refused: 0,
        }
    }

    fn step(&mut self, step: Step) {
        self.now = self.now + Span::from_secs(1);
        match step {
            Step::Write => {
                let start = EventTime::from_millis(i64::from(self.next) * 1_000);
                let window = Window::new(start, start + Span::from_secs(1));
                let change = Change::Put(Some(f64::from(self.next)));
                let row = Row { pane: self.next, key: KeyId(self.next % 3), window, change };
                if self.output.write(row, self.now).is_ok() {
                    self.next += 1;
                } else {
                    self.refused += 1;
                    self.step(Step::CrashAndRestore);
                }
            }
            Step::Barrier => {
                self.checkpoint = self.checkpoint.next();
                self.pending = Some((self.checkpoint, self.next, self.output.pre_commit(self.checkpoint)));
            }
            Step::Complete { is_heard } => {
                if let Some((checkpoint, next, snapshot)) = self.pending.take() {
                    self.complete = (next, snapshot);
                    if is_heard {
                        self.output.commit(checkpoint, self.now);
                    }
                }
            }
            Step::CrashAndRestore => {
                self.pending = None;
                self.output.crash();
                self.next = self.complete.0;
                self.output.restore(&self.complete.1, self.now);
            }
            Step::Wait(secs) => self.now = self.now + Span::from_secs(secs),
        }
    }

    fn run(spec: SinkSpec, steps: &[Step]) -> Self {
        let mut job = Self::new(spec);
        steps.iter().for_each(|&step| job.step(step));
        job.step(Step::Barrier);
        job.step(Step::Complete { is_heard: true });
        job
    }

    fn seen(&self, isolation: Isolation, at: ProcTime) -> Vec<u32> {
        self.output.log().read(isolation, at).map(|row| row.pane).collect()
    }
}

const PATIENT: SinkSpec = SinkSpec::TwoPhaseCommit { transaction_timeout: Span::from_secs(1_000_000) };
const HASTY: SinkSpec = SinkSpec::TwoPhaseCommit { transaction_timeout: Span::from_secs(20) };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn two_phase_commit_shows_every_row_once_and_in_order(steps in steps()) {
        let job = Job::run(PATIENT, &steps);
        let seen = job.seen(Isolation::ReadCommitted, job.now);
        prop_assert_eq!(seen, (0..job.next).collect::<Vec<u32>>());
        prop_assert_eq!(job.output.commits().lost, 0);
        prop_assert_eq!(job.output.commits().committed_rows, u64::from(job.next));
    }

    #[test]
    fn an_append_sink_loses_nothing_and_repeats_what_it_rewrote(steps in steps()) {
        let job = Job::run(SinkSpec::Append, &steps);
        let mut seen = job.seen(Isolation::ReadCommitted, job.now);
        prop_assert_eq!(&seen, &job.seen(Isolation::ReadUncommitted, job.now));
        seen.sort_unstable();
        seen.dedup();
        // What was written after the last checkpoint and not again is more than the job itself knows of.
        prop_assert_eq!(&seen[..job.next as usize], (0..job.next).collect::<Vec<u32>>());
    }

    #[test]
    fn a_table_of_an_append_sink_is_that_of_exactly_once(steps in steps()) {
        let mut steps = steps;
        // Everything that was ever written is written again by the end.
        let most = steps.iter().filter(|step| matches!(step, Step::Write)).count();
        steps.extend(std::iter::repeat_n(Step::Write, most));
        let at_least_once = Job::run(SinkSpec::Upsert, &steps);
        let exactly_once = Job::run(PATIENT, &steps);
        let table = |job: &Job| job.output.table(Isolation::ReadCommitted, job.now);
        prop_assert!(table(&at_least_once).says_the_same(&table(&exactly_once)));
    }

    #[test]
    fn what_is_committed_and_what_expired_make_up_all_that_was_promised(steps in steps()) {
        let job = Job::run(HASTY, &steps);
        let seen = job.seen(Isolation::ReadCommitted, job.now);
        let commits = job.output.commits();
        // Committed rows appear in order, none twice, and those missing are as many as were counted.
        prop_assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert_eq!(seen.len() as u64, commits.committed_rows);
        let counts = job.output.counts(job.now);
        prop_assert_eq!(counts.written, counts.committed + counts.open + counts.aborted);
        prop_assert_eq!(counts.open, 0);
        prop_assert_eq!(counts.committed, commits.committed_rows);
        let missing = (0..job.next).filter(|number| !seen.contains(number)).count() as u64;
        prop_assert!(missing <= commits.lost_rows, "{missing} missing, {} counted", commits.lost_rows);
        prop_assert_eq!(missing > 0, commits.lost_rows > 0);
    }

    #[test]
    fn a_reader_never_takes_back_what_it_has_seen(steps in steps()) {
        let job = Job::run(HASTY, &steps);
        for isolation in [Isolation::ReadCommitted, Isolation::ReadUncommitted] {
            let mut before = Vec::new();
            for secs in (0..job.now.micros() / 1_000_000).step_by(7) {
                let seen = job.seen(isolation, ProcTime::from_millis(secs * 1_000));
                prop_assert!(seen.starts_with(&before));
                before = seen;
            }
        }
    }
}
