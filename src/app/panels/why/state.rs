//! What the panel keeps between frames: what is asked about, its explanation, and the prices that are
//! being worked out beside the window.
//!
//! An explanation belongs to one run and one subject, and so do its prices. While a knob is being dragged
//! runs come one after the other; nothing is priced before the pointer is let go.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use crate::app::run::Run;
use crate::app::tasks::Task;
use crate::app::view::{Command, Selection, View};
use crate::explain::price::{Prices, goal, price};
use crate::explain::{Case, Explanation, Subject, Suggestions, explain};

/// The kind of the task that prices changes.
const PRICING: &str = "price";

/// What the panel keeps between frames.
#[derive(Default)]
pub struct WhyState {
    shown: Option<Shown>,
    /// Of the run of a generation.
    suggestions: Option<(u64, Suggestions)>,
}

/// An explanation on screen.
pub(super) struct Shown {
    generation: u64,
    subject: Subject,
    had_metrics: bool,
    pub(super) explanation: Option<Explanation>,
    pub(super) pricing: Pricing,
    /// The change that the buttons are about.
    pub(super) chosen: usize,
    /// Whether more than the best changes are listed.
    pub(super) lists_all: bool,
}

/// How far the prices are.
pub(super) enum Pricing {
    /// There is nothing to flip.
    Nothing,
    /// They can be worked out, and have not been asked for.
    Unasked(&'static str),
    /// They are being worked out.
    Running(&'static str, Arc<Desk>),
}

/// Where a task leaves what it finds.
#[derive(Default)]
pub(super) struct Desk {
    /// The share that is done, in bits.
    share: AtomicU32,
    prices: OnceLock<Prices>,
}

impl Desk {
    pub(super) fn share(&self) -> f32 {
        f32::from_bits(self.share.load(Ordering::Relaxed))
    }

    /// What was found, once it is.
    pub(super) fn prices(&self) -> Option<&Prices> {
        self.prices.get()
    }
}

/// What is asked about; `None` for nothing.
pub(super) fn subject(view: &View<'_>) -> Option<Subject> {
    view.asked.or(match view.selection {
        Selection::None => None,
        Selection::Record(id) => Some(Subject::Record(id)),
        Selection::Window { key, window } => Some(Subject::Window { key, window }),
    })
}

impl WhyState {
    /// The explanation of a subject, read anew where the run or the subject is another one.
    pub(super) fn shown(&mut self, view: &View<'_>, subject: Subject) -> &mut Shown {
        let run = view.run;
        let is_same = self.shown.as_ref().is_some_and(|shown| {
            shown.generation == run.generation
                && shown.subject == subject
                && shown.had_metrics == run.insight().is_some()
        });
        if !is_same {
            let case = case(run);
            let pricing = match goal(&case, subject) {
                // Threads take other times every time: another run would not be the same but for one setting.
                Some(goal) if run.input().is_some() && !run.trace.is_live => Pricing::Unasked(goal.title()),
                _ => Pricing::Nothing,
            };
            // What is being worked out stays, where only the tasks have been looked at meanwhile.
            let old = self.shown.take().filter(|old| old.generation == run.generation && old.subject == subject);
            let (pricing, chosen, lists_all) =
                old.map_or((pricing, 0, false), |old| (old.pricing, old.chosen, old.lists_all));
            self.shown = Some(Shown {
                generation: run.generation,
                subject,
                had_metrics: run.insight().is_some(),
                explanation: explain(&case, subject),
                pricing,
                chosen,
                lists_all,
            });
        }
        self.shown.get_or_insert_with(|| Shown {
            generation: run.generation,
            subject,
            had_metrics: false,
            explanation: None,
            pricing: Pricing::Nothing,
            chosen: 0,
            lists_all: false,
        })
    }

    /// What is worth asking about in the run on screen.
    pub(super) fn suggestions(&mut self, run: &Run) -> Suggestions {
        match self.suggestions {
            Some((generation, found)) if generation == run.generation => found,
            _ => {
                let found = Suggestions::of(&run.trace);
                self.suggestions = Some((run.generation, found));
                found
            }
        }
    }
}

impl Shown {
    /// Asks for the prices, unless that has been done.
    pub(super) fn ask_for_prices(&mut self, run: &Run, commands: &mut Vec<Command>) {
        let (Pricing::Unasked(title), Some(input)) = (&self.pricing, run.input()) else { return };
        let title = *title;
        let desk = Arc::new(Desk::default());
        let (trace, scenario, input) = (Arc::clone(&run.trace), run.scenario.clone(), Arc::clone(input));
        let (subject, result) = (self.subject, Arc::clone(&desk));
        let task = Task::new(PRICING, title, move |go_on| {
            let case = Case::new(&scenario, &trace);
            let prices = price(&case, &input, subject, &mut |progress| {
                let share = progress.done as f32 / progress.of.max(1) as f32;
                result.share.store(share.to_bits(), Ordering::Relaxed);
                go_on(share)
            });
            // Nobody else writes it.
            let _ = result.prices.set(prices.unwrap_or_default());
            Box::new(|_| {})
        });
        commands.push(Command::StartTask(task));
        self.pricing = Pricing::Running(title, desk);
    }
}

/// A run as it is explained.
pub(super) fn case(run: &Run) -> Case<'_> {
    let case = Case::new(&run.scenario, &run.trace);
    run.insight().map_or(case, |insight| case.with_metrics(&insight.metrics))
}
