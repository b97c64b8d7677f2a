//! Locks and elections on the stage.

use super::*;

/// Plays the notes of locks or elections: who holds what; says how often somebody did.
fn holds(stage: &Stage, is_calm: bool) -> usize {
    let mut holders: BTreeMap<(usize, &str), &str> = BTreeMap::new();
    let mut listed: BTreeMap<usize, &[std::sync::Arc<str>]> = BTreeMap::new();
    let mut acquired = 0;
    for (client, fact) in &stage.notes {
        match fact {
            ClientFact::Returned { result: Ok(Reply::Children { names, .. }), .. } => {
                let rounds: BTreeSet<&str> = names.iter().map(|name| &name[..name.len() - 10]).collect();
                assert_eq!(rounds.len(), names.len(), "a round has two nodes: {names:?}");
                listed.insert(*client, names);
            }
            ClientFact::Recipe(RecipeFact::Acquired { path, node }) => {
                let lowest = listed[client].iter().min_by_key(|name| sequence(name)).expect("its own node at least");
                assert_eq!(*node, format!("{path}/{lowest}"), "who holds was the lowest");
                assert!(!is_calm || holders.keys().all(|(_, held)| held != path), "{path} is held twice");
                assert_eq!(holders.insert((*client, path), node), None);
                acquired += 1;
            }
            ClientFact::Recipe(RecipeFact::Released { path, node }) => {
                assert_eq!(holders.remove(&(*client, path.as_str())), Some(node.as_str()));
            }
            ClientFact::Attached { again: false, .. } => {
                assert!(holders.keys().all(|(holder, _)| holder != client), "what a session held is held in the next one")
            }
            _ => {}
        }
    }
    assert!(holders.is_empty(), "held to the end: {holders:?}");
    acquired
}

/// No node is left in a directory, and no deletion ever woke two clients.
fn left_clean_without_a_herd(stage: &Stage, directories: &[&str]) {
    for directory in directories {
        let Some(node) = stage.tree.node(directory) else { continue };
        assert!(node.children.is_empty(), "{directory} still has {:?}", node.children);
    }
    let mut woken = BTreeSet::new();
    for (_, fact) in &stage.notes {
        let ClientFact::Watched { event, .. } = fact else { continue };
        assert_eq!(event.kind, EventKind::NodeDeleted);
        assert!(woken.insert(&event.path), "{} woke two clients", event.path);
    }
    assert!(!woken.is_empty(), "nobody ever waited");
}

#[test]
fn a_lock_has_one_holder_and_no_herd() {
    calm_and_stormy(WorkloadKind::Locks, |stage, is_calm| {
        assert!(holds(stage, is_calm) > if is_calm { 80 } else { 30 });
        left_clean_without_a_herd(stage, &["/locks/0", "/locks/1"]);
    });
}

#[test]
fn an_election_has_one_leader_and_no_herd() {
    calm_and_stormy(WorkloadKind::Elections, |stage, is_calm| {
        assert!(holds(stage, is_calm) > if is_calm { 80 } else { 30 });
        left_clean_without_a_herd(stage, &["/election/candidates"]);
    });
}

#[test]
fn a_leader_steps_back_when_detached_and_a_lock_holder_does_not() {
    let check = |workload, steps_back: bool| {
        let mut detached_holding = 0;
        for seed in 0..12 {
            let stage = played(&plan(seed, workload, 3), STORMY_PPM);
            let mut holders = BTreeSet::new();
            for (i, (client, fact)) in stage.notes.iter().enumerate() {
                match fact {
                    ClientFact::Recipe(RecipeFact::Acquired { .. }) => drop(holders.insert(*client)),
                    ClientFact::Recipe(RecipeFact::Released { .. }) => drop(holders.remove(client)),
                    ClientFact::Detached { .. } if holders.contains(client) => {
                        detached_holding += 1;
                        let next = stage.notes[i + 1..].iter().filter(|(other, _)| other == client);
                        let mut next = next.filter(|(_, fact)| !matches!(fact, ClientFact::Unknown { .. }));
                        let released = matches!(next.next(), Some((_, ClientFact::Recipe(RecipeFact::Released { .. }))));
                        assert!(released || !steps_back, "a leader without a connection leads on");
                    }
                    _ => {}
                }
            }
        }
        assert!(detached_holding > 0);
    };
    check(WorkloadKind::Elections, true);
    check(WorkloadKind::Locks, false);
}
