//! Flink's checkpoint id counter (ZooKeeperCheckpointIDCounter): a SharedCount whose node holds the next id. Never an
//! id twice: an id counts only once its successor is in the node. A set whose reply was lost may cost an id.

use zookeeper_words::fact::{ConnectionState, RecipeFact};
use zookeeper_words::service::{Data, Path};

use super::store::Fence;
use super::value::{self, Asked, SharedValue, Versioned, count_data, count_of};
use super::{CallError, Notice, RecipeContext};

/// The first id of a new job.
pub const FIRST_ID: i32 = 1;
/// How often an id is tried for when others are faster. Flink tries for ever, but it has one leader at a time.
pub const ATTEMPTS_MAX: u32 = 100;

/// What the application learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The counter can be used.
    Started,
    /// It cannot be made or read.
    NotStarted(CallError),
    /// The next id is at least what was wanted.
    Raised,
    /// An id that nobody else has.
    Next(i32),
    /// There is no id.
    Failed(CounterError),
}

/// Why there is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterError {
    /// The connection is SUSPENDED or LOST, which Flink checks before every attempt.
    Unconnected,
    /// The node holds no number.
    Garbage,
    /// Ids are used up: Flink's end at 2^31 - 1.
    Full,
    /// Its data version is -1 (see [`Asked::Unversioned`]).
    Unversioned,
    /// Others were faster [`ATTEMPTS_MAX`] times.
    Contended,
    /// Nobody knows, or the node is gone.
    Call(CallError),
}

/// The counter.
#[derive(Clone, Debug)]
pub struct CheckpointIdCounter {
    value: SharedValue,
    /// What Curator told last, if anything went wrong.
    is_suspended: bool,
    /// Attempts at the id that is asked for.
    attempts: Option<u32>,
    /// No id is asked for, but that the next one be at least this.
    raise_to: Option<i32>,
}

impl CheckpointIdCounter {
    /// The counter in a node.
    pub fn new(path: Path) -> CheckpointIdCounter {
        CheckpointIdCounter { value: SharedValue::new(path, count_data(FIRST_ID)), is_suspended: false, attempts: None, raise_to: None }
    }

    /// See [`SharedValue::blind`].
    pub fn blind(self) -> CheckpointIdCounter {
        CheckpointIdCounter { value: self.value.blind(), ..self }
    }

    /// See [`SharedValue::fenced`].
    pub fn fenced(self, fence: Fence) -> CheckpointIdCounter {
        CheckpointIdCounter { value: self.value.fenced(fence), ..self }
    }

    /// Makes the node if need be, and reads it.
    pub fn start(&mut self, context: &mut RecipeContext) {
        self.value.start(context);
    }

    /// What the next id would be, as far as is known.
    pub fn get(&self) -> Option<i32> {
        count_of(&self.value.current().data)
    }

    /// Asks for an id: answered at once, or by [`CheckpointIdCounter::on`]. Panics while another one is asked for.
    pub fn get_and_increment(&mut self, context: &mut RecipeContext) -> Option<Outcome> {
        assert!(self.attempts.is_none(), "one id must come before the next is asked for");
        self.attempts = Some(0);
        self.attempt(context)
    }

    /// Lets the next id be at least this (setCount, which Flink calls for a job that begins from a savepoint; it would
    /// also go down, and hand ids out again after a failover): answered at once, or by [`CheckpointIdCounter::on`].
    /// Panics while an id is asked for.
    pub fn raise(&mut self, count: i32, context: &mut RecipeContext) -> Option<Outcome> {
        assert!(self.attempts.is_none(), "one id must come before the next is asked for");
        (self.attempts, self.raise_to) = (Some(0), Some(count));
        self.attempt(context)
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Outcome> {
        if let Notice::Connection(state) = notice {
            self.is_suspended = matches!(state, ConnectionState::Suspended | ConnectionState::Lost);
        }
        match self.value.on(notice, context)? {
            value::Outcome::Started => Some(Outcome::Started),
            value::Outcome::NotStarted(error) => Some(Outcome::NotStarted(error)),
            value::Outcome::Set { .. } if self.raise_to.is_some() => Some(self.raised()),
            value::Outcome::Set { from } => Some(self.counted(&from, context)),
            value::Outcome::Superseded { .. } => self.attempt(context),
            value::Outcome::Failed { error, .. } => self.fail(CounterError::Call(error)),
            value::Outcome::Changed => None,
        }
    }

    fn attempt(&mut self, context: &mut RecipeContext) -> Option<Outcome> {
        let attempts = self.attempts.as_mut().expect("an attempt is at an id that is asked for");
        *attempts += 1;
        if *attempts > ATTEMPTS_MAX {
            return self.fail(CounterError::Contended);
        }
        if self.is_suspended {
            return self.fail(CounterError::Unconnected);
        }
        let from = self.value.current().clone();
        let Some(id) = count_of(&from.data) else { return self.fail(CounterError::Garbage) };
        let next = match self.raise_to {
            Some(count) if id >= count => return Some(self.raised()),
            Some(count) => count,
            None => match id.checked_add(1) {
                Some(next) => next,
                None => return self.fail(CounterError::Full),
            },
        };
        match self.value.try_set(&from, count_data(next), context) {
            Asked::Yes => None,
            Asked::Unversioned => self.fail(CounterError::Unversioned),
            Asked::Stale => unreachable!("the present value is not stale"),
        }
    }

    fn raised(&mut self) -> Outcome {
        (self.attempts, self.raise_to) = (None, None);
        Outcome::Raised
    }

    fn counted(&mut self, from: &Versioned, context: &mut RecipeContext) -> Outcome {
        self.attempts = None;
        let id = number(&from.data);
        let as_word = |id: i32| u64::try_from(id).unwrap_or_default();
        context.note(RecipeFact::Counted { path: self.value.path().to_string(), from: as_word(id), to: as_word(id) + 1 });
        Outcome::Next(id)
    }

    fn fail(&mut self, error: CounterError) -> Option<Outcome> {
        (self.attempts, self.raise_to) = (None, None);
        Some(Outcome::Failed(error))
    }
}

fn number(data: &Data) -> i32 {
    count_of(data).expect("what was counted on from is a number")
}
