//! Topology: the pipeline from the log to the sink at the playback instant. What every task did with
//! the time just before it, how full its channels are, its watermark and its silence by name; why records
//! wait, in words; and below it the row of what can be broken. The slow node is marked, not those that
//! wait because of it.

pub mod ends;
mod layout;
pub mod model;
mod paint;

use egui::text::LayoutJob;
use egui::{Align, Layout, Rect, RichText, Role, Sense, TextFormat, Ui, WidgetInfo, pos2, vec2};

use crate::app::arrangement::Preset;
use crate::app::insight::Insight;
use crate::app::panels::faults::{self, FaultsState};
use crate::app::panels::guarantees::air;
use crate::app::panels::topology::ends::Ends;
use crate::app::panels::topology::model::{Model, Said};
use crate::app::panels::topology::paint::Brush;
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::metrics::tasks::phrase::Clock;
use crate::runtime::Trace;
use crate::time::ProcTime;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct TopologyState {
    faults: FaultsState,
    /// Of which run, at which instant.
    shown: Option<(u64, ProcTime, Model)>,
}

/// Between two paragraphs below the picture, and the height of a line of a cause.
const BETWEEN: f32 = 6.0;
const LINE: f32 = 17.0;
/// Lines of prose are never longer.
const PROSE: f32 = 820.0;

/// Draws the panel into all of `ui`: the picture, and below it what can be broken.
pub fn topology_ui(ui: &mut Ui, view: &View<'_>, state: &mut TopologyState, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let whole = ui.max_rect();
    let is_present = view.preset == Preset::Present;
    // In front of people its left edge is that of the columns below it.
    let rect = if is_present { whole.shrink2(vec2(air(whole.width()) - space::PANEL, 0.0)) } else { whole };
    ui.painter().rect_filled(whole, 0.0, theme.panel);
    let insight = view.run.insight();
    let over = insight.map(|insight| format!("over the last {}", human::span(insight.recent_length())));
    let over = over.map(|over| if is_present { moment(view).unwrap_or(over) } else { over });
    frame::panel_in(
        ui,
        theme,
        rect,
        ("Topology", if is_present { font::finding() } else { font::title() }),
        |ui| {
            if let Some(over) = over.filter(|_| ui.available_width() > 480.0) {
                let letters = if is_present { font::body() } else { font::tick() };
                ui.label(RichText::new(over).font(letters).color(theme.t3));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| legend_ui(ui, theme));
        },
        |_| {},
    );
    let body = rect.with_min_y(rect.top() + space::HEADER);
    let row = body.shrink2(vec2(space::PANEL, 0.0));
    let high = faults::height(ui, view, row.width());
    let body = body.with_max_y(body.bottom() - high - 2.0 * space::M);
    let row = row.with_min_y(row.bottom() - high - space::M);
    faults::faults_ui(ui, view, &mut state.faults, row, commands);
    let Some(insight) = insight else {
        empty(ui, theme, body, "Working out what every task did");
        ui.ctx().request_repaint();
        return;
    };
    if view.run.trace.stream.is_empty() {
        empty(ui, theme, body, "No records, so no task has anything to do");
        return;
    }
    let model = current(state, &view.run.trace, insight, view.run.generation, view.now);
    let is_far = is_present && body.width() >= 1_440.0;
    let ends = is_far.then(|| Ends::of(view.run, insight, view.now));
    let look = Look { scale: scale(view, body), words: Words::Below, ends: ends.as_ref() };
    frame::scope(ui, "topology", body, Layout::top_down(Align::Min), |ui| {
        draw(ui, theme, Clock::of(insight.metrics.span()), model, body, look);
    });
}

/// What the job is up to at the cursor, where it has failed and is not yet as it was.
fn moment(view: &View<'_>) -> Option<String> {
    let rows = &view.run.trace.recovery.as_deref()?.recoveries;
    let row = rows[..rows.partition_point(|row| row.failed_at <= view.now)].last()?;
    let before = |at: Option<ProcTime>| at.is_none_or(|at| view.now < at);
    let words = if before(row.detected_at) {
        "failed, and nobody has noticed"
    } else if before(row.restarted_at) {
        "failed, and not yet started again"
    } else if before(row.restored_at) {
        "reading its state after the failure"
    } else if before(row.caught_up_at) {
        "catching up after the failure"
    } else {
        return None;
    };
    Some(format!("{}, {words}", time_ticks::clock(view.now.micros(), 1e6)))
}

