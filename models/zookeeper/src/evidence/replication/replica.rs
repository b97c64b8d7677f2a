//! One replica as its facts tell it: its durable log, its epochs, what it delivered, what its leaders sent it. It works out which log a recovery found; never whether that was right.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use zookeeper_words::fact::{StateDigest, SyncMode};
use zookeeper_words::ids::{Epoch, Zxid};

use super::configs::ConfigIndex;
use super::histories::{Histories, History};

/// What a leader sent to bring a learner up to date. Until the learner notes that it is done, a crash may find it half done.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    pub mode: SyncMode,
    pub to: Zxid,
    /// The leader's own history up to `to`.
    pub state: Option<History>,
}

/// What a recovery found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The log; `None` when no history that anybody had ends there.
    pub log: Option<History>,
    /// The log follows from what was noted before: nothing is missing that had been there.
    pub lawful: bool,
}

/// A replica between two notes.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Its durable log; `None` once damage has made it unknowable.
    pub log: Option<History>,
    pub accepted: Epoch,
    pub current: Epoch,
    /// Its disk lost something that it had promised, and it has not recovered since.
    pub lost: bool,
    /// Its disk holds something that was changed under it; until the disk is wiped or lost.
    pub rotten: bool,
    /// Its leadership, while it lasts.
    pub leading: Option<usize>,
    /// The epoch that it serves in.
    pub serving: Option<Epoch>,
    /// It has adopted the history of its current epoch and is still with it.
    pub settled: bool,
    /// What it delivered, as a history; at a start, what its snapshot vouches for.
    pub delivered: History,
    /// The last state that it showed.
    pub shown: Option<(History, StateDigest)>,
    /// What it has told each leader to have: the highest zxid. Where promises were lost an epoch may have two.
    pub vouched: BTreeMap<(Epoch, MachineId), Zxid>,
    /// Whose history it adopted last: to this one it acknowledges.
    pub adopted_from: MachineId,
    /// Sent since its start and not known to be done.
    pub offers: Vec<Offer>,
    /// Its process runs.
    pub up: bool,
    /// Where its election ended, while it follows.
    pub leader: Option<MachineId>,
    /// The configuration that it takes to be in force.
    pub configured: Option<ConfigIndex>,
}

impl Replica {
    pub fn new() -> Replica {
        Replica {
            log: Some(History::EMPTY),
            accepted: Epoch(0),
            current: Epoch(0),
            lost: false,
            rotten: false,
            leading: None,
            serving: None,
            settled: false,
            delivered: History::EMPTY,
            shown: None,
            vouched: BTreeMap::new(),
            adopted_from: MachineId(0),
            offers: vec![],
            up: false,
            leader: None,
            configured: None,
        }
    }

    /// Whether what its disk holds may be anything, by no fault of its own.
    pub fn is_damaged(&self) -> bool {
        self.lost || self.rotten
    }

    /// Its role is over: it serves nobody.
    pub fn retire(&mut self) {
        self.leading = None;
        self.serving = None;
        self.settled = false;
        self.leader = None;
    }

    /// Its log is this one, and its tree what the log makes up to `applied`.
    pub fn replace_log(&mut self, log: Option<History>, applied: Zxid, histories: &Histories<'_>) {
        self.log = log;
        if let Some(log) = log {
            self.delivered = histories.up_to(log, applied);
        }
    }

    /// The log that a recovery found: a crash keeps what was noted as logged, and may keep more that was written and not noted; a TRUNC or SNAP that was sent may be done and not noted.
    pub fn find_log(&self, last: Zxid, histories: &Histories<'_>) -> Found {
        let lawful = |log| Found { log: Some(log), lawful: true };
        let Some(log) = self.log else {
            return Found { log: histories.ending(last).first().copied(), lawful: true };
        };
        if histories.last(log) == last {
            return lawful(log);
        }
        let mut bases = vec![log];
        for offer in self.offers.iter().rev() {
            match offer.mode {
                SyncMode::Diff => {}
                SyncMode::Trunc => {
                    if let Some(cut) = histories.at(log, last).filter(|_| last >= offer.to) {
                        return lawful(cut);
                    }
                    bases.push(histories.up_to(log, offer.to));
                }
                SyncMode::Snap => bases.extend(offer.state),
            }
        }
        let ending = histories.ending(last);
        if let Some(found) = bases.iter().find_map(|base| ending.iter().find(|history| histories.is_prefix(*base, **history))) {
            return lawful(*found);
        }
        let shorter = histories.at(log, last);
        Found { log: shorter.or_else(|| ending.first().copied()), lawful: self.is_damaged() }
    }
}
