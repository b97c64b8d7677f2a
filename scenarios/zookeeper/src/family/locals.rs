//! Local sessions as a plan's settings have them: who has them, who may be served without a quorum. Never a fault.

use contract::dice::Dice;
use harness::family::weighted;
use zookeeper_words::Plan;
use zookeeper_words::settings::WorkloadKind;

use crate::workload::SUPER_DIGEST;

/// What can be done without a node that dies with its session.
const WITHOUT_EPHEMERALS: &[(WorkloadKind, u32)] = &[
    (WorkloadKind::Registers, 4),
    (WorkloadKind::Counters, 2),
    (WorkloadKind::Queues, 2),
    (WorkloadKind::Vaults, 2),
    (WorkloadKind::Containers, 1),
    (WorkloadKind::CuratorCounters, 1),
    (WorkloadKind::Caches, 1),
];

/// Has a plan's sessions be local.
pub fn settle(plan: &mut Plan, dice: &mut Dice) {
    plan.settings.coordination.local_sessions = true;
    plan.settings.coordination.local_sessions_upgrading = dice.chance(700_000);
    plan.settings.coordination.read_only_mode = dice.chance(850_000);
    if dice.chance(700_000) {
        plan.settings.clients[0].workload = WorkloadKind::Registers;
    }
    let has_super = dice.chance(400_000);
    for client in &mut plan.settings.clients {
        let kind = weighted(dice, WITHOUT_EPHEMERALS);
        if !plan.settings.coordination.local_sessions_upgrading && !WITHOUT_EPHEMERALS.iter().any(|(without, _)| *without == client.workload) {
            client.workload = kind;
        }
        client.can_be_read_only = dice.chance(700_000) && client.workload == WorkloadKind::Registers;
        let late_ms = dice.below(plan.heal.at_ms * 3 / 4);
        if client.can_be_read_only && dice.chance(500_000) {
            // Only who has never been at a quorum in its session makes do without one.
            client.start_ms = late_ms;
        }
    }
    if has_super && plan.settings.clients.iter().any(|client| client.workload == WorkloadKind::Vaults) {
        plan.settings.coordination.super_digest = Some(SUPER_DIGEST.into());
    }
}
