//! The words of the coordination service, in reading order: who and which, its settings, its operations, what travels,
//! what its processes note. Data alone; never a replica, a client or a rule.

pub mod ids;
pub mod ensemble;
pub mod settings;
pub mod plant;
pub mod service;
pub mod digest;
pub mod txn;
pub mod message;
pub mod kinds;
pub mod curator;
pub mod recipe;
pub mod files;
pub mod fact;

/// A plan of a run of the service.
pub type Plan = contract::plan::Plan<settings::Settings>;
/// A recording of one.
pub type Recording = contract::recording::Recording<settings::Settings, fact::Fact>;
