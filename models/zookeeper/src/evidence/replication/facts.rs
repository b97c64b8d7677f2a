//! What each kind of fact does to the picture of replication: which log a replica has now, which history a leader committed, what was delivered. Never a judgement of it.

use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::ensemble::Ensemble as Config;
use zookeeper_words::fact::{Mark, StateDigest, SyncMode};
use zookeeper_words::ids::{Epoch, Zxid};

use super::Replication;
use super::configs::{Configured, InForce};
use super::histories::History;
use super::replica::{Offer, Replica};
use super::said::{Adoption, Claim, Commit, Cut, Delivery, Election, EpochKind, EpochStep, Holding, Leadership, Recovery, Serving, Settled, Shown};
use crate::quorums::{self, Set};

impl<'r> Replication<'r> {
    pub(super) fn recovered(&mut self, at: NoteIndex, machine: MachineId, last: Zxid, shown: (Zxid, StateDigest), epochs: (Epoch, Epoch)) {
        self.end_role(at, machine);
        let replica = &mut self.replicas[machine.index()];
        let found = replica.find_log(last, &self.histories);
        self.recoveries.push(Recovery {
            note: at,
            machine,
            last,
            before: replica.log,
            found,
            applied: found.log.and_then(|log| self.histories.at(log, shown.0)),
            damaged: replica.is_damaged(),
            accepted: (replica.accepted, epochs.0),
            current: (replica.current, epochs.1),
        });
        (replica.accepted, replica.current) = epochs;
        (replica.up, replica.lost) = (true, false);
        replica.configured = None;
        replica.offers.clear();
        let (applied, digest) = shown;
        replica.replace_log(found.log, applied, &self.histories);
        let history = found.log.and_then(|log| self.histories.at(log, applied));
        self.show(at, machine, history, digest);
        self.count_holders(at, machine);
    }

    pub(super) fn synchronizing(&mut self, at: NoteIndex, machine: MachineId, epoch: Epoch, last: Zxid) {
        self.end_role(at, machine);
        self.claim(at, machine, last, "initial history");
        let replica = &mut self.replicas[machine.index()];
        let initial = replica.log.unwrap_or_else(|| self.histories.ending(last).first().copied().unwrap_or(replica.delivered));
        self.leaderships.push(Leadership {
            machine,
            epoch,
            note: at,
            initial,
            epoch_before: replica.current,
            established: None,
            over: None,
            head: initial,
            committed: Zxid::ZERO,
        });
        replica.leading = Some(self.leaderships.len() - 1);
        replica.current = epoch;
        replica.accepted = replica.accepted.max(epoch);
        replica.settled = true;
        replica.vouched.insert((epoch, machine), last);
        replica.adopted_from = machine;
        self.settle(at, machine);
    }

    pub(super) fn sync_sent(&mut self, machine: MachineId, peer: MachineId, mode: SyncMode, to: Zxid) {
        let leading = self.replicas[machine.index()].leading;
        let state = leading.and_then(|leadership| self.histories.at(self.leaderships[leadership].head, to));
        if let Some(learner) = self.replicas.get_mut(peer.index()) {
            learner.offers.push(Offer { mode, to, state });
        }
    }

    /// Takes off the offers up to the one that is done now.
    pub(super) fn take_offer(&mut self, machine: MachineId, mode: SyncMode, to: Zxid) -> Option<Offer> {
        let offers = &mut self.replicas[machine.index()].offers;
        let done = offers.iter().rposition(|offer| offer.mode == mode && offer.to == to)?;
        offers.drain(..=done).next_back()
    }

    pub(super) fn truncated(&mut self, at: NoteIndex, machine: MachineId, to: Zxid) {
        self.take_offer(machine, SyncMode::Trunc, to);
        let replica = &mut self.replicas[machine.index()];
        let before = replica.log;
        let after = before.map(|log| self.histories.up_to(log, to));
        replica.log = after;
        if let Some(after) = after {
            replica.delivered = self.histories.fork(replica.delivered, after);
        }
        self.cuts.push(Cut {
            note: at,
            machine,
            to,
            before,
            after,
            committed: self.committed,
            whole_state: false,
            damaged: self.replicas[machine.index()].is_damaged(),
        });
        self.count_holders(at, machine);
    }

