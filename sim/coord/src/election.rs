//! Fast leader election, as one replica runs it (FastLeaderElection.java): votes by epoch, zxid, server id; rounds; a last wait for a better vote. Never a message or a timer of its own making.

use std::collections::BTreeMap;

use vocab::ids::MachineId;
use vocab::time::MILLISECOND;

use crate::message::{Notification, PeerState, Vote};

/// How long a quorum's vote waits for a better one (finalizeWait).
const FINALIZE_WAIT_NS: u64 = 200 * MILLISECOND;
/// The first wait before votes are sent again; it doubles …
const RESEND_MIN_NS: u64 = 200 * MILLISECOND;
/// … up to this. ZooKeeper's is 60 s; a link that heals must not wait as long as a whole storm.
const RESEND_MAX_NS: u64 = 6_400 * MILLISECOND;

/// What a replica must do about its election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// Tell everybody the vote.
    Broadcast,
    /// Tell the sender, which is behind.
    Answer,
    /// The election is over.
    Decide(Vote),
}

/// An election that a replica takes part in.
#[derive(Clone, Debug)]
pub struct Election {
    me: MachineId,
    quorum: usize,
    /// The round (logical clock).
    pub round: u64,
    /// Whom this replica votes for now.
    pub vote: Vote,
    own: Vote,
    received: BTreeMap<MachineId, Vote>,
    outside: BTreeMap<MachineId, Notification>,
    decide_at_ns: Option<u64>,
    resend_at_ns: u64,
    resend_wait_ns: u64,
    /// Two candidates with equal epoch and zxid were voted for in this round.
    pub tie: bool,
}

impl Election {
    /// Begins round `round` with a vote for itself, to be broadcast.
    pub fn begin(own: Vote, round: u64, quorum: usize, now_ns: u64) -> Election {
        let me = own.leader;
        Election {
            me,
            quorum,
            round,
            vote: own,
            own,
            received: BTreeMap::from([(me, own)]),
            outside: BTreeMap::new(),
            decide_at_ns: None,
            resend_at_ns: now_ns + RESEND_MIN_NS,
            resend_wait_ns: RESEND_MIN_NS,
            tie: false,
        }
        .counted(now_ns)
    }

    fn counted(mut self, now_ns: u64) -> Election {
        self.count(now_ns);
        self
    }

    /// A vote came from `from`.
    pub fn on_notification(&mut self, from: MachineId, notification: &Notification, now_ns: u64) -> Action {
        match notification.state {
            PeerState::Looking => self.on_looking(from, notification, now_ns),
            PeerState::Following | PeerState::Leading => self.on_settled(from, notification),
        }
    }

    fn on_looking(&mut self, from: MachineId, notification: &Notification, now_ns: u64) -> Action {
        let vote = notification.vote;
        let mut changed = false;
        if notification.round > self.round {
            self.round = notification.round;
            self.received.clear();
            self.tie = false;
            self.adopt(self.own.max(vote));
            changed = true;
        } else if notification.round < self.round {
            return Action::Answer;
        } else if vote > self.vote {
            self.adopt(vote);
            changed = true;
        }
        self.tie |= vote.leader != self.vote.leader && (vote.epoch, vote.zxid) == (self.vote.epoch, self.vote.zxid);
        self.received.insert(from, vote);
        self.count(now_ns);
        if changed { Action::Broadcast } else { Action::None }
    }

    fn adopt(&mut self, vote: Vote) {
        self.tie |= self.vote.leader != vote.leader && (self.vote.epoch, self.vote.zxid) == (vote.epoch, vote.zxid);
        self.vote = vote;
        self.received.insert(self.me, vote);
    }

    /// A quorum for the own vote starts the last wait; the loss of it, or a better vote, ends the wait.
    fn count(&mut self, now_ns: u64) {
        let votes = self.received.values().filter(|vote| **vote == self.vote).count();
        self.decide_at_ns = match self.decide_at_ns {
            _ if votes < self.quorum => None,
            Some(at_ns) => Some(at_ns),
            None => Some(now_ns + FINALIZE_WAIT_NS),
        };
    }

    /// Somebody has a leader: join if a quorum says the same and the leader itself says that it leads.
    fn on_settled(&mut self, from: MachineId, notification: &Notification) -> Action {
        let vote = notification.vote;
        if notification.round == self.round {
            self.received.insert(from, vote);
            let votes = self.received.values().filter(|other| **other == vote).count();
            self.outside.insert(from, *notification);
            if votes >= self.quorum && self.leads(vote.leader, notification.round) {
                return Action::Decide(vote);
            }
        }
        self.outside.insert(from, *notification);
        let same = |other: &&Notification| (other.vote.leader, other.vote.epoch) == (vote.leader, vote.epoch);
        if self.outside.values().filter(same).count() >= self.quorum && self.leads(vote.leader, notification.round) {
            self.round = notification.round;
            return Action::Decide(vote);
        }
        Action::None
    }

    fn leads(&self, leader: MachineId, round: u64) -> bool {
        if leader == self.me {
            return round == self.round;
        }
        self.outside.get(&leader).is_some_and(|said| said.state == PeerState::Leading)
    }

    /// Time has passed.
    pub fn on_wake(&mut self, now_ns: u64) -> Action {
        if self.decide_at_ns.is_some_and(|at_ns| at_ns <= now_ns) {
            return Action::Decide(self.vote);
        }
        if self.resend_at_ns <= now_ns {
            self.resend_wait_ns = (self.resend_wait_ns * 2).min(RESEND_MAX_NS);
            self.resend_at_ns = now_ns + self.resend_wait_ns;
            return Action::Broadcast;
        }
        Action::None
    }

    /// When to be woken.
    pub fn wake_ns(&self) -> u64 {
        self.decide_at_ns.map_or(self.resend_at_ns, |at_ns| at_ns.min(self.resend_at_ns))
    }
}
