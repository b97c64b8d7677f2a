//! The rules: one law each, as a fold over a prepared case, with its statement and its source. Never a verdict on the whole, which is `judge`'s.

mod config;
mod disk;
mod live;
mod process;
mod service;
mod local;
mod cross;
mod curator;
mod outside;
mod zab;
mod stream;

use vocab::verdict::{RuleId, Tally};

use crate::case::Case;

/// A law that recordings must satisfy.
pub struct Rule {
    /// Its name, as in reports and cases.
    pub id: RuleId,
    /// What it says.
    pub law: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// What it relies on when faults were free to destroy.
    pub(crate) footing: Footing,
    pub(crate) check: fn(&Case<'_>, &mut Finding),
}

/// What a rule relies on, for runs in which faults beyond the budget destroyed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footing {
    /// Nothing that a disk could lose: it is always judged.
    Firm,
    /// What a majority has on disk stays there.
    Durability,
    /// The committed transactions are one sequence. Judged as long as the rules on durability hold all the same.
    Chain,
}

/// What a rule found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finding {
    pub tally: Tally,
    /// The first breach.
    pub witness: Option<String>,
}

impl Finding {
    /// One more thing judged; the first that does not hold is the witness.
    pub fn judge(&mut self, holds: bool, witness: impl FnOnce() -> String) {
        self.tally.judged += 1;
        if !holds && self.witness.is_none() {
            self.witness = Some(witness());
        }
    }

    /// So many more things judged that hold.
    pub fn held(&mut self, count: u64) {
        self.tally.judged += count;
    }

    /// One more thing that cannot be judged.
    pub fn waive(&mut self) {
        self.tally.waived += 1;
    }
}

