//! Sequences of a consumer group, written out: what goes in with its second, and what comes out with its.

use std::collections::BTreeMap;

use highwater::group::{Assignor, Cause, Event, Group, GroupSpec, MemberId, Output, Removal};
use highwater::record::PartitionId;
use highwater::time::{ProcTime, Span};

fn at(secs: f64) -> ProcTime {
    ProcTime::EPOCH + Span::from_secs_f64(secs)
}

fn list(partitions: &[PartitionId]) -> String {
    let numbers: Vec<String> = partitions.iter().map(|partition| partition.0.to_string()).collect();
    if numbers.is_empty() { "nothing".to_owned() } else { numbers.join(" ") }
}

/// `12.3 text`, the second first.
fn line(output: &Output) -> String {
    let (at, text) = match output {
        Output::RebalanceStarted { at, cause } => {
            let cause = match cause {
                Cause::Joined(member) => format!("{} joined", member.0),
                Cause::Removed(member) => format!("{} is gone", member.0),
                Cause::SecondRound => "second round".to_owned(),
            };
            (at, format!("starts: {cause}"))
        }
        Output::Removed { at, member, why, partitions } => {
            let why = match why {
                Removal::Left => "left",
                Removal::SessionTimeout => "session timeout",
                Removal::MaxPollInterval => "max poll interval",
                Removal::RebalanceTimeout => "rebalance timeout",
            };
            (at, format!("{} removed with {}: {why}", member.0, list(partitions)))
        }
        Output::Revoked { at, member, partitions } => (at, format!("{} gives {}", member.0, list(partitions))),
        Output::Assigned { at, member, partitions } => (at, format!("{} gets {}", member.0, list(partitions))),
        Output::RebalanceFinished { at, generation } => (at, format!("generation {generation}")),
        Output::Fenced { at, member } => (at, format!("{} fenced", member.0)),
    };
    format!("{} {text}", at.as_secs_f64())
}

/// A group of so many partitions with members 0, 1, ... that have joined at second 0 and know their
/// partitions; the next instant is second 10.
fn settled(spec: GroupSpec, partitions: u32, members: u32) -> Group {
    let mut group = Group::new(spec, partitions);
    for member in 0..members {
        group.handle(Event::Join(MemberId(member)), at(0.0));
    }
    group.on_timer(at(10.0));
    assert_eq!((group.generation(), group.is_rebalancing()), (1, false));
    group
}

fn with(assignor: Assignor) -> GroupSpec {
    GroupSpec { assignor, ..GroupSpec::default() }
}

/// After these events, with time going on to the end, exactly these lines come out.
fn check(group: &mut Group, events: &[(f64, Event)], end: f64, expected: &[&str]) {
    let mut out: Vec<Output> = Vec::new();
    for &(secs, event) in events {
        out.extend(group.handle(event, at(secs)));
    }
    out.extend(group.on_timer(at(end)));
    assert_eq!(out.iter().map(line).collect::<Vec<_>>(), expected);
}

#[test]
fn the_first_members_wait_for_others_and_share_the_partitions() {
    let mut group = Group::new(GroupSpec::default(), 5);
    check(
        &mut group,
        &[(1.0, Event::Join(MemberId(1))), (3.0, Event::Join(MemberId(0)))],
        60.0,
        &["1 starts: 1 joined", "6.1 0 gets 0 1 2", "6.1 1 gets 3 4", "6.1 generation 1"],
    );
    assert_eq!(group.next_timer(), None);
    assert_eq!(group.owner(PartitionId(3)), Some(MemberId(1)));
}

#[test]
fn eager_gives_everything_up_when_a_member_joins() {
    // Heartbeats come at 0, 3, 6, 9, 12: all hear of it at 12.
    check(
        &mut settled(with(Assignor::Range), 6, 2),
        &[(10.0, Event::Join(MemberId(2)))],
        60.0,
        &[
            "10 starts: 2 joined",
            "12 0 gives 0 1 2",
            "12 1 gives 3 4 5",
            "12.2 0 gets 0 1",
            "12.2 1 gets 2 3",
            "12.2 2 gets 4 5",
            "12.2 generation 2",
        ],
    );
}

#[test]
fn sticky_gives_everything_up_and_gets_most_of_it_back() {
    check(
        &mut settled(with(Assignor::Sticky), 6, 2),
        &[(10.0, Event::Join(MemberId(2)))],
        60.0,
        &[
            "10 starts: 2 joined",
            "12 0 gives 0 2 4",
            "12 1 gives 1 3 5",
            "12.2 0 gets 0 2",
            "12.2 1 gets 1 3",
            "12.2 2 gets 4 5",
            "12.2 generation 2",
        ],
    );
}

#[test]
fn cooperative_gives_up_only_what_moves_in_two_rounds() {
    check(
        &mut settled(with(Assignor::CooperativeSticky), 6, 2),
        &[(10.0, Event::Join(MemberId(2)))],
        60.0,
        &[
            "10 starts: 2 joined",
            "12.2 0 gives 4",
            "12.2 1 gives 5",
            "12.2 generation 2",
            "12.2 starts: second round",
            // The third hears of the second round with its heartbeat at 13.
            "13.2 2 gets 4 5",
            "13.2 generation 3",
        ],
    );
}

