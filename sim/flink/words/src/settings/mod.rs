//! The stream engine's part of a plan: machines, job, input, and settings by Flink's names and units. Data; `check_stream` says what it must satisfy.

mod check;
mod machines;

use contract::kinds::Kinds;
use contract::plan::{Flaw, PlanView};
use contract::roster::Roster;
use serde::{Deserialize, Serialize};
use zookeeper_words::settings::{ClientPlan, Cluster, Coordination, HasService};

use crate::job::JobKind;
pub use machines::StreamMachines;

/// The settings of a run with the stream engine: the service's, and the engine's beside them. In a file they stand side by side.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct Settings {
    /// The coordination service.
    pub service: zookeeper_words::settings::Settings,
    /// The engine, and what it talks to.
    pub stream: StreamPlan,
}

/// The settings as they stand in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    cluster: Cluster,
    coordination: Coordination,
    clients: Vec<ClientPlan>,
    stream: StreamPlan,
}

impl From<Parts> for Settings {
    fn from(Parts { cluster, coordination, clients, stream }: Parts) -> Settings {
        Settings { service: zookeeper_words::settings::Settings { cluster, coordination, clients }, stream }
    }
}

impl From<Settings> for Parts {
    fn from(Settings { service, stream }: Settings) -> Parts {
        let zookeeper_words::settings::Settings { cluster, coordination, clients } = service;
        Parts { cluster, coordination, clients, stream }
    }
}

impl Default for Settings {
    /// The least that runs a job: a service of three, a master, a worker, and a hundred bids.
    fn default() -> Settings {
        let input = InputPlan { records: 100, partitions: 1, until_ms: 5_000, disorder_ms: 0, idle_ms: 0 };
        Settings { service: zookeeper_words::settings::Settings::default(), stream: StreamPlan::of(JobKind::Q0, input) }
    }
}

impl Settings {
    /// The machines of the engine, behind those of the service and its clients.
    pub fn stream_machines(&self) -> StreamMachines {
        StreamMachines::new(self.service.machines(), &self.stream)
    }
}

impl HasService for Settings {
    fn service(&self) -> &zookeeper_words::settings::Settings {
        &self.service
    }
}

impl contract::plan::Settings for Settings {
    fn roster(&self) -> Roster {
        let service = contract::plan::Settings::roster(&self.service);
        service.with("master", self.stream.masters).with("worker", self.stream.workers).with("log", 1).with("ledger", 1).with("blob store", 1)
    }

    fn check(plan: PlanView<'_, Self>) -> Result<(), Flaw> {
        check::check(plan)
    }

    fn kinds() -> Option<Kinds> {
        Some(crate::kinds::kinds())
    }
}

/// The stream engine's part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamPlan {
    /// What the job does.
    pub job: JobKind,
    /// Processes of which one leads: dispatcher, job master, checkpoint coordinator.
    pub masters: u16,
    /// Processes that run tasks.
    pub workers: u16,
    /// Slots a worker (taskmanager.numberOfTaskSlots); a slot takes one subtask of every vertex.
    pub slots: u16,
    /// Subtasks a vertex (parallelism.default).
    pub parallelism: u16,
    /// Key groups (pipeline.max-parallelism).
    pub max_parallelism: u16,
    /// Whether a write to HA data carries a check of its author's latch. Flink 2.3.0's do not (FLINK-10333).
    #[serde(default)]
    pub fencing: Fencing,
    /// Where results go.
    #[serde(default)]
    pub sink: SinkKind,
    /// What stands in the log, and when.
    pub input: InputPlan,
    /// Checkpoints.
    #[serde(default)]
    pub checkpoints: CheckpointPlan,
    /// What follows a failure.
    #[serde(default)]
    pub restart: RestartPlan,
    /// Network buffers.
    #[serde(default)]
    pub network: NetworkPlan,
    /// How masters and workers use the coordination service.
    #[serde(default)]
    pub ha: HaPlan,
    /// heartbeat.interval in ms.
    #[serde(default = "heartbeat_interval_ms")]
    pub heartbeat_interval_ms: u32,
    /// heartbeat.timeout in ms.
    #[serde(default = "heartbeat_timeout_ms")]
    pub heartbeat_timeout_ms: u32,
    /// transaction.timeout.ms of the ledger's producers.
    #[serde(default = "txn_timeout_ms")]
    pub txn_timeout_ms: u32,
    /// Savepoints, and what follows them, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepPlan>,
}

impl StreamPlan {
    /// The least that runs a job over an input: one master, one worker with a slot, and otherwise what a file leaves out.
    pub fn of(job: JobKind, input: InputPlan) -> StreamPlan {
        StreamPlan {
            job,
            masters: 1,
            workers: 1,
            slots: 1,
            parallelism: 1,
            max_parallelism: 128,
            fencing: Fencing::default(),
            sink: SinkKind::default(),
            input,
            checkpoints: CheckpointPlan::default(),
            restart: RestartPlan::default(),
            network: NetworkPlan::default(),
            ha: HaPlan::default(),
            heartbeat_interval_ms: heartbeat_interval_ms(),
            heartbeat_timeout_ms: heartbeat_timeout_ms(),
            txn_timeout_ms: txn_timeout_ms(),
            steps: Vec::new(),
        }
    }
}

fn heartbeat_interval_ms() -> u32 {
    500
}
fn heartbeat_timeout_ms() -> u32 {
    2_500
}
fn txn_timeout_ms() -> u32 {
    900_000
}

/// Whether a deposed leader can still write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fencing {
    /// A multi that adds or removes HA data checks the author's latch node first, and nothing is removed that somebody else has locked.
    #[default]
    Fenced,
    /// As Flink 2.3.0 does it.
    Unfenced,
}