    pub(super) fn installed(&mut self, at: NoteIndex, machine: MachineId, to: Zxid, digest: StateDigest) {
        let after = self.take_offer(machine, SyncMode::Snap, to).and_then(|offer| offer.state);
        let before = self.replicas[machine.index()].log;
        self.cuts.push(Cut {
            note: at,
            machine,
            to,
            before,
            after,
            committed: self.committed,
            whole_state: true,
            damaged: self.replicas[machine.index()].is_damaged(),
        });
        let log = after.or_else(|| self.histories.ending(to).first().copied());
        self.replicas[machine.index()].replace_log(log, to, &self.histories);
        self.show(at, machine, after, digest);
        self.count_holders(at, machine);
    }

    pub(super) fn adopted(&mut self, at: NoteIndex, machine: MachineId, epoch: Epoch, leader: MachineId, last: Zxid) {
        self.claim(at, machine, last, "history at NEWLEADER");
        let led = self.leaderships.iter().rev().find(|leadership| leadership.machine == leader && leadership.epoch == epoch);
        let offered = led.map(|leadership| (leadership.initial, leadership.head));
        let replica = &mut self.replicas[machine.index()];
        let kind = EpochKind::Current { accepted: replica.accepted };
        self.epochs.push(EpochStep { note: at, machine, before: replica.current, after: epoch, kind });
        replica.offers.clear();
        replica.current = epoch;
        replica.settled = true;
        if replica.log.is_none() {
            // Damage made its log unknowable; what it adopted is known again.
            replica.log = offered.and_then(|(_, head)| self.histories.at(head, last));
        }
        let log = replica.log;
        replica.vouched.insert((epoch, leader), last);
        replica.adopted_from = leader;
        self.adoptions.push(Adoption { note: at, machine, epoch, last, log, leader, offered });
        self.settle(at, machine);
    }

    pub(super) fn established(&mut self, at: NoteIndex, machine: MachineId, epoch: Epoch, last: Zxid, quorum: &'r [MachineId]) {
        let leadership = self.replicas[machine.index()].leading.filter(|leadership| self.leaderships[*leadership].epoch == epoch);
        let history = leadership.map(|leadership| self.leaderships[leadership].initial).filter(|initial| self.histories.last(*initial) == last);
        self.commit(at, machine, leadership, last, history, quorum, true);
        if let Some(leadership) = leadership {
            self.leaderships[leadership].established = Some(at);
        }
    }

    pub(super) fn serves(&mut self, at: NoteIndex, machine: MachineId, epoch: Epoch, leader: MachineId) {
        let led = self.leaderships.iter().rev().find(|leadership| leadership.machine == leader && leadership.epoch == epoch);
        let initial = led.filter(|leadership| leadership.established.is_some()).map(|leadership| leadership.initial);
        let replica = &mut self.replicas[machine.index()];
        let adopted = replica.settled && replica.current == epoch;
        replica.serving = Some(epoch);
        self.servings.push(Serving { note: at, machine, epoch, leader, log: replica.log, delivered: replica.delivered, initial, adopted });
    }

    #[expect(clippy::too_many_arguments, reason = "the two facts that commit differ in where these come from")]
    pub(super) fn commit(
        &mut self,
        at: NoteIndex,
        machine: MachineId,
        leadership: Option<usize>,
        zxid: Zxid,
        history: Option<History>,
        quorum: &'r [MachineId],
        establishes: bool,
    ) {
        let epoch = leadership.map(|leadership| self.leaderships[leadership].epoch);
        let vouched = |member: &MachineId| {
            let replica = self.replicas.get(member.index())?;
            replica.vouched.get(&(epoch?, machine)).filter(|vouched| **vouched >= zxid)
        };
        let unvouched = quorum.iter().filter(|member| vouched(member).is_none()).copied().collect();
        let own_before = self.own_committed[machine.index()];
        let force = history.map_or(InForce { active: 0, next: None }, |history| self.configs.in_force(history, self.committed, &self.histories));
        // A leader may not know that another has committed the newest: then it asks both.
        let own = self.replicas[machine.index()].configured.map(|active| InForce { active, next: None });
        let is_stranger = |member: &&MachineId| !self.configs.votes(force, **member) && !own.is_some_and(|own| self.configs.votes(own, **member));
        let strangers = quorum.iter().filter(is_stranger).copied().collect();
        self.commits.push(Commit {
            note: at,
            machine,
            leadership,
            zxid,
            history,
            committed_before: self.committed,
            own_before,
            quorum,
            unvouched,
            establishes,
            force,
            strangers,
        });
        let Some(history) = history else { return };
        if let Some(leadership) = leadership {
            self.leaderships[leadership].committed = zxid;
        }
        if self.histories.length(history) > self.histories.length(own_before) {
            self.own_committed[machine.index()] = history;
        }
        if self.histories.is_prefix(self.committed, history) {
            self.committed = history;
            self.committed_at.resize(self.histories.length(history) as usize + 1, at);
        } else if !self.histories.is_prefix(history, self.committed) {
            self.conflict.get_or_insert((at, machine, history));
        }
    }

