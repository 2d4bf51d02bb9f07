//! A rebalance storm under the eager and under the cooperative protocol: how long partitions stand still,
//! and how many records are counted twice, with the arithmetic of both.
//!
//! Four members read three of twelve partitions each, 10 records a second from each. Member `i` has its
//! heartbeats 0.5 i seconds after every even second. A silent member is removed 6 s after its last
//! heartbeat; the others hear of a rebalance with their next heartbeat, and 0.2 s after the last one has
//! heard it is over (0.1 s to join, 0.1 s to hand out the assignment).

use std::collections::BTreeMap;
use std::sync::Arc;

use highwater::metrics::report::Report;
use highwater::metrics::tasks::silence::of_partition;
use highwater::metrics::tasks::{Input, Silence, TaskMetrics};
use highwater::record::PartitionId;
use highwater::runtime::{Fate, PauseReason, RebalanceCause, RunConfig, Trace, run};
use highwater::scenario::Scenario;
use highwater::scenario::library::find;
use highwater::scenario::set::apply;
use highwater::time::{ProcTime, Span};

fn scenario(slug: &str, settings: &[&str]) -> Scenario {
    let mut scenario = find(slug).expect("a built-in scenario").scenario().unwrap_or_else(|error| panic!("{error}"));
    apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{slug}: {errors:?}"));
    scenario
}

/// A storm that has passed, in milliseconds from its start.
struct Storm {
    trace: Trace,
    origin: ProcTime,
}

impl Storm {
    fn of(slug: &str, settings: &[&str]) -> Self {
        let scenario = scenario(slug, settings);
        let stream = Arc::new(highwater::source::generate(&scenario).expect("it can be made"));
        let config = RunConfig::of(&scenario, &stream);
        Self { trace: run(&stream, &config), origin: config.origin }
    }

    fn millis(&self, at: ProcTime) -> i64 {
        (at - self.origin).micros() / 1_000
    }

    /// When rebalances began and ended, and why.
    fn rebalances(&self) -> Vec<(i64, i64, RebalanceCause)> {
        let of =
            |it: &highwater::runtime::Rebalance| (self.millis(it.started_at), self.millis(it.finished_at), it.cause);
        self.trace.rebalances.iter().map(of).collect()
    }

    /// Milliseconds that all partitions together stood still for rebalances, and for silences that nobody
    /// had noticed.
    fn paused(&self) -> (i64, i64) {
        let total = |is_of: fn(PauseReason) -> bool| -> i64 {
            let pauses = self.trace.pauses.iter().filter(|pause| is_of(pause.reason));
            pauses.map(|pause| self.millis(pause.until) - self.millis(pause.from)).sum()
        };
        (total(|it| it == PauseReason::Rebalance), total(|it| matches!(it, PauseReason::Silent(_))))
    }

    /// Records that were counted again, by the second in which they were.
    fn duplicates(&self) -> BTreeMap<i64, usize> {
        let mut by_second = BTreeMap::new();
        for repeat in &self.trace.repeats {
            assert_eq!(repeat.fate, Fate::Counted);
            *by_second.entry(self.millis(repeat.handled_at) / 1_000).or_default() += 1;
        }
        by_second
    }
}

/// A second before or after, because the last millisecond of a second may fall on either side.
fn check_duplicates(storm: &Storm, expected: &[(i64, usize)]) {
    let found = storm.duplicates();
    let expected: BTreeMap<i64, usize> = expected.iter().copied().collect();
    assert_eq!(found, expected);
    assert_eq!(storm.trace.ledger.duplicated, expected.values().sum::<usize>() as u64);
}

#[test]
fn under_the_eager_protocol_everybody_stands_still_every_time() {
    let storm = Storm::of("rebalance-eager", &[]);
    use RebalanceCause::{Joined, SessionTimeout};
    // Member 3 was last heard of at 11.5 s, member 0 at 24 s. Who has joined again has its heartbeats
    // every two seconds from then on: member 3 at 21.25 s, 23.25 s, ..., and the third silence begins
    // 0.75 s after the heartbeat of 35.25 s.
    assert_eq!(
        storm.rebalances(),
        [
            (17_500, 19_200, SessionTimeout(3)),
            (21_250, 23_200, Joined(3)),
            (30_000, 31_450, SessionTimeout(0)),
            (33_250, 35_200, Joined(0)),
            (41_250, 43_200, SessionTimeout(3)),
            (45_250, 47_200, Joined(3)),
        ]
    );
    // From each member's heartbeat to the end; partitions of the removed one from its removal.
    let first = 3 * (1_700 + 1_200 + 700 + 200);
    let second = 4 * (1_200 + 700 + 200);
    let third = 3 * (1_450 + 950 + 450 + 200);
    let fourth = 4 * (1_950 + 700 + 200);
    let fifth = 3 * (1_950 + 1_950 + 700 + 200);
    let sixth = 4 * (1_950 + 700 + 200);
    assert_eq!(first + second + third + fourth + fifth + sixth, 66_150);
    // Silent until removed: 5.5 s, 6 s and 5.25 s.
    assert_eq!(storm.paused(), (66_150, 3 * (5_500 + 6_000 + 5_250)));
    // What three partitions had sent since the last commit: from 10 s to 12 s; from 22 s, when member 0
    // gave everything up, to 24 s; from 33.25 s, when its partitions were given up by others, to 36 s.
    // Of 27.5 records in 2.75 s a partition has 27 or 28.
    check_duplicates(&storm, &[(19, 3 * 20), (31, 3 * 20), (43, 83)]);
}

