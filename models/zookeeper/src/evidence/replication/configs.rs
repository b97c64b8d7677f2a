//! The configurations that the proposed reconfigs make, each of the one before it in the same history, and which of them are in force when something is decided. Worked out from requests; never from what a replica says of itself.

use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::ensemble::Ensemble as Config;
use zookeeper_words::service::Transaction;

use super::histories::{Histories, History};
use crate::quorums::{self, Set};

/// A configuration's place among all that were made.
pub type ConfigIndex = u32;

/// A configuration with its origin.
#[derive(Clone, Debug)]
pub struct Made {
    pub config: Config,
    /// The one that it was made of; its own place for the first.
    pub before: ConfigIndex,
    /// The history that ends with its reconfig; the empty one for the first.
    pub history: History,
}

/// The configurations that decide something: one, or two while one gives way to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    pub active: ConfigIndex,
    /// The one that is to follow, while no leader has committed it.
    pub next: Option<ConfigIndex>,
}

/// A replica said which configuration is in force.
#[derive(Clone, Copy, Debug)]
pub struct Configured<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub config: &'r Config,
    /// Which of those that were made it is; `None` when nobody made it.
    pub made: Option<ConfigIndex>,
    /// A leader had committed it by then.
    pub committed: bool,
    /// What this life of the replica had taken to be in force before.
    pub before: Option<ConfigIndex>,
}

/// All configurations.
#[derive(Clone, Debug)]
pub struct Configs {
    /// The servers that there are.
    pub known: Set,
    made: Vec<Made>,
}

impl Configs {
    /// The first one alone.
    pub fn new(first: Config) -> Configs {
        let known = quorums::known(&first);
        Configs { known, made: vec![Made { config: first, before: 0, history: History::EMPTY }] }
    }

    /// One of them.
    pub fn get(&self, index: ConfigIndex) -> &Made {
        &self.made[index as usize]
    }

    /// The place of a configuration, if anybody made it.
    pub fn find(&self, config: &Config) -> Option<ConfigIndex> {
        (0..).zip(&self.made).find(|(_, made)| made.config == *config).map(|(index, _)| index)
    }

    /// A leader proposed a transaction; a reconfig that it did not refuse makes a configuration.
    pub fn propose(&mut self, history: History, txn: &Transaction, histories: &mut Histories<'_>) {
        let Some(op @ zookeeper_words::service::Op::Reconfig { .. }) = txn.request.op() else { return };
        let before = histories.config(histories.parent(history));
        let again = self.get(histories.config(history)).history == history;
        if txn.error.is_some() || again {
            return;
        }
        if let Ok(config) = quorums::next(&self.get(before).config, op, &self.known, txn.zxid) {
            let index = self.made.len() as ConfigIndex;
            self.made.push(Made { config, before, history });
            histories.configure(history, index);
        }
    }

    /// What decides on a history now, when so much is committed.
    pub fn in_force(&self, history: History, committed: History, histories: &Histories<'_>) -> InForce {
        let newest = histories.config(history);
        let made = self.get(newest);
        if histories.is_prefix(made.history, committed) { InForce { active: newest, next: None } } else { InForce { active: made.before, next: Some(newest) } }
    }

    /// Who votes in one of them.
    pub fn votes(&self, force: InForce, machine: MachineId) -> bool {
        let votes = |index: ConfigIndex| self.get(index).config.voters.contains(&machine);
        votes(force.active) || force.next.is_some_and(votes)
    }
}
