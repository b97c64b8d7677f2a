//! Events worth waiting for: the steps of the protocol at which systems of this kind have lost data before. Names and rough frequencies; never what then strikes.

use contract::dice::Dice;
use contract::fault::{Moment, When};
use contract::ids::MachineId;

/// An event of the protocol, and about how often a storm brings it.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// The moment.
    pub moment: Moment,
    /// The message's kind, or the file's.
    pub kind: &'static str,
    /// `nth` is drawn up to this.
    often: u32,
}

/// A message of the kind is sent.
pub const fn sends(kind: &'static str, often: u32) -> Scene {
    Scene { moment: Moment::Send, kind, often }
}
/// A message of the kind is taken.
pub const fn takes(kind: &'static str, often: u32) -> Scene {
    Scene { moment: Moment::Deliver, kind, often }
}
/// A file of the kind is written.
pub const fn appends(kind: &'static str, often: u32) -> Scene {
    Scene { moment: Moment::Append, kind, often }
}
/// A file of the kind has become durable.
pub const fn syncs(kind: &'static str, often: u32) -> Scene {
    Scene { moment: Moment::Sync, kind, often }
}

/// The leader is the subject, a learner the peer.
pub const LEADER: &[Scene] = &[
    sends("LEADERINFO", 12),
    sends("DIFF", 10),
    sends("TRUNC", 3),
    sends("SNAP", 4),
    sends("NEWLEADER", 12),
    sends("UPTODATE", 12),
    sends("PROPOSAL", 600),
    sends("COMMIT", 600),
    takes("FOLLOWERINFO", 12),
    takes("ACKEPOCH", 12),
    takes("ACK", 600),
    takes("REQUEST", 200),
    takes("REVALIDATE", 6),
];

/// A learner is the subject, the leader the peer.
pub const LEARNER: &[Scene] = &[
    sends("FOLLOWERINFO", 12),
    sends("ACKEPOCH", 12),
    sends("ACK", 600),
    sends("REQUEST", 200),
    sends("REVALIDATE", 6),
    sends("SYNC", 20),
    takes("LEADERINFO", 12),
    takes("DIFF", 10),
    takes("TRUNC", 3),
    takes("SNAP", 4),
    takes("NEWLEADER", 12),
    takes("UPTODATE", 12),
    takes("PROPOSAL", 600),
    takes("COMMIT", 600),
];

/// An observer and its leader; the first of each is the subject's.
pub const OBSERVER: &[Scene] =
    &[sends("OBSERVERINFO", 12), takes("OBSERVERINFO", 12), sends("INFORM", 600), takes("INFORM", 600), sends("REQUEST", 200), takes("REQUEST", 200)];

/// A configuration on its way: whoever is asked for it, the leader that has committed it, who hears of that.
pub const RECONFIG: &[Scene] = &[
    takes("reconfig", 20),
    sends("COMMITANDACTIVATE", 20),
    takes("COMMITANDACTIVATE", 20),
    sends("INFORMANDACTIVATE", 10),
    takes("INFORMANDACTIVATE", 10),
    takes("OBSERVERINFO", 20),
    sends("LEADERINFO", 20),
];

/// Any replica is the subject, another the peer.
pub const VOTER: &[Scene] = &[sends("vote", 60), takes("vote", 60)];

/// Any replica is the subject, at its own disk; there is no peer.
pub const DISK: &[Scene] = &[
    appends("log", 500),
    syncs("log", 400),
    appends("currentEpoch", 8),
    syncs("currentEpoch", 8),
    appends("acceptedEpoch", 10),
    syncs("acceptedEpoch", 10),
    // A snapshot is a draft until it is whole and durable; only then does it get its name.
    appends("draft", 20),
    syncs("draft", 10),
];

/// Any replica is the subject, at what it keeps of the past: a snapshot is written, gets its name, and what is older is purged; a log is gone on with, or begun.
pub const FILES: &[Scene] = &[appends("draft", 60), syncs("draft", 60), appends("snapshot", 20), appends("log", 400), syncs("log", 300)];

/// A client that is served without a quorum is the subject, the replica that it asks for one the peer; or the other way round.
pub const READER: &[Scene] = &[sends("isro", 20), takes("isro", 20)];

/// A client is the subject, its replica the peer.
pub const CLIENT: &[Scene] = &[
    sends("ConnectRequest", 12),
    takes("ConnectResponse", 10),
    sends("create", 120),
    sends("create2", 40),
    sends("setData", 80),
    sends("delete", 80),
    sends("multi", 40),
    sends("sync", 20),
    sends("getData", 80),
    sends("getChildren", 80),
    sends("setWatches", 6),
    sends("closeSession", 6),
    takes("reply", 300),
    takes("WatcherEvent", 40),
];

impl Scene {
    /// When the scene comes: early in half of the draws, else anywhere up to its usual number; on any machine.
    pub fn when(self, after_ms: u64, dice: &mut Dice) -> When {
        self.on(None, after_ms, dice)
    }

    /// The same on one machine, or on any.
    pub fn on(self, machine: Option<MachineId>, after_ms: u64, dice: &mut Dice) -> When {
        let most = if dice.chance(500_000) { self.often.div_ceil(10) } else { self.often };
        When::On { moment: self.moment, kind: self.kind.into(), machine, nth: dice.between(1, u64::from(most)) as u32, after_ms }
    }
}
