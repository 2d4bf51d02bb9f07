//! A window or a tile of any size: panels give way, down to nothing, and none of them breaks.

#[path = "common/lab_window.rs"]
mod lab_window;

use egui::vec2;
use highwater::app::arrangement::Preset;
use highwater::app::files::Opened;
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::view::{Command, Selection};
use highwater::record::RecordId;
use highwater::time::Span;

use lab_window::{scenario, window, window_of};

/// Widths and heights in points: none, less than an edge of a panel, and what zoom leaves of a small window.
const SIDES: [f32; 9] = [1.0, 20.0, 48.0, 97.0, 140.0, 213.0, 320.0, 480.0, 960.0];

#[test]
fn every_panel_can_be_drawn_at_every_size() {
    let mut window = window(scenario("trams-crash", &[]), Span::from_secs(500));
    window.state_mut().command(Command::Select(Selection::Record(RecordId(40))));
    let tiles: Vec<Panel> = Panel::ALL.into_iter().filter(|panel| panel.is_tile()).collect();
    assert_eq!(tiles.len(), 13);
    for panel in tiles {
        window.state_mut().command(Command::ToggleMaximised(panel));
        for width in SIDES {
            for height in SIDES {
                window.set_size(vec2(width, height));
                window.step();
            }
        }
        window.state_mut().command(Command::ToggleMaximised(panel));
    }
}

#[test]
fn every_layout_can_be_drawn_at_every_size() {
    for (preset, ..) in Preset::ALL {
        let mut lab = Lab::headless(Opened::scenario(scenario("late-nine", &[])), Saved::default()).arranged(preset);
        lab.logic();
        let mut window = window_of(lab, vec2(640.0, 480.0));
        for width in SIDES {
            for height in SIDES {
                window.set_size(vec2(width, height));
                window.step();
            }
        }
    }
}
