//! What a replica is whatever its role: disk, tree, what is logged but not applied, recent history, clients. Never a decision of a role.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use vocab::ensemble::Ensemble;
use vocab::fact::{Fact, Illegal, ReplicaFact};
use vocab::ids::{Epoch, MachineId, Zxid};
use vocab::plan::{Budget, Coordination, Plan, Plant};
use vocab::process::Effects;
use vocab::service::Data;
use vocab::time::MILLISECOND;

use crate::clients::{Clients, View};
use crate::disk::recovery::Recovered;
use crate::disk::store::Store;
use crate::message::{Message, Vote};
use crate::quorum::course::Course;
use crate::tree::{CONFIG, Change, Tree};
use crate::txn::{Body, Txn};

/// What a step of a replica wants done.
pub type Out = Effects<Message, Fact>;

/// Which replica this is, and of which ensemble.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// This replica.
    pub me: MachineId,
    /// The first configuration of the ensemble, this replica in it.
    pub ensemble: Ensemble,
    /// Whether an observer too stands in for the others' disks, because it may come to vote.
    pub observers_pledge: bool,
    /// The settings.
    pub coordination: Coordination,
    /// Addresses of machines, where they are not [`MachineId::address`].
    pub addresses: BTreeMap<MachineId, Arc<str>>,
}

impl ServerConfig {
    /// A replica of an ensemble of voters, whose machines have their own addresses.
    pub fn new(me: MachineId, voters: Vec<MachineId>, coordination: Coordination) -> ServerConfig {
        let ensemble = Ensemble { voters: voters.into_iter().collect(), ..Ensemble::default() };
        ServerConfig { me, ensemble, observers_pledge: false, coordination, addresses: BTreeMap::new() }
    }

    /// A replica of a plan.
    pub fn of(plan: &Plan, me: MachineId) -> ServerConfig {
        let observers_pledge = plan.budget == Budget::Everyone;
        ServerConfig { me, ensemble: plan.ensemble(), observers_pledge, coordination: plan.coordination.clone(), addresses: BTreeMap::new() }
    }

    /// The address of a machine, as the ip scheme of ACLs knows it.
    pub fn address(&self, machine: MachineId) -> Arc<str> {
        self.addresses.get(&machine).cloned().unwrap_or_else(|| machine.address().into())
    }

    /// So many ticks in ns.
    pub fn ticks_ns(&self, ticks: u32) -> u64 {
        u64::from(self.coordination.tick_ms) * u64::from(ticks) * MILLISECOND
    }

    /// Whether a plant is switched on.
    pub fn has(&self, plant: Plant) -> bool {
        self.coordination.plant == Some(plant)
    }
}

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
    /// All that is known here to be committed, and nothing else (ZOOKEEPER-2845, 4837: what is not committed gets into no tree and no snapshot).
    pub tree: Tree,
    /// As a leader: the tree that all proposals have changed.
    pub ahead: Option<Tree>,
    /// In the log, not applied; in order.
    pub unapplied: VecDeque<Arc<Txn>>,
    /// Applied and still in memory.
    pub recent: Recent,
    /// The configurations of the ensemble.
    pub course: Course,
    /// Who leads next, by the commit of a reconfig that ended the role before.
    pub appointed: Option<MachineId>,
    /// The clients.
    pub clients: Clients,
    /// A leader's state on its way to the disk.
    pub installing: Option<Box<Tree>>,
    /// How many transactions the log will have had when the cut under way is done, for the fact.
    pub cutting: Option<u32>,
    applied_since_snapshot: u32,
    changes: Vec<Change>,
}

impl Core {
    /// A replica that has not read its disk yet.
    pub fn new(config: ServerConfig) -> Core {
        let coordination = &config.coordination;
        let course = Course::new(config.ensemble.clone());
        Core {
            store: Store::new(coordination),
            tree: course.first_tree(coordination.reconfig_enabled),
            ahead: None,
            unapplied: VecDeque::new(),
            recent: Recent::default(),
            course,
            appointed: None,
            clients: Clients::new(config.me, coordination),
            installing: None,
            cutting: None,
            applied_since_snapshot: 0,
            changes: Vec::new(),
            config,
        }
    }

    /// The vote for itself.
    pub fn own_vote(&self) -> Vote {
        Vote { epoch: self.store.current, zxid: self.store.last, leader: self.config.me }
    }

