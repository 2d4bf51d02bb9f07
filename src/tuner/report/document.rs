//! A report as plain blocks, before it is written down in one format or another.

use crate::tuner::report::plot::Plot;

/// A report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// What it says, in order.
    pub blocks: Vec<Block>,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A paragraph that nobody should overlook: the advice itself.
    Lead(String),
    /// Sentences, one by one.
    List(Vec<String>),
    /// A table; every row has as many cells as there are heads.
    Table {
        /// Column heads.
        heads: Vec<String>,
        /// Rows of cells.
        rows: Vec<Vec<String>>,
        /// The row that is advised, by its place.
        marked: Option<usize>,
    },
    /// Commands, a line each.
    Commands(Vec<String>),
    /// A plot; formats without pictures leave it out.
    Plot(Plot),
}
