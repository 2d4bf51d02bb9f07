//! Results: the table that readers of the sink see, its changelog, and how it serves.
//!
//! - [`model`], [`freshness`]: what is known of a run, once per run
//! - [`standing`], [`columns`]: the rows in the order that was asked for, and where they stand
//! - [`table`], [`changelog`], [`serving`]: the three faces of the panel

mod changelog;
mod columns;
mod freshness;
mod model;
mod serving;
mod standing;
mod table;

use std::sync::{Arc, OnceLock};

use egui::{Align, Layout, RichText, TextEdit, Ui, vec2};

use crate::app::export::What;
use crate::app::shell::command::ShellCommand;
use crate::app::tasks::Task;
use crate::app::theme::{Theme, font, space};
use crate::app::view::{Command, View};
use crate::app::widgets::controls::{Loudness, button, segments};
use crate::app::widgets::frame;
use crate::human;
use crate::oracle::Truth;
use crate::runtime::Trace;
use crate::sink::SinkSpec;

use freshness::Freshness;
use model::TableModel;
use serving::ServingState;
use standing::{Cursor, Standing, Wish};

/// Records and panes of a run that are made ready within a frame; others are beside the window.
const AT_ONCE: usize = 100_000;
/// Below this width the field for keys has a row of its own, in points.
const ONE_ROW: f32 = 520.0;

/// The faces of the panel.
const FACES: [(&str, &str); 3] = [
    ("Table", "What readers of the sink see at the cursor"),
    ("Changelog", "Every change of it, the latest first"),
    ("Serving", "How fresh it is, and whether a replay and a batch say the same"),
];

/// What is known of a run.
struct Prepared {
    table: TableModel,
    freshness: Freshness,
}

impl Prepared {
    fn of(trace: &Trace, truth: &Truth) -> Self {
        Self { table: TableModel::of(trace, truth), freshness: Freshness::of(trace) }
    }
}

/// What the panel keeps between frames.
#[derive(Default)]
pub struct ResultsState {
    prepared: Option<(u64, Arc<OnceLock<Prepared>>)>,
    face: usize,
    wish: Wish,
    standing: Standing,
    serving: ServingState,
}

impl ResultsState {
    /// What is known of the run on screen; `None` while it is made ready.
    fn prepare(&mut self, view: &View<'_>, commands: &mut Vec<Command>) -> Arc<OnceLock<Prepared>> {
        let generation = view.run.generation;
        if let Some((of, cell)) = &self.prepared
            && *of == generation
        {
            return Arc::clone(cell);
        }
        let cell: Arc<OnceLock<Prepared>> = Arc::default();
        self.prepared = Some((generation, Arc::clone(&cell)));
        self.standing = Standing::default();
        let (trace, truth) = (&view.run.trace, &view.run.truth);
        if trace.fates.len() + trace.panes.len() <= AT_ONCE {
            cell.get_or_init(|| Prepared::of(trace, truth));
        } else {
            let (cell, trace, truth) = (Arc::clone(&cell), Arc::clone(trace), Arc::clone(truth));
            commands.push(Command::StartTask(Task::new("results", "Making the table ready", move |go_on| {
                if go_on(0.0) {
                    cell.get_or_init(|| Prepared::of(&trace, &truth));
                }
                Box::new(|_| {})
            })));
        }
        cell
    }
}

/// Draws the panel into all of `ui`.
pub fn results_ui(ui: &mut Ui, view: &View<'_>, state: &mut ResultsState, commands: &mut Vec<Command>) {
    let (rect, theme) = (ui.max_rect(), view.theme);
    let cell = state.prepare(view, commands);
    let prepared = cell.get();
    let sink = match view.run.trace.pipeline.sink {
        SinkSpec::Append => "append",
        SinkSpec::Upsert => "upsert",
        SinkSpec::TwoPhaseCommit { .. } => "two-phase commit",
    };
    let changes = prepared.map_or(0, |prepared| prepared.table.changes_at(view.now));
    let about = match changes {
        0 => sink.to_owned(),
        1 => format!("{sink}, 1 change"),
        many => format!("{sink}, {} changes", human::count(many as u64)),
    };
    frame::panel(ui, theme, rect, "Results", |ui| header_ui(ui, view, &about, commands), |_| {});
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::PANEL, 0.0));
    frame::scope(ui, "results body", body, Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        tools_ui(ui, theme, &mut state.face, &mut state.wish);
        let Some(prepared) = prepared else {
            frame::caption(ui, theme, "Making the table ready\u{2026}");
            return;
        };
        match state.face {
            0 => {
                state.wish.key = view.key;
                let cursor = Cursor {
                    changes,
                    watermark: view.watermark(),
                    playing: view.playing,
                    time: ui.input(|input| input.time),
                };
                state.standing.refresh(&prepared.table, &view.run.trace, &state.wish, cursor);
                table::table_ui(ui, view, &prepared.table, &state.standing, &mut state.wish, commands);
            }
            1 => changelog::changelog_ui(ui, view, &prepared.table, commands),
            _ => serving::serving_ui(ui, view, &prepared.freshness, &mut state.serving, commands),
        }
    });
}

fn header_ui(ui: &mut Ui, view: &View<'_>, about: &str, commands: &mut Vec<Command>) {
    let theme = view.theme;
    // Where it would meet the button, the number of changes alone.
    let wide = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font::legend(), theme.t3).size().x;
    let room = ui.available_width() - EXPORT;
    let short = about.rsplit(", ").next().unwrap_or(about);
    if let Some(about) = [about, short].into_iter().find(|text| wide(text) <= room) {
        ui.label(RichText::new(about).font(font::legend()).color(theme.t3));
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let response = button(ui, theme, "Export CSV\u{2026}", Loudness::Quiet);
        if response.on_hover_text("Every pane with its truth, as run --format csv prints them").clicked() {
            commands.push(Command::Shell(ShellCommand::AskExport(What::Results)));
        }
    });
}

/// Room for the button of the export, and air before it.
const EXPORT: f32 = 104.0;

/// The choice of a face, and the field for keys.
fn tools_ui(ui: &mut Ui, theme: &Theme, face: &mut usize, wish: &mut Wish) {
    let is_one_row = ui.available_width() >= ONE_ROW;
    let mut chosen = None;
    ui.horizontal(|ui| {
        let width = if is_one_row { 260.0 } else { ui.available_width() };
        ui.allocate_ui_with_layout(vec2(width, 22.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(width);
            chosen = segments(ui, theme, "Face of the results", &FACES, *face);
        });
        if is_one_row && *face == 0 {
            filter_ui(ui, wish);
        }
    });
    if !is_one_row && *face == 0 {
        filter_ui(ui, wish);
    }
    *face = chosen.unwrap_or(*face);
}

fn filter_ui(ui: &mut Ui, wish: &mut Wish) {
    let field = TextEdit::singleline(&mut wish.filter)
        .hint_text("Keys with\u{2026}")
        .font(font::body())
        .desired_width(ui.available_width().min(180.0));
    let response = ui.add(field);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::text_edit(true, "", &wish.filter, "Keys with\u{2026}");
        info.label = Some("Filter keys".to_owned());
        info
    });
}
