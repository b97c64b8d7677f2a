//! Configurations as text, as `/zookeeper/config` holds them and a reconfig names them (QuorumVerifier.toString,
//! QuorumPeerConfig.parseDynamicConfig). It reads what it is given or refuses; never a guess.
//!
//! A server's number is its machine's, and its address and ports are the machine's own: nothing else can be reached
//! here, so nothing else can be named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use contract::ids::MachineId;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::ids::Zxid;

use super::Replicas;

/// The ports of every server: quorum, election, clients.
const PORTS: (u16, u16, u16) = (2_888, 3_888, 2_181);

/// A server as a reconfig names it: who, and whether it votes.
pub type Server = (MachineId, bool);

/// The text of a configuration.
pub fn write(ensemble: &Ensemble) -> String {
    let mut text = String::new();
    let (quorum, election, clients) = PORTS;
    let mut line = |line: std::fmt::Arguments<'_>| text.write_fmt(line).expect("a string takes all that is written to it");
    for machine in ensemble.voters.union(&ensemble.observers) {
        let role = if ensemble.voters.contains(machine) { "participant" } else { "observer" };
        line(format_args!("server.{}={}:{quorum}:{election}:{role};0.0.0.0:{clients}\n", machine.0, machine.address()));
    }
    for (i, group) in ensemble.groups.iter().enumerate() {
        let members: Vec<String> = group.iter().map(|machine| machine.0.to_string()).collect();
        line(format_args!("group.{}={}\n", i + 1, members.join(":")));
    }
    if !ensemble.groups.is_empty() {
        for machine in &ensemble.voters {
            line(format_args!("weight.{}={}\n", machine.0, ensemble.weights.get(machine).copied().unwrap_or(1)));
        }
    }
    line(format_args!("version={:x}", ensemble.version.0));
    text
}

/// The configuration that `text` is: one entry a line or between commas. `None` where it makes no sense, or names a
/// server that is not among `known`.
pub fn read(text: &str, known: &Replicas) -> Option<Ensemble> {
    let mut ensemble = Ensemble::default();
    let mut groups: BTreeMap<u32, BTreeSet<MachineId>> = BTreeMap::new();
    let mut weights: BTreeMap<MachineId, u32> = BTreeMap::new();
    for entry in text.split(['\n', ',']).map(str::trim).filter(|entry| !entry.is_empty()) {
        let (key, value) = entry.split_once('=')?;
        let (kind, number) = key.split_once('.').unwrap_or((key, ""));
        match kind {
            "server" => {
                join(&mut ensemble, server(entry, known)?);
            }
            "group" => {
                let members: Vec<MachineId> = value.split(':').map(|machine| machine.parse().ok().map(MachineId)).collect::<Option<_>>()?;
                groups.insert(number.parse().ok()?, members.into_iter().collect());
            }
            "weight" => {
                weights.insert(MachineId(number.parse().ok()?), value.parse().ok()?);
            }
            "version" if number.is_empty() => ensemble.version = Zxid(u64::from_str_radix(value, 16).ok()?),
            _ => return None,
        }
    }
    let is_hierarchical = !groups.is_empty() || !weights.is_empty();
    ensemble.groups = groups.into_values().collect();
    ensemble.weights = weights.into_iter().filter(|(_, weight)| *weight != 1).collect();
    (!is_hierarchical || is_partition(&ensemble)).then_some(ensemble)
}

/// Whether groups part the voters, only voters have weights, and some weight is left.
fn is_partition(ensemble: &Ensemble) -> bool {
    let grouped: Vec<MachineId> = ensemble.groups.iter().flatten().copied().collect();
    let distinct: BTreeSet<MachineId> = grouped.iter().copied().collect();
    let weighs = |machine: &MachineId| ensemble.weights.get(machine) != Some(&0);
    grouped.len() == distinct.len()
        && distinct == ensemble.voters
        && ensemble.weights.keys().all(|machine| ensemble.voters.contains(machine))
        && distinct.iter().any(weighs)
}

/// Takes a server out of the configuration, whatever its role.
pub fn leave(ensemble: &mut Ensemble, machine: MachineId) {
    ensemble.voters.remove(&machine);
    ensemble.observers.remove(&machine);
}

/// Gives a server its role, in place of the one that it has.
pub fn join(ensemble: &mut Ensemble, (machine, votes): Server) {
    leave(ensemble, machine);
    let role = if votes { &mut ensemble.voters } else { &mut ensemble.observers };
    role.insert(machine);
}

