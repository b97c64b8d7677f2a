//! The names by which faults can speak of the service: its messages (ZooKeeper's packets and operations), its files,
//! the orders that a leader heeds.

use contract::kinds::{Kinds, Number, OrderKind};

/// Between clients and replicas, and among replicas when they vote.
const PLAIN: [&str; 8] = ["ConnectRequest", "ConnectResponse", "reply", "ping", "pong", "WatcherEvent", "vote", "isro"];
/// Between a leader and its learners (Leader.java).
const PACKETS: [&str; 19] = [
    "FOLLOWERINFO",
    "OBSERVERINFO",
    "LEADERINFO",
    "ACKEPOCH",
    "DIFF",
    "TRUNC",
    "SNAP",
    "NEWLEADER",
    "UPTODATE",
    "PROPOSAL",
    "ACK",
    "COMMIT",
    "COMMITANDACTIVATE",
    "INFORM",
    "INFORMANDACTIVATE",
    "PING",
    "REQUEST",
    "REVALIDATE",
    "SYNC",
];
/// Requests of clients (ZooDefs.OpCode).
const OPERATIONS: [&str; 27] = [
    "create",
    "create2",
    "createContainer",
    "createTTL",
    "delete",
    "deleteContainer",
    "setData",
    "exists",
    "getData",
    "getChildren",
    "getChildren2",
    "getACL",
    "setACL",
    "getEphemerals",
    "getAllChildrenNumber",
    "check",
    "multi",
    "multiRead",
    "sync",
    "setWatches",
    "setWatches2",
    "addWatch",
    "checkWatches",
    "removeWatches",
    "auth",
    "whoAmI",
    "reconfig",
];
/// What a replica keeps on its disk. A snapshot is a draft until it is whole; then it is renamed.
const WRITTEN: [&str; 5] = ["log", "draft", "snapshot", "acceptedEpoch", "currentEpoch"];
/// Those of them of which a sync is asked.
const SYNCED: [&str; 4] = ["log", "draft", "acceptedEpoch", "currentEpoch"];

/// What faults can name.
pub fn kinds() -> Kinds {
    Kinds {
        messages: [&PLAIN[..], &PACKETS, &OPERATIONS, &["closeSession"]].concat(),
        written: WRITTEN.to_vec(),
        synced: SYNCED.to_vec(),
        orders: vec![OrderKind { word: "expire-session", number: Number::Optional("session") }, OrderKind { word: "check-containers", number: Number::Never }],
    }
}
