//! The rules on the stream engine: exactly-once, from the counter of checkpoints to the committed rows. Each asks what
//! masters, workers and the outside said, and what the chain holds; never how the engine came to it.
//!
//! Two things are kept apart everywhere. What a master did is judged by what it could know: it may be deposed and not
//! know it, a task may be gone and its last word still be on its way. What had an effect is judged by the chain and by
//! the outside, whoever did it.

mod clocks;
mod witness;
mod checkpoint;
mod barrier;
mod source;
mod state;
mod time;
mod sink;
mod files;
mod failover;
mod ha;
mod zombie;
mod live_job;

use judging::Rules;

use crate::law::{Flink, Rule};

/// All rules by which a recording of the engine is judged, in the order in which a breach is told: the service's, the
/// outside's, the engine's own.
pub fn rules() -> Rules<Flink> {
    Rules::lifted(zookeeper_models::rules()).and(Rules::lifted(outside_models::rules())).and(Rules::of(OWN))
}

/// The engine's own. A breach often breaks several; those that see its cause stand before those that see its effects.
const OWN: &[Rule] = &[
    checkpoint::id_unique::RULE,
    ha::one_leader::RULE,
    ha::epoch_unique::RULE,
    ha::write_fenced::RULE,
    ha::lock::RULE,
    ha::handle_exists::RULE,
    files::refs::RULE,
    ha::store_complete::RULE,
    ha::counter_first::RULE,
    ha::job_graph::RULE,
    ha::once_exec::RULE,
    ha::suspend::RULE,
    zombie::workers::WORKER,
    zombie::workers::MASTER,
    checkpoint::acks::ALL,
    checkpoint::acks::NO_MIX,
    checkpoint::stable_before_notify::RULE,
    checkpoint::terminal_once::RULE,
    checkpoint::subsume::RULE,
    checkpoint::latest::RULE,
    checkpoint::pace::CONCURRENT,
    checkpoint::pace::MIN_PAUSE,
    checkpoint::pace::TIMEOUT,
    checkpoint::tolerable::RULE,
    barrier::once::RULE,
    barrier::fifo::RULE,
    barrier::cut::ALIGNED,
    barrier::cut::UNALIGNED,
    barrier::channel_state::RULE,
    source::discovery::RULE,
    source::assign_reliable::RULE,
    source::split_partition::RULE,
    source::offset_cut::RULE,
    source::replay::RULE,
    state::max_parallelism::RULE,
    state::range::RULE,
    state::restore_eq::RULE,
    state::restore_eq::TIMERS,
    state::operator::LIST,
    state::operator::UNION,
    state::operator::BROADCAST,
    time::watermarks::MONOTONE,
    time::watermarks::IDLE,
    time::timers::RULE,
    time::late::RULE,
    failover::pending_abort::RULE,
    failover::reset_coordinator::RULE,
    failover::one_attempt::RULE,
    failover::region::REGION,
    failover::region::GLOBAL,
    failover::restarts::RULE,
    files::savepoints::RULE,
    files::stop_atomic::RULE,
    files::placeholder::RULE,
    files::collision::RULE,
    files::restore_behind::RULE,
    sink::precommit::RULE,
    sink::commit::ONLY_COMPLETED,
    sink::idempotent::RULE,
    sink::abort::SAFE,
    sink::abort::NOT_LATE,
    sink::fence::RULE,
    zombie::commit::RULE,
    sink::visible::RULE,
    sink::last::RULE,
    sink::commit::ALL,
    sink::e2e::RULE,
    files::leak::RULE,
    ha::failover::RULE,
    checkpoint::progress::NO_STUCK_TRIGGER,
    barrier::unblock::RULE,
    checkpoint::progress::PROGRESS,
    live_job::RULE,
];
