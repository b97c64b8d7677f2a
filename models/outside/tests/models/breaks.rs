//! For every rule on the outside tales that break it.

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::verdict::Verdict;
use outside_words::fact::OutsideFact;

use super::alone::{check_broken, ids, judge};
use super::tale::{BLOBS, LEDGER, LOG, SPLIT, aborted, appended, committed, deleted, initialised, put, read, restart, tale, wrote};

/// The tale goes on with these, and must break the rule by it.
fn check(id: &str, machine: MachineId, facts: &[OutsideFact]) {
    let mut tale = tale();
    facts.iter().for_each(|fact| tale.say(machine, fact.clone()));
    check_broken(id, &tale.recording);
}

#[test]
fn the_log() {
    let rule = "out.log-stable";
    check(rule, LOG, &[appended(4, 13)]); // A gap.
    check(rule, LOG, &[appended(2, 12)]); // Twice in a life.
    check(rule, LOG, &[OutsideFact::Fetched { split: SPLIT, offset: 2, count: 2, end: 3 }]); // More than is there.
    check(rule, LOG, &[OutsideFact::Fetched { split: SPLIT, offset: 0, count: 1, end: 2 }]); // Another end.
    let mut other = tale();
    restart(&mut other, LOG, 2);
    other.say(LOG, appended(0, 99)); // Another record under the same offset.
    check_broken(rule, &other.recording);
}

#[test]
fn fences() {
    let rule = "out.ledger-fenced";
    check(rule, LEDGER, &[wrote("t-1", 1, 2, &[9])]); // An older epoch writes.
    check(rule, LEDGER, &[initialised("t-2", 0, 1), initialised("t-2", 1, 2), committed("t-2", 0, &[])]);
    check(rule, LEDGER, &[initialised("t-1", 3, 3)]); // Two producers of one epoch.
    check(rule, LEDGER, &[initialised("t-1", 2, 3)]); // Back.
    check(rule, LEDGER, &[initialised("t-2", 1, 3)]); // The first epoch is 0.
    check(rule, LEDGER, &[wrote("t-9", 0, 0, &[9])]); // Nobody's.
    check(rule, LEDGER, &[wrote("t-1", 3, 0, &[9]), aborted("t-1", 3, true), wrote("t-1", 3, 1, &[10])]); // Given up by the ledger.
}

#[test]
fn commits() {
    let rule = "out.ledger-atomic";
    check(rule, LEDGER, &[wrote("t-1", 3, 1, &[9])]); // A gap.
    check(rule, LEDGER, &[wrote("t-1", 3, 0, &[9]), wrote("t-1", 3, 0, &[9])]); // A repetition.
    check(rule, LEDGER, &[wrote("t-1", 3, 0, &[9, 8]), committed("t-1", 3, &[9])]); // A part.
    check(rule, LEDGER, &[wrote("t-1", 3, 0, &[9, 8]), committed("t-1", 3, &[8, 9])]); // Another order.
    let rule = "out.ledger-once";
    check(rule, LEDGER, &[committed("t-0", 0, &[1, 2, 3])]); // Twice.
    check(rule, LEDGER, &[aborted("t-0", 0, false)]); // Both.
    check(rule, LEDGER, &[aborted("t-1", 3, false), wrote("t-1", 3, 0, &[9])]); // After its end.
    let mut other = tale();
    restart(&mut other, LEDGER, 2);
    // Another life tells the end of what was told before it, and not something earlier.
    other.say(LEDGER, initialised("t-7", 0, 3));
    other.say(LEDGER, committed("t-0", 0, &[1, 2, 3]));
    check_broken(rule, &other.recording);
    let mut other = tale();
    restart(&mut other, LEDGER, 2);
    // What it tells is in the middle of what was told before, and not the end.
    other.say(LEDGER, committed("t-0", 0, &[1, 2, 3]));
    check_broken(rule, &other.recording);
}

#[test]
fn blobs() {
    let rule = "out.blob-once";
    check(rule, BLOBS, &[put("b", 1), put("b", 2)]); // Another content.
    check(rule, BLOBS, &[put("b", 1), put("b", 1)]); // Twice.
    check(rule, BLOBS, &[put("a", 77)]); // A name that was deleted.
    check(rule, BLOBS, &[put("b", 1), read("b", Some(2))]); // What was not put.
    check(rule, BLOBS, &[put("b", 1), read("b", None)]); // It is lost.
    check(rule, BLOBS, &[read("a", Some(77))]); // It was deleted.
    check(rule, BLOBS, &[deleted("c")]); // It was never there.
}

#[test]
fn what_a_plan_destroys_is_waived() {
    let mut tale = tale();
    tale.happen(LEDGER, Happening::Crashed { power: true, disk_lost: true, lost_bytes: 0, lied_bytes: 0 });
    tale.happen(LEDGER, Happening::Booted { life: 2 });
    [initialised("t-0", 0, 9), wrote("t-0", 0, 0, &[7]), committed("t-0", 0, &[7])].into_iter().for_each(|fact| tale.say(LEDGER, fact));
    tale.happen(BLOBS, Happening::Wiped);
    tale.say(BLOBS, put("a", 78));
    let judgement = judge(&tale.recording);
    assert_eq!(judgement.verdict, Verdict::Holds);
    assert!(judgement.tallies["out.ledger-fenced"].waived > 0 && judgement.tallies["out.blob-once"].waived > 0);
}

#[test]
fn every_rule_on_the_outside_is_broken_by_some_tale() {
    let untried: Vec<&str> = ids().into_iter().filter(|id| !include_str!("breaks.rs").contains(&format!("\"{id}\""))).collect();
    assert_eq!(untried, Vec::<&str>::new());
}