#[test]
fn under_the_cooperative_protocol_only_what_moves_stands_still() {
    let storm = Storm::of("rebalance-cooperative", &[]);
    use RebalanceCause::{Joined, SecondRound, SessionTimeout};
    assert_eq!(
        storm.rebalances(),
        [
            (17_500, 19_200, SessionTimeout(3)),
            (21_250, 23_200, Joined(3)),
            (23_200, 23_450, SecondRound),
            (30_000, 31_450, SessionTimeout(0)),
            (33_250, 35_200, Joined(0)),
            (35_200, 35_450, SecondRound),
            (41_250, 43_200, SessionTimeout(3)),
            (45_250, 47_200, Joined(3)),
            (47_200, 47_450, SecondRound),
        ]
    );
    // The three partitions of the removed member from its removal on, and one of each other member, when
    // it is back, for the second round.
    let removals = 3 * (1_700 + 1_450 + 1_950);
    let second_rounds = 3 * 3 * 250;
    assert_eq!(storm.paused(), (removals + second_rounds, 3 * (5_500 + 6_000 + 5_250)));
    // What is not taken away is not committed: from 10 s to 12 s, from 20 s to 24 s, from 35 s to 36 s.
    check_duplicates(&storm, &[(19, 3 * 20), (31, 3 * 40), (43, 3 * 10)]);
}

#[test]
fn the_cooperative_protocol_pauses_a_quarter_as_long_and_counts_no_less_twice() {
    let (eager, cooperative) = (Storm::of("rebalance-eager", &[]), Storm::of("rebalance-cooperative", &[]));
    assert!(4 * cooperative.paused().0 < 66_150 + 4_200, "{:?}", cooperative.paused());
    assert_eq!((eager.paused().0, cooperative.paused().0), (66_150, 17_550));
    assert_eq!((eager.trace.ledger.duplicated, cooperative.trace.ledger.duplicated), (203, 210));
    for storm in [&eager, &cooperative] {
        let ledger = storm.trace.ledger;
        assert_eq!((ledger.produced, ledger.counted, ledger.dropped_late), (7_200, 7_200, 0));
        let in_windows: u64 = storm.trace.windows.iter().map(|window| window.summary.count).sum();
        assert_eq!(in_windows, 7_200 + ledger.duplicated, "windows count every copy");
    }
}

#[test]
fn what_the_scenarios_suggest_to_try_does_what_they_say() {
    let other = Storm::of("rebalance-eager", &["group.assignor=cooperative-sticky"]);
    let cooperative = Storm::of("rebalance-cooperative", &[]);
    assert_eq!(other.trace.hash_hex(), cooperative.trace.hash_hex());
    // Silences begin on whole seconds, and a commit comes before anything else of its instant.
    let often = Storm::of("rebalance-cooperative", &["group.commit_interval=1s"]);
    assert!(often.trace.ledger.duplicated < 10, "{}", often.trace.ledger.duplicated);
    let late = Storm::of("rebalance-eager", &["bound=5s"]);
    assert!(late.trace.ledger.dropped_late > 0);
}

#[test]
fn a_rolling_restart_loses_and_repeats_nothing() {
    let restart = |task: u32, at: i64| {
        format!("MemberLeaves(task: {task}, at: {at}s), MemberJoins(task: {task}, at: {}s)", at + 5)
    };
    let faults: Vec<String> = (0..4).map(|task| restart(task, 10 + 10 * i64::from(task))).collect();
    let faults = format!("faults=[{}]", faults.join(", "));
    for slug in ["rebalance-eager", "rebalance-cooperative"] {
        let storm = Storm::of(slug, &[&faults]);
        assert_eq!((storm.trace.ledger.counted, storm.trace.repeats.len()), (7_200, 0), "{slug}");
        let causes: Vec<RebalanceCause> = storm.trace.rebalances.iter().map(|it| it.cause).collect();
        let left = causes.iter().filter(|cause| matches!(cause, RebalanceCause::Left(_))).count();
        assert_eq!(left, 4, "{causes:?}");
    }
}

