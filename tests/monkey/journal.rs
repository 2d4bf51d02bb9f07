//! What the monkey did and what the lab looked like after each of its actions, so that a failure can be told and
//! two runs of one seed can be compared.

use std::fmt::Write as _;

use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use highwater::app::shell::Lab;

/// So many of the last actions are told when a seed fails.
const TOLD: usize = 12;

/// What was done, and what was there afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// In words: what was done to which control.
    pub deed: String,
    /// Everything that a screen reader could say afterwards, where it stands, and what the run counts.
    pub digest: u64,
}

/// The actions of one seed so far. When a test fails it says the last ones.
pub struct Journal {
    seed: u64,
    entries: Vec<Entry>,
}

impl Journal {
    pub fn new(seed: u64) -> Self {
        Self { seed, entries: Vec::new() }
    }

    /// An action begins.
    pub fn begin(&mut self, deed: String) {
        self.entries.push(Entry { deed, digest: 0 });
    }

    /// The action that was begun last has ended.
    pub fn end(&mut self, window: &Harness<'_, Lab>) {
        if let Some(entry) = self.entries.last_mut() {
            entry.digest = digest(window);
        }
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Which action it is and what it does, for the message of an assertion.
    pub fn place(&self) -> String {
        let deed = self.entries.last().map_or("opens the window", |entry| entry.deed.as_str());
        format!("seed {}, action {}: {deed}", self.seed, self.entries.len().saturating_sub(1))
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let mut told = format!("the monkey failed at {}\nIts last actions:\n", self.place());
        for (place, entry) in self.entries.iter().enumerate().rev().take(TOLD).rev() {
            let _ = writeln!(told, "  {place:4}  {}", entry.deed);
        }
        let (seed, next) = (self.seed, self.seed + 1);
        let _ = write!(told, "Again: HIGHWATER_MONKEY={seed}..{next} cargo test --test monkey");
        eprintln!("{told}");
    }
}

/// FNV-1a (Fowler, Noll and Vo 1991) over what is on screen.
fn digest(window: &Harness<'_, Lab>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for node in window.root().children_recursive() {
        let data = node.accesskit_node();
        let rect = data.raw_bounds();
        take(&format!("{:?} {:?} {:?} {rect:?}", data.role(), data.label(), data.value()));
    }
    let state = window.state().state();
    take(&format!("{:?} {}", state.playback.now(), state.generation));
    if let Some(run) = &state.run {
        take(&format!("{:?}", run.trace.ledger));
    }
    hash
}
