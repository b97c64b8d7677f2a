//! Observers are silent: who does not vote is not counted, neither for a leader nor for a commit, and an observer acknowledges no transaction. It asks who was counted, never whether that was enough.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "config.observer-silent",
    law: "Whoever is counted for an election, an initial history or a commit votes in a configuration that decides on it; and no observer acknowledges a transaction.",
    source: "ZOOKEEPER-764, 769, 2959; FastLeaderElection.java, validVoter; Leader.java, addAck",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let ensemble = &case.ensemble;
    let numbers = |machines: &[vocab::ids::MachineId]| machines.iter().map(|machine| machine.0).collect::<Vec<_>>();
    for commit in ensemble.commits.iter().filter(|commit| commit.history.is_some()) {
        finding.judge(commit.strangers.is_empty(), || {
            let what = if commit.establishes { "its initial history up to" } else { "the proposal" };
            let (counted, strangers) = (numbers(commit.quorum), numbers(&commit.strangers));
            format!("{} at {} counts {counted:?} for {what} {}, of which {strangers:?} do not vote", commit.machine, case.when(commit.note), commit.zxid)
        });
    }
    for election in &ensemble.elections {
        finding.judge(election.strangers.is_empty(), || {
            let (counted, strangers) = (numbers(election.by), numbers(&election.strangers));
            format!("{} at {} counts the votes of {counted:?}, of which {strangers:?} do not vote", election.machine, case.when(election.note))
        });
    }
    for (note, machine, zxid) in &ensemble.observers_acks {
        finding.judge(false, || format!("{machine} at {} acknowledges {zxid}, and is an observer", case.when(*note)));
    }
}
