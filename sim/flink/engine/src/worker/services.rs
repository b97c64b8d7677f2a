//! A worker's asking ends of the log, the ledger and the blob store, and for which task and why each ask was made.
//! Never what an answer means to a task.

use std::collections::BTreeMap;

use contract::process::Event;
use contract::time::Now;
use flink_words::settings::StreamMachines;
use outside::{AskId, Caller, Tries};
use outside_words::fact::Author;
use outside_words::ids::{AttemptId, BlobName};
use outside_words::message::{Answer, Ask};

use crate::message::{Message, Out};
use crate::task::Errand;

/// How often a blob is asked for, or put, until the task takes it for lost.
const BLOB_TRIES: Tries = Tries::AtMost(4);
/// How often the removal of a blob that nobody refers to is tried.
const DISCARD_TRIES: Tries = Tries::AtMost(4);

/// One of the three services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Service {
    Log,
    Ledger,
    Blobs,
}

impl Service {
    const ALL: [Service; 3] = [Service::Log, Service::Ledger, Service::Blobs];

    /// The service that answers an ask.
    fn of(ask: &Ask) -> Service {
        match ask {
            Ask::Fetch { .. } => Service::Log,
            Ask::InitProducer { .. } | Ask::Write { .. } | Ask::Commit { .. } | Ask::Rollback { .. } | Ask::Upsert { .. } => Service::Ledger,
            Ask::Put { .. } | Ask::Get { .. } | Ask::Delete { .. } | Ask::List { .. } => Service::Blobs,
        }
    }
}

/// Why an ask was made.
#[derive(Clone, Debug)]
enum Purpose {
    /// A task wants it.
    Task(AttemptId, Errand),
    /// The blob is put, and will have to go as soon as it is there.
    Orphan(AttemptId, BlobName),
    /// Nobody waits for the answer.
    Discard,
}

/// The asking ends.
#[derive(Clone, Debug)]
pub struct Services {
    callers: [Caller; 3],
    purposes: BTreeMap<(Service, AskId), Purpose>,
}

impl Services {
    /// Asking ends of which nothing is asked yet.
    pub fn new(machines: StreamMachines) -> Services {
        Services { callers: [machines.log(), machines.ledger(), machines.blobs()].map(Caller::new), purposes: BTreeMap::new() }
    }

    /// Asks for a task.
    pub fn ask(&mut self, attempt: AttemptId, errand: Errand, ask: Ask, now: Now, out: &mut Out) {
        let tries = match errand {
            Errand::Restore(_) | Errand::Upload { .. } => BLOB_TRIES,
            Errand::Fetch(_) | Errand::Init | Errand::Write | Errand::Commit(_) => Tries::Forever,
        };
        self.call(Purpose::Task(attempt, errand), ask, tries, now, out);
    }

    /// Removes a blob that nobody will ever refer to.
    pub fn discard(&mut self, attempt: AttemptId, name: BlobName, now: Now, out: &mut Out) {
        self.call(Purpose::Discard, Ask::Delete { name, by: Author::Task(attempt) }, DISCARD_TRIES, now, out);
    }

    /// Uploads under way that are of no use any more.
    pub fn orphan(&mut self, attempt: AttemptId, is_orphan: impl Fn(&BlobName) -> bool) {
        for purpose in self.purposes.values_mut() {
            if let Purpose::Task(known, Errand::Upload { name, .. }) = purpose
                && *known == attempt
                && is_orphan(name)
            {
                *purpose = Purpose::Orphan(attempt, name.clone());
            }
        }
    }

    /// A task has ended: it wants no answers any more.
    pub fn release(&mut self, attempt: AttemptId) {
        self.orphan(attempt, |_| true);
        let callers = &mut self.callers;
        self.purposes.retain(|(service, id), purpose| {
            let is_its = matches!(purpose, Purpose::Task(known, _) if *known == attempt);
            if is_its {
                callers[*service as usize].cancel(*id);
            }
            !is_its
        });
    }

    /// Takes an event; says what tasks are answered, in order. No answer at all is `None`.
    pub fn on_event(&mut self, now: Now, event: &Event<Message>, out: &mut Out) -> Vec<(AttemptId, Errand, Option<Answer>)> {
        let mut answers = Vec::new();
        for service in Service::ALL {
            for (id, outcome) in self.callers[service as usize].on_event(now, event, out) {
                match self.purposes.remove(&(service, id)) {
                    Some(Purpose::Task(attempt, errand)) => answers.push((attempt, errand, outcome.ok())),
                    Some(Purpose::Orphan(attempt, name)) => self.discard(attempt, name, now, out),
                    Some(Purpose::Discard) | None => {}
                }
            }
        }
        answers
    }

    /// When [`Services::on_event`] must see an event.
    pub fn wake_ns(&self) -> Option<u64> {
        self.callers.iter().filter_map(Caller::wake_ns).min()
    }

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        self.callers.iter().try_for_each(Caller::check)
    }

    /// How much is asked, for people.
    pub fn look(&self) -> String {
        format!("{} asks under way", self.purposes.len())
    }

    fn call(&mut self, purpose: Purpose, ask: Ask, tries: Tries, now: Now, out: &mut Out) {
        let service = Service::of(&ask);
        let id = self.callers[service as usize].ask(ask, tries, now, out);
        self.purposes.insert((service, id), purpose);
    }
}
