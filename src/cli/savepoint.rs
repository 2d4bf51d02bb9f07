//! `highwater run --savepoint-at MOMENT -o FILE`, `--checkpoint-dir DIR` and `--from FILE|DIR`: a job is
//! stopped with a savepoint or writes its checkpoints to files, and another goes on from there, also with
//! another number of window tasks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::checkpoint::directory::{DEFAULT_RETAINED, load, save};
use crate::checkpoint::{
    CheckpointDirectory, CheckpointId, Ownership, PartitionPart, Recovered, StoredCheckpoint, TaskPart, fingerprint,
};
use crate::cli::error::CliError;
use crate::cli::moment::Moment;
use crate::human;
use crate::pipeline::{Aggregate, AtEnd, Barriers, Pipeline};
use crate::record::{RecordId, Stream};
use crate::runtime::{RunConfig, Simulation};
use crate::scenario::Fault;
use crate::sink::SinkSnapshot;
use crate::state::{KeyGroup, KeyGroups};
use crate::time::{ProcTime, Span};
use crate::window::dialect::Dialect;
use crate::window::snapshot::OperatorSnapshot;

/// Arguments about savepoints.
#[derive(Clone, Debug, Args)]
pub struct SavepointArgs {
    /// Stop the job with a savepoint: it reads no record that reaches the log after this moment, and what it has
    /// read flows through. So long after the start (3min), a date, a time of day (12:03) or the end
    #[arg(long, value_name = "MOMENT", requires = "output", allow_hyphen_values = true)]
    pub savepoint_at: Option<Moment>,
    /// The file of the savepoint
    #[arg(short = 'o', long = "output", value_name = "FILE", requires = "savepoint_at")]
    pub output: Option<PathBuf>,
    /// Write every completed checkpoint to this folder; the newest two are kept
    #[arg(long, value_name = "DIR", conflicts_with_all = ["twin", "parity"])]
    pub checkpoint_dir: Option<PathBuf>,
    /// Go on from a savepoint of the same input, or the newest checkpoint in a folder that can be used;
    /// --set pipeline.tasks.windows=N goes on with another number of tasks
    #[arg(long, value_name = "FILE|DIR", conflicts_with_all = ["twin", "parity"])]
    pub from: Option<PathBuf>,
}

/// What a job reads, and what it goes on from.
pub struct Job {
    /// The records that it reads, and with what.
    pub stream: Arc<Stream>,
    /// How it is run.
    pub config: RunConfig,
    /// What it starts with; `None`: nothing.
    from: Option<(Vec<OperatorSnapshot>, ProcTime)>,
    /// Where it stops; `None`: at its end.
    stop: Option<Stop>,
    /// Where its checkpoints go; `None`: nowhere.
    files: Option<Files>,
}

/// Where the checkpoints of a job go.
struct Files {
    directory: CheckpointDirectory,
    input: u64,
    /// By partition, how far it was read before the job.
    read: Vec<u64>,
    /// The largest number of the jobs before.
    before: CheckpointId,
}

/// Where a job stops with a savepoint.
struct Stop {
    at: ProcTime,
    path: PathBuf,
    input: u64,
    partitions: Vec<PartitionPart>,
}

impl SavepointArgs {
    /// Whether there is nothing to do.
    pub const fn is_empty(&self) -> bool {
        self.savepoint_at.is_none() && self.from.is_none() && self.checkpoint_dir.is_none()
    }

    /// The job over this input.
    ///
    /// # Errors
    /// When the moment is outside of the run, the savepoint cannot be used, or the pipeline can have none.
    pub fn job(&self, whole: &Arc<Stream>, config: RunConfig) -> Result<Job, CliError> {
        let mut job = Job { stream: Arc::clone(whole), config, from: None, stop: None, files: None };
        if self.is_empty() {
            return Ok(job);
        }
        check(&job.config.pipeline)?;
        let read = match &self.from {
            Some(path) => job.start_from(path, whole)?,
            None => vec![0; whole.partitions().max(1)],
        };
        let mut end = ProcTime::MAX;
        if let (Some(moment), Some(path)) = (self.savepoint_at, &self.output) {
            let (first, last) = whole.arrival_range().unwrap_or((job.config.origin, job.config.origin));
            let start = job.config.origin.min(first);
            end = moment
                .within(start, last.max(start))
                .map_err(|told| CliError::bad_input(format!("--savepoint-at: {told}")))?;
            job.config.pipeline.at_end = AtEnd::Hold;
            job.keep_crashes(ProcTime::MIN, end);
            let partitions = positions_at(whole, end);
            job.stop = Some(Stop { at: end, path: path.clone(), input: fingerprint(whole), partitions });
        }
        if let Some(folder) = &self.checkpoint_dir {
            job.files = Some(files(folder, &job.config.pipeline, whole, read.clone())?);
        }
        job.stream = Arc::new(part(whole, &read, end));
        if job.stream.is_empty() {
            return Err(CliError::bad_input("no record is left between the savepoint and the end"));
        }
        Ok(job)
    }
}

