//! What the log, the ledger and the blob store said, each thing once. Prepared data; never a judgement.
//!
//! They tell of what is durable in the step in which it becomes so. A service that goes down in between cannot know afterwards whether the last of it was told, and tells it again, first of all, when it
//! has started. So what a life begins with is left out here as far as it is, word for word, the end of what was told before.

use std::collections::BTreeMap;

use vocab::fact::Fact;
use vocab::happening::Happening;
use vocab::ids::MachineId;
use vocab::recording::Recording;
use vocab::stream::StreamFact;
use vocab::stream::outside::OutsideFact;

use super::said::NoteIndex;

/// Something that the outside said.
#[derive(Clone, Copy, Debug)]
pub struct Told<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    /// How often its machine had started before.
    pub life: u32,
    /// No fault has yet destroyed what its machine had made durable. Nothing guards a service that is one machine: only a plan's author can be to blame.
    pub sound: bool,
    pub fact: &'r OutsideFact,
}

/// What the outside said.
#[derive(Default)]
pub struct Outside<'r> {
    /// In order. Records of the log are told anew in each life, and all of that is here.
    pub told: Vec<Told<'r>>,
}

/// What is known of a machine of the outside.
#[derive(Default)]
struct Teller<'r> {
    life: u32,
    destroyed: bool,
    /// Its facts on what is durable.
    lasting: Vec<&'r OutsideFact>,
    /// Since a start: when it began to repeat, and the place of what it repeats next.
    repeating: Option<(Option<u64>, usize)>,
}

impl<'r> Outside<'r> {
    /// Reads a recording.
    pub fn read(recording: &'r Recording) -> Outside<'r> {
        let mut tellers: BTreeMap<MachineId, Teller<'r>> = BTreeMap::new();
        let mut told = vec![];
        for (at, note) in recording.notes.iter().enumerate() {
            match &note.fact {
                Fact::World(Happening::Booted { life }) if recording.plan.stream.is_some() || *life > 0 => {
                    let teller = tellers.entry(note.machine).or_default();
                    (teller.life, teller.repeating) = (*life, Some((None, 0)));
                }
                Fact::World(happening) if destroys(happening) => tellers.entry(note.machine).or_default().destroyed = true,
                Fact::Stream(StreamFact::Outside(fact)) => {
                    let teller = tellers.entry(note.machine).or_default();
                    if !teller.repeats(note.at_ns, fact) {
                        told.push(Told { note: at as NoteIndex, machine: note.machine, life: teller.life, sound: !teller.destroyed, fact });
                    }
                }
                Fact::World(_) | Fact::Replica(_) | Fact::Client(_) | Fact::Stream(_) => {}
            }
        }
        Outside { told }
    }
}

impl<'r> Teller<'r> {
    /// Takes a fact in; says whether it repeats one of an earlier life.
    fn repeats(&mut self, at_ns: u64, fact: &'r OutsideFact) -> bool {
        if !is_lasting(fact) {
            return false;
        }
        let next = match self.repeating.take() {
            None => None,
            Some((None, _)) => self.lasting.iter().rposition(|before| *before == fact),
            // All is repeated in one step.
            Some((Some(began_ns), next)) => (began_ns == at_ns && self.lasting.get(next) == Some(&fact)).then_some(next),
        };
        match next {
            Some(next) => self.repeating = Some((Some(at_ns), next + 1)),
            None => self.lasting.push(fact),
        }
        next.is_some()
    }
}

/// Whether something that was durable is gone, or another thing stands in its place.
fn destroys(happening: &Happening) -> bool {
    match happening {
        Happening::Crashed { disk_lost, lied_bytes, .. } => *disk_lost || *lied_bytes > 0,
        Happening::Wiped | Happening::Rotted { .. } => true,
        Happening::Struck { .. } | Happening::Spared { .. } | Happening::Ended { .. } | Happening::Booted { .. } | Happening::Exited { .. } => false,
        Happening::Paused | Happening::Resumed { .. } | Happening::ClockStepped { .. } | Happening::Healed | Happening::LeftOut { .. } => false,
    }
}

/// Whether a fact is on what is durable at the ledger or in the blob store: the other ones are not told again.
fn is_lasting(fact: &OutsideFact) -> bool {
    match fact {
        OutsideFact::ProducerInitialised { .. } | OutsideFact::Wrote { .. } | OutsideFact::TxnCommitted { .. } | OutsideFact::TxnAborted { .. } => true,
        OutsideFact::Upserted { .. } | OutsideFact::BlobPut { .. } | OutsideFact::BlobDeleted { .. } => true,
        OutsideFact::Appended { .. } | OutsideFact::Fetched { .. } | OutsideFact::LedgerRefused { .. } | OutsideFact::BlobRead { .. } => false,
    }
}
