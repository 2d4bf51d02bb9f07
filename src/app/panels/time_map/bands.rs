//! What lasted: bands across the map and its strips, from the faults of the scenario and the failures
//! of the run. A band says what was wrong, in the impossible half, where nothing else can be.
//!
//! What slows the pipeline is tinted orange between dotted edges; a job that is down is hatched, and
//! what it catches up is plain with a dashed upper edge; what is silent before the log changes
//! nothing here, and is a bar at the right edge.

use egui::{Align2, Painter, Pos2, Rangef, Rect, Stroke, pos2};

use crate::app::panels::time_map::scene::Scene;
use crate::app::theme::{alpha, font, stroke};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{frame, marks as shapes};
use crate::human;
use crate::runtime::recovery_log::RecoveryRow;
use crate::scenario::Fault;
use crate::time::{ProcTime, Span};

/// How a band is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something works more slowly, or does not let through.
    Slow,
    /// Something before the log is silent, or too loud.
    Outside,
    /// The job is down.
    Down,
    /// The job works off what has come meanwhile.
    CatchingUp,
}

/// Something that lasted, up to now, and what is said of it.
#[derive(Debug)]
pub(super) struct Spell {
    pub(super) kind: Kind,
    pub(super) from: ProcTime,
    pub(super) until: ProcTime,
    pub(super) name: String,
}

/// A band in view, in pixels: its stretch up and what is said of it.
#[derive(Debug)]
struct Band {
    kind: Kind,
    y: Rangef,
    name: String,
}

/// Bands lower than this are not drawn, in points.
pub(super) const LEAST: f32 = 0.5;

/// All that lasted and had begun by now, and how far it had got.
pub(super) fn spells(scene: &Scene<'_>) -> Vec<Spell> {
    let start = scene.view.run.overview.start;
    let now = scene.view.now;
    let faults = scene.view.run.scenario.faults.iter().filter_map(|fault| {
        let (kind, from, until) = lasting(fault)?;
        let name = match fault {
            Fault::SlowOperator { task: None, factor, .. } => {
                format!("operator {}\u{d7} slower", crate::app::panels::number::value(*factor))
            }
            other => other.in_words(),
        };
        let name = format!("{name} for {}", human::span(until - from));
        Some(Spell { kind, from: start + from, until: (start + until).min(now), name })
    });
    let log = scene.trace().recovery.as_ref();
    let recoveries = log.into_iter().flat_map(|log| &log.recoveries).flat_map(|row| recovery(scene, row));
    faults.chain(recoveries).filter(|spell| spell.from <= now).collect()
}

/// The bands in view, up to now.
fn bands(scene: &Scene<'_>) -> Vec<Band> {
    let y = |at: ProcTime| scene.axes.proc.px_of(at.micros());
    let (top, bottom) = (scene.now_y().max(scene.plot.top()), scene.plot.bottom());
    let in_pixels = |Spell { kind, from, until, name }: Spell| {
        let y = Rangef::new(y(until).max(top), y(from).min(bottom));
        (y.span() > LEAST).then_some(Band { kind, y, name })
    };
    spells(scene).into_iter().filter_map(in_pixels).collect()
}

/// The stretch of a fault that lasts, from the start of the run; `None` for those of an instant, and for
/// those of which the map shows the records.
fn lasting(fault: &Fault) -> Option<(Kind, Span, Span)> {
    match *fault {
        Fault::SlowOperator { from, until, .. }
        | Fault::SlowSink { from, until, .. }
        | Fault::FailingSink { from, until, .. }
        | Fault::CheckpointStorage { from, until, .. }
        | Fault::NetworkPartition { from, until, .. } => Some((Kind::Slow, from, until)),
        Fault::Offline { from, until, .. }
        | Fault::Silent { from, until, .. }
        | Fault::MemberSilent { from, until, .. }
        | Fault::MemberStalls { from, until, .. }
        | Fault::HotKey { from, until, .. }
        | Fault::Burst { from, until, .. }
        | Fault::DeadLetterSink { from, until, .. } => Some((Kind::Outside, from, until)),
        _ => None,
    }
}

/// The bands of a failure: until tasks had their state, and until they had caught up.
fn recovery(scene: &Scene<'_>, row: &RecoveryRow) -> Vec<Spell> {
    let now = scene.view.now;
    let until = row.restored_at.unwrap_or(ProcTime::MAX);
    let down = until.min(now);
    let name = if until <= now {
        format!("crash: {} until restored", human::span(until - row.failed_at))
    } else {
        let since = |name: &str, at: ProcTime| format!("crash: {name} for {}", human::span(now - at));
        match (row.detected_at.filter(|&at| at <= now), row.restarted_at.filter(|&at| at <= now)) {
            (_, Some(at)) => since("reads its state", at),
            (Some(at), None) => since("waits for its restart", at),
            (None, None) => since("not noticed", row.failed_at),
        }
    };
    let mut spells = vec![Spell { kind: Kind::Down, from: row.failed_at, until: down, name }];
    if let Some(restored) = row.restored_at.filter(|&at| at <= now) {
        let until = row.caught_up_at.unwrap_or(ProcTime::MAX).min(now);
        let replayed = match row.records_replayed {
            0 => String::new(),
            count => format!(", {} replayed", human::count(count)),
        };
        let name = format!("catches up for {}{replayed}", human::span(until - restored));
        spells.push(Spell { kind: Kind::CatchingUp, from: restored, until, name });
    }
    spells
}

