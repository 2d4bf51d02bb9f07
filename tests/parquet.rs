//! Parquet: every type that can hold a time, a key or a value, damage, and recordings there and back.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use highwater::record::{RecordId, Stream};
use highwater::recording::{
    BadRows, Choice, ReadError, ReadOptions, Recording, Role, read, read_path, write_path, write_path_with,
};
use highwater::scenario::ColumnChoice;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
    Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// 2019-03-23 20:21:09 UTC in seconds.
const T: i64 = 1_553_372_469;

fn table(fields: &str, groups: &[&dyn Fn(&mut Group<'_>)]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message m {{ {fields} }}")).expect("a schema"));
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).expect("a writer");
    for fill in groups {
        let mut group = writer.next_row_group().expect("a row group");
        fill(&mut group);
        group.close().expect("a whole row group");
    }
    writer.into_inner().expect("memory")
}

/// Writes the next column; of `levels`, those equal to the largest have values.
fn column<D: DataType>(group: &mut Group<'_>, values: &[D::T], levels: Option<&[i16]>) {
    let mut column = group.next_column().expect("sound").expect("a column");
    column.typed::<D>().write_batch(values, levels, None).expect("written");
    column.close().expect("closed");
}

fn texts(texts: &[&str]) -> Vec<ByteArray> {
    texts.iter().map(|&text| ByteArray::from(text)).collect()
}

fn read_with(bytes: &[u8], columns: ColumnChoice, bad_rows: BadRows) -> Result<Recording, ReadError> {
    read(bytes, "t.parquet", &ReadOptions { columns, bad_rows }, &mut |_| ControlFlow::Continue(()))
}

fn recording(bytes: &[u8]) -> Recording {
    read_with(bytes, ColumnChoice::default(), BadRows::Refuse).expect("a recording")
}

fn choice(event_time: &str, key: &str, value: &str) -> ColumnChoice {
    let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    ColumnChoice { event_time: name(event_time), key: name(key), value: name(value), ..ColumnChoice::default() }
}

/// Event time in microseconds, key and value of every record.
fn records(stream: &Stream) -> Vec<(i64, &str, f64)> {
    stream.records().map(|r| (r.event_time.micros(), stream.key_table().name(r.key), r.value)).collect()
}

#[test]
fn every_kind_of_time_is_read() {
    let check = |field: &str, fill: &dyn Fn(&mut Group<'_>), format: Option<&str>, expected: i64| {
        let bytes = table(&format!("REQUIRED {field};"), &[fill]);
        let columns = ColumnChoice { time_format: format.map(str::to_owned), ..choice("t", "", "") };
        let recording = read_with(&bytes, columns, BadRows::Refuse).unwrap_or_else(|e| panic!("{field}: {e}"));
        let times: Vec<i64> = recording.stream.event_times().iter().map(|time| time.micros()).collect();
        assert_eq!(times, [expected], "{field}");
    };
    let int64 = |value: i64| move |group: &mut Group<'_>| column::<Int64Type>(group, &[value], None);
    let micros = T * 1_000_000;
    check("INT64 t (TIMESTAMP(MILLIS,true))", &int64(T * 1_000 + 5), None, micros + 5_000);
    check("INT64 t (TIMESTAMP(MICROS,false))", &int64(micros + 5), None, micros + 5);
    check("INT64 t (TIMESTAMP(NANOS,true))", &int64(micros * 1_000 + 5_999), None, micros + 5);
    check("INT64 t (TIMESTAMP_MILLIS)", &int64(T * 1_000), Some("s"), micros);
    check("INT64 t", &int64(T), None, micros);
    check("INT64 t", &int64(T * 1_000), None, micros);
    check("INT64 t", &int64(5_000), Some("ms"), 5_000_000);
    check("INT64 t", &int64(20_190_323), Some("%Y%m%d"), 1_553_299_200_000_000);
    check("INT64 t (DECIMAL(15,2))", &int64(T * 100 + 25), Some("s"), micros + 250_000);
    check("INT32 t", &|group| column::<Int32Type>(group, &[T as i32], None), None, micros);
    check("INT32 t (DATE)", &|group| column::<Int32Type>(group, &[17_978], None), None, 1_553_299_200_000_000);
    check("DOUBLE t", &|group| column::<DoubleType>(group, &[T as f64 + 0.25], None), None, micros + 250_000);
    let iso = |group: &mut Group<'_>| column::<ByteArrayType>(group, &texts(&["2019-03-23T22:21:09+02:00"]), None);
    check("BYTE_ARRAY t (STRING)", &iso, None, micros);
    let mut old = Int96::new();
    old.set_data(5_999, 0, 2_440_588 + 17_978);
    check("INT96 t", &|group| column::<Int96Type>(group, &[old], None), None, 1_553_299_200_000_005);
}

#[test]
fn every_kind_of_key_and_value_is_read() {
    let check = |fields: &str, fill: &dyn Fn(&mut Group<'_>), expected: (&str, f64)| {
        let bytes = table(
            &format!("REQUIRED INT64 t (TIMESTAMP(MILLIS,true)); {fields}"),
            &[&|group| {
                column::<Int64Type>(group, &[T * 1_000], None);
                fill(group);
            }],
        );
        let recording = read_with(&bytes, choice("t", "k", "v"), BadRows::Refuse);
        let recording = recording.unwrap_or_else(|e| panic!("{fields}: {e}"));
        assert_eq!(records(&recording.stream), [(T * 1_000_000, expected.0, expected.1)], "{fields}");
    };
    check(
        "REQUIRED BYTE_ARRAY k (STRING); REQUIRED FLOAT v;",
        &|group| {
            column::<ByteArrayType>(group, &texts(&["a\u{e9}"]), None);
            column::<FloatType>(group, &[0.5], None);
        },
        ("a\u{e9}", 0.5),
    );
    check(
        "REQUIRED BOOLEAN k; REQUIRED INT32 v (DECIMAL(9,2));",
        &|group| {
            column::<BoolType>(group, &[true], None);
            column::<Int32Type>(group, &[-1_250], None);
        },
        ("true", -12.5),
    );
    check(
        "REQUIRED FIXED_LEN_BYTE_ARRAY(16) k (UUID); REQUIRED FIXED_LEN_BYTE_ARRAY(3) v (DECIMAL(6,1));",
        &|group| {
            let fixed = |bytes: Vec<u8>| FixedLenByteArray::from(bytes);
            column::<FixedLenByteArrayType>(group, &[fixed((0..16).collect())], None);
            column::<FixedLenByteArrayType>(group, &[fixed(vec![0xff, 0xff, 0xf6])], None);
        },
        ("00010203-0405-0607-0809-0a0b0c0d0e0f", -1.0),
    );
    check(
        "REQUIRED INT64 k (INTEGER(64,false)); REQUIRED INT64 v;",
        &|group| {
            column::<Int64Type>(group, &[-1], None);
            column::<Int64Type>(group, &[7], None);
        },
        ("18446744073709551615", 7.0),
    );
    check(
        "REQUIRED BYTE_ARRAY k; REQUIRED BYTE_ARRAY v (STRING);",
        &|group| {
            column::<ByteArrayType>(group, &texts(&["plain"]), None);
            column::<ByteArrayType>(group, &texts(&[" 12.75 "]), None);
        },
        ("plain", 12.75),
    );
}

#[test]
fn columns_in_groups_have_paths_and_those_in_lists_are_refused() {
    let bytes = table(
        "REQUIRED group payload { OPTIONAL group user { REQUIRED BYTE_ARRAY id (STRING); }
             REQUIRED INT64 created_at (TIMESTAMP(MICROS,true)); }
         REQUIRED group items (LIST) { REPEATED group list { REQUIRED DOUBLE element; } }",
        &[&|group| {
            column::<ByteArrayType>(group, &texts(&["u1"]), Some(&[1, 0]));
            column::<Int64Type>(group, &[1, 2], None);
            let mut items = group.next_column().expect("sound").expect("a column");
            items.typed::<DoubleType>().write_batch(&[1.0, 2.0], Some(&[1, 1]), Some(&[0, 0])).expect("written");
            items.close().expect("closed");
        }],
    );
    let chosen = read_with(&bytes, choice("payload.created_at", "payload.user.id", ""), BadRows::Refuse);
    assert_eq!(records(&chosen.expect("a recording").stream), [(1, "u1", 1.0), (2, "", 1.0)]);
    let refused = |value: &str| {
        let result = read_with(&bytes, choice("payload.created_at", "", value), BadRows::Refuse);
        result.expect_err("a list").to_string()
    };
    let list = "t.parquet: column \"items.list.element\" is inside a list or a map; \
                expected a column with one number, text or time in every row";
    assert_eq!(refused("items.list.element"), list);
    assert_eq!(refused("items"), list);
    assert!(refused("payload.usr.id").contains("did you mean \"payload.user.id\"?"));
}

