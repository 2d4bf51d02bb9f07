//! Partitions: a row for each partition of the log. Its lag over the run with the cursor; where its
//! reader stands between what the log still keeps and its end; its watermark; its silence by name; and
//! who reads it. What few rows leave free shows how far every watermark is behind the clock.

mod behind;
mod model;
mod paint;

use egui::{Align, Align2, Layout, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::insight::Insight;
use crate::app::panels::partitions::model::{Courses, Standing};
use crate::app::panels::topology::empty;
use crate::app::theme::{Theme, font, space, stroke};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{focus, frame, marks};
use crate::explain::Subject;
use crate::human;
use crate::metrics::tasks::phrase::Clock;
use crate::record::PartitionId;
use crate::time::ProcTime;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct PartitionsState {
    courses: Option<(u64, Courses)>,
}

/// Height of the heads of the columns, and of the ticks of time.
const HEADS: f32 = 22.0;
const TICKS: f32 = 24.0;
/// A row is between these high.
const ROW: (f32, f32) = (34.0, 150.0);

/// Draws the panel into all of `ui`.
pub fn partitions_ui(ui: &mut Ui, view: &View<'_>, state: &mut PartitionsState, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let rect = ui.max_rect();
    let insight = view.run.insight();
    let words = insight.map(|insight| {
        let lag = insight.metrics.lag(view.now) as u64;
        format!("{} unread", human::count(lag))
    });
    frame::panel(
        ui,
        theme,
        rect,
        "Partitions",
        |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(words) = words {
                    ui.label(egui::RichText::new(words).font(font::legend()).color(theme.t2));
                }
            });
        },
        |_| {},
    );
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::PANEL, 0.0));
    let Some(insight) = insight else {
        empty(ui, theme, body, "Working out where every partition stands");
        ui.ctx().request_repaint();
        return;
    };
    if view.run.trace.stream.is_empty() {
        empty(ui, theme, body, "No records, so nothing is in the log");
        return;
    }
    if state.courses.as_ref().is_none_or(|(generation, _)| *generation != view.run.generation) {
        state.courses = Some((view.run.generation, Courses::of(&view.run.trace, insight)));
    }
    let Some((_, courses)) = &state.courses else { return };
    let table = Table { view, insight, courses, columns: Columns::of(body), clock: Clock::of(insight.metrics.span()) };
    table.ui(ui, body, commands);
}

/// Where the columns of the table lie.
#[derive(Clone, Copy, Debug)]
struct Columns {
    /// Number and owner.
    name: (f32, f32),
    /// Lag over time.
    chart: (f32, f32),
    /// The log from its first offset to its last; left out without room.
    log: Option<(f32, f32)>,
    /// Right edges of position, end and lag.
    numbers: [f32; 3],
    /// Left edge of watermark and silence.
    state: (f32, f32),
}

impl Columns {
    fn of(body: Rect) -> Self {
        let width = body.width();
        let (number, state) = (62.0, (width * 0.26).clamp(110.0, 300.0));
        let log = (width >= 760.0).then_some((width * 0.14).min(180.0));
        let state_left = body.right() - state;
        let numbers_right = state_left - 20.0;
        let numbers = [numbers_right - 2.0 * number, numbers_right - number, numbers_right];
        let numbers_left = numbers_right - 3.0 * number;
        let log = log.map(|log| (numbers_left - log, numbers_left));
        let chart_right = log.map_or(numbers_left, |log| log.0 - 16.0);
        let name = (body.left(), body.left() + 74.0);
        Self { name, chart: (name.1, chart_right.max(name.1 + 20.0)), log, numbers, state: (state_left, body.right()) }
    }
}

struct Table<'a> {
    view: &'a View<'a>,
    insight: &'a Insight,
    courses: &'a Courses,
    columns: Columns,
    clock: Clock,
}

