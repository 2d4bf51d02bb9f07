//! A coordinate kept between two others that themselves follow from how much room there is, so that they may cross.

/// Keeps a coordinate inside a stretch that may be turned inside out.
pub trait Within: Sized {
    /// `self` between `least` and `most`; `least` where the two have crossed. Unlike `clamp` it never panics.
    fn within(self, least: Self, most: Self) -> Self;
}

impl Within for f32 {
    fn within(self, least: Self, most: Self) -> Self {
        self.min(most).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::Within as _;

    #[test]
    fn the_lower_end_wins_where_ends_have_crossed() {
        assert_eq!([3.0_f32.within(1.0, 5.0), 0.0.within(1.0, 5.0), 9.0.within(1.0, 5.0)], [3.0, 1.0, 5.0]);
        assert_eq!([3.0_f32.within(5.0, 1.0), 9.0.within(5.0, 1.0)], [5.0, 5.0]);
    }
}
