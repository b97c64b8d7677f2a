//! The recorded requests of Flink on the stage.

use super::*;

#[test]
fn flink_is_served_as_it_was_recorded() {
    for seed in 0..6 {
        let mut plan = plan(seed, WorkloadKind::FlinkHa, 4);
        played(&plan, STORMY_PPM);
        // A JobManager alone: what it created is there when it sets or deletes it, so nearly all succeeds, as in the recording.
        plan.settings.clients.truncate(1);
        plan.settings.clients[0].think_ms = 100;
        plan.settings.clients[0].rounds = 60;
        let stage = played(&plan, 0);
        let multis = stage.count(|fact| matches!(fact, ClientFact::Returned { result: Ok(Reply::Multi(results)), .. } if results.iter().all(Result::is_ok)));
        let stale = stage.count(|fact| matches!(fact, ClientFact::Returned { result: Err(ErrorCode::BadVersion), .. }));
        assert!(multis > 15, "{multis} checkpoints");
        assert_eq!(stale, 0, "a counter was set with a version that it never had");
        let latches =
            stage.count(|fact| matches!(fact, ClientFact::Returned { result: Ok(Reply::Created { path, .. }), .. } if path.contains("-latch-0000000000")));
        assert!(latches >= 1);
    }
}

#[test]
fn parents_that_nobody_made_are_made() {
    for seed in 0..4 {
        let mut plan = plan(seed, WorkloadKind::FlinkHa, 2);
        // The first JobManager made the parents in the recording; here it sleeps.
        plan.settings.clients[0].rounds = 0;
        let stage = played(&plan, 0);
        let mut refused: Vec<&Op> = Vec::new();
        let mut asked = BTreeMap::new();
        for (client, fact) in &stage.notes {
            match fact {
                ClientFact::Invoked { session, xid, op, .. } => {
                    refused.retain(|refused| **refused != **op);
                    asked.insert((*client, *session, *xid), op);
                }
                ClientFact::Returned { session, xid, result: Err(ErrorCode::NoNode), .. } => {
                    let op: &Op = asked[&(*client, *session, *xid)];
                    if matches!(op, Op::Create { .. }) {
                        refused.push(op);
                    }
                }
                _ => {}
            }
        }
        assert!(refused.is_empty(), "given up: {refused:?}");
        // In the recording this process' node was not the first of the election; here it is, and it finds it all the same.
        let own = |op: &Op| matches!(op, Op::GetData { path, .. } if path.contains("-latch-"));
        let read = |fact: &ClientFact| {
            let ClientFact::Returned { session, xid, result: Ok(_), .. } = fact else { return false };
            asked.get(&(1, *session, *xid)).is_some_and(|op| own(op))
        };
        assert!(stage.count(read) > 0, "seed {seed}: it never found its own node");
        let published = |fact: &ClientFact| matches!(fact, ClientFact::Returned { result: Ok(Reply::Created { path, .. }), .. } if path.contains("/leader/"));
        assert!(stage.count(published) > 1, "seed {seed}");
    }
}
