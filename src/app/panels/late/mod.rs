//! Late and dropped: how long records take to arrive, by what became of them, beside the bound.
//!
//! - [`bins`]: the delays of a run in bins, for any instant
//! - [`callouts`]: where the names of the lines go
//! - [`over_time`]: the same fates over the run, in a strip
//! - [`scale`]: people's delays along a logarithmic axis

mod bins;
mod callouts;
mod over_time;
mod scale;

use egui::{Align2, Color32, Painter, Rect, Sense, Stroke, Ui, pos2, vec2};

use crate::app::theme::{Theme, font, radius, space};
use crate::app::view::{Command, View};
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{focus, frame, marks};
use crate::human;
use crate::metrics::quantile::{P50, P99};
use crate::time::Span;

pub use scale::round_count;

use bins::{BINS, DelayAxis, DelayBins, KINDS, Kind, Table};
use callouts::Callout;

/// What the panel keeps between frames: the bins of the run on screen.
#[derive(Debug, Default)]
pub struct LateState {
    bins: Option<(u64, DelayBins)>,
    axis: DelayAxis,
}

/// Height of the labels above the bars, and of the axis below them.
const LABELS: f32 = 34.0;
const AXIS: f32 = 26.0;
/// Height of the strip over time, and the height of the panel from which it is shown.
const STRIP: f32 = 40.0;
const STRIP_FROM: f32 = 190.0;
/// Width left of the bars, for counts.
const COUNTS: f32 = 34.0;

/// Draws the panel into all of `ui`.
pub fn late_ui(ui: &mut Ui, view: &View<'_>, state: &mut LateState, commands: &mut Vec<Command>) {
    let run = view.run;
    let LateState { bins, axis } = state;
    let is_of = |(generation, bins): &(u64, DelayBins)| *generation == run.generation && bins.axis == *axis;
    if !bins.as_ref().is_some_and(is_of) {
        let before = bins.as_ref().map(|(_, before)| before);
        *bins = Some((run.generation, DelayBins::of(&run.trace, &run.delays, *axis, before)));
    }
    let Some((_, bins)) = &*bins else { return };
    let ledger = run.ledger_at(view.now);
    let handled = run.trace.at(view.now).handled;
    let aside = ledger.dropped_late + ledger.side_output;
    let behind = human::count(run.behind_at(view.now));
    let gone = if ledger.side_output > 0 { "to the side output" } else { "dropped" };
    let headline = format!("{behind} behind, {} {gone} of {}", human::count(aside), human::count(handled as u64));
    let rect = ui.max_rect();
    frame::panel(
        ui,
        view.theme,
        rect,
        "Late and dropped",
        |ui| {
            let words = ui.painter().layout_no_wrap(headline.clone(), font::legend(), view.theme.t2);
            if ui.available_width() > words.size().x + 190.0 {
                frame::caption(ui, view.theme, "delay, by fate");
            }
            if ui.available_width() > words.size().x + 90.0 {
                axis_ui(ui, view.theme, axis);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(egui::RichText::new(headline).font(font::legend()).color(view.theme.t2));
            });
        },
        |ui| {
            let area = ui.max_rect().shrink2(vec2(space::PANEL, space::S));
            if run.delays.is_empty() {
                empty(ui, view.theme, area, "No records");
                return;
            }
            let strip = area.height() > STRIP_FROM;
            let (area, below) = area.split_top_bottom_at_y(area.bottom() - if strip { STRIP } else { 0.0 });
            let counts = bins.counts(handled);
            let plot = Plot::new(bins, area, &counts);
            if strip {
                over_time::paint(ui.painter(), view, below.with_min_x(plot.bars.left()));
            }
            plot.paint(ui, view, &counts);
            plot.card_ui(ui, view.theme, &counts);
            plot.bound_ui(ui, view, commands);
        },
    );
}

/// Room for the counts left of the bars: a little more for every digit or comma from the fourth on.
fn counts_width(highest: u32) -> f32 {
    COUNTS + 6.5 * human::count(u64::from(highest)).len().saturating_sub(4) as f32
}

/// Switches between the axes.
fn axis_ui(ui: &mut Ui, theme: &Theme, axis: &mut DelayAxis) {
    let (name, other) = match axis {
        DelayAxis::Log => ("Log axis", DelayAxis::Linear),
        DelayAxis::Linear => ("Linear axis", DelayAxis::Log),
    };
    if button(ui, theme, name, Loudness::Quiet).on_hover_text("Press for the other one").clicked() {
        *axis = other;
    }
}

