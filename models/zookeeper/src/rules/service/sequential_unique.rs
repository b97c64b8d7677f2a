//! A sequence number is given once. A parent that was deleted and made again begins a sequence of its own.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{Op, Reply};

use super::parts;
use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;
use crate::znode::path;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.sequential-unique",
    law: "No two sequential creates under one parent get the same number, and each gets the name that it asked for with the number after it.",
    source: "ZooKeeper programmer's guide, sequence nodes; ZOOKEEPER-3249, 1624",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

/// A sequence number has at least so many digits.
const DIGITS: usize = 10;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut given: BTreeMap<(&str, Position, &str), Zxid> = BTreeMap::new();
    for (request, returned) in evidence.clients.answered() {
        let Ok(reply) = returned.result else { continue };
        let Some(position) = evidence.chain.position(returned.zxid) else { continue };
        for (op, reply) in parts(request.op, reply) {
            let (Op::Create { path: asked, mode, .. }, Reply::Created { path, .. }) = (op, reply) else { continue };
            if !mode.is_sequential() {
                continue;
            }
            let number = path.strip_prefix(&**asked).filter(|number| number.len() >= DIGITS && number.bytes().all(|byte| byte.is_ascii_digit()));
            let parent = path::parent(path).unwrap_or("/");
            let before = number.and_then(|number| given.insert((parent, evidence.chain.changes.created(parent, position), number), returned.zxid));
            finding.judge(number.is_some() && before.is_none(), || {
                format!("{} at {} is given {path} for {asked} in {}; given before in {before:?}", request.machine, evidence.when(returned.note), returned.zxid)
            });
        }
    }
}
