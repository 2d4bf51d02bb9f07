//! What lies over the run and around it: palette, sheet, start page, the card for exports.

use std::path::PathBuf;

use crate::app::export::ExportCard;
use crate::app::panels::palette::PaletteState;
use crate::app::panels::start::thumbnails::Thumbnails;
use crate::app::shell::remembered::{Next, Origin};
use crate::app::shortcuts::OnTop;
use crate::app::state::State;

/// What lies over the run and around it.
#[derive(Debug, Default)]
pub struct ShellState {
    /// The command palette, while it is shown.
    pub palette: Option<PaletteState>,
    /// Whether the sheet of keys is shown.
    pub is_sheet_shown: bool,
    /// Whether the start page is shown in place of the run.
    pub is_starting: bool,
    /// The card that asks where an export is to go.
    pub export: Option<ExportCard>,
    /// Whether the window is to close.
    pub quits: bool,
    /// Text on its way to the clipboard.
    pub outgoing: Option<String>,
    /// Where the scenario on screen came from.
    pub origin: Option<Origin>,
    /// What is to happen once it is there.
    pub next: Next,
    /// Small time maps of the start page.
    pub thumbnails: Thumbnails,
    /// Files that were opened and are not there any more, as of when the start page was shown.
    pub missing: Vec<PathBuf>,
    /// Seconds since 1970 UTC, as a clock outside says; 0 when none does.
    pub today: i64,
    /// The zoom of the window, and what it opened with.
    pub zoom: f32,
    /// What the window opened with.
    pub opening_zoom: f32,
    /// What the bar of the window says.
    pub title: String,
}

impl ShellState {
    /// What lies on top, for the keys.
    pub fn on_top(state: &State) -> OnTop {
        let shell = &state.shell;
        if state.open_card.is_some() || shell.palette.is_some() || shell.is_sheet_shown || shell.export.is_some() {
            OnTop::Card
        } else if shell.is_starting {
            OnTop::Start
        } else {
            OnTop::Nothing
        }
    }
}
