//! Commit before delivery: nobody applies what no leader has committed yet. It compares moments, so it sees a replica that runs ahead even of what is committed later.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.commit-before-delivery",
    law: "A server delivers a transaction only after a leader had committed it, and recovers or takes over no state that was not committed.",
    source: "Zab (DSN 2011), section 4, phase 3: followers deliver on COMMIT",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let replication = &evidence.replication;
    // All prefixes of what was committed in the end, by their lengths.
    let mut prefixes = vec![History::EMPTY; replication.histories.length(replication.committed) as usize + 1];
    let mut history = replication.committed;
    for prefix in prefixes.iter_mut().rev() {
        *prefix = history;
        history = replication.histories.parent(history);
    }
    let delivered = replication.deliveries.iter().map(|delivery| (delivery.note, delivery.machine, delivery.history, "delivers"));
    let recovered = replication.recoveries.iter().filter_map(|recovery| Some((recovery.note, recovery.machine, recovery.applied?, "recovers a tree with")));
    let installed = replication.cuts.iter().filter(|cut| cut.whole_state).filter_map(|cut| Some((cut.note, cut.machine, cut.after?, "takes over a tree with")));
    for (note, machine, history, does) in delivered.chain(recovered).chain(installed).filter(|(_, _, history, _)| *history != History::EMPTY) {
        let length = replication.histories.length(history) as usize;
        let committed = replication.committed_at.get(length).filter(|_| prefixes.get(length) == Some(&history));
        finding.judge(committed.is_some_and(|committed| *committed < note), || {
            let name = replication.histories.name(history);
            let when = committed.map_or_else(|| "never committed".to_owned(), |note| format!("committed at {}", evidence.when(*note)));
            format!("{machine} at {} {does} {name}, which is {when}", evidence.when(note))
        });
    }
}