#[test]
fn a_member_that_does_not_poll_is_removed_after_the_longest_time_between_polls() {
    let faults = "faults=[MemberStalls(task: 1, from: 12s, until: 40s)]";
    let storm = Storm::of("rebalance-cooperative", &[faults, "group.max_poll_interval=10s"]);
    let (started, _, cause) = storm.rebalances()[0];
    assert_eq!((started, cause), (22_000, RebalanceCause::MaxPollInterval(1)));
    // Committed at 10 s, read to 12 s: twenty records of each of its three partitions.
    assert_eq!(storm.trace.ledger.duplicated, 60);
    let stalled: Vec<i64> = storm
        .trace
        .pauses
        .iter()
        .filter(|it| it.reason == PauseReason::Stalled(1))
        .map(|it| (it.until - it.from).micros())
        .collect();
    assert_eq!(stalled, [Span::from_secs(10).micros(); 3]);
}

#[test]
fn the_report_says_what_the_storm_has_cost() {
    for (slug, count, pauses, longest, total, duplicates) in
        [("rebalance-eager", 6, 6 * 12, 1.95, 66.15, 203), ("rebalance-cooperative", 9, 3 * (3 + 3), 1.95, 17.55, 210)]
    {
        let report = Report::of(&scenario(slug, &[]), &Storm::of(slug, &[]).trace, 0.0);
        let row = report.rebalances.expect("a group");
        assert_eq!((row.count, row.pause.count, row.each.len()), (count, pauses, count), "{slug}");
        assert_eq!((row.pause.max_s, row.pause.total_s, row.duplicates), (Some(longest), total, duplicates));
        assert_eq!(row.unnoticed_s, 50.25);
        assert_eq!(row.partitions.len(), 12);
        let by_partition: f64 = row.partitions.iter().map(|it| it.pause.total_s).sum();
        assert!((by_partition - total).abs() < 1e-9, "{by_partition}");
        assert_eq!(row.each[0].cause, "source 4 timed out");
        assert_eq!((row.each[0].took_s, row.each[0].members), (Some(1.7), 3));
        // The log is not to blame.
        let [cause] = report.causes.as_slice() else { panic!("{:?}", report.causes) };
        assert_eq!((cause.kind, cause.rule), ("rebalance", "membership"));
        assert_eq!(cause.tasks, ["source 1", "source 4"]);
        assert!(cause.words.contains("anew, because of source 1 and source 4."), "{}", cause.words);
    }
    let plain = find("four-tasks").expect("built in").scenario().expect("it reads");
    let stream = Arc::new(highwater::source::generate(&plain).expect("it can be made"));
    let trace = run(&stream, &RunConfig::of(&plain, &stream));
    assert_eq!(Report::of(&plain, &trace, 0.0).rebalances, None);
}

#[test]
fn a_partition_that_nobody_reads_is_named_and_its_lag_follows_its_owner() {
    let storm = Storm::of("rebalance-eager", &[]);
    let metrics = TaskMetrics::of(&storm.trace);
    let at = |millis: i64| storm.origin + Span::from_millis(millis);
    let of = |partition: u32, millis: i64| of_partition(&storm.trace, &metrics, PartitionId(partition), at(millis));
    assert!(of(9, 11_000).is_active());
    let silent = Silence::Rebalance { why: PauseReason::Silent(3), since: at(12_000) };
    assert_eq!((of(9, 14_000), silent.word()), (silent, "held back by rebalance"));
    assert_eq!(of(9, 18_000), Silence::Rebalance { why: PauseReason::Rebalance, since: at(17_500) });
    assert_eq!(of(0, 18_500), Silence::Rebalance { why: PauseReason::Rebalance, since: at(18_000) });
    // Range among three members gives partition 9 to the third, and among four to the fourth.
    let owners = metrics.owners();
    assert_eq!([11_000, 20_000, 24_000].map(|millis| owners.reader_at(PartitionId(9), at(millis))), [3, 2, 3]);
    // Ten records a second since 12 s have not been read at 18 s; one takes 10 ms to arrive.
    let lag = metrics.partitions()[9].level(at(18_000));
    assert!((59..=60).contains(&lag), "{lag}");
    assert_eq!(metrics.partitions()[9].level(at(19_300)), 0);
    // Of each second, the third member sends what three partitions get, and then what four do.
    let sent = |source: usize, second: i64| {
        (0..2)
            .map(|window| {
                let by = |millis: i64| metrics.channel(source, window).entered_by(at(millis));
                by(second * 1_000 + 1_000) - by(second * 1_000)
            })
            .sum::<usize>()
    };
    assert!((29..=31).contains(&sent(2, 10)), "{}", sent(2, 10));
    assert!((39..=41).contains(&sent(2, 20)), "{}", sent(2, 20));
    // Until it is removed, the silent member holds the watermark back; then it is idle.
    let member = Input::Source(3);
    assert_eq!(metrics.inputs().idle_since(member, at(19_100)), None);
    assert_eq!(metrics.inputs().idle_since(member, at(19_300)), Some(at(19_200)));
    assert_eq!(metrics.inputs().idle_since(member, at(23_300)), None);
}
