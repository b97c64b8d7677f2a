//! Error codes. Names for numbers; never when they are given.

use serde::{Deserialize, Serialize};

/// ZooKeeper's error codes, as far as this service gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// 0, only in a failed multi's results: the operation before the failing one.
    Ok,
    /// -2, only in a failed multi's results: an operation after the failing one.
    RuntimeInconsistency,
    /// -5.
    MarshallingError,
    /// -6.
    Unimplemented,
    /// -8.
    BadArguments,
    /// -13: no quorum of the new configuration is in step with the leader.
    NewConfigNoQuorum,
    /// -14: another one is not committed yet.
    ReconfigInProgress,
    /// -101.
    NoNode,
    /// -102.
    NoAuth,
    /// -103.
    BadVersion,
    /// -108.
    NoChildrenForEphemerals,
    /// -110.
    NodeExists,
    /// -111.
    NotEmpty,
    /// -112.
    SessionExpired,
    /// -114.
    InvalidAcl,
    /// -115; the connection is closed after it.
    AuthFailed,
    /// -118.
    SessionMoved,
    /// -121.
    NoWatcher,
    /// -123.
    ReconfigDisabled,
    /// -119: the replica has no quorum and serves readers alone.
    NotReadOnly,
    /// -120: a session that one replica alone knows can own nothing, and is not to be made known to all.
    EphemeralOnLocalSession,
}

impl ErrorCode {
    /// All of them.
    pub const ALL: [ErrorCode; 21] = [
        Self::Ok,
        Self::RuntimeInconsistency,
        Self::MarshallingError,
        Self::Unimplemented,
        Self::BadArguments,
        Self::NewConfigNoQuorum,
        Self::ReconfigInProgress,
        Self::NoNode,
        Self::NoAuth,
        Self::BadVersion,
        Self::NoChildrenForEphemerals,
        Self::NodeExists,
        Self::NotEmpty,
        Self::SessionExpired,
        Self::InvalidAcl,
        Self::AuthFailed,
        Self::SessionMoved,
        Self::NoWatcher,
        Self::ReconfigDisabled,
        Self::NotReadOnly,
        Self::EphemeralOnLocalSession,
    ];

    /// The code on the wire.
    pub fn code(self) -> i32 {
        match self {
            Self::Ok => 0,
            Self::RuntimeInconsistency => -2,
            Self::MarshallingError => -5,
            Self::Unimplemented => -6,
            Self::BadArguments => -8,
            Self::NewConfigNoQuorum => -13,
            Self::ReconfigInProgress => -14,
            Self::NoNode => -101,
            Self::NoAuth => -102,
            Self::BadVersion => -103,
            Self::NoChildrenForEphemerals => -108,
            Self::NodeExists => -110,
            Self::NotEmpty => -111,
            Self::SessionExpired => -112,
            Self::InvalidAcl => -114,
            Self::AuthFailed => -115,
            Self::SessionMoved => -118,
            Self::NoWatcher => -121,
            Self::ReconfigDisabled => -123,
            Self::NotReadOnly => -119,
            Self::EphemeralOnLocalSession => -120,
        }
    }
}
