//! Compare and set: of those who expected one version of a node, one succeeded. Two lives of one path have versions of their own.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{Op, Reply};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;
use crate::rules::service::parts;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "x.cas",
    law: "Of all setDatas of a node that expect the same version, one at most is told that it succeeded, and it is told another version than it had expected.",
    source: "ZooKeeper programmer's guide, conditional updates; Flink: ZooKeeperCheckpointIDCounter",
    scope: "cross",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut won: BTreeMap<(&str, Position, i32), Zxid> = BTreeMap::new();
    for (request, returned) in evidence.clients.answered().filter(|(request, _)| request.op.is_write()) {
        let (Ok(reply), Some(position)) = (returned.result, evidence.chain.position(returned.zxid)) else { continue };
        let life = |path: &str| evidence.chain.changes.created(path, position);
        for (op, reply) in parts(request.op, reply) {
            let (Op::SetData { path, version, .. }, Reply::Stat(stat)) = (op, reply) else { continue };
            // A multi that makes the node again gives it two lives in one state.
            if *version == -1 || makes_again(request.op, path) {
                continue;
            }
            let before = won.insert((path, life(path), *version), returned.zxid);
            finding.judge(before.is_none() && stat.version != *version, || {
                format!(
                    "{} at {} is told that it set {path} from version {version} to {} in {}; so was somebody in {before:?}",
                    request.machine,
                    evidence.when(returned.note),
                    stat.version,
                    returned.zxid
                )
            });
        }
    }
}

fn makes_again(op: &Op, node: &str) -> bool {
    match op {
        Op::Multi(ops) => ops.iter().any(|op| matches!(op, Op::Delete { path, .. } if &**path == node)),
        _ => false,
    }
}
