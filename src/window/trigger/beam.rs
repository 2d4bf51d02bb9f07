//! Apache Beam's triggers as a tree of small state machines.
//!
//! Every node of the tree is finished or not, and leaves remember a count or an instant. The operator
//! hands elements down ([`Trigger::on_element`]), asks once per step whether the tree is ready
//! ([`Trigger::is_ready`]) and, when it is, tells it that it fired ([`Trigger::on_fire`]). A tree that
//! has finished never fires again. Merging sessions merges their trees, and may wake nodes up.
//!
//! Source: `org.apache.beam.runners.core.triggers` (2.43). Two of its habits look odd and are kept,
//! because results depend on them: where windows merge, every child of a sequence sees every element,
//! and the implicit repetition of early and late firings forgets the counts below but not which
//! children had finished.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::{EventTime, ProcTime, Span};
use crate::window::lateness;
use crate::window::pane::Window;
use crate::window::trigger::spec::TriggerSpec;

/// Where and when a trigger is asked.
#[derive(Debug)]
pub struct Moment<'a> {
    /// The window; of merged sessions, the merged one.
    pub window: Window,
    /// The input watermark.
    pub watermark: EventTime,
    /// Processing time; a delay is over when this is after it.
    pub clock: ProcTime,
    /// Whether windows of this kind merge.
    pub merges: bool,
    /// Instants of processing time at which the trigger wants to be asked again.
    pub wakes: &'a mut Vec<ProcTime>,
}

impl Moment<'_> {
    fn is_complete(&self) -> bool {
        lateness::is_complete(self.window, self.watermark)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Default,
    Never,
    AfterWatermark,
    /// Children: early, and late where there is one.
    AroundWatermark,
    AfterCount(u64),
    AfterProcessingTime {
        delay: Span,
        align: Option<Span>,
    },
    Any,
    All,
    Each,
    Repeatedly,
    /// Children: main, finally.
    OrFinally,
}

/// What one node of the tree remembers of one window; its children below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    is_finished: bool,
    /// Elements in the pane.
    count: u64,
    /// When the delay from the first element of the pane is over.
    until: Option<ProcTime>,
    children: Vec<Self>,
}

/// A node without its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeMemory {
    is_finished: bool,
    count: u64,
    until: Option<ProcTime>,
}

impl Node {
    /// Every node of the tree, each before its children.
    pub fn memory(&self) -> Vec<NodeMemory> {
        let own = NodeMemory { is_finished: self.is_finished, count: self.count, until: self.until };
        std::iter::once(own).chain(self.children.iter().flat_map(Self::memory)).collect()
    }

    /// Whether the tree below and at this node fires no more.
    pub const fn is_finished(&self) -> bool {
        self.is_finished
    }
}

/// A trigger of the Beam dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    kind: Kind,
    children: Vec<Self>,
}

impl Trigger {
    /// The tree of a checked description; `None` for a trigger of another dialect.
    pub fn new(spec: &TriggerSpec) -> Option<Self> {
        let leaf = |kind| Some(Self { kind, children: Vec::new() });
        let tree = |kind, children: &[TriggerSpec]| {
            Some(Self { kind, children: children.iter().map(Self::new).collect::<Option<Vec<_>>>()? })
        };
        match spec {
            TriggerSpec::Default => leaf(Kind::Default),
            TriggerSpec::Never => leaf(Kind::Never),
            TriggerSpec::AfterCount(count) => leaf(Kind::AfterCount(*count)),
            TriggerSpec::AfterProcessingTime { delay, align } => {
                leaf(Kind::AfterProcessingTime { delay: *delay, align: *align })
            }
            TriggerSpec::AfterWatermark { early: None, late: None } => leaf(Kind::AfterWatermark),
            TriggerSpec::AfterWatermark { early, late } => {
                let early = early.as_deref().unwrap_or(&TriggerSpec::Never);
                let children = std::iter::once(early).chain(late.as_deref());
                Some(Self { kind: Kind::AroundWatermark, children: children.map(Self::new).collect::<Option<_>>()? })
            }
            TriggerSpec::AfterAny(inner) => tree(Kind::Any, inner),
            TriggerSpec::AfterAll(inner) => tree(Kind::All, inner),
            TriggerSpec::AfterEach(inner) => tree(Kind::Each, inner),
            TriggerSpec::Repeatedly(inner) => tree(Kind::Repeatedly, std::slice::from_ref(inner)),
            TriggerSpec::OrFinally { main, finally } => {
                Some(Self { kind: Kind::OrFinally, children: vec![Self::new(main)?, Self::new(finally)?] })
            }
            _ => None,
        }
    }

    /// What it remembers of a window without elements.
    pub fn initial(&self) -> Node {
        Node { children: self.children.iter().map(Self::initial).collect(), ..Node::default() }
    }

