//! The settings of a consumer group. Plain data with ranges; defaults are those of Kafka's consumer.

use serde::{Deserialize, Serialize};

use crate::human::span_exact;
use crate::pipeline::Problem;
use crate::time::{SPAN_LIMIT, Span};

/// The settings of a consumer group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSpec {
    /// Which member gets which partition, and with that, whether everything is revoked first.
    pub assignor: Assignor,
    /// A member without a heartbeat for this long is removed (`session.timeout.ms`, 45 s since Kafka 3.0).
    pub session_timeout: Span,
    /// The distance of heartbeats, with which members also hear of a rebalance
    /// (`heartbeat.interval.ms`, 3 s); shorter than the session timeout.
    pub heartbeat_interval: Span,
    /// A member that does not ask for records for this long leaves, and a rebalance waits this long for
    /// those that do not come (`max.poll.interval.ms`, 5 min).
    pub max_poll_interval: Span,
    /// How long the first members of an empty group wait for others (`group.initial.rebalance.delay.ms`,
    /// 3 s).
    pub initial_delay: Span,
    /// How long a member takes to join once it has heard of a rebalance: what it does to give up its
    /// partitions, and the request. No figure is published; ours is 100 ms.
    pub join_time: Span,
    /// How long it takes from the last member's joining until all know their partitions. No figure is
    /// published; ours is 100 ms.
    pub sync_time: Span,
    /// How often members commit how far they have read (`auto.commit.interval.ms`, 5 s), counted from the
    /// start of the run. They also do when they give partitions up. After any other loss of a partition
    /// what was read since is read again.
    pub commit_interval: Span,
}

impl Default for GroupSpec {
    fn default() -> Self {
        Self {
            assignor: Assignor::default(),
            session_timeout: Span::from_secs(45),
            heartbeat_interval: Span::from_secs(3),
            max_poll_interval: Span::from_secs(300),
            initial_delay: Span::from_secs(3),
            join_time: Span::from_millis(100),
            sync_time: Span::from_millis(100),
            commit_interval: Span::from_secs(5),
        }
    }
}

/// Which member gets which partition (`partition.assignment.strategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Assignor {
    /// Neighbouring partitions to a member, one more to the first ones. Kafka's default.
    #[default]
    Range,
    /// Partitions dealt out in turns.
    RoundRobin,
    /// Balanced, and as much as possible stays where it was; all is revoked first nevertheless (KIP-54).
    Sticky,
    /// As sticky, and only what moves is revoked (KIP-429).
    CooperativeSticky,
}

/// What members give up when a rebalance begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Everything, at once: the whole group stands still until it is over.
    Eager,
    /// Only what moves, in a first round; who gets it has it after a second one.
    Cooperative,
}

impl Assignor {
    /// What members give up when a rebalance begins.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Range | Self::RoundRobin | Self::Sticky => Protocol::Eager,
            Self::CooperativeSticky => Protocol::Cooperative,
        }
    }
}

impl GroupSpec {
    /// Everything that is out of range, in the order of the fields, with paths from the group.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut span = |path: &str, span: Span, least: i64| {
            if span.micros() < least || span > SPAN_LIMIT {
                let range = if least > 0 { "more than 0" } else { "0 or more" };
                let shown = span_exact(span);
                found.push(Problem::new(path, format!("{shown} is out of range: must be {range}, at most 115740d")));
            }
        };
        span("session_timeout", self.session_timeout, 1);
        span("heartbeat_interval", self.heartbeat_interval, 1);
        span("max_poll_interval", self.max_poll_interval, 1);
        span("initial_delay", self.initial_delay, 0);
        span("join_time", self.join_time, 0);
        span("sync_time", self.sync_time, 0);
        span("commit_interval", self.commit_interval, 1);
        if found.is_empty() && self.heartbeat_interval >= self.session_timeout {
            let (beat, session) = (span_exact(self.heartbeat_interval), span_exact(self.session_timeout));
            let message = format!("{beat} is out of range: must be shorter than session_timeout, {session}");
            found.push(Problem::new("heartbeat_interval", message));
        }
        // Else a member that does all it can is removed because it does not join in time.
        let joins_in = self.heartbeat_interval + self.join_time;
        if found.is_empty() && joins_in >= self.max_poll_interval {
            let (poll, joins) = (span_exact(self.max_poll_interval), span_exact(joins_in));
            let message =
                format!("{poll} is out of range: must be longer than heartbeat_interval and join_time, {joins}");
            found.push(Problem::new("max_poll_interval", message));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(spec: &GroupSpec) -> Vec<String> {
        spec.problems().iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
    }

    #[test]
    fn settings_out_of_range_are_refused_with_their_limits() {
        assert_eq!(problems(&GroupSpec::default()), [""; 0]);
        let spec = GroupSpec { session_timeout: Span::ZERO, sync_time: Span::from_secs(-1), ..GroupSpec::default() };
        assert_eq!(
            problems(&spec),
            [
                "session_timeout: 0s is out of range: must be more than 0, at most 115740d",
                "sync_time: -1s is out of range: must be 0 or more, at most 115740d",
            ]
        );
        let spec = GroupSpec { heartbeat_interval: Span::from_secs(45), ..GroupSpec::default() };
        let expected = "heartbeat_interval: 45s is out of range: must be shorter than session_timeout, 45s";
        assert_eq!(problems(&spec), [expected]);
        let spec = GroupSpec { max_poll_interval: Span::from_millis(3_100), ..GroupSpec::default() };
        let expected =
            "max_poll_interval: 3s100ms is out of range: must be longer than heartbeat_interval and join_time, 3s100ms";
        assert_eq!(problems(&spec), [expected]);
    }

    #[test]
    fn only_what_is_cooperative_revokes_little() {
        let eager = [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky];
        assert!(eager.iter().all(|assignor| assignor.protocol() == Protocol::Eager));
        assert_eq!(Assignor::CooperativeSticky.protocol(), Protocol::Cooperative);
    }
}
