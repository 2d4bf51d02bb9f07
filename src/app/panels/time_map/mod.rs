//! The time map: event time across, processing time up.
//!
//! - [`model`], [`said`], [`lives`]: what is drawn, computed once per run and key; [`running`]: values of open windows
//! - [`camera`], [`layout`], [`geometry`], [`detail`], [`labels`], [`zoom`]: where things stand, without drawing
//! - [`lines`], [`windows`], [`panes`], [`values`], [`withdrawn`], [`records`], [`horizons`], [`strips`]: drawing
//! - [`lanes`], [`rack`]: windows that overlap, in lanes under the map
//! - [`crowd`], [`texture`], [`to_come`]: very many records
//! - [`bands`], [`by_hand`]: what lasted, and what the reader put in
//! - [`delay`], [`slant`]: the same with delays up, and what lasted there
//! - [`ghost`]: the pinned run, or the one before a change
//! - [`header`], [`panel`], [`paint`], [`steer`]: the panel, and what the pointer does; [`hover`], [`facts`],
//!   [`selection`]: the card and the outlines

mod bands;
mod by_hand;
pub mod camera;
mod counts;
mod crowd;
mod delay;
pub mod detail;
mod facts;
#[cfg(test)]
pub(in crate::app) mod fixture;
pub mod geometry;
pub mod ghost;
mod header;
mod horizons;
mod hover;
pub mod labels;
pub mod lanes;
pub mod layout;
mod lines;
pub mod lives;
pub mod model;
mod paint;
mod panel;
mod panes;
mod rack;
mod records;
pub mod running;
mod said;
mod scene;
mod selection;
mod slant;
mod steer;
mod strips;
mod text;
mod texture;
mod to_come;
mod values;
mod windows;
mod withdrawn;
mod zoom;

pub use facts::Facts;
pub use lines::spans_days;
pub use paint::Drawn;
pub use panel::{Mode, TimeMapState, time_map_ui};
