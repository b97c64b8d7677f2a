//! Fast leader election, as one replica runs it (FastLeaderElection.java): votes by epoch, zxid, server id; rounds; a
//! last wait for a better vote. Never a message or a timer of its own making.
//!
//! Votes are for voters, and only those of voters count, each replica judging by the configurations that it knows of.
//! Who does not vote, as far as it knows, takes part all the same: another may know of a configuration in which it
//! does. It has no candidate of its own.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use contract::time::MILLISECOND;
use zookeeper_words::ids::Epoch;
use zookeeper_words::message::{Notification, PeerState, Vote};

use crate::quorum::{Joint, Replicas};

/// How long a quorum's vote waits for a better one (finalizeWait).
const FINALIZE_WAIT_NS: u64 = 200 * MILLISECOND;
/// The first wait before votes are sent again; it doubles …
const RESEND_MIN_NS: u64 = 200 * MILLISECOND;
/// … up to this. ZooKeeper's is 60 s; a link that heals must not wait as long as a whole storm.
const RESEND_MAX_NS: u64 = 6_400 * MILLISECOND;
/// Who does not vote is told nothing unless it asks, so it goes on asking.
const ASK_MAX_NS: u64 = 800 * MILLISECOND;

/// What a replica must do about its election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// There is nothing to do.
    None,
    /// Tell all voters the vote.
    Broadcast,
    /// Tell the sender, which is behind, does not vote, or knows no candidate; unless it has only answered itself.
    Answer,
    /// The election is over.
    Decide {
        /// The vote that won.
        vote: Vote,
        /// Whose votes they were.
        by: Vec<MachineId>,
    },
}

/// An election that a replica takes part in.
#[derive(Clone, Debug)]
pub struct Election {
    me: MachineId,
    joint: Joint,
    /// The round (logical clock).
    pub round: u64,
    /// Whom this replica votes for now; nobody, if it may not lead and knows no one who may.
    pub vote: Option<Vote>,
    own: Option<Vote>,
    received: Tally<Vote>,
    /// The vote has a quorum, and nobody has left it since: who joins it need not count it again.
    is_won: bool,
    /// Of those that have a leader, which one and in which epoch …
    outside: Tally<(MachineId, Epoch)>,
    /// … and who of them says that it leads.
    leading: Replicas,
    decide_at_ns: Option<u64>,
    resend_at_ns: u64,
    resend_wait_ns: u64,
    /// Two candidates with equal epoch and zxid were voted for in this round.
    pub tie: bool,
}

impl Election {
    /// Begins round `round`, with a vote for itself where it may lead, to be broadcast.
    pub fn begin(own: Vote, round: u64, joint: Joint, now_ns: u64) -> Election {
        let me = own.leader;
        let own = joint.active.may_lead(me).then_some(own);
        let mut election = Election {
            me,
            joint,
            round,
            vote: own,
            own,
            received: own.map_or_else(Tally::default, |vote| Tally::of(me, vote)),
            is_won: false,
            outside: Tally::default(),
            leading: Replicas::new(),
            decide_at_ns: None,
            resend_at_ns: now_ns + RESEND_MIN_NS,
            resend_wait_ns: RESEND_MIN_NS,
            tie: false,
        };
        election.count(now_ns);
        election
    }

    /// The voters, to whom votes are told.
    pub fn voters(&self) -> Replicas {
        self.joint.voters()
    }

    /// What it is doing, for people.
    pub fn look(&self) -> String {
        let vote = self.vote.map_or("nobody".into(), |vote| vote.leader.to_string());
        format!("looking, round {}, for {vote}", self.round)
    }

    fn is_voting(&self) -> bool {
        self.joint.votes(self.me)
    }

    /// A vote came from `from`.
    pub fn on_notification(&mut self, from: MachineId, notification: &Notification, now_ns: u64) -> Action {
        let is_looking = notification.state == PeerState::Looking;
        if !self.joint.votes(from) {
            // Nothing that it says counts (ZOOKEEPER-764, 769), but it is told how things stand.
            return if is_looking { Action::Answer } else { Action::None };
        }
        // A vote for somebody who votes nowhere is none.
        let vote = notification.vote.filter(|vote| self.joint.votes(vote.leader));
        match vote {
            Some(vote) if !is_looking => self.on_settled(from, vote, notification),
            None if !is_looking => Action::None,
            vote => self.on_looking(from, vote, notification.round, now_ns),
        }
    }

    fn on_looking(&mut self, from: MachineId, vote: Option<Vote>, round: u64, now_ns: u64) -> Action {
        let mut changed = false;
        if round > self.round {
            self.round = round;
            self.received = Tally::default();
            self.tie = false;
            self.adopt(self.own.max(vote));
            changed = true;
        } else if round < self.round {
            return Action::Answer;
        } else if vote > self.vote {
            self.adopt(vote);
            changed = true;
        }
        let Some(vote) = vote else {
            // It knows no candidate yet; this replica may.
            self.count(now_ns);
            return if changed {
                Action::Broadcast
            } else if self.vote.is_some() {
                Action::Answer
            } else {
                Action::None
            };
        };
        self.tie |= self.vote.is_some_and(|mine| is_tie(mine, vote));
        self.receive(from, vote);
        self.count(now_ns);
        if changed { Action::Broadcast } else { Action::None }
    }

