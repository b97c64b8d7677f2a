//! A ledger with transactions, as Kafka has them: a transactional id has one producer at a time, whose epoch fences
//! those before it. Committed rows are what can be read; there is no reading of others.
//!
//! Where it is more than Kafka: an InitProducer that is repeated by whoever has the id already gives the same epoch
//! again (Kafka knows it by the epoch that the request carries, KIP-360), and a producer that was fenced by its
//! subtask's next attempt takes no id any more. Otherwise a late repetition on a connection given up long ago would
//! abort what has been prepared since. And an InitProducer may carry a token, which lets an id go up only: the first
//! word of a task whose leader was deposed may come when its successor's transaction is prepared already. So may a row
//! that is put under its key. Kafka has no tokens, and without them the ledger is as Kafka is. An id has one
//! transaction an epoch.

use std::collections::{BTreeMap, BTreeSet};

use outside_words::data::Row;
use outside_words::fact::{LedgerError, OutsideFact};
use outside_words::ids::{AttemptId, JobId, TxnId};
use outside_words::message::{Answer, Ask};
use serde::{Deserialize, Serialize};

use crate::core::{Core, Decision};
use crate::service::Service;

/// The ledger as a process.
pub type LedgerProcess = Service<Ledger>;

impl LedgerProcess {
    /// A ledger that aborts what is open for longer than this (transaction.timeout.ms).
    pub fn new(txn_timeout_ms: u32) -> LedgerProcess {
        Service::of(Ledger::new(txn_timeout_ms))
    }
}

/// The ledger's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    timeout_ms: u32,
    producers: BTreeMap<TxnId, Producer>,
    /// Open transactions by when they are aborted.
    open: BTreeSet<(u64, TxnId)>,
    /// Whoever had an id that was taken by a later attempt of the same subtask.
    fenced: BTreeSet<AttemptId>,
    /// Who wrote what stands under a key, of those with a token: the token, the job and the attempt's number.
    writers: BTreeMap<Row, (u64, JobId, u32)>,
}

/// Who has a transactional id, and what of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Producer {
    epoch: u32,
    /// The highest token that it was taken with.
    token: u64,
    /// Who took it; nobody, once the ledger itself has raised the epoch.
    by: Option<AttemptId>,
    txn: Txn,
    /// Epochs whose transactions were committed.
    committed: BTreeSet<u32>,
}

/// The transaction of the present epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Txn {
    Empty,
    Open { deadline_ms: u64, rows: Vec<Row> },
    Committed,
    Aborted,
}

/// A change of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// A producer takes an id.
    Init {
        /// The id.
        txn: TxnId,
        /// The producer's token.
        token: u64,
        /// The attempt that asks.
        by: AttemptId,
    },
    /// Rows are added to the transaction.
    Write {
        /// The id.
        txn: TxnId,
        /// The rows.
        rows: Vec<Row>,
        /// When the transaction is aborted if it begins with them.
        deadline_ms: u64,
        /// The attempt that asks.
        by: AttemptId,
    },
    /// The transaction is committed.
    Commit {
        /// The id.
        txn: TxnId,
        /// The attempt that asks.
        by: AttemptId,
    },
    /// The transaction is aborted.
    Rollback {
        /// The id.
        txn: TxnId,
        /// The attempt that asks.
        by: AttemptId,
    },
    /// The transaction was open for too long.
    Expire {
        /// The id.
        txn: TxnId,
    },
    /// Rows are put under their keys.
    Upsert {
        /// Keys and rows.
        rows: Vec<(Row, Row)>,
        /// The writer's token.
        token: u64,
        /// The attempt that asks.
        by: AttemptId,
    },
}

fn refuse(txn: &TxnId, epoch: u32, error: LedgerError, by: AttemptId) -> Decision<Command> {
    Decision::Answer(Answer::Refused(error), vec![OutsideFact::LedgerRefused { txn: txn.clone(), epoch, error, by }])
}

fn done() -> Decision<Command> {
    Decision::Answer(Answer::Done, vec![])
}

impl Ledger {
    /// A ledger in which nothing stands.
    pub fn new(txn_timeout_ms: u32) -> Ledger {
        Ledger { timeout_ms: txn_timeout_ms, producers: BTreeMap::new(), open: BTreeSet::new(), fenced: BTreeSet::new(), writers: BTreeMap::new() }
    }

    /// The producer of an id, if this epoch is its present one; else what is answered.
    fn producer(&self, txn: &TxnId, epoch: u32, by: AttemptId) -> Result<&Producer, Decision<Command>> {
        match self.producers.get(txn) {
            Some(producer) if producer.epoch == epoch => Ok(producer),
            Some(producer) if producer.epoch > epoch => Err(refuse(txn, epoch, LedgerError::Fenced, by)),
            Some(_) | None => Err(refuse(txn, epoch, LedgerError::InvalidState, by)),
        }
    }

