//! Flags that say which columns of a recording mean what.

use clap::Args;

use crate::scenario::ColumnChoice;

/// Which columns of a recording mean what; guessed, and the guess said, where no flag is given.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Columns")]
pub struct ColumnArgs {
    /// Column of the instant when it happened
    #[arg(long, value_name = "COL")]
    pub event_time: Option<String>,
    /// Column of the instant when it reached the log; '' is none
    #[arg(long, value_name = "COL")]
    pub arrival_time: Option<String>,
    /// Column to group by; '' is none
    #[arg(long, value_name = "COL")]
    pub key: Option<String>,
    /// Column to aggregate; '' is none
    #[arg(long, value_name = "COL")]
    pub value: Option<String>,
    /// Column of the partition of the log; '' is none
    #[arg(long, value_name = "COL")]
    pub partition: Option<String>,
    /// How times are written: s, ms, us, ns, rfc3339, auto or a format like '%Y-%m-%d %H:%M:%S'
    #[arg(long, value_name = "FORMAT")]
    pub time_format: Option<String>,
    /// The first row is data; columns are numbers from 1
    #[arg(long)]
    pub no_header: bool,
}

impl ColumnArgs {
    /// The choice that the flags make.
    pub fn choice(&self) -> ColumnChoice {
        ColumnChoice {
            event_time: self.event_time.clone(),
            arrival_time: self.arrival_time.clone(),
            key: self.key.clone(),
            value: self.value.clone(),
            partition: self.partition.clone(),
            time_format: self.time_format.clone(),
            no_header: self.no_header,
        }
    }
}