/// Cards grow with the room that there is for them; in front of people they are large.
fn scale(view: &View<'_>, body: Rect) -> f32 {
    let room = (body.width() / 1_100.0).min(body.height() / 420.0);
    let large =
        if view.preset == Preset::Present && body.width() > 1_200.0 && body.height() > 225.0 { 1.2 } else { 1.0 };
    room.within(large, 1.5)
}

fn current<'a>(
    state: &'a mut TopologyState,
    trace: &Trace,
    insight: &Insight,
    generation: u64,
    now: ProcTime,
) -> &'a Model {
    if state.shown.as_ref().is_some_and(|(of, at, _)| (*of, *at) != (generation, now)) {
        state.shown = None;
    }
    &state.shown.get_or_insert_with(|| (generation, now, Model::of(trace, insight, now))).2
}

/// Whether there are words below the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// What waits, and why.
    Below,
    /// The picture alone.
    None,
}

/// How a topology is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look<'a> {
    /// How many times its size everything is.
    pub scale: f32,
    /// Whether there are words below.
    pub words: Words,
    /// What stands before the log and behind the sink, where that is shown.
    pub ends: Option<&'a Ends>,
}

/// Width of the cards at both ends, and of the edges beside them.
const END: f32 = 116.0;
const END_EDGE: f32 = 84.0;

/// Draws a topology into `body`.
pub fn draw(ui: &mut Ui, theme: &Theme, clock: Clock, model: &Model, body: Rect, look: Look<'_>) {
    let Look { scale, words: has_words, ends } = look;
    let inner = if ends.is_some() { body.shrink2(vec2((END + END_EDGE) * scale, 0.0)) } else { body };
    let rows: Vec<usize> = model.stages.iter().map(|stage| stage.rows.len()).collect();
    let words = if has_words == Words::None { 0.0 } else { words_height(ui, theme, model, inner.width(), scale) };
    let layout = layout::layout(inner, &rows, model.dead_letters.is_some(), words, scale);
    let painter = ui.painter().clone();
    let brush = Brush { painter: &painter, theme, clock, scale };
    if let (Some(ends), Some(first), Some(last)) = (ends, layout.cards.first(), layout.cards.last()) {
        ends_ui(ui, &brush, ends, (first.rect, last.rect));
    }
    for (card, stage) in layout.cards.iter().zip(&model.stages) {
        brush.card(card, stage);
        for (place, (rect, row)) in card.rows.iter().zip(&stage.rows).enumerate() {
            brush.row(*rect, row, layout.has_details);
            said(ui, (stage.name, place), *rect, &row.words);
        }
    }
    for (place, (rect, edge)) in layout.edges.iter().zip(&model.edges).enumerate() {
        brush.edge(*rect, edge);
        said(ui, ("edge", place), *rect, &edge.words);
    }
    if let (Some(rect), Some(letters), Some(sources)) = (layout.dead_letters, model.dead_letters, layout.cards.get(1)) {
        brush.dead_letters(rect, sources.rect, letters);
        said(ui, "dead letters", rect, &format!("Dead letters: {}", human::count(letters as u64)));
    }
    if has_words == Words::Below {
        words_ui(ui, theme, model, layout.words, scale);
    }
}

/// The producers left of the first card, and the table right of the last.
fn ends_ui(ui: &Ui, brush: &Brush<'_>, ends: &Ends, (first, last): (Rect, Rect)) {
    let (wide, gap, high) = (END * brush.scale, END_EDGE * brush.scale, layout::LEAST_CARD * brush.scale);
    let source = Rect::from_min_size(pos2(first.left() - gap - wide, first.top()), vec2(wide, high));
    let table = Rect::from_min_size(pos2(last.right() + gap, last.top()), vec2(wide, high));
    brush.producers(source, ends);
    said(ui, "producers", source, &format!("{}: {}", ends.source, ends.about));
    brush.table(table, &ends.table);
    let rows: Vec<String> = ends.table.iter().map(|(window, value)| format!("{window} {value}")).collect();
    said(ui, "table", table, &format!("Table: {}", if rows.is_empty() { "empty".to_owned() } else { rows.join(", ") }));
    for (name, left, right, edge) in [
        ("into the log", source.right(), first.left(), &ends.into_log),
        ("into the table", last.right(), table.left(), &ends.into_table),
    ] {
        let rect = Rect::from_x_y_ranges(left..=right, first.top()..=first.top() + high);
        brush.edge(rect, edge);
        said(ui, name, rect, &edge.words);
    }
}

