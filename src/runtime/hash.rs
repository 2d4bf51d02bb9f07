//! One number for a whole run: equal runs have equal hashes, on every machine and in every build.
//!
//! XXH3 (128 bits) over every column in a fixed order, little endian, each led by its length.

use xxhash_rust::xxh3::Xxh3;

use crate::record::RecordId;
use crate::runtime::rebalance::{PauseReason, RebalanceCause};
use crate::runtime::recovery_log::RecoveryLog;
use crate::runtime::trace::{Fate, TaskId, Trace, WindowEnd};
use crate::time::ProcTime;
use crate::watermark::InputStatus;
use crate::window::aggregate::Summary;
use crate::window::pane::{Timing, Window};

impl Trace {
    /// The hash of everything in this trace, as 32 hexadecimal digits.
    pub fn hash_hex(&self) -> String {
        let mut bytes = Bytes(Xxh3::new());
        self.hash_input(&mut bytes);
        self.hash_records(&mut bytes);
        self.hash_output(&mut bytes);
        self.hash_tasks(&mut bytes);
        if let Some(log) = &self.recovery {
            hash_recovery(log, &mut bytes);
        }
        format!("{:032x}", bytes.0.digest128())
    }

    fn hash_input(&self, bytes: &mut Bytes) {
        let stream = &self.stream;
        bytes.column(stream.event_times().iter().map(|t| t.micros()));
        bytes.column(stream.arrivals().iter().map(|t| t.micros()));
        bytes.column(stream.keys().iter().map(|key| i64::from(key.0)));
        bytes.column(stream.values().iter().map(|value| value.to_bits() as i64));
        for name in stream.key_table().names() {
            bytes.int(name.len() as i64);
            bytes.0.update(name.as_bytes());
        }
    }

    fn hash_records(&self, bytes: &mut Bytes) {
        bytes.column(self.enqueued.iter().map(|t| t.micros()));
        bytes.column(self.started.iter().map(|t| t.micros()));
        bytes.column(self.handled.iter().map(|t| t.micros()));
        bytes.column(self.watermark_before.iter().map(|t| t.micros()));
        bytes.column(self.kept_windows.iter().map(|&count| i64::from(count)));
        bytes.column(self.fates.iter().map(|&fate| fate_code(fate)));
    }

    /// Nothing is added where nothing happened, so that runs of one task that nobody waits for keep
    /// their hash.
    fn hash_tasks(&self, bytes: &mut Bytes) {
        let of = |task: TaskId| match task {
            TaskId::Source(number) => i64::from(number) * 4,
            TaskId::Window(number) => i64::from(number) * 4 + 1,
            TaskId::Sink => 2,
            TaskId::Merge(number) => i64::from(number) * 4 + 3,
            TaskId::DeadLetters => -1,
        };
        for &task in &self.tasks {
            bytes.int(i64::from(task));
        }
        for step in self.task_watermarks.iter().chain(&self.merge_watermarks) {
            bytes.int(step.at.micros());
            bytes.int(i64::from(step.task));
            bytes.int(step.watermark.micros());
        }
        for wait in &self.waits {
            bytes.int(of(wait.task));
            bytes.int(of(wait.on));
            bytes.int(wait.from.micros());
            bytes.int(wait.until.micros());
        }
        for part in &self.partials {
            bytes.int(i64::from(part.from));
            bytes.int(i64::from(part.to));
            bytes.int(i64::from(part.window_id.0));
            bytes.int(part.records as i64);
            bytes.int(part.emitted_at.micros());
            bytes.int(part.started_at.micros());
            bytes.int(part.merged_at.micros());
        }
        for restart in &self.restarts {
            bytes.int(of(restart.task));
            bytes.int(restart.at.micros());
            bytes.int(restart.back_at.map_or(-1, ProcTime::micros));
            bytes.int(i64::from(restart.reason.record().0));
        }
        self.hash_group(bytes);
        for repeat in &self.repeats {
            bytes.int(i64::from(repeat.record.0));
            bytes.int(i64::from(repeat.source) << 16 | i64::from(repeat.task));
            bytes.int(repeat.enqueued_at.micros());
            bytes.int(repeat.started_at.micros());
            bytes.int(repeat.handled_at.micros());
            bytes.int(fate_code(repeat.fate));
        }
        for write in &self.failed_writes {
            bytes.int(write.at.micros());
            bytes.int(i64::from(write.pane));
        }
        for at in self.delivered.iter().chain(&self.batches) {
            bytes.int(at.micros());
        }
    }

