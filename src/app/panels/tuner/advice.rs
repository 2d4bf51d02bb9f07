//! What to set, what it costs, and how sure that is, seed by seed or stretch by stretch.

use egui::{Align2, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::choice::Rated;
use super::{Shown, apply, beside, words};
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::pipeline::WatermarkSpec;
use crate::time::Span;
use crate::tuner::{Point, Setting};

/// Height of the bars of doubt.
const BARS: f32 = 58.0;
/// Others that are shown below.
const NEXT_BEST: usize = 4;

/// Draws the column into `rect`.
pub fn advice_ui(ui: &mut Ui, shown: &Shown<'_>, rect: Rect, commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    frame::panel(ui, theme, rect, "Advice", |_| {}, |_| {});
    let inner = rect.with_min_y(rect.top() + space::HEADER + 8.0).shrink2(vec2(20.0, 0.0));
    let mut child = ui.new_child(UiBuilder::new().id_salt("advice").max_rect(inner));
    child.set_clip_rect(inner.expand2(vec2(6.0, 0.0)).intersect(ui.clip_rect()));
    let Some(best) = shown.advice() else { return };
    ScrollArea::vertical().id_salt("advice scroll").auto_shrink(false).show(&mut child, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        finding(ui, shown, best);
        table(ui, shown, best);
        doubt(ui, shown, best);
        warnings(ui, shown);
        buttons(ui, shown, best, commands);
        next_best(ui, shown, commands);
        beside::section_ui(ui, shown, best, commands);
        ui.add_space(space::PANEL);
    });
}

fn finding(ui: &mut Ui, shown: &Shown<'_>, best: &Rated) {
    let theme = shown.view.theme;
    let setting = shown.setting(best.place);
    let keeps = best.keeps(&shown.wish);
    let keep = if setting.lateness == Span::ZERO {
        "keep nothing".to_owned()
    } else {
        format!("keep {}", human::span(setting.lateness))
    };
    let wait = if setting.bound == Span::ZERO {
        "Do not wait".to_owned()
    } else {
        format!("Wait {}", human::span(setting.bound))
    };
    let title = if keeps { format!("{wait}, {keep}") } else { "Nothing tried keeps that".to_owned() };
    ui.label(egui::RichText::new(title).font(font::semibold(19.0)).color(theme.t1));
    ui.add_space(space::S);
    let latency = best.latency.map_or_else(|| "never".to_owned(), words::seconds);
    let complete = words::percent_beside(best.complete, shown.wish.complete);
    let of = words::of_results(shown.wish.quantile);
    let prose = if keeps {
        let later = if setting.lateness > Span::ZERO { " The price: more results are corrected later." } else { "" };
        format!(
            "{} are out {latency} after their window ends, and {complete} of the records are counted in the end.{later}",
            capital(of)
        )
    } else {
        format!(
            "The nearest is {}: {complete} of the records, and {of} after {latency}. Wish for less of one, or wait for \
             the other.",
            words::setting(setting)
        )
    };
    ui.label(egui::RichText::new(prose).font(font::prose()).color(theme.t2));
    ui.add_space(space::M);
}

fn capital(words: &str) -> String {
    crate::app::files::capitalised(words)
}

fn table(ui: &mut Ui, shown: &Shown<'_>, best: &Rated) {
    let theme = shown.view.theme;
    let point = |rated: &Rated| shown.surface.at(shown.surface.window, rated.place.lateness, rated.place.bound);
    let (now, then) = (shown.now, best);
    cells(ui, theme, "", "now", "then", false);
    let told = |of: &dyn Fn(&Rated) -> String| (now.map_or_else(|| "\u{2013}".to_owned(), of), of(then));
    let count = |of: fn(&Point) -> u64| move |rated: &Rated| human::count(of(point(rated)));
    let rows: [(&str, (String, String)); 7] = [
        ("bound", told(&|rated| human::span(shown.setting(rated.place).bound))),
        ("allowed lateness", told(&|rated| human::span(shown.setting(rated.place).lateness))),
        ("counted", told(&|rated| words::percent(rated.complete))),
        ("dropped, on this stream", told(&count(|point| point.counts.dropped))),
        ("wait", told(&|rated| rated.latency.map_or_else(|| "\u{2013}".to_owned(), words::seconds))),
        ("late panes, on this stream", told(&count(|point| point.counts.late_panes))),
        ("windows open, at most", told(&count(|point| point.max_open_windows))),
    ];
    for (name, (now, then)) in rows {
        let is_knob = matches!(name, "bound" | "allowed lateness");
        cells(ui, theme, name, &now, &then, is_knob && now != then);
    }
}

