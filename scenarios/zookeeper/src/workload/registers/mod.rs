//! Registers: every kind of request over a few shared nodes, several at a time: creates of all modes, good and stale versions, watches that fire once or stay, lists of who may do what, users, multis that succeed and that fail, syncs. Never a goal of its own: what it asks for is what the judge has to explain.

mod draw;

use std::collections::{BTreeMap, BTreeSet};

use contract::dice::Dice;
use zookeeper_words::service::{Data, Op, Path, Reply};

use super::context::{Pending, Signal, WorkloadContext, sequence};
use super::round::Progress;
use draw::{add_watch, auth, create, data, kind, multi_read, node, odd, remove_watches, subject, who};

const ROOT: &str = "/registers";
/// The shared nodes: three levels, so that parents, children and grandchildren meet.
const NODES: [&str; 8] = ["/a", "/b", "/c", "/a/x", "/a/y", "/b/x", "/a/x/p", "/b/x/p"];
/// How many requests a round has outstanding at most.
const PIPELINE_MAX: u64 = 4;
/// The longest data of a node, in bytes.
const DATA_MAX: u64 = 200;
/// How many sequential nodes a client remembers, to delete them again.
const LITTER_MAX: usize = 16;
/// From so many sequential nodes on a delete takes one of them, so that they stay few.
const LITTER_MANY: usize = 4;

/// What may be asked for, with its weight.
const KINDS: [(Kind, u64); 18] = [
    (Kind::Create, 22),
    (Kind::Delete, 14),
    (Kind::Set, 17),
    (Kind::Exists, 8),
    (Kind::Get, 13),
    (Kind::Children, 8),
    (Kind::Multi, 10),
    (Kind::SyncAndGet, 6),
    (Kind::GetAcl, 3),
    (Kind::SetAcl, 4),
    (Kind::Auth, 3),
    (Kind::WhoAmI, 1),
    (Kind::AddWatch, 5),
    (Kind::RemoveWatches, 4),
    (Kind::Ephemerals, 2),
    (Kind::Count, 1),
    (Kind::MultiRead, 2),
    (Kind::Odd, 3),
];

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Create,
    Delete,
    Set,
    Exists,
    Get,
    Children,
    Multi,
    SyncAndGet,
    GetAcl,
    SetAcl,
    Auth,
    WhoAmI,
    AddWatch,
    RemoveWatches,
    Ephemerals,
    Count,
    MultiRead,
    Odd,
}

/// The recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Registers {
    /// Requests that have not ended, with the node that they read or set.
    pending: Pending<Option<Path>>,
    /// The last version seen of each shared node.
    versions: BTreeMap<Path, i32>,
    /// The last ACL version seen of each.
    acl_versions: BTreeMap<Path, i32>,
    /// Sequential nodes that somebody made.
    litter: BTreeSet<Path>,
}

/// The nodes that must be there.
pub(super) fn ground() -> Vec<(Path, Data)> {
    vec![(ROOT.into(), None)]
}

