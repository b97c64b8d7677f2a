//! What no rule on Curator may take offence at, and what is counted as waived: nodes that no search could see, twins that a search may leave, leaders that have no fence, what a cache overlooks.

use contract::verdict::Verdict;
use zookeeper_words::fact::{Belief, Mirror, RecipeFact, RequestId};
use zookeeper_words::ids::Xid;
use zookeeper_words::service::{CreateMode, Op};

use super::bend::judge;
use super::curators::{LATCH, begun, conclude, lose, mirror, search, take_effect};
use crate::tale::asks::{children, create, created, delete, get};
use crate::tale::{Client, Tale};

/// Ends a tale: it holds, and this rule has waived so many times.
fn check(what: &str, id: &str, waived: u64, mut tale: Tale, clients: [&Client; 3]) {
    clients.into_iter().for_each(|client| tale.finish(client));
    let judgement = judge(&tale.recording);
    assert_eq!(judgement.verdict, Verdict::Holds, "{what}");
    assert_eq!(judgement.tallies[id].waived, waived, "{what}");
}

fn node() -> Op {
    create(LATCH, CreateMode::EphemeralSequential)
}

#[test]
fn what_a_search_cannot_see_may_stay() {
    for lists in [false, true] {
        let (mut tale, mut one, two, three) = begun();
        tale.ask(&mut one, create("/latch", CreateMode::Persistent)).expect("created");
        let lost = lose(&mut tale, &mut one, node());
        conclude(&mut tale, &one, LATCH, lost, Belief::NotApplied);
        search(&mut tale, &mut one);
        take_effect(&mut tale, lost, node());
        if lists {
            // It looks at the row for another reason, and not for this node.
            tale.ask(&mut one, children("/latch", false)).expect("read");
        }
        check("a create that was on its way", "curator.protected-once", 1, tale, [&one, &two, &three]);
    }
}

#[test]
fn a_search_takes_one_of_two() {
    let (mut tale, mut one, two, three) = begun();
    tale.ask(&mut one, create("/latch", CreateMode::Persistent)).expect("created");
    let first = lose(&mut tale, &mut one, node());
    search(&mut tale, &mut one);
    let again = lose(&mut tale, &mut one, node());
    tale.retried(&one, first, again);
    conclude(&mut tale, &one, LATCH, first, Belief::NotApplied);
    take_effect(&mut tale, first, node());
    take_effect(&mut tale, again, node());
    search(&mut tale, &mut one);
    tale.ask(&mut one, delete(&format!("{LATCH}0000000000"))).expect("deleted");
    check("a twin", "curator.protected-once", 2, tale, [&one, &two, &three]);
}

#[test]
fn a_fence_holds_off_none_but_the_fenced() {
    let fenced = || Op::Multi(vec![Op::Check { path: "/".into(), version: -1 }, create("/handle", CreateMode::Persistent)]);
    let (mut tale, mut one, mut two, three) = begun();
    created(tale.ask(&mut one, create("/handle", CreateMode::Persistent)));
    tale.ask(&mut two, fenced()).expect("its parts failed");
    let first = RequestId { session: two.session, xid: Xid(two.xid) };
    conclude(&mut tale, &two, "/handle", first, Belief::Assumed);
    check("another's work", "x.retry-idempotent", 1, tale, [&one, &two, &three]);
}

#[test]
fn a_cache_overlooks_what_it_was_not_told() {
    // The list is lost in all its tries; or it came, but for an earlier copy; or it came and the read of what it named is lost.
    for (lost, listed, anew) in [(children("/cache", false), false, false), (children("/cache", false), true, true), (get("/cache/x", false), true, false)] {
        let (mut tale, one, mut two, mut three) = begun();
        tale.ask(&mut two, create("/cache", CreateMode::Persistent)).expect("created");
        let set = tale.last();
        tale.ask(&mut two, create("/cache/x", CreateMode::Persistent)).expect("created");
        tale.ask(&mut two, create("/cache/x/y", CreateMode::Persistent)).expect("created");
        tale.ask(&mut three, get("/cache", false)).expect("read");
        if listed {
            tale.ask(&mut three, children("/cache", false)).expect("read");
        }
        if anew {
            tale.recipe(&three, RecipeFact::Mirrored(Mirror { root: "/cache".into(), tree: true, nodes: vec![], settled: false }));
            tale.ask(&mut three, get("/cache", false)).expect("read");
        }
        lose(&mut tale, &mut three, lost);
        mirror(&mut tale, &mut three, set);
        check("a request that was lost", "curator.cache", 2, tale, [&one, &two, &three]);
    }
}
