//! A partitioned log that can be read again, as Kafka has one. What stands in it and when is data from before the run,
//! so it needs no disk: after a restart all up to now is there again, under the same offsets. Never a position of a
//! reader: those are the readers' own.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::ids::ConnId;
use contract::process::{Event, Process};
use contract::time::{MILLISECOND, Now};
use outside_words::data::Input;
use outside_words::fact::OutsideFact;
use outside_words::ids::SplitId;
use outside_words::message::{Answer, Ask, Message};

use crate::trouble::{Fate, Out, Trouble};

/// How long a fetch waits for a record when there is none yet (fetch.max.wait.ms, which is 500 in Kafka; here the
/// caller has the less to wait for at the end).
const FETCH_WAIT_NS: u64 = 200 * MILLISECOND;

/// What will stand in the log, and from when on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedRecord {
    /// From when on it is there, by the log's monotonic clock in ms.
    pub at_ms: u64,
    /// The partition.
    pub split: SplitId,
    /// The record.
    pub input: Arc<Input>,
}

/// A partition.
#[derive(Clone, Debug, Default)]
struct Partition {
    records: Vec<Arc<Input>>,
    /// How many there will be.
    total: usize,
}

/// A fetch that waits.
#[derive(Clone, Debug)]
struct Fetch {
    conn: ConnId,
    request: u64,
    split: SplitId,
    offset: u64,
    count_max: u32,
    until_ns: u64,
}

/// The log as a process.
#[derive(Clone, Debug)]
pub struct LogProcess {
    feed: Arc<[FeedRecord]>,
    /// How many of the feed are there.
    appended: usize,
    partitions: BTreeMap<SplitId, Partition>,
    /// By when they came; few, since a caller has few asks under way.
    waiting: Vec<Fetch>,
    trouble: Trouble,
}

impl LogProcess {
    /// A log with this content. Panics if it is not in order of time.
    pub fn new(feed: impl Into<Arc<[FeedRecord]>>) -> LogProcess {
        let feed = feed.into();
        assert!(feed.is_sorted_by_key(|record| record.at_ms), "a feed is in order of time");
        let mut partitions: BTreeMap<SplitId, Partition> = BTreeMap::new();
        feed.iter().for_each(|record| partitions.entry(record.split).or_default().total += 1);
        LogProcess { feed, appended: 0, partitions, waiting: vec![], trouble: Trouble::default() }
    }
}

impl Process for LogProcess {
    type Message = Message;
    type Fact = OutsideFact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        self.append(now, out);
        match event {
            Event::Message { conn, message: Message::Ask { request, ask }, .. } => self.on_ask(now, conn, request, &ask, out),
            Event::Closed { conn, .. } => self.waiting.retain(|fetch| fetch.conn != conn),
            Event::Order(word) => self.trouble.order(now, &word),
            Event::Disk(answer) => unreachable!("the log asked nothing of its disk, which says {answer:?}"),
            Event::Message { .. } | Event::Boot | Event::Wake | Event::Accepted { .. } | Event::Opened { .. } | Event::Datagram { .. } => {}
        }
        self.trouble.deliver(now, out);
        for fetch in std::mem::take(&mut self.waiting) {
            self.serve(now, fetch, out);
        }
        let next_ns = self.feed.get(self.appended).map(|record| record.at_ms * MILLISECOND);
        let waiting_ns = self.waiting.iter().map(|fetch| fetch.until_ns).min();
        if let Some(wake_ns) = next_ns.into_iter().chain(waiting_ns).chain(self.trouble.wake_ns()).min() {
            out.wake_at(wake_ns);
        }
    }

    fn check(&self) -> Result<(), String> {
        let there: usize = self.partitions.values().map(|partition| partition.records.len()).sum();
        if there == self.appended { Ok(()) } else { Err(format!("{there} records are there, and {} were appended", self.appended)) }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        let ends = self.partitions.iter().map(|(split, partition)| format!("{split}: {} of {}", partition.records.len(), partition.total));
        vec![("partitions", ends.collect::<Vec<_>>().join(", ")), ("waiting", format!("{} fetches", self.waiting.len())), ("trouble", self.trouble.look())]
    }
}

impl LogProcess {
    fn append(&mut self, now: Now, out: &mut Out) {
        while let Some(record) = self.feed.get(self.appended).filter(|record| record.at_ms <= now.mono_ns / MILLISECOND) {
            let partition = self.partitions.get_mut(&record.split).expect("made with the feed");
            out.note(OutsideFact::Appended { split: record.split, offset: partition.records.len() as u64, input: record.input.clone() });
            partition.records.push(record.input.clone());
            self.appended += 1;
        }
    }

    fn on_ask(&mut self, now: Now, conn: ConnId, request: u64, ask: &Ask, out: &mut Out) {
        let Ask::Fetch { split, offset, count_max } = ask else { panic!("the log was asked to {}", ask.kind()) };
        match self.trouble.meet(now) {
            Fate::Served => {
                let until_ns = now.mono_ns + FETCH_WAIT_NS;
                self.waiting.push(Fetch { conn, request, split: *split, offset: *offset, count_max: *count_max, until_ns });
            }
            // Reading has no effect that a failure could leave behind.
            Fate::Failed | Fate::FailedAfter => self.trouble.answer(now, conn, request, Answer::Unavailable, out),
        }
    }

    /// Answers a fetch, or lets it wait. An answer without records is no reading, and no fact, unless it says that none
    /// will follow.
    fn serve(&mut self, now: Now, fetch: Fetch, out: &mut Out) {
        let partition = self.partitions.get(&fetch.split);
        let (records, total) = partition.map_or((&[][..], 0), |partition| (&partition.records[..], partition.total));
        let end = records.len();
        let from = (fetch.offset as usize).min(end);
        let upto = from.saturating_add(fetch.count_max as usize).min(end);
        let last = upto == total;
        if upto == from && !last && now.mono_ns < fetch.until_ns {
            self.waiting.push(fetch);
            return;
        }
        if upto > from || last {
            let count = (upto - from) as u32;
            out.note(OutsideFact::Fetched { split: fetch.split, offset: fetch.offset, count, end: end as u64 });
        }
        let records = records[from..upto].to_vec();
        self.trouble.answer(now, fetch.conn, fetch.request, Answer::Records { records, last }, out);
    }
}