fn cells(ui: &mut Ui, theme: &Theme, name: &str, now: &str, then: &str, is_yours: bool) {
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 27.0), Sense::hover());
    let painter = ui.painter();
    marks::hline(painter, row.x_range(), row.bottom(), theme.hair);
    let is_head = name.is_empty();
    let middle = row.center().y;
    painter.text(pos2(row.left(), middle), Align2::LEFT_CENTER, name, font::body(), theme.t2);
    let (font_now, font_then) = if is_head { (font::tick(), font::tick()) } else { (font::body(), font::value()) };
    painter.text(pos2(row.right() - 84.0, middle), Align2::RIGHT_CENTER, now, font_now, theme.t3);
    let colour = match (is_head, is_yours) {
        (true, _) => theme.t3,
        (false, true) => theme.you,
        (false, false) => theme.t1,
    };
    painter.text(pos2(row.right(), middle), Align2::RIGHT_CENTER, then, font_then, colour);
}

/// One bar for each seed, or each stretch of a recording: how many records are missing.
fn doubt(ui: &mut Ui, shown: &Shown<'_>, best: &Rated) {
    let theme = shown.view.theme;
    let of_seeds = shown.surface.seeds() > 1;
    ui.add_space(space::M);
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
    ui.painter().text(head.left_center(), Align2::LEFT_CENTER, "How sure", font::title(), theme.t1);
    let unit = if of_seeds { "seeds" } else { "stretches of this recording" };
    let told = format!("{} {unit}", best.shares.len());
    ui.painter().text(head.right_center(), Align2::RIGHT_CENTER, told, font::tick(), theme.t3);
    ui.add_space(6.0);
    let allowed = (1.0 - shown.wish.complete) * 1_000.0;
    let label = format!("{}: at most {} missing of 1,000", words::percent(shown.wish.complete), trimmed(allowed));
    ui.label(egui::RichText::new(label).font(font::tick()).color(theme.you));
    let (area, response) = ui.allocate_exact_size(vec2(ui.available_width(), BARS), Sense::hover());
    let said = format!("{} of {} reach it", best.reached, best.shares.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &said));
    bars(ui, theme, area, best, allowed);
    ui.add_space(4.0);
    frame::caption(
        ui,
        theme,
        if of_seeds { "one bar per seed, best to worst" } else { "one bar per stretch, best to worst" },
    );
    ui.add_space(6.0);
    let worst = words::percent_beside(best.worst(), shown.wish.complete);
    let prose = format!(
        "{} of {} reach {}; the worst counts {worst}.",
        best.reached,
        best.shares.len(),
        words::percent(shown.wish.complete)
    );
    ui.label(egui::RichText::new(prose).font(font::prose()).color(theme.t2));
    ui.add_space(space::M);
}

