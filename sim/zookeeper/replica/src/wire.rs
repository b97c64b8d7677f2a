//! How long a client's request is on ZooKeeper's wire, by the records of zookeeper.jute: what a limit on its size is
//! about. Never the bytes themselves.

use zookeeper_words::message::ConnectRequest;
use zookeeper_words::service::{Acls, CreateMode, Data, Op, Path};

/// An int: every length, count, version and flag.
const INT: usize = 4;
/// A long.
const LONG: usize = 8;
/// A boolean.
const BOOL: usize = 1;
/// RequestHeader: xid and type.
const HEADER: usize = 2 * INT;
/// MultiHeader: type, done, err. There is one before each operation and one at the end.
const MULTI_HEADER: usize = INT + BOOL + INT;
/// A session's password.
const PASSWORD: usize = 16;

/// The frame of a request, its length field not counted, as jute.maxbuffer does not.
pub fn request_len(op: &Op) -> usize {
    HEADER + body(op)
}

/// The frame of a ConnectRequest: protocol, zxid, timeout, session, password, read-only.
pub fn connect_len(_: &ConnectRequest) -> usize {
    INT + LONG + INT + LONG + INT + PASSWORD + BOOL
}

fn body(op: &Op) -> usize {
    match op {
        Op::Create { path, data, mode, acl: list, stat: _ } => string(path) + buffer(data) + acl(list) + INT + ttl(*mode),
        Op::Delete { path, version: _ } | Op::Check { path, version: _ } => string(path) + INT,
        Op::SetData { path, data, version: _ } => string(path) + buffer(data) + INT,
        Op::SetAcl { path, acl: list, version: _ } => string(path) + acl(list) + INT,
        Op::Exists { path, .. } | Op::GetData { path, .. } | Op::GetChildren { path, .. } => string(path) + BOOL,
        Op::GetAcl { path } | Op::GetAllChildrenNumber { path } | Op::Sync { path } | Op::GetEphemerals { prefix: path } => string(path),
        Op::DeleteContainer { path } => string(path),
        Op::AddWatch { path, .. } | Op::RemoveWatches { path, .. } => string(path) + INT,
        Op::Multi(ops) | Op::MultiRead(ops) => ops.iter().map(|op| MULTI_HEADER + body(op)).sum::<usize>() + MULTI_HEADER,
        Op::SetWatches { relative: _, data, exist, child, persistent, recursive } => {
            let lasting = if persistent.is_empty() && recursive.is_empty() { 0 } else { strings(persistent) + strings(recursive) };
            LONG + strings(data) + strings(exist) + strings(child) + lasting
        }
        Op::Auth { scheme, auth } => INT + string(scheme) + string(auth),
        Op::Reconfig { joining, leaving, members, from: _ } => {
            [joining, leaving, members].map(|text| string(text.as_deref().unwrap_or_default())).iter().sum::<usize>() + LONG
        }
        Op::WhoAmI | Op::CloseSession => 0,
    }
}

fn ttl(mode: CreateMode) -> usize {
    match mode {
        CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_) => LONG,
        CreateMode::Persistent | CreateMode::Ephemeral | CreateMode::PersistentSequential | CreateMode::EphemeralSequential => 0,
        CreateMode::Container | CreateMode::Unknown(_) => 0,
    }
}

fn string(text: &str) -> usize {
    INT + text.len()
}

fn strings(paths: &[Path]) -> usize {
    INT + paths.iter().map(|path| string(path)).sum::<usize>()
}

fn buffer(data: &Data) -> usize {
    INT + data.as_ref().map_or(0, |data| data.len())
}

fn acl(acl: &Acls) -> usize {
    INT + acl.iter().map(|entry| INT + string(&entry.id.scheme) + string(&entry.id.id)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use zookeeper_words::service::acl::open;

    use super::*;

    #[test]
    fn requests_are_as_long_as_on_the_wire() {
        // Counted by hand from zookeeper.jute.
        let check = |op: Op, len: usize| assert_eq!(request_len(&op), len, "{}", op.name());
        let world = 4 + 4 + (4 + 5) + (4 + 6);
        check(Op::Exists { path: "/a".into(), watch: true }, 8 + 6 + 1);
        check(Op::create("/a".into(), Some([1, 2, 3].into()), CreateMode::Persistent), 8 + 6 + 7 + world + 4);
        check(Op::create("/a".into(), None, CreateMode::PersistentWithTtl(5)), 8 + 6 + 4 + world + 4 + 8);
        check(Op::SetAcl { path: "/é".into(), acl: open(), version: 0 }, 8 + 7 + world + 4);
        check(Op::Multi(vec![]), 8 + 9);
        check(Op::Multi(vec![Op::Delete { path: "/a".into(), version: 0 }]), 8 + 9 + 6 + 4 + 9);
        check(Op::CloseSession, 8);
        check(Op::Auth { scheme: "digest".into(), auth: "a:b".into() }, 8 + 4 + 10 + 7);
    }
}
