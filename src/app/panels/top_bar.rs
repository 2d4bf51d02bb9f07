//! The top bar: the name of the lab, the scenario on screen and others to choose from, the arrangement, the
//! field that opens the palette, opening, exporting, the theme, and long work that is under way.

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align, Align2, Color32, Id, Layout, Painter, Popup, PopupCloseBehavior, Pos2, Rect, Response, RichText, Role,
    ScrollArea, Sense, Shape, Stroke, TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use crate::app::arrangement::{Arrangement, Preset};
use crate::app::export::What;
use crate::app::files::{self, first_sentence};
use crate::app::panel::Panel;
use crate::app::panels::palette::{keys_ui, paint_glass};
use crate::app::panels::{alert_chip, tasks};
use crate::app::shell::command::ShellCommand;
use crate::app::state::State;
use crate::app::theme::{Theme, ThemeChoice, font, radius, space};
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button, icon_button, segments};
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::human;
use crate::scenario::SourceSpec;
use crate::time::Span;

/// Draws the top bar into all of `ui`. What has no room is left out, the least first; the palette has all of it.
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
    name_ui(&mut left, state, theme, commands);
    // Widgets come in reading order, so the width of the right part is that of the frame before.
    let width_id = Id::unique("width of the right part of the top bar");
    let width = ui.data(|data| data.get_temp::<f32>(width_id)).unwrap_or(RIGHT);
    let right_area = area.with_min_x(area.right() - width);
    if !state.shell.is_starting {
        let right_end = right_area.left() - space::M;
        let room = right_end - left.min_rect().right() - PRESETS - PANELS - 2.0 * space::L;
        scenario_ui(&mut left, state, theme, room.max(90.0), commands);
        let left_end = left.min_rect().right();
        presets_ui(ui, shown, theme, left_end..=right_end, commands);
    }
    let layout = Layout::left_to_right(Align::Center);
    let mut right = ui.new_child(UiBuilder::new().id_salt("right").max_rect(right_area).layout(layout));
    right.spacing_mut().item_spacing.x = 6.0;
    right_ui(&mut right, state, theme, compact, commands);
    let used = right.min_rect().width();
    if (used - width).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(width_id, used));
        ui.ctx().request_discard("the right part of the top bar has another width");
    }
}

/// The name of the program, which leads to the start page.
fn name_ui(ui: &mut Ui, state: &State, theme: &Theme, commands: &mut Vec<Command>) {
    let galley = ui.painter().layout_no_wrap("Highwater".to_owned(), font::semibold(13.0), theme.t1);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x, 28.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Highwater, start page"));
    ui.painter().galley(pos2(rect.left(), rect.center().y - galley.size().y / 2.0), galley, theme.t1);
    if response.has_focus() {
        focus_ring(ui.painter(), theme, rect.expand2(vec2(5.0, -1.0)));
    }
    let help = if state.shell.is_starting { "Back to the run (Esc)" } else { "Start page (Ctrl Home)" };
    if response.on_hover_text(help).clicked() {
        commands.push(Command::Shell(ShellCommand::ShowStart(!state.shell.is_starting)));
    }
}

/// The scenario, whether it was changed, and what it comes to; cut to `room`.
fn scenario_ui(ui: &mut Ui, state: &State, theme: &Theme, room: f32, commands: &mut Vec<Command>) {
    ui.add_space(3.0);
    let (rule, _) = ui.allocate_exact_size(vec2(1.0, 16.0), Sense::hover());
    marks::vline(ui.painter(), rule.center().x, rule.y_range(), theme.hair);
    let chooser = scenario_button(ui, theme, &state.scenario.title, (room - 60.0).max(60.0));
    scenario_menu(&chooser, state, theme, commands);
    if state.scenario != state.opened {
        let (dot, response) = ui.allocate_exact_size(vec2(8.0, 16.0), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "Changed, not saved"));
        ui.painter().add(marks::dot(dot.center(), 3.0, theme.you));
        response.on_hover_text("Changed since it was opened. Ctrl S saves it.");
    }
    if state.is_computing_long() {
        ui.add(egui::Spinner::new().size(12.0).color(theme.you));
        ui.label(RichText::new("Computing").font(font::body()).color(theme.t3));
        return;
    }
    let words = subtitle(state);
    let galley = ui.painter().layout_no_wrap(words.clone(), font::body(), theme.t3);
    if chooser.rect.width() + galley.size().x + 40.0 <= room {
        ui.label(RichText::new(words).font(font::body()).color(theme.t3));
    }
}

