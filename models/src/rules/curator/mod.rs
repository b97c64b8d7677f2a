//! Curator: what its recipes promise to an application, and Flink's upon them. What they do not promise, and do not keep in real life either, is counted by probes and never judged here.

pub mod states;
pub mod latch_exclusive;
pub mod protected_once;
pub mod counter;
pub mod cache;
pub mod retries;

use vocab::fact::{ClientFact, Fact};
use vocab::happening::Happening;
use vocab::ids::MachineId;
use vocab::plan::{CuratorPlan, WorkloadKind};

use crate::case::Case;

/// How a machine's Curator is set up, and what is built upon it.
#[derive(Clone, Copy, Debug)]
struct Setting {
    /// How much of the session's timeout it waits before it gives the session up, in percent.
    expiration_percent: u32,
    /// Whether its latch leads on while the connection is away.
    tolerates_suspended: bool,
    /// How often it retries a call.
    retries: u32,
    /// It has a latch.
    has_latch: bool,
    /// It hands out numbers of a shared counter, by sets that stand alone.
    counts: bool,
}

/// How much of a session's timeout masters and workers wait, in percent: Curator's default (simulatedSessionExpirationPercent).
const EXPIRATION_PERCENT: u32 = 100;

/// The setting of a machine that has Curator: a client, or a master or worker of the stream engine.
fn setting_of(case: &Case<'_>, machine: MachineId) -> Option<Setting> {
    let plan = &case.recording.plan;
    let nth = machine.index().checked_sub(usize::from(plan.replicas()))?;
    if let Some(client) = plan.clients.get(nth) {
        let (has_latch, counts) = match client.workload {
            WorkloadKind::CuratorLatches | WorkloadKind::Handles => (true, false),
            workload => (false, workload == WorkloadKind::CuratorCounters),
        };
        let CuratorPlan { expiration_percent, tolerates_suspended, retries, .. } = client.curator;
        return client.workload.has_curator().then_some(Setting { expiration_percent, tolerates_suspended, retries, has_latch, counts });
    }
    let (stream, machines) = plan.stream.as_ref().zip(plan.stream_machines())?;
    let is_master = machines.masters().any(|master| master == machine);
    let is_one = is_master || machines.workers().any(|worker| worker == machine);
    let (tolerates_suspended, retries) = (stream.ha.tolerates_suspended, stream.ha.retries);
    is_one.then_some(Setting { expiration_percent: EXPIRATION_PERCENT, tolerates_suspended, retries, has_latch: is_master, counts: false })
}

/// Whether a machine's process, or its Curator, begins anew: what the one before believed is nobody's any more.
fn begins_anew(fact: &Fact) -> bool {
    match fact {
        Fact::World(Happening::Booted { .. } | Happening::Crashed { .. } | Happening::Exited { .. }) | Fact::Client(ClientFact::Started) => true,
        Fact::World(_) | Fact::Client(_) | Fact::Replica(_) | Fact::Stream(_) => false,
    }
}