    /// Nothing is added where there is no group.
    fn hash_group(&self, bytes: &mut Bytes) {
        for &reader in &self.readers {
            bytes.int(i64::from(reader));
        }
        for rebalance in &self.rebalances {
            bytes.int(rebalance.started_at.micros());
            bytes.int(rebalance.finished_at.micros());
            bytes.int(cause_code(rebalance.cause));
            bytes.int(i64::from(rebalance.generation) << 32 | i64::from(rebalance.members));
        }
        for pause in &self.pauses {
            bytes.int(i64::from(pause.partition.0));
            bytes.int(pause.from.micros());
            bytes.int(pause.until.micros());
            bytes.int(match pause.reason {
                PauseReason::Rebalance => -1,
                PauseReason::Silent(task) => i64::from(task) * 2,
                PauseReason::Stalled(task) => i64::from(task) * 2 + 1,
            });
        }
        for step in &self.owners {
            bytes.int(step.at.micros());
            bytes.int(i64::from(step.partition.0));
            bytes.int(step.owner.map_or(-1, i64::from));
        }
    }

    fn hash_output(&self, bytes: &mut Bytes) {
        bytes.int(self.watermarks.len() as i64);
        for step in &self.watermarks {
            bytes.int(step.at.micros());
            bytes.int(step.watermark.micros());
            bytes.record(step.raised_by);
        }
        // Nothing is added where nothing happened, so that runs without idle inputs keep their hash.
        for step in &self.inputs {
            bytes.int(step.at.micros());
            bytes.int(i64::from(step.partition.0));
            bytes.int(i64::from(step.status == InputStatus::Idle));
        }
        bytes.int(self.panes.len() as i64);
        for pane in &self.panes {
            bytes.int(i64::from(pane.window_id.0));
            bytes.int(i64::from(pane.key.0));
            bytes.window(pane.window);
            bytes.int(timing_code(pane.timing));
            bytes.int(i64::from(pane.index));
            bytes.summary(&pane.summary);
            bytes.special(pane.special);
            bytes.int(pane.emitted_at.micros());
            bytes.int(pane.watermark.micros());
            bytes.record(pane.cause);
            bytes.int(i64::from(pane.is_retraction) | i64::from(pane.is_last) << 1);
            bytes.int(pane.nonspeculative_index.map_or(-1, i64::from));
            bytes.int(pane.event_time.micros());
        }
        bytes.int(self.windows.len() as i64);
        for life in &self.windows {
            bytes.int(i64::from(life.key.0));
            bytes.window(life.window);
            bytes.int(life.opened_at.micros());
            bytes.int(i64::from(life.opened_by.0));
            match life.end {
                WindowEnd::StillKept => bytes.int(0),
                WindowEnd::Closed { at } => {
                    bytes.int(1);
                    bytes.int(at.micros());
                }
                WindowEnd::Merged { at, into } => {
                    bytes.int(2);
                    bytes.int(at.micros());
                    bytes.int(i64::from(into.0));
                }
                WindowEnd::Undone { at } => {
                    bytes.int(3);
                    bytes.int(at.micros());
                }
            }
            bytes.int(i64::from(life.panes));
            bytes.summary(&life.summary);
        }
    }
}

