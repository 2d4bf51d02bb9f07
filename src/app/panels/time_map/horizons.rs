//! Where windows close: ticks on the now line at the end of every kept window plus the allowed
//! lateness. The window closes when the watermark gets there.

use egui::{Align2, Stroke, pos2};

use crate::app::panels::time_map::model::Column;
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::text::{MapLabel, Piece, rank, shrinking};
use crate::app::panels::time_map::values;
use crate::app::theme::font;
use crate::app::time_ticks::{session_name, window_name};
use crate::window::pane::Timing;

/// Ticks on the now line beyond which they would be a fence.
const MOST_TICKS: usize = 12;

fn has_answered(scene: &Scene<'_>, column: &Column) -> bool {
    let panes = scene.model.panes_at(scene.trace(), column, scene.view.now);
    panes.iter().any(|&id| scene.trace().panes[id as usize].timing != Timing::Early)
}

/// Draws the ticks and says which labels they want.
pub fn paint(scene: &Scene<'_>) -> Vec<MapLabel> {
    let lateness = scene.trace().pipeline.allowed_lateness;
    let y = scene.now_y();
    if lateness.micros() == 0 || !scene.plot.y_range().contains(y) {
        return Vec::new();
    }
    let now = scene.view.now;
    let range = scene.columns_in_view();
    let kept = range.filter(|&i| {
        let column = &scene.model.columns[i];
        column.opened_at <= now
            && column.end.at().is_none_or(|at| at > now)
            && (column.window.end + lateness).is_finite()
            && has_answered(scene, column)
    });
    let kept: Vec<usize> = kept.take(MOST_TICKS + 1).collect();
    if kept.len() > MOST_TICKS {
        return Vec::new();
    }
    let (theme, plot) = (scene.theme(), scene.plot);
    let mut labels = Vec::new();
    for i in kept {
        let window = scene.model.columns[i].window;
        let closes = window.end + lateness;
        let x = scene.axes.event.px_of(closes.micros());
        let column = &scene.model.columns[i];
        let start = window.start.micros();
        let name = match column.session_of {
            _ if scene.overlapping() => values::window_span(column),
            Some(key) => {
                format!(
                    "{} {}",
                    scene.trace().stream.key_table().name(key),
                    session_name(start, window.size().micros())
                )
            }
            None => window_name(start, window.size().micros()),
        };
        let word = |text: String| Piece::new(text, font::tick(), theme.t2);
        if plot.x_range().contains(x) {
            scene.painter.vline(x, y - 8.0..=y + 8.0, Stroke::new(2.0, theme.window));
            let places = vec![
                (pos2(x - 4.0, y - 3.0), Align2::RIGHT_BOTTOM),
                (pos2(x + 4.0, y - 3.0), Align2::LEFT_BOTTOM),
                (pos2(x + 4.0, y + 3.0), Align2::LEFT_TOP),
                // Over a disc on the now line.
                (pos2(x + 4.0, y - 18.0), Align2::LEFT_BOTTOM),
                (pos2(x - 4.0, y - 18.0), Align2::RIGHT_BOTTOM),
            ];
            labels.push(shrinking(scene, rank::HORIZON, &[word(name), word("closes here".to_owned())], places));
        } else if x > plot.right() && labels.is_empty() {
            let naming = if column.session_of.is_some() { session_name } else { window_name };
            let at = naming(closes.micros(), window.size().micros());
            let places = vec![(pos2(plot.right() - 2.0, y - 3.0), Align2::RIGHT_BOTTOM)];
            let text = format!("{name} closes at {at} \u{2192}");
            labels.push(shrinking(scene, rank::HORIZON, &[word(text)], places));
        }
    }
    labels
}
