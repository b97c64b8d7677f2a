//! Curator: what its recipes promise to an application, and Flink's upon them. What they do not promise, and do not keep in real life either, is counted by probes and never judged here.

pub mod states;
pub mod latch_exclusive;
pub mod protected_once;
pub mod counter;
pub mod cache;

use vocab::fact::{ClientFact, Fact};
use vocab::happening::Happening;
use vocab::ids::MachineId;
use vocab::plan::ClientPlan;

use crate::case::Case;

/// The plan of a client that has Curator.
fn plan_of<'r>(case: &Case<'r>, machine: MachineId) -> Option<&'r ClientPlan> {
    let plan = &case.recording.plan;
    let client = plan.clients.get(machine.index().checked_sub(usize::from(plan.replicas()))?)?;
    client.workload.has_curator().then_some(client)
}

/// Whether a machine's process, or its Curator, begins anew: what the one before believed is nobody's any more.
fn begins_anew(fact: &Fact) -> bool {
    match fact {
        Fact::World(Happening::Booted { .. } | Happening::Crashed { .. } | Happening::Exited { .. }) | Fact::Client(ClientFact::Started) => true,
        Fact::World(_) | Fact::Client(_) | Fact::Replica(_) | Fact::Stream(_) => false,
    }
}
