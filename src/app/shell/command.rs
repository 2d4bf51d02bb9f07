//! What is asked of the window itself rather than of the run: palette, sheet, start page, clipboard,
//! zoom, exports. Applied by [`super::update`].

use std::path::PathBuf;

use crate::app::export::What;

/// What a key, a menu or the palette asks of the window.
#[derive(Clone, Debug, PartialEq)]
pub enum ShellCommand {
    /// Shows or hides the command palette.
    ShowPalette(bool),
    /// Shows or hides the sheet of keys.
    ShowSheet(bool),
    /// Shows the start page, or goes back to the run.
    ShowStart(bool),
    /// Leaves the topmost thing: palette, sheet, card, the newest long work, the selection.
    Escape,
    /// Opens the first of the files that were dropped on the window, and names the others.
    OpenDropped(Vec<PathBuf>),
    /// Puts the scenario on the clipboard as text.
    CopyScenario,
    /// Opens the scenario that a text is.
    PasteScenario(String),
    /// Larger, smaller or as it was.
    Zoom(Zoom),
    /// Light when it is dark, dark when it is light.
    SwitchTheme,
    /// Shows the card that asks where an export is to go.
    AskExport(What),
    /// Asks the same with the system's dialog.
    ChooseExportPath,
    /// Writes what the card for exports says, and closes it.
    Export,
    /// Asks for another stream with the system's dialog, for the tuner to try the same settings on.
    AskForBeside,
    /// Lays the stream of a file beside the one on screen.
    LayBeside(PathBuf),
    /// Lets that stream go.
    LetBesideGo,
    /// Closes the card for exports.
    CloseExport,
    /// Goes on where the last session stopped; from the beginning of the run when `false`.
    GoOn(bool),
    /// Opens what answers a question, by its place in the list of questions.
    Ask(usize),
    /// Takes a file out of those opened last.
    Forget(PathBuf),
    /// Closes every notice.
    CloseNotices,
    /// Closes the window; what is to be remembered is.
    Quit,
}

/// A step of the zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// Larger by a tenth.
    In,
    /// Smaller by a tenth.
    Out,
    /// As the window opened.
    Reset,
}

/// The smallest and the largest zoom.
pub const ZOOMS: std::ops::RangeInclusive<f32> = 0.5..=3.0;

impl Zoom {
    /// The zoom after this step from `zoom`, in tenths within [`ZOOMS`]; `opening` is what the window opened with.
    pub fn from(self, zoom: f32, opening: f32) -> f32 {
        let tenths = (zoom * 10.0).round();
        let next = match self {
            Self::In => (tenths + 1.0) / 10.0,
            Self::Out => (tenths - 1.0) / 10.0,
            Self::Reset => opening,
        };
        next.clamp(*ZOOMS.start(), *ZOOMS.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zoom_goes_by_tenths_and_stays_within_its_limits() {
        assert_eq!(Zoom::In.from(1.0, 1.25), 1.1);
        assert_eq!(Zoom::Out.from(1.25, 1.25), 1.2);
        assert_eq!(Zoom::Reset.from(2.4, 1.25), 1.25);
        assert_eq!((Zoom::In.from(3.0, 1.0), Zoom::Out.from(0.5, 1.0)), (3.0, 0.5));
        let up = (0..100).fold(0.5, |zoom, _| Zoom::In.from(zoom, 1.0));
        assert_eq!(up, 3.0);
    }
}
