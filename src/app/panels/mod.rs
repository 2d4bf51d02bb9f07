//! One module per panel. A panel is a function of a [`super::view::View`] and its own scroll and
//! zoom state; whatever it wants to change, it pushes as a [`super::view::Command`].

pub mod alert_chip;
pub mod emissions;
pub mod export_card;
pub mod faults;
pub mod guarantees;
pub mod late;
pub mod ledger;
pub mod lesson;
pub mod live;
pub mod notices;
pub mod number;
pub mod palette;
pub mod partitions;
pub mod queues;
pub mod recovery;
pub mod results;
pub mod settings;
pub mod shortcuts_sheet;
pub mod start;
pub mod tasks;
pub mod time_map;
pub mod top_bar;
pub mod topology;
pub mod transport;
pub mod tuner;
pub mod twin;
pub mod why;
pub mod window_value;