    /// Takes over what the files amount to. What was known to be committed before, and is still there, is applied again.
    pub fn take_over(&mut self, recovered: Recovered) {
        let known = if self.cutting.is_some() { self.tree.last } else { Zxid::ZERO };
        self.recent = Recent { after: recovered.start, txns: VecDeque::new() };
        // Without a snapshot all begins with the tree of a fresh ensemble, which recovery does not know.
        self.tree = if recovered.start == Zxid::ZERO { self.course.first_tree(self.config.coordination.reconfig_enabled) } else { recovered.tree };
        recovered.applied.into_iter().for_each(|txn| self.remember(txn));
        self.unapplied = recovered.unapplied.into();
        while let Some(txn) = self.unapplied.pop_front_if(|txn| txn.head.zxid <= known) {
            self.tree.apply(&txn, false, None);
            self.remember(txn);
        }
        self.applied_since_snapshot = self.recent.txns.len() as u32;
        self.follow_course();
    }

    /// Tree and log are others now, and with them the configurations.
    fn follow_course(&mut self) {
        let applied = self.tree.node(CONFIG).and_then(|node| node.data.clone());
        self.course.restart(&applied, self.unapplied.iter().filter_map(|txn| reconfig(txn)));
    }

    /// Notes the configuration in force, unless it was `before`.
    pub fn note_configured(&self, before: Option<Zxid>, out: &mut Out) {
        let active = &self.course.joint().active;
        if before != Some(active.version()) {
            out.note(ReplicaFact::Configured { ensemble: active.ensemble.clone() });
        }
    }

    /// The version of the configuration in force.
    pub fn configured(&self) -> Zxid {
        self.course.joint().active.version()
    }

    /// Takes over a leader's state that is durable now.
    pub fn take_over_state(&mut self) -> bool {
        let Some(tree) = self.installing.take() else { return false };
        self.recent = Recent { after: tree.last, txns: VecDeque::new() };
        self.tree = *tree;
        self.unapplied.clear();
        self.applied_since_snapshot = 0;
        self.follow_course();
        true
    }

    fn remember(&mut self, txn: Arc<Txn>) {
        self.recent.txns.push_back(txn);
        if self.recent.txns.len() > self.config.coordination.commit_log_count as usize {
            let oldest = self.recent.txns.pop_front().expect("there is more than none");
            self.recent.after = oldest.head.zxid;
        }
    }

    /// Puts a transaction into the log. It is applied when it is committed.
    pub fn log(&mut self, txn: Arc<Txn>, out: &mut Out) {
        self.store.append(&txn, out);
        if let Some(data) = reconfig(&txn) {
            let before = self.configured();
            self.course.log(data);
            self.note_configured(Some(before), out);
        }
        self.unapplied.push_back(txn);
    }

    /// Applies the first unapplied transaction as a committed one: watches fire, its client is answered.
    pub fn deliver_next(&mut self, out: &mut Out) {
        let txn = self.unapplied.pop_front().expect("a commit is of a logged transaction");
        let wanted = self.clients.awaits(txn.head.session);
        self.changes.clear();
        // Most transactions change what nobody watches.
        let changes = self.clients.is_watching().then_some(&mut self.changes);
        let reply = self.tree.apply(&txn, wanted, changes);
        out.note(ReplicaFact::Delivered { zxid: txn.head.zxid, mark: txn.mark, digest: self.tree.digest() });
        if reconfig(&txn).is_some() {
            let before = self.configured();
            self.course.apply();
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

    /// The clients, and what they may read.
    pub fn clients_and_view(&mut self) -> (&mut Clients, View<'_>) {
        let from_future = self.config.has(Plant::ReadFromFuture);
        let content = self.ahead.as_ref().filter(|_| from_future).unwrap_or(&self.tree);
        (&mut self.clients, View { tree: &self.tree, content })
    }

    /// Gives up whatever role there was: clients go, and what is proposed is for the next leader to decide.
    pub fn retire(&mut self, out: &mut Out) {
        self.clients.stop(out);
        self.ahead = None;
    }

    /// All transactions in memory, applied or not, in order: the log after `recent.after`.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Arc<Txn>> {
        self.recent.txns.iter().chain(&self.unapplied)
    }

    /// Notes a step that the specifications forbid.
    pub fn note_illegal(kind: Illegal, what: String, out: &mut Out) {
        out.note(ReplicaFact::Illegal { kind, what });
    }

    /// The promise and the history that a loss of this disk would forget.
    pub fn pledge(&self) -> [u128; 2] {
        let Epoch(accepted) = self.store.accepted;
        let Epoch(current) = self.store.current;
        [u128::from(accepted), u128::from(current) << 64 | u128::from(self.store.durable.0)]
    }
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
