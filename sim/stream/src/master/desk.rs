//! What a part of a master acts with in one step: the settings, the clients of the coordination service and of the blob store, the workers, the time, and the step's effects. Never what is decided.

use std::sync::Arc;

use coord::curator::{Curator, Lots, Turn};
use vocab::plan::{Fencing, StreamPlan, StreamPlant};
use vocab::process::Exit;
use vocab::stream::MasterFact;
use vocab::stream::ids::{AttemptId, BlobName, JobId, LeaderId};
use vocab::stream::outside::Author;
use vocab::time::{MILLISECOND, Now};

use super::workers::Workers;
use crate::config::Config;
use crate::message::{Ask, Down, Message, Out};
use crate::outside::{AskId, Caller, Tries};

/// One step.
pub(super) struct Desk<'a> {
    /// What the machine knows from its start.
    pub config: &'a Config,
    /// The client of the coordination service.
    pub curator: &'a mut Curator,
    /// The client of the blob store.
    pub blobs: &'a mut Caller,
    /// Who offers slots.
    pub workers: &'a mut Workers,
    /// Chance.
    pub lots: &'a mut Lots,
    /// When.
    pub now: Now,
    /// What follows.
    pub out: &'a mut Out,
}

impl Desk<'_> {
    /// Lets a recipe of Curator's act.
    pub fn turn<R>(&mut self, act: impl FnOnce(&mut Turn) -> R) -> R {
        let (curator, now) = (&mut *self.curator, self.now);
        self.out.host(Message::Coord, |out| act(&mut Turn { curator, now, out }))
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
            self.ask(Ask::Delete { name: name.clone(), by: Author::Leader(leader) }, super::DELETE_TRIES);
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
        self.config.plan.plant == Some(plant)
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
