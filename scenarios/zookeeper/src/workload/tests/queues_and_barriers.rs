//! Queues and barriers on the stage.

use super::*;

#[test]
fn a_queue_gives_every_element_once() {
    calm_and_stormy(WorkloadKind::Queues, |stage, is_calm| {
        let mut queued = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for fact in stage.recipes() {
            match fact {
                RecipeFact::Queued { node } => assert!(queued.insert(node), "{node} was put in twice"),
                RecipeFact::Taken { node } => assert!(taken.insert(node), "{node} was taken twice"),
                fact => panic!("a queue says {fact:?}"),
            }
        }
        assert!(queued.len() > 30 && taken.len() > if is_calm { 30 } else { 15 }, "{} in, {} out", queued.len(), taken.len());
        if is_calm {
            let left = stage.tree.node("/queue").expect("the queue is there").children.len();
            assert_eq!(queued.len() - taken.len(), left);
            assert!(taken.is_subset(&queued));
        }
    });
}

#[test]
fn a_queue_is_emptied_from_its_head() {
    let stage = played(&plan(2, WorkloadKind::Queues, 1), 0);
    let taken = stage.recipes().filter_map(|fact| if let RecipeFact::Taken { node } = fact { sequence(node) } else { None });
    let taken: Vec<u64> = taken.collect();
    assert!(taken.len() > 10 && taken.is_sorted(), "{taken:?}");
}

/// The nodes of clients in barriers that were deleted, in the order of the deletions, by barrier.
fn departures(stage: &Stage) -> BTreeMap<String, Vec<String>> {
    let mut asked = BTreeMap::new();
    let mut gone: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (client, fact) in &stage.notes {
        match fact {
            ClientFact::Invoked { session, xid, op, .. } => {
                if let Op::Delete { path, .. } = &**op {
                    asked.insert((*client, *session, *xid), path.clone());
                }
            }
            ClientFact::Returned { session, xid, result: Ok(_), .. } => {
                if let Some((barrier, name)) = asked.get(&(*client, *session, *xid)).and_then(|path| path.rsplit_once("/p")) {
                    gone.entry(barrier.into()).or_default().push(name.into());
                }
            }
            _ => {}
        }
    }
    gone
}

#[test]
fn the_lowest_leaves_a_barrier_last() {
    for names in departures(&played(&plan(1, WorkloadKind::Barriers, 3), 0)).values() {
        assert_eq!(names.iter().min(), names.last(), "{names:?}");
    }
}

#[test]
fn a_barrier_is_passed_by_all_or_given_up() {
    let passes = std::cell::Cell::new((0, 0));
    calm_and_stormy(WorkloadKind::Barriers, |stage, is_calm| {
        let mut passed: BTreeMap<&str, u32> = BTreeMap::new();
        for fact in stage.recipes() {
            let RecipeFact::Passed { path, present } = fact else { panic!("a barrier says {fact:?}") };
            assert!(*present >= 3, "{path} was passed when {present} were there");
            *passed.entry(path).or_default() += 1;
        }
        let (calm, stormy) = passes.get();
        if is_calm {
            assert!(passed.values().all(|clients| *clients == 3), "{passed:?}");
            assert!(passed.len() > 30, "{} rounds in calm", passed.len());
            passes.set((calm + passed.len(), stormy));
        } else {
            passes.set((calm, stormy + passed.len()));
        }
    });
    assert!(passes.get().1 > 12, "under mishaps no barrier is ever passed: {:?}", passes.get());
}
