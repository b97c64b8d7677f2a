//! Zab, ZooKeeper's protocol of ordering (Junqueira, Reed, Serafini, DSN 2011), with fast leader election before it. A
//! replica goes from role to role here: settling, looking for a leader, leading, following.
//!
//! The phases of the paper: `election` and `looking` find who may lead; `leader::discovery` finds the epoch,
//! `leader::synchronization` gives learners the leader's history, `leader::broadcast` orders what is new; `learner` is
//! the other side of all three.

mod election;
mod leader;
mod learner;
mod looking;
mod votes;

use std::collections::BTreeMap;

use contract::ids::{ConnId, MachineId};
use contract::time::Now;
use zookeeper_words::fact::ReplicaFact;
use zookeeper_words::message::{Notification, Packet, Vote};

use super::{GaveUp, Ordering};
use crate::Out;
use crate::disk::store::Done;
use crate::replica::{Core, Write, ensure};
use election::{Action, Election};
use leader::Leader;
use learner::Learner;
use votes::VoteLinks;

/// What replicas say to each other.
#[derive(Clone, Debug)]
pub enum PeerMessage {
    /// In an election.
    Vote(Notification),
    /// Between a leader and a learner.
    Packet(Packet),
}

/// What a replica is doing.
#[derive(Clone, Debug)]
enum Role {
    /// It has no role, and waits for its disk to come to rest.
    Settling,
    /// It looks for a leader.
    Looking(Box<Election>),
    /// It leads, or is about to.
    Leading(Box<Leader>),
    /// It follows, or is about to.
    Following(Box<Learner>),
}

/// Zab, as one replica runs it.
#[derive(Clone, Debug)]
pub struct Zab {
    role: Role,
    /// The round of the last election (logical clock).
    round: u64,
    /// The vote that won it.
    vote: Vote,
    /// Who leads next, by the commit of a reconfig that ended the role before.
    appointed: Option<MachineId>,
    /// The streams on which this replica sends its votes.
    links: VoteLinks,
    /// Streams that were opened to this machine.
    accepted: BTreeMap<ConnId, MachineId>,
}

impl Ordering for Zab {
    type Message = PeerMessage;

    fn new(core: &Core) -> Zab {
        Zab { role: Role::Settling, round: 0, vote: own_vote(core), appointed: None, links: VoteLinks::default(), accepted: BTreeMap::new() }
    }

    fn on_accepted(&mut self, conn: ConnId, from: MachineId) {
        self.accepted.insert(conn, from);
    }

    fn on_opened(&mut self, conn: ConnId, core: &Core, out: &mut Out) -> bool {
        match &mut self.role {
            _ if self.links.on_opened(conn, out) => true,
            Role::Following(learner) if learner.owns(conn) => {
                learner.on_opened(core, out);
                true
            }
            Role::Settling | Role::Looking(_) | Role::Leading(_) | Role::Following(_) => false,
        }
    }

    fn on_closed(&mut self, conn: ConnId, now: Now) -> Result<(), GaveUp> {
        self.accepted.remove(&conn);
        if self.links.on_closed(conn) {
            return Ok(());
        }
        match &mut self.role {
            Role::Leading(leader) => leader.on_closed(conn),
            Role::Following(learner) if learner.owns(conn) => return learner.on_closed(now),
            Role::Settling | Role::Looking(_) | Role::Following(_) => {}
        }
        Ok(())
    }

    fn on_message(&mut self, conn: ConnId, from: MachineId, message: PeerMessage, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let packet = match message {
            PeerMessage::Vote(notification) => {
                self.on_vote(conn, from, &notification, core, now, out);
                return Ok(());
            }
            PeerMessage::Packet(packet) => packet,
        };
        match &mut self.role {
            Role::Leading(leader) => leader.on_packet(conn, from, packet, core, now, out),
            Role::Following(learner) if learner.owns(conn) => learner.on_packet(packet, core, now, out),
            // Nobody leads here: whoever believes so must look again.
            Role::Settling | Role::Looking(_) | Role::Following(_) => {
                out.close(conn);
                Ok(())
            }
        }
    }

    fn on_done(&mut self, done: &Done, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match &mut self.role {
            Role::Leading(leader) => leader.on_done(done, core, now, out),
            Role::Following(learner) => learner.on_done(done, core, now, out),
            Role::Settling | Role::Looking(_) => Ok(()),
        }
    }

