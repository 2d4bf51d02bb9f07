//! The most windows that are kept at once, for any sum of bound and lateness.
//!
//! Between two records that close windows the number only grows, so it is largest right before one of
//! them, or at the end. Right before record j: the windows opened by then, minus those of the columns
//! that are closed by then; and of these, records that came after the closing opened nothing. Their
//! number is added again, over the range of closings that it was taken off from.

use crate::time::Span;
use crate::tuner::scan::Scan;

/// Windows that go together.
struct Closing {
    /// The rise of event time that closes them; the number of rises for those that are never closed.
    rise: usize,
    /// The first of them; all before are closed already.
    first: usize,
    /// How many records are handled right before.
    records: u32,
}

impl Scan {
    /// Most windows of all keys kept at once, looked at after every record and the watermark that it
    /// raised. O(windows and records that are dropped).
    pub fn max_open_windows(&self, horizon: Span) -> u64 {
        let closings = self.closings(horizon);
        let mut uncounted = vec![0_i64; closings.len() + 1];
        for (place, closing) in closings.iter().enumerate() {
            let next = closings.get(place + 1).map_or(self.windows.len(), |next| next.first);
            let met_by = self.profile.met_by(closing.rise);
            for window in closing.first..next {
                let opened_late = self.late_first.of_window(window);
                for &record in &opened_late[opened_late.partition_point(|&record| record < met_by)..] {
                    // Taken off before every later closing, though it opened only after some of them.
                    let opened_before = closings.partition_point(|it| it.records <= record).max(place + 1);
                    uncounted[place + 1] += 1;
                    uncounted[opened_before] -= 1;
                }
            }
        }
        let mut given_back = 0;
        let open = |(place, closing): (usize, &Closing)| {
            given_back += uncounted[place];
            let opened = self.opened_before(closing.records) as i64;
            opened - self.cells_before[closing.first] as i64 + given_back
        };
        closings.iter().enumerate().map(open).max().unwrap_or(0).unsigned_abs()
    }

    /// In order; the last one is the end of the stream, whether it closes anything or not.
    fn closings(&self, horizon: Span) -> Vec<Closing> {
        let mut closings: Vec<Closing> = Vec::new();
        let mut rise = 0;
        for (window, held) in self.windows.iter().enumerate() {
            rise = self.profile.rise_to(self.grid.end(held.number).saturating_add(horizon.micros()), rise);
            if rise == self.profile.rises() {
                break;
            }
            if closings.last().is_none_or(|last| last.rise < rise) {
                closings.push(Closing { rise, first: window, records: self.profile.met_by(rise) - 1 });
            }
        }
        let closed = self.windows.partition_point(|held| {
            self.grid.end(held.number).saturating_add(horizon.micros()) <= self.profile.newest().micros()
        });
        let records = self.profile.stream().len() as u32;
        closings.push(Closing { rise: self.profile.rises(), first: closed, records });
        closings
    }

    /// Windows opened by the first so many records.
    fn opened_before(&self, records: u32) -> u64 {
        let openers = self.openers.partition_point(|&opener| opener < records);
        if self.opened.is_empty() { openers as u64 } else { openers.checked_sub(1).map_or(0, |last| self.opened[last]) }
    }
}
