//! JSON lines, packed files, and files from other systems.

use super::*;

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

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
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