/// What an empty panel says.
fn empty(ui: &Ui, theme: &Theme, area: Rect, text: &str) {
    ui.painter().text(area.center(), Align2::CENTER_CENTER, text, font::body(), theme.t3);
}

/// The geometry of one frame.
struct Plot<'a> {
    bins: &'a DelayBins,
    /// The whole of the bars, the bin of delays that are not positive included.
    bars: Rect,
    /// The logarithmic axis.
    log: Rect,
    /// The count that is as high as `bars`.
    top: f32,
}

impl<'a> Plot<'a> {
    fn new(bins: &'a DelayBins, area: Rect, counts: &Table) -> Self {
        let highest = counts.iter().map(|bin| bin.iter().sum::<u32>()).max().unwrap_or(0);
        let bars = Rect::from_min_max(
            pos2(area.left() + counts_width(highest), area.top() + LABELS),
            pos2(area.right(), area.bottom() - AXIS),
        );
        let left = if bins.has_nonpositive() { bars.width() * 0.09 } else { 0.0 };
        let log = Rect::from_min_max(pos2(bars.left() + left, bars.top()), bars.max);
        Self { bins, bars, log, top: (highest.max(4) as f32) * 1.08 }
    }

    fn x(&self, delay: Span) -> f32 {
        let place = self.bins.place(delay.as_secs_f64()) as f32;
        self.log.left() + place.clamp(-0.02, 1.0) * self.log.width()
    }

    fn y(&self, count: f32) -> f32 {
        self.bars.bottom() - count / self.top * self.bars.height()
    }

    fn bar(&self, bin: usize) -> Rect {
        let (left, right) = if bin == 0 {
            (self.bars.left(), self.log.left() - 8.0)
        } else {
            let width = self.log.width() / BINS as f32;
            (self.log.left() + (bin - 1) as f32 * width, self.log.left() + bin as f32 * width - 1.5)
        };
        Rect::from_min_max(pos2(left, self.bars.top()), pos2(right.max(left + 1.0), self.bars.bottom()))
    }

    fn paint(&self, ui: &Ui, view: &View<'_>, counts: &Table) {
        let (painter, theme) = (ui.painter(), view.theme);
        self.paint_grid(painter, theme);
        for (bin, counts) in counts.iter().enumerate() {
            self.paint_bar(painter, theme, bin, counts);
        }
        if self.bins.has_nonpositive() {
            let at = pos2(self.bar(0).center().x, self.bars.bottom() + 6.0);
            painter.text(at, Align2::CENTER_TOP, "\u{2264} 0", font::tick(), theme.t3);
        }
        self.paint_lines(painter, view);
        let bound = view.scenario.pipeline.watermark.bound();
        self.paint_rule_of_thumb(painter, theme, (view.run.delay_quantile(P99), bound), counts);
    }

    fn paint_grid(&self, painter: &Painter, theme: &Theme) {
        let step = scale::round_count(self.top / 4.5);
        let mut count = step;
        while (count as f32) < self.top {
            let y = self.y(count as f32);
            marks::hline(painter, self.bars.x_range(), y, theme.grid_minor);
            let at = pos2(self.bars.left() - 8.0, y);
            painter.text(at, Align2::RIGHT_CENTER, human::count(u64::from(count)), font::tick(), theme.t3);
            count += step;
        }
        marks::hline(painter, self.bars.x_range(), self.bars.bottom(), theme.grid);
        for (span, label) in scale::ticks(self.bins, self.log.width()) {
            let x = self.x(span);
            marks::vline(painter, x, (self.bars.bottom()..=self.bars.bottom() + 4.0).into(), theme.grid);
            let galley = painter.layout_no_wrap(label, font::tick(), theme.t3);
            let half = galley.size().x / 2.0;
            let at = x.within(self.bars.left() + half, self.bars.right() - half);
            painter.galley(pos2(at - half, self.bars.bottom() + 6.0), galley, theme.t3);
        }
    }

