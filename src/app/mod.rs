//! The desktop lab: one window over a run that was recorded whole.
//!
//! - [`theme`], [`type_roles`]: colours and fonts
//! - [`panel`], [`layout`], [`arrangement`]: the panels by name, and where they lie
//! - [`run`], [`insight`]: a finished run, prepared for drawing; what its tasks did
//! - [`view`]: what panels read in a frame, and the commands that they push
//! - [`widgets`], [`panels`]: marks and knobs; one module per panel
//! - [`state`], [`update`]: what is shown and chosen, and the one place that changes it
//! - [`breaking`]: faults and records put in at the cursor
//! - [`playback`], [`shortcuts`]: the cursor over the run, and the keys
//! - [`worker`], [`link`], [`files`], [`tasks`]: runs, streams and long work, beside the window
//! - [`live`]: a run on real threads, looked at as it runs
//! - [`export`]: pictures, animations and tables taken out of the lab
//! - [`shell`]: the window, and what lies over the run
//!
//! Panels know no thread, clock or file: time comes from the frame's input, runs come finished
//! from the worker.

pub mod arrangement;
pub mod beside;
pub mod breaking;
pub mod export;
pub mod files;
pub mod insight;
pub mod layout;
pub mod link;
pub mod live;
pub mod panel;
pub mod panels;
pub mod playback;
pub mod run;
pub mod shell;
pub mod shortcuts;
pub mod state;
mod style;
pub mod tasks;
pub mod theme;
pub mod time_axis;
pub mod time_ticks;
pub mod type_roles;
pub mod update;
pub mod view;
pub mod widgets;
pub mod worker;
