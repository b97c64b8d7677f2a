//! Flink's checkpoint ids. A set whose reply was lost may cost an id, never repeat one; so the chain, which has all sets, must count up by one.

use std::collections::{BTreeMap, BTreeSet};

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::{Data, Op};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "curator.counter",
    law: "Every set of a shared counter that took effect puts one more than was there; an id is handed out once, and only when the set past it was answered well.",
    source: "Curator 5: SharedValue.trySetValue; Flink 2.3.0: ZooKeeperCheckpointIDCounter",
    scope: "curator",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

/// A set that took effect.
#[derive(Clone, Copy, Debug)]
struct Set {
    before: Option<i32>,
    after: Option<i32>,
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let counts = |machine| evidence.users.curator(machine).is_some_and(|setting| setting.counts);
    let counted: Vec<_> = evidence.clients.recipes.counted.iter().filter(|counted| counts(counted.machine)).collect();
    let paths: BTreeSet<&str> = counted.iter().map(|counted| counted.path).collect();
    let mut numbers: BTreeMap<&str, Option<i32>> = BTreeMap::new();
    let mut sets: BTreeMap<Position, Set> = BTreeMap::new();
    for (at, step) in evidence.chain.steps.iter().enumerate().filter(|(_, step)| step.is_done()) {
        match step.txn.request.op() {
            Some(Op::Create { path, data, .. }) if paths.contains(&**path) => drop(numbers.insert(path, number(data))),
            Some(Op::SetData { path, data, .. }) if paths.contains(&**path) => {
                let (before, after) = (numbers.insert(path, number(data)).flatten(), number(data));
                finding.judge(before.and_then(|before| before.checked_add(1)) == after && after.is_some(), || {
                    format!(
                        "{} of {} puts {after:?} into {path}, where {before:?} was (committed at {})",
                        step.txn.zxid,
                        step.txn.session,
                        evidence.when(step.committed)
                    )
                });
                sets.insert(at as Position + 1, Set { before, after });
            }
            _ => {}
        }
    }
    let mut given: BTreeSet<(&str, u64)> = BTreeSet::new();
    for counted in counted {
        let returned = counted.write.and_then(|write| evidence.clients.requests[write].returned);
        let set = returned.and_then(|returned| evidence.chain.position(returned.zxid)).and_then(|position| sets.get(&position));
        let is = |number: Option<i32>, word: u64| number.is_some_and(|number| u64::try_from(number) == Ok(word));
        let is_backed = set.is_some_and(|set| is(set.before, counted.from) && is(set.after, counted.to));
        finding.judge(given.insert((counted.path, counted.from)) && is_backed, || {
            format!(
                "{} at {} takes id {} of {}; its set is {set:?}, or the id was another's",
                counted.machine,
                evidence.when(counted.note),
                counted.from,
                counted.path
            )
        });
    }
}

fn number(data: &Data) -> Option<i32> {
    data.as_deref().and_then(|data| data.try_into().ok()).map(i32::from_be_bytes)
}
