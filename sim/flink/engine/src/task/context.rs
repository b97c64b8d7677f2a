//! What a task sees when it is called, and what it wants done. Data; the worker carries it out, never the task.

use std::collections::BTreeSet;

use contract::ids::{ConnId, MachineId};
use contract::plant::Plants;
use contract::time::Now;
use flink_words::fact::WorkerFact;
use flink_words::ids::ChannelId;
use flink_words::plant::StreamPlant;
use flink_words::settings::StreamPlan;
use flink_words::worker::TaskEnd;
use outside_words::ids::{AttemptId, BlobName, CheckpointId, SplitId};
use outside_words::message::{Ask, Committable};

use crate::message::{Net, Packet, Up};

/// Which way a channel's other end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// On this worker.
    Local,
    /// On another worker, over this stream.
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
    /// What it asks of the outside.
    pub asks: Vec<(Errand, Ask)>,
    /// No answer to these is wanted any more.
    pub forget: BTreeSet<BlobName>,
    /// Blobs that nobody will ever refer to.
    pub discards: Vec<BlobName>,
    /// What it says to the master.
    pub ups: Vec<Up>,
    /// What it notes for the judge.
    pub notes: Vec<WorkerFact>,
    /// Of the other ends of channels; `true` goes to a consumer.
    pub packets: Vec<(Route, bool, Net)>,
    /// Channels to be requested from the machine of their producers.
    pub requests: Vec<(usize, MachineId)>,
    /// How it ended, if it has.
    pub end: Option<TaskEnd>,
}

/// What a task sees when it is called.
#[derive(Debug)]
pub struct TaskContext<'a> {
    /// The clocks.
    pub now: Now,
    /// The task's own attempt.
    pub attempt: AttemptId,
    /// The settings.
    pub plan: &'a StreamPlan,
    /// The known bugs that are switched on.
    pub plants: &'a Plants<StreamPlant>,
    /// What it wants done.
    pub wants: &'a mut Wants,
}

impl TaskContext<'_> {
    /// Asks the outside.
    pub fn ask(&mut self, errand: Errand, ask: Ask) {
        self.wants.asks.push((errand, ask));
    }

    /// Notes a fact for the judge.
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
        self.plants.has(plant)
    }
}
