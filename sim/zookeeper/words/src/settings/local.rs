//! What a plan with local sessions and readers must satisfy beyond its shape.

use contract::plan::Flaw;

use super::{Settings, WorkloadKind};

/// Says what cannot be run of local sessions and read-only service.
pub(super) fn check(settings: &Settings) -> Result<(), Flaw> {
    let coordination = &settings.coordination;
    if coordination.local_sessions_upgrading && !coordination.local_sessions {
        return Err(Flaw::new(&["coordination", "local_sessions_upgrading"], "no session is local that could be upgraded", "set local_sessions too"));
    }
    if coordination.read_only_mode && !coordination.local_sessions {
        return Err(Flaw::new(&["coordination", "read_only_mode"], "a replica without a quorum can open no session", "set local_sessions too"));
    }
    for (i, client) in settings.clients.iter().enumerate() {
        if client.can_be_read_only && client.workload != WorkloadKind::Registers {
            let what = format!("{:?} cannot go on without writes", client.workload);
            let remedy = "leave it out, or give the client the workload \"registers\"";
            return Err(Flaw::new(&["clients", &i.to_string(), "can_be_read_only"], what, remedy));
        }
    }
    Ok(())
}