fn hash_recovery(log: &RecoveryLog, bytes: &mut Bytes) {
    let instant = |at: Option<ProcTime>| at.map_or(-1, ProcTime::micros);
    for it in &log.handlings {
        let words = [it.record.0, u32::from(it.task), it.life, it.after, it.undone_in].map(i64::from);
        words.into_iter().chain([it.at.micros(), fate_code(it.fate)]).for_each(|word| bytes.int(word));
    }
    for it in &log.panes {
        let words = [u32::from(it.emitter), it.life, it.after, it.handlings, it.undone_in].map(i64::from);
        words.into_iter().chain([it.committed.micros()]).for_each(|word| bytes.int(word));
    }
    for it in &log.checkpoints {
        let instants = [Some(it.began), it.completed, it.failed.map(|(at, _)| at)].map(instant);
        let sizes = [it.bytes as i64, it.written as i64, it.in_flight as i64, it.alignment.micros()];
        instants.into_iter().chain(sizes).for_each(|word| bytes.int(word));
    }
    for it in &log.recoveries {
        let instants = [Some(it.failed_at), it.detected_at, it.restarted_at, it.restored_at, it.caught_up_at];
        let counts = [i64::from(it.checkpoint), it.records_replayed as i64, it.records_lost as i64];
        instants.map(instant).into_iter().chain(counts).for_each(|word| bytes.int(word));
    }
}

fn fate_code(fate: Fate) -> i64 {
    match fate {
        Fate::Counted => 0,
        Fate::DroppedLate => 1,
        Fate::SideOutput => 2,
        Fate::Unassigned => 3,
        Fate::Shed => 4,
        Fate::Lost => 5,
        Fate::DeadLettered => 6,
        Fate::InFlight => 7,
        Fate::Rejected => 8,
    }
}

fn cause_code(cause: RebalanceCause) -> i64 {
    let kind = match cause {
        RebalanceCause::Joined(_) => 0,
        RebalanceCause::Left(_) => 1,
        RebalanceCause::SessionTimeout(_) => 2,
        RebalanceCause::MaxPollInterval(_) => 3,
        RebalanceCause::RebalanceTimeout(_) => 4,
        RebalanceCause::SecondRound => 5,
    };
    kind << 16 | cause.task().map_or(0, i64::from)
}

fn timing_code(timing: Timing) -> i64 {
    match timing {
        Timing::Early => 0,
        Timing::OnTime => 1,
        Timing::Late => 2,
        Timing::AtEnd => 3,
    }
}

struct Bytes(Xxh3);

impl Bytes {
    fn int(&mut self, value: i64) {
        self.0.update(&value.to_le_bytes());
    }

    fn column(&mut self, values: impl ExactSizeIterator<Item = i64>) {
        self.int(values.len() as i64);
        // A few kilobytes at a time: the hash is fastest on long runs of bytes.
        let mut buffer = [0_u8; 4096];
        let mut filled = 0;
        for value in values {
            buffer[filled..filled + 8].copy_from_slice(&value.to_le_bytes());
            filled += 8;
            if filled == buffer.len() {
                self.0.update(&buffer);
                filled = 0;
            }
        }
        self.0.update(&buffer[..filled]);
    }

    fn window(&mut self, window: Window) {
        self.int(window.start.micros());
        self.int(window.end.micros());
    }

    /// Nothing is added where there is none, so that runs of plain aggregates keep their hash.
    fn special(&mut self, special: Option<f64>) {
        if let Some(value) = special {
            self.int(value.to_bits() as i64);
        }
    }

    fn summary(&mut self, summary: &Summary) {
        self.int(summary.count as i64);
        for value in [summary.sum, summary.min, summary.max] {
            self.int(value.to_bits() as i64);
        }
    }

    fn record(&mut self, id: Option<RecordId>) {
        self.int(id.map_or(-1, |id| i64::from(id.0)));
    }
}
