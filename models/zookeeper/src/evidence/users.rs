//! Who uses the service, and with which settings: the clients of the plan, and the guests, which are machines of a containing system. Settings; never what anybody did.

use contract::ids::MachineId;
use zookeeper_words::settings::{ClientPlan, CuratorPlan, Settings, WorkloadKind};

/// A machine of a containing system that uses the service by a Curator.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// The machine.
    pub machine: MachineId,
    /// The session timeout that it asks for, in ms.
    pub session_timeout_ms: u32,
    /// Its Curator.
    pub curator: CuratorSetting,
}

/// How a machine's Curator is set up, and what is built upon it.
#[derive(Clone, Copy, Debug)]
pub struct CuratorSetting {
    /// How much of the session's timeout it waits before it gives the session up, in percent; 0 waits for the service's word.
    pub expiration_percent: u32,
    /// Whether its latch leads on while the connection is away.
    pub tolerates_suspended: bool,
    /// How often it retries a call.
    pub retries: u32,
    /// Whether it has a latch.
    pub has_latch: bool,
    /// Whether it hands out numbers of a shared counter, by sets that stand alone.
    pub counts: bool,
}

/// How a machine uses the service.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// The session timeout that it asks for, in ms.
    pub session_timeout_ms: u32,
    /// Whether it makes do with a replica that has no quorum.
    pub can_be_read_only: bool,
    /// Its recipe, if it is a client of the plan.
    pub workload: Option<WorkloadKind>,
    /// Its Curator, if it has one.
    pub curator: Option<CuratorSetting>,
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Users {
    /// By the numbers of machines.
    by_machine: Vec<Option<User>>,
}

impl Users {
    /// The clients of a plan, and guests.
    pub fn of(settings: &Settings, guests: &[Guest]) -> Users {
        let replicas = usize::from(settings.replicas());
        let mut by_machine = vec![None; replicas];
        by_machine.extend(settings.clients.iter().map(|client| Some(client_of(client))));
        for guest in guests {
            if by_machine.len() <= guest.machine.index() {
                by_machine.resize(guest.machine.index() + 1, None);
            }
            let Guest { machine, session_timeout_ms, curator } = *guest;
            by_machine[machine.index()] = Some(User { session_timeout_ms, can_be_read_only: false, workload: None, curator: Some(curator) });
        }
        Users { by_machine }
    }

    /// How this machine uses the service, if it does.
    pub fn get(&self, machine: MachineId) -> Option<&User> {
        self.by_machine.get(machine.index())?.as_ref()
    }

    /// The Curator of this machine, if it has one.
    pub fn curator(&self, machine: MachineId) -> Option<CuratorSetting> {
        self.get(machine)?.curator
    }
}

fn client_of(plan: &ClientPlan) -> User {
    let CuratorPlan { expiration_percent, tolerates_suspended, retries, .. } = plan.curator;
    let has_latch = matches!(plan.workload, WorkloadKind::CuratorLatches | WorkloadKind::Handles);
    let counts = plan.workload == WorkloadKind::CuratorCounters;
    let curator = CuratorSetting { expiration_percent, tolerates_suspended, retries, has_latch, counts };
    User {
        session_timeout_ms: plan.session_timeout_ms,
        can_be_read_only: plan.can_be_read_only,
        workload: Some(plan.workload),
        curator: plan.workload.has_curator().then_some(curator),
    }
}
