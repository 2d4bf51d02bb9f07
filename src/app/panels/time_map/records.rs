//! Records on the time map: at the event time across and the instant of handling up, with a mark by
//! fate. Ordinary records are drawn below the watermark, those that ask a question above it.

use std::ops::Range;

use egui::epaint::Mesh;
use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};

use crate::app::panels::number;
use crate::app::panels::time_map::crowd::{self, CrowdTextures};
use crate::app::panels::time_map::detail::{self, MARKS_UP_TO, RecordDetail};
use crate::app::panels::time_map::scene::{RecordState, Scene};
use crate::app::panels::time_map::to_come::ToCome;
use crate::app::theme::{alpha, font};
use crate::app::view::LegendItem;
use crate::app::widgets::marks;
use crate::time::ProcTime;

/// Records waiting or to come above which they are dots instead of circles.
const QUIET_MARKS: usize = 1_500;
/// How far above the now line very many records to come are shown.
const FUTURE_REACH: f32 = 40.0;
/// Waits shorter than this are not drawn.
const LEAST_STEM: f32 = 6.0;

/// A record in view that is drawn above the lines.
#[derive(Clone, Copy, Debug)]
pub struct Special {
    /// Its place in arrival order.
    pub id: usize,
    /// What it is.
    pub state: RecordState,
    /// Where it is.
    pub at: Pos2,
}

/// What is in view, by how it is drawn.
#[derive(Default)]
struct InView {
    /// Ordinary records that were handled.
    dots: Vec<Pos2>,
    /// Waiting, to come, in no window.
    quiet: Vec<Special>,
    /// What asks a question: behind, dropped, side output.
    special: Vec<Special>,
    /// Waits from arrival to handling.
    stems: Mesh,
}

/// Draws ordinary records, waits and records to come, and returns the ones that are drawn later.
pub fn ordinary(scene: &Scene<'_>, textures: &mut CrowdTextures) -> Vec<Special> {
    let range = scene.records_in_view();
    let handled = scene.trace().at(scene.view.now).handled.clamp(range.start, range.end);
    let mut found = InView::default();
    if scene.detail == RecordDetail::Density {
        crowd::on_time(scene, textures, range.start..handled);
        listed(scene, range.start..handled, &mut found);
    } else {
        scan(scene, range.start..handled, &mut found);
    }
    let to_come = handled..future_end(scene, handled, range.end);
    let crowd = crowd_to_come(scene, textures, to_come.clone());
    if crowd.is_empty() {
        scan(scene, to_come, &mut found);
    }
    again(scene, &mut found);
    thin_out(&mut found.stems, scene.theme().on_time);
    scene.painter.add(Shape::mesh(found.stems));
    if scene.detail == RecordDetail::Discs {
        discs(scene, &found.quiet);
    } else {
        let tint = alpha(scene.theme().on_time, detail::dot_opacity(&found.dots, scene.radius));
        crowd::dots(scene, textures, &found.dots, scene.radius, tint);
        if !crowd.is_empty() || found.quiet.len() > QUIET_MARKS {
            let quiet = found.quiet.iter().map(|record| record.at);
            let dots: Vec<Pos2> = crowd.into_iter().chain(quiet).collect();
            crowd::dots(scene, textures, &dots, scene.radius, alpha(scene.theme().t3, 0.25));
        } else {
            found.quiet.iter().for_each(|record| quiet_mark(scene, record));
        }
    }
    found.special
}

/// Where records to come are drawn as dots, when they are so many that not all can be told apart; else empty.
fn crowd_to_come(scene: &Scene<'_>, textures: &mut CrowdTextures, range: Range<usize>) -> Vec<Pos2> {
    let are_many = scene.detail == RecordDetail::Density && !scene.axes.delays && range.len() > MARKS_UP_TO;
    if !are_many || !is_shown(scene, RecordState::ToCome) {
        textures.to_come = None;
        return Vec::new();
    }
    let kept = ToCome::of(scene, textures.to_come.take(), range);
    let places = if kept.count() > QUIET_MARKS { kept.places().collect() } else { Vec::new() };
    textures.to_come = Some(kept);
    places
}

/// Of very many records to come, only those just above the now line are drawn.
fn future_end(scene: &Scene<'_>, handled: usize, end: usize) -> usize {
    if end - handled <= MARKS_UP_TO {
        return end;
    }
    if scene.axes.delays {
        return handled + MARKS_UP_TO;
    }
    let until = ProcTime::from_micros(scene.axes.proc.micros_at(scene.now_y() - FUTURE_REACH));
    scene.trace().handled.partition_point(|&at| at <= until).clamp(handled, end)
}

