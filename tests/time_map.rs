//! The time map as people use it: zoom, pan, fit, follow, delays, hover, select, put a record in; and that
//! its labels never meet, over many scenes.

use std::sync::Arc;

use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, Rect, Ui, pos2, vec2};
use egui_kittest::{SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use highwater::app::files::Opened;
use highwater::app::panels::time_map::{Mode, TimeMapState, time_map_ui};
use highwater::app::playback::Playback;
use highwater::app::run::Run;
use highwater::app::state::{Saved, State};
use highwater::app::theme::{self, Theme, ThemeChoice};
use highwater::app::view::{Command, Selection};
use highwater::raster::{Headless, HeadlessOptions};
use highwater::record::RecordId;
use highwater::runtime::{self, Fate, RunConfig};
use highwater::scenario::{Scenario, library, set};
use highwater::source;
use highwater::time::Span;

/// The panel alone in a window without a display.
struct Map {
    headless: Headless,
    theme: Theme,
    state: State,
    map: TimeMapState,
    commands: Vec<Command>,
    installed: bool,
}

fn scenario(name: &str, changes: &[&str]) -> Scenario {
    let mut scenario = library::find(name).expect("it is built in").scenario().expect("it reads");
    set::apply(&mut scenario, changes).expect("these are settings");
    scenario
}

impl Map {
    fn of(scenario: Scenario, share: f64, size: egui::Vec2, choice: ThemeChoice) -> Self {
        let stream = Arc::new(source::generate(&scenario).expect("the scenario is in its limits"));
        let trace = runtime::run(&stream, &RunConfig::of(&scenario, &stream));
        let run = Run::new(scenario.clone(), Arc::new(trace), 1);
        let mut state = State::new(Opened::scenario(scenario), Saved::default());
        let (start, end) = run.clock_range();
        state.playback = Playback::new(start, end);
        state.playback.playing = false;
        state.playback.seek(start + Span::from_micros(((end - start).micros() as f64 * share) as i64));
        state.run = Some(Arc::new(run));
        let options = HeadlessOptions { size, pixels_per_point: 1.0, seconds_per_frame: 0.1 };
        let mut map = Self {
            headless: Headless::new(options),
            theme: Theme::of(choice),
            state,
            map: TimeMapState::default(),
            commands: Vec::new(),
            installed: false,
        };
        map.frames(4);
        map
    }

    fn trams() -> Self {
        Self::of(scenario("trams-tunnel", &[]), 0.9, vec2(1_036.0, 572.0), ThemeChoice::Dark)
    }

    fn frames(&mut self, frames: u32) -> image::RgbaImage {
        let Self { headless, theme, state, map, commands, installed } = self;
        let background = theme.panel;
        headless.run(frames, background, |ui: &mut Ui| {
            if !*installed {
                theme::install_fonts(ui.ctx());
                theme::install(ui.ctx(), theme);
                *installed = true;
                ui.ctx().request_discard("fonts and theme");
                return;
            }
            let view = state.view(theme).expect("there is a run");
            time_map_ui(ui, &view, map, commands);
        })
    }

    fn push(&mut self, event: Event) {
        self.headless.push_event(event);
        self.frames(1);
    }

    fn hover(&mut self, at: Pos2) {
        self.push(Event::PointerMoved(at));
        self.frames(1);
    }

    fn button(&mut self, at: Pos2, pressed: bool) {
        let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
        self.push(Event::PointerButton { pos: at, button, pressed, modifiers });
    }

    fn click(&mut self, at: Pos2) {
        self.hover(at);
        self.button(at, true);
        self.button(at, false);
        // A second click soon after would be a double click.
        self.frames(8);
    }

    fn key(&mut self, key: Key, modifiers: Modifiers) {
        for pressed in [true, false] {
            self.push(Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
        }
    }

    fn wheel(&mut self, y: f32, modifiers: Modifiers) {
        self.push(Event::MouseWheel {
            source: MouseWheelSource::Wheel,
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, y),
            phase: egui::TouchPhase::Move,
            modifiers,
        });
        self.frames(6);
    }

    fn plot(&self) -> Rect {
        self.map.drawn().plot
    }

    fn lengths(&self) -> (f64, f64) {
        let camera = self.map.camera().expect("it was drawn");
        (camera.event.length(), camera.proc.length())
    }

    fn place(&self, id: RecordId) -> Pos2 {
        let trace = &self.state.run.as_ref().expect("a run").trace;
        let axes = self.map.camera().expect("it was drawn").axes(self.plot());
        axes.pos(trace.stream.event_times()[id.index()], trace.handled[id.index()])
    }

    /// A record of this fate whose mark is well inside the plot.
    fn shown(&self, fate: Fate) -> RecordId {
        let run = self.state.run.as_ref().expect("a run");
        let now = self.state.playback.now();
        let ids = (0..run.trace.stream.len() as u32).map(RecordId);
        let mut shown = ids.filter(|&id| {
            run.trace.fates[id.index()] == fate
                && run.trace.handled[id.index()] <= now
                && self.plot().shrink(40.0).contains(self.place(id))
        });
        shown.next().expect("one is in view")
    }

    fn selected(&mut self) -> Option<Selection> {
        let last = self.commands.drain(..).rev().find_map(|command| match command {
            Command::Select(selection) => Some(selection),
            _ => None,
        });
        self.state.selection = last.unwrap_or(self.state.selection);
        last
    }
}

/// Where the segments and the button of the header are in a panel that is 1036 points wide.
fn header(name: &str) -> Pos2 {
    let x = match name {
        "Follow now" => 976.0,
        "Delay" => 909.0,
        "Fit" => 865.0,
        _ => 821.0,
    };
    pos2(x, 16.0)
}

#[test]
fn the_wheel_zooms_about_the_pointer_and_the_view_goes_on_following() {
    let mut map = Map::trams();
    let before = map.lengths();
    map.hover(map.plot().center());
    map.wheel(60.0, Modifiers::NONE);
    let closer = map.lengths();
    assert!(closer.0 < 0.95 * before.0 && closer.1 < 0.95 * before.1, "{closer:?} {before:?}");
    assert!((closer.0 / closer.1 - before.0 / before.1).abs() < 1e-6, "one scale on both axes");
    assert_eq!(map.map.mode(), Mode::Follow);
    map.wheel(-60.0, Modifiers::NONE);
    assert!(map.lengths().0 > closer.0);
}

#[test]
fn plus_and_minus_zoom_and_arrows_with_alt_move() {
    let mut map = Map::trams();
    map.hover(map.plot().center());
    let before = map.lengths();
    map.key(Key::Plus, Modifiers::NONE);
    assert!((map.lengths().0 / before.0 - 0.8).abs() < 1e-3);
    map.key(Key::Minus, Modifiers::NONE);
    assert!((map.lengths().0 / before.0 - 1.0).abs() < 1e-3);
    let start = map.map.camera().expect("drawn").event.start;
    map.key(Key::ArrowLeft, Modifiers::ALT);
    assert!(map.map.camera().expect("drawn").event.start < start);
    assert_eq!(map.map.mode(), Mode::Free { equal: true });
}

#[test]
fn dragging_moves_the_content_and_follow_now_brings_it_back() {
    let mut map = Map::trams();
    let (at, record) = (map.plot().center(), map.shown(Fate::Counted));
    let (place, camera) = (map.place(record), map.map.camera());
    map.hover(at);
    map.button(at, true);
    map.push(Event::PointerMoved(at + vec2(60.0, 25.0)));
    map.button(at + vec2(60.0, 25.0), false);
    map.frames(2);
    assert!((map.place(record) - place - vec2(60.0, 25.0)).length() < 1.0);
    assert_eq!(map.map.mode(), Mode::Free { equal: true });
    map.click(header("Follow now"));
    assert_eq!((map.map.mode(), map.map.camera()), (Mode::Follow, camera));
}

#[test]
fn fit_shows_the_whole_run_by_button_by_key_and_by_double_click() {
    for way in 0..3 {
        let mut map = Map::trams();
        let middle = map.plot().center();
        map.hover(middle);
        match way {
            0 => map.click(header("Fit")),
            1 => map.key(Key::F, Modifiers::NONE),
            _ => (0..4).for_each(|i| map.button(middle, i % 2 == 0)),
        }
        map.frames(2);
        assert_eq!(map.map.mode(), Mode::Fit, "{way}");
        let trace = &map.state.run.as_ref().expect("a run").trace;
        let all = (0..trace.stream.len() as u32).map(RecordId);
        let inside = all.filter(|&id| map.plot().contains(map.place(id))).count();
        assert_eq!(inside, trace.stream.len(), "{way}");
    }
}

#[test]
fn delays_run_up_in_the_view_of_delays() {
    let mut map = Map::trams();
    map.click(header("Delay"));
    assert_eq!(map.map.mode(), Mode::Delay);
    // The bound is 30 s: the panes say their values in a row at the top.
    let top = map.plot().top();
    let in_row = map.map.drawn().plates.iter().filter(|plate| plate.top() < top + 40.0).count();
    assert!(in_row >= 6, "{in_row}");
    assert_eq!(map.map.shown(), None, "the timeline shows no stretch of processing time");
    map.click(header("1 : 1"));
    assert_eq!(map.map.mode(), Mode::Follow);
}

#[test]
fn a_record_and_a_window_can_be_picked_and_zoomed_to() {
    let mut map = Map::trams();
    let dropped = map.shown(Fate::DroppedLate);
    map.click(map.place(dropped));
    let Some(Selection::Record(picked)) = map.selected() else { panic!("a record is picked") };
    // Dropped records lie close together; the nearest is the one.
    assert!((map.place(picked) - map.place(dropped)).length() < 4.0);
    map.hover(map.plot().center());
    let before = map.lengths();
    map.key(Key::Z, Modifiers::NONE);
    assert!(map.plot().contains(map.place(picked)) && map.lengths() != before);
    // An empty place picks nothing.
    map.click(header("Follow now"));
    map.click(map.plot().right_bottom() - vec2(30.0, 12.0));
    assert_eq!(map.selected(), Some(Selection::None));
    // A place inside a pane, away from every record, picks its window.
    let trace = Arc::clone(&map.state.run.as_ref().expect("a run").trace);
    let fired = trace.panes.iter().rfind(|pane| pane.emitted_at <= map.state.playback.now()).expect("a pane");
    let axes = map.map.camera().expect("drawn").axes(map.plot());
    let inside = axes.pos(fired.window.start + Span::from_secs(15), fired.emitted_at) + vec2(0.0, 6.0);
    map.click(inside);
    let Some(Selection::Window { window, .. }) = map.selected() else { panic!("a window is picked") };
    assert_eq!(window, fired.window);
}

#[test]
fn a_click_puts_a_record_in_while_that_is_asked_for() {
    let mut map = Map::trams();
    map.state.injecting = true;
    let at = map.plot().center();
    map.click(at);
    let asked = map.commands.iter().find_map(|command| match command {
        Command::Inject { event_time, key, .. } => Some((*event_time, key.clone())),
        _ => None,
    });
    let (event_time, key) = asked.expect("a record is put in");
    let expected = map.map.camera().expect("drawn").axes(map.plot()).event.micros_at(at.x);
    assert!((event_time.micros() - expected).abs() < 1_000_000 && key.starts_with('T'), "{event_time} {key}");
    assert_eq!(map.selected(), None);
}

/// The first place in the lane at this height where the pointer is on a bar.
fn on_a_bar(map: &mut Map, y: f32) -> Pos2 {
    let rack = map.map.drawn().rack.expect("windows overlap");
    let steps = (1..rack.width() as i32 / 12).map(|step| pos2(rack.left() + 12.0 * step as f32, rack.top() + y));
    let places: Vec<Pos2> = steps.collect();
    let is_on = |map: &mut Map, at: Pos2| {
        map.hover(at);
        map.map.drawn().card.is_some()
    };
    places.into_iter().find(|&at| is_on(map, at)).expect("the lane has bars")
}

#[test]
fn windows_that_overlap_have_lanes_that_can_be_pointed_at_and_picked() {
    // The first lane is that of the first key, and of windows that start on whole minutes.
    for (name, key) in [("sliding", None), ("sessions", Some("Ana"))] {
        let mut map = Map::of(scenario(name, &[]), 0.7, vec2(1_036.0, 572.0), ThemeChoice::Dark);
        let run = Arc::clone(map.state.run.as_ref().expect("a run"));
        let inside = on_a_bar(&mut map, 9.0);
        map.click(inside);
        let Some(Selection::Window { key: picked, window }) = map.selected() else { panic!("{name}: a bar is picked") };
        let at = map.map.camera().expect("drawn").axes(map.plot()).event.micros_at(inside.x);
        assert!(window.start.micros() <= at && at < window.end.micros(), "{name}");
        assert_eq!(picked.map(|key| run.trace.stream.key_table().name(key)), key, "{name}");
        assert!(key.is_some() || window.start.micros().rem_euclid(60_000_000) == 0, "{window:?}");
        assert!(row(&map, "opened").is_some());
    }
    // Of one key alone sessions do not overlap, and tumbling windows never do.
    let mut map = Map::of(scenario("sessions", &[]), 0.7, vec2(1_036.0, 572.0), ThemeChoice::Dark);
    map.state.key = Some(highwater::record::KeyId(1));
    map.frames(2);
    assert_eq!(map.map.drawn().rack, None);
    assert_eq!(Map::trams().map.drawn().rack, None);
}

/// What the card says under a name.
fn row<'a>(map: &'a Map, name: &str) -> Option<&'a str> {
    let card = map.map.drawn().card.as_ref().expect("the pointer is on something");
    card.rows.iter().find(|(row, _)| *row == name).map(|(_, value)| value.as_str())
}

