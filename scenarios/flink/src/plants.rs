//! The known bugs of the engine, as people read of them: what each does wrong, the rule that must see it, and a family
//! whose storms show it. Never what the bug is, which is the processes' own.

use contract::plant::PlantKind;
use flink_words::plant::StreamPlant;
use harness::system::Planted;

/// All of the engine's own; those of the contained service are the service's.
pub(crate) fn plants() -> Vec<Planted> {
    StreamPlant::ALL.iter().map(|plant| planted(*plant)).collect()
}

fn planted(plant: StreamPlant) -> Planted {
    let (about, rule, family) = match plant {
        StreamPlant::NotifyBeforeAdd => {
            ("a checkpoint is told to be complete before it is in the store (FLINK-32347)", "ck.stable-before-notify", "stream-calm")
        }
        StreamPlant::CommitBeforeComplete => ("a sink commits at its first record after the barrier", "txn.commit-only-completed", "stream-calm"),
        StreamPlant::BarrierDoesNotBlock => {
            ("a barrier does not block the channel it came on: records behind it are in the snapshot (at-least-once)", "bar.fifo", "checkpoints")
        }
        StreamPlant::SkipUnreadable => {
            ("a leader skips a checkpoint that it cannot read and restores an older one (FLINK-22502)", "ha.store-complete", "stream-failover")
        }
        StreamPlant::AckOfOldAttempt => ("a coordinator counts acknowledgements of attempts that are over", "fo.pending-abort", "stream-failover"),
        StreamPlant::OffsetAhead => ("a restored source reader begins one record late", "src.replay", "stream-failover"),
        StreamPlant::TimersNotSaved => ("timers are left out of snapshots", "ks.restore-eq", "stream-failover"),
        StreamPlant::ProducerNotFenced => {
            ("a sink opens its transactions without taking the id from the one before (no fencing of producers)", "txn.fence", "stream-failover")
        }
        StreamPlant::AssignmentLost => ("a lost assignment of a split is not noticed (FLINK-21996)", "src.split-partition", "stream-calm"),
        StreamPlant::NoResultStore => ("a job's result is not stored before its data is removed (FLINK-21979)", "ha.jobgraph", "stream-calm"),
        StreamPlant::SharedFileDropped => ("a shared file is deleted with the checkpoint that made it (FLINK-24611)", "inc.refs", "stream-calm"),
        StreamPlant::ChannelStateLost => ("channel state is not replayed after a restore", "bar.chstate-order", "checkpoints"),
    };
    Planted { name: plant.name(), about, rule, family }
}