/// Where the checkpoints of a job go that starts with the partitions read so far.
fn files(folder: &Path, pipeline: &Pipeline, whole: &Stream, read: Vec<u64>) -> Result<Files, CliError> {
    let Some(spec) = pipeline.checkpoints else {
        let told =
            "--checkpoint-dir: the pipeline takes no checkpoints; --set 'pipeline.checkpoints=(interval: \"10s\")'";
        return Err(CliError::bad_input(told));
    };
    if spec.barriers != Barriers::Aligned {
        return Err(CliError::bad_input(
            "--checkpoint-dir: only checkpoints with aligned barriers are written to files",
        ));
    }
    let directory = CheckpointDirectory::open(folder, DEFAULT_RETAINED).map_err(CliError::bad_input)?;
    let before = directory.largest().map_err(CliError::bad_input)?;
    Ok(Files { directory, input: fingerprint(whole), read, before })
}

/// Reads a savepoint, or the newest checkpoint in a folder that can be used; those that cannot are said.
fn read_stored(path: &Path) -> Result<StoredCheckpoint, CliError> {
    if !path.is_dir() {
        return load(path).map_err(CliError::bad_input);
    }
    let recovered = CheckpointDirectory::open(path, DEFAULT_RETAINED).and_then(|directory| directory.recover());
    let Recovered { newest, passed_over } = recovered.map_err(CliError::bad_input)?;
    for error in &passed_over {
        eprintln!("passed over: {error}");
    }
    let told = || CliError::bad_input(format!("{}: holds no checkpoint that can be used", path.display()));
    let (file, stored) = newest.ok_or_else(told)?;
    eprintln!("goes on from {}", file.display());
    Ok(stored)
}

/// Whether a job of this pipeline can be stopped and go on.
fn check(pipeline: &Pipeline) -> Result<(), CliError> {
    let told = if pipeline.dialect != Dialect::Flink {
        "savepoints are taken in the dialect Flink"
    } else if pipeline.tasks.salts > 1 {
        "savepoints are not taken where keys are salted"
    } else if matches!(pipeline.aggregate, Aggregate::First | Aggregate::Last) {
        "savepoints are not taken of the aggregates first and last, which know records by their number in a run"
    } else {
        return Ok(());
    };
    Err(CliError::bad_input(told))
}

/// How far every partition is read by a job that has read everything that is in the log at `at`.
fn positions_at(stream: &Stream, at: ProcTime) -> Vec<PartitionPart> {
    let mut positions = vec![0; stream.partitions().max(1)];
    for (place, arrival) in stream.arrivals().iter().enumerate() {
        if *arrival <= at {
            positions[stream.partition(RecordId(place as u32)).index()] += 1;
        }
    }
    let part = |(partition, position)| PartitionPart { partition: partition as u32, position };
    positions.into_iter().enumerate().map(part).collect()
}

/// The records behind these positions that reach the log until `end`.
fn part(stream: &Stream, read: &[u64], end: ProcTime) -> Stream {
    let mut places = vec![0_u64; read.len()];
    let mut ids = Vec::new();
    for (place, arrival) in stream.arrivals().iter().enumerate() {
        let id = RecordId(place as u32);
        let partition = stream.partition(id).index();
        if places[partition] >= read[partition] && *arrival <= end {
            ids.push(id);
        }
        places[partition] += 1;
    }
    stream.read_in_order(&ids)
}

impl Job {
    /// A run before its first event.
    ///
    /// # Errors
    /// When the state of the savepoint does not fit the pipeline.
    pub fn simulation(&self, fresh: impl FnOnce() -> Result<Simulation, CliError>) -> Result<Simulation, CliError> {
        let Some((parts, taken_at)) = &self.from else { return fresh() };
        Simulation::resumed(Arc::clone(&self.stream), &self.config, parts.clone(), *taken_at)
            .map_err(|error| CliError::bad_input(format!("--from: {error}")))
    }

