//! Replication as the replicas tell it: every fact of theirs, with the histories that it speaks of worked out as it comes. It lists what was said and done; the rules say what must not have been.

pub mod histories;
pub mod configs;
pub mod replica;
pub mod said;
mod facts;

use std::collections::{BTreeMap, BTreeSet};

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::plan::{Budget, PlanView};
use judging::NoteIndex;
use zookeeper_words::fact::{Illegal, ReplicaFact};
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::settings::Settings;

use configs::{Configs, Configured};
use histories::{Histories, History};
use replica::Replica;
use said::{
    Adoption, Claim, Commit, Cut, Delivery, Election, EpochKind, EpochStep, Expiry, Holding, Leadership, Logged, Proposal, Recovery, Serving, Settled, Shown,
    SyncAnswer,
};

/// All that the replicas said.
pub struct Replication<'r> {
    pub histories: Histories<'r>,
    pub replicas: Vec<Replica>,
    pub configs: Configs,
    /// Every quorum is a majority of the first voters.
    pub plain: bool,
    pub leaderships: Vec<Leadership>,
    pub proposals: Vec<Proposal>,
    pub commits: Vec<Commit<'r>>,
    pub logged: Vec<Logged>,
    pub claims: Vec<Claim>,
    pub recoveries: Vec<Recovery>,
    pub epochs: Vec<EpochStep>,
    pub cuts: Vec<Cut>,
    pub holdings: Vec<Holding>,
    pub adoptions: Vec<Adoption>,
    pub settled: Vec<Settled>,
    pub deliveries: Vec<Delivery>,
    pub servings: Vec<Serving>,
    pub shown: Vec<Shown>,
    pub sync_answers: Vec<SyncAnswer>,
    pub expiries: Vec<Expiry>,
    pub configured: Vec<Configured<'r>>,
    pub elections: Vec<Election<'r>>,
    /// Acknowledgements of transactions by replicas that say of themselves that they only observe.
    pub observers_acks: Vec<(NoteIndex, MachineId, Zxid)>,
    pub illegal: Vec<(NoteIndex, MachineId, Illegal, &'r str)>,
    /// The longest history that a leader committed.
    pub committed: History,
    /// When each length of it was first committed.
    pub committed_at: Vec<NoteIndex>,
    /// The first commit of something else.
    pub conflict: Option<(NoteIndex, MachineId, History)>,
    /// The plan lets faults destroy anything.
    may_lose: bool,
    /// The plan let faults destroy what a majority relied on, and something was destroyed: what must be durable is not known.
    pub lossy: bool,
    /// Who stayed down after the heal.
    pub left_out: BTreeSet<MachineId>,
    /// What each machine knows to be committed.
    pub(super) own_committed: Vec<History>,
}

