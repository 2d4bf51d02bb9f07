//! The card of a lane under the pointer: everything that is known of the window at the cursor.

use egui::{Align, Layout, Response, RichText, Ui};

use crate::app::panels::emissions::lanes::{Lane, LaneEnd};
use crate::app::panels::emissions::table::Row;
use crate::app::panels::number;
use crate::app::theme::{Theme, font};
use crate::app::time_ticks;
use crate::human;
use crate::window::pane::Timing;

/// Shows the card while the pointer is on a row.
pub fn card(response: Response, theme: &Theme, row: &Row) {
    let lane = &row.lane;
    response.on_hover_ui(|ui| {
        ui.set_max_width(260.0);
        ui.label(RichText::new(format!("Window {}", lane.name)).font(font::semibold(12.0)).color(theme.t1));
        for (name, value) in facts(lane, row.pinned.as_ref()) {
            fact_ui(ui, theme, name, &value);
        }
    });
}

fn fact_ui(ui: &mut Ui, theme: &Theme, name: &str, value: &str) {
    ui.horizontal(|ui| {
        ui.set_min_width(220.0);
        ui.label(RichText::new(name).font(font::body()).color(theme.t2));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(value).font(font::value()).color(theme.t1));
        });
    });
}

/// What there is to say of a lane, in the order in which it happened.
pub fn facts(lane: &Lane, pinned: Option<&Lane>) -> Vec<(&'static str, String)> {
    let clock = |micros: i64| time_ticks::clock(micros, 1e4);
    let mut facts = vec![("first record", clock(lane.opened_at.micros()))];
    let early = lane.firings.iter().filter(|(timing, _)| *timing == Timing::Early).count();
    if early > 0 {
        facts.push(("early panes", human::count(early as u64)));
    }
    if let Some(&(timing, at)) = lane.firings.iter().find(|(timing, _)| *timing != Timing::Early) {
        let name = match timing {
            Timing::Late => "first fired, late",
            Timing::AtEnd => "fired at the end",
            Timing::OnTime | Timing::Early => "fired on time",
        };
        facts.push((name, clock(at.micros())));
    }
    if let Some(wait) = lane.wait() {
        facts.push(("after its end by", human::span(wait)));
    }
    if lane.corrections() > 0 {
        facts.push(("corrections", human::count(lane.corrections() as u64)));
    }
    match lane.end {
        LaneEnd::Closed(at) => facts.push(("state dropped", clock(at.micros()))),
        LaneEnd::Merged(at) => facts.push(("merged into another", clock(at.micros()))),
        LaneEnd::Kept if lane.is_open => facts.push(("state", "open".to_owned())),
        LaneEnd::Kept => facts.push(("state", "kept for late ones".to_owned())),
    }
    facts.push((if lane.is_fired { "value" } else { "so far" }, lane.value.text()));
    facts.push(("truth", lane.truth.text()));
    match lane.off_by {
        Some(off_by) if off_by < 0.0 => facts.push(("short by", number::value(-off_by))),
        Some(off_by) if off_by > 0.0 => facts.push(("over by", number::value(off_by))),
        Some(_) => facts.push(("off by", "0".to_owned())),
        None => {}
    }
    if let Some(pinned) = pinned {
        facts.push(("pinned run", pinned.value.text()));
        if let Some(at) = pinned.on_time_at() {
            facts.push(("pinned run fired", clock(at.micros())));
        }
    }
    facts
}
