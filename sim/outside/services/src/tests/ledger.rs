//! What the ledger answers, in tables.

use outside_words::data::{Field, Row, row};
use outside_words::fact::{LedgerError, OutsideFact};
use outside_words::ids::{AttemptId, CheckpointId, LeaderId};
use outside_words::message::{Answer, Ask, Committable};

use super::attempt;
use crate::{Core, Decision, Ledger};
use LedgerError::{Fenced, InvalidState, OutOfOrder};

const TIMEOUT_MS: u32 = 1_000;

pub(super) fn rows(numbers: std::ops::Range<i64>) -> Vec<Row> {
    numbers.map(|number| row([Field::Int(number)])).collect()
}

pub(super) fn init(txn: &str, by: u32) -> Ask {
    Ask::InitProducer { txn: txn.into(), token: 0, by: attempt(by) }
}

/// The same by an attempt of another leader, with a token.
fn init_with(token: u64, leader: u128) -> Ask {
    let by = AttemptId { leader: LeaderId(leader), ..attempt(1) };
    Ask::InitProducer { txn: "t".into(), token, by }
}

pub(super) fn write(txn: &str, epoch: u32, numbers: std::ops::Range<i64>, by: u32) -> Ask {
    Ask::Write { txn: txn.into(), epoch, at: numbers.start as u32, rows: rows(numbers), by: attempt(by) }
}

pub(super) fn commit(txn: &str, epoch: u32, by: u32) -> Ask {
    Ask::Commit { committable: Committable { txn: txn.into(), epoch, checkpoint: CheckpointId(1) }, by: attempt(by) }
}

pub(super) fn rollback(txn: &str, epoch: u32, by: u32) -> Ask {
    Ask::Rollback { txn: txn.into(), epoch, by: attempt(by) }
}

/// A ledger that was asked for these one after the other, and the answer to the last.
fn asked(asks: &[Ask]) -> (Ledger, Answer, Vec<OutsideFact>) {
    let (mut ledger, mut answer, mut facts) = (Ledger::new(TIMEOUT_MS), Answer::Done, vec![]);
    for ask in asks {
        let (told, said) = match ledger.decide(ask, 0) {
            Decision::Change(command) => ledger.apply(command),
            Decision::Answer(answer, facts) => (facts, answer),
        };
        ledger.check().expect("a ledger is consistent");
        answer = said;
        facts.extend(told);
    }
    (ledger, answer, facts)
}

fn check(asks: &[Ask], answer: Answer) {
    assert_eq!(asked(asks).1, answer, "{asks:#?}");
}

fn refused(asks: &[Ask], error: LedgerError) {
    check(asks, Answer::Refused(error));
    assert!(matches!(asked(asks).2.last(), Some(OutsideFact::LedgerRefused { error: told, .. }) if *told == error), "it is told");
}

#[test]
fn ids_are_taken_and_fence() {
    check(&[init("t", 1)], Answer::Producer { epoch: 0 });
    check(&[init("t", 1), init("t", 2)], Answer::Producer { epoch: 1 });
    check(&[init("t", 1), init("t", 1)], Answer::Producer { epoch: 0 }); // The answer was lost.
    check(&[init("t", 1), write("t", 0, 0..2, 1), init("t", 1), commit("t", 0, 1)], Answer::Done); // The repetition came late.
    check(&[init("t", 1), init("u", 2), init("u", 2)], Answer::Producer { epoch: 0 }); // Another id.
    refused(&[init("t", 1), init("t", 2), init("t", 1)], Fenced); // It took the id back from its successor.
    refused(&[init("t", 1), init("t", 2), init("u", 1)], Fenced); // It is over for good.
    refused(&[init("t", 2), init("t", 1)], Fenced); // It was on its way when the next attempt began.
    refused(&[init("t", 1), init("t", 2), write("t", 0, 0..1, 1)], Fenced);
    refused(&[init("t", 1), write("t", 0, 0..1, 1), init("t", 2), commit("t", 0, 1)], Fenced);
    refused(&[init("t", 1), init("t", 2), rollback("t", 0, 1)], Fenced);
    let mut other = attempt(2);
    other.job.0 = 2;
    let take = |by| Ask::InitProducer { txn: "t".into(), token: 0, by };
    check(&[init("t", 1), take(other), init("u", 1)], Answer::Producer { epoch: 0 }); // Another job took that one id, and no more.
    check(&[init_with(1, 8), init_with(2, 7)], Answer::Producer { epoch: 1 }); // A younger leader's.
    refused(&[init_with(2, 7), init_with(1, 8)], Fenced); // An older leader's, that was on its way.
    check(&[init_with(2, 7), init_with(2, 7)], Answer::Producer { epoch: 0 });
    check(&[init_with(0, 7), init_with(0, 8)], Answer::Producer { epoch: 1 }); // As in Kafka: whoever comes last has it.
    let aborts = asked(&[init("t", 1), write("t", 0, 0..1, 1), init("t", 2)]).2;
    assert!(
        matches!(&aborts[2..], [OutsideFact::TxnAborted { epoch: 0, timed_out: false, .. }, OutsideFact::ProducerInitialised { epoch: 1, .. }]),
        "{aborts:?}"
    );
}

