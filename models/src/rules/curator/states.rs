//! How a session stands, as Curator tells it. Whether what it tells is true of the service, nobody can know in time; but its order and its end are its own.

use std::collections::BTreeMap;

use vocab::fact::ConnectionState::{self, Connected, Lost, Reconnected, Suspended};
use vocab::fact::{ClientFact, Fact};
use vocab::happening::Happening;
use vocab::ids::MachineId;
use vocab::service::Op;

use super::{begins_anew, setting_of};
use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "curator.states",
    law: "CONNECTED comes first and once; SUSPENDED comes of a connection, LOST of SUSPENDED or of an expiry, RECONNECTED of one of the two and a new connection; and SUSPENDED lasts no longer than the plan's share of the session's timeout.",
    source: "Curator 5: ConnectionState, ConnectionStateManager.processEvents; CURATOR-405; catalogue, HA-SUSPEND",
    footing: Footing::Firm,
    check,
};

/// What a timeout takes at most by the world's time, in percent: by the slowest clock that a plan may have, 20 % behind.
const SLOWEST_CLOCK_PERCENT: u64 = 125;
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

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut standings: BTreeMap<MachineId, Standing> = BTreeMap::new();
    for (at, note) in case.recording.notes.iter().enumerate() {
        let Some(setting) = setting_of(case, note.machine) else { continue };
        let said = |what: &str, before: Option<ConnectionState>| format!("{} at {} {what} after {before:?}", note.machine, case.when(at as u32));
        if begins_anew(&note.fact) {
            standings.insert(note.machine, Standing::default());
            continue;
        }
        let Some(standing) = standings.get_mut(&note.machine) else { continue };
        match &note.fact {
            Fact::World(Happening::Paused) => standing.is_paused = true,
            Fact::World(Happening::Resumed { .. }) => {
                standing.is_paused = false;
                // Who was frozen looks at its clock when it wakes.
                standing.deadline_ns = standing.deadline_ns.map(|ns| ns.max(note.at_ns));
            }
            Fact::World(_) | Fact::Replica(_) | Fact::Stream(_) => {}
            Fact::Client(fact) => {
                if standing.deadline_ns.is_some_and(|ns| note.at_ns > ns + ROUNDING_NS) {
                    finding.judge(false, || said("has been SUSPENDED for too long", standing.state));
                    standing.deadline_ns = None;
                }
                match fact {
                    ClientFact::Attached { timeout_ms, .. } => {
                        (standing.timeout_ms, standing.is_attached, standing.is_expired) = (*timeout_ms, true, false);
                    }
                    ClientFact::Expired { .. } => standing.is_expired = true,
                    // It says goodbye, and tells nothing more.
                    ClientFact::Invoked { op, .. } if **op == Op::CloseSession => drop(standings.remove(&note.machine)),
                    ClientFact::Connection(state) => {
                        finding.judge(may_follow(standing, *state), || said(&format!("tells {state:?}"), standing.state));
                        let patience_ns = u64::from(standing.timeout_ms) * u64::from(setting.expiration_percent) * 10_000 * SLOWEST_CLOCK_PERCENT / 100;
                        let is_bound = *state == Suspended && setting.expiration_percent > 0;
                        standing.deadline_ns = is_bound.then_some(note.at_ns + patience_ns);
                        (standing.state, standing.is_attached) = (Some(*state), false);
                    }
                    _ => {}
                }
            }
        }
    }
    for (machine, standing) in standings.iter().filter(|(_, standing)| !standing.is_paused) {
        let is_over = standing.deadline_ns.is_some_and(|ns| case.recording.end_ns > ns + ROUNDING_NS);
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
