//! Lays what each connection received of us beside what it received of the real server. Never a comparison between
//! connections, which have no common order.

use std::collections::BTreeSet;

use zookeeper_words::ids::Zxid;

use super::log::{Entry, Said};
use super::rendering::Received;
use crate::outcome::{Disagreement, Outcome};

/// Compares connection by connection. `received` is what our connections received, by their numbers: each message with
/// the transaction that it tells of. `ends` are the transactions that ended a session.
pub fn compare(part: &[Entry], received: &[Vec<(Received, Zxid)>], ends: &BTreeSet<Zxid>) -> Outcome {
    let mut outcome = Outcome::default();
    for (conn, ours) in received.iter().enumerate() {
        let own = || part.iter().filter(|entry| entry.conn == conn);
        let mut requests = own().filter_map(|entry| if let Said::Request { text, .. } = &entry.said { Some(text) } else { None });
        let recorded: Vec<(usize, Received)> = own().filter_map(|entry| Some((entry.line, Received::recorded(&entry.said)?))).collect();
        outcome.events += recorded.iter().filter(|(_, real)| matches!(real, Received::Event { .. })).count() as u64;
        let ours = in_recorded_order(ours, &recorded, ends);
        for at in 0..recorded.len().max(ours.len()) {
            let (line, real) = recorded.get(at).map(|(line, real)| (*line, real)).unzip();
            let ours = ours.get(at);
            let request = if real.is_some_and(|real| matches!(real, Received::Reply(_))) { requests.next() } else { None };
            outcome.requests += u64::from(real.is_some_and(|real| !matches!(real, Received::Event { .. })));
            if real != ours {
                outcome.disagreements.push(Disagreement {
                    line: line.or(recorded.last().map(|(line, _)| *line)).unwrap_or(0),
                    request: request.cloned().unwrap_or_else(|| format!("what connection {} hears", conn + 1)),
                    real: describe(real),
                    ours: describe(ours),
                });
            }
        }
    }
    outcome.disagreements.sort_by_key(|disagreement| disagreement.line);
    outcome
}

fn describe(received: Option<&Received>) -> String {
    received.map_or_else(|| "nothing".into(), Received::describe)
}

/// What we received. ZooKeeper promises no order among the deletions at the end of a session: where our events of such
/// a transaction are the recorded ones in another order, they are put into the recorded order.
fn in_recorded_order(ours: &[(Received, Zxid)], recorded: &[(usize, Received)], ends: &BTreeSet<Zxid>) -> Vec<Received> {
    let mut ordered: Vec<Received> = ours.iter().map(|(received, _)| received.clone()).collect();
    let mut from = 0;
    while from < ours.len() {
        let is_of_an_end = |(received, zxid): &(Received, Zxid)| matches!(received, Received::Event { .. }) && ends.contains(zxid);
        let until = from + ours[from..].iter().take_while(|one| is_of_an_end(one)).count();
        let real: Vec<Received> = recorded.iter().skip(from).take(until - from).map(|(_, real)| real.clone()).collect();
        if sorted(&ordered[from..until]) == sorted(&real) {
            ordered.splice(from..until, real);
        }
        from = until.max(from + 1);
    }
    ordered
}

fn sorted(received: &[Received]) -> Vec<Received> {
    let mut sorted = received.to_vec();
    sorted.sort_by_key(Received::describe);
    sorted
}