    fn init(&self, txn: &TxnId, token: u64, by: AttemptId) -> Decision<Command> {
        let Some(producer) = self.producers.get(txn) else {
            return match self.fenced.contains(&by) {
                false => Decision::Change(Command::Init { txn: txn.clone(), token, by }),
                true => refuse(txn, 0, LedgerError::Fenced, by),
            };
        };
        if producer.by == Some(by) {
            return Decision::Answer(Answer::Producer { epoch: producer.epoch }, vec![]);
        }
        let is_older = producer.by.is_some_and(|holder| holder.leader == by.leader && holder.subtask == by.subtask && holder.number > by.number);
        if is_older || token < producer.token || self.fenced.contains(&by) {
            return refuse(txn, producer.epoch, LedgerError::Fenced, by);
        }
        Decision::Change(Command::Init { txn: txn.clone(), token, by })
    }

    fn write(&self, txn: &TxnId, epoch: u32, at: u32, rows: &[Row], by: AttemptId, now_ms: u64) -> Decision<Command> {
        let producer = match self.producer(txn, epoch, by) {
            Ok(producer) => producer,
            Err(decision) => return decision,
        };
        let written = match &producer.txn {
            Txn::Empty => &[][..],
            Txn::Open { rows, .. } => rows,
            Txn::Committed | Txn::Aborted => return refuse(txn, epoch, LedgerError::InvalidState, by),
        };
        let at = at as usize;
        if at == written.len() && !rows.is_empty() {
            let deadline_ms = now_ms + u64::from(self.timeout_ms);
            return Decision::Change(Command::Write { txn: txn.clone(), rows: rows.to_vec(), deadline_ms, by });
        }
        if written.get(at..at + rows.len()) == Some(rows) { done() } else { refuse(txn, epoch, LedgerError::OutOfOrder, by) }
    }

    fn commit(&self, txn: &TxnId, epoch: u32, by: AttemptId) -> Decision<Command> {
        if self.producers.get(txn).is_some_and(|producer| producer.committed.contains(&epoch)) {
            return done();
        }
        match self.producer(txn, epoch, by).map(|producer| &producer.txn) {
            Ok(Txn::Open { .. }) => Decision::Change(Command::Commit { txn: txn.clone(), by }),
            Ok(Txn::Empty | Txn::Committed | Txn::Aborted) => refuse(txn, epoch, LedgerError::InvalidState, by),
            Err(decision) => decision,
        }
    }

    fn rollback(&self, txn: &TxnId, epoch: u32, by: AttemptId) -> Decision<Command> {
        match self.producer(txn, epoch, by).map(|producer| &producer.txn) {
            Ok(Txn::Empty | Txn::Open { .. }) => Decision::Change(Command::Rollback { txn: txn.clone(), by }),
            Ok(Txn::Aborted) => done(),
            Ok(Txn::Committed) => refuse(txn, epoch, LedgerError::InvalidState, by),
            Err(decision) => decision,
        }
    }

    /// With a token, no row takes the place of one that a later attempt has written: it was on its way for long.
    fn upsert(&self, rows: &[(Row, Row)], token: u64, by: AttemptId) -> Decision<Command> {
        let is_later = |(key, _): &(Row, Row)| self.writers.get(key).is_some_and(|writer| *writer > (token, by.job, by.number));
        if token > 0 && rows.iter().any(is_later) {
            return Decision::Answer(Answer::Refused(LedgerError::Fenced), vec![]);
        }
        Decision::Change(Command::Upsert { rows: rows.to_vec(), token, by })
    }

    /// Ends the transaction of an id in this way. Says the epoch, and the rows if it was open.
    fn end(&mut self, txn: &TxnId, how: Txn) -> (u32, Option<Vec<Row>>) {
        let producer = self.producers.get_mut(txn).expect("a transaction has a producer");
        match std::mem::replace(&mut producer.txn, how) {
            Txn::Open { deadline_ms, rows } => {
                self.open.remove(&(deadline_ms, txn.clone()));
                (producer.epoch, Some(rows))
            }
            Txn::Empty | Txn::Committed | Txn::Aborted => (producer.epoch, None),
        }
    }

    fn take(&mut self, txn: TxnId, token: u64, by: AttemptId) -> (Vec<OutsideFact>, Answer) {
        let (mut facts, mut epoch) = (vec![], 0);
        if self.producers.contains_key(&txn) {
            let (before, rows) = self.end(&txn, Txn::Aborted);
            epoch = before + 1;
            facts.extend(rows.map(|_| OutsideFact::TxnAborted { txn: txn.clone(), epoch: before, timed_out: false, by: Some(by) }));
        }
        let producer = self.producers.entry(txn.clone()).or_insert(Producer { epoch, token, by: None, txn: Txn::Empty, committed: BTreeSet::new() });
        (producer.epoch, producer.token, producer.txn) = (epoch, token, Txn::Empty);
        // Only by a later attempt of its own subtask: whoever ends another job's transactions says nothing of who else
        // does.
        self.fenced.extend(producer.by.replace(by).filter(|before| (before.job, before.subtask) == (by.job, by.subtask)));
        facts.push(OutsideFact::ProducerInitialised { txn, epoch, by });
        (facts, Answer::Producer { epoch })
    }

