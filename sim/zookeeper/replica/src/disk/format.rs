//! The bytes of each file, with a checksum over every part, so that a torn tail, a rotten bit and a misplaced sector
//! are told apart from what was written. Pure functions; never an order of writing.

use std::sync::Arc;

use contract::process::FileName;
use xxhash_rust::xxh3::xxh3_64;
use zookeeper_words::fact::Mark;
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::txn::Txn;

use crate::codec;

/// The log's magic number and version (ZooKeeper's "ZKLG", 2).
const LOG_MAGIC: [u8; 8] = *b"ZKLG\0\0\0\x02";
/// The snapshot's magic number and version.
const SNAPSHOT_MAGIC: [u8; 8] = *b"ZKSN\0\0\0\x02";
/// The end of a record (ZooKeeper's EOR byte).
const END_OF_RECORD: u8 = 0x42;
/// Bytes of a log's header: magic, the zxid before its first record, and their checksum.
pub const LOG_HEADER_LEN: usize = 24;
/// Bytes of a record around its transaction: length, checksum, end.
const RECORD_FRAME_LEN: usize = 13;

/// The file of the last accepted epoch.
pub const ACCEPTED_EPOCH: &str = "acceptedEpoch";
/// The file of the current epoch.
pub const CURRENT_EPOCH: &str = "currentEpoch";

/// The name of the log whose first transaction is `first`.
pub fn log_name(first: Zxid) -> FileName {
    format!("log.{:x}", first.0).into()
}

/// The name of the snapshot that starts from `zxid`.
pub fn snapshot_name(zxid: Zxid) -> FileName {
    format!("snapshot.{:x}", zxid.0).into()
}

/// The name of a snapshot while it is written.
pub fn draft_name(zxid: Zxid) -> FileName {
    format!("draft.{:x}", zxid.0).into()
}

/// The zxid in a file's name, if the file is of this kind.
pub fn zxid_of(name: &str, kind: &str) -> Option<Zxid> {
    let digits = name.strip_prefix(kind)?.strip_prefix('.')?;
    u64::from_str_radix(digits, 16).ok().map(Zxid)
}

/// An epoch file.
pub fn epoch(epoch: Epoch) -> Vec<u8> {
    sealed(epoch.0.to_be_bytes().to_vec())
}

/// The epoch in a file.
pub fn read_epoch(bytes: &[u8]) -> Option<Epoch> {
    unsealed(bytes)?.try_into().ok().map(u32::from_be_bytes).map(Epoch)
}

/// The header of a log whose first record follows `after`.
pub fn log_header(after: Zxid) -> Vec<u8> {
    let mut bytes = LOG_MAGIC.to_vec();
    bytes.extend_from_slice(&after.0.to_be_bytes());
    sealed(bytes)
}

/// The zxid before a log's first record.
pub fn read_log_header(bytes: &[u8]) -> Option<Zxid> {
    let body = unsealed(bytes.get(..LOG_HEADER_LEN)?)?;
    let after = body.strip_prefix(&LOG_MAGIC)?;
    after.try_into().ok().map(u64::from_be_bytes).map(Zxid)
}

/// A record.
pub fn record(txn: &Txn) -> Vec<u8> {
    let mut writer = codec::Writer(Vec::with_capacity(codec::TXN_BYTES + RECORD_FRAME_LEN));
    writer.int(0); // The body's length, which is not known yet.
    writer.long(txn.mark.0 as i64);
    codec::write(txn, &mut writer);
    let mut bytes = writer.0;
    bytes.push(END_OF_RECORD);
    let body_len = bytes.len() - RECORD_FRAME_LEN;
    bytes[..4].copy_from_slice(&(body_len as u32).to_be_bytes());
    bytes
}

/// The record at the head of `bytes`, and its length.
pub fn read_record(bytes: &[u8]) -> Option<(Arc<Txn>, usize)> {
    let body_len = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let len = body_len.checked_add(RECORD_FRAME_LEN)?;
    let bytes = bytes.get(..len)?;
    if bytes[len - 1] != END_OF_RECORD {
        return None;
    }
    let mark = Mark(u64::from_be_bytes(bytes[4..12].try_into().ok()?));
    let body = &bytes[12..len - 1];
    if xxh3_64(body) != mark.0 {
        return None;
    }
    codec::decode(body).map(|txn| (Arc::new(txn), len))
}

/// The head of a snapshot file.
pub fn snapshot_start(head: &[u8]) -> Vec<u8> {
    let mut bytes = SNAPSHOT_MAGIC.to_vec();
    bytes.extend(frame(0, head));
    bytes
}

/// Part `number` (from 1) of a snapshot file.
pub fn snapshot_part(number: u32, nodes: &[u8]) -> Vec<u8> {
    frame(number, nodes)
}

/// The end of a snapshot file of `parts` parts: it is whole once the log has been replayed up to `until`.
pub fn snapshot_end(parts: u32, until: Zxid) -> Vec<u8> {
    let mut bytes = u32::MAX.to_be_bytes().to_vec();
    bytes.extend_from_slice(&parts.to_be_bytes());
    bytes.extend_from_slice(&until.0.to_be_bytes());
    sealed(bytes)
}

/// The state bytes of a snapshot file, and the zxid up to which the log must be replayed over it.
pub fn read_snapshot(bytes: &[u8]) -> Option<(Vec<u8>, Zxid)> {
    let mut rest = bytes.strip_prefix(&SNAPSHOT_MAGIC)?;
    let mut state = Vec::new();
    let mut number = 0u32;
    loop {
        let (len, _) = rest.split_at_checked(4)?;
        if u32::from_be_bytes(len.try_into().ok()?) == u32::MAX {
            let end = unsealed(rest)?.get(4..)?;
            let (parts, until) = end.split_at_checked(4)?;
            let parts = u32::from_be_bytes(parts.try_into().ok()?);
            let until = Zxid(u64::from_be_bytes(until.try_into().ok()?));
            return (parts + 1 == number).then_some((state, until));
        }
        let len = u32::from_be_bytes(len.try_into().ok()?) as usize;
        let part = rest.get(..len.checked_add(12)?)?;
        if part != frame(number, &part[12..]) {
            return None;
        }
        state.extend_from_slice(&part[12..]);
        rest = &rest[part.len()..];
        number += 1;
    }
}

/// Length, checksum over number and content, content.
fn frame(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = (content.len() as u32).to_be_bytes().to_vec();
    let sum = xxh3_64(content) ^ xxh3_64(&number.to_be_bytes());
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = xxh3_64(&bytes);
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes
}

fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
    (xxh3_64(body).to_be_bytes() == sum).then_some(body)
}
