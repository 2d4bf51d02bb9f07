//! Reading and writing recordings through the library: formats, guesses, bad input, round trips.

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

#[test]
fn rows_are_records_in_arrival_order() {
    let recording = read_bytes("t", TRIPS.as_bytes(), &options(columns("pickup", "dropoff", "pickup_zone", "total")));
    let recording = recording.expect("a recording");
    assert_eq!(
        records(&recording.stream),
        [
            (1_551_715_915 * S, 1_551_716_340 * S, "", 9.3),
            (1_552_181_039 * S, 1_552_182_591 * S, "Lenox Hill West", 36.95),
            (1_553_372_469 * S, 1_553_372_844 * S, "Lenox Hill West", 12.95),
            (1_553_709_181 * S, 1_553_709_625 * S, "Alphabet City", 14.16),
        ]
    );
    assert_eq!((recording.report.row_count, recording.report.bad_row_count), (4, 0));
    assert!(recording.report.columns[..4].iter().all(|column| column.choice == Choice::Given));
}

#[test]
fn columns_are_guessed_by_name_and_content() {
    let recording = read_text(TRIPS);
    assert_eq!(chosen(&recording), [Some("pickup"), Some("dropoff"), Some("pickup_zone"), Some("total"), None]);
    let report = recording.report.to_string();
    assert!(report.contains("pickup (guessed by its name; dates from year to second)"), "{report}");
    assert!(report.contains("not before the event time in 4 of 4 sampled rows"), "{report}");

    let text = "event_time_ms,arrival_time_ms,network,magnitude\n1517365101235,1517365391235,ak,2.3\n";
    let recording = read_text(text);
    let expected = [Some("event_time_ms"), Some("arrival_time_ms"), Some("network"), Some("magnitude"), None];
    assert_eq!(chosen(&recording), expected);
    assert_eq!(records(&recording.stream), [(1_517_365_101_235_000, 1_517_365_391_235_000, "ak", 2.3)]);

    let text = "author_time_s,commit_time_s,author\n1112911993,1112911993,a1\n1112911994,1112911990,a2\n";
    let recording = read_text(text);
    assert_eq!(chosen(&recording)[..4], [Some("author_time_s"), Some("commit_time_s"), Some("author"), None]);
    assert_eq!(recording.report.negative_delay_count, 1);
    assert!(recording.report.to_string().contains("1 record has a negative delay"));
}

#[test]
fn names_that_the_writer_uses_are_certain() {
    let text = "key,partition,value,arrival_time,event_time\n2019-01-01,3,7,2019-01-02,2019-01-01\n";
    let expected = [Some("event_time"), Some("arrival_time"), Some("key"), Some("value"), Some("partition")];
    let recording = read_text(text);
    assert_eq!(chosen(&recording), expected);
    assert_eq!(recording.stream.partition(RecordId(0)), PartitionId(3));
}

#[test]
fn a_value_is_not_picked_from_several_columns_without_a_reason() {
    let recording = read_text("time,a,b\n2019-01-01,1,2\n2019-01-02,1,2\n");
    assert_eq!(chosen(&recording), [Some("time"), None, None, None, None]);
    assert_eq!(recording.stream.values(), [1.0, 1.0]);
    let recording = read_text("time,a\n2019-01-01,5\n2019-01-02,6\n");
    assert_eq!(chosen(&recording)[3], Some("a"));
}

#[test]
fn an_empty_name_chooses_no_column() {
    let choice = ColumnChoice { key: Some(String::new()), arrival_time: Some(String::new()), ..Default::default() };
    let recording = read_bytes("t", TRIPS.as_bytes(), &options(choice)).expect("a recording");
    assert_eq!(chosen(&recording), [Some("pickup"), None, None, Some("total"), None]);
    assert_eq!(recording.stream.key_table().names().collect::<Vec<_>>(), [""]);
}