#[test]
fn the_card_of_a_record_says_what_became_of_it_and_why() {
    let mut map = Map::trams();
    let dropped = map.shown(Fate::DroppedLate);
    map.hover(map.place(dropped));
    let card = map.map.drawn().card.clone().expect("a record is there");
    assert!(card.title.starts_with("Record ") && card.title.ends_with("dropped late"), "{}", card.title);
    let names: Vec<&str> = card.rows.iter().map(|(name, _)| *name).collect();
    let expected = [
        "key, value",
        "happened",
        "reached the log",
        "delay",
        "waited",
        "handled",
        "behind the watermark by",
        "window",
        "which was closed",
    ];
    assert_eq!(names.iter().filter(|name| **name != "partition").copied().collect::<Vec<_>>(), expected);
    // It happened when T3 was in the tunnel, between 12:04 and 12:05.
    assert!(row(&map, "key, value").is_some_and(|value| value.starts_with("T3, ")));
    assert_eq!(row(&map, "window"), Some("12:04 \u{2013} 12:05"));
}

#[test]
fn the_card_of_a_window_says_what_it_said_and_what_is_true() {
    let mut map = Map::trams();
    let trace = Arc::clone(&map.state.run.as_ref().expect("a run").trace);
    let fired = trace.panes.iter().rfind(|pane| pane.emitted_at <= map.state.playback.now()).expect("a pane");
    let axes = map.map.camera().expect("drawn").axes(map.plot());
    map.hover(axes.pos(fired.window.start + Span::from_secs(15), fired.emitted_at) + vec2(0.0, 6.0));
    let truth: f64 = trace
        .stream
        .records()
        .filter(|record| fired.window.contains(record.event_time))
        .map(|record| record.value)
        .sum();
    assert_eq!(row(&map, "truth").map(str::to_owned), Some(truth.to_string()));
    assert!(row(&map, "on time").is_some_and(|said| said.contains("  at 12:0")));
    assert!(row(&map, "opened").is_some() && row(&map, "watermark then").is_some());
    // A window that is open says what it holds so far.
    let y = axes.proc.px_of(map.state.playback.now().micros()) + 3.0;
    let right = axes.ideal_x(y) as i32;
    let so_far = (1..20).any(|step| {
        map.hover(pos2((right - 6 * step) as f32, y));
        map.map.drawn().card.is_some() && row(&map, "so far").is_some()
    });
    assert!(so_far);
}

