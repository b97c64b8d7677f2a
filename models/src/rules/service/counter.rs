//! A counter loses no step. Steps whose outcome their client never learned are in the chain all the same, so the steps between two known ones are counted there.

use std::collections::BTreeMap;

use vocab::ids::MachineId;
use vocab::plan::WorkloadKind;
use vocab::service::EventKind;

use crate::case::Case;
use crate::case::clients::Counted;
use crate::case::course::Position;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.counter",
    law: "Between two confirmed steps of a counter, from a to b and from c to d, c is b plus the number of writes committed between them.",
    source: "ZooKeeper recipes, shared counter by version; reference semantics, section 3",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let replicas = usize::from(case.recording.plan.replicas());
    let counts = |machine: MachineId| {
        let plan = machine.index().checked_sub(replicas).and_then(|client| case.recording.plan.clients.get(client));
        plan.is_some_and(|plan| plan.workload == WorkloadKind::Counters)
    };
    let mut steps: BTreeMap<&str, Vec<(Position, &Counted<'_>)>> = BTreeMap::new();
    for counted in &case.clients.counted {
        let returned = counted.write.and_then(|write| case.clients.requests[write].returned);
        match returned.and_then(|returned| case.course.position(returned.zxid)) {
            Some(position) => steps.entry(counted.path).or_default().push((position, counted)),
            None => finding.waive(),
        }
    }
    for (path, mut steps) in steps {
        steps.sort_unstable_by_key(|(position, _)| *position);
        for pair in steps.windows(2) {
            let ((first, a), (second, b)) = (pair[0], pair[1]);
            let between = case.course.changes.data_between(path, first, second);
            // Whoever else writes there, or deletes it, is no counter.
            let counted = |(position, kind): &(Position, EventKind)| {
                let txn = case.course.steps[*position as usize - 1].txn;
                *kind == EventKind::NodeDataChanged && case.clients.find(txn.session, txn.xid).is_some_and(|request| counts(request.machine))
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
                    case.course.zxid(first),
                    between.len(),
                    b.from,
                    b.to,
                    case.course.zxid(second),
                    b.machine,
                    case.when(b.note)
                )
            });
        }
    }
}
