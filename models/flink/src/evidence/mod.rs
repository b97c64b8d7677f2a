//! A recording of the stream engine, read once into what the rules look at: what the service and the outside within
//! show, and what the engine's own processes said. Prepared data; never a judgement.

pub mod statement;
pub mod entries;
pub mod outside;
pub mod nodes;
pub mod stream;
mod masters;
mod workers;
pub(crate) mod living;
pub mod account;

use contract::recording::Ending;
use flink_words::fact::{Fact, StreamFact};
use flink_words::master::JobStatus;
use flink_words::settings::Settings;
use judging::{NoteIndex, View};
use zookeeper_models::evidence::users::{CuratorSetting, Guest};

use account::Account;
use stream::Stream;

/// What the rules look at.
pub struct Evidence<'r> {
    /// The whole recording.
    pub view: View<'r, Settings, Fact>,
    /// What the coordination service shows.
    pub service: zookeeper_models::Evidence<'r>,
    /// What the log, the ledger and the blob store said, each thing once.
    pub outside: outside_models::Evidence<'r>,
    /// The engine: what its masters and workers said, joined with what the other two show.
    pub stream: Stream<'r>,
}

impl<'r> Evidence<'r> {
    /// Reads a recording.
    pub fn read(view: View<'r, Settings, Fact>) -> Evidence<'r> {
        let guests = guests(view.plan.settings);
        let service = zookeeper_models::Evidence::read_with_guests(view.part(|settings| &settings.service, service), &guests);
        let outside = outside_models::Evidence::read(&view.part(|settings| settings, outside));
        let stream = Stream::read(&view, &service, &outside);
        Evidence { view, service, outside, stream }
    }

    /// A note's place for a witness: its time and its number.
    pub fn when(&self, note: NoteIndex) -> String {
        self.view.when(note)
    }

    /// When a note was written, in ns.
    pub fn at_ns(&self, note: NoteIndex) -> u64 {
        self.view.notes.get(note as usize).map_or(0, |note| note.at_ns)
    }

    /// Whether all that the plan wants was done, so that what is left can be looked at.
    pub fn is_finished(&self) -> bool {
        *self.view.ending == Ending::Finished
    }

    /// Whether the run got as far as its healing phase's end, well or badly.
    pub fn is_over(&self) -> bool {
        match self.view.ending {
            Ending::Finished | Ending::Deadline { .. } => true,
            Ending::Crashed { .. } | Ending::Failed { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => false,
        }
    }

    /// Whether every job came to its good end, so that all of its output is there.
    pub fn is_all_there(&self) -> bool {
        let is_good = |results: &[(NoteIndex, JobStatus, bool)]| results.iter().any(|(_, status, _)| *status == JobStatus::Finished);
        self.is_finished() && !self.stream.jobs.is_empty() && self.stream.jobs.values().all(|job| is_good(&job.results))
    }

    /// The engine's part of the run in numbers.
    pub fn account(&self) -> Account<'r> {
        Account::of(&self.stream.statements, self.view.end_ns)
    }
}

/// How much of a session's timeout Curator waits before it gives the session up, in percent: its default
/// (simulatedSessionExpirationPercent), which Flink leaves as it is.
const EXPIRATION_PERCENT: u32 = 100;

/// The engine's machines that use the service: masters, which have a latch, and workers.
fn guests(settings: &Settings) -> Vec<Guest> {
    let (machines, ha) = (settings.stream_machines(), &settings.stream.ha);
    let guest = |machine, has_latch| {
        let (tolerates_suspended, retries) = (ha.tolerates_suspended, ha.retries);
        let curator = CuratorSetting { expiration_percent: EXPIRATION_PERCENT, tolerates_suspended, retries, has_latch, counts: false };
        Guest { machine, session_timeout_ms: ha.session_timeout_ms, curator }
    };
    machines.masters().map(|machine| guest(machine, true)).chain(machines.workers().map(|machine| guest(machine, false))).collect()
}

/// A fact of the coordination service.
fn service(fact: &Fact) -> Option<&zookeeper_words::fact::Fact> {
    match fact {
        Fact::Service(fact) => Some(fact),
        Fact::Stream(_) => None,
    }
}

/// A fact of the log, the ledger or the blob store.
fn outside(fact: &Fact) -> Option<&outside_words::fact::OutsideFact> {
    match fact {
        Fact::Stream(StreamFact::Outside(fact)) => Some(fact),
        Fact::Stream(StreamFact::Master(_) | StreamFact::Worker(_)) | Fact::Service(_) => None,
    }
}
