//! Who registered and opened an auction in the same window (q8). Never how many auctions.

use std::collections::BTreeSet;
use std::sync::Arc;

use flink_words::flow::Record;
use outside_words::data::{EventTime, Field, Input, row};
use serde::{Deserialize, Serialize};

use super::bids::{input, record};
use super::collector::Collector;
use super::window::Fold;
use crate::job::Window;

/// What one person did in one window. Its rows: the person's number and name, and the window's beginning.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Newcomers {
    names: BTreeSet<Arc<str>>,
    opened: bool,
}

impl Fold for Newcomers {
    fn add(&mut self, record: &Record) {
        match input(record) {
            Input::Person { name, .. } => {
                self.names.insert(name.clone());
            }
            Input::Auction { .. } => self.opened = true,
            Input::Bid { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => panic!("{record:?} must be a person or an auction"),
        }
    }

    fn close(self, key: &Field, window: Window, end: EventTime, out: &mut Collector) {
        for name in self.names.iter().filter(|_| self.opened) {
            out.records.push(record(end - 1, row([key.clone(), name.into(), (end - window.size_ms).into()])));
        }
    }
}