#[test]
fn without_a_header_columns_have_numbers() {
    let text = "1517365101.235,1517365102,x\n1517365103,1517365104,y\n1517365105,1517365106,x\n";
    let recording = read_text(text);
    assert_eq!(chosen(&recording), [Some("1"), Some("2"), Some("3"), None, None]);
    assert_eq!(records(&recording.stream)[0], (1_517_365_101_235_000, 1_517_365_102 * S, "x", 1.0));
    assert!(recording.report.to_string().contains("the first row looks like data"));
    let choice = ColumnChoice {
        event_time: Some("2".to_owned()),
        arrival_time: Some(String::new()),
        no_header: true,
        ..Default::default()
    };
    let recording = read_bytes("t", text.as_bytes(), &options(choice)).expect("a recording");
    assert_eq!(chosen(&recording)[..3], [Some("2"), None, Some("3")]);
}

#[test]
fn without_an_arrival_time_file_order_is_arrival_order() {
    let text = "time,key\n2019-01-01 00:00:10,a\n2019-01-01 00:00:05,b\n2019-01-01 00:00:20,c\n";
    let recording = read_text(text);
    let start = 1_546_300_800;
    let expected = [
        ((start + 10) * S, (start + 10) * S, "a", 1.0),
        ((start + 5) * S, (start + 10) * S, "b", 1.0),
        ((start + 20) * S, (start + 20) * S, "c", 1.0),
    ];
    assert_eq!(records(&recording.stream), expected);
    assert!(recording.report.is_arrival_assumed);
    assert!(recording.report.to_string().contains("delays are at least what is shown"));
}

#[test]
fn a_name_with_a_comma_or_a_lost_quote_is_one_bad_row() {
    let log = "100,200,Ann\n101,201,Doe, John\n102,202,\"Bob \"the\" Builder\"\n103,203,\"lost\n\
               104,204,O\"Neill\n105,205,\"x\"\n";
    let choice = ColumnChoice {
        event_time: Some("1".to_owned()),
        arrival_time: Some("2".to_owned()),
        key: Some("3".to_owned()),
        time_format: Some("s".to_owned()),
        no_header: true,
        ..Default::default()
    };
    let recording = read_bytes("-", log.as_bytes(), &options(choice)).expect("a recording");
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    assert_eq!(bad.len(), 2, "{bad:?}");
    assert_eq!(bad[0], "line 2: 4 fields where 3 were expected");
    assert!(bad[1].starts_with("line 4: a quote at the start of a field is not closed"), "{}", bad[1]);
    let keys: Vec<_> = recording.stream.key_table().names().collect();
    assert_eq!(keys, ["Ann", "Bob the\" Builder\"", "O\"Neill", "x"]);
}

#[test]
fn bad_rows_are_kept_aside_with_what_would_be_right() {
    let text = "pickup,dropoff,value,key\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,1,a\n\
        yesterday,2019-03-23 20:27:24,1,a\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,NaN,a\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,inf,a\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,\"1,5\",a\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,,a\n\
        2019-03-23 20:21:09,9999-03-23 20:27:24,1,a\n\
        2019-03-23 20:21:09,2019-03-23";
    let recording = read_text(text);
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    assert_eq!(
        bad,
        [
            "line 3, column \"pickup\": \"yesterday\" is not a time; expected a date like 2019-03-23 20:21:09",
            "line 4, column \"value\": \"NaN\" is not a finite number; expected one like 12.5",
            "line 5, column \"value\": \"inf\" is not a finite number; expected one like 12.5",
            "line 6, column \"value\": \"1,5\" is not a number; expected one like 12.5",
            "line 7, column \"value\": \"\" is not a number; expected one like 12.5",
            "line 8, column \"dropoff\": \"9999-03-23 20:27:24\" is too far away; \
             expected a time between the years -5952 and 9892",
            "line 9: 2 fields where 4 were expected",
        ]
    );
    assert_eq!((recording.report.row_count, recording.report.record_count, recording.report.bad_row_count), (8, 1, 7));
}