/// Tints the bands over an area that shares the map's vertical clock.
pub fn tint(scene: &Scene<'_>, painter: &Painter, area: Rect) {
    let theme = scene.theme();
    let all = bands(scene);
    for Band { kind, y, .. } in &all {
        let rect = Rect::from_x_y_ranges(area.x_range(), *y);
        let dotted = |edge: f32, colour| {
            let edge = painter.round_to_pixel_center(edge);
            painter.add(shapes::dotted(painter, pos2(area.left(), edge), pos2(area.right(), edge), colour));
        };
        match kind {
            Kind::Slow => {
                painter.rect_filled(rect, 0.0, alpha(theme.backpressure, 0.07));
                [y.min, y.max].into_iter().for_each(|edge| dotted(edge, alpha(theme.backpressure, 0.6)));
            }
            Kind::Down => {
                painter.rect_filled(rect, 0.0, alpha(theme.t3, 0.10));
                painter.add(shapes::hatch(rect, 5.0, Stroke::new(1.0, alpha(theme.t3, 0.30))));
                painter.hline(rect.x_range(), rect.bottom(), Stroke::new(stroke::SELECTION, alpha(theme.t2, 0.7)));
            }
            Kind::CatchingUp => {
                painter.rect_filled(rect, 0.0, alpha(theme.t3, 0.07));
                let line = Stroke::new(stroke::HAIR, alpha(theme.t3, 0.6));
                let top = painter.round_to_pixel_center(rect.top());
                painter.add(shapes::dashed(pos2(rect.left(), top), pos2(rect.right(), top), line, 4.0, 3.0));
            }
            Kind::Outside => {}
        }
    }
}

/// Bars at the right edge of the plot for what is silent, or too loud, before the log.
fn bars(scene: &Scene<'_>, all: &[Band]) {
    let right = scene.plot.right();
    for (place, band) in all.iter().filter(|band| band.kind == Kind::Outside).enumerate() {
        let x = right - 3.0 - 4.0 * (place % 3) as f32;
        let bar = Rect::from_x_y_ranges(Rangef::new(x, x + 2.0), band.y);
        scene.painter.rect_filled(bar, 1.0, alpha(scene.theme().t3, 0.8));
    }
}

/// Says what the bands are, at the right of the plot and clear of these marks. Where the words stand.
pub fn names(scene: &Scene<'_>, marks: &[Pos2]) -> Vec<Rect> {
    let theme = scene.theme();
    let all = bands(scene);
    bars(scene, &all);
    let mut taken: Vec<Rect> = Vec::new();
    for Band { kind, y, name } in &all {
        let middle = y.center().within(scene.plot.top() + 12.0, scene.plot.bottom() - 12.0);
        let galley = scene.painter.layout_no_wrap(name.clone(), font::tick(), theme.t2);
        // Where a name would meet another one it stands a line higher or lower.
        let free = [0.0, 20.0, -20.0, 40.0].into_iter().find_map(|shift: f32| {
            let at = pos2(scene.plot.right() - 16.0, middle + shift);
            let rect = frame::plate_rect(&galley, at, Align2::RIGHT_CENTER);
            let rect = rect.with_min_x(rect.left() - 12.0);
            // In the possible half the words would cover records.
            let is_free = at.y >= scene.axes.ideal_y(rect.left())
                && scene.plot.contains_rect(rect)
                && !taken.iter().any(|other| other.expand(1.0).intersects(rect))
                && !marks.iter().any(|&mark| rect.expand(4.0).contains(mark));
            is_free.then_some((at, rect))
        });
        let Some((at, rect)) = free else { continue };
        frame::plate(&scene.painter, theme, at, Align2::RIGHT_CENTER, name, font::tick(), theme.t2);
        let mark = pos2(rect.left() + 4.0, at.y);
        scene.painter.add(match kind {
            Kind::Slow => shapes::triangle(mark, 4.6, theme.backpressure),
            Kind::Outside => shapes::bolt(mark, 5.0, theme.t2),
            Kind::Down => shapes::octagon(mark, 5.0, theme.dropped),
            Kind::CatchingUp => shapes::hollow(mark, 3.6, theme.t3),
        });
        taken.push(rect);
    }
    taken
}
