//! The lawful tale of the stream engine holds, and gives every rule something to judge. Never a bent one.

use contract::verdict::Verdict;

use super::bend::{ids, judge};
use super::streams;

#[test]
fn a_lawful_tale_of_streams_holds_and_gives_every_rule_something_to_judge() {
    let judgement = judge(&streams::tale().recording);
    assert_eq!(judgement.verdict, Verdict::Holds);
    let idle: Vec<&str> = ids().into_iter().filter(|id| judgement.tallies[*id].judged == 0).collect();
    assert_eq!(idle, Vec::<&str>::new());
}