/// Looks at every record of a range.
fn scan(scene: &Scene<'_>, range: Range<usize>, found: &mut InView) {
    let trace = scene.trace();
    let now = scene.view.now;
    let stem_colour = alpha(scene.theme().on_time, 0.16);
    let draws_stems = trace.pipeline.service_time.micros() > 0 && scene.detail != RecordDetail::Density;
    let reach = scene.plot.expand(scene.radius + 2.0);
    let times = trace.stream.event_times();
    let (arrivals, keys) = (trace.stream.arrivals(), trace.stream.keys());
    let lives = &scene.model.lives;
    for id in range {
        if !scene.view.shows_key(keys[id]) {
            continue;
        }
        let x = scene.axes.event.px_of(times[id].micros());
        if x < reach.left() || x > reach.right() {
            continue;
        }
        let undone = !lives.is_empty() && lives.is_undone(id, now);
        let state = if undone { RecordState::Undone } else { RecordState::of(trace, id, now) };
        let y = scene.axes.pos(times[id], trace.handled[id]).y;
        if draws_stems && state != RecordState::ToCome {
            let from = scene.axes.pos(times[id], arrivals[id]).y;
            let to = y.max(scene.axes.pos(times[id], now).y);
            if from - to > LEAST_STEM {
                let stem = Rect::from_min_max(pos2(x - 0.5, to), pos2(x + 0.5, from));
                found.stems.add_colored_rect(stem, stem_colour);
            }
        }
        if y < reach.top() || y > reach.bottom() || !is_shown(scene, state) {
            continue;
        }
        let record = Special { id, state, at: pos2(x, y) };
        match state {
            RecordState::OnTime if scene.detail != RecordDetail::Discs => found.dots.push(record.at),
            RecordState::Behind | RecordState::Dropped | RecordState::SideOutput => found.special.push(record),
            _ => found.quiet.push(record),
        }
    }
}

/// Makes stems paler where they are more than one every other point, so that a crowd is a curtain, not a wall.
fn thin_out(stems: &mut Mesh, colour: Color32) {
    const SIDES: usize = 4;
    let x = stems.vertices.iter().map(|vertex| vertex.pos.x);
    let (left, right) = x.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, r), x| (l.min(x), r.max(x)));
    let count = (stems.vertices.len() / SIDES) as f32;
    let per_point = count / (right - left).max(count.min(8.0)).max(1.0);
    if per_point > 0.5 {
        let paler = alpha(colour, (0.16 * 0.5 / per_point).max(0.02));
        stems.vertices.iter_mut().for_each(|vertex| vertex.color = paler);
    }
}

/// Records that were handled again after a restart, where that was.
fn again(scene: &Scene<'_>, found: &mut InView) {
    let trace = scene.trace();
    let (bottom, top) = scene.proc_in_view();
    let reach = scene.plot.expand(scene.radius + 2.0);
    for (record, at, fate) in scene.model.lives.handled_again(bottom, top.min(scene.view.now)) {
        let id = record.index();
        let place = scene.axes.pos(trace.stream.event_times()[id], at);
        let state = RecordState::handled(trace, id, fate);
        if !scene.view.shows_key(trace.stream.keys()[id]) || !reach.contains(place) || !is_shown(scene, state) {
            continue;
        }
        let record = Special { id, state, at: place };
        match state {
            RecordState::OnTime if scene.detail != RecordDetail::Discs => found.dots.push(place),
            RecordState::Behind | RecordState::Dropped | RecordState::SideOutput => found.special.push(record),
            _ => found.quiet.push(record),
        }
    }
}

/// The records of a range that ask a question, from the lists of the run: the others are not
/// looked at.
fn listed(scene: &Scene<'_>, range: Range<usize>, found: &mut InView) {
    let trace = scene.trace();
    let marks = &scene.view.run.marks;
    let lists = [
        (RecordState::Behind, &marks.behind),
        (RecordState::Dropped, &marks.dropped),
        (RecordState::SideOutput, &marks.side_output),
    ];
    for (state, ids) in lists.into_iter().filter(|&(state, _)| is_shown(scene, state)) {
        let first = ids.partition_point(|id| id.index() < range.start);
        let last = ids.partition_point(|id| id.index() < range.end);
        for id in ids[first..last].iter().map(|id| id.index()) {
            let at = scene.axes.pos(trace.stream.event_times()[id], trace.handled[id]);
            if scene.view.shows_key(trace.stream.keys()[id]) && scene.plot.expand(4.0).contains(at) {
                found.special.push(Special { id, state, at });
            }
        }
    }
}

/// Whether the legend shows records of this state.
pub fn is_shown(scene: &Scene<'_>, state: RecordState) -> bool {
    let legend = scene.view.legend;
    match state {
        RecordState::Behind => legend.shows(LegendItem::Behind),
        RecordState::Dropped => legend.shows(LegendItem::Dropped),
        RecordState::SideOutput => legend.shows(LegendItem::SideOutput),
        RecordState::GivenUp => legend.shows(LegendItem::GivenUp),
        _ => legend.shows(LegendItem::OnTime),
    }
}

