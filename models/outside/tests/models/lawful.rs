//! The lawful tale of the outside holds, and gives every rule something to judge.

use contract::recording::Noted;
use contract::verdict::Verdict;

use super::alone::{ids, judge};
use super::tale::tale;

#[test]
fn a_lawful_tale_holds_and_gives_every_rule_something_to_judge() {
    let judgement = judge(&tale().recording);
    assert_eq!(judgement.verdict, Verdict::Holds);
    let idle: Vec<&str> = ids().into_iter().filter(|id| judgement.tallies[*id].judged == 0).collect();
    assert_eq!(idle, Vec::<&str>::new());
}

#[test]
fn rules_on_the_outside_need_its_word() {
    let mut tale = tale();
    tale.recording.notes.retain(|note| matches!(note.what, Noted::World(_)));
    let judgement = judge(&tale.recording);
    let judged: Vec<&str> = ids().into_iter().filter(|id| judgement.tallies[*id].judged > 0).collect();
    assert_eq!(judged, Vec::<&str>::new());
}
