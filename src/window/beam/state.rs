//! What the Beam dialect keeps of one window, and the pane that it makes of it.

use crate::record::{KeyId, Record};
use crate::time::EventTime;
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::{Aggregate, Collected, Summary};
use crate::window::dialect::{BeamRules, EmptyPane, OnTimePane, TimestampCombiner};
use crate::window::lateness;
use crate::window::operator::Advance;
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};
use crate::window::trigger::beam::Node;

/// What is collected for a pane beside its [`Summary`]. Nothing (`()`) in a pipeline; every value
/// (`Vec<f64>`) where panes are compared with those of another engine.
pub trait Contents: Clone + Default {
    /// An element came.
    fn add(&mut self, value: f64);
    /// Everything of a merged window comes.
    fn merge(&mut self, other: &Self);
}

impl Contents for () {
    fn add(&mut self, _: f64) {}
    fn merge(&mut self, (): &Self) {}
}

impl Contents for Vec<f64> {
    fn add(&mut self, value: f64) {
        self.push(value);
    }

    fn merge(&mut self, other: &Self) {
        self.extend_from_slice(other);
    }
}

/// A sink that also takes what a pane holds beside its summary.
pub trait PaneSink<C>: WindowSink {
    /// A window fired, and this is what its pane holds.
    fn fired_with(&mut self, pane: Pane, contents: &C);
}

impl<S: WindowSink> PaneSink<()> for S {
    fn fired_with(&mut self, pane: Pane, (): &()) {
        self.fired(pane);
    }
}

/// What all windows of an operator have in common when they fire.
#[derive(Clone, Copy, Debug)]
pub(in crate::window) struct Firing {
    pub accumulation: Accumulation,
    pub aggregate: Aggregate,
    pub rules: BeamRules,
    /// The output watermark.
    pub output: EventTime,
    /// The input watermark, the clock, and the record that is the reason.
    pub advance: Advance,
}

/// The state of one window of one key.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) struct State<C> {
    /// Given out with the first element.
    pub id: Option<WindowId>,
    /// Whether sessions merge with it. Other windows are always active.
    pub is_active: bool,
    pub trigger: Node,
    /// Everything that was counted.
    pub total: Summary,
    /// What the next pane says.
    pub collected: Collected,
    /// What a special aggregate said of everything when the last pane was fired.
    pub final_special: Option<f64>,
    pub contents: C,
    /// Elements since the last pane.
    pub fresh: u64,
    /// Panes, and those that were not early.
    pub panes: u32,
    pub nonspeculative: u32,
    /// Where elements since the last pane hold the output watermark.
    pub hold: Option<EventTime>,
    /// Panes that the next one withdraws: the last one, or those of all merged sessions.
    pub said: Vec<Pane>,
}

impl<C: Contents> State<C> {
    pub fn new(trigger: Node, aggregate: Aggregate) -> Self {
        Self {
            id: None,
            is_active: true,
            trigger,
            total: Summary::default(),
            collected: Collected::new(aggregate),
            final_special: None,
            contents: C::default(),
            fresh: 0,
            panes: 0,
            nonspeculative: 0,
            hold: None,
            said: Vec::new(),
        }
    }

    /// Whether elements can still be added and panes fired.
    pub const fn is_open(&self) -> bool {
        self.is_active && !self.trigger.is_finished()
    }

    /// Whether it holds elements that have not been let go. Sessions that merged into one whose trigger
    /// had finished stay so until the watermark lets them go, though no pane of them can follow.
    pub const fn is_kept(&self, merges: bool) -> bool {
        self.id.is_some() && self.is_active && (merges || !self.trigger.is_finished())
    }

    pub fn add(&mut self, record: &Record) {
        self.total.add(record.value);
        self.collected.add(record);
        self.contents.add(record.value);
        self.fresh += 1;
    }

    /// Holds the output watermark at an element, unless it is behind it already or no pane can be
    /// on time any more.
    pub fn hold(&mut self, at: EventTime, window: Window, watermark: EventTime, firing: &Firing) {
        if at < firing.output || lateness::is_complete(window, watermark) {
            return;
        }
        let latest = firing.rules.timestamp_combiner == TimestampCombiner::Latest;
        self.hold = Some(match self.hold {
            Some(hold) if latest => hold.max(at),
            Some(hold) => hold.min(at),
            None => at,
        });
    }

    pub fn kept(&self, id: WindowId, key: KeyId, window: Window) -> Kept {
        let special = self.final_special.or_else(|| self.special_of_all());
        Kept { id, key, window, summary: self.total, special, panes: self.panes }
    }

    /// What a special aggregate says of everything, unless some of it was thrown away.
    fn special_of_all(&self) -> Option<f64> {
        let is_all = self.collected.summary.count == self.total.count;
        if is_all { self.collected.special() } else { None }
    }

    /// Makes a pane, if there is something to say, and starts the next one.
    pub fn fire<S: PaneSink<C>>(
        &mut self,
        (key, window): (KeyId, Window),
        is_last: bool,
        firing: &Firing,
        sink: &mut S,
    ) {
        let hold = self.hold.take();
        let (timing, is_on_time) = self.timing(window, firing);
        let is_empty = self.fresh == 0;
        self.fresh = 0;
        let says = !is_empty
            || is_on_time && firing.rules.on_time == OnTimePane::FireAlways
            || is_last && firing.rules.closing == EmptyPane::FireAlways;
        if let (true, Some(window_id)) = (says, self.id) {
            let advance = &firing.advance;
            for said in self.said.drain(..) {
                sink.fired(Pane {
                    timing,
                    emitted_at: advance.now,
                    watermark: advance.watermark,
                    cause: advance.cause,
                    is_retraction: true,
                    ..said
                });
            }
            let is_early = timing == Timing::Early;
            let pane = Pane {
                window_id,
                key,
                window,
                timing,
                index: self.panes,
                summary: self.collected.summary,
                special: self.collected.special(),
                emitted_at: advance.now,
                watermark: advance.watermark,
                cause: advance.cause,
                is_retraction: false,
                is_last,
                nonspeculative_index: (!is_early).then_some(self.nonspeculative),
                event_time: hold.unwrap_or(window.last_instant()),
            };
            self.panes += 1;
            self.nonspeculative += u32::from(!is_early);
            if firing.accumulation == Accumulation::AccumulatingAndRetracting {
                self.said.push(pane);
            }
            sink.fired_with(pane, &self.contents);
            if !self.collected.list().is_empty() {
                sink.listed(self.collected.list());
            }
        }
        if is_last || firing.accumulation == Accumulation::Discarding {
            if is_last {
                self.final_special = self.special_of_all();
            }
            self.collected = Collected::new(firing.aggregate);
            self.contents = C::default();
        }
    }

    /// How a pane made now is called, and whether it is the on-time one.
    fn timing(&self, window: Window, firing: &Firing) -> (Timing, bool) {
        let watermark = firing.advance.watermark;
        if window.last_instant() < firing.output || self.nonspeculative > 0 {
            (Timing::Late, false)
        } else if !lateness::is_complete(window, watermark) {
            (Timing::Early, false)
        } else {
            (firing.advance.timing_of_completion(), true)
        }
    }
}