    fn add(&mut self, txn: TxnId, new: Vec<Row>, deadline_ms: u64, by: AttemptId) -> OutsideFact {
        let producer = self.producers.get_mut(&txn).expect("a producer writes");
        if producer.txn == Txn::Empty {
            producer.txn = Txn::Open { deadline_ms, rows: vec![] };
            self.open.insert((deadline_ms, txn.clone()));
        }
        let Txn::Open { rows, .. } = &mut producer.txn else { panic!("rows were written to {txn}, which is not open") };
        let at = rows.len() as u32;
        rows.extend_from_slice(&new);
        OutsideFact::Wrote { txn, epoch: producer.epoch, at, rows: new, by }
    }
}

impl Core for Ledger {
    type Command = Command;

    const FILE: &'static str = "ledger.wal";

    fn decide(&self, ask: &Ask, now_ms: u64) -> Decision<Command> {
        match ask {
            Ask::InitProducer { txn, token, by } => self.init(txn, *token, *by),
            Ask::Write { txn, epoch, at, rows, by } => self.write(txn, *epoch, *at, rows, *by, now_ms),
            Ask::Commit { committable, by } => self.commit(&committable.txn, committable.epoch, *by),
            Ask::Rollback { txn, epoch, by } => self.rollback(txn, *epoch, *by),
            Ask::Upsert { rows, token, by } => self.upsert(rows, *token, *by),
            Ask::Fetch { .. } | Ask::Put { .. } | Ask::Get { .. } | Ask::Delete { .. } | Ask::List { .. } => panic!("the ledger was asked to {}", ask.kind()),
        }
    }

    fn apply(&mut self, command: Command) -> (Vec<OutsideFact>, Answer) {
        match command {
            Command::Init { txn, token, by } => self.take(txn, token, by),
            Command::Write { txn, rows, deadline_ms, by } => (vec![self.add(txn, rows, deadline_ms, by)], Answer::Done),
            Command::Commit { txn, by } => {
                let (epoch, rows) = self.end(&txn, Txn::Committed);
                let rows = rows.expect("only what is open is committed");
                self.producers.get_mut(&txn).expect("just ended").committed.insert(epoch);
                (vec![OutsideFact::TxnCommitted { txn, epoch, rows, by }], Answer::Done)
            }
            Command::Rollback { txn, by } => {
                let (epoch, _) = self.end(&txn, Txn::Aborted);
                (vec![OutsideFact::TxnAborted { txn, epoch, timed_out: false, by: Some(by) }], Answer::Done)
            }
            Command::Expire { txn } => {
                // The epoch is raised, else the producer could begin another transaction that misses the rows of this
                // one (KAFKA-6119).
                let (epoch, _) = self.end(&txn, Txn::Aborted);
                let producer = self.producers.get_mut(&txn).expect("just ended");
                (producer.epoch, producer.by) = (epoch + 1, None);
                (vec![OutsideFact::TxnAborted { txn, epoch, timed_out: true, by: None }], Answer::Done)
            }
            Command::Upsert { rows, token, by } => {
                if token > 0 {
                    self.writers.extend(rows.iter().map(|(key, _)| (key.clone(), (token, by.job, by.number))));
                }
                (rows.into_iter().map(|(key, row)| OutsideFact::Upserted { key, row, by }).collect(), Answer::Done)
            }
        }
    }

    fn due(&self, now_ms: u64) -> Option<Command> {
        self.open.first().filter(|(deadline_ms, _)| *deadline_ms <= now_ms).map(|(_, txn)| Command::Expire { txn: txn.clone() })
    }

    fn due_ms(&self) -> Option<u64> {
        self.open.first().map(|(deadline_ms, _)| *deadline_ms)
    }

    fn check(&self) -> Result<(), String> {
        let open = self.producers.iter().filter_map(|(txn, producer)| match &producer.txn {
            Txn::Open { deadline_ms, .. } => Some((*deadline_ms, txn.clone())),
            Txn::Empty | Txn::Committed | Txn::Aborted => None,
        });
        if open.count() == self.open.len() { Ok(()) } else { Err("every open transaction has a deadline, and no other".into()) }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        vec![("transactional ids", self.producers.len().to_string()), ("open", format!("{:?}", self.open)), ("fenced", self.fenced.len().to_string())]
    }
}
