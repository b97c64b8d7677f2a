//! The process: it gives each event to the part it is for, and moves the replica from role to role. Never a rule of a protocol.

use std::collections::BTreeMap;

use vocab::fact::{Fact, ReplicaFact, StateDigest};
use vocab::ids::{ConnId, Epoch, MachineId, Zxid};
use vocab::process::{DiskAnswer, Event, Pledge, Process};
use vocab::time::Now;

use super::core::{Core, Out, ServerConfig};
use super::leader::Leader;
use super::learner::{GaveUp, Learner};
use super::votes::VoteLinks;
use crate::clients::Serving;
use crate::disk::store::Done;
use crate::election::{Action, Election};
use crate::message::{Message, Notification, Packet, PeerState, Vote};

/// What a replica is doing.
#[derive(Clone, Debug)]
pub enum Role {
    /// It reads its disk.
    Recovering,
    /// It has given up a role and waits for its disk to come to rest.
    Settling,
    /// It looks for a leader.
    Looking(Box<Election>),
    /// It leads, or is about to.
    Leading(Box<Leader>),
    /// It follows, or is about to.
    Following(Box<Learner>),
}

/// A replica of the coordination service.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) core: Core,
    pub(super) role: Role,
    round: u64,
    vote: Vote,
    links: VoteLinks,
    accepted_conns: BTreeMap<ConnId, MachineId>,
    armed_ns: u64,
    /// When whoever only wants to read is served, unless a leader is found before.
    pub(super) readers_ns: Option<u64>,
}

impl Server {
    /// A replica before its first start.
    pub fn new(config: ServerConfig) -> Server {
        let core = Core::new(config);
        Server {
            vote: core.own_vote(),
            core,
            role: Role::Recovering,
            round: 0,
            links: VoteLinks::default(),
            accepted_conns: BTreeMap::new(),
            armed_ns: 0,
            readers_ns: None,
        }
    }

    /// The last transaction applied.
    pub fn last_applied(&self) -> Zxid {
        self.core.tree.last
    }

    /// The tree's checksum.
    pub fn digest(&self) -> StateDigest {
        self.core.tree.digest()
    }

    /// Whether it is the primary of its epoch.
    pub fn is_leading(&self) -> bool {
        matches!(&self.role, Role::Leading(leader) if leader.is_established())
    }

    /// Whether it serves clients.
    pub fn is_serving(&self) -> bool {
        self.core.clients.serving == Serving::All
    }

    fn dispatch(&mut self, now: Now, event: Event<Message>, out: &mut Out) -> Result<(), GaveUp> {
        match event {
            Event::Boot => self.core.store.read_all(out),
            Event::Wake => return self.on_wake(now, out),
            Event::Order(word) => {
                if let Role::Leading(leader) = &mut self.role {
                    return leader.on_order(&word, &mut self.core, now, out);
                }
            }
            Event::Accepted { conn, from } => {
                self.accepted_conns.insert(conn, from);
            }
            Event::Opened { conn, .. } => match &mut self.role {
                _ if self.links.on_opened(conn, out) => {}
                Role::Following(learner) if learner.owns(conn) => learner.on_opened(&self.core, out),
                Role::Recovering | Role::Settling | Role::Looking(_) | Role::Leading(_) | Role::Following(_) => out.close(conn),
            },
            Event::Closed { conn, .. } => return self.on_closed(conn, now),
            Event::Message { conn, from, message } => return self.on_message(conn, from, message, now, out),
            Event::Datagram { .. } => {}
            Event::Disk(answer) => return self.on_disk(answer, now, out),
        }
        Ok(())
    }

    fn on_closed(&mut self, conn: ConnId, now: Now) -> Result<(), GaveUp> {
        self.accepted_conns.remove(&conn);
        self.core.clients.detach(conn);
        if self.links.on_closed(conn) {
            return Ok(());
        }
        match &mut self.role {
            Role::Leading(leader) => leader.on_closed(conn),
            Role::Following(learner) if learner.owns(conn) => return learner.on_closed(now),
            Role::Recovering | Role::Settling | Role::Looking(_) | Role::Following(_) => {}
        }
        Ok(())
    }