/// Three columns, the times and values with a null each, in two row groups.
fn with_nulls() -> Vec<u8> {
    let fill = |group: &mut Group<'_>| {
        column::<Int64Type>(group, &[T, T + 1, T + 2], Some(&[1, 0, 1, 1]));
        column::<ByteArrayType>(group, &texts(&["a", "b", "c"]), Some(&[1, 1, 0, 1]));
        column::<DoubleType>(group, &[1.5, 2.5, f64::NAN], Some(&[1, 1, 1, 0]));
    };
    table("OPTIONAL INT64 event_time; OPTIONAL BYTE_ARRAY key (STRING); OPTIONAL DOUBLE value;", &[&fill, &fill])
}

#[test]
fn nulls_are_bad_rows_with_their_row_and_column() {
    let bytes = with_nulls();
    let recording = read_with(&bytes, ColumnChoice::default(), BadRows::KeepAside).expect("a recording");
    let bad: Vec<String> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    let expected = [
        "row 2, column \"event_time\" is null; expected a time",
        "row 3, column \"value\": \"NaN\" is not a finite number; expected one like 12.5",
        "row 4, column \"value\" is null; expected a number",
        "row 6, column \"event_time\" is null; expected a time",
        "row 7, column \"value\": \"NaN\" is not a finite number; expected one like 12.5",
        "row 8, column \"value\" is null; expected a number",
    ];
    assert_eq!(bad, expected);
    assert_eq!(records(&recording.stream), [(T * 1_000_000, "a", 1.5); 2]);
    let refused = read_with(&bytes, ColumnChoice::default(), BadRows::Refuse).expect_err("bad rows");
    assert_eq!(refused.to_string(), format!("t.parquet: {}", expected[0]));
}

