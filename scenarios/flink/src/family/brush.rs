//! What the brush knows of the stream engine: its machines, and how patient they are. Never what a class of faults
//! consists of.

use contract::fault::{Target, When};
use contract::ids::MachineId;
use flink_words::settings::StreamPlan;
use zookeeper_scenarios::family::moment::Scene;

use super::Brush;

/// The brush over a plan with an engine.
pub(super) trait EngineBrush {
    /// The engine's part of the plan.
    fn stream(&self) -> &StreamPlan;

    /// The masters' machines.
    fn masters(&self) -> Vec<MachineId>;

    /// The workers' machines.
    fn workers(&self) -> Vec<MachineId>;

    /// The machines of the log, the ledger and the blob store.
    fn outsiders(&self) -> Vec<MachineId>;

    /// Some master.
    fn master(&mut self) -> MachineId;

    /// Some worker.
    fn worker(&mut self) -> MachineId;

    /// A worker, or now and then a master.
    fn worker_or_master(&mut self) -> MachineId;

    /// The log, the ledger or the blob store: more often one of those that are written to.
    fn outsider(&mut self) -> MachineId;

    /// The session timeout of masters and workers in ms.
    fn ha_session_ms(&self) -> u64;

    /// How long a machine is away from the service, in ms: too short for its session to expire, around its timeout, or
    /// well beyond it.
    fn absence_ms(&mut self) -> u64;

    /// How long masters and workers do not hear of each other, in ms: a blink, around a heartbeat's timeout, or around
    /// a checkpoint's.
    fn silence_ms(&mut self) -> u64;

    /// A moment and a machine to hit at it: some machine at some time, or the subject of one of these scenes.
    fn caught(&mut self, scenes: &[Scene], machine: MachineId, on_ppm: u32) -> (When, Target);

    /// One of these scenes on one machine, at the very moment.
    fn at_once_by(&mut self, scenes: &[Scene], machine: MachineId) -> When;
}

impl EngineBrush for Brush<'_> {
    fn stream(&self) -> &StreamPlan {
        &self.plan.settings.stream
    }

    fn masters(&self) -> Vec<MachineId> {
        self.plan.settings.stream_machines().masters().collect()
    }

    fn workers(&self) -> Vec<MachineId> {
        self.plan.settings.stream_machines().workers().collect()
    }

    fn outsiders(&self) -> Vec<MachineId> {
        let machines = self.plan.settings.stream_machines();
        vec![machines.log(), machines.ledger(), machines.blobs()]
    }

    fn master(&mut self) -> MachineId {
        let masters = self.masters();
        *self.dice.pick(&masters)
    }

    fn worker(&mut self) -> MachineId {
        let workers = self.workers();
        *self.dice.pick(&workers)
    }

    fn worker_or_master(&mut self) -> MachineId {
        if self.dice.chance(750_000) { self.worker() } else { self.master() }
    }

    fn outsider(&mut self) -> MachineId {
        let machines = self.plan.settings.stream_machines();
        self.one(&[(machines.log(), 1), (machines.ledger(), 2), (machines.blobs(), 2)])
    }

    fn ha_session_ms(&self) -> u64 {
        self.stream().ha.session_timeout_ms.into()
    }

    fn absence_ms(&mut self) -> u64 {
        let session = self.ha_session_ms();
        let (low, high) = self.one(&[((session / 10, session / 2), 2), ((session * 6 / 10, session * 14 / 10), 3), ((session * 11 / 10, session * 3), 4)]);
        self.dice.between(low, high).min(self.plan.heal.at_ms / 2)
    }

    fn silence_ms(&mut self) -> u64 {
        let heartbeat = u64::from(self.stream().heartbeat_timeout_ms);
        let checkpoint = u64::from(self.stream().checkpoints.timeout_ms);
        let (low, high) = self.one(&[((10, 400), 3), ((heartbeat * 7 / 10, heartbeat * 2), 4), ((checkpoint / 2, checkpoint * 3 / 2), 1)]);
        self.dice.between(low, high).min(self.plan.heal.at_ms / 2)
    }

    fn caught(&mut self, scenes: &[Scene], machine: MachineId, on_ppm: u32) -> (When, Target) {
        if self.dice.chance(on_ppm) { (self.on(scenes), Target::Subject) } else { (self.at(), Target::Machine(machine)) }
    }

    fn at_once_by(&mut self, scenes: &[Scene], machine: MachineId) -> When {
        self.dice.pick(scenes).on(Some(machine), 0, &mut self.dice)
    }
}
