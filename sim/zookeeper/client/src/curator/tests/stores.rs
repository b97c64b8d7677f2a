//! Flink's store of state handles on a bench.

use std::sync::Arc;

use zookeeper_words::fact::Belief;
use zookeeper_words::service::{CreateMode, ErrorCode, Op};

use crate::curator::bench::{Bench, Recipe, config};
use crate::curator::store::{AddAndLock, Fence, GetAllAndLock, GetAndLock, ReleaseAll, ReleaseAndTryRemove, StateHandleStore, is_before_commit};
use crate::curator::{CallError, Config, Notice, RecipeContext, RetryPolicy, Uuid};

/// An operation at work, or none.
enum Work {
    None,
    Add(AddAndLock),
    Get(GetAndLock),
    All(GetAllAndLock),
    Remove(ReleaseAndTryRemove),
    Release(ReleaseAll),
}

impl Recipe for Work {
    fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<String> {
        let word = match self {
            Work::None => None,
            Work::Add(add) => add.on(notice, context).map(|added| format!("{added:?}")),
            Work::Get(get) => get.on(notice, context).map(|got| format!("{got:?}")),
            Work::All(all) => all.on(notice, context).map(|all| format!("{all:?}")),
            Work::Remove(remove) => remove.on(notice, context).map(|removed| format!("{removed:?}")),
            Work::Release(release) => release.on(notice, context).then(|| "released".into()),
        };
        word.into_iter().collect()
    }
}

fn store(lock: u128) -> StateHandleStore {
    StateHandleStore { root: "/cp".into(), lock: Uuid(lock << 64 | 0x4000 << 64), fence: Fence::None }
}

fn bench(config: Config) -> Bench<Work> {
    let mut bench = Bench::new(config, Work::None);
    bench.other(Op::create("/cp".into(), None, CreateMode::Persistent)).unwrap();
    bench
}

fn add(bench: &mut Bench<Work>, store: &StateHandleStore, name: &str) {
    bench.act(|work, context| *work = Work::Add(AddAndLock::start(store, name, Some(Arc::from(*b"h")), context)));
}

fn remove(bench: &mut Bench<Work>, store: &StateHandleStore, name: &str) {
    bench.act(|work, context| *work = Work::Remove(ReleaseAndTryRemove::start(store, name, context)));
}

#[test]
fn a_handle_is_added_locked_read_and_removed() {
    let mut bench = bench(config());
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    add(&mut bench, &store(0), "8");
    check(bench.said(), "exists /cp/8; multi /cp/8; Added");
    assert_eq!(bench.server.paths("/cp/8").len(), 3);
    add(&mut bench, &store(0), "8");
    check(bench.said(), "exists /cp/8; Exists");
    bench.act(|work, context| *work = Work::All(GetAllAndLock::start(&store(1), context)));
    check(bench.said(), "exists /cp; getChildren2 /cp; create2 /cp/8/locks/u0; getData /cp/8; exists /cp; All({\"8\": Some([104])})");
    // Two have locked it: the first to go leaves it to the other.
    remove(&mut bench, &store(0), "8");
    check(bench.said(), "getData /cp/8; delete /cp/8/locks/u1; delete /cp/8/locks; StillLocked");
    remove(&mut bench, &store(1), "8");
    check(bench.said(), "getData /cp/8; delete /cp/8/locks/u0; delete /cp/8/locks; delete /cp/8; Removed { data: Some(Some([104])) }");
    bench.act(|work, context| *work = Work::Get(GetAndLock::start(&store(1), "8", context)));
    check(bench.said(), "create2 /cp/8/locks/u0; Missing");
}

#[test]
fn what_flink_concludes_when_a_transactions_reply_is_lost() {
    let check = |retry: RetryPolicy, applied: bool, added: &str, belief: Belief, nodes: usize| {
        let mut bench = bench(Config { retry, ..config() });
        bench.loses = Some(("multi", applied));
        add(&mut bench, &store(0), "8");
        bench.pass(3_000);
        let said = bench.said();
        assert!(said.split("; ").any(|word| word == added), "{said}");
        assert_eq!(bench.beliefs(), [belief], "{said}");
        assert_eq!(bench.server.paths("/cp/8").len(), nodes);
    };
    let again = RetryPolicy::Times { retries: 3, sleep_ms: 500 };
    check(again, false, "Added", Belief::Applied, 3);
    check(again, true, "Assumed", Belief::Assumed, 3); // FLINK-24543: to discard the handle here would lose a checkpoint.
    check(RetryPolicy::ONCE, false, "Inconsistent(ConnectionLoss)", Belief::Undecided, 0);
    check(RetryPolicy::ONCE, true, "Inconsistent(ConnectionLoss)", Belief::Undecided, 3);
}