    /// Between two steps: writes the newest checkpoint, if it is another one than `written`, which then is
    /// this one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn store(&self, simulation: &Simulation, written: &mut u32) -> Result<(), CliError> {
        let Some(files) = &self.files else { return Ok(()) };
        let newest = simulation.newest_checkpoint();
        if newest == *written {
            return Ok(());
        }
        *written = newest;
        let id = CheckpointId(files.before.0 + u64::from(newest));
        match simulation.checkpoint_to_store(id, files.input, &files.read) {
            Some(stored) => files.directory.save(&stored).map(|_| ()).map_err(CliError::bad_input),
            None => Ok(()),
        }
    }

    /// The run has come to its end: writes the savepoint, if there is to be one. What to say of it.
    ///
    /// # Errors
    /// When records are still on their way, or the file cannot be written.
    pub fn finish(&self, simulation: &mut Simulation) -> Result<Option<String>, CliError> {
        let Some(stop) = &self.stop else { return Ok(None) };
        let tasks = simulation.stop_with_savepoint().map_err(|records| {
            let records = human::count(records);
            CliError::bad_input(format!(
                "no savepoint: {records} records are still on their way, because a task is down"
            ))
        })?;
        let stored = StoredCheckpoint {
            id: CheckpointId(1),
            ownership: Ownership::Savepoint,
            taken_at: stop.at,
            input: stop.input,
            partitions: stop.partitions.clone(),
            tasks,
            sink: SinkSnapshot::default(),
        };
        let bytes = save(&stop.path, &stored).map_err(CliError::bad_input)?;
        let (path, records) = (stop.path.display(), human::count(stored.records_read()));
        Ok(Some(format!("{path}: savepoint of {} after {records} records, {} bytes", stop.at, human::count(bytes))))
    }

    /// Leaves out what crashes while this job does not run: up to `after`, and later than `until`.
    fn keep_crashes(&mut self, after: ProcTime, until: ProcTime) {
        let origin = self.config.origin;
        self.config.faults.retain_mut(|fault| {
            let Fault::Crash { at, every, .. } = fault else { return true };
            if let Some(every) = every.filter(|every| *every > Span::ZERO)
                && origin + *at <= after
            {
                let missed = (after - (origin + *at)).micros() / every.micros() + 1;
                *at = *at + every.times(missed);
            }
            origin + *at > after && origin + *at <= until
        });
    }

    /// Reads a savepoint. By partition, how far it was read.
    fn start_from(&mut self, path: &Path, whole: &Stream) -> Result<Vec<u64>, CliError> {
        let stored = read_stored(path)?;
        let refused = |told: String| CliError::bad_input(format!("{}: {told}", path.display()));
        let input = fingerprint(whole);
        if stored.input != input {
            let told = format!(
                "is a savepoint of other input: its fingerprint is {:016x}, that of this is {input:016x}",
                stored.input
            );
            return Err(refused(told));
        }
        let mut read = vec![0; whole.partitions().max(1)];
        for part in &stored.partitions {
            if let Some(position) = read.get_mut(part.partition as usize) {
                *position = part.position;
            }
        }
        self.keep_crashes(stored.taken_at, ProcTime::MAX);
        let pipeline = &self.config.pipeline;
        let parts = stored.tasks.iter().map(|task: &TaskPart| OperatorSnapshot::from_bytes(&task.operator));
        let parts: Vec<OperatorSnapshot> =
            parts.collect::<Result<_, _>>().map_err(|error| refused(error.to_string()))?;
        let state = OperatorSnapshot::of_tasks(pipeline, parts).map_err(|error| refused(error.to_string()))?;
        let groups = KeyGroups::new(pipeline.tasks.key_groups)
            .ok_or_else(|| refused("the pipeline has no key groups".to_owned()))?;
        let group_of: Vec<KeyGroup> = whole.key_table().names().map(|name| groups.group_of(name)).collect();
        let group = |key: crate::record::KeyId| group_of.get(key.index()).copied().unwrap_or(KeyGroup(0));
        self.from = Some((state.split(groups, pipeline.tasks.windows, group), stored.taken_at));
        Ok(read)
    }
}
