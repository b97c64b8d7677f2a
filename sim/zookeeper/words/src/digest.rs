//! What a state digest covers, as data: the canonical bytes of a znode and of a session. The service and the reference
//! each fold these their own way; here is only the layout, never a tree.
//!
//! The digest of a state is the wrapping sum, over all znodes and all sessions, of the XXH3-64 of their canonical
//! bytes. A sum, so that it can be kept up to date by adding and subtracting.

use xxhash_rust::xxh3::xxh3_64;

use crate::ids::SessionId;
use crate::service::{Acl, Stat};

/// The checksum of one znode. `owner` is the stat's owner; `kind` is 0 persistent, 1 ephemeral, 2 container, 3 with
/// TTL; `ttl_ms` is 0 but for the last. Whom the node allows what comes at the end.
pub fn znode(path: &str, data: Option<&[u8]>, acl: &[Acl], stat: &Stat, kind: u8, ttl_ms: i64, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    buffer.extend_from_slice(&(path.len() as u32).to_le_bytes());
    buffer.extend_from_slice(path.as_bytes());
    match data {
        None => buffer.extend_from_slice(&(-1i32).to_le_bytes()),
        Some(data) => {
            buffer.extend_from_slice(&(data.len() as i32).to_le_bytes());
            buffer.extend_from_slice(data);
        }
    }
    for number in [stat.czxid.0 as i64, stat.mzxid.0 as i64, stat.pzxid.0 as i64, stat.ctime_ms, stat.mtime_ms, stat.ephemeral_owner.0, ttl_ms] {
        buffer.extend_from_slice(&number.to_le_bytes());
    }
    for number in [stat.version, stat.cversion, stat.aversion, stat.num_children] {
        buffer.extend_from_slice(&number.to_le_bytes());
    }
    buffer.push(kind);
    for Acl { perms, id } in acl {
        buffer.extend_from_slice(&perms.0.to_le_bytes());
        for text in [&id.scheme, &id.id] {
            buffer.extend_from_slice(&(text.len() as u32).to_le_bytes());
            buffer.extend_from_slice(text.as_bytes());
        }
    }
    xxh3_64(buffer)
}

/// The checksum of one open session.
pub fn session(id: SessionId, timeout_ms: u32) -> u64 {
    let mut bytes = [0xff; 13];
    bytes[..8].copy_from_slice(&id.0.to_le_bytes());
    bytes[8..12].copy_from_slice(&timeout_ms.to_le_bytes());
    xxh3_64(&bytes)
}
