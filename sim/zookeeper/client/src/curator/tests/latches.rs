//! LeaderLatch on a bench.

use std::sync::Arc;

use zookeeper_words::service::{CreateMode, Op};

use crate::curator::bench::{Bench, Recipe, config};
use crate::curator::latch::{Config, LeaderLatch, OnReconnect, Outcome};
use crate::curator::{Curator, Notice, RecipeContext};

impl Recipe for LeaderLatch {
    fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<String> {
        let outcomes = LeaderLatch::on(self, notice, context).into_iter();
        outcomes
            .map(|outcome| match outcome {
                Outcome::Granted { .. } => "granted".into(),
                Outcome::Revoked { .. } => "revoked".into(),
            })
            .collect()
    }

    fn check(&self, curator: &Curator) -> Result<(), String> {
        LeaderLatch::check(self, curator)
    }
}

fn bench(on_reconnect: OnReconnect, tolerates_suspended: bool) -> Bench<LeaderLatch> {
    let latch = LeaderLatch::new(Config { directory: "/l".into(), id: Some(Arc::from(*b"me")), on_reconnect, tolerates_suspended, sweeps_twins: false });
    Bench::new(config(), latch)
}

#[test]
fn the_lowest_node_leads_and_the_next_watches_it() {
    let mut bench = bench(OnReconnect::Check, false);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.other(Op::create("/l".into(), None, CreateMode::Persistent)).unwrap();
    bench.other(Op::create("/l/_c_x-latch-".into(), None, CreateMode::EphemeralSequential)).unwrap();
    bench.act(|latch, context| latch.start(context));
    check(bench.said(), "create2 /l/_c_u0-latch-; getChildren2 /l; getData /l/_c_x-latch-0000000000");
    bench.other(Op::Delete { path: "/l/_c_x-latch-0000000000".into(), version: -1 }).unwrap();
    check(bench.said(), "getChildren2 /l; getData /l/_c_u0-latch-0000000001; granted");
    let revoked = bench.act(|latch, context| latch.close(context));
    assert!(matches!(revoked[..], [Outcome::Revoked { .. }]));
    check(bench.said(), "delete /l/_c_u0-latch-0000000001");
}

#[test]
fn a_leader_steps_down_as_soon_as_it_is_suspended() {
    let check = |on_reconnect, tolerates, expected: &str| {
        let mut bench = bench(on_reconnect, tolerates);
        bench.act(|latch, context| latch.start(context));
        bench.said();
        bench.cut();
        bench.pass(1_000);
        assert_eq!(bench.said(), expected);
        assert_eq!(bench.server.paths("latch-").len(), 1);
    };
    check(OnReconnect::Check, false, "SUSPENDED; revoked; RECONNECTED; getChildren2 /l; getData /l/_c_u0-latch-0000000000; granted");
    check(OnReconnect::Check, true, "SUSPENDED; RECONNECTED; getChildren2 /l; getData /l/_c_u0-latch-0000000000");
    check(
        OnReconnect::Reset,
        false,
        "SUSPENDED; revoked; RECONNECTED; delete /l/_c_u0-latch-0000000000; create2 /l/_c_u1-latch-; getChildren2 /l; \
         getData /l/_c_u1-latch-0000000001; granted",
    );
}

#[test]
fn a_node_of_a_session_that_is_over_does_not_lead() {
    let mut bench = bench(OnReconnect::Check, false);
    bench.act(|latch, context| latch.start(context));
    bench.said();
    bench.reachable = false;
    bench.cut();
    bench.pass(7_000);
    bench.reachable = true;
    bench.pass(2_000);
    // Curator gave the session up, the service has not: the node is still there, and the lowest, but not of this
    // session (CURATOR-696).
    assert_eq!(
        bench.said(),
        "SUSPENDED; revoked; LOST; RECONNECTED; getChildren2 /l; getData /l/_c_u0-latch-0000000000; delete /l/_c_u0-latch-0000000000; \
         create2 /l/_c_u1-latch-; getChildren2 /l; getData /l/_c_u1-latch-0000000001; granted"
    );
}

#[test]
fn a_latch_that_is_closed_while_its_node_is_made_leaves_none() {
    let mut bench = bench(OnReconnect::Check, false);
    bench.loses = Some(("create2", true));
    bench.other(Op::create("/l".into(), None, CreateMode::Persistent)).unwrap();
    bench.act(|latch, context| latch.start(context));
    bench.act(|latch, context| latch.close(context));
    bench.pass(2_000);
    assert_eq!(bench.said(), "create2 /l/_c_u0-latch-; lost; SUSPENDED; RECONNECTED; getChildren /l; delete /l/_c_u0-latch-0000000000");
    assert!(bench.server.paths("latch-").is_empty());
}

#[test]
fn a_directory_that_is_gone_is_made_again() {
    let mut bench = bench(OnReconnect::Check, false);
    bench.act(|latch, context| latch.start(context));
    bench.other(Op::Delete { path: "/l/none".into(), version: -1 }).unwrap_err();
    bench.said();
    bench.expire();
    bench.other(Op::Delete { path: "/l".into(), version: -1 }).unwrap();
    bench.pass(1_000);
    assert_eq!(
        bench.said(),
        "SUSPENDED; revoked; LOST; RECONNECTED; getChildren2 /l; delete /l/_c_u0-latch-0000000000; create2 /l/_c_u1-latch-; \
         exists /l/_c_u1-latch-; exists /l; createContainer /l; create2 /l/_c_u1-latch-; getChildren2 /l; getData /l/_c_u1-latch-0000000000; granted"
    );
}