fn trimmed(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn bars(ui: &Ui, theme: &Theme, area: Rect, best: &Rated, allowed: f64) {
    let painter = ui.painter();
    let mut missing: Vec<f64> = best.shares.iter().map(|share| (1.0 - share) * 1_000.0).collect();
    missing.sort_by(f64::total_cmp);
    let most = missing.last().copied().unwrap_or(0.0).max(allowed * 1.25).max(1e-6);
    let y = |value: f64| area.bottom() - (value / most) as f32 * (area.height() - 4.0);
    let limit = y(allowed);
    painter.rect_filled(area.with_min_y(limit), 0.0, alpha(theme.you, 0.08));
    painter.add(marks::dashed(
        pos2(area.left(), limit),
        pos2(area.right(), limit),
        Stroke::new(1.2, theme.you),
        4.0,
        3.0,
    ));
    let step = area.width() / missing.len().max(1) as f32;
    for (place, value) in missing.iter().enumerate() {
        let left = area.left() + place as f32 * step;
        let bar = Rect::from_min_max(pos2(left + step * 0.14, y(*value)), pos2(left + step * 0.86, area.bottom()));
        if *value <= 0.0 {
            painter.circle_filled(pos2(left + step / 2.0, area.bottom() - 4.0), 1.6, theme.you);
        } else if *value <= allowed {
            painter.rect_filled(bar.with_min_y(bar.top().min(area.bottom() - 2.0)), radius::BAR, theme.you);
        } else {
            painter.rect_filled(bar, radius::BAR, theme.dropped);
            painter.add(marks::hatch(bar, 4.0, Stroke::new(1.4, alpha(theme.panel, 0.55))));
        }
    }
    marks::hline(painter, area.x_range(), area.bottom(), theme.hair);
}

/// What the reader should know before trusting it.
fn warnings(ui: &mut Ui, shown: &Shown<'_>) {
    let pipeline = &shown.view.run.trace.pipeline;
    let mut said: Vec<(&str, String)> = Vec::new();
    let is_bounded = matches!(pipeline.watermark, WatermarkSpec::Bounded { .. } | WatermarkSpec::Monotonous);
    if !is_bounded {
        said.push(("This watermark has no bound.", "Only windows and lateness are tried with it.".to_owned()));
    }
    if shown.surface.records < 1_000 && shown.surface.seeds() == 1 {
        let words =
            format!("{} records say little about one in a thousand.", human::count(shown.surface.records as u64));
        said.push(("The stream is short.", words));
    }
    if pipeline.watermark_options.idle_after.is_none() && shown.view.run.trace.stream.partitions() > 1 {
        let words = "A silent partition would hold every result back.".to_owned();
        said.push(("No idle timeout is set.", words));
    }
    if !shown.view.run.scenario.faults.is_empty() {
        said.push(("The scenario has faults.", "They are part of every run that was tried.".to_owned()));
    }
    for (title, words) in said {
        warning(ui, shown.view.theme, title, &words);
        ui.add_space(space::S);
    }
}

fn warning(ui: &mut Ui, theme: &Theme, title: &str, words: &str) {
    let room = ui.available_width() - 48.0;
    let title = ui.painter().layout(title.to_owned(), font::medium(12.0), theme.t1, room);
    let words = ui.painter().layout(words.to_owned(), font::legend(), theme.t2, room);
    let height = 18.0 + title.size().y + words.size().y;
    let (card, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    ui.painter().rect(card, radius::CARD, theme.field, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
    ui.painter().add(marks::triangle(pos2(card.left() + 20.0, card.center().y), 4.5, theme.warn));
    let at = pos2(card.left() + 38.0, card.top() + 8.0);
    let below = at + vec2(0.0, title.size().y + 2.0);
    ui.painter().galley(at, title, theme.t1);
    ui.painter().galley(below, words, theme.t2);
}

fn buttons(ui: &mut Ui, shown: &Shown<'_>, best: &Rated, commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    let setting = shown.setting(best.place);
    let is_set = shown.now.is_some_and(|now| now.place == best.place);
    ui.add_space(space::XS);
    if is_set {
        ui.label(egui::RichText::new("This is what is set now.").font(font::prose()).color(theme.t2));
    } else {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::click());
        let name = if best.keeps(&shown.wish) { "Use this" } else { "Use the nearest" };
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        ui.painter().rect_filled(rect, radius::FIELD, theme.you);
        if response.has_focus() {
            let rim = Stroke::new(1.5, theme.you);
            ui.painter().rect_stroke(rect.expand(2.0), radius::FIELD + 2.0, rim, StrokeKind::Inside);
        }
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, name, font::semibold(14.0), theme.ink);
        if response.clicked() {
            commands.push(apply(shown.view, setting));
        }
    }
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        let help = "Pin the run as it is, and show what this setting changes";
        if !is_set && button(ui, theme, "Compare as twin", Loudness::Plain).on_hover_text(help).clicked() {
            commands.push(Command::Pin);
            commands.push(apply(shown.view, setting));
        }
        let help = "Copy the two lines that set this in a job of Apache Flink";
        if button(ui, theme, "Copy for Flink", Loudness::Plain).on_hover_text(help).clicked() {
            ui.ctx().copy_text(for_flink(setting));
        }
    });
}

/// The lines of a Flink job (Java) that set bound and lateness.
fn for_flink(setting: Setting) -> String {
    format!(
        "WatermarkStrategy.forBoundedOutOfOrderness(Duration.ofMillis({}))\n.allowedLateness(Duration.ofMillis({}))\n",
        setting.bound.micros() / 1_000,
        setting.lateness.micros() / 1_000
    )
}

fn next_best(ui: &mut Ui, shown: &Shown<'_>, commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    let others: Vec<&Rated> =
        shown.ranked.iter().skip(1).filter(|rated| rated.keeps(&shown.wish)).take(NEXT_BEST).collect();
    if others.is_empty() {
        return;
    }
    ui.add_space(space::PANEL);
    ui.label(egui::RichText::new("Next best").font(font::title()).color(theme.t1));
    ui.add_space(4.0);
    for rated in others {
        let setting = shown.setting(rated.place);
        let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), 27.0), Sense::click());
        let name = format!("Wait {}, {}", human::span(setting.bound), words::keep(setting.lateness));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Use: {name}")));
        let painter = ui.painter();
        if response.hovered() || response.has_focus() {
            painter.rect_filled(row.expand2(vec2(6.0, 0.0)), radius::SEGMENT, theme.field);
        }
        marks::hline(painter, row.x_range(), row.bottom(), theme.hair);
        let middle = row.center().y;
        painter.text(pos2(row.left(), middle), Align2::LEFT_CENTER, &name, font::body(), theme.t1);
        let complete = words::percent_beside(rated.complete, shown.wish.complete);
        painter.text(pos2(row.right() - 78.0, middle), Align2::RIGHT_CENTER, complete, font::value(), theme.t1);
        let wait = rated.latency.map_or_else(String::new, words::seconds);
        painter.text(pos2(row.right(), middle), Align2::RIGHT_CENTER, wait, font::value(), theme.t1);
        if response.clicked() {
            commands.push(apply(shown.view, setting));
        }
    }
}