impl Table<'_> {
    fn ui(&self, ui: &mut Ui, body: Rect, commands: &mut Vec<Command>) {
        let theme = self.view.theme;
        let count = self.courses.of.len();
        self.heads(ui, body);
        let rows = Rect::from_min_max(pos2(body.left(), body.top() + HEADS), pos2(body.right(), body.bottom() - TICKS));
        let height = (rows.height() / count.max(1) as f32).within(ROW.0, ROW.1);
        let shown = rows.with_max_y(rows.bottom().min(rows.top() + height * count as f32));
        let free = rows.with_min_y(shown.bottom());
        let run = self.insight.metrics.span();
        let range = TimeRange::of_micros(run.from.micros(), run.until.micros());
        let axis = TimeAxis::new(range, self.columns.chart.0, self.columns.chart.1);
        let has_lines = free.height() >= behind::LEAST && self.courses.behind.iter().any(|line| !line.is_empty());
        if has_lines {
            let end = self.behind_ui(ui, free, axis);
            self.ticks(ui, axis, end);
        } else {
            self.ticks(ui, axis, shown.bottom());
        }
        frame::scope(ui, "partition rows", shown, Layout::top_down(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.style_mut().interaction.selectable_labels = false;
            egui::ScrollArea::vertical().auto_shrink(false).show_rows(ui, height, count, |ui, range| {
                for partition in range {
                    let (rect, _) = ui.allocate_exact_size(vec2(body.width(), height), Sense::hover());
                    self.row(ui, theme, rect, axis, partition, commands);
                }
            });
        });
        let now = ui.painter().round_to_pixel_center(axis.px_of(self.view.now.micros()));
        ui.painter().vline(now, shown.y_range(), Stroke::new(stroke::SELECTION, theme.now));
    }

    fn heads(&self, ui: &Ui, body: Rect) {
        let theme = self.view.theme;
        let y = body.top() + HEADS / 2.0 - 3.0;
        let columns = &self.columns;
        let head = |x: f32, anchor: Align2, text: &str| {
            ui.painter().text(pos2(x, y), anchor, text, font::tick(), theme.t3);
        };
        let most = human::count(u64::from(self.courses.most));
        head(columns.name.0, Align2::LEFT_CENTER, "partition");
        head(columns.chart.0, Align2::LEFT_CENTER, &format!("unread, up to {most}"));
        if let Some(log) = columns.log {
            head(log.0, Align2::LEFT_CENTER, "the log");
        }
        for (x, name) in columns.numbers.into_iter().zip(["position", "end", "lag"]) {
            head(x, Align2::RIGHT_CENTER, name);
        }
        head(columns.state.0, Align2::LEFT_CENTER, "watermark, silence");
    }

    fn ticks(&self, ui: &Ui, axis: TimeAxis, y: f32) {
        let theme = self.view.theme;
        for tick in time_ticks::ticks(axis, 70.0) {
            let galley = ui.painter().layout_no_wrap(tick.label, font::tick(), theme.t3);
            let half = galley.size().x / 2.0;
            let x = tick.px.within(self.columns.chart.0 + half, self.columns.chart.1 - half);
            ui.painter().galley(pos2(x - half, y + 5.0), galley, theme.t3);
        }
    }

    fn row(
        &self,
        ui: &mut Ui,
        theme: &Theme,
        rect: Rect,
        axis: TimeAxis,
        partition: usize,
        commands: &mut Vec<Command>,
    ) {
        let rules = self.view.run.scenario.log.rules();
        let trace = &self.view.run.trace;
        let standing = Standing::of(trace, self.insight, &rules, partition, self.view.now);
        let (Some(standing), Some(course)) = (standing, self.courses.of.get(partition)) else { return };
        let words = standing.words(self.clock);
        let response = ui.interact(rect, ui.scope_id().with(("partition", partition)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        let chart =
            Rect::from_x_y_ranges(self.columns.chart.0..=self.columns.chart.1, rect.top() + 4.0..=rect.bottom() - 4.0);
        let seek = ui.interact(chart, ui.scope_id().with(("lag", partition)), Sense::CLICK | Sense::DRAG);
        seek.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Lag of partition {partition} over time")));
        if let Some(pointer) = seek.interact_pointer_pos().filter(|_| seek.clicked() || seek.dragged()) {
            commands.push(Command::Seek(ProcTime::from_micros(axis.micros_at(pointer.x))));
        }
        let silence = Rect::from_x_y_ranges(self.columns.state.0..=self.columns.state.1, rect.y_range());
        let why = ui.interact(silence, ui.scope_id().with(("why", partition)), Sense::click());
        why.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Why partition {partition} is as it is")));
        focus::ring(ui, self.view.theme, silence.shrink2(vec2(0.0, 4.0)), &why);
        if why.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
            let partition = PartitionId(partition as u32);
            commands.push(Command::Ask(Subject::Partition { partition, at: self.view.now }));
        }
        let painter = ui.painter();
        marks::hline(painter, rect.x_range(), rect.bottom(), theme.hair);
        let now = axis.px_of(self.view.now.micros());
        paint::lag(painter, theme, chart, axis, course, self.courses.most, now);
        self.texts(ui, rect, &standing);
        response.on_hover_text(words);
    }

    /// Rows of one reader are tied together: a line that goes on into the next row of the same reader.
    fn tie(&self, painter: &egui::Painter, rect: Rect, standing: &Standing) {
        let metrics = &self.insight.metrics;
        // There are at most a few thousand partitions.
        let reader = |partition: usize| metrics.owners().reader_at(PartitionId(partition as u32), self.view.now);
        let own = reader(standing.partition);
        let goes_on = standing.partition + 1 < metrics.partitions().len() && reader(standing.partition + 1) == own;
        let comes_from = standing.partition > 0 && reader(standing.partition - 1) == own;
        let top = if comes_from { rect.top() } else { rect.top() + 6.0 };
        let bottom = if goes_on { rect.bottom() } else { rect.bottom() - 6.0 };
        let x = painter.round_to_pixel_center(self.columns.name.0 + 1.0);
        let line = Stroke::new(2.0, self.view.theme.idle);
        painter.vline(x, top..=bottom, line);
    }

    fn texts(&self, ui: &Ui, rect: Rect, standing: &Standing) {
        let (painter, theme, columns) = (ui.painter(), self.view.theme, &self.columns);
        let (upper, lower) = (rect.center().y - 8.0, rect.center().y + 8.0);
        let number = standing.partition.to_string();
        painter.text(pos2(columns.name.0 + 9.0, upper), Align2::LEFT_CENTER, number, font::value(), theme.t1);
        let owner = standing.reader();
        painter.text(pos2(columns.name.0 + 9.0, lower), Align2::LEFT_CENTER, owner, font::tick(), theme.t3);
        self.tie(painter, rect, standing);
        if let Some((left, right)) = columns.log {
            let bar =
                Rect::from_center_size(pos2((left + right) / 2.0, rect.center().y), vec2(right - left - 8.0, 10.0));
            paint::log(painter, theme, bar, standing);
        }
        let y = rect.center().y;
        for (x, value) in columns.numbers.into_iter().zip([standing.position, standing.end, standing.lag()]) {
            paint::number(painter, theme, pos2(x, y), value);
        }
        let (left, right) = columns.state;
        let watermark = standing.watermark.map(|watermark| self.clock.tell(watermark.on_proc_clock()));
        let line = [pos2(left, upper), pos2(left + 9.0, upper)];
        let colour = if watermark.is_some() { theme.watermark } else { theme.idle };
        painter.line_segment(line, Stroke::new(stroke::WATERMARK, colour));
        let words = watermark.unwrap_or_else(|| "no watermark".to_owned());
        painter.text(pos2(left + 14.0, upper), Align2::LEFT_CENTER, words, font::tick(), theme.t2);
        let (name, reason) = (standing.silence.word(), standing.silence.reason(self.clock));
        let swatch = Rect::from_center_size(pos2(left + 4.5, lower), vec2(9.0, 5.0));
        if !standing.silence.is_active() {
            paint::silence(painter, theme, swatch, name, 1.0);
        }
        let at = pos2(left + 14.0, lower);
        let words = if reason.is_empty() { name.to_owned() } else { format!("{name}: {reason}") };
        let colour = if standing.silence.is_active() { theme.t3 } else { theme.t1 };
        let lines = if rect.height() >= 60.0 { 2 } else { 1 };
        paint::words(painter, at, right - at.x, lines, &words, (font::tick(), colour));
    }
}
