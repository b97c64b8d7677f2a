//! The parts of a replica that outlive its roles, and the two verbs by which an ordering moves them on: a transaction
//! is put into the log, and, once it is committed, delivered. Never a decision of a role.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::ids::MachineId;
use contract::time::Now;
use zookeeper_words::fact::{Illegal, ReplicaFact};
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::plant::Plant;
use zookeeper_words::service::Data;
use zookeeper_words::txn::{Body, Txn};

use super::{Lead, ServerConfig};
use crate::Out;
use crate::clients::{Clients, Serving, View};
use crate::disk::store::Store;
use crate::quorum::succession::Succession;
use crate::quorum::text;
use crate::tree::{Change, Tree};

/// The applied transactions that a leader still has in memory (committedLog).
#[derive(Clone, Debug, Default)]
pub struct Recent {
    /// The zxid before the first.
    pub after: Zxid,
    /// In order.
    pub txns: VecDeque<Arc<Txn>>,
}

/// The parts of a replica that outlive its roles.
#[derive(Clone, Debug)]
pub struct Core {
    /// Which replica.
    pub config: ServerConfig,
    /// The disk.
    pub store: Store,
    /// All that is known here to be committed, and nothing else (ZOOKEEPER-2845, 4837: what is not committed gets into
    /// no tree and no snapshot).
    pub tree: Tree,
    /// In the log, not applied; in order.
    pub unapplied: VecDeque<Arc<Txn>>,
    /// Applied and still in memory.
    pub recent: Recent,
    /// The configurations of the ensemble.
    pub succession: Succession,
    /// The clients.
    pub clients: Clients,
    /// What it keeps while it leads.
    pub lead: Option<Lead>,
    /// When whoever only wants to read is served, unless a leader is found before.
    pub readers_ns: Option<u64>,
    /// A leader's state on its way to the disk.
    pub installing: Option<Box<Tree>>,
    /// How many transactions the cut of the log that is under way removes, for the fact.
    pub cutting: Option<u32>,
    pub(super) applied_since_snapshot: u32,
    changes: Vec<Change>,
}

impl Core {
    /// A replica that has not read its disk yet.
    pub fn new(config: ServerConfig) -> Core {
        let coordination = &config.coordination;
        let succession = Succession::new(config.ensemble.clone());
        Core {
            store: Store::new(coordination, &config.plants),
            tree: first_tree(&succession, coordination.reconfig_enabled),
            unapplied: VecDeque::new(),
            recent: Recent::default(),
            succession,
            clients: Clients::new(config.me, coordination, &config.plants),
            lead: None,
            readers_ns: None,
            installing: None,
            cutting: None,
            applied_since_snapshot: 0,
            changes: Vec::new(),
            config,
        }
    }

    /// Puts a transaction into the log. It is applied when it is committed.
    pub fn log(&mut self, txn: Arc<Txn>, out: &mut Out) {
        self.store.append(&txn, out);
        if let Some(data) = reconfig(&txn) {
            let before = self.configured();
            self.succession.log(data);
            self.note_configured(Some(before), out);
        }
        self.unapplied.push_back(txn);
    }

    /// Applies the first unapplied transaction as a committed one: watches fire, its client is answered.
    pub fn deliver_next(&mut self, out: &mut Out) {
        let txn = self.unapplied.pop_front().expect("a commit is of a logged transaction");
        if let (Some(lead), Body::CloseSession { .. }) = (&mut self.lead, &txn.body) {
            lead.sessions.forget(txn.head.session);
        }
        let wanted = self.clients.awaits(txn.head.session);
        self.changes.clear();
        // Most transactions change what nobody watches.
        let changes = self.clients.is_watching().then_some(&mut self.changes);
        let reply = self.tree.apply(&txn, wanted, changes);
        out.note(ReplicaFact::Delivered { zxid: txn.head.zxid, mark: txn.mark, digest: self.tree.digest() });
        if reconfig(&txn).is_some() {
            let before = self.configured();
            self.succession.apply();
            self.note_configured(Some(before), out);
        }
        let changes = std::mem::take(&mut self.changes);
        let (clients, view) = self.clients_and_view();
        clients.on_applied(&txn, reply, &changes, view, out);
        self.changes = changes;
        self.remember(txn);
        self.applied_since_snapshot += 1;
        // Replicas take their snapshots at different times (ZooKeeper draws it; here the server id decides).
        let count = self.config.coordination.snap_count;
        let due = count.div_ceil(2) + u32::from(self.config.me.0) * 7 % count.div_ceil(2).max(1);
        if self.applied_since_snapshot >= due && self.store.begin_snapshot(&self.tree, out) {
            self.applied_since_snapshot = 0;
        }
    }

