//! What every painter of the time map is given: the view, the model, the axes and a painter that is
//! cut to the plot. Nothing in it changes while a frame is drawn.

use std::ops::Range;

use egui::{Painter, Pos2, Rect, Shape, Stroke};

use crate::app::panels::time_map::camera::Axes;
use crate::app::panels::time_map::detail::RecordDetail;
use crate::app::panels::time_map::model::{Column, MapModel};
use crate::app::panels::time_map::values::Said;
use crate::app::theme::Theme;
use crate::app::view::{Selection, View};
use crate::pipeline::WindowSpec;
use crate::runtime::{Fate, Trace};
use crate::time::{EventTime, ProcTime, Span};

/// What every painter of the time map is given.
pub struct Scene<'a> {
    /// The run at one instant.
    pub view: &'a View<'a>,
    /// What is known of the run and the key.
    pub model: &'a MapModel,
    /// What columns have said, as far as it was asked for.
    pub said: &'a Said,
    /// Instants to pixels.
    pub axes: Axes,
    /// The plot.
    pub plot: Rect,
    /// Where the labels of event time hang, in points.
    pub foot: f32,
    /// Whether windows that overlap have lanes of their own, which say their values.
    pub has_lanes: bool,
    /// Cut to the plot.
    pub painter: Painter,
    /// How records are drawn.
    pub detail: RecordDetail,
    /// Radius of an ordinary record.
    pub radius: f32,
    /// The column under the pointer.
    pub hovered_column: Option<usize>,
}

/// What a record is at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Handled: counted, and not behind the watermark.
    OnTime,
    /// Handled: counted, but behind the watermark.
    Behind,
    /// Handled: dropped late.
    Dropped,
    /// Handled: sent to the side output.
    SideOutput,
    /// Handled: in no window.
    Unassigned,
    /// Shed, lost or refused before any window saw it.
    GivenUp,
    /// In the log or the queue, or being worked on.
    Waiting,
    /// Not in the log yet.
    ToCome,
    /// Handled, and undone by a restart: the filled mark is where it was handled for good.
    Undone,
}

impl RecordState {
    /// What record `i` is at `now`, at the place where it was first handled.
    pub fn of(trace: &Trace, i: usize, now: ProcTime) -> Self {
        if trace.stream.arrivals()[i] > now {
            return Self::ToCome;
        }
        if trace.handled[i] > now {
            return Self::Waiting;
        }
        Self::handled(trace, i, trace.fates[i])
    }

    /// What record `i` is once it has met this fate.
    pub fn handled(trace: &Trace, i: usize, fate: Fate) -> Self {
        match fate {
            Fate::DroppedLate => Self::Dropped,
            Fate::SideOutput => Self::SideOutput,
            Fate::Unassigned => Self::Unassigned,
            Fate::Counted if trace.stream.event_times()[i] < trace.watermark_before[i] => Self::Behind,
            Fate::Counted => Self::OnTime,
            Fate::Shed | Fate::Lost | Fate::Rejected | Fate::DeadLettered => Self::GivenUp,
            Fate::InFlight => Self::Waiting,
        }
    }
}

