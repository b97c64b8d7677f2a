//! What a plan must satisfy beyond its shape. Each flaw names its place in the file and what to do; nothing is mended in silence.

use super::{Moment, Plan, Shape, Target, What, When};
use crate::ids::MachineId;

/// The most replicas that a plan may have.
const REPLICAS_MAX: u16 = 101;
/// The most observers that a plan may have.
const OBSERVERS_MAX: u16 = 100;
/// The most machines that a plan may have: link state grows with their square.
const MACHINES_MAX: usize = 2_000;
/// The largest drift of a clock in parts per million; beyond it no timeout means anything.
const DRIFT_PPM_MAX: u32 = 200_000;

/// Something in a plan that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where: table keys and array indexes, from the outside in.
    pub at: Vec<String>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Plan {
    /// Says what cannot be run, the first flaw first.
    pub fn check(&self) -> Result<(), Flaw> {
        let flaw = |at: &[&str], what: String, remedy: &str| Err(Flaw { at: at.iter().map(ToString::to_string).collect(), what, remedy: remedy.into() });
        let replicas = self.cluster.replicas;
        if replicas == 0 || replicas > REPLICAS_MAX || replicas.is_multiple_of(2) {
            return flaw(&["cluster", "replicas"], format!("{replicas} replicas"), "give an odd number from 1 to 101");
        }
        if self.cluster.observers > OBSERVERS_MAX {
            return flaw(&["cluster", "observers"], format!("{} observers", self.cluster.observers), "give at most 100");
        }
        if self.clients.len() + usize::from(self.replicas()) > MACHINES_MAX {
            return flaw(&["clients"], format!("{} clients", self.clients.len()), "give at most 2000 machines in all");
        }
        // Who is there must be sound before anybody is named.
        self.check_stream()?;
        let coordination = &self.coordination;
        for (key, value) in [
            ("tick_ms", coordination.tick_ms),
            ("init_limit", coordination.init_limit),
            ("sync_limit", coordination.sync_limit),
            ("snap_count", coordination.snap_count),
            ("snap_retain", coordination.snap_retain),
            ("snap_chunk", coordination.snap_chunk),
            ("commit_log_count", coordination.commit_log_count),
        ] {
            if value == 0 {
                return flaw(&["coordination", key], format!("{key} is 0"), "give at least 1");
            }
        }
        let weather = &self.weather;
        check_chances(&["weather", "link"], &weather.link.chances())?;
        check_chances(&["weather", "disk"], &[("tail_ppm", weather.disk.tail_ppm)])?;
        for (i, link) in weather.links.iter().enumerate() {
            let i = i.to_string();
            self.exists(link.from, &["weather", "links", &i, "from"])?;
            self.exists(link.to, &["weather", "links", &i, "to"])?;
            check_chances(&["weather", "links", &i, "weather"], &link.weather.chances())?;
        }
        for (i, clock) in weather.clocks.iter().enumerate() {
            let i = i.to_string();
            self.exists(clock.machine, &["weather", "clocks", &i, "machine"])?;
            if clock.drift_ppm.unsigned_abs() > DRIFT_PPM_MAX {
                return flaw(&["weather", "clocks", &i, "drift_ppm"], format!("a drift of {} ppm", clock.drift_ppm), "stay within -200000 and 200000");
            }
        }
        self.check_spans()?;
        for machine in &self.heal.absent {
            self.exists(*machine, &["heal", "absent"])?;
        }
        self.check_quorums()?;
        self.check_local()?;
        for (i, fault) in self.faults.iter().enumerate() {
            self.check_fault(&i.to_string(), fault)?;
        }
        Ok(())
    }

    fn check_fault(&self, i: &str, fault: &super::Fault) -> Result<(), Flaw> {
        let flaw = |at: &str, what: String, remedy: &str| Err(Flaw { at: vec!["faults".into(), i.into(), at.into()], what, remedy: remedy.into() });
        for machine in fault.what.machines() {
            self.exists(machine, &["faults", i, "what"])?;
        }
        match &fault.when {
            When::At { .. } => {
                if fault.what.targets().iter().any(|target| matches!(target, Target::Subject | Target::Peer)) {
                    return flaw(
                        "what",
                        "a fault at a time hits no subject or peer".into(),
                        "name the machine, or let the fault wait for an event with `when = { on = … }`",
                    );
                }
            }
            When::On { machine, nth, moment, .. } => {
                if let Some(machine) = machine {
                    self.exists(*machine, &["faults", i, "when"])?;
                }
                if *nth == 0 {
                    return flaw("when", "nth is 0".into(), "count from 1");
                }
                if matches!(moment, Moment::Append | Moment::Sync) && fault.what.targets().contains(&Target::Peer) {
                    return flaw("what", "a disk operation has no peer".into(), "hit the subject, or name the machine");
                }
            }
        }
        match &fault.what {
            What::Partition { shape: Shape::Ring(ring), .. } if ring.order.len() < 4 => {
                flaw("what", format!("a ring of {}", ring.order.len()), "give at least four machines: in a smaller ring all are neighbours")
            }
            What::ClockDrift { ppm, .. } if ppm.unsigned_abs() > DRIFT_PPM_MAX => {
                flaw("what", format!("a drift of {ppm} ppm"), "stay within -200000 and 200000")
            }
            _ => Ok(()),
        }
    }

    fn exists(&self, machine: MachineId, at: &[&str]) -> Result<(), Flaw> {
        if machine.0 < self.machines() {
            return Ok(());
        }
        let engine = self
            .stream
            .as_ref()
            .map_or(String::new(), |stream| format!(", then {} masters, {} workers, the log, the ledger and the blob store", stream.masters, stream.workers));
        let (last, replicas, clients) = (self.machines() - 1, self.replicas(), self.clients.len());
        Err(Flaw {
            at: at.iter().map(ToString::to_string).collect(),
            what: format!("{machine} does not exist"),
            remedy: format!("this plan has machines 0 to {last}: {replicas} replicas, then {clients} clients{engine}"),
        })
    }
}

/// Chances are out of a million.
fn check_chances(at: &[&str], chances: &[(&str, u32)]) -> Result<(), Flaw> {
    match chances.iter().find(|(_, ppm)| *ppm > 1_000_000) {
        None => Ok(()),
        Some((key, ppm)) => {
            let at = at.iter().chain([key]).map(ToString::to_string).collect();
            Err(Flaw { at, what: format!("{ppm} in a million"), remedy: "give at most 1000000".into() })
        }
    }
}
