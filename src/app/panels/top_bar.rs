//! The top bar: the name of the lab, the scenario on screen and others to choose from, a file of
//! one's own, and the theme.

use egui::{
    Align, Align2, Color32, Layout, Painter, Popup, PopupCloseBehavior, Pos2, Rect, Response, RichText, Role, Sense,
    Shape, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use crate::app::arrangement::{Arrangement, Preset};
use crate::app::files;
use crate::app::panel::Panel;
use crate::app::state::State;
use crate::app::theme::{Theme, ThemeChoice, font, radius, space};
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button, icon_button, segments};
use crate::app::widgets::marks;
use crate::human;
use crate::scenario::SourceSpec;
use crate::time::Span;

/// Draws the top bar into all of `ui`.
pub fn top_bar_ui(
    ui: &mut Ui,
    state: &State,
    shown: &Arrangement,
    theme: &Theme,
    compact: bool,
    commands: &mut Vec<Command>,
) {
    let area = ui.max_rect().shrink2(vec2(space::PANEL, 0.0));
    let mut left = ui.new_child(UiBuilder::new().max_rect(area).layout(Layout::left_to_right(Align::Center)));
    left.spacing_mut().item_spacing.x = 10.0;
    let (logo, _) = left.allocate_exact_size(vec2(18.0, 20.0), Sense::hover());
    paint_logo(left.painter(), theme, logo);
    left.label(RichText::new("Highwater").font(font::semibold(13.0)).color(theme.t1));
    left.add_space(3.0);
    let (rule, _) = left.allocate_exact_size(vec2(1.0, 16.0), Sense::hover());
    marks::vline(left.painter(), rule.center().x, rule.y_range(), theme.hair);
    let chooser = scenario_button(&mut left, theme, &state.scenario.title);
    scenario_menu(&chooser, state, theme, commands);
    if state.is_computing_long() {
        left.add(egui::Spinner::new().size(12.0).color(theme.you));
        left.label(RichText::new("Computing").font(font::body()).color(theme.t3));
    } else if !compact {
        left.label(RichText::new(subtitle(state)).font(font::body()).color(theme.t3));
    }
    let left_end = left.min_rect().right();
    presets_ui(ui, shown, theme, left_end, commands);
    let mut right = ui.new_child(UiBuilder::new().max_rect(area).layout(Layout::right_to_left(Align::Center)));
    right.spacing_mut().item_spacing.x = 6.0;
    theme_button(&mut right, theme, commands);
    let (rule, _) = right.allocate_exact_size(vec2(1.0, 16.0), Sense::hover());
    marks::vline(right.painter(), rule.center().x, rule.y_range(), theme.hair);
    let help = "Open a scenario or a recording (Ctrl+O). Files can also be dropped on the window.";
    if button(&mut right, theme, "Open", Loudness::Quiet).on_hover_text(help).clicked() {
        commands.push(Command::ShowOpenCard(true));
    }
    if state.live.is_none() && state.run.is_some() {
        let help =
            "Run the scenario on real threads, in real time at the speed of the playback, and look at it as it runs";
        if button(&mut right, theme, "Run live", Loudness::Quiet).on_hover_text(help).clicked() {
            commands.push(Command::GoLive);
        }
    }
    if let Some(reading) = &state.reading {
        reading_ui(&mut right, theme, &reading.name, reading.share, commands);
    }
}

/// Width of the choice of an arrangement.
const PRESETS: f32 = 200.0;

/// The arrangements, in the middle of the bar, or beside what stands left of that; then the menu of panels.
fn presets_ui(ui: &mut Ui, shown: &Arrangement, theme: &Theme, left_end: f32, commands: &mut Vec<Command>) {
    let area = ui.max_rect();
    let left = (area.center().x - PRESETS / 2.0).max(left_end + space::L);
    let rect = Rect::from_min_size(pos2(left, area.center().y - 13.0), vec2(PRESETS, 26.0));
    let choices = Preset::ALL.map(|(_, name, help)| (name, help));
    let chosen = Preset::ALL.iter().position(|(preset, ..)| *preset == shown.preset).unwrap_or(0);
    let mut middle = ui.new_child(UiBuilder::new().id_salt("presets").max_rect(rect));
    if let Some(pressed) = segments(&mut middle, theme, "arrangement", &choices, chosen) {
        commands.push(Command::SetPreset(Preset::ALL[pressed].0));
    }
    let beside = Rect::from_min_size(pos2(rect.right() + space::S, rect.top()), vec2(92.0, 26.0));
    let mut beside =
        ui.new_child(UiBuilder::new().id_salt("panels").max_rect(beside).layout(Layout::left_to_right(Align::Center)));
    let response = button(&mut beside, theme, "Panels \u{23f7}", Loudness::Quiet)
        .on_hover_text("Open a panel, or put all of them back to where they come");
    Popup::menu(&response).width(280.0).gap(6.0).show(|ui| panels_menu(ui, shown, theme, commands));
}