impl<'a> Scene<'a> {
    /// Colours.
    pub fn theme(&self) -> &'a Theme {
        self.view.theme
    }

    /// Everything that happened.
    pub fn trace(&self) -> &'a Trace {
        &self.view.run.trace
    }

    /// The height of the now line.
    pub fn now_y(&self) -> f32 {
        self.axes.proc.px_of(self.view.now.micros())
    }

    /// Instants of processing time at the bottom and the top of the plot, a little beyond.
    pub fn proc_in_view(&self) -> (ProcTime, ProcTime) {
        let margin = self.radius + 2.0;
        let at = |y: f32| ProcTime::from_micros(self.axes.proc.micros_at(y));
        let (bottom, top) = (at(self.plot.bottom() + margin), at(self.plot.top() - margin));
        if !self.axes.delays {
            return (bottom, top);
        }
        // Those are delays: the earliest is of an event at the left, the latest of one at the right.
        let (from, to) = self.event_in_view();
        (bottom + Span::from_micros(from.micros()), top + Span::from_micros(to.micros()))
    }

    /// The height of an instant of processing time over a horizontal pixel.
    pub fn height_at(&self, x: f32, at: ProcTime) -> f32 {
        let happened = EventTime::from_micros(self.axes.event.micros_at(x));
        self.axes.pos(happened, at).y
    }

    /// Instants of event time at the left and the right of the plot.
    pub fn event_in_view(&self) -> (EventTime, EventTime) {
        let at = |x: f32| EventTime::from_micros(self.axes.event.micros_at(x));
        (at(self.plot.left()), at(self.plot.right()))
    }

    /// Places in arrival order of the records whose mark or wait may be in view.
    pub fn records_in_view(&self) -> Range<usize> {
        let (bottom, top) = self.proc_in_view();
        let trace = self.trace();
        let first = trace.handled.partition_point(|&at| at < bottom);
        let stream = &trace.stream;
        let arrived = stream.arrivals_ascending().partition_point(|&at| at <= top);
        let last = if stream.is_in_arrival_order() { arrived } else { stream.len() };
        first..last.max(first)
    }

    /// Where the records of the shown keys are that are in view.
    pub fn places_in_view(&self) -> Vec<Pos2> {
        let trace = self.trace();
        self.records_in_view()
            .filter(|&i| self.view.shows_key(trace.stream.keys()[i]))
            .map(|i| self.axes.pos(trace.stream.event_times()[i], trace.handled[i]))
            .filter(|&at| self.plot.contains(at))
            .collect()
    }

    /// Indices of the columns that may be in view.
    pub fn columns_in_view(&self) -> Range<usize> {
        let (from, to) = self.event_in_view();
        self.model.columns_between(from, to)
    }

    /// Whether there are so few records, and so far apart, that the map is a figure: every record and
    /// every firing says its value.
    pub fn is_figure(&self) -> bool {
        self.detail == RecordDetail::Discs
    }

    /// The distance between the starts of neighbouring windows, in points.
    pub fn step_px(&self) -> f32 {
        let step = match self.trace().pipeline.window {
            WindowSpec::Tumbling { size, .. } => size,
            WindowSpec::Sliding { slide, .. } => slide,
            WindowSpec::Session { gap } => gap,
            WindowSpec::Cumulative { step, .. } => step,
            // The one window is wider than any plot.
            WindowSpec::Global => return f32::INFINITY,
        };
        self.axes.event.px_len(step.micros() as f64)
    }

    /// Whether windows overlap, so that areas would cover each other.
    pub fn overlapping(&self) -> bool {
        self.trace().pipeline.window.windows_per_record() > 1
    }

    /// Left and right pixel of a column.
    pub fn sides(&self, column: &Column) -> (f32, f32) {
        (self.axes.event.px_of(column.window.start.micros()), self.axes.event.px_of(column.window.end.micros()))
    }

    /// Columns that are selected: the window, or the windows of the record.
    pub fn selected_columns(&self) -> Vec<usize> {
        match self.view.selection {
            Selection::None => Vec::new(),
            Selection::Window { key, window } => self.model.find(window, key).into_iter().collect(),
            Selection::Record(id) if id.index() < self.trace().stream.len() => {
                let record = self.trace().stream.record(id);
                let range = self.model.columns_between(record.event_time, record.event_time);
                let holds = |i: &usize| {
                    let column = &self.model.columns[*i];
                    column.window.contains(record.event_time) && column.session_of.is_none_or(|key| key == record.key)
                };
                // Of overlapping windows the first: more outlines would be a thicket.
                range.filter(holds).take(1).collect()
            }
            Selection::Record(_) => Vec::new(),
        }
    }

    /// A dashed polyline of horizontal and rising pieces whose dashes move with the data.
    pub fn dashed_rise(&self, points: &[Pos2], stroke: Stroke, on: f32, off: f32) {
        let Some(first) = points.first() else { return };
        // Along such a line the distances on both axes add up to its length.
        let period = on + off;
        let begun = (self.axes.event.phase(first.x, period) + self.axes.proc.phase(first.y, period)) % period;
        self.painter.extend(Shape::dashed_line_with_offset(points, stroke, &[on], &[off], -begun));
    }
}
