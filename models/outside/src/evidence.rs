//! What the log, the ledger and the blob store said, each thing once. Prepared data; never a judgement.
//!
//! They tell of what is durable in the step in which it becomes so. A service that goes down in between cannot know
//! afterwards whether the last of it was told, and tells it again, first of all, when it has started. So what a life
//! begins with is left out here as far as it is, word for word, the end of what was told before.

use std::collections::BTreeMap;

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::{Heard, NoteIndex, NoteView, View, when};
use outside_words::fact::OutsideFact;
use outside_words::ids::TxnId;

/// A transaction: its id, and the epoch of its producer. An id has one transaction an epoch.
pub(crate) type Txn<'r> = (&'r TxnId, u32);

/// Something that the outside said.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'r> {
    /// Its place in the recording.
    pub note: NoteIndex,
    /// World time in ns.
    pub at_ns: u64,
    /// Whose statement it is.
    pub machine: MachineId,
    /// How often its machine had started before.
    pub life: u32,
    /// No fault has yet destroyed what its machine had made durable. Nothing guards a service that is one machine: only
    /// a plan's author can be to blame.
    pub sound: bool,
    /// What was said.
    pub fact: &'r OutsideFact,
}

impl Statement<'_> {
    /// Who said it, and when, for a witness.
    pub(crate) fn place(&self) -> String {
        format!("{} at {}", self.machine, when(self.at_ns, self.note))
    }
}

/// What the outside said.
#[derive(Clone, Debug, Default)]
pub struct Evidence<'r> {
    /// In order. Records of the log are told anew in each life, and all of that is here.
    pub statements: Vec<Statement<'r>>,
}

/// What is known of a machine of the outside.
#[derive(Default)]
struct Teller<'r> {
    life: u32,
    destroyed: bool,
    /// Its facts on what is durable, each once.
    lasting: Vec<&'r OutsideFact>,
    /// It has started, and has told nothing of what is durable yet.
    begins: bool,
    /// So many of its next ones repeat others.
    repeats: usize,
}

impl<'r> Evidence<'r> {
    /// Reads a recording of any system that contains the outside.
    pub fn read<X>(view: &View<'r, X, OutsideFact>) -> Evidence<'r> {
        let mut tellers: BTreeMap<MachineId, Teller<'r>> = BTreeMap::new();
        let mut statements = vec![];
        for (at, note) in view.notes.iter().enumerate() {
            match note.what {
                Heard::World(Happening::Booted { life }) => {
                    let teller = tellers.entry(note.machine).or_default();
                    (teller.life, teller.begins, teller.repeats) = (*life, true, 0);
                }
                Heard::World(happening) if destroys(happening) => tellers.entry(note.machine).or_default().destroyed = true,
                Heard::Said(fact) => {
                    let teller = tellers.entry(note.machine).or_default();
                    if is_lasting(fact) && std::mem::take(&mut teller.begins) {
                        teller.repeats = repeats(&teller.lasting, &view.notes[at..]);
                    }
                    if is_lasting(fact) && teller.repeats > 0 {
                        teller.repeats -= 1;
                        continue;
                    }
                    teller.lasting.extend(is_lasting(fact).then_some(fact));
                    let (note, at_ns, machine) = (at as NoteIndex, note.at_ns, note.machine);
                    statements.push(Statement { note, at_ns, machine, life: teller.life, sound: !teller.destroyed, fact });
                }
                Heard::World(_) | Heard::Else => {}
            }
        }
        Evidence { statements }
    }
}

/// How many facts a life begins by repeating: its first ones, all of one step, must be the whole end of what was told
/// before.
fn repeats(lasting: &[&OutsideFact], notes: &[NoteView<'_, OutsideFact>]) -> usize {
    let (machine, at_ns) = (notes[0].machine, notes[0].at_ns);
    let step = notes.iter().take_while(|note| note.at_ns == at_ns).filter(|note| note.machine == machine);
    let mut step = step.filter_map(|note| if let Heard::Said(fact) = note.what { Some(fact).filter(|fact| is_lasting(fact)) } else { None });
    let first = step.next();
    let Some(place) = lasting.iter().rposition(|before| Some(*before) == first) else { return 0 };
    let end = &lasting[place..];
    let is_repeated = end[1..].iter().all(|before| step.next() == Some(*before));
    if is_repeated { end.len() } else { 0 }
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
