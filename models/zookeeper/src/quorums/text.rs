//! Configurations as ZooKeeper writes them into `/zookeeper/config`, and as a reconfig may name them. A server can be reached only at its machine's own address, by ZooKeeper's usual ports.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use zookeeper_words::ensemble::Ensemble;

use super::Set;

/// The content of `/zookeeper/config`: servers, then groups and weights where there are groups, then the version in hexadecimal.
pub fn text(ensemble: &Ensemble) -> String {
    let mut lines: Vec<String> =
        super::known(ensemble).into_iter().map(|machine| format!("server.{}={}", machine.0, address(machine, ensemble.voters.contains(&machine)))).collect();
    for (nth, group) in (1..).zip(&ensemble.groups) {
        lines.push(format!("group.{nth}={}", group.iter().map(|machine| machine.0.to_string()).collect::<Vec<_>>().join(":")));
    }
    if !ensemble.groups.is_empty() {
        lines.extend(ensemble.voters.iter().map(|machine| format!("weight.{}={}", machine.0, ensemble.weights.get(machine).unwrap_or(&1))));
    }
    lines.push(format!("version={:x}", ensemble.version.0));
    lines.join("\n")
}

fn address(machine: MachineId, votes: bool) -> String {
    format!("{}:2888:3888:{};0.0.0.0:2181", machine.address(), if votes { "participant" } else { "observer" })
}

/// Puts one server into a configuration, in its new role.
pub fn join(ensemble: &mut Ensemble, entry: &str, known: &Set) -> Option<()> {
    let (key, value) = entry.split_once('=')?;
    let number = key.trim().strip_prefix("server.")?;
    let machine = MachineId(number.parse().ok()?);
    let value = value.trim();
    // The role may be left out, and so may the address that clients are served at.
    let of_role = |votes: bool| {
        let whole = address(machine, votes);
        let (peers, _) = whole.split_once(';').unwrap_or_default();
        let bare = peers.trim_end_matches(":participant");
        let named = value.split_once(';').is_some_and(|(given, clients)| {
            (given == peers || given == bare) && (clients == "2181" || clients.rsplit_once(':').is_some_and(|(_, port)| port == "2181"))
        });
        named && known.contains(&machine)
    };
    let votes = of_role(true);
    if !votes && !of_role(false) {
        return None;
    }
    ensemble.voters.remove(&machine);
    ensemble.observers.remove(&machine);
    if votes {
        ensemble.voters.insert(machine)
    } else {
        ensemble.observers.insert(machine)
    };
    Some(())
}

/// A whole configuration, its entries on lines or between commas; the version that it may carry is not its own.
pub fn read(entries: &str, known: &Set) -> Option<Ensemble> {
    let mut ensemble = Ensemble::default();
    let (mut groups, mut weights) = (BTreeMap::new(), BTreeMap::new());
    for entry in entries.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
        let (key, value) = entry.split_once('=')?;
        if let Some(number) = key.strip_prefix("group.") {
            let members: Option<Set> = value.split(':').map(|number| number.parse().ok().map(MachineId)).collect();
            groups.insert(number.parse::<u32>().ok()?, members?);
        } else if let Some(number) = key.strip_prefix("weight.") {
            weights.insert(MachineId(number.parse().ok()?), value.parse::<u32>().ok()?);
        } else if key == "version" {
            u64::from_str_radix(value, 16).ok()?;
        } else {
            join(&mut ensemble, entry, known)?;
        }
    }
    if groups.is_empty() && weights.is_empty() {
        return Some(ensemble);
    }
    ensemble.groups = groups.into_values().collect();
    ensemble.weights = weights.into_iter().filter(|(_, weight)| *weight != 1).collect();
    let all: Set = ensemble.groups.iter().flatten().copied().collect();
    let is_partition = ensemble.groups.iter().map(Set::len).sum::<usize>() == all.len() && all == ensemble.voters;
    let is_weighed = ensemble.weights.keys().all(|machine| all.contains(machine)) && all.iter().any(|machine| ensemble.weights.get(machine) != Some(&0));
    (is_partition && is_weighed).then_some(ensemble)
}