    fn adopt(&mut self, vote: Option<Vote>) {
        self.tie |= self.vote.zip(vote).is_some_and(|(mine, theirs)| is_tie(mine, theirs));
        self.vote = vote;
        self.is_won = false;
        if let Some(vote) = vote {
            self.receive(self.me, vote);
        }
    }

    fn receive(&mut self, from: MachineId, vote: Vote) {
        let has_changed_sides = self.received.insert(from, vote);
        self.is_won &= !has_changed_sides;
    }

    /// A quorum for the own vote starts the last wait; the loss of it, or a better vote, ends the wait.
    fn count(&mut self, now_ns: u64) {
        self.is_won = self.is_won || self.vote.is_some_and(|vote| self.joint.contains_quorum(self.received.who(vote)));
        self.decide_at_ns = if self.is_won { Some(self.decide_at_ns.unwrap_or(now_ns + FINALIZE_WAIT_NS)) } else { None };
    }

    /// Somebody has a leader: join if a quorum says the same and the leader itself says that it leads. A quorum of one
    /// configuration is enough: a reconfig that waits in this log alone may have vanished, or be committed. Whether the
    /// leader may lead is settled by then.
    fn on_settled(&mut self, from: MachineId, vote: Vote, notification: &Notification) -> Action {
        self.outside.insert(from, (vote.leader, vote.epoch));
        if notification.state == PeerState::Leading {
            self.leading.insert(from)
        } else {
            self.leading.remove(&from)
        };
        if notification.round == self.round {
            self.receive(from, vote);
            let by = self.received.who(vote);
            if self.leads(vote.leader, notification.round) && self.joint.contains_some_quorum(by) {
                return self.decide(vote, by);
            }
        }
        let by = self.outside.who((vote.leader, vote.epoch));
        if self.leads(vote.leader, notification.round) && self.joint.contains_some_quorum(by) {
            let decision = self.decide(vote, by);
            self.round = notification.round;
            return decision;
        }
        Action::None
    }

    fn decide(&self, vote: Vote, by: &Replicas) -> Action {
        Action::Decide { vote, by: self.joint.counted(by) }
    }

    fn leads(&self, leader: MachineId, round: u64) -> bool {
        if leader == self.me {
            return round == self.round;
        }
        self.leading.contains(&leader)
    }

