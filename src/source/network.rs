//! From a producer to its partition: requests and acknowledgements that get lost, leaders that fail,
//! and producers that try again.
//!
//! A record arrives when it is written; a request that is sent again takes as long as the first one
//! did. The first try of a record takes one draw each from the streams `loss` and `ack loss`, further
//! tries draw from a stream of their own, so a knob deals nothing anew. Requests do not wait for each
//! other: what is sent again is overtaken by what comes after it, also with idempotence, where Kafka
//! would hold back up to five requests. The log is what readers see: what only a failing leader had was
//! never readable (in Kafka, above the high watermark) and never was in it.

use std::collections::BTreeMap;

use crate::log::LogRules;
use crate::production::LossCause;
use crate::record::PartitionId;
use crate::rng::{Draws, Seed};
use crate::scenario::{Acks, Fault, ProducersSpec};
use crate::time::{ProcTime, Span};

/// The way from the producers to the log.
#[derive(Clone, Debug)]
pub struct Network<'a> {
    spec: &'a ProducersSpec,
    /// As asked for, or better where the log always replicates.
    acks: Acks,
    failures: BTreeMap<PartitionId, Vec<LeaderFailure>>,
    seed: Seed,
    losses: Draws,
    ack_losses: Draws,
}

/// A partition without a leader.
#[derive(Clone, Copy, Debug)]
struct LeaderFailure {
    /// From here on, only the leader has what is written.
    unreplicated_from: ProcTime,
    at: ProcTime,
    /// The partition has a leader again.
    until: ProcTime,
}

/// What became of a record on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// When it was written first; `None` when it is lost.
    pub written: Option<ProcTime>,
    /// When and why it was lost.
    pub lost: Option<(ProcTime, LossCause)>,
    /// When further copies were written.
    pub copies: Vec<ProcTime>,
    /// Copies that the broker dropped.
    pub deduplicated: u64,
    /// Requests beyond the first.
    pub retries: u64,
    /// Whether the producer knows that it was written (or does not care).
    pub is_settled: bool,
}

/// What one request came to.
enum Try {
    /// Nothing more is to be done.
    Done,
    Lost(ProcTime, LossCause),
    /// It is sent again.
    AgainAt(ProcTime),
}

impl<'a> Network<'a> {
    /// The way as described; `None` when nothing can happen on it. `origin` is where the faults count from.
    pub fn new(
        spec: &'a ProducersSpec,
        rules: &LogRules,
        faults: &[Fault],
        origin: ProcTime,
        seed: Seed,
    ) -> Option<Self> {
        let mut failures: BTreeMap<PartitionId, Vec<LeaderFailure>> = BTreeMap::new();
        for fault in faults {
            if let Fault::LeaderFails { partition, at, replication_lag } = *fault {
                let at = origin + at;
                let unreplicated_from = at - replication_lag;
                let failure = LeaderFailure { unreplicated_from, at, until: at + rules.failover };
                failures.entry(PartitionId(partition)).or_default().push(failure);
            }
        }
        let acks = if rules.always_replicates && spec.acks == Acks::One { Acks::All } else { spec.acks };
        let (losses, ack_losses) = (seed.stream("loss"), seed.stream("ack loss"));
        let can_happen = spec.loss > 0.0 || spec.ack_loss > 0.0 || !failures.is_empty();
        can_happen.then_some(Self { spec, acks, failures, seed, losses, ack_losses })
    }

