//! How a session stands, as Curator tells it. Whether what it tells is true of the service, nobody can know in time; but its order and its end are its own.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use contract::time::MILLISECOND;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::fact::ConnectionState;
use zookeeper_words::fact::ConnectionState::{Connected, Lost, Reconnected, Suspended};

use crate::Zookeeper;
use crate::clock;
use crate::evidence::Evidence;
use crate::evidence::curators::{Said, Statement};

pub const RULE: Rule<Zookeeper> = Rule {
    id: "curator.states",
    law: "CONNECTED comes first and once; SUSPENDED comes of a connection, LOST of SUSPENDED or of an expiry, RECONNECTED of one of the two and a new connection; and SUSPENDED lasts no longer than the plan's share of the session's timeout.",
    source: "Curator 5: ConnectionState, ConnectionStateManager.processEvents; CURATOR-405",
    scope: "curator",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// What rounding between two clocks may cost, in ns.
const ROUNDING_NS: u64 = 1_000_000;

/// What is known of one Curator.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    state: Option<ConnectionState>,
    timeout_ms: u32,
    /// A connection came since the last state.
    is_attached: bool,
    /// The service said that the session is no more, since the last connection.
    is_expired: bool,
    /// When SUSPENDED must be over.
    deadline_ns: Option<u64>,
    is_paused: bool,
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut standings: BTreeMap<MachineId, Standing> = BTreeMap::new();
    for Statement { note, machine, said } in &evidence.curators.statements {
        if *said == Said::Begins {
            standings.insert(*machine, Standing::default());
            continue;
        }
        let Some(standing) = standings.get_mut(machine) else { continue };
        let witness = |what: &str, before: Option<ConnectionState>| format!("{machine} at {} {what} after {before:?}", evidence.when(*note));
        let at_ns = evidence.at_ns(*note);
        match said {
            Said::Paused => {
                standing.is_paused = true;
                continue;
            }
            Said::Resumed => {
                standing.is_paused = false;
                // Who was frozen looks at its clock when it wakes.
                standing.deadline_ns = standing.deadline_ns.map(|ns| ns.max(at_ns));
                continue;
            }
            Said::Begins | Said::Attached { .. } | Said::Expired | Said::Closes | Said::Tells(_) => {}
            Said::IsShown(_) | Said::Leads { .. } | Said::Resigns | Said::Other => {}
        }
        if standing.deadline_ns.is_some_and(|ns| at_ns > ns + ROUNDING_NS) {
            finding.judge(false, || witness("has been SUSPENDED for too long", standing.state));
            standing.deadline_ns = None;
        }
        match said {
            Said::Attached { timeout_ms } => (standing.timeout_ms, standing.is_attached, standing.is_expired) = (*timeout_ms, true, false),
            Said::Expired => standing.is_expired = true,
            // It says goodbye, and tells nothing more.
            Said::Closes => drop(standings.remove(machine)),
            Said::Tells(state) => {
                finding.judge(may_follow(standing, *state), || witness(&format!("tells {state:?}"), standing.state));
                let percent = evidence.users.curator(*machine).map_or(0, |curator| curator.expiration_percent);
                let patience_ns = clock::longest(u64::from(standing.timeout_ms) * MILLISECOND * u64::from(percent) / 100);
                let is_bound = *state == Suspended && percent > 0;
                standing.deadline_ns = is_bound.then_some(at_ns + patience_ns);
                (standing.state, standing.is_attached) = (Some(*state), false);
            }
            Said::Begins | Said::Paused | Said::Resumed => {}
            Said::IsShown(_) | Said::Leads { .. } | Said::Resigns | Said::Other => {}
        }
    }
    for (machine, standing) in standings.iter().filter(|(_, standing)| !standing.is_paused) {
        let is_over = standing.deadline_ns.is_some_and(|ns| evidence.view.end_ns > ns + ROUNDING_NS);
        finding.judge(!is_over, || format!("{machine} is SUSPENDED at the end, and has been for too long"));
    }
}

fn may_follow(before: &Standing, state: ConnectionState) -> bool {
    match (before.state, state) {
        (None, Connected) | (Some(Suspended | Lost), Reconnected) => before.is_attached,
        (Some(Connected | Reconnected), Suspended) | (Some(Suspended), Lost) => true,
        (Some(Connected | Reconnected), Lost) => before.is_expired,
        (None, Suspended | Lost | Reconnected) | (Some(_), Connected) => false,
        (Some(Suspended | Lost), Suspended) | (Some(Lost), Lost) | (Some(Connected | Reconnected), Reconnected) => false,
    }
}
