//! What a recipe acts with in one step of its owner: the Curator, the time, and the step's effects. Never another
//! recipe.

use contract::time::Now;
use zookeeper_words::fact::{Belief, ClientFact, Conclusion, RecipeFact};
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{Op, Path};

use super::background::{Job, searched};
use super::{CallId, Curator, RetryPolicy, Tries, Uuid};
use crate::raw::Out;

/// What a recipe acts with in one step of its owner.
pub struct RecipeContext<'a> {
    /// The Curator that sends.
    pub curator: &'a mut Curator,
    /// What the clocks read.
    pub now: Now,
    /// The effects of the step.
    pub out: &'a mut Out,
}

impl RecipeContext<'_> {
    /// Makes a call with Curator's retries.
    pub fn call(&mut self, op: Op) -> CallId {
        self.curator.call(op, self.now, self.out)
    }

    /// Makes one try of what `tries` are earlier ones of, in `delay_ms`.
    pub(super) fn attempt(&mut self, op: Op, tries: Tries, delay_ms: u64) -> CallId {
        self.curator.attempt(op, tries, delay_ms, self.now, self.out)
    }

    /// Deletes a node whatever its version, in the background, until it is gone (DeleteBuilder.guaranteed).
    pub fn delete_guaranteed(&mut self, path: Path) {
        self.curator.begin_job(Job::Delete { path, rounds: 0 }, self.now, self.out);
    }

    /// Finds the node that a protected create may have left below `parent`, and deletes it, in the background
    /// (FindAndDeleteProtectedNodeInBackground).
    pub(super) fn find_and_delete(&mut self, parent: Path, uuid: Uuid) {
        self.curator.begin_job(Job::Find { parent, uuid, rounds: 0 }, self.now, self.out);
    }

    /// Notes that a search for the node of a protected create was answered.
    pub(super) fn searched(&mut self, path: &str, tries: &Tries) {
        self.note(searched(path, tries));
    }

    /// The next UUID.
    pub fn uuid(&mut self) -> Uuid {
        self.curator.lots.uuid()
    }

    /// The next lot.
    pub(super) fn lot(&mut self) -> u64 {
        self.curator.lots.draw()
    }

    /// The policy of the Curator's calls.
    pub(super) fn retry(&self) -> RetryPolicy {
        self.curator.config.retry
    }

    /// The session.
    pub fn session(&self) -> SessionId {
        self.curator.session()
    }

    /// Whether the state is CONNECTED or RECONNECTED.
    pub fn is_connected(&self) -> bool {
        self.curator.is_connected()
    }

    /// Notes what a recipe says of itself.
    pub fn note(&mut self, fact: RecipeFact) {
        self.out.note(ClientFact::Recipe(fact));
    }

    /// Notes what a recipe takes for true about a write of which nobody told it the outcome; nothing, if somebody did.
    /// What is merely assumed is always noted.
    pub(super) fn conclude(&mut self, path: &str, tries: &Tries, belief: Belief) {
        if tries.unknown > 0 || belief == Belief::Assumed {
            let first = tries.first.expect("a try whose outcome is unknown, or was refused, was sent");
            self.note(RecipeFact::Concluded(Conclusion { path: path.into(), first, belief }));
        }
    }
}