/// Long work, then search, open, export and theme.
fn right_ui(ui: &mut Ui, state: &State, theme: &Theme, compact: bool, commands: &mut Vec<Command>) {
    alert_chip::alert_chip_ui(ui, theme, state, commands);
    tasks::strip_ui(ui, theme, state, commands);
    if let Some(reading) = &state.reading {
        reading_ui(ui, theme, &reading.name, reading.share, commands);
    }
    if search_ui(ui, theme, compact).clicked() {
        commands.push(Command::Shell(ShellCommand::ShowPalette(true)));
    }
    let help = "Open a scenario (.ron) or a recording (.csv, .jsonl, .parquet, also .gz and .zst): Ctrl O. Files can also \
                be dropped on the window.";
    if button(ui, theme, "Open", Loudness::Quiet).on_hover_text(help).clicked() {
        commands.push(Command::ShowOpenCard(true));
    }
    if state.run.is_some() && !state.shell.is_starting {
        let help = "Take a picture, an animation, a table or the scenario out of the lab";
        let export = button(ui, theme, "Export", Loudness::Quiet).on_hover_text(help);
        Popup::menu(&export).width(250.0).gap(6.0).show(|ui| export_menu(ui, state, theme, commands));
    }
    let (rule, _) = ui.allocate_exact_size(vec2(1.0, 16.0), Sense::hover());
    marks::vline(ui.painter(), rule.center().x, rule.y_range(), theme.hair);
    theme_button(ui, theme, commands);
}

/// The field that opens the palette; its icon alone in a small window.
fn search_ui(ui: &mut Ui, theme: &Theme, compact: bool) -> Response {
    let size = if compact { vec2(30.0, 28.0) } else { vec2(224.0, 28.0) };
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Search, ask, do"));
    let rim = if response.hovered() { theme.idle } else { theme.hair };
    if !compact || response.hovered() {
        ui.painter().rect(rect, radius::FIELD, theme.field, Stroke::new(1.0, rim), egui::StrokeKind::Inside);
    }
    if response.has_focus() {
        focus_ring(ui.painter(), theme, rect.expand(2.0));
    }
    paint_glass(ui.painter(), pos2(rect.left() + 15.0, rect.center().y), theme);
    if !compact {
        let at = pos2(rect.left() + 28.0, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, "Search, ask, do", font::body(), theme.t3);
        keys_ui(ui.painter(), theme, pos2(rect.right() - 6.0, rect.center().y), "Ctrl K");
    }
    response.on_hover_text("Go somewhere, do something, ask why (Ctrl K)")
}

fn focus_ring(painter: &Painter, theme: &Theme, rect: Rect) {
    painter.rect_stroke(rect, radius::FIELD, (2.0, theme.you), egui::StrokeKind::Inside);
}

fn export_menu(ui: &mut Ui, state: &State, theme: &Theme, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let mut row = |ui: &mut Ui, title: &str, about: &str, command: Command| {
        if scenario_row(ui, theme, title, about, false) {
            commands.push(command);
        }
    };
    let ask = |what: What| Command::Shell(ShellCommand::AskExport(what));
    row(ui, "Window as PNG\u{2026}", "As it is at this instant", ask(What::Window));
    let shown = &state.saved.arrangement;
    for panel in Panel::ALL.into_iter().filter(|panel| panel.is_tile() && shown.is_visible(*panel)) {
        row(ui, &format!("{} as PNG\u{2026}", panel.title()), "", ask(What::Panel(panel)));
    }
    row(ui, "Run as GIF\u{2026}", "About twelve seconds", ask(What::Film));
    ui.separator();
    row(ui, "Results as CSV\u{2026}", "Every pane, with the truth", ask(What::Results));
    row(ui, "Scenario\u{2026}", "With every change (Ctrl S)", ask(What::Scenario));
    row(ui, "Copy the scenario as text", "Ctrl C", Command::Shell(ShellCommand::CopyScenario));
}

/// Width of the right part before it was ever drawn.
const RIGHT: f32 = 420.0;
/// Width of the choice of an arrangement.
const PRESETS: f32 = 200.0;
/// Width of the menu of panels.
const PANELS: f32 = 84.0;