    fn on_message(&mut self, conn: ConnId, from: MachineId, message: Message, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match message {
            Message::Connect(request) => {
                let address = self.core.config.address(from);
                self.core.clients.on_connect(conn, &request, address, &self.core.tree, now, out);
            }
            Message::Request { xid, op } => {
                let (clients, view) = self.core.clients_and_view();
                clients.on_request(conn, xid, op, view, out);
            }
            Message::Ping => {
                let (clients, view) = self.core.clients_and_view();
                clients.on_ping(conn, view, out);
            }
            Message::IsReadOnly => self.core.clients.on_is_read_only(conn, out),
            Message::Vote(notification) => self.on_vote(conn, from, &notification, now, out),
            Message::Quorum(packet) => match (&mut self.role, packet) {
                (Role::Leading(leader), Packet::FollowerInfo(info)) => return leader.on_learner_info(conn, from, info, false, &mut self.core, now, out),
                (Role::Leading(leader), Packet::ObserverInfo(info)) => return leader.on_learner_info(conn, from, info, true, &mut self.core, now, out),
                (Role::Leading(leader), packet) => return leader.on_packet(conn, packet, &mut self.core, now, out),
                (Role::Following(learner), packet) if learner.owns(conn) => return learner.on_packet(packet, &mut self.core, now, out),
                // Nobody leads here: whoever believes so must look again.
                (Role::Recovering | Role::Settling | Role::Looking(_) | Role::Following(_), _) => out.close(conn),
            },
            Message::Connected(_) | Message::Reply { .. } | Message::Pong { .. } | Message::Event { .. } | Message::ReadOnly(_) => out.close(conn),
        }
        Ok(())
    }

    fn on_disk(&mut self, answer: DiskAnswer, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let Some(done) = self.core.store.on_answer(answer, &self.core.tree, out) else { return Ok(()) };
        match &done {
            Done::Logged(logged) => logged.iter().for_each(|(zxid, mark)| out.note(ReplicaFact::Logged { zxid: *zxid, mark: *mark })),
            Done::Accepted(epoch) => out.note(ReplicaFact::EpochAccepted { epoch: *epoch }),
            Done::Snapshotted { zxid, until } => {
                out.note(ReplicaFact::Snapshotted { zxid: *zxid, until: *until });
                self.core.store.purge(out);
            }
            Done::Recovered(recovered) => {
                let before = self.core.cutting.map(|_| self.core.configured());
                self.core.take_over((**recovered).clone());
                let (accepted, current, last) = (recovered.accepted, recovered.current, recovered.last());
                let (applied, digest) = (self.core.tree.last, self.core.tree.digest());
                match self.core.cutting.take() {
                    Some(removed) => out.note(ReplicaFact::Truncated { to: last, removed }),
                    None => {
                        let (snapshot, torn_bytes) = (recovered.start, recovered.torn_bytes);
                        out.note(ReplicaFact::Recovered { accepted, current, snapshot, last, applied, digest, torn_bytes });
                    }
                }
                self.core.note_configured(before, out);
                out.note(recovered.files());
                self.core.store.purge(out);
            }
            Done::Installed => {
                let before = self.core.configured();
                if self.core.take_over_state() {
                    out.note(ReplicaFact::Installed { to: self.core.tree.last, digest: self.core.tree.digest() });
                    self.core.note_configured(Some(before), out);
                }
            }
            Done::Leave(exit) => {
                out.exit(exit.clone());
                return Ok(());
            }
            Done::Current(_) | Done::History { .. } => {}
        }
        match &mut self.role {
            Role::Recovering if matches!(done, Done::Recovered(_)) => self.role = Role::Settling,
            Role::Leading(leader) => return leader.on_done(&done, &mut self.core, now, out),
            Role::Following(learner) => return learner.on_done(&done, &mut self.core, now, out),
            Role::Recovering | Role::Settling | Role::Looking(_) => {}
        }
        Ok(())
    }