    pub(super) fn delivered(&mut self, at: NoteIndex, machine: MachineId, zxid: Zxid, mark: Mark, digest: StateDigest) {
        let replica = &self.replicas[machine.index()];
        let (before, serving) = (replica.delivered, replica.serving);
        let next = self.histories.child(before, zxid, mark);
        let history = next.unwrap_or_else(|| {
            let known = self.histories.ending(zxid).iter().copied().find(|history| self.histories.mark(*history) == mark);
            known.unwrap_or_else(|| self.histories.extend(before, zxid, mark))
        });
        self.deliveries.push(Delivery { note: at, machine, zxid, mark, before, history, in_order: next.is_some(), serving });
        self.replicas[machine.index()].delivered = history;
        self.show(at, machine, Some(history), digest);
    }

    pub(super) fn show(&mut self, at: NoteIndex, machine: MachineId, history: Option<History>, digest: StateDigest) {
        self.replicas[machine.index()].shown = history.map(|history| (history, digest));
        self.shown.push(Shown { note: at, machine, history, digest });
    }

    pub(super) fn claim(&mut self, at: NoteIndex, machine: MachineId, zxid: Zxid, what: &'static str) {
        let log = self.replicas[machine.index()].log;
        let durable = log.map(|log| self.histories.last(log));
        let held = log.is_some_and(|log| self.histories.at(log, zxid).is_some());
        self.claims.push(Claim { note: at, machine, zxid, durable, held, what });
    }

    pub(super) fn settle(&mut self, at: NoteIndex, machine: MachineId) {
        let replica = &self.replicas[machine.index()];
        if let (true, Some(log)) = (replica.settled, replica.log) {
            self.settled.push(Settled { note: at, machine, epoch: replica.current, log });
        }
    }

    pub(super) fn count_holders(&mut self, at: NoteIndex, machine: MachineId) {
        let committed = self.committed;
        let has = |replica: &Replica| replica.log.is_some_and(|log| self.histories.is_prefix(committed, log));
        let holders: Set = (0..).map(MachineId).zip(&self.replicas).filter(|(_, replica)| has(replica)).map(|(machine, _)| machine).collect();
        let config = &self.configs.get(self.histories.config(committed)).config;
        let enough = quorums::is_quorum(config, &holders) || (!self.plain && quorums::reaches_every_quorum(config, &holders));
        self.holdings.push(Holding { note: at, machine, committed, holders: holders.len(), enough });
    }

    /// Whether a replica says of itself that it only observes.
    pub(super) fn observes(&self, machine: MachineId) -> bool {
        self.replicas[machine.index()].configured.is_some_and(|config| self.configs.get(config).config.observers.contains(&machine))
    }

    pub(super) fn configured(&mut self, at: NoteIndex, machine: MachineId, config: &'r Config) {
        let made = self.configs.find(config);
        let committed = made.is_some_and(|made| self.histories.is_prefix(self.configs.get(made).history, self.committed));
        let replica = &mut self.replicas[machine.index()];
        let before = replica.configured;
        replica.configured = made;
        self.configured.push(Configured { note: at, machine, config, made, committed, before });
    }

    pub(super) fn elected(&mut self, at: NoteIndex, machine: MachineId, by: &'r [MachineId]) {
        let replica = &self.replicas[machine.index()];
        let next = replica.log.map(|log| self.histories.config(log));
        let force = InForce { active: replica.configured.unwrap_or(0), next };
        let strangers = by.iter().filter(|voter| !self.configs.votes(force, **voter)).copied().collect();
        self.elections.push(Election { note: at, machine, by, strangers });
    }
}