    /// Sends the record that happened as number `number`, whose first request reaches this partition at
    /// `first`. Records are sent in order of their numbers.
    pub fn send(&mut self, number: usize, partition: PartitionId, first: ProcTime) -> Sent {
        let mut chances = (self.losses.unit(), self.ack_losses.unit());
        let mut further: Option<Draws> = None;
        let (mut sent, mut at) = (Sent::default(), first);
        loop {
            let next = match self.request(partition, at, chances, &mut sent) {
                Try::AgainAt(next) => next,
                Try::Done => {
                    sent.is_settled = true;
                    return sent;
                }
                Try::Lost(at, cause) => {
                    sent.lost = Some((at, cause));
                    return sent;
                }
            };
            if next > first + self.spec.delivery_timeout {
                sent.lost = sent.written.is_none().then_some((at, LossCause::GaveUp));
                return sent;
            }
            sent.retries += 1;
            at = next;
            let draws = further.get_or_insert_with(|| self.seed.stream(&format!("retry {number}")));
            chances = (draws.unit(), draws.unit());
        }
    }

    /// One request that would reach its partition at `at`.
    fn request(&self, partition: PartitionId, at: ProcTime, (loss, ack_loss): (f64, f64), sent: &mut Sent) -> Try {
        let waits_for_nobody = self.acks == Acks::Zero;
        let after_timeout = Try::AgainAt(at + self.spec.request_timeout + self.spec.retry_backoff);
        if loss < self.spec.loss {
            return if waits_for_nobody { Try::Lost(at, LossCause::Network) } else { after_timeout };
        }
        if let Some(until) = self.leaderless_until(partition, at) {
            // Refused at once, until somebody is there.
            return if waits_for_nobody {
                Try::Lost(at, LossCause::LeaderFailure)
            } else {
                Try::AgainAt(self.next_try(at, until))
            };
        }
        let ack_is_lost = ack_loss < self.spec.ack_loss && !waits_for_nobody;
        if let Some(failure) = self.fails_before_replication(partition, at) {
            return match (self.acks, sent.written) {
                // The leader had not acknowledged it, and its end is noticed.
                (Acks::All, _) => Try::AgainAt(self.next_try(failure.at, failure.until)),
                (Acks::One, _) if ack_is_lost => after_timeout,
                (_, Some(_)) => Try::Done,
                (_, None) => Try::Lost(failure.at, LossCause::LeaderFailure),
            };
        }
        if sent.written.is_none() {
            sent.written = Some(at);
        } else if self.spec.drops_duplicates() {
            sent.deduplicated += 1;
        } else {
            sent.copies.push(at);
        }
        if ack_is_lost { after_timeout } else { Try::Done }
    }

    /// The first try not before `until` of a producer that tries again and again from `at` on.
    fn next_try(&self, at: ProcTime, until: ProcTime) -> ProcTime {
        let backoff = self.spec.retry_backoff.micros().max(1);
        let tries = ((until - at).micros().max(1) as u64).div_ceil(backoff.unsigned_abs());
        at + Span::from_micros(backoff.saturating_mul(i64::try_from(tries).unwrap_or(i64::MAX)))
    }

    fn leaderless_until(&self, partition: PartitionId, at: ProcTime) -> Option<ProcTime> {
        let failures = self.failures.get(&partition)?;
        failures.iter().filter(|failure| failure.at <= at && at < failure.until).map(|failure| failure.until).max()
    }

