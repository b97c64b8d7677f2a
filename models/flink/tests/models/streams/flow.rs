//! Records flow: from the log through a source and an operator into a transaction of the sink.

use flink_words::ids::{ChannelId, EdgeId};
use flink_words::state::{ChannelMark, Fired, TimeDomain};
use flink_words::worker::WorkerFact;
use outside_words::data::Row;
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, Subtask, VertexId};

use super::engine::{Engine, RECORDS, group, row_of};

/// A channel of a region: the regions of the tale have one channel an edge.
pub fn channel(edge: u16, index: u16) -> ChannelId {
    ChannelId { edge: EdgeId(edge), from: index, to: index }
}

/// A task of an index.
pub fn task(vertex: u16, index: u16) -> Subtask {
    Subtask { vertex: VertexId(vertex), index }
}

pub fn mark(channel: ChannelId, count: u64) -> ChannelMark {
    ChannelMark { count, digest: count * 1_000 + u64::from(channel.edge.0) * 10 + u64::from(channel.from) }
}

impl Engine {
    /// So many records of each split of an index go all the way.
    pub fn flow(&mut self, index: u16, count: u64) {
        self.hold(index, count);
        self.consume(index);
    }

    /// So many records of each split of an index are emitted, and not consumed.
    pub fn hold(&mut self, index: u16, count: u64) {
        for split in self.splits(index) {
            let offset = self.offsets[&split];
            let count = count.min(RECORDS - offset);
            let log = self.machine(4);
            self.tale.say(log, OutsideFact::Fetched { split, offset, count: count as u32, end: RECORDS });
            self.offsets.insert(split, offset + count);
            *self.emitted.entry(channel(0, index)).or_default() += count;
            let region = self.regions.entry(index).or_default();
            region.held.extend((offset..offset + count).map(|offset| row_of(split, offset)));
        }
    }

    fn consume(&mut self, index: u16) {
        let region = self.regions.entry(index).or_default();
        let rows = std::mem::take(&mut region.held);
        *self.emitted.entry(channel(1, index)).or_default() += rows.len() as u64;
        let (range, total) = (self.range(index), self.offsets.values().sum::<u64>());
        for number in range {
            self.groups.insert(number, group(number, total as u32));
        }
        self.regions.entry(index).or_default().list = vec![total * 10 + u64::from(index), 5];
        self.shared.remove(&index);
        self.time(index, total as i64 * 10);
        self.write(index, rows);
    }

    fn time(&mut self, index: u16, at: i64) {
        for vertex in 0..3 {
            let attempt = self.attempt(task(vertex, index));
            if vertex == 1 {
                for domain in [TimeDomain::EventTime, TimeDomain::ProcessingTime] {
                    let fired = Fired { domain, first: at - 5, last: at - 1, count: 2, by: at, in_order: true };
                    self.say(attempt.subtask, WorkerFact::TimersFired { attempt, fired });
                }
            }
            self.say(attempt.subtask, WorkerFact::WatermarkAdvanced { attempt, watermark: at });
            if vertex == 0 {
                self.say(attempt.subtask, WorkerFact::Idle { attempt, idle: true });
                self.say(attempt.subtask, WorkerFact::Idle { attempt, idle: false });
            }
        }
    }

    fn write(&mut self, index: u16, rows: Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        let by = self.attempt(task(2, index));
        let txn = match self.regions[&index].open.clone() {
            Some(txn) => txn,
            None => self.open(index, by),
        };
        let at = self.rows.entry(txn.clone()).or_default().len() as u32;
        self.rows.entry(txn.clone()).or_default().extend(rows.iter().cloned());
        let ledger = self.machine(5);
        self.tale.say(ledger, OutsideFact::Wrote { txn, epoch: 0, at, rows, by });
    }

    fn open(&mut self, index: u16, by: AttemptId) -> outside_words::ids::TxnId {
        let ledger = self.machine(5);
        let job = self.job;
        let region = self.regions.entry(index).or_default();
        let txn: outside_words::ids::TxnId = format!("{job}-2-{index}-{}", region.next_txn).as_str().into();
        region.next_txn += 1;
        region.open = Some(txn.clone());
        self.tale.say(ledger, OutsideFact::ProducerInitialised { txn: txn.clone(), epoch: 0, by });
        txn
    }
}
