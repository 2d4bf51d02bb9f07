//! How far the watermark of every partition is behind the clock, over the run, on the axis of the rows above:
//! the one that holds the others back stands out.

use egui::{Align2, Painter, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};

use crate::app::panels::partitions::Table;
use crate::app::theme::{alpha, font, stroke};
use crate::app::time_axis::TimeAxis;
use crate::app::time_ticks;
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::human;
use crate::metrics::tasks::Input;
use crate::record::PartitionId;
use crate::time::{ProcTime, Span};

/// The plot needs at least so much room, and takes no more than this.
pub const LEAST: f32 = 130.0;
const MOST: f32 = 600.0;
/// Above the plot, for its name.
const NAME: f32 = 30.0;
/// Opacity of what is still to come.
const FUTURE: f32 = 0.35;

impl Table<'_> {
    /// Draws the plot into the upper part of `free`. Where it ends.
    pub(super) fn behind_ui(&self, ui: &Ui, free: Rect, axis: TimeAxis) -> f32 {
        let theme = self.view.theme;
        let (left, right) = self.columns.chart;
        let bottom = free.bottom().min(free.top() + MOST);
        let plot = Rect::from_min_max(pos2(left, free.top() + NAME), pos2(right, bottom));
        let painter = ui.painter();
        let at = pos2(left, free.top() + NAME - 10.0);
        painter.text(at, Align2::LEFT_CENTER, "watermark behind the clock", font::tick(), theme.t3);
        painter.rect_filled(plot, 0.0, theme.plot);
        let most = self.courses.behind.iter().flatten().map(|(_, span)| span.micros()).max().unwrap_or(0);
        let top = most.max(1) as f32 * 1.12;
        let y = |span: Span| plot.bottom() - plot.height() * (span.micros().max(0) as f32 / top);
        let step = time_ticks::span_step(f64::from(top / plot.height()), 40.0);
        for mark in (0..=64).map(|i| i * step).take_while(|&mark| mark as f32 <= top) {
            let at = Span::from_micros(mark);
            marks::hline(painter, plot.x_range(), y(at), theme.grid);
            painter.text(pos2(left - 7.0, y(at)), Align2::RIGHT_CENTER, human::span(at), font::tick(), theme.t3);
        }
        for tick in time_ticks::ticks(axis, 70.0) {
            marks::vline(painter, tick.px, plot.y_range(), theme.grid);
        }
        let holder = self.holder();
        let now = axis.px_of(self.view.now.micros()).within(left, right);
        // The one that holds the others back is drawn over them.
        let mut order: Vec<usize> = (0..self.courses.behind.len()).collect();
        order.sort_by_key(|&partition| Some(partition) == holder);
        for partition in order {
            let line = &self.courses.behind[partition];
            let points: Vec<Pos2> = line.iter().map(|&(at, span)| pos2(axis.px_of(at.micros()), y(span))).collect();
            let is_holder = Some(partition) == holder;
            let (width, colour) = if is_holder { (stroke::WATERMARK, theme.watermark) } else { (1.2, theme.t3) };
            for (part, strength) in [(plot.with_max_x(now), 1.0), (plot.with_min_x(now), FUTURE)] {
                let painter = painter.with_clip_rect(part.intersect(painter.clip_rect()));
                painter.line(points.clone(), Stroke::new(width, alpha(colour, strength)));
            }
        }
        let now = painter.round_to_pixel_center(now);
        painter.vline(now, plot.y_range(), Stroke::new(stroke::SELECTION, theme.now));
        self.name_holder(ui, painter, plot, holder);
        plot.bottom()
    }

    /// The partition whose watermark is the least at the cursor, where there are several.
    fn holder(&self) -> Option<usize> {
        let inputs = self.insight.metrics.inputs();
        let (_, holders) = inputs.holders(self.view.now);
        let first = holders.first().copied()?;
        // There are at most a few thousand partitions.
        let all = 0..self.courses.behind.len();
        all.into_iter().find(|&it| match first {
            Input::Partition(partition) => partition.index() == it,
            Input::Source(_) => inputs.of_partition(PartitionId(it as u32)) == first,
        })
    }

    /// Who is furthest behind at the cursor, beside the plot.
    fn name_holder(&self, ui: &Ui, painter: &Painter, plot: Rect, holder: Option<usize>) {
        let theme = self.view.theme;
        let behind = |partition: usize, now: ProcTime| {
            let line = self.courses.behind.get(partition)?;
            let before = line.partition_point(|&(at, _)| at <= now).checked_sub(1)?;
            Some(line[before].1)
        };
        let words = match holder.and_then(|it| Some((it, behind(it, self.view.now)?))) {
            Some((it, span)) if self.courses.behind.len() > 1 => {
                format!("partition {it} has the least: {} behind", human::span(span))
            }
            Some((_, span)) => format!("{} behind", human::span(span)),
            None => "no watermark yet".to_owned(),
        };
        let response = ui.interact(plot, ui.scope_id().with("watermarks"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Watermark behind the clock: {words}")));
        let at = pos2(plot.right(), plot.top() - 10.0);
        painter.text(at, Align2::RIGHT_CENTER, words, font::tick(), theme.t1);
    }
}
