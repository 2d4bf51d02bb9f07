//! The state of an aggregate that a [`Summary`](crate::window::aggregate::Summary) cannot answer.

use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::window::aggregate::distinct::{Distinct, DistinctApprox};
use crate::window::aggregate::edge::{Edge, Side};
use crate::window::aggregate::extreme::TopK;
use crate::window::aggregate::quantile::QuantileSketch;
use crate::window::aggregate::spec::Aggregate;

/// What an operator keeps beside the summary of a key and window. It is its own snapshot: written
/// out and read back, it goes on as if nothing had happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Special {
    /// For [`Aggregate::Distinct`].
    Distinct(Distinct),
    /// For [`Aggregate::DistinctApprox`].
    DistinctApprox(DistinctApprox),
    /// For [`Aggregate::Quantile`].
    Quantile(QuantileSketch),
    /// For [`Aggregate::TopK`].
    TopK(TopK),
    /// For [`Aggregate::First`] and [`Aggregate::Last`].
    Edge(Edge),
}

impl Special {
    /// The empty state of an aggregate; `None` when a summary is enough.
    pub fn new(aggregate: Aggregate) -> Option<Self> {
        Some(match aggregate {
            Aggregate::Count | Aggregate::Sum | Aggregate::Mean | Aggregate::Min | Aggregate::Max => return None,
            Aggregate::Distinct => Self::Distinct(Distinct::default()),
            Aggregate::DistinctApprox => Self::DistinctApprox(DistinctApprox::default()),
            Aggregate::Quantile(quantile) => Self::Quantile(QuantileSketch::new(quantile)),
            Aggregate::TopK(k) => Self::TopK(TopK::new(k as usize)),
            Aggregate::First => Self::Edge(Edge::new(Side::First)),
            Aggregate::Last => Self::Edge(Edge::new(Side::Last)),
        })
    }

    /// Whether this is a state of that aggregate.
    pub fn suits(&self, aggregate: Aggregate) -> bool {
        match (self, Self::new(aggregate)) {
            (Self::Quantile(state), Some(Self::Quantile(fresh))) => state.asks_as(&fresh),
            (Self::TopK(state), Some(Self::TopK(fresh))) => state.keeps_as_many_as(&fresh),
            (Self::Edge(state), Some(Self::Edge(fresh))) => state.is_of_the_side_of(&fresh),
            (state, Some(fresh)) => std::mem::discriminant(state) == std::mem::discriminant(&fresh),
            (_, None) => false,
        }
    }

    /// Adds a record.
    pub fn add(&mut self, record: &Record) {
        match self {
            Self::Distinct(state) => state.add(record.value),
            Self::DistinctApprox(state) => state.add(record.value),
            Self::Quantile(state) => state.add(record.value),
            Self::TopK(state) => state.add(record.value),
            Self::Edge(state) => state.add(record),
        }
    }

    /// Adds everything that `other` has seen, which is the state of the same aggregate; else nothing.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Distinct(state), Self::Distinct(other)) => state.merge(other),
            (Self::DistinctApprox(state), Self::DistinctApprox(other)) => state.merge(other),
            (Self::Quantile(state), Self::Quantile(other)) => state.merge(other),
            (Self::TopK(state), Self::TopK(other)) => state.merge(other),
            (Self::Edge(state), Self::Edge(other)) => state.merge(other),
            _ => debug_assert!(false, "states of one pipeline are of one aggregate"),
        }
    }

    /// Takes a value back, as if it had never been added. False, and nothing changes, where the
    /// state has forgotten too much: sketches, top k, first and last.
    pub fn retract(&mut self, value: f64) -> bool {
        match self {
            Self::Distinct(state) => state.retract(value),
            Self::Quantile(state) => state.retract(value),
            Self::DistinctApprox(_) | Self::TopK(_) | Self::Edge(_) => false,
        }
    }

    /// The result as one number; `None` where nothing has none. Of the top k, the smallest.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Distinct(state) => Some(state.count() as f64),
            Self::DistinctApprox(state) => Some(state.count()),
            Self::Quantile(state) => state.value(),
            Self::TopK(state) => state.list().last().copied(),
            Self::Edge(state) => state.value(),
        }
    }

    /// The result where it is a list: the top k, descending. Empty for others.
    pub fn list(&self) -> &[f64] {
        match self {
            Self::TopK(state) => state.list(),
            _ => &[],
        }
    }

    /// Bytes of the state, beside its fixed part.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Distinct(state) => state.bytes(),
            Self::DistinctApprox(state) => state.bytes(),
            Self::Quantile(state) => state.bytes(),
            Self::TopK(state) => state.bytes(),
            Self::Edge(_) => 0,
        }
    }
}