    /// Time has passed.
    pub fn on_wake(&mut self, now_ns: u64) -> Action {
        if let (Some(at_ns), Some(vote)) = (self.decide_at_ns, self.vote)
            && at_ns <= now_ns
        {
            return self.decide(vote, self.received.who(vote));
        }
        if self.resend_at_ns <= now_ns {
            let longest_ns = if self.is_voting() { RESEND_MAX_NS } else { ASK_MAX_NS };
            self.resend_wait_ns = (self.resend_wait_ns * 2).min(longest_ns);
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

/// Who says what, the last word of each. The sets are kept as the words come: an election of n hears n² of them, and to
/// look at all for each would cost n³.
#[derive(Clone, Debug)]
struct Tally<T> {
    last: BTreeMap<MachineId, T>,
    who: BTreeMap<T, Replicas>,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Tally { last: BTreeMap::new(), who: BTreeMap::new() }
    }
}

impl<T: Copy + Ord> Tally<T> {
    /// One says something, and nobody else anything.
    fn of(machine: MachineId, word: T) -> Tally<T> {
        let mut tally = Tally::default();
        tally.insert(machine, word);
        tally
    }

    /// A machine says this from now on. Says whether it had said something else.
    fn insert(&mut self, machine: MachineId, word: T) -> bool {
        let before = self.last.insert(machine, word).filter(|before| *before != word);
        if let Some(those) = before.and_then(|before| self.who.get_mut(&before)) {
            those.remove(&machine);
        }
        self.who.entry(word).or_default().insert(machine);
        before.is_some()
    }

    /// Who says this.
    fn who(&self, word: T) -> &Replicas {
        const NOBODY: &Replicas = &Replicas::new();
        self.who.get(&word).unwrap_or(NOBODY)
    }
}

fn is_tie(mine: Vote, theirs: Vote) -> bool {
    mine.leader != theirs.leader && (mine.epoch, mine.zxid) == (theirs.epoch, theirs.zxid)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zookeeper_words::ensemble::Ensemble;
    use zookeeper_words::ids::Zxid;

    use super::*;
    use crate::quorum::Config;

    fn set(machines: &[u16]) -> Replicas {
        machines.iter().copied().map(MachineId).collect()
    }

    fn ensemble() -> Ensemble {
        Ensemble { voters: set(&[0, 1, 2]), observers: set(&[3, 4]), ..Ensemble::default() }
    }

    fn vote(leader: u16, zxid: u64) -> Vote {
        Vote { epoch: Epoch(1), zxid: Zxid(zxid), leader: MachineId(leader) }
    }

    fn election(me: u16, ensemble: Ensemble) -> Election {
        let joint = Joint { active: Arc::new(Config::of(ensemble)), proposed: None };
        Election::begin(vote(me, 5), 1, joint, 0)
    }

    fn told(vote: Option<Vote>, round: u64, state: PeerState) -> Notification {
        Notification { vote, round, state, ensemble: Arc::new(ensemble()) }
    }

    #[test]
    fn votes_of_voters_alone_count() {
        let mut election = election(0, ensemble());
        let looking = |vote| told(Some(vote), 1, PeerState::Looking);
        let mut check = |from: u16, vote: Vote, action: Action, wins: bool| {
            assert_eq!(election.on_notification(MachineId(from), &looking(vote), 0), action, "from {from}");
            assert_eq!(election.decide_at_ns.is_some(), wins, "from {from}");
        };
        check(3, vote(0, 5), Action::Answer, false); // Observers are told, not counted …
        check(4, vote(0, 5), Action::Answer, false);
        check(1, vote(4, 9), Action::Answer, false); // … nor voted for: who wants one gets this vote back.
        check(1, vote(0, 5), Action::None, true);
        check(2, vote(2, 7), Action::Broadcast, true); // The better vote has 2's own and this one's.
        let Action::Decide { vote: won, by } = election.on_wake(FINALIZE_WAIT_NS) else { panic!("a quorum has waited long enough") };
        assert_eq!((won, by), (vote(2, 7), vec![MachineId(0), MachineId(2)]));
    }

    #[test]
    fn who_does_not_vote_joins_whom_a_quorum_follows() {
        let mut election = election(3, ensemble());
        assert_eq!(election.vote, None);
        let mut check = |from: u16, state: PeerState, action: Action| {
            assert_eq!(election.on_notification(MachineId(from), &told(Some(vote(2, 7)), 9, state), 0), action, "from {from}");
        };
        check(0, PeerState::Looking, Action::Broadcast); // Whoever counts it is told.
        check(4, PeerState::Following, Action::None); // Another observer's word is nothing.
        check(0, PeerState::Following, Action::None);
        check(1, PeerState::Following, Action::None); // A quorum, but the leader has not said so itself.
        check(2, PeerState::Leading, Action::Decide { vote: vote(2, 7), by: [0, 1, 2].map(MachineId).into() });
    }

    #[test]
    fn who_does_not_know_that_it_votes_is_counted_by_who_does() {
        // 3 knows the first configuration only; 0 and 1 know of one in which it votes, and need it.
        let proposed = Arc::new(Config::of(Ensemble { voters: set(&[0, 1, 3, 4]), ..Ensemble::default() }));
        let mut knowing = Election::begin(vote(0, 5), 4, Joint { active: Arc::new(Config::of(ensemble())), proposed: Some(proposed) }, 0);
        let mut unaware = election(3, ensemble());
        assert_eq!(unaware.on_notification(MachineId(0), &told(knowing.vote, knowing.round, PeerState::Looking), 0), Action::Broadcast);
        assert_eq!((unaware.vote, unaware.round), (Some(vote(0, 5)), 4));
        knowing.on_notification(MachineId(1), &told(Some(vote(0, 5)), 4, PeerState::Looking), 0);
        assert_eq!(knowing.decide_at_ns, None);
        knowing.on_notification(MachineId(3), &told(unaware.vote, unaware.round, PeerState::Looking), 0);
        assert!(knowing.decide_at_ns.is_some());
    }

    #[test]
    fn who_weighs_nothing_votes_for_others() {
        let weights = BTreeMap::from([(MachineId(2), 0)]);
        let mut election = election(2, Ensemble { weights, groups: vec![set(&[0, 1, 2])], ..ensemble() });
        assert_eq!(election.vote, None);
        assert_eq!(election.on_notification(MachineId(0), &told(None, 1, PeerState::Looking), 0), Action::None); // Neither knows a candidate.
        assert_eq!(election.on_notification(MachineId(0), &told(Some(vote(0, 1)), 1, PeerState::Looking), 0), Action::Broadcast);
        assert_eq!(election.on_notification(MachineId(1), &told(None, 1, PeerState::Looking), 0), Action::Answer);
        assert_eq!(election.vote, Some(vote(0, 1)));
    }

    #[test]
    fn with_two_configurations_both_must_elect() {
        let active = Arc::new(Config::of(ensemble()));
        let proposed = Arc::new(Config::of(Ensemble { voters: set(&[0, 3, 4]), ..Ensemble::default() }));
        let mut election = Election::begin(vote(0, 5), 1, Joint { active, proposed: Some(proposed) }, 0);
        let mut check = |from: u16, wins: bool| {
            election.on_notification(MachineId(from), &told(Some(vote(0, 5)), 1, PeerState::Looking), 0);
            assert_eq!(election.decide_at_ns.is_some(), wins, "from {from}");
        };
        check(1, false); // A quorum of the old one only.
        check(3, true);
    }
}
