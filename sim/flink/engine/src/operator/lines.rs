//! Lines into words. A few lines are gathered first, in list state, which is dealt out anew when the parallelism
//! changes. No line stays while the watermark passes it.

use flink_words::flow::{Datum, Record};
use outside::codec::{decode, encode};
use outside_words::data::{Field, Input};

use super::bids::{input, record};
use super::collector::Collector;

/// The lines that are gathered.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    lines_max: usize,
    gathered: Vec<Record>,
}

impl Lines {
    pub fn new(lines_max: usize) -> Lines {
        Lines { lines_max, gathered: Vec::new() }
    }

    pub fn restore(&mut self, list: &[Vec<u8>]) {
        self.gathered = list.iter().map(|bytes| decode(bytes).expect("list state is restored as its operator saved it")).collect();
    }

    pub fn snapshot(&self) -> Vec<Vec<u8>> {
        self.gathered.iter().map(encode).collect()
    }

    pub fn on_record(&mut self, record: &Record, out: &mut Collector) {
        self.gathered.push(record.clone());
        if self.gathered.len() >= self.lines_max {
            self.flush(out);
        }
    }

    /// Splits all that is gathered into words: letters and digits, in lower case.
    pub fn flush(&mut self, out: &mut Collector) {
        for line in std::mem::take(&mut self.gathered) {
            let Input::Line { text, at } = input(&line) else { panic!("{:?} must be a line", Datum::clone(&line.datum)) };
            for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
                out.records.push(record(*at, [Field::from(&*word.to_lowercase())].into()));
            }
        }
    }
}