fn panels_menu(ui: &mut Ui, shown: &Arrangement, theme: &Theme, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = 2.0;
    for (place, panel) in Panel::ALL.into_iter().enumerate().filter(|(_, panel)| panel.is_tile()) {
        let name = if place < 9 { format!("{} ({})", panel.title(), place + 1) } else { panel.title().to_owned() };
        if scenario_row(ui, theme, &name, panel.help(), shown.is_visible(panel)) {
            commands.push(Command::ShowPanel(panel));
        }
    }
    ui.separator();
    if scenario_row(ui, theme, "Reset the layout", "Every panel back to where it comes", false) {
        commands.push(Command::ResetLayout);
    }
}

/// `845 records · 10 min · seed 7`, as far as it is known.
fn subtitle(state: &State) -> String {
    let mut parts = Vec::new();
    if let Some(run) = &state.run {
        let records = run.trace.stream.len() as u64;
        parts.push(format!("{} {}", human::count(records), if records == 1 { "record" } else { "records" }));
        let (start, end) = run.clock_range();
        let length = match state.scenario.source {
            SourceSpec::Synthetic(_) => state.scenario.duration,
            SourceSpec::Recording(_) | SourceSpec::Records(_) => end - start,
        };
        parts.push(rough_length(length));
        if run.trace.is_live {
            parts.push("live run, replayed".to_owned());
        }
    }
    match &state.scenario.source {
        SourceSpec::Synthetic(_) => parts.push(format!("seed {}", state.scenario.seed)),
        SourceSpec::Recording(_) => parts.push("recording".to_owned()),
        SourceSpec::Records(_) => parts.push("written out".to_owned()),
    }
    parts.join(" · ")
}

/// A length as people say it: years from two of them on, days from sixty on.
fn rough_length(length: Span) -> String {
    let days = length.as_secs_f64() / 86_400.0;
    if days >= 730.0 {
        format!("{:.1} years", days / 365.25)
    } else if days >= 60.0 {
        format!("{} d", human::count(libm::round(days) as u64))
    } else {
        human::span(length)
    }
}

fn paint_logo(painter: &Painter, theme: &Theme, rect: Rect) {
    let at = |x: f32, y: f32| rect.min + vec2(x, y);
    let steps = vec![
        at(1.0, 15.0),
        at(5.0, 15.0),
        at(5.0, 11.0),
        at(9.5, 11.0),
        at(9.5, 6.0),
        at(14.0, 6.0),
        at(14.0, 1.5),
        at(17.5, 1.5),
    ];
    painter.add(Shape::line(steps, Stroke::new(2.0, theme.watermark)));
    marks::hline(painter, (rect.left()..=rect.right()).into(), rect.bottom() - 1.0, theme.t3);
}

fn scenario_button(ui: &mut Ui, theme: &Theme, title: &str) -> Response {
    let galley = ui.painter().layout_no_wrap(title.to_owned(), font::medium(13.0), theme.t1);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 32.0, 28.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), format!("Scenario: {title}")));
    if response.hovered() || response.has_focus() || Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response))
    {
        ui.painter().rect_filled(rect, radius::FIELD, theme.field);
    }
    ui.painter().galley(pos2(rect.left() + 8.0, rect.center().y - galley.size().y / 2.0), galley, theme.t1);
    paint_chevron(ui.painter(), pos2(rect.right() - 14.0, rect.center().y), theme.t3);
    response
}

fn paint_chevron(painter: &Painter, at: Pos2, colour: Color32) {
    let points = vec![at + vec2(-3.5, -1.5), at + vec2(0.0, 2.0), at + vec2(3.5, -1.5)];
    painter.add(Shape::line(points, Stroke::new(1.5, colour)));
}