    fn on_wake(&mut self, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        self.armed_ns = u64::MAX;
        match &mut self.role {
            Role::Recovering | Role::Settling => Ok(()),
            Role::Looking(election) => {
                let action = election.on_wake(now.mono_ns);
                self.serve_readers(now, out);
                if action == Action::Broadcast {
                    self.links.renew(out);
                }
                self.act(action, now, out);
                Ok(())
            }
            Role::Leading(leader) => leader.on_wake(&mut self.core, now, out),
            Role::Following(learner) => learner.on_wake(now, out),
        }
    }

    // Election.

    /// Answers go back on the stream that asked: one of this replica's own to there may be half dead without its knowing.
    fn on_vote(&mut self, conn: ConnId, from: MachineId, notification: &Notification, now: Now, out: &mut Out) {
        let (state, epoch) = match &mut self.role {
            Role::Looking(election) => {
                let before = self.core.configured();
                if self.core.course.hear(&notification.ensemble) {
                    // Another configuration is in force than the one that this election counts by: it begins anew.
                    self.core.note_configured(Some(before), out);
                    self.dismiss_readers(out);
                    self.role = Role::Settling;
                    return;
                }
                match election.on_notification(from, notification, now.mono_ns) {
                    // What comes on a stream of this replica's own is an answer, and an answer is not answered: two that count each other differently would never stop.
                    Action::Answer if !self.accepted_conns.contains_key(&conn) => {}
                    Action::Answer => {
                        let (vote, round) = (election.vote, election.round);
                        let answer = self.notification(vote, round, PeerState::Looking);
                        out.send(conn, Message::Vote(answer));
                    }
                    action => self.act(action, now, out),
                }
                return;
            }
            Role::Recovering | Role::Settling => return,
            Role::Leading(leader) => (PeerState::Leading, leader.epoch),
            Role::Following(learner) => (PeerState::Following, learner.epoch),
        };
        if notification.state == PeerState::Looking {
            // Once adopted, the new epoch is what a joiner must hear from a quorum, not the one in the vote (ZOOKEEPER-1732).
            let is_adopted = epoch > Epoch(0) && self.core.store.current == epoch;
            let epoch = if is_adopted { epoch } else { self.vote.epoch };
            let answer = self.notification(Some(Vote { epoch, ..self.vote }), self.round, state);
            out.send(conn, Message::Vote(answer));
        }
    }

    fn notification(&self, vote: Option<Vote>, round: u64, state: PeerState) -> Notification {
        Notification { vote, round, state, ensemble: self.core.course.joint().active.ensemble.clone() }
    }

    fn act(&mut self, action: Action, now: Now, out: &mut Out) {
        let Role::Looking(election) = &self.role else { return };
        self.round = election.round;
        match action {
            Action::None | Action::Answer => {}
            Action::Broadcast => {
                let notification = self.notification(election.vote, election.round, PeerState::Looking);
                for to in election.voters().into_iter().filter(|to| *to != self.core.config.me) {
                    self.links.send(to, notification.clone(), out);
                }
            }
            Action::Decide { vote, by } => {
                let Vote { epoch, zxid, leader } = vote;
                out.note(ReplicaFact::Elected { round: election.round, leader, epoch, zxid, tie: election.tie, by });
                self.vote = vote;
                self.join(leader, now, out);
            }
        }
    }

    /// Follows a leader, or leads.
    fn join(&mut self, leader: MachineId, now: Now, out: &mut Out) {
        self.dismiss_readers(out);
        self.role = if leader == self.core.config.me {
            Role::Leading(Box::new(Leader::begin(&mut self.core, now, out)))
        } else {
            Role::Following(Box::new(Learner::begin(leader, &self.core, now, out)))
        };
    }

    // From role to role.