    fn paint_bar(&self, painter: &Painter, theme: &Theme, bin: usize, counts: &[u32; KINDS]) {
        let column = self.bar(bin);
        let mut below = 0;
        for (kind, colour) in [
            (Kind::OnTime, theme.on_time),
            (Kind::Behind, theme.behind),
            (Kind::SideOutput, theme.side),
            (Kind::Dropped, theme.dropped),
        ] {
            let count = counts[kind as usize];
            if count == 0 {
                continue;
            }
            let (bottom, top) = (self.y(below as f32), self.y((below + count) as f32));
            // A single record among thousands still shows.
            let top = top.min(bottom - 1.5);
            let rect = Rect::from_min_max(pos2(column.left(), top), pos2(column.right(), bottom));
            below += count;
            self.paint_part(painter, theme, rect, kind, colour);
        }
    }

    fn paint_part(&self, painter: &Painter, theme: &Theme, rect: Rect, kind: Kind, colour: Color32) {
        match kind {
            Kind::SideOutput => {
                let stroke = Stroke::new(1.2, colour);
                painter.rect_stroke(rect, radius::BAR, stroke, egui::StrokeKind::Inside);
            }
            Kind::Dropped => {
                painter.rect_filled(rect, radius::BAR, colour);
                painter.add(marks::hatch(rect, 4.0, Stroke::new(1.4, theme.panel.gamma_multiply(0.55))));
            }
            Kind::OnTime => {
                painter.rect_filled(rect, radius::BAR, colour.gamma_multiply(0.82));
            }
            Kind::Behind => {
                painter.rect_filled(rect, radius::BAR, colour);
            }
        }
    }

    /// The range that a rule of thumb takes from the 99th percentile.
    fn paint_rule_of_thumb(&self, painter: &Painter, theme: &Theme, (p99, bound): (Span, Span), counts: &Table) {
        let bound = self.x(bound);
        let (from, to) = (self.x(Span::from_micros(p99.micros() / 2 * 3)), self.x(p99.times(2)));
        if p99 <= Span::ZERO || to - from <= 2.0 {
            return;
        }
        let rect = Rect::from_min_max(pos2(from, self.bars.bottom() - 26.0), pos2(to, self.bars.bottom()));
        painter.rect_filled(rect, 0.0, theme.on_time.gamma_multiply(0.22));
        marks::hline(painter, rect.x_range(), rect.top(), theme.t3);
        // Above the bars that stand under the words.
        let right = (to + 4.0).min(self.log.right());
        let under = (1..=BINS).filter(|&bin| self.bar(bin).right() > right - 70.0);
        let highest = under.map(|bin| counts[bin].iter().sum::<u32>()).max().unwrap_or(0);
        let at = pos2(right, (rect.top() - 3.0).min(self.y(highest as f32) - 2.0).max(self.bars.top() + 14.0));
        let galley = |text: &str| painter.layout_no_wrap(text.to_owned(), font::tick_inside(), theme.t3);
        let place = |galley: &egui::Galley| Align2::RIGHT_BOTTOM.anchor_size(at, galley.size());
        let (long, short) = (galley("1.5\u{2013}2 \u{00d7} P99"), galley("1.5\u{2013}2\u{00d7}"));
        // Nothing is written over the line of the bound.
        let is_crossed = place(&long).expand(3.0).x_range().contains(bound);
        let galley = if is_crossed { short } else { long };
        let words = place(&galley);
        if words.expand(3.0).x_range().contains(bound) {
            return;
        }
        // The line of the 99th percentile passes behind the words.
        painter.rect_filled(words.expand2(vec2(2.0, 0.0)), radius::PLATE, theme.panel);
        painter.galley(words.min, galley, theme.t3);
    }

    /// What is in the bar under the pointer.
    fn card_ui(&self, ui: &Ui, theme: &Theme, counts: &Table) {
        let response = ui.interact(self.bars, ui.scope_id().with("bars"), Sense::hover());
        let Some(at) = response.hover_pos() else { return };
        let Some(bin) = (0..=BINS).find(|&bin| self.bar(bin).x_range().expand(1.0).contains(at.x)) else { return };
        let edge = |place: usize| self.bins.seconds_at(place as f64 / BINS as f64);
        let range = match bin {
            0 => "zero or less".to_owned(),
            bin => format!("{} to {}", scale::rounded(edge(bin - 1)), scale::rounded(edge(bin))),
        };
        let [on_time, behind, dropped, side] = counts[bin];
        response.on_hover_ui(|ui| {
            ui.label(egui::RichText::new(format!("Delay {range}")).font(font::value()).color(theme.t1));
            let said = [(on_time, "on time"), (behind, "behind"), (dropped, "dropped"), (side, "to the side output")];
            for (count, name) in said.into_iter().filter(|(count, _)| *count > 0) {
                let words = format!("{} {name}", human::count(u64::from(count)));
                ui.label(egui::RichText::new(words).font(font::body()).color(theme.t2));
            }
        });
    }

