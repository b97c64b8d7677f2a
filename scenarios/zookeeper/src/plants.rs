//! The known bugs of the service, as people read of them: what each does wrong, the rule that must see it, and a family
//! whose storms show it. Never what the bug is, which is the processes' own.

use contract::plant::PlantKind;
use harness::system::Planted;
use zookeeper_words::plant::Plant;

/// All of them.
pub fn plants() -> Vec<Planted> {
    Plant::ALL.iter().map(|plant| planted(*plant)).collect()
}

fn planted(plant: Plant) -> Planted {
    let (about, rule, family) = match plant {
        Plant::CommitWithoutQuorum => ("the leader commits on its own acknowledgement alone", "zab.quorum", "partitions"),
        Plant::AckBeforeSync => ("replicas acknowledge transactions before their sync has come back", "zab.ack-durable", "crashes"),
        Plant::NoTrunc => ("a learner ignores TRUNC", "zab.process-consistency", "catch-up"),
        Plant::OlderEpoch => ("a leader keeps the epoch that it had accepted instead of a new one", "zab.epochs-rise", "crashes"),
        Plant::ReadFromFuture => ("a replica answers reads from proposals that are not committed yet", "service.read", "partitions"),
        Plant::SessionExpiredTwice => {
            ("a leader expires a session a second time, at some later time, by a transaction of its own", "service.session-once", "sessions")
        }
        Plant::ObserverCounts => ("a leader counts observers among its voters (ZOOKEEPER-764, 769)", "zab.quorum", "observers"),
        Plant::ReconfigWithoutJoint => ("a reconfig is committed by a quorum of the new configuration alone", "config.joint-quorum", "reconfig"),
        Plant::WriteUnasked => ("a leader asks no node's list whether its data may be set", "service.acl", "calm"),
        Plant::WatchAfterReply => ("a replica tells of a change after it has answered the request that made it", "service.watch-before-data", "calm"),
        Plant::MissedWatchesLost => {
            ("a replica arms the watches of a client that is back without looking at what they missed", "service.watch-exact", "partitions")
        }
        Plant::LastingWatchSpent => ("a lasting watch is used up when it fires, as a one-shot one is", "service.watch-persistent", "calm"),
        Plant::ReapEarly => ("a leader takes nodes with a time to live away when half of it has passed", "service.ttl-not-early", "calm"),
        Plant::LatchKeepsOnSuspend => {
            ("a latch leads on while its connection is SUSPENDED, although it is told not to", "curator.latch-exclusive", "partitions")
        }
        Plant::CounterBlindSet => ("a shared value is set whatever its version", "curator.counter", "partitions"),
        Plant::PurgeTooMuch => {
            ("a purge keeps no log that begins before the newest snapshot, though the log under a snapshot goes on beyond it", "disk.purge-safe", "logs")
        }
        Plant::SnapshotNamedAhead => {
            ("a fuzzy snapshot is named by the last transaction at its end, not at its beginning (ZOOKEEPER-1090)", "service.replica-state", "logs")
        }
        Plant::ReattachBehind => (
            "a replica lets a session that it knows go on at once, however much more than the replica its client has seen, and before the leader has answered for it",
            "x.reattach-zxid",
            "weather",
        ),
        Plant::LocalAnywhere => ("a replica takes any local session for its own", "local.at-home", "local-sessions"),
        Plant::ReaderWrites => ("a replica without a quorum tells a reader that its write was done", "local.readers-no-write", "local-sessions"),
    };
    Planted { name: plant.name(), about, rule, family }
}