#[test]
fn a_deposed_leaders_transaction_is_replayed_in_a_new_session_unless_it_is_fenced() {
    let check = |fence: Option<&str>, added: &str, nodes: usize| {
        let mut bench = bench(config());
        let store = StateHandleStore { fence: fence.map_or(Fence::None, |path| Fence::Additions(path.into())), ..store(0) };
        let latch = Op::create("/latch".into(), None, CreateMode::Ephemeral);
        bench.act(|_, context| context.call(latch));
        (bench.loses, bench.reachable) = (Some(("multi", false)), false);
        add(&mut bench, &store, "8");
        // The link is down for longer than the session lives (zk_protocol.md, section 4).
        bench.pass(3_000);
        bench.expire();
        bench.pass(4_000);
        bench.reachable = true;
        bench.pass(3_000);
        let said = bench.said();
        assert!(said.contains("LOST; RECONNECTED; multi") && said.ends_with(added), "{said}");
        assert_eq!(bench.server.paths("/cp/8").len(), nodes);
    };
    check(None, "Added", 3);
    check(Some("/latch"), "Fenced", 0);
}

#[test]
fn a_node_without_locks_is_a_leftover_and_makes_room() {
    let mut bench = bench(config());
    bench.other(Op::create("/cp/8".into(), None, CreateMode::Persistent)).unwrap();
    add(&mut bench, &store(0), "8");
    assert_eq!(bench.said(), "exists /cp/8; getData /cp/8; delete /cp/8/locks/u0; delete /cp/8/locks; delete /cp/8; multi /cp/8; Added");
}

#[test]
fn only_a_refusal_before_the_commit_lets_a_handle_be_discarded() {
    let check = |error: CallError, before: bool| assert_eq!(is_before_commit(error), before, "{error:?}");
    check(CallError::ConnectionLoss, false);
    check(CallError::Closed, false);
    check(CallError::Refused(ErrorCode::SessionExpired), false);
    check(CallError::Refused(ErrorCode::NoNode), true);
    check(CallError::Refused(ErrorCode::BadVersion), true);
    check(CallError::Refused(ErrorCode::SessionMoved), true);
    check(CallError::AuthFailed, true);
}

#[test]
fn a_fence_around_everything_stops_a_deposed_leaders_removal_at_its_first_delete() {
    let check = |deposed: bool, said: &str, nodes: usize| {
        let mut bench = bench(config());
        bench.other(Op::create("/latch".into(), None, CreateMode::Persistent)).unwrap();
        let store = StateHandleStore { fence: Fence::Everything("/latch".into()), ..store(0) };
        add(&mut bench, &store, "8");
        if deposed {
            bench.other(Op::Delete { path: "/latch".into(), version: -1 }).unwrap();
        }
        bench.said();
        bench.act(|work, context| *work = Work::Remove(ReleaseAndTryRemove::start(&store, "8", context)));
        let heard = bench.said();
        assert!(heard.contains(said), "{heard}");
        assert_eq!(bench.server.paths("/cp/8").len(), nodes);
    };
    check(false, "Removed {", 0);
    check(true, "Failed(Fenced)", 3);
}

#[test]
fn all_locks_are_let_go_of_and_behind_a_fence_none_comes_late() {
    let check = |fence: Fence, said: &str| {
        let mut bench = bench(config());
        bench.other(Op::create("/latch-0000000003".into(), None, CreateMode::Persistent)).unwrap();
        let store = StateHandleStore { fence, ..store(0) };
        for name in ["8", "9"] {
            add(&mut bench, &store, name);
        }
        bench.said();
        bench.act(|work, context| *work = Work::Release(ReleaseAll::start(&store, context)));
        assert_eq!(bench.said(), said);
        // A create that was on its way, or is sent again, comes now.
        let late = store.fence.guard(Op::create(format!("/cp/8/locks/{}", store.lock).as_str().into(), None, CreateMode::Ephemeral));
        assert_eq!(bench.other(late).is_ok_and(|_| bench.server.paths("/cp/8").len() == 3), store.fence == Fence::None, "{:?}", bench.server.paths("/cp"));
    };
    let pass = "delete /cp/9/locks/u0; delete /cp/8/locks/u0; getChildren2 /cp; delete /cp/9/locks/u0; delete /cp/8/locks/u0; released";
    check(Fence::None, &format!("getChildren2 /cp; {pass}"));
    check(Fence::Everything("/latch-0000000003".into()), &format!("delete /latch-0000000003; getChildren2 /cp; {pass}"));
}