    /// The bound, P50 and P99, each with its name; dashed in the ghost's colour the bound of the pinned run.
    fn paint_lines(&self, painter: &Painter, view: &View<'_>) {
        let theme = view.theme;
        let bound = view.scenario.pipeline.watermark.bound();
        let mut lines = vec![(bound, "bound", theme.watermark)];
        for (quantile, name) in [(P50, "P50"), (P99, "P99")] {
            let delay = view.run.delay_quantile(quantile);
            if delay > Span::ZERO {
                lines.push((delay, name, theme.t2));
            }
        }
        let pinned = view.pinned.map(|pinned| pinned.scenario.pipeline.watermark.bound());
        lines.extend(pinned.filter(|pinned| *pinned != bound).map(|pinned| (pinned, "pinned", theme.ghost)));
        let galley = |text: String, colour| painter.layout_no_wrap(text, font::tick(), colour);
        let names: Vec<_> = lines
            .iter()
            .map(|&(delay, name, colour)| [galley(format!("{name} {delay}"), colour), galley(name.to_owned(), colour)])
            .collect();
        let callouts: Vec<Callout> = lines
            .iter()
            .zip(&names)
            .map(|(&(delay, ..), names)| Callout { x: self.x(delay), widths: [names[0].size().x, names[1].size().x] })
            .collect();
        let places = callouts::place(&callouts, self.bars.left() - COUNTS, self.bars.right());
        for ((line, callout), (names, place)) in lines.iter().zip(&callouts).zip(names.iter().zip(places)) {
            let row_y = |row: usize| self.bars.top() - LABELS + 3.0 + 15.0 * row as f32;
            let top = place.map_or(self.bars.top(), |place| row_y(place.row) + 2.0);
            let (from, to) = (pos2(callout.x, top), pos2(callout.x, self.bars.bottom()));
            if line.1 == "bound" {
                painter.line_segment([from, to], Stroke::new(2.0, line.2));
            } else if line.1 == "pinned" {
                painter.add(marks::dashed(from, to, Stroke::new(1.5, line.2), 6.0, 3.0));
            } else {
                painter.add(marks::dashed(from, to, Stroke::new(1.0, line.2), 3.0, 3.0));
            }
            if let Some(place) = place {
                let at = pos2(place.span(callout).0, row_y(place.row));
                painter.galley(at, names[usize::from(place.is_short)].clone(), line.2);
            }
        }
    }

    /// The bound's line can be dragged: the whole run follows.
    fn bound_ui(&self, ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
        let x = self.x(view.scenario.pipeline.watermark.bound());
        let grip = Rect::from_min_max(pos2(x - 8.0, self.bars.top() - LABELS), pos2(x + 8.0, self.bars.bottom()));
        let response = ui.interact(grip, ui.scope_id().with("bound"), Sense::drag());
        let value = view.scenario.pipeline.watermark.bound();
        response.widget_info(|| {
            egui::WidgetInfo::slider(true, value.as_secs_f64(), "Out-of-orderness bound on the delay axis")
        });
        focus::ring(ui, view.theme, grip, &response);
        if response.hovered() || response.dragged() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
        }
        let asked = ui.input(|input| {
            use egui::accesskit::{Action, ActionData};
            input.accesskit_action_requests(response.id, Action::SetValue).find_map(|request| match request.data {
                Some(ActionData::NumericValue(value)) => Some(value),
                _ => None,
            })
        });
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_value(value.to_string());
            node.add_action(egui::accesskit::Action::SetValue);
        });
        if let Some(seconds) = asked {
            commands.push(Command::SetBound(scale::rounded(seconds.max(0.0))));
        }
        if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            let place = f64::from((pointer.x - self.log.left()) / self.log.width());
            let seconds = if place < 0.0 { 0.0 } else { self.bins.seconds_at(place.min(1.0)) };
            commands.push(Command::SetBound(scale::rounded(seconds)));
        }
    }
}