#[test]
fn a_firing_flashes_while_time_advances_and_never_in_a_still() {
    let mut map = Map::trams();
    let trace = Arc::clone(&map.state.run.as_ref().expect("a run").trace);
    let (start, now) = (trace.panes[0].emitted_at, map.state.playback.now());
    let fired = trace.panes.iter().rfind(|pane| start < pane.emitted_at && pane.emitted_at < now).expect("a pane");
    map.state.playback.seek(fired.emitted_at + Span::from_millis(100));
    map.state.playback.speed = 1.0;
    let still = map.frames(2);
    map.state.playback.playing = true;
    let flash = map.frames(2);
    assert!(still != flash, "100 ms after it the line is between white and violet");
    // At a hundred times the same instant is a millisecond of real time: it would be a flicker.
    map.state.playback.speed = 100.0;
    assert!(map.frames(2) == still);
    map.state.playback.speed = 1.0;
    map.state.playback.seek(fired.emitted_at + Span::from_millis(260));
    let after = map.frames(2);
    map.state.playback.playing = false;
    assert!(map.frames(2) == after, "a quarter of a second later it is over");
}

/// Numbers in a fixed order that looks like none (xorshift).
fn draws() -> impl FnMut(u64) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 12) % below
    }
}

#[test]
fn labels_never_meet_each_other_nor_cover_what_asks_a_question() {
    let mut draw = draws();
    let windows = ["Tumbling(size: \"40s\")", "Tumbling(size: \"15s\")", "Sliding(size: \"1min\", slide: \"20s\")"];
    let more = ["Session(gap: \"12s\")", "Tumbling(size: \"2min\")", "Global"];
    let (mut plates, mut marks) = (0, 0);
    for scene in 0..36 {
        let window = windows.iter().chain(&more).nth(scene % 6).expect("six");
        let changes = [
            format!("pipeline.window={window}"),
            format!("seed={}", draw(1_000)),
            format!("pipeline.watermark=Bounded(bound: \"{}s\")", 2 + draw(40)),
            format!("pipeline.allowed_lateness=\"{}s\"", draw(90)),
        ];
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        let size = vec2(500.0 + draw(900) as f32, 320.0 + draw(500) as f32);
        let share = 0.2 + draw(80) as f64 / 100.0;
        let mut map = Map::of(scenario("trams-tunnel", &changes), share, size, ThemeChoice::Light);
        if draw(2) == 0 {
            map.hover(map.plot().center());
            (0..draw(8)).for_each(|_| map.key(Key::Plus, Modifiers::NONE));
            map.push(Event::PointerGone);
        }
        let drawn = map.map.drawn();
        for (i, plate) in drawn.plates.iter().enumerate() {
            let meets = drawn.plates[i + 1..].iter().find(|other| plate.shrink(0.01).intersects(other.shrink(0.01)));
            assert_eq!(meets, None, "scene {scene}, {window}: {plate:?}");
            let covers = drawn.marks.iter().find(|&&mark| plate.shrink(0.01).contains(mark));
            assert_eq!(covers, None, "scene {scene}, {window}: {plate:?}");
        }
        plates += drawn.plates.len();
        marks += drawn.marks.len();
    }
    assert!(plates > 100 && marks > 100, "{plates} labels, {marks} marks");
}