/// Colour of the mark of a record.
pub fn colour(scene: &Scene<'_>, state: RecordState) -> Color32 {
    let theme = scene.theme();
    match state {
        RecordState::Behind => theme.behind,
        RecordState::Dropped | RecordState::GivenUp => theme.dropped,
        RecordState::SideOutput => theme.side,
        RecordState::OnTime | RecordState::Unassigned | RecordState::Undone => theme.on_time,
        RecordState::Waiting => theme.t2,
        RecordState::ToCome => theme.t3,
    }
}

/// Draws what is behind, dropped or in the side output; each has its own shape. Marks that would
/// cover each other are smaller, and very many are a density.
pub fn special(scene: &Scene<'_>, textures: &mut CrowdTextures, records: &[Special]) {
    for state in [RecordState::Behind, RecordState::Dropped, RecordState::GivenUp, RecordState::SideOutput] {
        let of_state: Vec<Special> = records.iter().copied().filter(|record| record.state == state).collect();
        let places: Vec<Pos2> = of_state.iter().map(|record| record.at).collect();
        if of_state.len() > MARKS_UP_TO {
            crowd::density(scene, textures, state, &places, colour(scene, state));
        } else if scene.detail == RecordDetail::Discs {
            discs(scene, &of_state);
        } else {
            let full = if scene.detail >= RecordDetail::Dots { 0.8 } else { scene.radius / 3.0 };
            let scale = full * detail::crowd_scale(&places);
            scene.painter.extend(of_state.iter().map(|record| mark(scene, record.state, record.at, scale)));
        }
    }
}

/// The mark of a handled record; scale 1 is the size for a few thousand of them.
pub fn mark(scene: &Scene<'_>, state: RecordState, at: Pos2, scale: f32) -> Shape {
    let colour = colour(scene, state);
    match state {
        RecordState::Behind => marks::diamond(at, marks::DIAMOND_HALF * scale, colour),
        RecordState::Dropped => marks::cross(at, marks::CROSS_HALF * scale, colour),
        RecordState::GivenUp => marks::triangle_hollow(at, marks::CROSS_HALF * scale, colour),
        RecordState::SideOutput => marks::square(at, marks::SQUARE_HALF * scale, colour),
        RecordState::OnTime => marks::dot(at, marks::DOT_RADIUS * scale, alpha(colour, 0.82)),
        RecordState::Unassigned => marks::hollow(at, marks::DOT_RADIUS * scale, alpha(colour, 0.6)),
        RecordState::Waiting => marks::hollow(at, marks::DOT_RADIUS * scale, colour),
        RecordState::Undone => marks::hollow(at, marks::DOT_RADIUS * scale, alpha(colour, 0.75)),
        RecordState::ToCome => marks::hollow(at, marks::DOT_RADIUS * scale, alpha(colour, 0.45)),
    }
}

fn quiet_mark(scene: &Scene<'_>, record: &Special) {
    let scale = (scene.radius / 3.0).max(0.6);
    scene.painter.add(mark(scene, record.state, record.at, scale));
}

/// Discs with the value of the record inside.
fn discs(scene: &Scene<'_>, records: &[Special]) {
    let theme = scene.theme();
    for record in records {
        let (at, ink) = (record.at, colour(scene, record.state));
        let text = match record.state {
            RecordState::Behind => {
                scene.painter.add(marks::diamond(at, scene.radius + 3.0, ink));
                theme.plot
            }
            RecordState::Dropped => {
                scene.painter.add(marks::cross(at, scene.radius * 0.6, ink));
                continue;
            }
            RecordState::GivenUp => {
                scene.painter.add(marks::triangle_hollow(at, scene.radius * 0.6, ink));
                continue;
            }
            RecordState::SideOutput => {
                let rect = Rect::from_center_size(at, vec2(2.0, 2.0) * (scene.radius - 1.5));
                scene.painter.rect_filled(rect, 1.0, theme.plot);
                scene.painter.add(marks::square(at, scene.radius - 1.5, ink));
                theme.t1
            }
            RecordState::OnTime => {
                let fill = theme.plot.lerp_to_gamma(theme.on_time, 0.38);
                scene.painter.circle(at, scene.radius - 1.0, fill, Stroke::new(1.2, ink));
                theme.t1
            }
            RecordState::Waiting | RecordState::Unassigned | RecordState::Undone => {
                scene.painter.circle(at, scene.radius - 1.0, theme.plot, Stroke::new(1.2, ink));
                theme.t2
            }
            RecordState::ToCome => {
                scene.painter.circle_stroke(at, scene.radius - 1.0, Stroke::new(1.2, alpha(ink, 0.5)));
                alpha(theme.t3, 0.8)
            }
        };
        let value = number::short(scene.trace().stream.values()[record.id]);
        let size = if value.chars().count() > 3 { 10.0 } else { 11.5 };
        scene.painter.text(at, Align2::CENTER_CENTER, value, font::medium(size), text);
    }
}
