//! The controls that each panel must have, written out: taking one away has to be meant.

use highwater::app::panel::Panel;

use crate::controls::Control;

/// By panel: a scenario on which it shows all of them, and their names; a star stands for any rest.
pub const PANELS: [(Panel, &str, &[&str]); 1] = [(Panel::Ledger, "trams-crash", &["nothing"])];

/// The names of the list that no enabled or disabled control has.
pub fn missing(place: &str, controls: &[Control], wanted: &[&str]) -> Vec<String> {
    let has = |name: &str| match name.strip_suffix('*') {
        Some(begin) => controls.iter().any(|control| control.name.starts_with(begin)),
        None => controls.iter().any(|control| control.name == name),
    };
    let there: Vec<String> = controls.iter().map(Control::said).collect();
    let missing = wanted.iter().filter(|name| !has(name));
    missing.map(|name| format!("{place}: {name} is not among {there:#?}")).collect()
}