    pub(super) fn remember(&mut self, txn: Arc<Txn>) {
        self.recent.txns.push_back(txn);
        if self.recent.txns.len() > self.config.coordination.commit_log_count as usize {
            let oldest = self.recent.txns.pop_front().expect("there is more than none");
            self.recent.after = oldest.head.zxid;
        }
    }

    /// All transactions in memory, applied or not, in order: the log after `recent.after`.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Arc<Txn>> {
        self.recent.txns.iter().chain(&self.unapplied)
    }

    /// The clients, and what they may read.
    pub fn clients_and_view(&mut self) -> (&mut Clients, View<'_>) {
        let from_future = self.config.has(Plant::ReadFromFuture);
        let content = self.lead.as_ref().filter(|_| from_future).map_or(&self.tree, |lead| &lead.ahead);
        (&mut self.clients, View { tree: &self.tree, content })
    }

    /// Clients are served from now on, under this leader. If that is this replica, all of its initial history is
    /// delivered, and it may be asked to [`prepare`](Core::prepare) writes.
    pub fn serve(&mut self, epoch: Epoch, leader: MachineId, now: Now, out: &mut Out) {
        out.note(ReplicaFact::Serving { epoch, leader });
        if leader == self.config.me {
            self.lead = Some(Lead::begin(&self.tree, &self.config, now));
        }
        self.clients.serving = Serving::All;
    }

    /// Gives up whatever role there was: clients go, and what is proposed is for the next leader to decide.
    pub fn retire(&mut self, out: &mut Out) {
        self.clients.stop(out);
        self.lead = None;
    }

    /// The version of the configuration in force.
    pub fn configured(&self) -> Zxid {
        self.succession.joint().active.version()
    }

    /// Notes the configuration in force, unless it was `before`.
    pub fn note_configured(&self, before: Option<Zxid>, out: &mut Out) {
        let active = &self.succession.joint().active;
        if before != Some(active.version()) {
            out.note(ReplicaFact::Configured { ensemble: active.ensemble.clone() });
        }
    }

    /// Notes a step that the specifications forbid.
    pub fn note_illegal(kind: Illegal, what: String, out: &mut Out) {
        out.note(ReplicaFact::Illegal { kind, what });
    }

    /// What holds between steps once the disk was read. The world asks after every step, so each line costs little.
    pub fn check(&self) -> Result<(), String> {
        let store = &self.store;
        // The current epoch has always been accepted first (Zab, discovery before synchronisation).
        ensure(store.current <= store.accepted, || format!("current {}, accepted {}", store.current, store.accepted))?;
        if self.cutting.is_some() || self.installing.is_some() {
            return Ok(());
        }
        // Log = applied + unapplied, in order, without a gap.
        let last = self.unapplied.back().map_or(self.tree.last, |txn| txn.head.zxid);
        ensure(last == store.last, || format!("applied {} and {} unapplied end at {last}, the log at {}", self.tree.last, self.unapplied.len(), store.last))?;
        let first = self.unapplied.front().map(|txn| txn.head.zxid);
        ensure(first.is_none_or(|first| first > self.tree.last), || format!("{first:?} waits to be applied after {}", self.tree.last))
    }

    /// The promise and the history that a loss of this disk would forget.
    pub fn durable_claim(&self) -> [u128; 2] {
        let Epoch(accepted) = self.store.accepted;
        let Epoch(current) = self.store.current;
        [u128::from(accepted), u128::from(current) << 64 | u128::from(self.store.durable.0)]
    }
}

/// The tree that it all begins with. A server that is alone is a standalone one, whose configuration is not in its
/// tree; an ensemble that is never reconfigured answers as one.
pub(super) fn first_tree(succession: &Succession, reconfig_enabled: bool) -> Tree {
    if succession.known.len() > 1 && reconfig_enabled { Tree::configured(&text::write(&succession.first().ensemble)) } else { Tree::new() }
}

/// The new configuration, if a transaction is a reconfig.
pub fn reconfig(txn: &Txn) -> Option<&Data> {
    match &txn.body {
        Body::Reconfig { data } => Some(data),
        Body::CreateSession { .. }
        | Body::CloseSession { .. }
        | Body::Create { .. }
        | Body::Delete { .. }
        | Body::SetData { .. }
        | Body::SetAcl { .. }
        | Body::Check
        | Body::Multi(_)
        | Body::Error(_) => None,
    }
}

/// What should have been true, said only where it is not.
pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}
