//! LeaderLatch on a stage.

use std::sync::Arc;

use vocab::service::{CreateMode, Op};

use crate::curator::latch::{Config, LeaderLatch, OnReconnect, Outcome};
use crate::curator::stage::{Cast, Stage, config};
use crate::curator::{Curator, Told, Turn};

impl Cast for LeaderLatch {
    fn on(&mut self, told: &Told, turn: &mut Turn) -> Vec<String> {
        let outcomes = LeaderLatch::on(self, told, turn).into_iter();
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

fn stage(on_reconnect: OnReconnect, tolerates_suspended: bool) -> Stage<LeaderLatch> {
    let latch = LeaderLatch::new(Config { directory: "/l".into(), id: Some(Arc::from(*b"me")), on_reconnect, tolerates_suspended, sweeps_twins: false });
    Stage::new(config(), latch)
}

#[test]
fn the_lowest_node_leads_and_the_next_watches_it() {
    let mut stage = stage(OnReconnect::Check, false);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    stage.other(Op::create("/l".into(), None, CreateMode::Persistent)).unwrap();
    stage.other(Op::create("/l/_c_x-latch-".into(), None, CreateMode::EphemeralSequential)).unwrap();
    stage.act(|latch, turn| latch.start(turn));
    check(stage.said(), "create2 /l/_c_u0-latch-; getChildren2 /l; getData /l/_c_x-latch-0000000000");
    stage.other(Op::Delete { path: "/l/_c_x-latch-0000000000".into(), version: -1 }).unwrap();
    check(stage.said(), "getChildren2 /l; getData /l/_c_u0-latch-0000000001; granted");
    let revoked = stage.act(|latch, turn| latch.close(turn));
    assert!(matches!(revoked[..], [Outcome::Revoked { .. }]));
    check(stage.said(), "delete /l/_c_u0-latch-0000000001");
}

#[test]
fn a_leader_steps_down_as_soon_as_it_is_suspended() {
    let check = |on_reconnect, tolerates, expected: &str| {
        let mut stage = stage(on_reconnect, tolerates);
        stage.act(|latch, turn| latch.start(turn));
        stage.said();
        stage.cut();
        stage.pass(1_000);
        assert_eq!(stage.said(), expected);
        assert_eq!(stage.server.paths("latch-").len(), 1);
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
    let mut stage = stage(OnReconnect::Check, false);
    stage.act(|latch, turn| latch.start(turn));
    stage.said();
    stage.reachable = false;
    stage.cut();
    stage.pass(7_000);
    stage.reachable = true;
    stage.pass(2_000);
    // Curator gave the session up, the service has not: the node is still there, and the lowest, but not of this session (CURATOR-696).
    assert_eq!(
        stage.said(),
        "SUSPENDED; revoked; LOST; RECONNECTED; getChildren2 /l; getData /l/_c_u0-latch-0000000000; delete /l/_c_u0-latch-0000000000; \
         create2 /l/_c_u1-latch-; getChildren2 /l; getData /l/_c_u1-latch-0000000001; granted"
    );
}

#[test]
fn a_latch_that_is_closed_while_its_node_is_made_leaves_none() {
    let mut stage = stage(OnReconnect::Check, false);
    stage.loses = Some(("create2", true));
    stage.other(Op::create("/l".into(), None, CreateMode::Persistent)).unwrap();
    stage.act(|latch, turn| latch.start(turn));
    stage.act(|latch, turn| latch.close(turn));
    stage.pass(2_000);
    assert_eq!(stage.said(), "create2 /l/_c_u0-latch-; lost; SUSPENDED; RECONNECTED; getChildren /l; delete /l/_c_u0-latch-0000000000");
    assert!(stage.server.paths("latch-").is_empty());
}

#[test]
fn a_directory_that_is_gone_is_made_again() {
    let mut stage = stage(OnReconnect::Check, false);
    stage.act(|latch, turn| latch.start(turn));
    stage.other(Op::Delete { path: "/l/none".into(), version: -1 }).unwrap_err();
    stage.said();
    stage.expire();
    stage.other(Op::Delete { path: "/l".into(), version: -1 }).unwrap();
    stage.pass(1_000);
    assert_eq!(
        stage.said(),
        "SUSPENDED; revoked; LOST; RECONNECTED; getChildren2 /l; delete /l/_c_u0-latch-0000000000; create2 /l/_c_u1-latch-; \
         exists /l/_c_u1-latch-; exists /l; createContainer /l; create2 /l/_c_u1-latch-; getChildren2 /l; getData /l/_c_u1-latch-0000000000; granted"
    );
}