    fn fails_before_replication(&self, partition: PartitionId, at: ProcTime) -> Option<LeaderFailure> {
        let failures = self.failures.get(&partition)?;
        failures.iter().find(|failure| failure.unreplicated_from <= at && at < failure.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{LogPreset, LogSpec};

    const FIRST: PartitionId = PartitionId(0);

    fn at(millis: i64) -> ProcTime {
        ProcTime::from_millis(millis)
    }

    fn rules(preset: LogPreset) -> LogRules {
        LogSpec { preset, ..LogSpec::default() }.rules()
    }

    /// What becomes of `count` records that reach the first partition, one every millisecond.
    fn sent(spec: &ProducersSpec, faults: &[Fault], count: i64) -> Vec<Sent> {
        on(spec, LogPreset::Kafka, faults, count)
    }

    fn on(spec: &ProducersSpec, preset: LogPreset, faults: &[Fault], count: i64) -> Vec<Sent> {
        let mut network = Network::new(spec, &rules(preset), faults, ProcTime::EPOCH, Seed::new(7)).unwrap();
        (0..count).map(|i| network.send(i as usize, FIRST, at(i))).collect()
    }

    /// The share of `sent` for which this holds is `p`, within five standard deviations.
    fn check_share(sent: &[Sent], p: f64, holds: impl Fn(&Sent) -> bool) {
        let share = sent.iter().filter(|sent| holds(sent)).count() as f64 / sent.len() as f64;
        let tolerance = 5.0 * (p * (1.0 - p) / sent.len() as f64).sqrt();
        assert!((share - p).abs() <= tolerance, "{share}, not {p}");
    }

    fn lossy(loss: f64, ack_loss: f64) -> ProducersSpec {
        ProducersSpec { loss, ack_loss, ..ProducersSpec::default() }
    }

    /// A leader that fails at 2 s with followers 500 ms behind.
    fn failure() -> Vec<Fault> {
        let (at, replication_lag) = (Span::from_secs(2), Span::from_millis(500));
        vec![Fault::LeaderFails { partition: 0, at, replication_lag }]
    }

    #[test]
    fn a_perfect_network_is_none() {
        let spec = ProducersSpec::default();
        assert!(Network::new(&spec, &rules(LogPreset::Kafka), &[], ProcTime::EPOCH, Seed::new(7)).is_none());
    }

    #[test]
    fn nobody_tries_again_who_waits_for_nobody() {
        let all = sent(&ProducersSpec { acks: Acks::Zero, ..lossy(0.1, 0.5) }, &[], 20_000);
        check_share(&all, 0.1, |sent| matches!(sent.lost, Some((_, LossCause::Network))));
        assert!(all.iter().all(|sent| sent.retries == 0 && sent.copies.is_empty()));
    }

    #[test]
    fn lost_requests_are_sent_again_until_the_time_is_over() {
        // A try every 30.1 s for two minutes: four of them. All are lost with probability 0.5^4.
        let all = sent(&lossy(0.5, 0.0), &[], 20_000);
        check_share(&all, 0.062_5, |sent| sent.lost.is_some_and(|(_, cause)| cause == LossCause::GaveUp));
        check_share(&all, 0.25, |sent| sent.retries == 1 && sent.written.is_some());
        for (i, sent) in (0..).zip(&all) {
            let waited = at(i + 30_100 * i64::try_from(sent.retries).unwrap());
            match sent.lost {
                Some((lost, _)) => assert_eq!((lost, sent.written, sent.retries), (waited, None, 3)),
                None => assert_eq!(sent.written, Some(waited)),
            }
        }
        let never_again = ProducersSpec { delivery_timeout: Span::ZERO, ..lossy(0.5, 0.0) };
        check_share(&sent(&never_again, &[], 20_000), 0.5, |sent| sent.lost.is_some());
    }

    #[test]
    fn lost_acknowledgements_make_copies_unless_the_broker_knows_them() {
        let idempotent = sent(&lossy(0.0, 0.2), &[], 20_000);
        // The second copy is acknowledged with probability 0.8, the third follows with 0.04, the fourth 0.008.
        check_share(&idempotent, 0.2, |sent| sent.deduplicated > 0);
        check_share(&idempotent, 0.04, |sent| sent.deduplicated > 1);
        check_share(&idempotent, 0.001_6, |sent| !sent.is_settled);
        assert!(idempotent.iter().all(|sent| sent.copies.is_empty() && sent.lost.is_none()));
        let plain = sent(&ProducersSpec { idempotent: false, ..lossy(0.0, 0.2) }, &[], 20_000);
        assert_eq!(plain.len(), idempotent.len());
        for (i, (plain, idempotent)) in (0..).zip(plain.iter().zip(&idempotent)) {
            assert_eq!((plain.written, plain.copies.len() as u64), (Some(at(i)), idempotent.deduplicated));
            for (n, &copy) in (1..).zip(&plain.copies) {
                assert_eq!(copy, at(i + 30_100 * n));
            }
        }
        // As in Kafka, there is no idempotence without waiting for all.
        let one = sent(&ProducersSpec { acks: Acks::One, ..lossy(0.0, 0.2) }, &[], 20_000);
        check_share(&one, 0.2, |sent| !sent.copies.is_empty());
    }

    #[test]
    fn turning_the_loss_loses_more_of_the_same() {
        let lost = |loss| {
            let all = sent(&ProducersSpec { acks: Acks::Zero, ..lossy(loss, 0.0) }, &[], 1_000);
            (0..).zip(all).filter(|(_, sent)| sent.lost.is_some()).map(|(i, _)| i).collect::<Vec<u32>>()
        };
        let (few, more) = (lost(0.05), lost(0.2));
        assert!(few.iter().all(|i| more.contains(i)) && few.len() < more.len());
    }

    #[test]
    fn a_failing_leader_takes_with_it_what_the_acks_allow() {
        let outcomes = |acks| {
            let spec = ProducersSpec { acks, ..ProducersSpec::default() };
            let all = sent(&spec, &failure(), 12_000);
            let lost: Vec<usize> = (0..all.len()).filter(|&i| all[i].lost.is_some()).collect();
            let is_run = lost.windows(2).all(|pair| pair[1] == pair[0] + 1);
            assert!(is_run, "{lost:?}");
            assert!(all.iter().all(|sent| sent.copies.is_empty()));
            (lost.first().copied(), lost.len(), all)
        };
        // Nobody: the last 500 ms before the failure, and all of the 9 s without a leader.
        let (first, count, _) = outcomes(Acks::Zero);
        assert_eq!((first, count), (Some(1_500), 9_500));
        // The leader: what it had acknowledged. What comes meanwhile is sent again every 100 ms.
        let (first, count, all) = outcomes(Acks::One);
        assert_eq!((first, count), (Some(1_500), 500));
        assert_eq!(all[1_600].lost, Some((at(2_000), LossCause::LeaderFailure)));
        assert_eq!((all[2_000].written, all[2_000].retries), (Some(at(11_000)), 1));
        assert_eq!(all[2_030].written, Some(at(11_030)));
        assert_eq!(all[10_999].written, Some(at(11_099)));
        assert_eq!(all[11_000].written, Some(at(11_000)));
        // All: nothing, and what was not acknowledged comes again.
        let (first, count, all) = outcomes(Acks::All);
        assert_eq!((first, count), (None, 0));
        assert_eq!((all[1_499].written, all[1_500].written), (Some(at(1_499)), Some(at(11_000))));
    }

    #[test]
    fn a_log_that_always_replicates_loses_nothing_it_acknowledged() {
        let one = ProducersSpec { acks: Acks::One, ..ProducersSpec::default() };
        let pulsar = on(&one, LogPreset::Pulsar, &failure(), 4_000);
        assert!(pulsar.iter().all(|sent| sent.lost.is_none()));
        // 30 s until another broker has the topic.
        assert_eq!(pulsar[2_000].written, Some(at(32_000)));
        let kinesis = on(&one, LogPreset::Kinesis, &failure(), 4_000);
        assert_eq!((kinesis[1_500].written, kinesis[2_000].written), (Some(at(2_100)), Some(at(2_000))));
    }

    #[test]
    fn other_partitions_and_other_instants_are_spared() {
        let spec = ProducersSpec { acks: Acks::Zero, ..ProducersSpec::default() };
        let mut network =
            Network::new(&spec, &rules(LogPreset::Kafka), &failure(), ProcTime::EPOCH, Seed::new(7)).unwrap();
        assert_eq!(network.send(0, PartitionId(1), at(2_000)).written, Some(at(2_000)));
        assert_eq!(network.send(1, FIRST, at(1_499)).written, Some(at(1_499)));
    }
}
