//! What is computed per key and window.

use egui::{Ui, vec2};

use super::{Dial, Sheet};
use crate::app::widgets::controls::segments;
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::pipeline::Aggregate;
use crate::window::aggregate::spec::MAX_TOP_K;

const CHOICES: [(&str, &str); 11] = [
    ("Count", "How many records."),
    ("Sum", "The sum of their values."),
    ("Mean", "The arithmetic mean of their values."),
    ("Min", "The smallest value."),
    ("Max", "The largest value."),
    ("First", "The value of the record that happened first."),
    ("Last", "The value of the record that happened last."),
    ("Distinct", "How many different values, exactly."),
    ("Distinct est.", "How many different values, estimated by a HyperLogLog sketch of at most 4 KiB."),
    ("Quantile", "The value that a part of the values does not exceed; a t-digest beyond a few hundred."),
    ("Top k", "The largest values; as one number, the smallest of them."),
];

const PLAIN: [Aggregate; 9] = [
    Aggregate::Count,
    Aggregate::Sum,
    Aggregate::Mean,
    Aggregate::Min,
    Aggregate::Max,
    Aggregate::First,
    Aggregate::Last,
    Aggregate::Distinct,
    Aggregate::DistinctApprox,
];

fn place_of(aggregate: Aggregate) -> usize {
    match aggregate {
        Aggregate::Quantile(_) => PLAIN.len(),
        Aggregate::TopK(_) => PLAIN.len() + 1,
        plain => PLAIN.iter().position(|known| *known == plain).unwrap_or(0),
    }
}

fn at_place(place: usize) -> Aggregate {
    match PLAIN.get(place) {
        Some(plain) => *plain,
        None if place == PLAIN.len() => Aggregate::Quantile(0.95),
        None => Aggregate::TopK(3),
    }
}

/// Draws what is computed per key and window, and its number where it has one.
pub fn value_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let opened = sheet.opened.pipeline.aggregate;
    let mut next = sheet.next.pipeline.aggregate;
    ui.add_space(2.0);
    if let Some(place) = segments(ui, sheet.theme, "value", &CHOICES, place_of(next)) {
        next = if place_of(opened) == place { opened } else { at_place(place) };
    }
    match &mut next {
        Aggregate::Quantile(quantile) => {
            let default = if let Aggregate::Quantile(quantile) = opened { quantile } else { 0.95 };
            let dial = Dial {
                quantity: Quantity::Share,
                scale: Scale::Stops(super::ranges::QUANTILE_STOPS.to_vec()),
                limits: 1e-6..=1.0,
                default,
                ticks: &[],
            };
            let help = "Which part of the values is at most the result (nearest rank).";
            if let Some(new) = sheet.knob(ui, "Part", help, dial, *quantile) {
                *quantile = new;
            }
        }
        Aggregate::TopK(k) => {
            let default = if let Aggregate::TopK(k) = opened { k } else { 3 };
            let dial = Dial {
                quantity: Quantity::Whole("values"),
                scale: Scale::Stops([1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0].to_vec()),
                limits: 1.0..=f64::from(MAX_TOP_K),
                default: f64::from(default),
                ticks: &[],
            };
            let help = "How many of the largest values are kept per key and window.";
            if let Some(new) = sheet.knob(ui, "Largest", help, dial, f64::from(*k)) {
                *k = new as u32;
            }
        }
        _ => {}
    }
    sheet.next.pipeline.aggregate = next;
    ui.allocate_space(vec2(0.0, 4.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_aggregate_has_a_place_and_every_place_an_aggregate() {
        for place in 0..CHOICES.len() {
            assert_eq!(place_of(at_place(place)), place);
            assert_eq!(at_place(place).problem(), None);
        }
    }
}
