//! What the brush knows of the stream engine: its machines, and how patient they are. Never what a class of faults consists of.

use vocab::ids::MachineId;
use vocab::plan::{StreamMachines, StreamPlan, Target, When};

use super::super::moment::Scene;
use super::super::storm::Brush;

impl Brush<'_> {
    /// The engine's part of the plan.
    pub(super) fn stream(&self) -> &StreamPlan {
        self.plan.stream.as_ref().expect("blows of streams are drawn once the plan has a stream engine")
    }

    fn stream_machines(&self) -> StreamMachines {
        self.plan.stream_machines().expect("blows of streams are drawn once the plan has a stream engine")
    }

    /// The masters' machines.
    pub(super) fn masters(&self) -> Vec<MachineId> {
        self.stream_machines().masters().collect()
    }

    /// The workers' machines.
    pub(super) fn workers(&self) -> Vec<MachineId> {
        self.stream_machines().workers().collect()
    }

    /// The machines of the log, the ledger and the blob store.
    pub(super) fn outsiders(&self) -> Vec<MachineId> {
        let machines = self.stream_machines();
        vec![machines.log(), machines.ledger(), machines.blobs()]
    }

    /// Some master.
    pub(super) fn master(&mut self) -> MachineId {
        let masters = self.masters();
        *self.dice.pick(&masters)
    }

    /// Some worker.
    pub(super) fn worker(&mut self) -> MachineId {
        let workers = self.workers();
        *self.dice.pick(&workers)
    }

    /// A worker, or now and then a master.
    pub(super) fn worker_or_master(&mut self) -> MachineId {
        if self.dice.chance(750_000) { self.worker() } else { self.master() }
    }

    /// The log, the ledger or the blob store: more often one of those that are written to.
    pub(super) fn outsider(&mut self) -> MachineId {
        let machines = self.stream_machines();
        self.one(&[(machines.log(), 1), (machines.ledger(), 2), (machines.blobs(), 2)])
    }

    /// The session timeout of masters and workers in ms.
    pub(super) fn ha_session_ms(&self) -> u64 {
        self.stream().ha.session_timeout_ms.into()
    }

    /// How long a machine is away from the service, in ms: too short for its session to expire, around its timeout, or well beyond it.
    pub(super) fn absence_ms(&mut self) -> u64 {
        let session = self.ha_session_ms();
        let (low, high) = self.one(&[((session / 10, session / 2), 2), ((session * 6 / 10, session * 14 / 10), 3), ((session * 11 / 10, session * 3), 4)]);
        self.dice.between(low, high).min(self.plan.heal.at_ms / 2)
    }

    /// How long masters and workers do not hear of each other, in ms: a blink, around a heartbeat's timeout, or around a checkpoint's.
    pub(super) fn silence_ms(&mut self) -> u64 {
        let heartbeat = u64::from(self.stream().heartbeat_timeout_ms);
        let checkpoint = u64::from(self.stream().checkpoints.timeout_ms);
        let (low, high) = self.one(&[((10, 400), 3), ((heartbeat * 7 / 10, heartbeat * 2), 4), ((checkpoint / 2, checkpoint * 3 / 2), 1)]);
        self.dice.between(low, high).min(self.plan.heal.at_ms / 2)
    }

    /// A moment and a machine to hit at it: some machine at some time, or the subject of one of these scenes.
    pub(super) fn caught(&mut self, scenes: &[Scene], machine: MachineId, on_ppm: u32) -> (When, Target) {
        if self.dice.chance(on_ppm) { (self.on(scenes), Target::Subject) } else { (self.at(), Target::Machine(machine)) }
    }

    /// One of these scenes on one machine, at the very moment.
    pub(super) fn at_once_by(&mut self, scenes: &[Scene], machine: MachineId) -> When {
        self.dice.pick(scenes).on(Some(machine), 0, &mut self.dice)
    }
}