#[test]
fn a_member_that_leaves_costs_one_round_in_either_protocol() {
    check(
        &mut settled(with(Assignor::CooperativeSticky), 4, 2),
        &[(10.0, Event::Leave(MemberId(0)))],
        60.0,
        &["10 0 removed with 0 2: left", "10 starts: 0 is gone", "12.2 1 gets 0 2", "12.2 generation 2"],
    );
    check(
        &mut settled(with(Assignor::RoundRobin), 4, 2),
        &[(10.0, Event::Leave(MemberId(0)))],
        60.0,
        &[
            "10 0 removed with 0 2: left",
            "10 starts: 0 is gone",
            "12 1 gives 1 3",
            "12.2 1 gets 0 1 2 3",
            "12.2 generation 2",
        ],
    );
}

#[test]
fn a_silent_member_keeps_its_partitions_until_its_session_is_over() {
    // The last heartbeat was at 9.
    let silent = [(10.0, Event::FallSilent(MemberId(0))), (60.0, Event::Heartbeat(MemberId(0)))];
    check(
        &mut settled(with(Assignor::CooperativeSticky), 4, 2),
        &silent,
        60.0,
        &[
            "54 0 removed with 0 2: session timeout",
            "54 starts: 0 is gone",
            "54.2 1 gets 0 2",
            "54.2 generation 2",
            "60 0 fenced",
        ],
    );
    // Who is heard of in time has lost nothing, and beats on from there.
    let mut group = settled(with(Assignor::Range), 4, 2);
    check(&mut group, &[(10.0, Event::FallSilent(MemberId(0))), (53.0, Event::Heartbeat(MemberId(0)))], 500.0, &[]);
    assert_eq!(group.owned(MemberId(0)).collect::<Vec<_>>(), [PartitionId(0), PartitionId(1)]);
}

#[test]
fn who_does_not_poll_leaves_after_the_longest_time_between_polls() {
    check(
        &mut settled(with(Assignor::CooperativeSticky), 2, 2),
        &[(20.0, Event::StopPolling(MemberId(1)))],
        400.0,
        &["320 1 removed with 1: max poll interval", "320 starts: 1 is gone", "321.2 0 gets 1", "321.2 generation 2"],
    );
    let events = [(20.0, Event::StopPolling(MemberId(1))), (300.0, Event::Poll(MemberId(1)))];
    check(&mut settled(with(Assignor::Range), 2, 2), &events, 900.0, &[]);
}

#[test]
fn a_rebalance_waits_for_a_member_that_does_not_poll() {
    let events =
        [(20.0, Event::StopPolling(MemberId(1))), (30.0, Event::Join(MemberId(2))), (90.0, Event::Poll(MemberId(1)))];
    // Everything stands still from 30 to 90, because one member works for long.
    check(
        &mut settled(with(Assignor::Range), 3, 2),
        &events,
        400.0,
        &[
            "30 starts: 2 joined",
            "30 0 gives 0 1",
            "90 1 gives 2",
            "90.2 0 gets 0",
            "90.2 1 gets 1",
            "90.2 2 gets 2",
            "90.2 generation 2",
        ],
    );
    // Under the cooperative protocol the others read on meanwhile.
    check(
        &mut settled(with(Assignor::CooperativeSticky), 3, 2),
        &events,
        400.0,
        &[
            "30 starts: 2 joined",
            "90.2 0 gives 2",
            "90.2 generation 2",
            "90.2 starts: second round",
            "93.2 2 gets 2",
            "93.2 generation 3",
        ],
    );
}

#[test]
fn a_rebalance_goes_on_without_who_never_comes() {
    let spec = GroupSpec { max_poll_interval: Span::from_secs(60), ..with(Assignor::Range) };
    let events = [(20.0, Event::Join(MemberId(2))), (20.5, Event::StopPolling(MemberId(1)))];
    check(
        &mut settled(spec, 3, 2),
        &events,
        100.0,
        &[
            "20 starts: 2 joined",
            "21 0 gives 0 1",
            "80 1 removed with 2: rebalance timeout",
            "80.1 0 gets 0 1",
            "80.1 2 gets 2",
            "80.1 generation 2",
        ],
    );
}

#[test]
fn a_change_during_the_sync_starts_over() {
    check(
        &mut settled(GroupSpec { sync_time: Span::from_secs(2), ..with(Assignor::Range) }, 4, 2),
        &[(12.0, Event::Join(MemberId(2))), (13.0, Event::Leave(MemberId(0)))],
        60.0,
        &[
            "12 starts: 2 joined",
            "12 0 gives 0 1",
            "12 1 gives 2 3",
            "13 0 removed with nothing: left",
            "13 starts: 0 is gone",
            "15.1 1 gets 0 1",
            "15.1 2 gets 2 3",
            "15.1 generation 2",
        ],
    );
}