impl Registers {
    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => {
                let mut ops = Vec::new();
                for _ in 0..context.round.dice.between(1, PIPELINE_MAX) {
                    self.draw(&mut context.round.dice, &mut ops);
                }
                ops.truncate(PIPELINE_MAX as usize);
                self.pending.ask(ops, subject, context)
            }
            Signal::Answer { xid, outcome } => {
                let (about, progress) = self.pending.end(xid);
                if let Ok(reply) = outcome {
                    self.learn(about.flatten(), reply);
                }
                progress
            }
            Signal::Watch(_) | Signal::Detached | Signal::Attached | Signal::Alarm => Progress::Going,
        }
    }

    /// Remembers versions, for good and for stale ones, and sequential names.
    fn learn(&mut self, about: Option<Path>, reply: &Reply) {
        match (reply, about) {
            (Reply::Stat(stat) | Reply::Data { stat, .. }, Some(path)) => {
                self.versions.insert(path, stat.version);
            }
            (Reply::Children { names, .. }, Some(parent)) => {
                names.iter().filter(|name| sequence(name).is_some()).for_each(|name| self.remember(format!("{parent}/{name}").into()));
            }
            (Reply::Created { path, .. }, _) if sequence(path).is_some() => self.remember(path.clone()),
            (Reply::Acl { stat, .. }, Some(path)) => {
                self.acl_versions.insert(path, stat.aversion);
            }
            (Reply::Created { .. } | Reply::Done | Reply::Synced { .. } | Reply::Multi(_) | Reply::Stat(_) | Reply::Data { .. }, _) => {}
            (Reply::Children { .. } | Reply::Acl { .. } | Reply::Ephemerals(_) | Reply::Count(_) | Reply::Ids(_), _) => {}
        }
    }

    fn remember(&mut self, path: Path) {
        if self.litter.len() < LITTER_MAX {
            self.litter.insert(path);
        }
    }

    fn draw(&mut self, dice: &mut Dice, ops: &mut Vec<Op>) {
        let path = node(dice);
        let watch = dice.chance(400_000);
        let stat = dice.chance(500_000);
        match kind(dice) {
            Kind::Create => ops.push(create(path, stat, dice)),
            Kind::Delete => ops.push(self.delete(path, dice)),
            Kind::Set => ops.push(self.set(path, dice)),
            Kind::Exists => ops.push(Op::Exists { path, watch }),
            Kind::Get => ops.push(Op::GetData { path, watch }),
            Kind::Children => {
                let path = if dice.chance(300_000) { ROOT.into() } else { path };
                ops.push(Op::GetChildren { path, watch, stat });
            }
            Kind::Multi => {
                let parts = (0..dice.below(5)).map(|_| self.part(dice)).collect();
                ops.push(Op::Multi(parts));
            }
            Kind::SyncAndGet => ops.extend([Op::Sync { path: path.clone() }, Op::GetData { path, watch }]),
            Kind::GetAcl => ops.push(Op::GetAcl { path }),
            Kind::SetAcl => {
                let known = self.acl_versions.get(&path).copied().unwrap_or(0);
                let version = if dice.chance(500_000) { -1 } else { known };
                ops.push(Op::SetAcl { path, acl: who(dice), version });
            }
            Kind::Auth => ops.push(auth(dice)),
            Kind::WhoAmI => ops.push(Op::WhoAmI),
            Kind::AddWatch => ops.push(add_watch(if dice.chance(150_000) { ROOT.into() } else { path }, dice)),
            Kind::RemoveWatches => ops.push(remove_watches(path, dice)),
            Kind::Ephemerals => ops.push(Op::GetEphemerals { prefix: if dice.chance(300_000) { path } else { ROOT.into() } }),
            Kind::Count => ops.push(Op::GetAllChildrenNumber { path }),
            Kind::MultiRead => ops.push(multi_read(dice)),
            Kind::Odd => ops.push(odd(dice)),
        }
    }

    /// A part of a multi.
    fn part(&mut self, dice: &mut Dice) -> Op {
        let path = node(dice);
        match dice.below(10) {
            0..=3 => create(path, false, dice), // ZooKeeper 3.8's clients send no create2 in a multi.
            4..=5 => self.delete(path, dice),
            6..=7 => self.set(path, dice),
            _ => {
                let version = self.version(&path, dice);
                Op::Check { path, version }
            }
        }
    }

    fn delete(&mut self, path: Path, dice: &mut Dice) -> Op {
        let version = self.version(&path, dice);
        let pick = dice.below(LITTER_MAX as u64) as usize;
        if self.litter.len() > LITTER_MANY || (!self.litter.is_empty() && pick.is_multiple_of(3)) {
            let path = self.litter.iter().nth(pick % self.litter.len()).expect("a place within the set").clone();
            self.litter.remove(&path);
            return Op::Delete { path, version: -1 };
        }
        Op::Delete { path, version }
    }

    fn set(&mut self, path: Path, dice: &mut Dice) -> Op {
        let version = self.version(&path, dice);
        Op::SetData { path, data: data(dice), version }
    }

    /// The last version seen, mostly; a stale one or one from the future; or any.
    fn version(&self, path: &Path, dice: &mut Dice) -> i32 {
        let known = self.versions.get(path).copied().unwrap_or(0);
        match dice.below(100) {
            0..=49 => known,
            50..=59 => (known - 1).max(0),
            60..=64 => known.saturating_add(1),
            _ => -1,
        }
    }
}
