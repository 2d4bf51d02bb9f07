//! The job `import`: a table of text into a recording, sorted by arrival.
//!
//! Its yardstick is the `csv` library alone, which splits the same bytes into fields and does nothing
//! with them. The rows are in order of event time, so reading has to sort them; delays are log-normal
//! (median 200 ms, sigma 1.5, at most 10 minutes), keys are a thousand.

use std::ops::ControlFlow;

use crate::recording::{ReadError, ReadOptions, read};
use crate::rng::Seed;

/// Records of the job.
pub const RECORDS: u32 = 2_000_000;

/// The first event, in microseconds since the epoch: 2023-11-14 22:13:20 UTC.
const START_MICROS: i64 = 1_700_000_000_000_000;

/// Between two events.
const STEP_MICROS: i64 = 100;

/// The table.
pub struct Import {
    text: Vec<u8>,
    expected: Read,
}

/// What was read: enough to see that it is all there and in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Rows without the header.
    pub rows: u64,
    /// The sum of all delays in microseconds.
    pub delay_micros: i64,
    /// Whether arrivals ascend.
    pub is_sorted: bool,
}

impl Import {
    /// Makes the table.
    pub fn generate(records: u32) -> Self {
        let mut draws = Seed::new(7).stream("import");
        let mut text = b"event_time,arrival_time,key,value\n".to_vec();
        let mut delay_micros = 0;
        for i in 0..records {
            // Box and Muller, "A Note on the Generation of Random Normal Deviates" (1958).
            let radius = libm::sqrt(-2.0 * libm::log(draws.unit_above_zero()));
            let normal = radius * libm::cos(std::f64::consts::TAU * draws.unit());
            let delay = (200_000.0 * libm::exp(1.5 * normal)).min(600_000_000.0) as i64;
            let event = START_MICROS + i64::from(i) * STEP_MICROS;
            let (key, cents) = (draws.integer(0, 999), draws.integer(0, 9_999));
            let row = format!("{event},{},key-{key:03},{}.{:02}\n", event + delay, cents / 100, cents % 100);
            text.extend_from_slice(row.as_bytes());
            delay_micros += delay;
        }
        Self { text, expected: Read { rows: u64::from(records), delay_micros, is_sorted: true } }
    }

    /// The table, as it would be in a file.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// What reading it must find.
    pub const fn expected(&self) -> Read {
        self.expected
    }

    /// Reads it as `highwater import` does.
    ///
    /// # Errors
    /// Never for a table that was made here.
    pub fn read(&self) -> Result<Read, ReadError> {
        let options = ReadOptions::default();
        let stream = read(self.text.as_slice(), "import.csv", &options, &mut |_| ControlFlow::Continue(()))?.stream;
        let micros = |i: usize| stream.arrivals()[i].micros() - stream.event_times()[i].micros();
        Ok(Read {
            rows: stream.len() as u64,
            delay_micros: (0..stream.len()).map(micros).sum(),
            is_sorted: stream.arrivals().is_sorted(),
        })
    }

    /// Splits it with the library alone; the number of rows.
    ///
    /// # Errors
    /// Never for a table that was made here.
    pub fn yardstick(&self) -> Result<u64, csv::Error> {
        let mut reader = csv::Reader::from_reader(self.text.as_slice());
        let mut row = csv::ByteRecord::new();
        let mut rows = 0;
        while reader.read_byte_record(&mut row)? {
            rows += u64::from(row.len() == 4);
        }
        Ok(rows)
    }
}