#[test]
fn a_strict_reader_refuses_the_first_bad_row() {
    let text = "pickup,dropoff\n2019-03-23 20:21:09,2019-03-23 20:27:24\nyesterday,2019-03-23 20:27:24\n";
    assert_eq!(
        error(text, ColumnChoice::default(), BadRows::Refuse),
        "trips.csv: line 3, column \"pickup\": \"yesterday\" is not a time; expected a date like 2019-03-23 20:21:09"
    );
}

#[test]
fn two_units_in_one_column_are_noticed() {
    let text = "event_time,value\n1517365101,1\n1517365102,1\n1517365103000,1\n";
    let recording = read_text(text);
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    let expected = "line 4, column \"event_time\": \"1517365103000\" looks like milliseconds where the column is in \
                    seconds; if it is right, give --time-format s";
    assert_eq!(bad, [expected]);
    let choice = ColumnChoice { time_format: Some("s".to_owned()), ..Default::default() };
    let recording = read_bytes("t", text.as_bytes(), &options(choice)).expect("a recording");
    assert!(recording.report.bad_rows[0].to_string().contains("too far away"));
}

#[test]
fn a_time_format_is_for_both_columns() {
    let text = "event_time,arrival_time\n23.03.2019 20:21,23.03.2019 20:22\n";
    let with = |format: &str| {
        let choice = ColumnChoice { time_format: Some(format.to_owned()), ..Default::default() };
        read_bytes("t.csv", text.as_bytes(), &options(choice))
    };
    let recording = with("%d.%m.%Y %H:%M").expect("a recording");
    assert_eq!(records(&recording.stream), [(1_553_372_460 * S, 1_553_372_520 * S, "", 1.0)]);
    assert_eq!(with("auto").expect("a recording").stream, recording.stream);
    let message = with("s").expect_err("no seconds").to_string();
    assert!(message.contains("none of the 1 rows read can be used"), "{message}");
    assert!(message.contains("expected seconds since 1970 like 1553372469"), "{message}");
    assert!(with("seconds").expect_err("no format").to_string().contains("use s, ms, us"));
}

#[test]
fn a_wrong_column_suggests_the_nearest() {
    let choice = columns("pikup", "dropoff", "pickup_zone", "total");
    let message = error(TRIPS, choice, BadRows::KeepAside);
    assert!(message.starts_with("trips.csv: there is no column \"pikup\" (did you mean \"pickup\"?)"), "{message}");
    assert!(message.contains("the columns are \"pickup\", \"dropoff\", \"passengers\""), "{message}");
    let choice = ColumnChoice { event_time: Some("t".to_owned()), ..Default::default() };
    let message = error("1517365101,x\n1517365102,y\n", choice, BadRows::KeepAside);
    assert!(message.contains("use --no-header"), "{message}");
    let message = error("a,b\nx,y\n", ColumnChoice::default(), BadRows::KeepAside);
    assert!(message.contains("no column looks like a time; choose one with --event-time"), "{message}");
}

#[test]
fn a_name_may_differ_in_case_alone() {
    let recording = read_bytes("t", TRIPS.as_bytes(), &options(columns("Pickup", "DROPOFF", "color", "fare")));
    assert_eq!(chosen(&recording.expect("a recording"))[0], Some("pickup"));
}

#[test]
fn json_lines_have_paths_and_keep_every_digit() {
    let text = "{\"ts\":1517365101235123,\"payload\":{\"user\":{\"id\":\"u1\"},\"amount\":0.1},\
        \"seen_at\":1517365101235124}\n\
        \n\
        {\"ts\":\"1517365101235125\",\"payload\":{\"user\":{},\"amount\":\"2\"},\"seen_at\":1517365101235126}\n\
        {\"ts\":null,\"payload\":{}}\n\
        {\"ts\":1517365101235127,\"payload\":{\"user\":{\"id\":[1]},\"amount\":3},\"seen_at\":1517365101235128}\n\
        {\"ts\":1517365101235127\n";
    let choice = columns("ts", "seen_at", "payload.user.id", "payload.amount");
    let recording = read_bytes("t.jsonl", text.as_bytes(), &options(choice)).expect("a recording");
    let expected = [
        (1_517_365_101_235_123, 1_517_365_101_235_124, "u1", 0.1),
        (1_517_365_101_235_125, 1_517_365_101_235_126, "", 2.0),
    ];
    assert_eq!(records(&recording.stream), expected);
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    assert_eq!(bad.len(), 3);
    assert!(bad[0].starts_with("line 4, column \"ts\": \"\" is not a time"), "{}", bad[0]);
    assert_eq!(bad[1], "line 5, column \"payload.user.id\": \"[1]\" is a list or an object; expected a single value");
    assert!(bad[2].starts_with("line 6: not a JSON object on one line: EOF"), "{}", bad[2]);
}