#[test]
fn a_unit_that_changes_is_named_with_its_row() {
    let times: Vec<i64> = (0..30).map(|i| if i < 20 { T + i } else { (T + i) * 1_000 }).collect();
    let bytes = table("REQUIRED INT64 t;", &[&|group| column::<Int64Type>(group, &times, None)]);
    let error = read_with(&bytes, choice("t", "", ""), BadRows::KeepAside).expect_err("two units").to_string();
    let expected = "t.parquet: row 21, column \"t\": \"1553372489000\" is in milliseconds where the rows before are in \
                    seconds; expected one unit throughout";
    assert!(error.starts_with(expected), "{error}");
}

const TRIPS: &str = "\
pickup,dropoff,total,pickup_zone,partition
2019-03-23 20:21:09,2019-03-23 20:27:24.000001,12.95,Lenox Hill West,0
2019-03-04 16:11:55,2019-03-04 16:19:00,-0.0,,3
2019-03-27 17:53:01,2019-03-27 18:00:25,1.7976931348623157e308,\"Alphabet, City\",1
1969-12-31 23:59:59.999999,2019-03-10 01:49:51,5e-324,Lenox Hill West,0
";

fn read_file(path: &Path) -> Recording {
    read_path(path, &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).expect("a recording")
}

#[test]
fn a_recording_keeps_every_bit_as_parquet() {
    let trips = read(TRIPS.as_bytes(), "t.csv", &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    let stream = trips.expect("a recording").stream;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trips.parquet");
    write_path(&stream, &path).expect("written");
    let again = read_file(&path);
    assert_eq!(again.stream, stream);
    let bits = |stream: &Stream| stream.values().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&again.stream), bits(&stream));
    let partitions: Vec<u32> = (0..4).map(|i| again.stream.partition(RecordId(i)).0).collect();
    assert_eq!(partitions, [3, 0, 0, 1]);
    let column = again.report.column(Role::EventTime).expect("the role");
    assert_eq!(column.column.as_deref(), Some("event_time"));
    assert!(matches!(column.choice, Choice::Guessed(_)));
    assert!(again.report.to_string().contains("event_time (guessed by its name; timestamps)"), "{}", again.report);
}

