//! What the worker does: a scenario becomes a stream, a stream becomes a run.
//!
//! A stream is kept while only the pipeline changes, and so are its sorted delays and the truth
//! of its windows; dragging a knob then costs one run of the engine. No thread here: the worker
//! is driven by [`super::link`], on a thread of its own or in the frame.

use std::sync::Arc;

use crate::app::run::{Run, sorted_delays};
use crate::oracle::reference::Truth;
use crate::pipeline::{AtEnd, Pipeline, WindowSpec};
use crate::record::Stream;
use crate::runtime::{RunConfig, Trace, run, run_in_place_of};
use crate::scenario::{HandRecord, Scenario};
use crate::source;
use crate::time::Span;

/// One run to compute.
#[derive(Clone, Debug)]
pub struct Job {
    /// Ascends with every job.
    pub generation: u64,
    /// What to run.
    pub scenario: Scenario,
    /// The rows, when the source is a recording.
    pub recording: Option<Arc<Stream>>,
}

/// Why a job gave no run, in words for the reader.
pub type Refusal = String;

/// Everything about a stream that does not depend on the pipeline.
struct Prepared {
    made_from: Origin,
    stream: Arc<Stream>,
    delays: Arc<[Span]>,
}

/// Where a stream came from; equal origins give equal streams.
#[derive(Clone, Debug)]
enum Origin {
    /// A scenario of which only what makes the stream is kept.
    Synthetic(Box<Scenario>),
    /// The rows themselves, and what was put in by hand.
    Recording(Arc<Stream>, Vec<HandRecord>),
}

impl Origin {
    fn of(job: &Job) -> Self {
        match &job.recording {
            Some(stream) => Self::Recording(Arc::clone(stream), job.scenario.by_hand.clone()),
            None => {
                // Faults of the operator do not change the stream, nor does the pipeline but for its end.
                let faults = job.scenario.faults.iter().filter(|fault| fault.is_before_the_log()).cloned();
                let at_end = if job.scenario.join.is_some() { job.scenario.pipeline.at_end } else { AtEnd::Hold };
                Self::Synthetic(Box::new(Scenario {
                    title: String::new(),
                    about: String::new(),
                    pipeline: Pipeline { at_end, ..Pipeline::default() },
                    faults: faults.collect(),
                    ..job.scenario.clone()
                }))
            }
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Recording(a, of_a), Self::Recording(b, of_b)) => Arc::ptr_eq(a, b) && of_a == of_b,
            (Self::Synthetic(a), Self::Synthetic(b)) => a == b,
            _ => false,
        }
    }
}

/// The rows of a recording with what is put in by hand. A join was made when its files were read, with what
/// was put in then.
pub fn with_by_hand(recording: &Arc<Stream>, scenario: &Scenario) -> Arc<Stream> {
    let is_unchanged = scenario.by_hand.is_empty() && recording.production().by_hand.is_empty();
    if is_unchanged || scenario.join.is_some() {
        return Arc::clone(recording);
    }
    let stream = Stream::clone(recording);
    let origin = source::by_hand::origin_of(&stream);
    Arc::new(source::by_hand::merge(stream, &scenario.by_hand, origin))
}

/// The worker, with what it keeps between runs.
#[derive(Default)]
pub struct Worker {
    prepared: Option<Prepared>,
    truth: Option<(WindowSpec, Arc<Truth>)>,
    /// Traces that were given out, oldest first.
    given: Vec<Arc<Trace>>,
}

impl Worker {
    /// Computes a run.
    ///
    /// # Errors
    /// When the scenario is out of its limits; the text says what would be right.
    pub fn run(&mut self, job: Job) -> Result<Run, Refusal> {
        let problems = job.scenario.problems();
        if !problems.is_empty() {
            return Err(crate::scenario::check::in_words(&problems));
        }
        let (stream, delays) = self.prepare(&job)?;
        let config = RunConfig::of(&job.scenario, &stream);
        let trace = Arc::new(match self.spare_trace() {
            Some(old) => run_in_place_of(old, &stream, &config),
            None => run(&stream, &config),
        });
        self.given.push(Arc::clone(&trace));
        let truth = self.truth_of(&stream, job.scenario.pipeline.window);
        let run = Run::with_known(job.scenario, trace, job.generation, truth, delays).over(stream);
        run.windows();
        Ok(run)
    }

    /// A trace that nobody needs any more, and whose memory serves the next one.
    fn spare_trace(&mut self) -> Option<Trace> {
        let last = self.given.iter().rposition(|trace| Arc::strong_count(trace) == 1);
        let spare = last.and_then(|place| Arc::into_inner(self.given.remove(place)));
        self.given.retain(|trace| Arc::strong_count(trace) > 1);
        spare
    }

    fn prepare(&mut self, job: &Job) -> Result<(Arc<Stream>, Arc<[Span]>), Refusal> {
        let origin = Origin::of(job);
        if let Some(prepared) = &self.prepared
            && prepared.made_from.is(&origin)
        {
            return Ok((Arc::clone(&prepared.stream), Arc::clone(&prepared.delays)));
        }
        let stream = match &job.recording {
            Some(stream) => with_by_hand(stream, &job.scenario),
            None => Arc::new(source::generate(&job.scenario).map_err(|error| error.to_string())?),
        };
        let delays = sorted_delays(&stream);
        self.truth = None;
        self.prepared = Some(Prepared { made_from: origin, stream: Arc::clone(&stream), delays: Arc::clone(&delays) });
        Ok((stream, delays))
    }

    fn truth_of(&mut self, stream: &Stream, window: WindowSpec) -> Arc<Truth> {
        match &self.truth {
            Some((known, truth)) if *known == window => Arc::clone(truth),
            _ => {
                let truth = Arc::new(Truth::of(stream, window));
                self.truth = Some((window, Arc::clone(&truth)));
                truth
            }
        }
    }
}