/// The arrangements, in the middle of the bar, or wherever there is room for them; then the menu of panels.
fn presets_ui(
    ui: &mut Ui,
    shown: &Arrangement,
    theme: &Theme,
    free: std::ops::RangeInclusive<f32>,
    commands: &mut Vec<Command>,
) {
    let area = ui.max_rect();
    let (from, to) = (free.start() + space::L, free.end() - PRESETS - PANELS - space::S);
    if to < from {
        return;
    }
    let left = (area.center().x - PRESETS / 2.0).within(from, to);
    let rect = Rect::from_min_size(pos2(left, area.center().y - 11.0), vec2(PRESETS, 22.0));
    let choices = Preset::ALL.map(|(_, name, help)| (name, help));
    let chosen = Preset::ALL.iter().position(|(preset, ..)| *preset == shown.preset).unwrap_or(0);
    let mut middle = ui.new_child(UiBuilder::new().id_salt("presets").max_rect(rect));
    if let Some(pressed) = segments(&mut middle, theme, "arrangement", &choices, chosen) {
        commands.push(Command::SetPreset(Preset::ALL[pressed].0));
    }
    let beside = Rect::from_min_size(pos2(rect.right() + space::S, rect.center().y - 13.0), vec2(PANELS, 26.0));
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

fn scenario_button(ui: &mut Ui, theme: &Theme, title: &str, room: f32) -> Response {
    let mut job = LayoutJob::simple_singleline(title.to_owned(), font::medium(13.0), theme.t1);
    job.wrap = TextWrapping::truncate_at_width(room);
    let galley = ui.painter().layout_job(job);
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

/// The menu of scenarios by what they are about, with a field that narrows it.
fn scenario_menu(chooser: &Response, state: &State, theme: &Theme, commands: &mut Vec<Command>) {
    let behaviour = PopupCloseBehavior::CloseOnClickOutside;
    Popup::menu(chooser).width(380.0).close_behavior(behaviour).gap(6.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let query_id = Id::unique("scenario query");
        let mut query = ui.data(|data| data.get_temp::<String>(query_id)).unwrap_or_default();
        let edit = TextEdit::singleline(&mut query).hint_text("Find a scenario").desired_width(f32::INFINITY);
        let field = ui.add(edit.margin(vec2(8.0, 6.0)));
        field.widget_info(|| {
            let mut info = WidgetInfo::text_edit(true, "", query.as_str(), "Find a scenario");
            info.label = Some("Find a scenario".to_owned());
            info
        });
        if ui.memory(|memory| memory.focused().is_none()) {
            field.request_focus();
        }
        let most = (ui.ctx().content_rect().height() - 180.0).max(120.0);
        let mut taken = None;
        ScrollArea::vertical().max_height(most).show(ui, |ui| taken = scenario_rows(ui, state, theme, &query));
        ui.separator();
        if scenario_row(ui, theme, "Open\u{2026}", "A scenario or a recording of your own (Ctrl O)", false) {
            taken = Some(Command::ShowOpenCard(true));
        }
        if let Some(command) = taken {
            commands.push(command);
            query.clear();
            ui.close();
        }
        ui.data_mut(|data| data.insert_temp(query_id, query));
    });
}

fn scenario_rows(ui: &mut Ui, state: &State, theme: &Theme, query: &str) -> Option<Command> {
    let mut taken = None;
    for (group, places) in files::groups() {
        let fits = |place: &usize| {
            let scenario = &files::built_in()[*place];
            let text = format!("{} {} {group}", scenario.title, scenario.about).to_lowercase();
            query.to_lowercase().split_whitespace().all(|word| text.contains(word))
        };
        let places: Vec<usize> = places.into_iter().filter(fits).collect();
        if places.is_empty() {
            continue;
        }
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            ui.add_space(10.0);
            ui.label(RichText::new(group).font(font::legend()).color(theme.t3));
        });
        for place in places {
            let scenario = &files::built_in()[place];
            let chosen = scenario.title == state.opened.title;
            if scenario_row(ui, theme, &scenario.title, &first_sentence(&scenario.about), chosen) {
                taken = Some(Command::OpenBuiltIn(place));
            }
        }
    }
    taken
}

fn scenario_row(ui: &mut Ui, theme: &Theme, title: &str, about: &str, chosen: bool) -> bool {
    let width = ui.available_width();
    let below = if about.is_empty() { 0.0 } else { 1.0 };
    let about = ui.painter().layout(about.to_owned(), font::tick(), theme.t3, width - 20.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 25.0 + below * about.size().y), Sense::click());
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
    ui.label(RichText::new(format!("Reading {name}")).font(font::legend()).color(theme.t2));
    let (rail, response) = ui.allocate_exact_size(vec2(120.0, 4.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, format!("Reading {name}")));
    ui.painter().rect_filled(rail, radius::BAR, theme.rail());
    let done = Rect::from_min_size(rail.min, vec2(rail.width() * share.clamp(0.02, 1.0), rail.height()));
    ui.painter().rect_filled(done, radius::BAR, theme.you);
    if button(ui, theme, "Cancel", Loudness::Quiet).on_hover_text("Stop reading the file (Esc)").clicked() {
        commands.push(Command::CancelLoading);
    }
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