#[test]
fn the_last_member_leaves_an_empty_group() {
    let mut group = settled(with(Assignor::Range), 2, 1);
    check(
        &mut group,
        &[(10.0, Event::Leave(MemberId(0))), (11.0, Event::Leave(MemberId(0)))],
        60.0,
        &["10 0 removed with 0 1: left", "10 starts: 0 is gone", "10 generation 2"],
    );
    assert_eq!((group.members().count(), group.next_timer()), (0, None));
}

#[test]
fn a_rolling_restart_moves_everything_under_eager_and_little_under_cooperative() {
    let storm = |assignor| {
        let mut group = settled(with(assignor), 12, 4);
        let mut out = Vec::new();
        for i in 0..4 {
            let start = 20.0 + 20.0 * f64::from(i);
            out.extend(group.handle(Event::Leave(MemberId(i)), at(start)));
            out.extend(group.handle(Event::Join(MemberId(4 + i)), at(start + 10.0)));
        }
        out.extend(group.on_timer(at(200.0)));
        paused(&out)
    };
    let (eager, cooperative) = (storm(Assignor::Range), storm(Assignor::CooperativeSticky));
    // Eight changes: under the eager protocol every partition is given up in each of them.
    assert_eq!(eager.0, 8 * 12);
    // Under the other, three move away with who leaves and three to who comes, four times.
    assert_eq!(cooperative.0, 4 * (3 + 3));
    // What moves waits for a second round, and still the pauses together are shorter.
    assert!(cooperative.1 < eager.1 * 0.6, "{cooperative:?} {eager:?}");
}

/// How often a partition was without a reader after it had one, and for how many seconds altogether.
fn paused(out: &[Output]) -> (usize, f64) {
    let mut since: BTreeMap<PartitionId, ProcTime> = BTreeMap::new();
    let (mut times, mut secs) = (0, 0.0);
    for output in out {
        match output {
            Output::Revoked { at, partitions, .. } | Output::Removed { at, partitions, .. } => {
                since.extend(partitions.iter().map(|&partition| (partition, *at)));
                times += partitions.len();
            }
            Output::Assigned { at, partitions, .. } => {
                let pauses = partitions.iter().filter_map(|partition| since.remove(partition));
                secs += pauses.map(|since| (*at - since).as_secs_f64()).sum::<f64>();
            }
            _ => {}
        }
    }
    assert!(since.is_empty(), "in the end everything is read: {since:?}");
    (times, secs)
}

/// Whatever happens: no partition has two readers, what comes out is what the group says it is, time
/// does not go back, and when it has been quiet for long everything is read by members that react.
#[test]
fn any_sequence_keeps_one_reader_per_partition_and_settles() {
    for seed in 0..300_u64 {
        let assignors = [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky];
        let mut group = Group::new(with(assignors[(seed % 4) as usize]), 1 + (seed % 9) as u32);
        let mut owners: BTreeMap<PartitionId, MemberId> = BTreeMap::new();
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut now, mut last) = (0.0, ProcTime::MIN);
        for _ in 0..60 {
            now += draw(40_000) as f64 / 1_000.0;
            let member = MemberId(draw(5) as u32);
            let event = match draw(6) {
                0 | 1 => Event::Join(member),
                2 => Event::Leave(member),
                3 => Event::FallSilent(member),
                4 => Event::StopPolling(member),
                _ => Event::Poll(member),
            };
            follow(&group.handle(event, at(now)), &mut owners, &mut last);
            check_owners(&group, &owners);
        }
        follow(&group.on_timer(at(now + 2_000.0)), &mut owners, &mut last);
        check_owners(&group, &owners);
        assert!(!group.is_rebalancing() && group.next_timer().is_none(), "seed {seed}");
        let expected = if group.members().count() == 0 { 0 } else { 1 + (seed % 9) as usize };
        assert_eq!(owners.len(), expected, "seed {seed}");
    }
}

fn follow(out: &[Output], owners: &mut BTreeMap<PartitionId, MemberId>, last: &mut ProcTime) {
    for output in out {
        let at = match output {
            Output::RebalanceStarted { at, .. } | Output::RebalanceFinished { at, .. } | Output::Fenced { at, .. } => {
                *at
            }
            Output::Removed { at, member, partitions, .. } | Output::Revoked { at, member, partitions } => {
                for partition in partitions {
                    assert_eq!(owners.remove(partition), Some(*member));
                }
                *at
            }
            Output::Assigned { at, member, partitions } => {
                for partition in partitions {
                    assert_eq!(owners.insert(*partition, *member), None, "{partition:?} has a reader");
                }
                *at
            }
        };
        assert!(at >= *last, "{at} after {last}");
        *last = at;
    }
}

fn check_owners(group: &Group, owners: &BTreeMap<PartitionId, MemberId>) {
    let owned = group.members().flat_map(|member| group.owned(member).map(move |partition| (partition, member)));
    assert_eq!(&owned.collect::<BTreeMap<_, _>>(), owners);
}
