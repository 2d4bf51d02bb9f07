//! One number for all panes of a job: the wrapping sum of one hash per pane, so their order does
//! not matter.

/// How many panes there were, and the checksum over them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Number of panes.
    pub panes: u64,
    /// Wrapping sum of [`pane_hash`] over all panes.
    pub checksum: u64,
}

impl Answer {
    /// Takes note of a pane.
    #[inline]
    pub const fn add(&mut self, start_ms: i64, key: u64, count: u64, sum: u64) {
        self.panes += 1;
        self.checksum = self.checksum.wrapping_add(pane_hash(start_ms, key, count, sum));
    }
}

/// The hash of one pane: its window's start in milliseconds since the epoch, the number of its
/// key, and the count and sum of its values.
#[inline]
pub const fn pane_hash(start_ms: i64, key: u64, count: u64, sum: u64) -> u64 {
    let mixed = start_ms
        .cast_unsigned()
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(key.wrapping_mul(0xC2B2_AE3D_27D4_EB4F))
        .wrapping_add(count.wrapping_mul(0x1656_67B1_9E37_79F9))
        .wrapping_add(sum.wrapping_mul(0x27D4_EB2F_1656_67C5));
    let hash = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash ^ (hash >> 32)
}