#[test]
fn json_columns_are_guessed_too() {
    let text = "{\"topic\":\"t\",\"partition\":1,\"offset\":7,\"ts\":1517365101300,\
        \"payload\":\"{\\\"event_time\\\":1517365101235,\\\"user\\\":\\\"u1\\\",\\\"amount\\\":3}\"}\n";
    let recording = read_bytes("-", text.as_bytes(), &ReadOptions::default()).expect("a recording");
    let expected =
        [Some("payload.event_time"), Some("ts"), Some("payload.user"), Some("payload.amount"), Some("partition")];
    assert_eq!(chosen(&recording), expected);
    assert_eq!(records(&recording.stream), [(1_517_365_101_235_000, 1_517_365_101_300_000, "u1", 3.0)]);
}

#[test]
fn marks_and_line_ends_of_other_systems_are_accepted() {
    let plain = read_text(TRIPS).stream;
    let windows = format!("\u{feff}{}", TRIPS.replace('\n', "\r\n"));
    assert_eq!(read_text(&windows).stream, plain);
    assert_eq!(read_text(&TRIPS.replace(',', ";")).stream, plain);
    assert_eq!(read_text(&TRIPS.replace(',', "\t")).stream, plain);
    assert_eq!(read_text(&TRIPS.replace(',', "|")).stream, plain);
    assert_eq!(read_text(TRIPS.trim_end()).stream, plain);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

#[test]
fn packed_input_is_recognised_by_its_first_bytes() {
    let plain = read_text(TRIPS).stream;
    let zstd = zstd::encode_all(TRIPS.as_bytes(), 0).expect("memory");
    let two_members = [gzip(&TRIPS.as_bytes()[..100]), gzip(&TRIPS.as_bytes()[100..])].concat();
    for packed in [gzip(TRIPS.as_bytes()), zstd, two_members] {
        let recording = read_bytes("standard input", &packed, &ReadOptions::default()).expect("a recording");
        assert_eq!(recording.stream, plain);
    }
    // A file with the wrong name is what it is.
    let recording = read_bytes("t.csv.gz", TRIPS.as_bytes(), &ReadOptions::default()).expect("a recording");
    assert_eq!(recording.stream, plain);
}

#[test]
fn a_packed_file_cut_in_the_middle_is_refused() {
    let rows = "2019-03-23 20:21:09,2019-03-23 20:27:24,1\n".repeat(10_000);
    let text = format!("pickup,dropoff,value\n{rows}");
    let zstd = zstd::encode_all(text.as_bytes(), 0).expect("memory");
    for (packed, name) in [(gzip(text.as_bytes()), "gzip"), (zstd, "zstd")] {
        let cut = &packed[..packed.len() - 20];
        let message = read_bytes("t.csv", cut, &ReadOptions::default()).expect_err("cut").to_string();
        assert!(message.starts_with(&format!("t.csv: the {name} data ends in the middle, after line ")), "{message}");
    }
}

#[test]
fn what_is_no_recording_says_what_it_is() {
    let message = |bytes: &[u8]| read_bytes("t", bytes, &ReadOptions::default()).expect_err("no recording").to_string();
    assert!(message(b"PAR1\x15\x04").contains("is a Parquet file"));
    assert!(message(b"PK\x03\x04....").contains("is a zip archive"));
    assert!(message(b"\xff\xfea\0,\0").contains("iconv -f utf-16 -t utf-8"));
    assert!(message(b"").contains("is empty"));
    assert!(message(&gzip(b"")).contains("is empty"));
    assert!(message(b"time,key\n").contains("has a header and no rows"));
    // Bytes from a small generator: junk without any format's mark.
    let mut state = 1_u32;
    let junk: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(100_000)
    .collect();
    assert!(message(&junk).contains("is not text"), "{}", message(&junk));
}

#[test]
fn bytes_that_are_not_text_make_bad_rows() {
    let text = b"time,key\n2019-01-01,a\n2019-01-02,caf\xe9\n2019-01-03,n\0l\n\xff\xff,b\n";
    let recording = read_bytes("t", text, &ReadOptions::default()).expect("a recording");
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    assert_eq!(bad[0], "line 3, column \"key\": \"caf\u{fffd}\" is not UTF-8 text");
    assert_eq!(bad[1], "line 4, column \"key\": \"n\\0l\" is not UTF-8 text");
    assert!(bad[2].starts_with("line 5, column \"time\""), "{}", bad[2]);
    assert_eq!(bad.len(), 3);
}

/// Gives `head` and then `repeat` for ever, counting what was taken.
struct Endless<'c> {
    head: &'static [u8],
    repeat: u8,
    taken: &'c std::cell::Cell<u64>,
}

