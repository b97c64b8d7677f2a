//! The Curators as their machines tell it: how each stands with its session, what it is shown, when its latch leads. One list of statements, in order; the rules judge.

use std::collections::BTreeMap;

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::fact::{ClientFact, ConnectionState, RecipeFact};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::Op;

use super::clients::Clients;

/// Something that a rule on Curators looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Its machine's process, or the Curator in it, begins anew, or is over: what the one before believed is nobody's any more.
    Begins,
    /// Its machine is frozen.
    Paused,
    /// Its machine goes on.
    Resumed,
    /// A connection came, and with it the session's timeout.
    Attached { timeout_ms: u32 },
    /// The service said that the session is no more.
    Expired,
    /// It asks for the end of its session.
    Closes,
    /// It tells its application how the session stands.
    Tells(ConnectionState),
    /// A reply came from this state.
    IsShown(Zxid),
    /// Its latch begins to lead; the claim's place among all.
    Leads { claim: usize },
    /// Its latch leads no more.
    Resigns,
    /// It does something else, or sees it.
    Other,
}

/// One of these, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub said: Said,
}

/// All of it.
#[derive(Default)]
pub struct Curators {
    /// In the order of the run.
    pub statements: Vec<Statement>,
    /// When each machine last began anew.
    pub begun: BTreeMap<MachineId, NoteIndex>,
}

impl Curators {
    /// The world did something to a machine that has a Curator.
    pub(super) fn happened(&mut self, note: NoteIndex, machine: MachineId, happening: &Happening) {
        let said = match happening {
            Happening::Booted { .. } | Happening::Crashed { .. } | Happening::Exited { .. } => Said::Begins,
            Happening::Paused => Said::Paused,
            Happening::Resumed { .. } => Said::Resumed,
            Happening::Struck { .. }
            | Happening::Spared { .. }
            | Happening::Ended { .. }
            | Happening::Wiped
            | Happening::ClockStepped { .. }
            | Happening::Rotted { .. }
            | Happening::Healed
            | Happening::LeftOut { .. } => return,
        };
        self.push(note, machine, said);
    }

    /// A machine that has a Curator says something, which the clients have taken in.
    pub(super) fn saw(&mut self, note: NoteIndex, machine: MachineId, fact: &ClientFact, clients: &Clients<'_>) {
        let said = match fact {
            ClientFact::Started => Said::Begins,
            ClientFact::Attached { timeout_ms, .. } => Said::Attached { timeout_ms: *timeout_ms },
            ClientFact::Expired { .. } => Said::Expired,
            ClientFact::Invoked { op, .. } if **op == Op::CloseSession => Said::Closes,
            ClientFact::Connection(state) => Said::Tells(*state),
            ClientFact::Returned { zxid, .. } => Said::IsShown(*zxid),
            ClientFact::Recipe(RecipeFact::Acquired { .. }) => Said::Leads { claim: clients.recipes.acquired.len() - 1 },
            ClientFact::Recipe(RecipeFact::Released { .. }) => Said::Resigns,
            ClientFact::Invoked { .. } | ClientFact::Recipe(_) | ClientFact::Detached { .. } | ClientFact::Unknown { .. } => Said::Other,
            ClientFact::Watched { .. } | ClientFact::Retried(_) | ClientFact::Finished => Said::Other,
            ClientFact::Begun | ClientFact::ReadOnly { .. } => Said::Other,
        };
        self.push(note, machine, said);
    }

    fn push(&mut self, note: NoteIndex, machine: MachineId, said: Said) {
        if said == Said::Begins {
            self.begun.insert(machine, note);
        }
        self.statements.push(Statement { note, machine, said });
    }
}