    /// The tree of these nodes, as [`Node::memory`] gives them; `None` when they are more or fewer than
    /// those of this trigger.
    pub fn remembering(&self, nodes: &[NodeMemory]) -> Option<Node> {
        let mut nodes = nodes.iter();
        let tree = self.remember(&mut nodes)?;
        nodes.next().is_none().then_some(tree)
    }

    fn remember(&self, nodes: &mut std::slice::Iter<'_, NodeMemory>) -> Option<Node> {
        let &NodeMemory { is_finished, count, until } = nodes.next()?;
        let children = self.children.iter().map(|child| child.remember(nodes)).collect::<Option<_>>()?;
        Some(Node { is_finished, count, until, children })
    }

    /// An element was put into the window.
    pub fn on_element(&self, node: &mut Node, moment: &mut Moment<'_>) {
        match self.kind {
            Kind::Default | Kind::Never | Kind::AfterWatermark => {}
            Kind::AfterCount(_) => node.count += 1,
            Kind::AfterProcessingTime { delay, align } => {
                if node.until.is_none() {
                    let until = aligned(moment.clock + delay, align);
                    node.until = Some(until);
                    moment.wakes.push(until);
                }
            }
            Kind::Each | Kind::AroundWatermark if !moment.merges => {
                if let Some(current) = current(node) {
                    self.children[current].on_element(&mut node.children[current], moment);
                }
            }
            Kind::All => {
                for (child, node) in self.children.iter().zip(&mut node.children) {
                    if !node.is_finished {
                        child.on_element(node, moment);
                    }
                }
            }
            Kind::Each | Kind::AroundWatermark | Kind::Any | Kind::Repeatedly | Kind::OrFinally => {
                for (child, node) in self.children.iter().zip(&mut node.children) {
                    child.on_element(node, moment);
                }
            }
        }
    }

    /// Whether it would fire now.
    pub fn is_ready(&self, node: &Node, moment: &Moment<'_>) -> bool {
        let ready = |place: usize| self.children[place].is_ready(&node.children[place], moment);
        let mut places = 0..self.children.len();
        match self.kind {
            Kind::Never => false,
            Kind::Default | Kind::AfterWatermark => moment.is_complete(),
            Kind::AfterCount(count) => node.count >= count,
            Kind::AfterProcessingTime { .. } => node.until.is_some_and(|until| moment.clock > until),
            Kind::AroundWatermark if !node.children[0].is_finished => ready(0) || moment.is_complete(),
            Kind::AroundWatermark => self.children.len() > 1 && ready(1),
            Kind::Any => places.any(|place| node.children[place].is_finished || ready(place)),
            Kind::All => places.all(|place| node.children[place].is_finished || ready(place)),
            Kind::Each => current(node).is_some_and(ready),
            Kind::Repeatedly => ready(0),
            Kind::OrFinally => places.any(ready),
        }
    }

    /// It was ready, and the window fired.
    pub fn on_fire(&self, node: &mut Node, moment: &mut Moment<'_>) {
        match self.kind {
            Kind::Default | Kind::Never => {}
            Kind::AfterWatermark => node.is_finished = true,
            Kind::AfterCount(_) | Kind::AfterProcessingTime { .. } => {
                self.clear(node);
                node.is_finished = true;
            }
            Kind::AroundWatermark => self.on_fire_around_watermark(node, moment),
            Kind::Any => {
                for (child, node) in self.children.iter().zip(&mut node.children) {
                    child.fire_or_clear(node, moment);
                }
                node.is_finished = true;
            }
            Kind::All => {
                for (child, node) in self.children.iter().zip(&mut node.children) {
                    child.on_fire(node, moment);
                }
                node.is_finished = true;
            }
            Kind::Each => {
                if let Some(current) = current(node) {
                    self.children[current].on_fire(&mut node.children[current], moment);
                }
                if moment.merges {
                    self.clear(node);
                }
                node.is_finished = current(node).is_none();
            }
            Kind::Repeatedly => {
                let child = &mut node.children[0];
                self.children[0].on_fire(child, moment);
                if child.is_finished {
                    *child = self.children[0].initial();
                }
            }
            Kind::OrFinally => {
                let (main, finally) = (0, 1);
                if self.children[finally].is_ready(&node.children[finally], moment) {
                    self.children[finally].on_fire(&mut node.children[finally], moment);
                    self.children[main].clear(&mut node.children[main]);
                } else {
                    self.children[main].on_fire(&mut node.children[main], moment);
                }
                node.is_finished = node.children.iter().any(|child| child.is_finished);
            }
        }
    }

