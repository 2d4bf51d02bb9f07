//! Parquet files: their columns as cells of rows, and recordings as Parquet.
//!
//! Only the columns that have a role are decoded, page by page, so memory is that of a page per
//! column whatever the size of the file. Columns may lie in groups (`payload.user.id`), not in
//! lists, because a row has one of each. Rows have numbers from 1 and no lines.
//!
//! The format and its types: Apache Parquet, "Logical Types" and "Encodings".

mod columns;
mod decode;
mod read;
mod sample;
mod write;

pub(super) use read::{ParquetInput, read_parquet};
pub(super) use write::write_parquet;
