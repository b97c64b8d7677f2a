//! The contract between a world and what runs in it: events in, effects out, and nothing else. Data and one trait;
//! never a clock, a disk or a generator.

mod effect;
mod event;

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::Now;

pub use effect::{Effect, Effects, Exit};
pub use event::{DiskAnswer, DiskError, Event, Token};

/// A file on a machine's disk. What stands before the first `.` is its kind, which faults can name: `log.5` is of kind
/// `log`.
pub type FileName = Arc<str>;

/// Whatever can name a file: `"log"`, a `String`, a [`FileName`] that is kept to be cheap.
pub trait AsFile {
    /// The name.
    fn file(&self) -> FileName;
}

impl AsFile for str {
    fn file(&self) -> FileName {
        self.into()
    }
}
impl AsFile for String {
    fn file(&self) -> FileName {
        self.as_str().into()
    }
}
impl AsFile for FileName {
    fn file(&self) -> FileName {
        self.clone()
    }
}

/// What a process can note for the judge: any plain data.
pub trait Fact: Clone + Debug + PartialEq + Hash + Send + Sync + 'static {}
impl<F: Clone + Debug + PartialEq + Hash + Send + Sync + 'static> Fact for F {}

/// A program on a simulated machine: a pure state machine that owns its whole state.
pub trait Process: Clone {
    /// What processes of this system say to each other.
    type Message: Message;
    /// What processes of this system note for the judge: claims, each of which is the noting machine's own. A world
    /// adds its happenings, for which no process can speak.
    type Fact: Fact;

    /// Takes one event, to completion, and puts what it wants done into `out`.
    fn step(&mut self, now: Now, event: Event<Self::Message>, out: &mut Effects<Self::Message, Self::Fact>);

    /// What must hold between steps; the world calls it after every step and stops at the first error, which says what
    /// should have been true.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// What would be lost with this machine's disk, if other machines rely on it. See [`DurableClaim`].
    fn durable_claim(&self) -> Option<DurableClaim> {
        None
    }

    /// The state as plain data, for people: names and values, in reading order.
    fn look(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What a machine has promised to keep on its disk, as two numbers that can be compared without knowing what they mean:
/// a claim is *covered* by another when neither of its numbers is above the other's. A fault budget lets a disk be lost
/// only while enough other machines cover what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DurableClaim(pub [u128; 2]);

impl DurableClaim {
    /// Whether everything claimed here is claimed by `other` too.
    pub fn is_covered_by(self, other: DurableClaim) -> bool {
        self.0[0] <= other.0[0] && self.0[1] <= other.0[1]
    }
}

/// What travels between processes. Its `Hash` goes into the run's hash, so it must cover the whole payload.
pub trait Message: Clone + Hash {
    /// The message's plain name (`NEWLEADER`), by which faults can name it. That is all that a world knows of a
    /// protocol.
    fn kind(&self) -> &'static str;
}