    fn on_fire_around_watermark(&self, node: &mut Node, moment: &mut Moment<'_>) {
        let early = &mut node.children[0];
        if early.is_finished {
            match self.children.get(1) {
                Some(late) => {
                    late.on_fire(&mut node.children[1], moment);
                    late.clear(&mut node.children[1]);
                    node.children[1].is_finished = false;
                }
                None => node.is_finished = true,
            }
            return;
        }
        if self.children[0].is_ready(early, moment) {
            self.children[0].on_fire(early, moment);
        }
        self.children[0].clear(early);
        early.is_finished = moment.is_complete();
        if early.is_finished {
            // Late firings start from here: what came before is in the on-time pane.
            match self.children.get(1) {
                Some(late) => late.clear(&mut node.children[1]),
                None => node.is_finished = true,
            }
        }
    }

    fn fire_or_clear(&self, node: &mut Node, moment: &mut Moment<'_>) {
        if self.is_ready(node, moment) {
            self.on_fire(node, moment);
        } else {
            self.clear(node);
        }
    }

    /// Forgets the pane that is under way, but not what has finished.
    pub fn clear(&self, node: &mut Node) {
        node.count = 0;
        node.until = None;
        for (child, node) in self.children.iter().zip(&mut node.children) {
            child.clear(node);
        }
    }

    /// Windows were merged into `moment.window`. `node` is what was remembered of that window
    /// before, `parts` what was remembered of each merged window that held elements (that window
    /// may be one of them).
    pub fn on_merge(&self, node: &mut Node, parts: &[&Node], moment: &mut Moment<'_>) {
        match self.kind {
            Kind::Default | Kind::Never => {}
            Kind::AfterWatermark => {
                node.is_finished = parts.iter().all(|part| part.is_finished) && moment.is_complete();
            }
            Kind::AfterCount(_) => {
                node.is_finished |= parts.iter().any(|part| part.is_finished);
                node.count = if node.is_finished { 0 } else { parts.iter().map(|part| part.count).sum() };
            }
            Kind::AfterProcessingTime { .. } => {
                let earliest = parts.iter().filter_map(|part| part.until).min();
                node.until = earliest.filter(|_| !node.is_finished);
                moment.wakes.extend(node.until);
            }
            Kind::AroundWatermark => self.on_merge_around_watermark(node, parts, moment),
            Kind::Each => {
                let mut are_finished = true;
                for place in 0..self.children.len() {
                    if are_finished {
                        self.merge_child(place, node, parts, moment);
                        are_finished = node.children[place].is_finished;
                    } else {
                        self.children[place].clear(&mut node.children[place]);
                    }
                }
                node.is_finished = current(node).is_none();
            }
            Kind::Any | Kind::All | Kind::Repeatedly | Kind::OrFinally => {
                for place in 0..self.children.len() {
                    self.merge_child(place, node, parts, moment);
                }
                let mut finished = node.children.iter().map(|child| child.is_finished);
                match self.kind {
                    Kind::All => node.is_finished = finished.all(|is_finished| is_finished),
                    Kind::Repeatedly => {}
                    _ => node.is_finished = finished.any(|is_finished| is_finished),
                }
            }
        }
    }

    fn on_merge_around_watermark(&self, node: &mut Node, parts: &[&Node], moment: &mut Moment<'_>) {
        let is_over = parts.iter().all(|part| part.children[0].is_finished) && moment.is_complete();
        if !is_over {
            // Some part has not had its on-time pane, or the end has moved away: early again.
            self.merge_child(0, node, parts, moment);
        }
        node.children[0].is_finished = is_over;
        if self.children.len() > 1 {
            if is_over {
                self.merge_child(1, node, parts, moment);
            } else {
                self.children[1].clear(&mut node.children[1]);
                node.children[1].is_finished = false;
            }
        }
    }

    fn merge_child(&self, place: usize, node: &mut Node, parts: &[&Node], moment: &mut Moment<'_>) {
        let parts: Vec<&Node> = parts.iter().map(|part| &part.children[place]).collect();
        self.children[place].on_merge(&mut node.children[place], &parts, moment);
    }
}

/// As `Any [AfterCount(2), AfterWatermark]`.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)?;
        for (place, child) in self.children.iter().enumerate() {
            write!(f, "{}{child}", if place == 0 { " [" } else { ", " })?;
        }
        f.write_str(if self.children.is_empty() { "" } else { "]" })
    }
}

/// The first child that has not finished.
fn current(node: &Node) -> Option<usize> {
    node.children.iter().position(|child| !child.is_finished)
}

/// The first multiple of `period` that is not before `instant`.
fn aligned(instant: ProcTime, period: Option<Span>) -> ProcTime {
    let Some(period) = period.filter(|period| *period > Span::ZERO) else { return instant };
    let past = Span::from_micros(instant.micros().rem_euclid(period.micros()));
    if past == Span::ZERO { instant } else { instant - past + period }
}
