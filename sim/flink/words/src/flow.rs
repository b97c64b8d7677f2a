//! What flows between operators: records of inputs and rows.

use std::sync::Arc;

use outside_words::data::{EventTime, Input, Row};
use serde::{Deserialize, Serialize};

/// What a record between operators carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Datum {
    /// An input as it stood in the log.
    Input(Arc<Input>),
    /// What an operator made.
    Row(Row),
}

/// A record between operators: its event time and what it carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Record {
    /// Its event time.
    pub at: EventTime,
    /// What it carries.
    pub datum: Datum,
}
