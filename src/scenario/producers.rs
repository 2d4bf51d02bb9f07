//! The description of the producers: how many, how wrong their clocks are, what the network loses and
//! what they do about it. Plain data; [`crate::source::producers`] and [`crate::source::network`] do it.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// The producers of a synthetic source. Times and switches have the defaults of Kafka's producer
/// (Apache Kafka documentation, Producer Configs).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProducersSpec {
    /// How many there are; 1 to 1,000.
    pub count: u32,
    /// Which of them sends a record.
    pub deal: Deal,
    /// How far clocks are off at the start: each by any amount up to this, ahead or behind.
    pub clock_offset: Span,
    /// How much clocks gain or lose: each any amount up to this, in microseconds a second.
    pub clock_drift_ppm: f64,
    /// Clocks that are off by a known amount instead.
    pub clocks: Vec<ClockSpec>,
    /// The probability that the network loses a request.
    pub loss: f64,
    /// The probability that the network loses an acknowledgement.
    pub ack_loss: f64,
    /// Whose acknowledgement a producer waits for.
    pub acks: Acks,
    /// Whether the broker drops what it has already (`enable.idempotence`); only with
    /// [`Acks::All`], as in Kafka.
    pub idempotent: bool,
    /// How long a producer waits for an acknowledgement (`request.timeout.ms`); positive.
    pub request_timeout: Span,
    /// How long it waits before it tries again (`retry.backoff.ms`); positive.
    pub retry_backoff: Span,
    /// How long after the first try it may try again (`delivery.timeout.ms`); 0 for never.
    pub delivery_timeout: Span,
}

impl Default for ProducersSpec {
    fn default() -> Self {
        Self {
            count: 1,
            deal: Deal::default(),
            clock_offset: Span::ZERO,
            clock_drift_ppm: 0.0,
            clocks: Vec::new(),
            loss: 0.0,
            ack_loss: 0.0,
            acks: Acks::default(),
            idempotent: true,
            request_timeout: Span::from_secs(30),
            retry_backoff: Span::from_millis(100),
            delivery_timeout: Span::from_secs(120),
        }
    }
}

/// Which producer sends a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Deal {
    /// Any of them, each equally likely: a service with many instances.
    #[default]
    ByChance,
    /// Always the same for a key; keys are dealt out in turns: devices that speak for themselves.
    ByKey,
    /// One after the other: instances behind a load balancer that deals in turns. So each of four sends
    /// exactly every fourth record.
    InTurn,
}

/// Whose acknowledgement a producer waits for (`acks`), and so what a failing leader may take with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Acks {
    /// `0`: nobody's. What the network loses is lost and nobody knows; so is what a leader takes with it.
    Zero,
    /// `1`: the leader's. What it has acknowledged and the others do not have yet is lost with it.
    One,
    /// `all`: everybody's in sync. Nothing acknowledged is lost with a leader.
    #[default]
    All,
}

/// The clock of one producer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSpec {
    /// Whose, from 0.
    pub producer: u32,
    /// How far it is off at the start; positive when it is ahead.
    #[serde(default)]
    pub offset: Span,
    /// Microseconds that it gains in a second.
    #[serde(default)]
    pub drift_ppm: f64,
}

impl ProducersSpec {
    /// Whether the broker drops what it has already.
    pub fn drops_duplicates(&self) -> bool {
        self.idempotent && self.acks == Acks::All
    }
}
