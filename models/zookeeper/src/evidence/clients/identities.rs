//! Who a connection is: its machine's address, and what it has authenticated. Worked out from what the client sent and was answered; never from what a replica says.
//!
//! An auth counts from when it was sent: a replica takes it before whatever comes after it on the same stream, and answers it at once.

use std::sync::Arc;

use contract::ids::MachineId;
use zookeeper_words::service::{Id, Ids, Op};

use crate::znode::acl;

/// Who a connection is before it is known whose it is.
pub fn nobody() -> Ids {
    Arc::from([])
}

/// Who a connection of this machine is when it opens.
pub fn of(machine: MachineId) -> Ids {
    Arc::from([Id::new("ip", &machine.address())])
}

/// Who a connection of this machine is once its auth is granted.
pub fn granted(ids: &Ids, op: &Op, machine: MachineId, super_digest: Option<&str>) -> Ids {
    let Op::Auth { scheme, auth } = op else { return Ids::clone(ids) };
    let Ok(id) = acl::authenticated(scheme, auth, &machine.address()) else { return Ids::clone(ids) };
    let is_super = &**scheme == "digest" && super_digest == Some(&*id.id);
    let ids = with(ids, id);
    if is_super { with(&ids, Id::new("super", "")) } else { ids }
}

/// The identities with one more, if it is new.
fn with(ids: &Ids, id: Id) -> Ids {
    if ids.contains(&id) { Ids::clone(ids) } else { ids.iter().cloned().chain([id]).collect() }
}
