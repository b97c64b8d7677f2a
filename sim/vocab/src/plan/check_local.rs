//! What a plan with local sessions and readers must satisfy beyond its shape.

use super::{Flaw, Plan, WorkloadKind};

impl Plan {
    /// Says what cannot be run of local sessions and read-only service.
    pub(super) fn check_local(&self) -> Result<(), Flaw> {
        let flaw =
            |at: &[&str], what: &str, remedy: &str| Err(Flaw { at: at.iter().map(ToString::to_string).collect(), what: what.into(), remedy: remedy.into() });
        let coordination = &self.coordination;
        if coordination.local_sessions_upgrading && !coordination.local_sessions {
            return flaw(&["coordination", "local_sessions_upgrading"], "no session is local that could be upgraded", "set local_sessions too");
        }
        if coordination.read_only_mode && !coordination.local_sessions {
            let what = "a replica without a quorum can open no session";
            return flaw(&["coordination", "read_only_mode"], what, "set local_sessions too");
        }
        if coordination.local_sessions && self.stream.is_some() {
            let what = "a stream engine whose leaders' sessions are not known to all";
            return flaw(&["coordination", "local_sessions"], what, "leave out either local_sessions or the stream engine");
        }
        for (i, client) in self.clients.iter().enumerate() {
            if client.can_be_read_only && client.workload != WorkloadKind::Registers {
                let what = format!("{:?} cannot go on without writes", client.workload);
                return flaw(&["clients", &i.to_string(), "can_be_read_only"], &what, "leave it out, or give the client the workload \"registers\"");
            }
        }
        Ok(())
    }
}
