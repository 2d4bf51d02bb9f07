//! Reading and writing recordings through the library: formats, guesses, bad input, round trips.

mod bad_input;
mod columns;
mod formats;
mod round_trip;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use highwater::record::{KeyTable, PartitionId, RecordId, Row, Stream};
use highwater::recording::{
    BadRows, Choice, Packing, ReadError, ReadOptions, Recording, Role, RowFormat, read, read_path, write, write_path,
};
use highwater::scenario::ColumnChoice;
use highwater::time::{EventTime, INPUT_LIMIT_MICROS, ProcTime};

const TRIPS: &str = "\
pickup,dropoff,passengers,fare,total,color,pickup_zone
2019-03-23 20:21:09,2019-03-23 20:27:24,1,7.0,12.95,yellow,Lenox Hill West
2019-03-04 16:11:55,2019-03-04 16:19:00,1,5.0,9.3,yellow,
2019-03-27 17:53:01,2019-03-27 18:00:25,1,7.5,14.16,green,Alphabet City
2019-03-10 01:23:59,2019-03-10 01:49:51,1,27.0,36.95,green,Lenox Hill West
";

fn options(columns: ColumnChoice) -> ReadOptions {
    ReadOptions { columns, bad_rows: BadRows::KeepAside }
}

fn columns(event_time: &str, arrival_time: &str, key: &str, value: &str) -> ColumnChoice {
    let name = |name: &str| Some(name.to_owned());
    ColumnChoice {
        event_time: name(event_time),
        arrival_time: name(arrival_time),
        key: name(key),
        value: name(value),
        ..ColumnChoice::default()
    }
}

fn read_bytes(file: &str, bytes: &[u8], options: &ReadOptions) -> Result<Recording, ReadError> {
    read(bytes, file, options, &mut |_| ControlFlow::Continue(()))
}

fn read_text(text: &str) -> Recording {
    read_bytes("t.csv", text.as_bytes(), &ReadOptions::default()).expect("a recording")
}

fn error(text: &str, columns: ColumnChoice, bad_rows: BadRows) -> String {
    let options = ReadOptions { columns, bad_rows };
    read_bytes("trips.csv", text.as_bytes(), &options).expect_err("bad input").to_string()
}

/// Event time, arrival time (both in microseconds), key and value of every record.
fn records(stream: &Stream) -> Vec<(i64, i64, &str, f64)> {
    let name = |key| stream.key_table().name(key);
    let arrivals = stream.arrivals();
    stream.records().map(|r| (r.event_time.micros(), arrivals[r.id.index()].micros(), name(r.key), r.value)).collect()
}

fn chosen(recording: &Recording) -> [Option<&str>; 5] {
    Role::ALL.map(|role| recording.report.column(role).and_then(|column| column.column.as_deref()))
}

const S: i64 = 1_000_000;
