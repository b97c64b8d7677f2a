//! Guests: machines of a containing system that use the service by their Curators are held to the same rules as its own clients, by their own settings.

use contract::verdict::Verdict;
use judging::View;
use zookeeper_models::Evidence;
use zookeeper_models::evidence::users::{CuratorSetting, Guest};
use zookeeper_words::fact::{ClientFact, ConnectionState};
use zookeeper_words::ids::Epoch;

use super::bend::{broken_with, judge_with};
use crate::tale::{A, B, C, Tale};

/// A service that has no clients of its own, and a guest behind its replicas; the guest is SUSPENDED for so long.
fn tale(suspended_ms: u64) -> Tale {
    let mut tale = Tale::new(3, &[]);
    [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
    tale.lead(A, Epoch(1), &[B, C]);
    let machine = tale.client_machine(0);
    tale.say(machine, ClientFact::Started);
    let mut guest = tale.open(0, 0x100, A);
    tale.say(machine, ClientFact::Connection(ConnectionState::Connected));
    tale.say(machine, ClientFact::Connection(ConnectionState::Suspended));
    tale.wait(suspended_ms);
    tale.move_to(&mut guest, B);
    tale.say(machine, ClientFact::Connection(ConnectionState::Reconnected));
    tale
}

fn guest(tale: &Tale, session_timeout_ms: u32, expiration_percent: u32) -> Guest {
    let curator = CuratorSetting { expiration_percent, tolerates_suspended: false, retries: 3, has_latch: true, counts: false };
    Guest { machine: tale.client_machine(0), session_timeout_ms, curator }
}

#[test]
fn a_guest_is_held_to_its_own_settings() {
    let check = |suspended_ms, session_timeout_ms, percent, expected: &[&str]| {
        let tale = tale(suspended_ms);
        let guests = [guest(&tale, session_timeout_ms, percent)];
        assert_eq!(broken_with(&tale.recording, &guests), expected, "{suspended_ms} ms, {session_timeout_ms} ms, {percent} %");
    };
    check(4_000, 4_000, 100, &[]);
    check(4_000, 5_000, 100, &["service.session-timeout"]); // It was told 4 s.
    check(5_010, 4_000, 100, &["curator.states"]); // No clock is slow enough for that.
    check(5_010, 4_000, 200, &[]);
    check(5_010, 4_000, 0, &[]); // It waits for the service's word.
}

#[test]
fn nobody_is_a_guest_who_is_not_named() {
    let tale = tale(10_000);
    assert_eq!(broken_with(&tale.recording, &[]), ["service.session-timeout"]);
    let judgement = judge_with(&tale.recording, &[guest(&tale, 4_000, 0)]);
    assert_eq!(judgement.verdict, Verdict::Holds);
    assert!(judgement.tallies["curator.states"].judged > 0);
    let evidence = Evidence::read(View::of(&tale.recording));
    assert!(evidence.users.curator(tale.client_machine(0)).is_none() && evidence.users.get(A).is_none());
}
