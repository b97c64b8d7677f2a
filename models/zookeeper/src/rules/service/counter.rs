//! A counter loses no step. Steps whose outcome their client never learned are in the chain all the same, so the steps between two known ones are counted there.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::EventKind;
use zookeeper_words::settings::WorkloadKind;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;
use crate::evidence::clients::recipes::Counted;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.counter",
    law: "Between two confirmed steps of a counter, from a to b and from c to d, c is b plus the number of writes committed between them.",
    source: "ZooKeeper recipes, shared counter by version",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let counts = |machine: MachineId| evidence.users.get(machine).is_some_and(|user| user.workload == Some(WorkloadKind::Counters));
    let mut steps: BTreeMap<&str, Vec<(Position, &Counted<'_>)>> = BTreeMap::new();
    for counted in &evidence.clients.recipes.counted {
        let returned = counted.write.and_then(|write| evidence.clients.requests[write].returned);
        match returned.and_then(|returned| evidence.chain.position(returned.zxid)) {
            Some(position) => steps.entry(counted.path).or_default().push((position, counted)),
            None => finding.waive(),
        }
    }
    for (path, mut steps) in steps {
        steps.sort_unstable_by_key(|(position, _)| *position);
        for pair in steps.windows(2) {
            let ((first, a), (second, b)) = (pair[0], pair[1]);
            let between = evidence.chain.changes.data_between(path, first, second);
            // Whoever else writes there, or deletes it, is no counter.
            let counted = |(position, kind): &(Position, EventKind)| {
                let txn = evidence.chain.steps[*position as usize - 1].txn;
                *kind == EventKind::NodeDataChanged && evidence.clients.find(txn.session, txn.xid).is_some_and(|request| counts(request.machine))
            };
            if !between.iter().all(counted) {
                finding.waive();
                continue;
            }
            finding.judge(b.from == a.to + between.len() as u64, || {
                format!(
                    "{path} went from {} to {} in {}, then {} other writes, then from {} to {} in {} by {} at {}",
                    a.from,
                    a.to,
                    evidence.chain.zxid(first),
                    between.len(),
                    b.from,
                    b.to,
                    evidence.chain.zxid(second),
                    b.machine,
                    evidence.when(b.note)
                )
            });
        }
    }
}