fn picture(name: &str, scenario: &Scenario, share: f64, prepare: impl Fn(&mut Map)) {
    let mut results = SnapshotResults::new();
    for (choice, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let mut map = Map::of(scenario.clone(), share, vec2(1_036.0, 572.0), choice);
        prepare(&mut map);
        let picture = map.frames(2);
        results.add(try_image_snapshot_options(&picture, format!("{name}-{suffix}"), &SnapshotOptions::new()));
    }
    results.unwrap();
}

#[test]
fn a_crash_breaks_the_watermark_and_hatches_its_band() {
    let changes = ["source.rate=10", "pipeline.service_time=\"40ms\""];
    picture("time-map-crash", &scenario("exactly-once", &changes), 0.36, |_| ());
}

#[test]
fn the_view_of_delays() {
    picture("time-map-delays", &scenario("trams-tunnel", &[]), 0.9, |map| {
        map.click(header("Delay"));
        map.push(Event::PointerGone);
    });
}

#[test]
fn a_crash_in_the_view_of_delays() {
    let changes = ["source.rate=10", "pipeline.service_time=\"40ms\""];
    picture("time-map-delays-crash", &scenario("exactly-once", &changes), 0.5, |map| {
        map.click(header("Delay"));
        map.push(Event::PointerGone);
    });
}

#[test]
fn a_selected_record_has_its_two_distances() {
    picture("time-map-selected", &scenario("trams-tunnel", &[]), 0.9, |map| {
        map.state.selection = Selection::Record(map.shown(Fate::DroppedLate));
    });
}

#[test]
fn sliding_windows_are_shelves_over_lanes() {
    picture("time-map-sliding", &scenario("sliding", &[]), 0.7, |_| ());
}

#[test]
fn sessions_of_several_keys_have_lanes() {
    picture("time-map-sessions", &scenario("sessions", &[]), 0.7, |_| ());
}
