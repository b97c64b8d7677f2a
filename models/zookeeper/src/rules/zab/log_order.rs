//! Logs rise without a gap: within an epoch by one, and each epoch from one. It judges the order of numbers, never what they stand for.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.log-order",
    law: "In every log, and in what a leader proposes, a transaction follows the one before it in its epoch, or is the first of a higher epoch.",
    source: "Zab (DSN 2011), section 2: zxids are (epoch, counter); ZOOKEEPER-1277, 2418, 4925",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    let logged = evidence.replication.logged.iter().map(|logged| (logged.note, logged.machine, logged.before, logged.history, "logs"));
    let proposed = evidence.replication.proposals.iter().map(|proposal| (proposal.note, proposal.machine, proposal.before, proposal.history, "proposes"));
    for (note, machine, before, history, does) in logged.chain(proposed) {
        let (before, zxid) = (histories.last(before), histories.last(history));
        let next = if zxid.epoch() == before.epoch() { zxid.counter() == before.counter().wrapping_add(1) } else { zxid.counter() == 1 };
        finding.judge(zxid > before && next, || format!("{machine} at {} {does} {zxid} after {before}", evidence.when(note)));
    }
}