/// One server: `server.N=host:port:port[:role];[host:]port`.
pub fn server(entry: &str, known: &Replicas) -> Option<Server> {
    let (key, value) = entry.split_once('=')?;
    let machine = MachineId(key.trim().strip_prefix("server.")?.parse().ok()?);
    let (peers, clients) = value.trim().split_once(';')?;
    let parts: Vec<&str> = peers.split(':').collect();
    let (host, quorum, election, role) = match parts[..] {
        [host, quorum, election] => (host, quorum, election, "participant"),
        [host, quorum, election, role] => (host, quorum, election, role),
        _ => return None,
    };
    let port = |text: &str| text.parse::<u16>().ok();
    let client_port = clients.rsplit_once(':').map_or(clients, |(_, port)| port);
    let (here_quorum, here_election, here_clients) = PORTS;
    let is_reachable = known.contains(&machine)
        && host == machine.address()
        && (port(quorum), port(election), port(client_port)) == (Some(here_quorum), Some(here_election), Some(here_clients));
    match role {
        "participant" if is_reachable => Some((machine, true)),
        "observer" if is_reachable => Some((machine, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(machines: &[u16]) -> Replicas {
        machines.iter().copied().map(MachineId).collect()
    }

    #[test]
    fn a_configuration_is_written_as_zookeeper_does_and_read_back() {
        let mut ensemble = Ensemble { version: Zxid(0x1_0000_000a), voters: set(&[0, 2]), observers: set(&[1]), ..Ensemble::default() };
        let text = "server.0=10.0.0.0:2888:3888:participant;0.0.0.0:2181\n\
                    server.1=10.0.0.1:2888:3888:observer;0.0.0.0:2181\n\
                    server.2=10.0.0.2:2888:3888:participant;0.0.0.0:2181\n\
                    version=10000000a";
        assert_eq!(write(&ensemble), text);
        assert_eq!(read(text, &set(&[0, 1, 2])), Some(ensemble.clone()));
        ensemble.groups = vec![set(&[0]), set(&[2])];
        ensemble.weights = BTreeMap::from([(MachineId(2), 5)]);
        let text = write(&ensemble);
        assert!(text.contains("group.1=0\ngroup.2=2\nweight.0=1\nweight.2=5\nversion="), "{text}");
        assert_eq!(read(&text, &set(&[0, 1, 2])), Some(ensemble));
    }

    #[test]
    fn a_server_is_named_by_its_own_number_address_and_ports() {
        let check = |entry: &str, found: Option<(u16, bool)>| {
            assert_eq!(server(entry, &set(&[0, 1])), found.map(|(machine, votes)| (MachineId(machine), votes)), "{entry}")
        };
        check("server.1=10.0.0.1:2888:3888:participant;0.0.0.0:2181", Some((1, true)));
        check("server.1=10.0.0.1:2888:3888;2181", Some((1, true))); // A participant, unless it says otherwise.
        check("server.1=10.0.0.1:2888:3888:observer;2181", Some((1, false)));
        check("server.1=10.0.0.1:2888:3888:observer", None); // A reconfig needs the clients' port.
        check("server.1=10.0.0.1:2888;2181", None);
        check("server.1=10.0.0.0:2888:3888;2181", None); // Another machine's address.
        check("server.2=10.0.0.2:2888:3888;2181", None); // No such replica.
        check("server.1=10.0.0.1:2888:3888:king;2181", None);
        check("server.x=10.0.0.1:2888:3888;2181", None);
        check("1=10.0.0.1:2888:3888;2181", None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let one = "server.0=10.0.0.0:2888:3888;2181";
        let check =
            |rest: &str, reads: bool| assert_eq!(read(&format!("{one},server.1=10.0.0.1:2888:3888;2181{rest}"), &set(&[0, 1])).is_some(), reads, "{rest}");
        check("", true);
        check("\n\n version=0", true);
        check(",group.1=0:1", true);
        check(",group.1=0,group.2=1,weight.1=4", true);
        check(",group.1=0", false); // 1 is in no group.
        check(",group.1=0:1,group.2=1", false); // 1 is in two.
        check(",group.1=0:1:2", false);
        check(",weight.1=4", false); // In no group.
        check(",group.1=0:1,weight.0=0,weight.1=0", false); // Nobody could decide anything.
        check(",group.1=0:1,weight.7=1", true); // ZooKeeper keeps such a weight; it says nothing here.
        check(",group.1=0:1,weight.7=2", false);
        check(",tickTime=5", false);
        check(",version=xyz", false);
        check(",nonsense", false);
    }
}
