//! Which of Flink's keys this engine heeds, and which field of a plan each sets. Data; never how a value is written.

use flink_words::settings::StreamPlan;

use super::restart;
use super::value::{Kind, Value};

/// A setting.
#[derive(Debug)]
pub struct Key {
    /// Its names: a short one where there is one, Flink's present one, then what else it was called.
    pub names: &'static [&'static str],
    /// What its value must be.
    pub kind: Kind,
    /// The field of the plan's stream engine that it sets, by its path.
    pub field: &'static str,
    place: Place,
}

/// The field itself.
#[derive(Debug)]
enum Place {
    Long(fn(&mut StreamPlan) -> &mut u32),
    Short(fn(&mut StreamPlan) -> &mut u16),
    Flag(fn(&mut StreamPlan) -> &mut bool),
    Text(fn(&mut StreamPlan) -> &mut String),
    Nowhere,
}

impl Key {
    /// Sets the field to a value that was read before.
    pub fn apply(&self, text: &str, stream: &mut StreamPlan) {
        let value = self.kind.read(text).expect("a file's values are read when it is");
        match (&self.place, value) {
            (Place::Long(field), Value::Number(number)) => *field(stream) = number,
            (Place::Short(field), Value::Number(number)) => *field(stream) = u16::try_from(number).expect("the bounds of the key are those of its field"),
            (Place::Flag(field), Value::Number(number)) => *field(stream) = number > 0,
            (Place::Text(field), Value::Text(text)) => *field(stream) = text,
            (Place::Nowhere, Value::Nothing) => {}
            (place, value) => unreachable!("the table of keys has a {place:?} for a {value:?}"),
        }
    }
}

const fn long(names: &'static [&'static str], kind: Kind, field: &'static str, place: fn(&mut StreamPlan) -> &mut u32) -> Key {
    Key { names, kind, field, place: Place::Long(place) }
}
const fn short(names: &'static [&'static str], field: &'static str, place: fn(&mut StreamPlan) -> &mut u16) -> Key {
    Key { names, kind: Kind::Count(1, u16::MAX as u64), field, place: Place::Short(place) }
}
const fn flag(names: &'static [&'static str], field: &'static str, place: fn(&mut StreamPlan) -> &mut bool) -> Key {
    Key { names, kind: Kind::Flag, field, place: Place::Flag(place) }
}

/// A number of which only the field's width is a bound.
const ANY: Kind = Kind::Count(0, u32::MAX as u64);

