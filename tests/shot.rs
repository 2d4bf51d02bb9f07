//! `highwater shot` as a process: the picture it writes, and what it refuses.

use std::path::Path;

use assert_cmd::Command;
use image::RgbaImage;

const TRAMS: &str = "scenarios/trams-tunnel.ron";

fn shot(args: &[&str], picture: &Path) -> Command {
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    command.arg("shot").args(args).arg("-o").arg(picture);
    command
}

fn drawn(args: &[&str]) -> RgbaImage {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shot.png");
    let output = shot(args, &path).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(output.stdout.len(), 0, "the picture is the only result");
    image::open(&path).expect("it wrote a picture").into_rgba8()
}

fn colours(picture: &RgbaImage) -> usize {
    let mut colours: Vec<[u8; 4]> = picture.pixels().map(|pixel| pixel.0).collect();
    colours.sort_unstable();
    colours.dedup();
    colours.len()
}

/// Exit code 2, a message with every part, and no file.
fn refused(args: &[&str], name: &str, parts: &[&str]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = shot(args, &folder.path().join(name)).output().expect("it runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "nothing is left behind");
}

#[test]
fn the_window_is_drawn_in_the_size_asked_for() {
    let picture = drawn(&[TRAMS, "--at", "5min", "--size", "960x640"]);
    assert_eq!(picture.dimensions(), (960, 640));
    assert!(colours(&picture) > 200, "{} colours", colours(&picture));
    assert!(picture.pixels().all(|pixel| pixel.0[3] == 255), "nothing is translucent");
    let scaled = drawn(&[TRAMS, "--at", "5min", "--size", "960x640", "--scale", "1.5"]);
    assert_eq!(scaled.dimensions(), (1440, 960));
}

#[test]
fn the_same_command_draws_the_same_bytes() {
    let args = [TRAMS, "--at", "12:05", "--size", "960x640"];
    assert_eq!(drawn(&args), drawn(&args));
}

#[test]
fn moment_theme_panel_and_settings_show() {
    let draw = |more: &[&str]| drawn(&[&[TRAMS, "--size", "960x640"], more].concat());
    let picture = draw(&["--at", "6min"]);
    for more in [
        &["--at", "8min"][..],
        &["--at", "6min", "--theme", "light"],
        &["--at", "6min", "--panel", "time-map"],
        &["--at", "6min", "--bound", "2min"],
    ] {
        let other = draw(more);
        assert_eq!(other.dimensions(), picture.dimensions(), "{more:?}");
        assert!(other != picture, "{more:?} changes nothing");
    }
}

#[test]
fn a_twin_shows_both_runs() {
    let draw = |more: &[&str]| drawn(&[&[TRAMS, "--at", "8min", "--size", "1600x1000"], more].concat());
    let (alone, changed) = (draw(&[]), draw(&["--bound", "64s"]));
    let twin = draw(&["--twin", "pipeline.watermark.bound=64s"]);
    assert!(twin != alone && twin != changed, "the pinned run, its ghost and the panel show");
    let panel = |more: &[&str]| drawn(&[&[TRAMS, "--panel", "twin", "--size", "320x836"], more].concat());
    let same = ["--twin", "pipeline.allowed_lateness=1min"];
    let invitation = panel(&[]);
    assert!(panel(&same) != invitation, "a twin without a difference is pinned all the same");
    let several = panel(&["--twin", "pipeline.watermark.bound=64s", "--twin", "pipeline.allowed_lateness=2min"]);
    assert!(several != panel(&["--twin", "pipeline.watermark.bound=64s"]));
}

#[test]
fn what_a_twin_cannot_change_is_refused() {
    refused(&[TRAMS, "--twin", "pipeline.watermark.bond=64s"], "a.png", &["--twin", "bond"]);
    refused(&[TRAMS, "--twin", "pipeline.watermark.bound=soon"], "a.png", &["--twin", "soon"]);
    refused(&[TRAMS, "--twin", "pipeline.watermark.bound"], "a.png", &["--twin"]);
    refused(&[TRAMS, "--twin", "seed=8", "--layout", "start"], "a.png", &["--twin", "start page"]);
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    refused(&["missing.ron"], "a.png", &["missing.ron"]);
    refused(&[TRAMS, "--at", "50min"], "a.png", &["--at", "outside the run", "2026-03-02 12:00:00"]);
    refused(&[TRAMS, "--at", "soon"], "a.png", &["--at", "is not a moment"]);
    refused(&[TRAMS, "--panel", "time-maps"], "a.png", &["did you mean time-map?"]);
    refused(&[TRAMS, "--size", "100x100"], "a.png", &["from 200x150 to 7680x4320"]);
    refused(&[TRAMS, "--size", "7680x4320", "--scale", "2"], "a.png", &["15360x8640", "the limit is 7680x4320"]);
    refused(&[TRAMS], "a.jpg", &["does not end in .png"]);
    refused(&[TRAMS], "no/such/folder/a.png", &["there is no folder"]);
}
