//! What a task sees when it is called, and what it wants done. Data; the worker carries it out, never the task.

use std::collections::BTreeSet;

use vocab::ids::{ConnId, MachineId};
use vocab::plan::{StreamPlan, StreamPlant};
use vocab::stream::WorkerFact;
use vocab::stream::ids::{AttemptId, BlobName, ChannelId, CheckpointId, SplitId};
use vocab::stream::worker::TaskEnd;
use vocab::time::Now;

use crate::message::{Ask, Net, Packet, Up};
use crate::snapshot::Committable;

/// Which way a channel's other end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// On this worker.
    Local,
    /// Over a stream.
    Remote(ConnId),
}

/// Why a task asks the outside: it gets this back with the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Records of a split.
    Fetch(SplitId),
    /// A blob of the state to begin from.
    Restore(BlobName),
    /// A blob of a snapshot.
    Upload {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Its name.
        name: BlobName,
    },
    /// A transactional id.
    Init,
    /// Rows into a transaction, or under their keys.
    Write,
    /// The commit of a transaction.
    Commit(Committable),
}

/// What a task wants done, in order within each list.
#[derive(Debug, Default)]
pub struct Wants {
    /// Of the outside.
    pub asks: Vec<(Errand, Ask)>,
    /// No answer to these is wanted any more.
    pub forget: BTreeSet<BlobName>,
    /// Blobs that nobody will ever refer to.
    pub discards: Vec<BlobName>,
    /// Of the master.
    pub ups: Vec<Up>,
    /// Of the judge.
    pub notes: Vec<WorkerFact>,
    /// Of the other ends of channels; `true` goes to a consumer.
    pub packets: Vec<(Route, bool, Net)>,
    /// Channels to be requested from the machine of their producers.
    pub requests: Vec<(usize, MachineId)>,
    /// It has ended.
    pub end: Option<TaskEnd>,
}

/// What a task sees when it is called.
#[derive(Debug)]
pub struct Desk<'a> {
    /// The clocks.
    pub now: Now,
    /// The task's own attempt.
    pub attempt: AttemptId,
    /// The settings.
    pub plan: &'a StreamPlan,
    /// What it wants done.
    pub wants: &'a mut Wants,
}

impl Desk<'_> {
    /// Asks the outside.
    pub fn ask(&mut self, errand: Errand, ask: Ask) {
        self.wants.asks.push((errand, ask));
    }

    /// Tells the judge.
    pub fn note(&mut self, fact: WorkerFact) {
        self.wants.notes.push(fact);
    }

    /// Tells the master.
    pub fn up(&mut self, up: Up) {
        self.wants.ups.push(up);
    }

    /// Ends the task as failed; the first reason stays.
    pub fn fail(&mut self, why: String) {
        self.wants.end.get_or_insert(TaskEnd::Failed { why });
    }

    /// Says something to the consumer of a channel.
    pub fn to_consumer(&mut self, route: Route, channel: ChannelId, consumer: AttemptId, what: Packet) {
        self.wants.packets.push((route, true, Net { channel, producer: self.attempt, consumer, what }));
    }

    /// Says something to the producer of a channel.
    pub fn to_producer(&mut self, route: Route, channel: ChannelId, producer: AttemptId, what: Packet) {
        self.wants.packets.push((route, false, Net { channel, producer, consumer: self.attempt, what }));
    }

    /// Whether a bug is switched on.
    pub fn has_plant(&self, plant: StreamPlant) -> bool {
        self.plan.plant == Some(plant)
    }
}