#[test]
fn rows_have_places() {
    let begun = [init("t", 1), write("t", 0, 0..3, 1)];
    let then = |ask: Ask| [begun.to_vec(), vec![ask]].concat();
    check(&then(write("t", 0, 3..5, 1)), Answer::Done);
    check(&then(write("t", 0, 0..3, 1)), Answer::Done); // A repetition.
    check(&then(write("t", 0, 1..2, 1)), Answer::Done); // Of a part.
    check(&then(write("t", 0, 3..3, 1)), Answer::Done); // Nothing.
    refused(&then(write("t", 0, 4..5, 1)), OutOfOrder); // A gap.
    refused(&then(write("t", 0, 2..5, 1)), OutOfOrder); // Half a repetition.
    refused(&then(Ask::Write { txn: "t".into(), epoch: 0, at: 0, rows: rows(7..8), by: attempt(1) }), OutOfOrder); // Another row in its place.
    refused(&then(write("t", 1, 3..5, 1)), InvalidState); // An epoch that nobody was given.
    refused(&[write("t", 0, 0..1, 1)], InvalidState); // An id that nobody took.
    assert_eq!(asked(&then(write("t", 0, 0..3, 1))).2.len(), 2, "a repetition is not told");
}

#[test]
fn transactions_end_once() {
    let begun = |then: &[Ask]| [&[init("t", 1), write("t", 0, 0..3, 1)], then].concat();
    check(&begun(&[commit("t", 0, 1)]), Answer::Done);
    check(&begun(&[commit("t", 0, 1), commit("t", 0, 2)]), Answer::Done); // Whoever restores it commits it again.
    check(&begun(&[commit("t", 0, 1), init("t", 2), commit("t", 0, 2)]), Answer::Done); // Also when the id has gone on.
    check(&begun(&[rollback("t", 0, 1), rollback("t", 0, 1)]), Answer::Done);
    refused(&begun(&[rollback("t", 0, 1), commit("t", 0, 1)]), InvalidState);
    refused(&begun(&[commit("t", 0, 1), rollback("t", 0, 1)]), InvalidState);
    refused(&begun(&[commit("t", 0, 1), write("t", 0, 3..4, 1)]), InvalidState);
    refused(&begun(&[rollback("t", 0, 1), write("t", 0, 0..1, 1)]), InvalidState);
    refused(&[init("t", 1), commit("t", 0, 1)], InvalidState); // Nothing was written.
    let facts = asked(&begun(&[write("t", 0, 3..5, 1), commit("t", 0, 1), commit("t", 0, 1)])).2;
    assert_eq!(facts.last(), Some(&OutsideFact::TxnCommitted { txn: "t".into(), epoch: 0, rows: rows(0..5), by: attempt(1) }));
    assert_eq!(facts.len(), 4, "the second commit is not told");
}

#[test]
fn what_is_open_for_too_long_is_aborted_and_its_producer_fenced() {
    let (mut ledger, ..) = asked(&[init("t", 1), write("t", 0, 0..3, 1), init("u", 1)]);
    assert_eq!((ledger.due_ms(), ledger.due(999)), (Some(1_000), None));
    let (facts, _) = ledger.apply(ledger.due(1_000).expect("it is due"));
    assert_eq!(facts, [OutsideFact::TxnAborted { txn: "t".into(), epoch: 0, timed_out: true, by: None }]);
    assert_eq!(ledger.due_ms(), None, "what is not open does not end");
    let answer = |ask: &Ask| if let Decision::Answer(answer, _) = ledger.decide(ask, 1_000) { Some(answer) } else { None };
    assert_eq!(answer(&write("t", 0, 3..4, 1)), Some(Answer::Refused(Fenced)));
    assert_eq!(answer(&commit("t", 0, 1)), Some(Answer::Refused(Fenced)));
    let Decision::Change(again) = ledger.decide(&init("t", 1), 1_000) else { panic!("the same producer may begin anew") };
    assert_eq!(ledger.apply(again).1, Answer::Producer { epoch: 2 });
}

#[test]
fn upserts_are_told_row_by_row() {
    let rows: Vec<(Row, Row)> = rows(0..2).into_iter().zip(rows(5..7)).collect();
    let (_, answer, facts) = asked(&[Ask::Upsert { rows, token: 0, by: attempt(1) }]);
    assert_eq!((answer, facts.len()), (Answer::Done, 2));
}

#[test]
fn with_a_token_a_row_that_comes_late_replaces_none() {
    let put = |token: u64, number: u32| Ask::Upsert { rows: rows(0..2).into_iter().zip(rows(5..7)).collect(), token, by: attempt(number) };
    check(&[put(1, 2), put(1, 2)], Answer::Done);
    check(&[put(1, 2), put(1, 3)], Answer::Done);
    check(&[put(1, 3), put(2, 1)], Answer::Done); // A younger leader counts from 1 again.
    check(&[put(0, 3), put(0, 2)], Answer::Done); // As in a store without tokens.
    check(&[put(1, 3), put(1, 2)], Answer::Refused(Fenced));
    check(&[put(2, 1), put(1, 3)], Answer::Refused(Fenced));
}
