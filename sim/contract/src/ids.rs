//! Identities that every system shares: machines and the streams between them. Newtypes, so that no two of them can be
//! confused; never arithmetic beyond their own order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A simulated machine, counted from 0 in the order of the system's [`Roster`](crate::roster::Roster).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MachineId(pub u16);

impl MachineId {
    /// The machine's place in an array of machines.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The machine's IP address: in 10.0.0.0/16, in the order of the machines.
    pub fn address(self) -> String {
        format!("10.0.{}.{}", self.0 >> 8, self.0 & 0xff)
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "machine {}", self.0)
    }
}

/// A stream between two machines. Each opening has a number of its own, which is never used again in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnId(pub u64);