impl<'r> Replication<'r> {
    /// Replicas that have never run.
    pub(super) fn new(plan: PlanView<'_, Settings>) -> Replication<'r> {
        let count = usize::from(plan.settings.replicas());
        Replication {
            histories: Histories::new(),
            replicas: vec![Replica::new(); count],
            configs: Configs::new(plan.settings.ensemble()),
            plain: plan.settings.has_plain_quorums(),
            leaderships: vec![],
            proposals: vec![],
            commits: vec![],
            logged: vec![],
            claims: vec![],
            recoveries: vec![],
            epochs: vec![],
            cuts: vec![],
            holdings: vec![],
            adoptions: vec![],
            settled: vec![],
            deliveries: vec![],
            servings: vec![],
            shown: vec![],
            sync_answers: vec![],
            expiries: vec![],
            configured: vec![],
            elections: vec![],
            observers_acks: vec![],
            illegal: vec![],
            committed: History::EMPTY,
            committed_at: vec![0],
            conflict: None,
            may_lose: plan.budget == Budget::Unrestricted,
            lossy: false,
            left_out: BTreeSet::new(),
            own_committed: vec![History::EMPTY; count],
        }
    }

    /// The world did something.
    pub(super) fn happened(&mut self, at: NoteIndex, machine: MachineId, happening: &Happening) {
        if let Happening::LeftOut { machine } = happening {
            self.left_out.insert(*machine);
        }
        self.lossy |= self.befell(at, machine, happening) && self.may_lose;
    }

    /// Takes in what befell a replica; says whether it destroyed something.
    fn befell(&mut self, at: NoteIndex, machine: MachineId, happening: &Happening) -> bool {
        let Some(replica) = self.replicas.get_mut(machine.index()) else { return false };
        let wipe = |replica: &mut Replica| {
            (replica.log, replica.delivered) = (Some(History::EMPTY), History::EMPTY);
            (replica.accepted, replica.current) = (Epoch(0), Epoch(0));
            (replica.lost, replica.rotten) = (true, false);
        };
        let (down, destroyed) = match happening {
            Happening::Crashed { disk_lost, lied_bytes, .. } => {
                replica.lost |= *lied_bytes > 0;
                if *disk_lost {
                    wipe(replica);
                }
                (true, *disk_lost || *lied_bytes > 0)
            }
            Happening::Wiped => {
                wipe(replica);
                (true, true)
            }
            Happening::Exited { damaged, .. } => {
                replica.lost |= *damaged;
                (true, *damaged)
            }
            Happening::Rotted { .. } => {
                replica.rotten = true;
                (false, true)
            }
            Happening::Struck { kind, .. } if matches!(kind.as_str(), "bit-rot" | "misdirected-write") => {
                replica.rotten = true;
                (false, true)
            }
            Happening::LeftOut { .. } => (true, false),
            Happening::Struck { .. }
            | Happening::Spared { .. }
            | Happening::Ended { .. }
            | Happening::Booted { .. }
            | Happening::Paused
            | Happening::Resumed { .. }
            | Happening::ClockStepped { .. }
            | Happening::Healed => (false, false),
        };
        if down {
            self.end_role(at, machine);
            self.replicas[machine.index()].up = false;
        }
        destroyed
    }

    pub(super) fn end_role(&mut self, at: NoteIndex, machine: MachineId) {
        let replica = &mut self.replicas[machine.index()];
        if let Some(leadership) = replica.leading {
            self.leaderships[leadership].over.get_or_insert(at);
        }
        replica.retire();
    }

    /// A replica said something.
    pub(super) fn said(&mut self, at: NoteIndex, machine: MachineId, fact: &'r ReplicaFact) {
        if machine.index() >= self.replicas.len() {
            return;
        }
        match fact {
            ReplicaFact::Recovered { accepted, current, last, applied, digest, .. } => {
                self.recovered(at, machine, *last, (*applied, *digest), (*accepted, *current))
            }
            ReplicaFact::Looking { last, .. } => {
                self.end_role(at, machine);
                self.claim(at, machine, *last, "vote");
            }
            ReplicaFact::Elected { leader, by, .. } => {
                self.elected(at, machine, by);
                self.replicas[machine.index()].leader = Some(*leader);
            }
            ReplicaFact::Appointed { leader } => self.replicas[machine.index()].leader = Some(*leader),
            ReplicaFact::Configured { ensemble } => self.configured(at, machine, ensemble),
            ReplicaFact::EpochAccepted { epoch } => {
                let replica = &mut self.replicas[machine.index()];
                let step = EpochStep { note: at, machine, before: replica.accepted, after: *epoch, kind: EpochKind::Accepted };
                replica.accepted = *epoch;
                self.epochs.push(step);
            }
            ReplicaFact::Synchronizing { epoch, last } => self.synchronizing(at, machine, *epoch, *last),
            ReplicaFact::SyncSent { peer, mode, to, .. } => self.sync_sent(machine, *peer, *mode, *to),
            ReplicaFact::Truncated { to, .. } => self.truncated(at, machine, *to),
            ReplicaFact::Installed { to, digest } => self.installed(at, machine, *to, *digest),
            ReplicaFact::Adopted { epoch, leader, last } => self.adopted(at, machine, *epoch, *leader, *last),
            ReplicaFact::Established { epoch, last, quorum } => self.established(at, machine, *epoch, *last, quorum),
            ReplicaFact::Serving { epoch, leader } => self.serves(at, machine, *epoch, *leader),
            ReplicaFact::Proposed { txn, mark } => {
                let leadership = self.replicas[machine.index()].leading;
                let before = leadership.map_or(self.replicas[machine.index()].delivered, |leadership| self.leaderships[leadership].head);
                let history = self.histories.extend(before, txn.zxid, *mark);
                self.histories.propose(history, txn, at);
                self.configs.propose(history, txn, &mut self.histories);
                if let Some(leadership) = leadership {
                    self.leaderships[leadership].head = history;
                }
                self.proposals.push(Proposal { note: at, machine, leadership, before, history });
            }
            ReplicaFact::Logged { zxid, mark } => {
                let Some(before) = self.replicas[machine.index()].log else { return };
                let history = self.histories.extend(before, *zxid, *mark);
                self.replicas[machine.index()].log = Some(history);
                self.logged.push(Logged { note: at, machine, before, history });
                self.settle(at, machine);
            }
            ReplicaFact::Acked { zxid } => {
                self.claim(at, machine, *zxid, "ack");
                if self.observes(machine) {
                    self.observers_acks.push((at, machine, *zxid));
                }
                let replica = &mut self.replicas[machine.index()];
                let vouched = replica.vouched.entry((replica.current, replica.adopted_from)).or_default();
                *vouched = (*vouched).max(*zxid);
            }
            ReplicaFact::Committed { zxid, quorum } => {
                let leadership = self.replicas[machine.index()].leading;
                let history = leadership.and_then(|leadership| self.histories.at(self.leaderships[leadership].head, *zxid));
                self.commit(at, machine, leadership, *zxid, history, quorum, false);
            }
            ReplicaFact::Delivered { zxid, mark, digest } => self.delivered(at, machine, *zxid, *mark, *digest),
            ReplicaFact::SyncAnswered { session, xid, committed } => {
                let leading = self.replicas[machine.index()].leading;
                let noted = leading.map_or(Zxid::ZERO, |leadership| self.leaderships[leadership].committed);
                self.sync_answers.push(SyncAnswer { note: at, machine, session: *session, xid: *xid, committed: *committed, noted });
            }
            ReplicaFact::SessionExpired { session, silent_ms, timeout_ms, ordered } => {
                self.expiries.push(Expiry { note: at, machine, session: *session, silent_ms: *silent_ms, timeout_ms: *timeout_ms, ordered: *ordered })
            }
            ReplicaFact::StepDown { .. } => self.end_role(at, machine),
            ReplicaFact::Illegal { kind, what } => self.illegal.push((at, machine, *kind, what)),
            ReplicaFact::RefusedBehind { .. } | ReplicaFact::Snapshotted { .. } | ReplicaFact::Files(_) | ReplicaFact::Local(_) => {}
        }
    }

    /// Established leaderships by epoch; the first one where two are of the same epoch.
    pub fn primaries(&self) -> BTreeMap<Epoch, &Leadership> {
        let mut primaries = BTreeMap::new();
        for leadership in self.leaderships.iter().filter(|leadership| leadership.established.is_some()) {
            primaries.entry(leadership.epoch).or_insert(leadership);
        }
        primaries
    }
}
