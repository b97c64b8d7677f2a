//! What no rule may take offence at: a crash between a deed and its note, damage that the budget allows, refusals that the chain cannot show. And whatever a recording says, the judge does not panic.

use std::sync::Arc;

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::plan::Budget;
use contract::recording::{Ending, Noted};
use contract::verdict::{Judgement, Verdict};
use proptest::prelude::*;
use zookeeper_models::znode::Settings;
use zookeeper_words::fact::{ClientFact, Fact, ReplicaFact, StateDigest, SyncMode};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{CreateMode, ErrorCode, Op, Request, Transaction};
use zookeeper_words::settings::{Compat, WorkloadKind};

use super::bend::judge;
use super::lawful::tale as lawful;
use crate::tale::asks::{create, delete, exists, set};
use crate::tale::{A, B, C};
use crate::tale::{Tale, mark};

/// Two of three replicas serve, and something is committed; C has nothing.
fn begun() -> (Tale, crate::tale::Client) {
    let mut tale = Tale::new(3, &[WorkloadKind::Registers]);
    [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
    tale.lead(A, Epoch(1), &[B]);
    let mut client = tale.open(0, 0x100, A);
    tale.ask(&mut client, create("/a", CreateMode::Persistent)).expect("created");
    (tale, client)
}

/// Ends a tale well, as far as the replicas that serve are concerned.
fn judged(mut tale: Tale, client: &crate::tale::Client, absent: &[MachineId]) -> Judgement {
    for machine in absent {
        tale.happen(*machine, Happening::LeftOut { machine: *machine });
    }
    tale.finish(client);
    judge(&tale.recording)
}

fn check(what: &str, tale: Tale, client: &crate::tale::Client, absent: &[MachineId]) {
    assert_eq!(judged(tale, client, absent).verdict, Verdict::Holds, "{what}");
}

/// A replica starts on a log that ends at `last`, with no snapshot but perhaps this one.
fn recovered(tale: &mut Tale, machine: MachineId, accepted: u32, current: u32, last: Zxid, snapshot: Option<(Zxid, StateDigest)>) {
    let (accepted, current) = (Epoch(accepted), Epoch(current));
    let (applied, digest) = snapshot.unwrap_or_else(|| (Zxid::ZERO, first_digest(tale)));
    tale.say(machine, ReplicaFact::Recovered { accepted, current, snapshot: applied, last, applied, digest, torn_bytes: 0 });
}

/// The state of an ensemble that has never run.
fn first_digest(tale: &Tale) -> StateDigest {
    zookeeper_models::znode::Reference::of_ensemble(Settings::of(Compat::V3_9), &tale.recording.plan.settings.ensemble()).digest()
}

#[test]
fn a_log_may_hold_more_than_was_noted() {
    // B's disk had the proposal, and the power failed before B could say so.
    let (mut tale, mut client) = begun();
    tale.invoke(&mut client, set("/a", 1, 0));
    let zxid = tale.last().next();
    let request = Request::Op(set("/a", 1, 0));
    let txn = Transaction { zxid, session: client.session, xid: Xid(client.xid), ids: tale.ids(client.session), time_ms: 1, request, error: None };
    tale.say(A, ReplicaFact::Proposed { txn: Arc::new(txn), mark: mark(zxid) });
    tale.crash(B);
    recovered(&mut tale, B, 1, 1, zxid, None);
    check("a proposal durable and not noted", tale, &client, &[B, C]);
}

#[test]
fn a_cut_or_a_state_may_be_taken_over_and_not_noted() {
    let (mut tale, mut client) = begun();
    let kept = (tale.last(), tale.digest());
    let stray = tale.stray(&mut client, set("/a", 1, 0));
    tale.crash(A);
    tale.lead(B, Epoch(2), &[C]);
    tale.boot_with(A, stray);
    tale.say(A, ReplicaFact::Looking { round: 1, last: stray });
    tale.say(B, ReplicaFact::SyncSent { peer: A, mode: SyncMode::Trunc, peer_last: stray, to: kept.0, proposals: 0 });
    tale.crash(A);
    recovered(&mut tale, A, 2, 1, kept.0, Some(kept));
    check("a TRUNC done and not noted", tale, &client, &[A]);

    let (mut tale, client) = begun();
    let (to, digest) = (tale.last(), tale.digest());
    tale.say(C, ReplicaFact::Looking { round: 1, last: Zxid::ZERO });
    tale.say(A, ReplicaFact::SyncSent { peer: C, mode: SyncMode::Snap, peer_last: Zxid::ZERO, to, proposals: 0 });
    tale.crash(C);
    recovered(&mut tale, C, 1, 0, to, Some((to, digest)));
    check("a SNAP done and not noted", tale, &client, &[C]);
}

#[test]
fn a_lost_disk_forgets_and_is_filled_again() {
    let (mut tale, client) = begun();
    tale.join_by_snapshot(C);
    tale.happen(C, Happening::Crashed { power: true, disk_lost: true, lost_bytes: 0, lied_bytes: 0 });
    recovered(&mut tale, C, 0, 0, Zxid::ZERO, None);
    check("a lost disk", tale, &client, &[C]);
}

#[test]
fn without_a_budget_what_was_lost_is_waived_and_what_stands_is_judged() {
    let lose = |budget| {
        let (mut tale, client) = begun();
        tale.recording.plan.budget = budget;
        for replica in [A, B] {
            tale.happen(replica, Happening::Crashed { power: true, disk_lost: true, lost_bytes: 0, lied_bytes: 0 });
            recovered(&mut tale, replica, 0, 0, Zxid::ZERO, None);
        }
        judged(tale, &client, &[])
    };
    let judgement = lose(Budget::Unrestricted);
    assert_eq!(judgement.verdict, Verdict::Holds);
    assert_eq!(judgement.tallies["zab.committed-durable"].judged, 0);
    assert!(judgement.tallies["zab.committed-durable"].waived > 0);
    assert!(judgement.tallies["zab.quorum"].judged > 0, "a quorum is a quorum on any disk");
    let verdict = lose(Budget::Majority).verdict;
    assert!(matches!(&verdict, Verdict::Broken { rule, .. } if rule == "zab.committed-durable"), "{verdict:?}");
}

#[test]
fn what_a_log_held_is_delivered_when_it_is_known_to_be_committed() {
    // B had logged a transaction before it lost its leader; the leader commits it with C, and has nothing left to send to B.
    let (mut tale, mut client) = begun();
    tale.join_by_snapshot(C);
    let xid = tale.invoke(&mut client, set("/a", 1, 0));
    let from = tale.recording.notes.len();
    let outcome = tale.commit(client.session, xid, Request::Op(set("/a", 1, 0)));
    tale.reply(&client, xid, outcome);
    let delivery = tale.recording.notes[from..]
        .iter()
        .position(|note| note.machine == B && matches!(note.what, Noted::Said(Fact::Replica(ReplicaFact::Delivered { .. }))));
    let delivered = tale.recording.notes.remove(from + delivery.expect("B delivers"));
    tale.say(B, ReplicaFact::StepDown { leading: false, why: "no leader".into() });
    let last = tale.last();
    tale.say(B, ReplicaFact::Looking { round: 2, last });
    tale.say(A, ReplicaFact::SyncSent { peer: B, mode: SyncMode::Diff, peer_last: last, to: last, proposals: 0 });
    tale.adopt(B, A, Epoch(1), last);
    let Noted::Said(fact) = delivered.what else { unreachable!("a replica said it") };
    tale.say(B, fact);
    tale.say(B, ReplicaFact::Serving { epoch: Epoch(1), leader: A });
    tale.ask(&mut client, set("/a", 2, 1)).expect("set");
    check("a delivery put off until UPTODATE", tale, &client, &[]);
}

#[test]
fn refusals_that_the_chain_cannot_show() {
    let (mut tale, mut client) = begun();
    let session = client.session;
    tale.say(A, ReplicaFact::SessionExpired { session, silent_ms: 0, timeout_ms: 4_000, ordered: true });
    // Refused before it was proposed, and told so.
    for op in [delete("/a"), exists("/a", false)] {
        let xid = tale.invoke(&mut client, op);
        tale.reply(&client, xid, Err(ErrorCode::SessionExpired));
    }
    check("a refusal", tale, &client, &[C]);
    // A client that asks twice for its end, of which the second is an error.
    let (mut tale, mut client) = begun();
    tale.ask(&mut client, Op::CloseSession).expect("closed");
    tale.ask(&mut client, Op::CloseSession).expect_err("closed already");
    check("a second goodbye", tale, &client, &[C]);
}

#[test]
fn a_session_that_no_client_heard_of() {
    let (mut tale, client) = begun();
    tale.commit(SessionId(0x900), Xid(0), Request::CreateSession { timeout_ms: 4_000 }).expect("opened");
    tale.expire(SessionId(0x900));
    check("a lost ConnectResponse", tale, &client, &[C]);
}

#[test]
fn an_unknown_write_may_take_effect_late_or_never() {
    let (mut tale, mut client) = begun();
    let late = tale.invoke(&mut client, set("/a", 1, 0));
    tale.say(client.machine, ClientFact::Unknown { session: client.session, xid: late });
    tale.move_to(&mut client, B);
    tale.ask(&mut client, exists("/a", false)).expect("there");
    tale.commit(client.session, late, Request::Op(set("/a", 1, 0))).expect("set");
    let never = tale.invoke(&mut client, set("/a", 2, -1));
    tale.say(client.machine, ClientFact::Unknown { session: client.session, xid: never });
    check("unknown outcomes", tale, &client, &[C]);
}

#[test]
fn a_crash_is_told_before_anything_else() {
    let mut tale = lawful();
    tale.recording.notes.truncate(40);
    tale.recording.ending = Ending::Crashed { machine: B, place: "src/a.rs:1:2".into(), message: "boom".into() };
    let judgement = judge(&tale.recording);
    assert_eq!(judgement.verdict, Verdict::Crashed { place: "machine 1, src/a.rs:1:2".into(), message: "boom".into() });
}

proptest! {
    #[test]
    fn the_judge_has_a_verdict_on_everything(cuts in prop::collection::vec((0usize..1_000, 0usize..1_000, 0u8..3), 1..40), replicas in 0u16..5, which in any::<bool>()) {
        let mut tale = if which { lawful() } else { super::guarded::tale() };
        tale.recording.plan.settings.cluster.replicas = replicas;
        let notes = &mut tale.recording.notes;
        for (a, b, how) in cuts {
            let (a, b) = (a % notes.len(), b % notes.len());
            match how {
                0 => { notes.remove(a); }
                1 => notes.swap(a, b),
                _ => { let note = notes[a].clone(); notes.insert(b, note); }
            }
        }
        let judgement = judge(&tale.recording);
        prop_assert_eq!(judgement.tallies.len(), super::bend::ids().len());
        prop_assert_eq!(&judge(&tale.recording), &judgement);
    }
}