#[test]
fn many_row_groups_are_one_recording() {
    let rows = 1_200_000;
    let text: String = (0..rows).fold("event_time,key,value\n".to_owned(), |mut text, i| {
        text.push_str(&format!("{},k{},{}\n", T + i, i % 7, i % 1_000));
        text
    });
    let stream = read(text.as_bytes(), "t", &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    let stream = stream.expect("a recording").stream;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.parquet");
    let mut heard = Vec::new();
    let mut listen = |rows| {
        heard.push(rows);
        ControlFlow::Continue(())
    };
    write_path_with(&stream, &path, &mut listen).expect("written");
    assert_eq!(heard, [1_048_576, 1_200_000]);
    assert_eq!(read_file(&path).stream, stream);
    let mut shares = Vec::new();
    let result = read_path(&path, &ReadOptions::default(), &mut |bytes| {
        shares.push(bytes);
        if shares.len() < 10 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert!(matches!(result, Err(ReadError::Cancelled { .. })));
    assert!(shares.is_sorted() && shares.last() < fs::metadata(&path).ok().map(|metadata| metadata.len()).as_ref());
}

#[test]
fn writing_can_be_cancelled_and_then_nothing_is_there() {
    let stream = recording(&table("REQUIRED INT64 time;", &[&|group| column::<Int64Type>(group, &[T], None)])).stream;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.parquet");
    let error = write_path_with(&stream, &path, &mut |_| ControlFlow::Break(())).expect_err("cancelled");
    assert!(error.to_string().ends_with("out.parquet: writing was cancelled; nothing is written"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn a_cut_file_and_one_without_rows_are_refused() {
    let bytes = with_nulls();
    for length in [4, 8, bytes.len() / 2, bytes.len() - 1] {
        let error = read_with(&bytes[..length], ColumnChoice::default(), BadRows::KeepAside).expect_err("cut");
        let message = error.to_string();
        assert!(
            message.starts_with("t.parquet: the Parquet file does not end in a footer that can be read"),
            "{message}"
        );
        assert!(message.ends_with("expected the whole file (was it cut while copied?)"), "{message}");
    }
    let empty = table("REQUIRED INT64 time;", &[]);
    let error = read_with(&empty, ColumnChoice::default(), BadRows::KeepAside).expect_err("no rows");
    assert_eq!(error.to_string(), "t.parquet: has columns and no rows");
}

#[test]
fn damage_is_an_error_or_bad_rows_and_never_a_panic() {
    let bytes = with_nulls();
    let mut refused = 0;
    for place in 4..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[place] ^= flip;
            match read_with(&damaged, ColumnChoice::default(), BadRows::KeepAside) {
                Ok(recording) => assert!(recording.stream.len() <= 8),
                Err(error) => refused += usize::from(!error.to_string().is_empty()),
            }
        }
    }
    assert!(refused > bytes.len() / 2, "{refused} of {} damaged files were refused", 3 * (bytes.len() - 4));
}