/// A part of the picture as a screen reader and the pointer find it.
fn said(ui: &Ui, id: impl std::hash::Hash + std::fmt::Debug, rect: Rect, words: &str) {
    let response = ui.interact(rect, ui.scope_id().with(id), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    response.on_hover_text(words);
}

/// What waits, and why.
fn words_ui(ui: &mut Ui, theme: &Theme, model: &Model, rect: Rect, scale: f32) {
    let rect = rect.with_max_x(rect.right().min(rect.left() + PROSE * scale));
    frame::scope(ui, "causes", rect, Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = BETWEEN;
        let mut left = rect.height();
        for mut job in paragraphs(theme, model, rect.width(), scale) {
            // What has no room is cut where it can be seen, and told in full under the pointer.
            job.wrap.max_rows = ((left / (LINE * scale)) as usize).max(usize::from(left >= LINE));
            if job.wrap.max_rows == 0 {
                break;
            }
            let words = job.text.clone();
            let galley = ui.painter().layout_job(job);
            let is_cut = galley.elided;
            left -= galley.size().y + BETWEEN;
            let shown = ui.label(galley);
            if is_cut {
                shown.on_hover_text(words);
            }
        }
    });
}

/// How much of the height the words would like to have.
fn words_height(ui: &Ui, theme: &Theme, model: &Model, width: f32, scale: f32) -> f32 {
    let width = (width - 2.0 * space::PANEL).min(PROSE * scale);
    let heights = paragraphs(theme, model, width, scale).into_iter().map(|job| ui.painter().layout_job(job).size().y);
    // Words begin a little below the cards.
    heights.map(|height| height + BETWEEN).sum::<f32>() + 14.0
}

/// What is said below the picture: what waits, by whom the watermark is held back, and the causes.
fn paragraphs(theme: &Theme, model: &Model, width: f32, scale: f32) -> Vec<LayoutJob> {
    let body = font::regular(12.0 * scale);
    let plain = |text: &str, colour| {
        let mut job = LayoutJob::default();
        let format = TextFormat {
            font_id: body.clone(),
            color: colour,
            line_height: Some(LINE * scale),
            ..TextFormat::default()
        };
        job.append(text, 0.0, format);
        job.wrap.max_width = width;
        job
    };
    let first = [&model.backlog, &model.held_back];
    let mut jobs: Vec<LayoutJob> =
        first.into_iter().filter(|text| !text.is_empty()).map(|text| plain(text, theme.t2)).collect();
    if model.causes.is_empty() {
        jobs.push(plain("No task waits for another.", theme.t3));
    }
    jobs.extend(model.causes.iter().enumerate().map(|(place, cause)| of_cause(theme, place, cause, width, scale)));
    jobs
}

fn of_cause(theme: &Theme, place: usize, cause: &Said, width: f32, scale: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    let format =
        |font, color| TextFormat { font_id: font, color, line_height: Some(LINE * scale), ..TextFormat::default() };
    let first = if place == 0 { theme.t1 } else { theme.t2 };
    job.append(&cause.headline, 0.0, format(font::semibold(12.5 * scale), first));
    job.append(&cause.detail, 5.0, format(font::regular(12.0 * scale), theme.t2));
    job.wrap.max_width = width;
    job
}

/// What the colours of the bars stand for.
fn legend_ui(ui: &mut Ui, theme: &Theme) {
    ui.spacing_mut().item_spacing.x = 6.0;
    for (name, colour) in [("idle", theme.idle), ("backpressured", theme.backpressure), ("busy", theme.busy)] {
        ui.label(RichText::new(name).font(font::legend()).color(theme.t2));
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 9.0), Sense::hover());
        ui.painter().rect_filled(rect, radius::BAR, colour);
        if colour == theme.backpressure {
            let line = egui::Stroke::new(1.4, alpha(theme.panel, 0.55));
            ui.painter().add(marks::hatch(rect, 5.0, line));
        }
        ui.add_space(space::S);
    }
}

/// A line of what an empty panel says is never longer: about 68 characters.
const EMPTY: f32 = 420.0;

/// A panel without anything to show says why.
pub fn empty(ui: &mut Ui, theme: &Theme, body: Rect, words: &str) {
    let body = Rect::from_min_max(
        pos2(body.left() + space::PANEL, body.top()),
        pos2(body.right() - space::PANEL, body.bottom()),
    );
    let mut job = LayoutJob::simple(words.to_owned(), font::prose(), theme.t2, body.width().min(EMPTY));
    job.halign = Align::Center;
    let galley = ui.painter().layout_job(job);
    let response = ui.interact(body, ui.scope_id().with("empty"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    ui.painter().galley(body.center() - vec2(0.0, galley.size().y / 2.0), galley, theme.t2);
}
