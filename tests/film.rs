//! `highwater film`: an animation that reads back, the same bytes every time, and refusals that say what would
//! be right.

use std::path::Path;

use assert_cmd::Command;
use image::{AnimationDecoder as _, codecs::gif::GifDecoder};

fn film(folder: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("highwater").expect("the program is built");
    command.current_dir(folder).arg("film").arg("trams-tunnel").args(args).assert()
}

const SHORT: [&str; 10] =
    ["--from", "12:05", "--to", "12:05:20", "--panel", "time-map", "--size", "320x200", "--fps", "5"];

#[test]
fn a_film_reads_back_and_is_the_same_every_time() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let write = |name: &str| {
        let mut args = SHORT.to_vec();
        args.extend(["-o", name]);
        film(folder.path(), &args).success().stdout("");
        std::fs::read(folder.path().join(name)).expect("it was written")
    };
    let bytes = write("a.gif");
    assert_eq!(write("b.gif"), bytes);
    let decoder = GifDecoder::new(std::io::Cursor::new(&bytes)).expect("it is a GIF");
    let frames = decoder.into_frames().collect_frames().expect("it has frames");
    // Twenty seconds at ten times the speed are two, of five pictures each, and both ends are shown.
    assert_eq!(frames.len(), 11);
    assert!(frames.iter().all(|frame| frame.buffer().dimensions() == (320, 200)));
    let first = frames[0].buffer();
    assert!(frames[1..].iter().all(|frame| frame.buffer() != first), "time goes on in every picture");
    let delays: u32 = frames.iter().map(|frame| frame.delay().numer_denom_ms().0).sum();
    assert_eq!(delays, 2_200);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "no temporary file is left");
}

#[test]
fn what_makes_no_film_is_refused() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let refused = |args: &[&str], part: &str| {
        let output = film(folder.path(), args).code(2).get_output().stderr.clone();
        let error = String::from_utf8_lossy(&output).into_owned();
        assert!(error.contains(part), "{args:?}: {error}");
    };
    let span = ["--from", "12:05", "--to", "12:06", "-o", "a.gif"];
    let with = |more: &[&'static str]| -> Vec<&'static str> { span.iter().chain(more).copied().collect() };
    refused(&["--from", "12:06", "--to", "12:05", "-o", "a.gif"], "ends before it begins");
    refused(&["--from", "11:00", "--to", "12:05", "-o", "a.gif"], "--from: ");
    refused(&["--from", "12:05", "--to", "12:06", "-o", "a.mp4"], "does not end in .gif");
    refused(&with(&["--fps", "100"]), "from 1 to 50");
    refused(&with(&["--speed", "0"]), "above 0");
    refused(&with(&["--speed", "0.01"]), "Raise the speed");
    refused(&with(&["--size", "7680x4320"]), "the limit is 2560x2560");
    refused(&with(&["--layout", "start"]), "--layout start has no run");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is written");
}