    fn on_wake(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match &mut self.role {
            Role::Settling => Ok(()),
            Role::Looking(election) => {
                let action = election.on_wake(now.mono_ns);
                if action == Action::Broadcast {
                    self.links.renew(out);
                }
                self.act(action, core, now, out);
                Ok(())
            }
            Role::Leading(leader) => leader.on_wake(core, now, out),
            Role::Following(learner) => learner.on_wake(now, out),
        }
    }

    fn wake_ns(&self) -> Option<u64> {
        match &self.role {
            Role::Settling => None,
            Role::Looking(election) => Some(election.wake_ns()),
            Role::Leading(leader) => Some(leader.wake_ns()),
            Role::Following(learner) => Some(learner.wake_ns()),
        }
    }

    fn submit(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match &mut self.role {
            Role::Leading(leader) if leader.is_established() => leader.submit(core, now, out)?,
            Role::Following(learner) if learner.is_serving() => learner.submit(core, out),
            Role::Settling | Role::Looking(_) | Role::Leading(_) | Role::Following(_) => {}
        }
        Ok(())
    }

    fn propose(&mut self, write: Write, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let Role::Leading(leader) = &mut self.role else { unreachable!("only a leader has writes of its own") };
        leader.propose(write, core, now, out)
    }

    fn step_down(&mut self, gave_up: GaveUp, core: &mut Core, out: &mut Out) {
        match &mut self.role {
            Role::Leading(leader) => leader.leave(out),
            Role::Following(learner) => learner.leave(out),
            Role::Settling | Role::Looking(_) => return,
        }
        let GaveUp { why, appointed } = gave_up;
        self.appointed = appointed;
        out.note(ReplicaFact::StepDown { leading: matches!(self.role, Role::Leading(_)), why });
        core.retire(out);
        self.role = Role::Settling;
    }

    /// With the disk at rest, so that a vote says what is durable, a new round begins.
    fn settle(&mut self, core: &mut Core, now: Now, out: &mut Out) {
        if !matches!(self.role, Role::Settling) || !core.store.is_idle() {
            return;
        }
        if let Some(leader) = self.appointed.take() {
            // The commit of a reconfig named who leads from here on: no election is needed, only the phases after it.
            out.note(ReplicaFact::Appointed { leader });
            self.vote = Vote { leader, ..own_vote(core) };
            self.join(leader, core, now, out);
            return;
        }
        self.look_for_leader(core, now, out);
    }

    fn is_leading(&self) -> bool {
        matches!(&self.role, Role::Leading(leader) if leader.is_established())
    }

    fn check(&self, core: &Core) -> Result<(), String> {
        match &self.role {
            Role::Leading(leader) if leader.is_established() => {
                let proposed = leader.proposals.back().map(|proposal| proposal.zxid);
                let logged = core.unapplied.back().map(|txn| txn.head.zxid);
                ensure(proposed == logged && leader.proposals.len() == core.unapplied.len(), || {
                    format!("{} proposals up to {proposed:?}, {} unapplied up to {logged:?}", leader.proposals.len(), core.unapplied.len())
                })?;
                ensure(core.lead.is_some(), || "an established leader has no tree that runs ahead".into())
            }
            Role::Looking(_) => ensure(core.store.durable == core.store.last, || "a vote was cast before the disk was at rest".into()),
            Role::Settling | Role::Leading(_) | Role::Following(_) => ensure(core.lead.is_none(), || "a tree runs ahead without a leader".into()),
        }
    }

    fn look(&self) -> String {
        match &self.role {
            Role::Settling => "settling".into(),
            Role::Looking(election) => election.look(),
            Role::Leading(leader) => leader.look(),
            Role::Following(learner) => learner.look(),
        }
    }
}

impl Zab {
    /// Follows a leader, or leads.
    fn join(&mut self, leader: MachineId, core: &mut Core, now: Now, out: &mut Out) {
        core.dismiss_readers(out);
        self.role = if leader == core.config.me {
            Role::Leading(Box::new(Leader::begin(core, now, out)))
        } else {
            Role::Following(Box::new(Learner::begin(leader, core, now, out)))
        };
    }
}

/// A replica's vote for itself: how far its own history reaches.
fn own_vote(core: &Core) -> Vote {
    Vote { epoch: core.store.current, zxid: core.store.last, leader: core.config.me }
}
