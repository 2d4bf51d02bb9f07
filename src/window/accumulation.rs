//! What a firing says of the firings before it: nothing, everything again, or everything again after
//! taking back what was said. The three modes of the Dataflow Model (Akidau et al., 2015, section 2.3).

use serde::{Deserialize, Serialize};

/// How the panes of one window relate to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accumulation {
    /// A pane holds what came since the pane before it.
    Discarding,
    /// A pane holds everything so far and replaces the pane before it.
    #[default]
    Accumulating,
    /// As accumulating, and the pane before it is withdrawn first, as a pane of its own
    /// ([`crate::window::pane::Pane::is_retraction`]). When sessions merge, the panes of the old
    /// windows are withdrawn before the merged one's first.
    AccumulatingAndRetracting,
}
