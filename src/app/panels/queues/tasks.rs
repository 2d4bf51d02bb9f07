//! The queues of several tasks in one plot: a line for each, the fullest one at the cursor in front and
//! by name, and how much each may hold.

use egui::{Align2, Stroke, pos2};

use crate::app::insight::{Insight, QUEUE_PARTS};
use crate::app::panels::queues::strips::{Strip, Strips};
use crate::app::theme::{alpha, font};
use crate::app::view::View;
use crate::app::widgets::frame;
use crate::human;
use crate::pipeline::Overflow;
use crate::time::ProcTime;

/// The hover text names so many queues.
const NAMED: usize = 6;

/// Records that the channels of one window task may hold; `None` without a limit.
pub fn capacity(view: &View<'_>) -> Option<usize> {
    let pipeline = &view.run.trace.pipeline;
    let of_all = pipeline.queue_capacity as usize * pipeline.tasks.sources as usize;
    (pipeline.tasks.overflow != Overflow::Unbounded).then_some(of_all)
}

/// The most that any queue ever held.
pub fn most(insight: &Insight) -> usize {
    insight.queues.iter().flatten().copied().max().unwrap_or(0) as usize
}

/// Window tasks from the fullest queue down, each with what it holds at `at`.
pub fn ranked(insight: &Insight, at: ProcTime) -> Vec<(usize, usize)> {
    let mut ranked: Vec<(usize, usize)> =
        (0..insight.metrics.windows()).map(|task| (task, insight.metrics.depth_of(task, at))).collect();
    ranked.sort_by_key(|&(task, depth)| (std::cmp::Reverse(depth), task));
    ranked
}

/// What the queues hold at an instant, in words: the fullest first.
pub fn in_words(insight: &Insight, at: ProcTime) -> String {
    let ranked = ranked(insight, at);
    let named = ranked.iter().take(NAMED);
    let mut words: Vec<String> =
        named.map(|(task, depth)| format!("window {}: {}", task + 1, human::count(*depth as u64))).collect();
    if ranked.len() > NAMED {
        words.push(format!("{} others less", ranked.len() - NAMED));
    }
    words.join(", ")
}

impl Strips<'_> {
    /// A line for every window task.
    pub(super) fn queues(&self, view: &View<'_>, insight: &Insight, strip: Strip) {
        let theme = self.theme;
        let span = insight.metrics.span();
        let seconds = |part: usize| {
            let length = span.length().as_secs_f64();
            self.seconds(span.from) + (part as f64 + 0.5) * length / QUEUE_PARTS as f64
        };
        let ranked = ranked(insight, view.now);
        let front = ranked.first().copied();
        // From the emptiest to the fullest, which is drawn over the others.
        for &(task, _) in ranked.iter().rev() {
            let Some(levels) = insight.queues.get(task) else { continue };
            let points = levels.iter().enumerate();
            let points: Vec<_> =
                points.map(|(part, &level)| pos2(self.x(seconds(part)), strip.y(f64::from(level)))).collect();
            let is_front = front.is_some_and(|(first, depth)| first == task && depth > 0);
            let (width, strength) = if is_front { (1.8, 1.0) } else { (1.2, 0.7) };
            for (painter, more) in self.halves(view, strip.plot) {
                painter.line(points.clone(), Stroke::new(width, alpha(theme.busy, strength * more)));
            }
        }
        if let Some((task, depth)) = front.filter(|(_, depth)| *depth > 0) {
            let words = format!("window {}: {}", task + 1, human::count(depth as u64));
            let now = self.axis.px_of(view.now.micros());
            let is_right = now > strip.plot.center().x;
            let anchor = if is_right { Align2::RIGHT_TOP } else { Align2::LEFT_TOP };
            let y = strip.y(depth as f64) + 4.0;
            let at = pos2(if is_right { now - 5.0 } else { now + 5.0 }, y.min(strip.plot.bottom() - 20.0));
            frame::plate(&self.painter, theme, at, anchor, &words, font::tick(), theme.t1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{RunConfig, run};
    use crate::scenario::{library, set};
    use crate::source::generate;
    use std::sync::Arc;

    #[test]
    fn the_fullest_queue_is_that_of_the_hot_key() {
        let mut scenario = library::find("hot-key-salted").expect("it is built in").scenario().expect("it reads");
        set::apply(&mut scenario, &["pipeline.tasks.salts=1"]).expect("it is a setting");
        let stream = Arc::new(generate(&scenario).expect("it is in its limits"));
        let trace = run(&stream, &RunConfig::of(&scenario, &stream));
        let insight = Insight::of(&scenario, &trace);
        let at = stream.arrivals()[stream.len() / 2];
        assert_eq!(insight.queues.len(), 4);
        assert_eq!((most(&insight), ranked(&insight, at)[0]), (20, (3, 20)));
        assert!(in_words(&insight, at).starts_with("window 4: 20, window "));
    }
}