/// All settings but those of restart strategies.
pub const KEYS: &[Key] = &[
    // The coordination service.
    long(&["zookeeper.session.timeout", "high-availability.zookeeper.client.session-timeout"], Kind::Duration, "ha.session_timeout_ms", |s| {
        &mut s.ha.session_timeout_ms
    }),
    Key {
        names: &["zookeeper.znode.parent", "high-availability.zookeeper.path.root"],
        kind: Kind::Path,
        field: "ha.root",
        place: Place::Text(|s| &mut s.ha.root),
    },
    long(&["high-availability.zookeeper.client.retry-wait"], Kind::Duration, "ha.retry_wait_ms", |s| &mut s.ha.retry_wait_ms),
    long(&["high-availability.zookeeper.client.max-retry-attempts"], ANY, "ha.retries", |s| &mut s.ha.retries),
    flag(&["high-availability.zookeeper.client.tolerate-suspended-connections"], "ha.tolerates_suspended", |s| &mut s.ha.tolerates_suspended),
    Key { names: &["high-availability.type", "high-availability"], kind: Kind::Only(&["zookeeper"]), field: "ha", place: Place::Nowhere },
    // Network memory.
    long(&["taskmanager.memory.network.buffer.percent"], Kind::Percent, "network.network_percent", |s| &mut s.network.network_percent),
    long(&["taskmanager.memory.network.fraction"], Kind::Fraction, "network.network_percent", |s| &mut s.network.network_percent),
    long(&["taskmanager.memory.consumer.buffer.percent"], Kind::Percent, "network.consumer_percent", |s| &mut s.network.consumer_percent),
    long(&["taskmanager.memory.consumer.offheap.percent"], Kind::Percent, "network.consumer_offheap_percent", |s| &mut s.network.consumer_offheap_percent),
    long(&["execution.buffer-timeout.interval", "execution.buffer-timeout"], Kind::Duration, "network.buffer_timeout_ms", |s| &mut s.network.buffer_timeout_ms),
    // Parallelism.
    short(&["taskmanager.numberOfTaskSlots"], "slots", |s| &mut s.slots),
    short(&["parallelism.default"], "parallelism", |s| &mut s.parallelism),
    short(&["pipeline.max-parallelism"], "max_parallelism", |s| &mut s.max_parallelism),
    // Checkpoints.
    long(&["execution.checkpointing.interval"], Kind::Duration, "checkpoints.interval_ms", |s| &mut s.checkpoints.interval_ms),
    long(&["execution.checkpointing.timeout"], Kind::Duration, "checkpoints.timeout_ms", |s| &mut s.checkpoints.timeout_ms),
    long(&["execution.checkpointing.min-pause"], Kind::Duration, "checkpoints.min_pause_ms", |s| &mut s.checkpoints.min_pause_ms),
    short(&["execution.checkpointing.max-concurrent-checkpoints"], "checkpoints.max_concurrent", |s| &mut s.checkpoints.max_concurrent),
    long(&["execution.checkpointing.tolerable-failed-checkpoints"], ANY, "checkpoints.tolerable_failures", |s| &mut s.checkpoints.tolerable_failures),
    short(&["execution.checkpointing.num-retained", "state.checkpoints.num-retained"], "checkpoints.retained", |s| &mut s.checkpoints.retained),
    flag(&["execution.checkpointing.unaligned.enabled", "execution.checkpointing.unaligned"], "checkpoints.unaligned", |s| &mut s.checkpoints.unaligned),
    long(
        &["execution.checkpointing.aligned-checkpoint-timeout", "execution.checkpointing.alignment-timeout"],
        Kind::Duration,
        "checkpoints.aligned_timeout_ms",
        |s| &mut s.checkpoints.aligned_timeout_ms,
    ),
    long(&["execution.checkpointing.data-inline-threshold", "state.storage.fs.memory-threshold"], Kind::Size, "checkpoints.inline_bytes", |s| {
        &mut s.checkpoints.inline_bytes
    }),
    flag(&["execution.checkpointing.incremental", "state.backend.incremental"], "checkpoints.incremental", |s| &mut s.checkpoints.incremental),
    Key { names: &["execution.checkpointing.mode"], kind: Kind::Only(&["EXACTLY_ONCE"]), field: "checkpoints", place: Place::Nowhere },
    // Heartbeats, transactions.
    long(&["heartbeat.interval"], Kind::Duration, "heartbeat_interval_ms", |s| &mut s.heartbeat_interval_ms),
    long(&["heartbeat.timeout"], Kind::Duration, "heartbeat_timeout_ms", |s| &mut s.heartbeat_timeout_ms),
    long(&["transaction.timeout.ms"], Kind::Duration, "txn_timeout_ms", |s| &mut s.txn_timeout_ms),
];

/// All keys that are heeded, by all their names.
pub fn names() -> Vec<&'static str> {
    KEYS.iter().flat_map(|key| key.names).chain(restart::NAMES).copied().collect()
}

/// What the names of settings begin with that plainly concern nothing here: where processes and files are, how they are
/// started, secured and watched, and memory other than the network's.
pub const IGNORED: &[&str] = &[
    "env.",
    "jobmanager.",
    "rest.",
    "web.",
    "historyserver.",
    "metrics.",
    "security.",
    "yarn.",
    "kubernetes.",
    "pekko.",
    "akka.",
    "blob.",
    "classloader.",
    "io.tmp.dirs",
    "fs.",
    "s3.",
    "pipeline.name",
    "pipeline.jars",
    "taskmanager.host",
    "taskmanager.bind-host",
    "taskmanager.rpc.",
    "taskmanager.data.",
    "taskmanager.memory.process.",
    "taskmanager.memory.flink.",
    "taskmanager.memory.jvm-",
    "taskmanager.memory.task.",
    "taskmanager.memory.framework.",
    "taskmanager.memory.managed.",
    "high-availability.storageDir",
    "high-availability.cluster-id",
    "high-availability.jobmanager.",
    "high-availability.zookeeper.quorum",
    "execution.checkpointing.dir",
    "execution.checkpointing.savepoint-dir",
    "state.checkpoints.dir",
    "state.savepoints.dir",
    "state.backend.type",
    "state.backend.rocksdb.",
    "state.backend.local-recovery",
];