/// How results leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SinkKind {
    /// In transactions that are committed with their checkpoint (two-phase commit).
    #[default]
    TwoPhase,
    /// Each row at once, under a key by which a repetition replaces it.
    Idempotent,
}

/// What stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputPlan {
    /// Records in all topics together.
    pub records: u32,
    /// Partitions a topic.
    pub partitions: u16,
    /// When the last record is there, in ms from the start; the first ones are there at once.
    pub until_ms: u64,
    /// How far behind the latest record's event time one may come, in ms; watermarks wait as long.
    pub disorder_ms: u32,
    /// Whether a partition without records for so long, in ms, no longer holds the watermark; 0 is never (withIdleness).
    #[serde(default)]
    pub idle_ms: u32,
}

/// Checkpoints, by Flink's execution.checkpointing.*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckpointPlan {
    /// interval in ms.
    pub interval_ms: u32,
    /// timeout in ms.
    pub timeout_ms: u32,
    /// min-pause in ms.
    pub min_pause_ms: u32,
    /// max-concurrent-checkpoints.
    pub max_concurrent: u16,
    /// tolerable-failed-checkpoints.
    pub tolerable_failures: u32,
    /// num-retained.
    pub retained: u16,
    /// unaligned.enabled.
    pub unaligned: bool,
    /// aligned-checkpoint-timeout in ms; 0 begins unaligned. Only with `unaligned`.
    pub aligned_timeout_ms: u32,
    /// incremental: files of what has not changed are used again.
    pub incremental: bool,
    /// data-inline-threshold in bytes: less state than this goes into the metadata itself.
    pub inline_bytes: u32,
}

impl Default for CheckpointPlan {
    fn default() -> CheckpointPlan {
        CheckpointPlan {
            interval_ms: 1_000,
            timeout_ms: 10_000,
            min_pause_ms: 0,
            max_concurrent: 1,
            tolerable_failures: 0,
            retained: 1,
            unaligned: false,
            aligned_timeout_ms: 0,
            incremental: false,
            inline_bytes: 0,
        }
    }
}

/// What follows a failure (restart-strategy.*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RestartPlan {
    /// The job fails.
    Off,
    /// So many times, after a delay (fixed-delay).
    FixedDelay {
        /// How many times.
        attempts: u32,
        /// In ms.
        delay_ms: u32,
    },
    /// As long as there are not more failures in an interval (failure-rate).
    FailureRate {
        /// The most failures in an interval.
        failures_max: u32,
        /// In ms.
        interval_ms: u32,
        /// In ms.
        delay_ms: u32,
    },
    /// For ever, after a delay that doubles and is as at first after some calm time (exponential-delay, without jitter).
    ExponentialDelay {
        /// The first delay in ms.
        initial_ms: u32,
        /// The longest in ms.
        max_ms: u32,
        /// The calm time in ms.
        reset_ms: u32,
    },
}

impl Default for RestartPlan {
    fn default() -> RestartPlan {
        RestartPlan::ExponentialDelay { initial_ms: 200, max_ms: 2_000, reset_ms: 10_000 }
    }
}

/// A worker's network memory, in shares of a small whole. `buffers` is what it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkPlan {
    /// The worker's memory in segments of one buffer each.
    pub segments: u32,
    /// taskmanager.memory.network.buffer.percent: how much of the memory is network buffers.
    pub network_percent: u32,
    /// taskmanager.memory.consumer.buffer.percent: how much of the network buffers is for receiving.
    pub consumer_percent: u32,
    /// taskmanager.memory.consumer.offheap.percent: how much of what is for receiving lies outside of the network memory, and so is left to sending.
    pub consumer_offheap_percent: u32,
    /// Records a buffer at most.
    pub buffer_records: u16,
    /// execution.buffer-timeout in ms: how long a buffer that is not full waits.
    pub buffer_timeout_ms: u32,
}

impl Default for NetworkPlan {
    fn default() -> NetworkPlan {
        NetworkPlan { segments: 640, network_percent: 10, consumer_percent: 50, consumer_offheap_percent: 0, buffer_records: 8, buffer_timeout_ms: 20 }
    }
}

impl NetworkPlan {
    /// Buffers for sending and for receiving.
    pub fn buffers(&self) -> (u32, u32) {
        let network = self.segments * self.network_percent / 100;
        let receiving = network * self.consumer_percent / 100;
        let outside = receiving * self.consumer_offheap_percent / 100;
        (network - (receiving - outside), receiving)
    }
}

/// How masters and workers use the coordination service (high-availability.zookeeper.*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HaPlan {
    /// zookeeper.session.timeout in ms.
    pub session_timeout_ms: u32,
    /// zookeeper.znode.parent: the root of all HA data.
    pub root: String,
    /// max-retry-attempts.
    pub retries: u32,
    /// retry-wait in ms.
    pub retry_wait_ms: u32,
    /// tolerate-suspended-connections.
    pub tolerates_suspended: bool,
}

impl Default for HaPlan {
    fn default() -> HaPlan {
        HaPlan { session_timeout_ms: 4_000, root: "/flink".into(), retries: 3, retry_wait_ms: 500, tolerates_suspended: false }
    }
}

/// A savepoint, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepPlan {
    /// When it is wanted, in ms; a leader that comes later takes it up then.
    pub at_ms: u64,
    /// What.
    pub action: StepAction,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum StepAction {
    /// A savepoint; the job goes on.
    Savepoint,
    /// Stop with a savepoint, and start another job from it.
    Rescale {
        /// The other job's parallelism.
        parallelism: u16,
    },
}
