//! A lawful tale of the stream engine: two masters, two workers, checkpoints aligned and not, a region that fails, a
//! leader that is deposed, a savepoint with another parallelism after it. Never a breach.

mod engine;
mod flow;
mod leaders;
mod snapshots;
mod tasks;

use flink_words::fact::MasterFact;
use flink_words::master::JobStatus;
use flink_words::state::SnapshotKind;
use flink_words::worker::{TaskEnd, WorkerFact};
use outside_words::data::LATEST;

pub use engine::{Engine, Tale};

/// The whole tale.
pub fn tale() -> Tale {
    let mut engine = Engine::begun();
    engine.elect(0);
    engine.submit(2, None);
    engine.register();
    engine.start(&[0, 1], true);
    engine.flow(0, 2);
    engine.flow(1, 2);
    engine.checkpoint(SnapshotKind::Checkpoint, false);
    engine.flow(0, 2);
    engine.hold(0, 1); // Taken, and overtaken by a barrier before it is consumed.
    engine.checkpoint(SnapshotKind::Checkpoint, true);
    engine.checkpoint(SnapshotKind::Savepoint, false);
    engine.declined();

    // A region fails, and begins again alone.
    engine.flow(0, 1);
    engine.flow(1, 1);
    engine.fail(0);
    engine.start(&[0], false);
    engine.flow(0, 1);
    engine.checkpoint(SnapshotKind::Checkpoint, false);
    engine.flow(1, 1);

    // The leader is deposed; the other one takes over.
    engine.depose();
    engine.elect(1);
    engine.recover();
    engine.register();
    engine.start(&[0, 1], true);
    engine.flow(0, 1);
    engine.flow(1, 1);
    engine.checkpoint(SnapshotKind::Suspend, false);
    engine.end(JobStatus::Finished);

    // Another job goes on with one subtask a vertex.
    let from = engine.savepoint();
    engine.submit(1, Some(from));
    engine.start(&[0], true);
    engine.flow(0, 12);
    for subtask in engine.subtasks(&[0]) {
        let attempt = engine.attempt(subtask);
        let worker = engine.worker_of(subtask.index);
        engine.tale.say(worker, WorkerFact::WatermarkAdvanced { attempt, watermark: LATEST });
        engine.tale.say(worker, WorkerFact::EndOfData { attempt, drained: true });
    }
    engine.checkpoint(SnapshotKind::Checkpoint, false);
    for subtask in engine.subtasks(&[0]) {
        engine.end_task(subtask, TaskEnd::Finished);
    }
    engine.end(JobStatus::Finished);
    let leader = engine.leader;
    engine.master(MasterFact::Done { leader });
    engine.tale
}
