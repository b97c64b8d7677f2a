//! How far the service is with what a plan wants: every client has finished, one replica leads, and all serve one
//! state. Asked of any world that contains its machines; never of what they did.

use contract::ids::MachineId;
use contract::process::Process;
use harness::system::{taking_part, told};
use world::World;
use zookeeper_words::fact::StateDigest;
use zookeeper_words::ids::Zxid;

/// How far a machine is with what the plan wants of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A replica.
    Replica {
        /// It leads.
        leads: bool,
        /// The state that it serves, if it does.
        served: Option<(Zxid, StateDigest)>,
    },
    /// A client.
    Client {
        /// It has done all that the plan wants of it.
        finished: bool,
    },
    /// A machine of a containing system, which must be up; and what is to be told of it if something waits for it: `a
    /// master, is not done`.
    Other(Option<&'static str>),
}

/// Whether all machines that take part are up, every client has finished, one replica leads, and all replicas serve one
/// state. A leader that was left out at the heal is still followed for a while.
pub fn is_done<P: Process>(world: &World<P>, standing: impl Fn(&P) -> Standing) -> bool {
    let standing = |machine| world.process(machine).map(&standing);
    let mut first = None;
    taking_part(world).any(|machine| matches!(standing(machine), Some(Standing::Replica { leads: true, .. })))
        && taking_part(world).all(|machine| match standing(machine) {
            None | Some(Standing::Replica { served: None, .. }) => false,
            Some(Standing::Replica { served: Some(state), .. }) => *first.get_or_insert(state) == state,
            Some(Standing::Client { finished }) => finished,
            Some(Standing::Other(_)) => true,
        })
}

/// What is not done, a line each: machines that are down, clients that are at work, replicas that are out of service or
/// not where the others are.
pub fn waiting<P: Process>(world: &World<P>, standing: impl Fn(&P) -> Standing) -> Vec<String> {
    let standing = |machine| world.process(machine).map(|process| (standing(process), process));
    let first = taking_part(world).find_map(|machine| match standing(machine) {
        Some((Standing::Replica { served, .. }, _)) => served,
        Some((Standing::Client { .. } | Standing::Other(_), _)) | None => None,
    });
    let line = |machine: MachineId| {
        let Some((standing, process)) = standing(machine) else { return Some(format!("{machine} is down")) };
        let waits = match standing {
            Standing::Client { finished: true } => None,
            Standing::Client { finished: false } => Some("a client, is not finished"),
            Standing::Replica { served: None, .. } => Some("a replica, does not serve"),
            Standing::Replica { served, .. } if served != first => Some("a replica, is not at the state of the first that serves"),
            Standing::Replica { .. } => None,
            Standing::Other(waits) => waits,
        };
        waits.map(|waits| format!("{machine}, {waits}: {}", told(&process.look())))
    };
    taking_part(world).filter_map(line).collect()
}
