//! Which columns mean what: chosen, guessed, without a header, without an arrival time.

use super::*;

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
