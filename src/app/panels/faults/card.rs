//! The card behind the arrow of a button: who is hit, for how long, how much; and the button itself.

use egui::Ui;

use crate::app::panels::faults::choice::{Choice, Victims, amounts, lasts, spans, usual, usual_amount};
use crate::app::panels::faults::kinds::Kind;
use crate::app::theme::{Theme, space};
use crate::app::widgets::controls::{Loudness, button, segments};
use crate::app::widgets::frame;
use crate::human;
use crate::scenario::Silence;
use crate::time::Span;

/// What may become of the records of what is silent.
const RECORDS: [(Silence, &str, &str); 2] = [
    (Silence::Stop, "never happen", "There is nothing to send"),
    (Silence::Hold, "come at the end", "They wait on the way, as in a tunnel, and all arrive when it is over"),
];

/// Whether there is anything to choose.
pub fn has_choices(kind: Kind, victims: &Victims) -> bool {
    victims.0.len() > 1 || lasts(kind) || !amounts(kind).is_empty()
}

/// Draws the card. Whether its button was pressed.
pub fn card_ui(ui: &mut Ui, theme: &Theme, kind: Kind, choice: &mut Choice, victims: &Victims, length: Span) -> bool {
    ui.spacing_mut().item_spacing.y = 6.0;
    frame::title(ui, theme, kind.title());
    frame::caption(ui, theme, kind.help());
    if victims.0.len() > 1 {
        frame::caption(ui, theme, "Who");
        let names: Vec<(&str, &str)> = victims.0.iter().map(|hit| (hit.name.as_str(), "")).collect();
        let chosen = choice.victim.min(names.len() - 1);
        if let Some(victim) = segments(ui, theme, "who", &names, chosen) {
            choice.victim = victim;
        }
    }
    let amounts = amounts(kind);
    if !amounts.is_empty() {
        frame::caption(ui, theme, "How much");
        let names: Vec<(&str, &str)> = amounts.iter().map(|(_, name)| (*name, "")).collect();
        let chosen = choice.amount.unwrap_or(usual_amount(kind));
        if let Some(amount) = segments(ui, theme, "how much", &names, chosen) {
            choice.amount = Some(amount);
        }
    }
    if lasts(kind) {
        frame::caption(ui, theme, "For how long");
        let spans: Vec<Span> = spans(length).iter().map(|&ms| Span::from_millis(ms)).collect();
        let names: Vec<String> = spans.iter().map(|&span| human::span(span)).collect();
        let names: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        let now = choice.lasts.unwrap_or_else(|| usual(length));
        let chosen = spans.iter().position(|&span| span == now).unwrap_or(spans.len());
        if let Some(place) = segments(ui, theme, "for how long", &names, chosen) {
            choice.lasts = Some(spans[place]);
        }
    }
    if kind == Kind::Silence {
        frame::caption(ui, theme, "Its records");
        let names = RECORDS.map(|(_, name, help)| (name, help));
        let chosen = RECORDS.iter().position(|(it, ..)| *it == choice.records).unwrap_or(0);
        if let Some(place) = segments(ui, theme, "its records", &names, chosen) {
            choice.records = RECORDS[place].0;
        }
    }
    ui.add_space(space::XS);
    button(ui, theme, &format!("{} now", kind.title()), Loudness::Main).clicked()
}