    fn step_down(&mut self, why: GaveUp, out: &mut Out) {
        match &mut self.role {
            Role::Leading(leader) => leader.leave(out),
            Role::Following(learner) => learner.leave(out),
            Role::Recovering | Role::Settling | Role::Looking(_) => return,
        }
        out.note(ReplicaFact::StepDown { leading: matches!(self.role, Role::Leading(_)), why });
        self.core.retire(out);
        self.role = Role::Settling;
    }

    /// With the disk at rest, so that a vote says what is durable, a new round begins.
    fn settle(&mut self, now: Now, out: &mut Out) {
        if !matches!(self.role, Role::Settling) || !self.core.store.is_idle() {
            return;
        }
        if let Some(leader) = self.core.appointed.take() {
            // The commit of a reconfig named who leads from here on: no election is needed, only the phases after it.
            out.note(ReplicaFact::Appointed { leader });
            self.vote = Vote { leader, ..self.core.own_vote() };
            self.join(leader, now, out);
            return;
        }
        self.round += 1;
        out.note(ReplicaFact::Looking { round: self.round, last: self.core.store.last });
        self.await_readers(now);
        let joint = self.core.course.joint().clone();
        self.role = Role::Looking(Box::new(Election::begin(self.core.own_vote(), self.round, joint, now.mono_ns)));
        self.act(Action::Broadcast, now, out);
    }

    /// What clients want is handed on, as far as the role can.
    fn submit(&mut self, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        if self.core.clients.submissions.is_empty() && !matches!(&self.role, Role::Leading(_)) {
            return Ok(());
        }
        match &mut self.role {
            Role::Leading(leader) if leader.is_established() => leader.submit(&mut self.core, now, out)?,
            Role::Following(learner) if learner.is_serving() => learner.submit(&mut self.core, out),
            Role::Recovering | Role::Settling | Role::Looking(_) | Role::Leading(_) | Role::Following(_) => {}
        }
        Ok(())
    }

    fn arm(&mut self, out: &mut Out) {
        let wake_ns = match &self.role {
            Role::Recovering | Role::Settling => return,
            Role::Looking(election) => election.wake_ns(),
            Role::Leading(leader) => leader.wake_ns(),
            Role::Following(learner) => learner.wake_ns(),
        };
        let wake_ns = [self.readers_ns, self.core.clients.wake_ns()].into_iter().flatten().fold(wake_ns, u64::min);
        if wake_ns != self.armed_ns {
            self.armed_ns = wake_ns;
            out.wake_at(wake_ns);
        }
    }
}

impl Process for Server {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        let outcome = self.dispatch(now, event, out).and_then(|()| {
            self.core.clients.tend(now, out);
            self.submit(now, out)
        });
        if let Err(why) = outcome {
            self.step_down(why, out);
        }
        self.settle(now, out);
        self.arm(out);
    }

    fn check(&self) -> Result<(), String> {
        super::invariant::check(self)
    }

    fn pledge(&self) -> Option<Pledge> {
        // What was just read may be in the page cache only: it is nothing to rely on before recovery has made it durable.
        let config = &self.core.config;
        let is_relied_on = config.observers_pledge || config.ensemble.voters.contains(&config.me);
        is_relied_on.then(|| if matches!(self.role, Role::Recovering) { Pledge::default() } else { Pledge(self.core.pledge()) })
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        let role = match &self.role {
            Role::Recovering => "recovering".into(),
            Role::Settling => "settling".into(),
            Role::Looking(election) => election.look(),
            Role::Leading(leader) => format!("leading {:?} of {} with {} learners", leader.phase, leader.epoch, leader.peers.len()),
            Role::Following(learner) => learner.look(),
        };
        vec![
            ("role", role),
            ("config", self.core.course.joint().look()),
            ("accepted", self.core.store.accepted.to_string()),
            ("current", self.core.store.current.to_string()),
            ("logged", self.core.store.last.to_string()),
            ("durable", self.core.store.durable.to_string()),
            ("applied", self.core.tree.last.to_string()),
            ("clients", self.core.clients.attached().to_string()),
            ("znodes", self.core.tree.len().to_string()),
        ]
    }
}