impl std::io::Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = if self.head.is_empty() { buffer.len() } else { self.head.len().min(buffer.len()) };
        if self.head.is_empty() {
            buffer.fill(self.repeat);
        } else {
            buffer[..length].copy_from_slice(&self.head[..length]);
            self.head = &self.head[length..];
        }
        self.taken.set(self.taken.get() + length as u64);
        Ok(length)
    }
}

#[test]
fn a_line_without_end_is_refused_without_holding_it() {
    for head in ["", "time,key\n2019-01-01,", "time,key\n2019-01-01,\"", "{\"time\":\""] {
        let taken = std::cell::Cell::new(0);
        let endless = Endless { head: head.as_bytes(), repeat: b'x', taken: &taken };
        let result = read(endless, "t.csv", &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        let message = result.expect_err("no end").to_string();
        let line = if head.contains('\n') { 2 } else { 1 };
        assert_eq!(
            message,
            format!("t.csv: line {line} is longer than 1048576 bytes; expected rows that end with a line break")
        );
        assert!(taken.get() < 4 << 20, "{} bytes were taken", taken.get());
    }
}

#[test]
fn reading_can_be_cancelled() {
    let text = format!("time\n{}", "2019-01-01\n".repeat(200_000));
    let mut calls = Vec::new();
    let result = read(text.as_bytes(), "t", &ReadOptions::default(), &mut |bytes| {
        calls.push(bytes);
        if bytes > 1_500_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(result, Err(ReadError::Cancelled { .. })));
    assert!(calls.is_sorted() && calls.last() < Some(&2_200_000), "{calls:?}");
}

#[test]
fn missing_files_and_directories_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let message = |path: &Path| {
        let result = read_path(path, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        result.expect_err("no file").to_string()
    };
    let missing = directory.path().join("missing.csv");
    assert_eq!(message(&missing), format!("{}: there is no such file", missing.display()));
    assert!(message(directory.path()).contains("is a directory"));
}

#[test]
fn hopeless_input_says_so_with_its_first_row() {
    let message = error("event_time,b\nx,1\ny,2\n", ColumnChoice::default(), BadRows::KeepAside);
    let expected = "trips.csv: none of the 2 rows read can be used; the first: line 2, column \"event_time\": \
                    \"x\" is not a time; expected a date like 2019-03-23 20:21:09";
    assert_eq!(message, expected);
}

#[test]
fn a_written_file_reads_back_equal_in_every_format() {
    let stream = read_text(TRIPS).stream;
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["a.csv", "a.jsonl", "a.csv.gz", "a.ndjson.gz", "a.csv.zst", "a.jsonl.zst"] {
        let path = directory.path().join(name);
        write_path(&stream, &path).expect("written");
        let recording = read_path(&path, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        assert_eq!(recording.expect("a recording").stream, stream, "{name}");
    }
    assert!(write_path(&stream, &directory.path().join("a.txt")).is_err());
}

mod round_trip {
    use proptest::prelude::*;

    use super::*;

    fn instant() -> impl Strategy<Value = i64> {
        prop_oneof![
            -INPUT_LIMIT_MICROS..=INPUT_LIMIT_MICROS,
            1_500_000_000_000_000..1_500_000_100_000_000_i64,
            Just(INPUT_LIMIT_MICROS),
            Just(-INPUT_LIMIT_MICROS),
            Just(-1),
            Just(0),
        ]
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>().prop_filter("finite", |value| value.is_finite()),
            (-1_000_i32..1_000).prop_map(|cents| f64::from(cents) / 100.0),
        ]
    }

    /// A stream whose keys are numbered in arrival order, as every stream from a file.
    fn stream() -> impl Strategy<Value = Stream> {
        let key = prop_oneof!["[a-c]?", "\\PC{0,5}", "[\",;\t|\r\n '{}\\\\]{0,4}"];
        let row = (instant(), instant(), key, value(), 0_u32..3);
        prop::collection::vec(row, 1..40).prop_map(|mut rows| {
            rows.sort_by_key(|row| row.1);
            let mut keys = KeyTable::default();
            let rows = rows.into_iter().map(|(event, arrival, key, value, partition)| Row {
                event_time: EventTime::from_micros(event),
                arrival: ProcTime::from_micros(arrival),
                key: keys.intern(&key),
                value,
                partition: PartitionId(partition),
            });
            let rows = rows.collect();
            Stream::from_rows(rows, keys)
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_equal(stream in stream(), json in any::<bool>(), packing in 0..3) {
            let format = if json { RowFormat::JsonLines } else { RowFormat::Csv };
            let packing = [Packing::Plain, Packing::Gzip, Packing::Zstd][packing as usize];
            let mut bytes = Vec::new();
            write(&stream, format, packing, &mut bytes).expect("memory");
            let recording = read_bytes("t", &bytes, &ReadOptions::default()).expect("a recording");
            prop_assert_eq!(recording.report.bad_rows.len(), 0);
            prop_assert_eq!(recording.stream, stream);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(
            bytes in prop::collection::vec(prop_oneof![
                Just(b','), Just(b'"'), Just(b'\n'), Just(b'{'), Just(b'}'), Just(b':'), Just(b'1'), Just(b't'),
                any::<u8>()
            ], 0..300),
            strict in any::<bool>(),
        ) {
            let bad_rows = if strict { BadRows::Refuse } else { BadRows::KeepAside };
            let options = ReadOptions { columns: ColumnChoice::default(), bad_rows };
            if let Ok(recording) = read_bytes("t", &bytes, &options) {
                prop_assert_eq!(
                    recording.report.row_count,
                    recording.stream.len() as u64 + recording.report.bad_row_count
                );
            }
        }

        #[test]
        fn good_rows_and_bad_rows_are_all_the_rows(good in prop::collection::vec(any::<bool>(), 1..100)) {
            let mut text = "event_time,key\n2019-01-01,first\n".to_owned();
            for is_good in &good {
                text.push_str(if *is_good { "2019-01-02,a\n" } else { "2019-02-30,b\n" });
            }
            let recording = read_text(&text);
            let bad_lines: Vec<_> = recording.report.bad_rows.iter().map(|row| row.line).collect();
            let expected: Vec<_> = (3_u64..).zip(&good).filter(|(_, good)| !**good).map(|(line, _)| line).collect();
            prop_assert_eq!(bad_lines, expected);
            prop_assert_eq!(recording.stream.len(), 1 + good.iter().filter(|good| **good).count());
        }
    }
}