fn scenario_menu(chooser: &Response, state: &State, theme: &Theme, commands: &mut Vec<Command>) {
    Popup::menu(chooser).width(360.0).close_behavior(PopupCloseBehavior::CloseOnClick).gap(6.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (place, scenario) in files::built_in().iter().enumerate() {
            let chosen = scenario.title == state.opened.title;
            if scenario_row(ui, theme, &scenario.title, &first_sentence(&scenario.about), chosen) {
                commands.push(Command::OpenBuiltIn(place));
            }
        }
        ui.separator();
        if scenario_row(ui, theme, "Open…", "A scenario (.ron) or a recording (.csv, .jsonl, also .gz and .zst)", false)
        {
            commands.push(Command::ShowOpenCard(true));
        }
    });
}

fn first_sentence(about: &str) -> String {
    let one_line: String = about.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => one_line,
    }
}

fn scenario_row(ui: &mut Ui, theme: &Theme, title: &str, about: &str, chosen: bool) -> bool {
    let width = ui.available_width();
    let about = ui.painter().layout(about.to_owned(), font::tick(), theme.t3, width - 20.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 25.0 + about.size().y), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, chosen, title));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, radius::SEGMENT, theme.hair);
    }
    let colour = if chosen { theme.you } else { theme.t1 };
    ui.painter().text(rect.min + vec2(10.0, 13.0), Align2::LEFT_CENTER, title, font::value(), colour);
    ui.painter().galley(rect.min + vec2(10.0, 21.0), about, theme.t3);
    response.clicked()
}

fn theme_button(ui: &mut Ui, theme: &Theme, commands: &mut Vec<Command>) {
    let (name, help) = match theme.choice {
        ThemeChoice::Dark => ("Light theme", "Light"),
        ThemeChoice::Light => ("Dark theme", "Dark"),
    };
    let ground = theme.panel;
    let size = vec2(28.0, 28.0);
    let response = icon_button(ui, theme, size, name, help, |painter, rect, colour| match theme.choice {
        ThemeChoice::Dark => paint_moon(painter, rect.center(), colour, ground),
        ThemeChoice::Light => paint_sun(painter, rect.center(), colour),
    });
    if response.clicked() {
        commands.push(Command::SetTheme(theme.choice.other()));
    }
}

fn paint_moon(painter: &Painter, at: Pos2, colour: Color32, ground: Color32) {
    painter.circle_filled(at, 5.8, colour);
    painter.circle_filled(at + vec2(2.6, -2.2), 4.9, ground);
}

fn paint_sun(painter: &Painter, at: Pos2, colour: Color32) {
    painter.circle_stroke(at, 3.4, Stroke::new(1.5, colour));
    for i in 0..8_u8 {
        let way = egui::Vec2::angled(f32::from(i) * std::f32::consts::FRAC_PI_4);
        painter.line_segment([at + way * 5.6, at + way * 7.6], Stroke::new(1.5, colour));
    }
}

fn reading_ui(ui: &mut Ui, theme: &Theme, name: &str, share: f32, commands: &mut Vec<Command>) {
    if button(ui, theme, "Cancel", Loudness::Quiet).on_hover_text("Stop reading the file").clicked() {
        commands.push(Command::CancelLoading);
    }
    let (rail, response) = ui.allocate_exact_size(vec2(120.0, 4.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, format!("Reading {name}")));
    ui.painter().rect_filled(rail, radius::BAR, theme.rail());
    let done = Rect::from_min_size(rail.min, vec2(rail.width() * share.clamp(0.02, 1.0), rail.height()));
    ui.painter().rect_filled(done, radius::BAR, theme.you);
    ui.label(RichText::new(format!("Reading {name}")).font(font::legend()).color(theme.t2));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_streams_are_told_in_years() {
        let days = |days: i64| rough_length(Span::from_secs(days * 86_400));
        assert_eq!(days(7_804), "21.4 years");
        assert_eq!(days(365), "365 d");
        assert_eq!(days(31), "31 d");
        assert_eq!(rough_length(Span::from_secs(600)), "10 min");
    }

    #[test]
    fn a_menu_shows_one_sentence() {
        assert_eq!(first_sentence("One thing.\n  Another thing."), "One thing.");
        assert_eq!(first_sentence("Up to 1.5 s late"), "Up to 1.5 s late");
    }
}
