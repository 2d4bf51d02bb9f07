//! The jobs: which records, which pipeline, and the answer that is known to be right.
//!
//! Record i has a key out of 1,000, happens up to 500 ms before millisecond i, and carries a whole
//! number below 100. The watermark follows by 500 ms after every record, so none is late, and the
//! final watermark ends the job.

use clap::ValueEnum;

use crate::bench::checksum::Answer;
use crate::pipeline::{Aggregate, AtEnd, Pipeline, WatermarkSpec, WindowSpec};
use crate::record::{KeyId, Record, RecordId};
use crate::time::{EventTime, Span};

/// How far the watermark follows behind, in milliseconds: as much as records are out of order.
pub const BOUND_MS: i64 = 500;

/// A standard job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// Tumbling windows of 1 s over 20 million records.
    W1,
    /// Sliding windows of 10 s every second over 5 million records.
    W2,
    /// Sessions with a gap of 2 s over 5 million records.
    W3,
}

impl Job {
    /// `w1`, `w2`, `w3`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::W1 => "w1",
            Self::W2 => "w2",
            Self::W3 => "w3",
        }
    }

    /// How many records it has.
    pub const fn records(self) -> u32 {
        match self {
            Self::W1 => 20_000_000,
            Self::W2 | Self::W3 => 5_000_000,
        }
    }

    /// The first `records` records of the job.
    pub fn generate(records: u32) -> Vec<SmallRecord> {
        (0..records).map(SmallRecord::generate).collect()
    }

    /// What is done with them, described as any other pipeline is.
    pub fn pipeline(self) -> Pipeline {
        let second = Span::from_secs(1);
        Pipeline {
            watermark: WatermarkSpec::Bounded { bound: Span::from_millis(BOUND_MS) },
            window: match self {
                Self::W1 => WindowSpec::Tumbling { size: second, offset: Span::ZERO },
                Self::W2 => WindowSpec::Sliding { size: second.times(10), slide: second, offset: Span::ZERO },
                Self::W3 => WindowSpec::Session { gap: second.times(2) },
            },
            aggregate: Aggregate::Sum,
            at_end: AtEnd::Flush,
            ..Pipeline::default()
        }
    }

    /// The right answer over all its records.
    pub const fn expected(self) -> Answer {
        match self {
            Self::W1 => Answer { panes: 12_643_882, checksum: 0x899d_6bbd_62ec_74ce },
            Self::W2 => Answer { panes: 5_007_784, checksum: 0x68ed_37dc_43a1_d935 },
            Self::W3 => Answer { panes: 676_775, checksum: 0xc613_98ee_dc46_b303 },
        }
    }
}

/// A record of a job in as few bytes as it needs, for the yardsticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallRecord {
    /// Event time in milliseconds since the epoch.
    pub event_time_ms: i32,
    /// Number of the key, below 1,000.
    pub key: u16,
    /// Value, below 100.
    pub value: u16,
}

impl SmallRecord {
    /// Record `i` of every job.
    pub const fn generate(i: u32) -> Self {
        let i = i as u64;
        Self {
            event_time_ms: i as i32 - (splitmix64(i ^ 0x9E37) % 501) as i32,
            key: ((splitmix64(i) >> 32) % 1_000) as u16,
            value: (splitmix64(i.wrapping_mul(7)) % 100) as u16,
        }
    }

    /// The same record as the window operator takes it, as the `id`-th.
    pub fn widen(self, id: u32) -> Record {
        Record {
            id: RecordId(id),
            event_time: EventTime::from_millis(i64::from(self.event_time_ms)),
            key: KeyId(u32::from(self.key)),
            value: f64::from(self.value),
        }
    }
}

/// The output function of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014) after one step from state `x`.
const fn splitmix64(x: u64) -> u64 {
    let z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_the_published_numbers() {
        // The first outputs from seed 0: the state grows by the golden ratio.
        let golden = 0x9E37_79B9_7F4A_7C15_u64;
        assert_eq!(splitmix64(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(splitmix64(golden), 0x6E78_9E6A_A1B9_65F4);
        assert_eq!(splitmix64(golden.wrapping_mul(2)), 0x06C4_5D18_8009_454F);
    }

    #[test]
    fn records_stay_in_their_ranges() {
        for i in 0..10_000 {
            let record = SmallRecord::generate(i);
            let behind = i as i32 - record.event_time_ms;
            assert!((0..=500).contains(&behind) && record.key < 1_000 && record.value < 100, "{record:?}");
        }
    }

    #[test]
    fn every_job_is_a_legal_pipeline() {
        for job in [Job::W1, Job::W2, Job::W3] {
            assert_eq!(job.pipeline().problems(), []);
        }
    }
}
