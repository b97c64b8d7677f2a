//! Observers are silent: who does not vote is not counted, neither for a leader nor for a commit, and an observer acknowledges no transaction. It asks who was counted, never whether that was enough.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "config.observer-silent",
    law: "Whoever is counted for an election, an initial history or a commit votes in a configuration that decides on it; and no observer acknowledges a transaction.",
    source: "ZOOKEEPER-764, 769, 2959; FastLeaderElection.java, validVoter; Leader.java, addAck",
    scope: "config",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let replication = &evidence.replication;
    let numbers = |machines: &[contract::ids::MachineId]| machines.iter().map(|machine| machine.0).collect::<Vec<_>>();
    for commit in replication.commits.iter().filter(|commit| commit.history.is_some()) {
        finding.judge(commit.strangers.is_empty(), || {
            let what = if commit.establishes { "its initial history up to" } else { "the proposal" };
            let (counted, strangers) = (numbers(commit.quorum), numbers(&commit.strangers));
            format!("{} at {} counts {counted:?} for {what} {}, of which {strangers:?} do not vote", commit.machine, evidence.when(commit.note), commit.zxid)
        });
    }
    for election in &replication.elections {
        finding.judge(election.strangers.is_empty(), || {
            let (counted, strangers) = (numbers(election.by), numbers(&election.strangers));
            format!("{} at {} counts the votes of {counted:?}, of which {strangers:?} do not vote", election.machine, evidence.when(election.note))
        });
    }
    for (note, machine, zxid) in &replication.observers_acks {
        finding.judge(false, || format!("{machine} at {} acknowledges {zxid}, and is an observer", evidence.when(*note)));
    }
}
