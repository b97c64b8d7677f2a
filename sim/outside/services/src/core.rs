//! The part of a service that decides: a state, and what asks do to it. Pure and replayable; never a disk, a stream or
//! a clock.

use std::fmt::Debug;

use outside_words::fact::OutsideFact;
use outside_words::message::{Answer, Ask};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A service's state, and what asks do to it. The same commands in the same order give the same state.
pub trait Core: Clone + Debug + Serialize + DeserializeOwned {
    /// A change of the state, as it is written ahead.
    type Command: Clone + Debug + Serialize + DeserializeOwned;

    /// The name of the file that it is kept in.
    const FILE: &'static str;

    /// What an ask comes to. `now_ms` is the machine's monotonic clock.
    fn decide(&self, ask: &Ask, now_ms: u64) -> Decision<Self::Command>;

    /// Changes the state; says what has happened by it, and the answer to whoever asked.
    fn apply(&mut self, command: Self::Command) -> (Vec<OutsideFact>, Answer);

    /// What is to be done by now without being asked.
    fn due(&self, now_ms: u64) -> Option<Self::Command>;

    /// When [`Core::due`] has something.
    fn due_ms(&self) -> Option<u64>;

    /// What must hold between steps.
    fn check(&self) -> Result<(), String>;

    /// The state as plain data, for people.
    fn look(&self) -> Vec<(&'static str, String)>;
}

/// What an ask comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<D> {
    /// A change.
    Change(D),
    /// Nothing changes: the answer, and what is told of it.
    Answer(Answer, Vec<OutsideFact>),
}
