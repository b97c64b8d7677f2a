//! What a part of a master acts with in one step: the settings, the clients of the coordination service and of the blob
//! store, the workers, the time, and the step's effects. Never what is decided.

use std::sync::Arc;

use contract::process::Exit;
use contract::time::{MILLISECOND, Now};
use flink_words::fact::{Fact, MasterFact};
use flink_words::plant::StreamPlant;
use flink_words::settings::{Fencing, StreamPlan};
use outside::{AskId, Caller, Tries};
use outside_words::fact::Author;
use outside_words::ids::{AttemptId, BlobName, JobId, LeaderId};
use outside_words::message::Ask;
use zookeeper_client::curator::{Curator, Lots, RecipeContext};

use super::workers::Workers;
use crate::config::Config;
use crate::message::{Down, Message, Out};

/// How often a blob is put before a checkpoint counts as failed.
pub(super) const PUT_TRIES: Tries = Tries::AtMost(5);
/// How often a blob is read: a leader that gives up ends its process, and another has to begin anew.
pub(super) const GET_TRIES: Tries = Tries::AtMost(20);
/// How often a blob is to be deleted: whoever asks does not wait for it.
pub(super) const DELETE_TRIES: Tries = Tries::Forever;

/// What a part of a master acts with in one step.
pub(super) struct MasterContext<'a> {
    /// What the machine knows from its start.
    pub config: &'a Config,
    /// The client of the coordination service.
    pub curator: &'a mut Curator,
    /// The client of the blob store.
    pub blobs: &'a mut Caller,
    /// The workers that offer slots.
    pub workers: &'a mut Workers,
    /// The chances that it draws.
    pub lots: &'a mut Lots,
    /// The clocks.
    pub now: Now,
    /// What the step wants done.
    pub out: &'a mut Out,
}

impl MasterContext<'_> {
    /// Lets a recipe of Curator's act.
    pub fn recipe<R>(&mut self, act: impl FnOnce(&mut RecipeContext) -> R) -> R {
        let (curator, now) = (&mut *self.curator, self.now);
        self.out.host(Message::Coord, Fact::Service, |out| act(&mut RecipeContext { curator, now, out }))
    }

    /// Asks the blob store.
    pub fn ask(&mut self, ask: Ask, tries: Tries) -> AskId {
        self.blobs.ask(ask, tries, self.now, self.out)
    }

    /// Puts a blob.
    pub fn put(&mut self, name: &BlobName, bytes: Arc<[u8]>, leader: LeaderId, tries: Tries) -> AskId {
        self.ask(Ask::Put { name: name.clone(), bytes, by: Author::Leader(leader) }, tries)
    }

    /// Gets a blob.
    pub fn get(&mut self, name: &BlobName, leader: LeaderId, tries: Tries) -> AskId {
        self.ask(Ask::Get { name: name.clone(), by: Author::Leader(leader) }, tries)
    }

    /// Has blobs deleted in the background; whether that succeeds is nobody's concern.
    pub fn discard(&mut self, mut names: Vec<BlobName>, job: JobId, leader: LeaderId) {
        names.sort();
        names.dedup();
        if names.is_empty() {
            return;
        }
        for name in &names {
            self.ask(Ask::Delete { name: name.clone(), by: Author::Leader(leader) }, DELETE_TRIES);
        }
        self.note(MasterFact::Discarding { leader, job, blobs: names });
    }

    /// Notes a fact.
    pub fn note(&mut self, fact: MasterFact) {
        self.out.note(fact);
    }

    /// Says something to the worker of an attempt, if the attempt has not ended.
    pub fn tell(&mut self, attempt: AttemptId, call: Down) {
        self.workers.tell_task(attempt, call, self.out);
    }

    /// The process ends; its supervisor starts it again.
    pub fn exit(&mut self, why: impl Into<String>) {
        self.out.exit(Exit::Restart(why.into()));
    }

    /// The plan.
    pub fn plan(&self) -> &StreamPlan {
        &self.config.plan
    }

    /// Whether writes to HA data carry a check of their author's latch.
    pub fn is_fenced(&self) -> bool {
        self.config.plan.fencing == Fencing::Fenced
    }

    /// Whether a known bug is switched on.
    pub fn has(&self, plant: StreamPlant) -> bool {
        self.config.plants.has(plant)
    }

    /// By the monotonic clock, in ms.
    pub fn mono_ms(&self) -> u64 {
        self.now.mono_ns / MILLISECOND
    }

    /// A time from now on, by the monotonic clock in ns.
    pub fn after_ms(&self, ms: u64) -> u64 {
        self.now.mono_ns + ms * MILLISECOND
    }
}
