//! Who each connection was at each of its requests: its machine's address, and what it had authenticated by then. Worked out from what the client sent and was answered; never from what a replica says.
//!
//! An auth counts from when it was sent: a replica takes it before whatever comes after it on the same stream, and answers it at once.

use std::sync::Arc;

use vocab::ids::MachineId;
use vocab::service::{Id, Ids, Op};

use super::clients::{Connection, Item, Request};
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

/// Gives every request of a connection its identities.
pub fn assign(connection: &Connection<'_>, requests: &mut [Request<'_>], super_digest: Option<&str>) {
    let mut sure = of(connection.machine);
    let mut most = Ids::clone(&sure);
    for item in &connection.items {
        let Item::Sent(request) = item else { continue };
        let request = &mut requests[*request];
        (request.ids, request.ids_most) = (Ids::clone(&sure), Ids::clone(&most));
        let Op::Auth { .. } = request.op else { continue };
        if request.returned.is_some_and(|returned| returned.result.is_ok()) {
            sure = granted(&sure, request.op, connection.machine, super_digest);
        }
        if request.returned.is_none_or(|returned| returned.result.is_ok()) {
            most = granted(&most, request.op, connection.machine, super_digest);
        }
    }
}

/// The identities with one more, if it is new.
fn with(ids: &Ids, id: Id) -> Ids {
    if ids.contains(&id) { Ids::clone(ids) } else { ids.iter().cloned().chain([id]).collect() }
}
