//! A replica that looks for a leader, or is asked by one that does: it tells its votes, and joins whom an election
//! finds. How votes are counted is `election`'s, how they travel is `votes`'s.

use contract::ids::{ConnId, MachineId};
use contract::time::Now;
use zookeeper_words::fact::ReplicaFact;
use zookeeper_words::ids::Epoch;
use zookeeper_words::message::{Message, Notification, PeerState, Vote};

use super::election::{Action, Election};
use super::{Role, Zab, own_vote};
use crate::Out;
use crate::replica::Core;

impl Zab {
    /// A new round of elections begins.
    pub(super) fn look_for_leader(&mut self, core: &mut Core, now: Now, out: &mut Out) {
        self.round += 1;
        out.note(ReplicaFact::Looking { round: self.round, last: core.store.last });
        core.await_readers(now);
        let joint = core.succession.joint().clone();
        self.role = Role::Looking(Box::new(Election::begin(own_vote(core), self.round, joint, now.mono_ns)));
        self.act(Action::Broadcast, core, now, out);
    }

    /// A vote came. Answers go back on the stream that asked: one of this replica's own to there may be half dead
    /// without its knowing.
    pub(super) fn on_vote(&mut self, conn: ConnId, from: MachineId, notification: &Notification, core: &mut Core, now: Now, out: &mut Out) {
        let (state, epoch) = match &mut self.role {
            Role::Looking(election) => {
                let before = core.configured();
                if core.succession.hear(&notification.ensemble) {
                    // Another configuration is in force than the one that this election counts by: it begins anew.
                    core.note_configured(Some(before), out);
                    core.dismiss_readers(out);
                    self.role = Role::Settling;
                    return;
                }
                match election.on_notification(from, notification, now.mono_ns) {
                    // What comes on a stream of this replica's own is an answer, and an answer is not answered: two
                    // that count each other differently would never stop.
                    Action::Answer if !self.accepted.contains_key(&conn) => {}
                    Action::Answer => {
                        let (vote, round) = (election.vote, election.round);
                        out.send(conn, Message::Vote(notify(vote, round, PeerState::Looking, core)));
                    }
                    action => self.act(action, core, now, out),
                }
                return;
            }
            Role::Settling => return,
            Role::Leading(leader) => (PeerState::Leading, leader.epoch),
            Role::Following(learner) => (PeerState::Following, learner.epoch),
        };
        if notification.state == PeerState::Looking {
            // Once adopted, the new epoch is what a joiner must hear from a quorum, not the one in the vote
            // (ZOOKEEPER-1732).
            let is_adopted = epoch > Epoch(0) && core.store.current == epoch;
            let epoch = if is_adopted { epoch } else { self.vote.epoch };
            out.send(conn, Message::Vote(notify(Some(Vote { epoch, ..self.vote }), self.round, state, core)));
        }
    }

    /// Does what the election asks for.
    pub(super) fn act(&mut self, action: Action, core: &mut Core, now: Now, out: &mut Out) {
        let Role::Looking(election) = &self.role else { return };
        self.round = election.round;
        match action {
            Action::None | Action::Answer => {}
            Action::Broadcast => {
                let notification = notify(election.vote, election.round, PeerState::Looking, core);
                for to in election.voters().into_iter().filter(|to| *to != core.config.me) {
                    self.links.send(to, notification.clone(), out);
                }
            }
            Action::Decide { vote, by } => {
                let Vote { epoch, zxid, leader } = vote;
                out.note(ReplicaFact::Elected { round: election.round, leader, epoch, zxid, tie: election.tie, by });
                self.vote = vote;
                self.join(leader, core, now, out);
            }
        }
    }
}

fn notify(vote: Option<Vote>, round: u64, state: PeerState, core: &Core) -> Notification {
    Notification { vote, round, state, ensemble: core.succession.joint().active.ensemble.clone() }
}
