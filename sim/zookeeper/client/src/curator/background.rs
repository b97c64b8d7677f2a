//! What Curator does for itself in the background: deletes that must succeed, and the search for nodes that a given-up
//! create may have left. Never anything that an application waits for.

use contract::time::Now;
use zookeeper_words::fact::{ClientFact, RecipeFact};
use zookeeper_words::service::{ErrorCode, Op, Path, Reply};

use super::path::{join, own_node, prefix};
use super::{Answer, CallError, Curator, Phase, Tries, Uuid};
use crate::raw::Out;

/// How often a job begins anew after all retries of a call. Curator's has no bound; a run heals long before this one is
/// reached.
pub const ROUNDS_MAX: u32 = 1_000;

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// A guaranteed delete.
    Delete { path: Path, rounds: u32 },
    /// The search for the node of a protected create.
    Find { parent: Path, uuid: Uuid, rounds: u32 },
}

impl Curator {
    /// Begins a job, or a round of it. Nothing happens once the Curator is closed: the session takes its ephemerals
    /// along.
    pub(super) fn begin_job(&mut self, job: Job, now: Now, out: &mut Out) {
        if self.phase != Phase::Started {
            return;
        }
        let op = match &job {
            Job::Delete { path, .. } => Op::Delete { path: path.clone(), version: -1 },
            Job::Find { parent, .. } => Op::GetChildren { path: parent.clone(), watch: false, stat: true },
        };
        let call = self.call(op, now, out);
        self.jobs.insert(call, job);
    }

    pub(super) fn on_job(&mut self, job: Job, answer: Answer, now: Now, out: &mut Out) {
        let again = matches!(answer.result, Err(error) if error.is_retryable());
        match job {
            Job::Delete { path, rounds } if again && rounds < ROUNDS_MAX => self.begin_job(Job::Delete { path, rounds: rounds + 1 }, now, out),
            Job::Find { parent, uuid, rounds } if again && rounds < ROUNDS_MAX => self.begin_job(Job::Find { parent, uuid, rounds: rounds + 1 }, now, out),
            // Gone, or refused for good, as when it has children.
            Job::Delete { .. } => {}
            Job::Find { parent, uuid, .. } => {
                if matches!(answer.result, Ok(_) | Err(CallError::Refused(ErrorCode::NoNode))) {
                    out.note(ClientFact::Recipe(searched(&join(&parent, &prefix(uuid)), &answer.tries)));
                }
                if let Ok(Reply::Children { names, .. }) = answer.result
                    && let Some(path) = own_node(&names, &parent, uuid)
                {
                    self.begin_job(Job::Delete { path, rounds: 0 }, now, out);
                }
            }
        }
    }
}

/// A search for the node of a protected create was answered.
pub(super) fn searched(path: &str, tries: &Tries) -> RecipeFact {
    let request = tries.last.expect("what was answered was sent");
    RecipeFact::Searched { path: path.into(), request }
}
