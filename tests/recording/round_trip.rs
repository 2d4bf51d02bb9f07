//! What is written reads back equal, and nothing makes the reader panic.

use proptest::prelude::*;

use super::*;

#[test]
fn a_written_file_reads_back_equal_in_every_format() {
    let stream = read_text(TRIPS).stream;
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["a.csv", "a.jsonl", "a.csv.gz", "a.ndjson.gz", "a.csv.zst", "a.jsonl.zst", "a.parquet"] {
        let path = directory.path().join(name);
        write_path(&stream, &path).expect("written");
        let recording = read_path(&path, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        assert_eq!(recording.expect("a recording").stream, stream, "{name}");
    }
    assert!(write_path(&stream, &directory.path().join("a.txt")).is_err());
}

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
    fn parquet_reads_back_equal(stream in stream()) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("t.parquet");
        write_path(&stream, &path).expect("written");
        let recording = read_path(&path, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        let recording = recording.expect("a recording");
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
