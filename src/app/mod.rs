//! The desktop lab: one window over a run that was recorded whole.
//!
//! - [`theme`]: colours, sizes, fonts
//! - [`run`]: a finished run, prepared for drawing
//! - [`view`]: what panels read in a frame, and the commands that they push
//! - [`widgets`]: marks, knobs, segments and the frame of a panel
//! - [`panels`]: one module per panel
//!
//! Panels know no thread, clock or file: time comes from the frame's input, runs come finished
//! from the worker.

pub mod files;
pub mod layout;
pub mod link;
pub mod panels;
pub mod playback;
pub mod run;
pub mod shell;
pub mod shortcuts;
pub mod state;
mod style;
pub mod theme;
pub mod time_axis;
pub mod time_ticks;
pub mod type_roles;
pub mod update;
pub mod view;
pub mod widgets;
pub mod worker;