/// All rules: what a process says of itself, Zab with the disks under it, the service, what applications build upon it, the stream engine, liveness. A breach often breaks several; those that see its cause stand before those that see its effects.
pub const RULES: &[Rule] = &[
    process::INVARIANT,
    zab::illegal::STATE,
    zab::illegal::ACK,
    zab::illegal::PROPOSAL,
    zab::illegal::COMMIT,
    zab::quorum::RULE,
    config::joint_quorum::RULE,
    config::observer_silent::RULE,
    config::one_lineage::RULE,
    zab::ack_durable::RULE,
    zab::epochs_rise::RULE,
    zab::leadership::FIRST,
    zab::leadership::SECOND,
    disk::purge_safe::RULE,
    zab::logged_stays::RULE,
    zab::log_order::RULE,
    zab::process_consistency::RULE,
    zab::history_consistency::RULE,
    zab::committed_log_durability::RULE,
    zab::committed_durable::RULE,
    zab::leader_log_completeness::RULE,
    zab::initial_history_integrity::RULE,
    zab::prefix_consistency::RULE,
    zab::committed_log_monotonicity::RULE,
    zab::commit_consistency::RULE,
    zab::commit_before_delivery::RULE,
    zab::integrity::RULE,
    zab::agreement::RULE,
    zab::total_order::RULE,
    zab::local_primary_order::RULE,
    zab::global_primary_order::RULE,
    zab::primary_integrity::RULE,
    service::session_once::RULE,
    service::session_expiry::RULE,
    service::session_timeout::RULE,
    service::session_moved::RULE,
    service::session_alive::RULE,
    service::request_intact::RULE,
    local::as_set::RULE,
    local::vouched::RULE,
    local::at_home::RULE,
    local::readers_wait::RULE,
    local::readers_no_write::RULE,
    service::at_most_once::RULE,
    service::identity::RULE,
    service::acl::RULE,
    service::container_empty::RULE,
    service::ttl_not_early::RULE,
    service::ephemeral_dies::RULE,
    service::txn_outcome::RULE,
    service::write_reply::RULE,
    service::session_fifo::RULE,
    service::reply_order::RULE,
    service::write_linearizable::RULE,
    service::committed_read::RULE,
    service::read::RULE,
    cross::reattach_zxid::RULE,
    service::monotonic::RULE,
    service::own_writes::RULE,
    service::sync::RULE,
    service::ephemeral_owner::RULE,
    service::sequential_unique::RULE,
    service::rearmed::RULE,
    service::watch::BEFORE_DATA,
    service::watch::EXACT,
    service::watch_persistent::RULE,
    service::replica_state::RULE,
    service::lock_exclusive::RULE,
    service::counter::RULE,
    service::queue_once::RULE,
    cross::session_exclusive::RULE,
    cross::cas::RULE,
    cross::watch_order::RULE,
    cross::read_after_expiry::RULE,
    cross::retry_idempotent::RULE,
    curator::states::RULE,
    curator::latch_exclusive::RULE,
    curator::protected_once::RULE,
    curator::counter::RULE,
    curator::cache::RULE,
    curator::retries::RULE,
    outside::log_stable::RULE,
    outside::ledger_fenced::RULE,
    outside::ledger_atomic::RULE,
    outside::ledger_once::RULE,
    outside::blob_once::RULE,
    stream::checkpoint::id_unique::RULE,
    stream::ha::one_leader::RULE,
    stream::ha::epoch_unique::RULE,
    stream::ha::write_fenced::RULE,
    stream::ha::lock::RULE,
    stream::ha::handle_exists::RULE,
    stream::files::refs::RULE,
    stream::ha::store_complete::RULE,
    stream::ha::counter_first::RULE,
    stream::ha::job_graph::RULE,
    stream::ha::once_exec::RULE,
    stream::ha::suspend::RULE,
    stream::zombie::workers::WORKER,
    stream::zombie::workers::MASTER,
    stream::checkpoint::acks::ALL,
    stream::checkpoint::acks::NO_MIX,
    stream::checkpoint::stable_before_notify::RULE,
    stream::checkpoint::terminal_once::RULE,
    stream::checkpoint::subsume::RULE,
    stream::checkpoint::latest::RULE,
    stream::checkpoint::pace::CONCURRENT,
    stream::checkpoint::pace::MIN_PAUSE,
    stream::checkpoint::pace::TIMEOUT,
    stream::checkpoint::tolerable::RULE,
    stream::barrier::once::RULE,
    stream::barrier::fifo::RULE,
    stream::barrier::cut::ALIGNED,
    stream::barrier::cut::UNALIGNED,
    stream::barrier::channel_state::RULE,
    stream::source::discovery::RULE,
    stream::source::assign_reliable::RULE,
    stream::source::split_partition::RULE,
    stream::source::offset_cut::RULE,
    stream::source::replay::RULE,
    stream::state::max_parallelism::RULE,
    stream::state::range::RULE,
    stream::state::restore_eq::RULE,
    stream::state::restore_eq::TIMERS,
    stream::state::operator::LIST,
    stream::state::operator::UNION,
    stream::state::operator::BROADCAST,
    stream::time::watermarks::MONOTONE,
    stream::time::watermarks::IDLE,
    stream::time::timers::RULE,
    stream::time::late::RULE,
    stream::failover::pending_abort::RULE,
    stream::failover::reset_coordinator::RULE,
    stream::failover::one_attempt::RULE,
    stream::failover::region::REGION,
    stream::failover::region::GLOBAL,
    stream::failover::restarts::RULE,
    stream::files::savepoints::RULE,
    stream::files::stop_atomic::RULE,
    stream::files::placeholder::RULE,
    stream::files::collision::RULE,
    stream::files::restore_behind::RULE,
    stream::sink::precommit::RULE,
    stream::sink::commit::ONLY_COMPLETED,
    stream::sink::idempotent::RULE,
    stream::sink::abort::SAFE,
    stream::sink::abort::NOT_LATE,
    stream::sink::fence::RULE,
    stream::zombie::commit::RULE,
    stream::sink::visible::RULE,
    stream::sink::last::RULE,
    stream::sink::commit::ALL,
    stream::sink::e2e::RULE,
    stream::files::leak::RULE,
    live::runaway::RULE,
    live::leader::RULE,
    live::clients::RULE,
    live::replicas_equal::RULE,
    live::session_ends::RULE,
    stream::ha::failover::RULE,
    stream::checkpoint::progress::NO_STUCK_TRIGGER,
    stream::barrier::unblock::RULE,
    stream::checkpoint::progress::PROGRESS,
    stream::live_job::RULE,
    live::finish::RULE,
];

/// How the names of rules on the stream engine and on what it talks to begin.
const OF_STREAMS: [&str; 16] = ["ck.", "bar.", "src.", "ks.", "os.", "tm.", "wm.", "txn.", "e2e.", "sp.", "inc.", "fo.", "ha.", "zmb.", "out.", "live.job"];

/// Rules on liveness under other names: a breach is not a wrong answer but none.
const LIVE: [&str; 4] = ["ck.progress", "ck.no-stuck-trigger", "bar.unblock", "ha.failover"];

/// Whether a rule is about the stream engine, or the log, the ledger and the blob store with which it talks.
pub fn is_of_streams(id: &str) -> bool {
    OF_STREAMS.iter().any(|beginning| id.starts_with(beginning))
}

/// Whether a rule says what must come about, not what must not.
pub(crate) fn is_liveness(id: &str) -> bool {
    id.starts_with("live.") || LIVE.contains(&id)
}

/// The rule of this name.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}
