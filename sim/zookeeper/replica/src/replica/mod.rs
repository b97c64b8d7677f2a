//! What one replica is, whatever its role: settings, disk, tree, what is logged but not applied, clients, and what it
//! keeps while it leads. The ordering acts on it, and never the other way round: nothing here knows who leads, or why.

mod config;
mod core;
mod disk;
mod lead;
mod readers;

pub use self::config::ServerConfig;
pub use self::core::{Core, Recent, ensure, reconfig};
pub use self::lead::{Lead, Write};
