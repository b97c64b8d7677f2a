//! What replicas do without a leader's word: sessions that one of them alone knows (localSessionsEnabled), and service to readers without a quorum (readonlymode.enabled). Never what such a session reads, which is judged as any other's is.

pub mod as_set;
pub mod at_home;
pub mod readers_no_write;
pub mod readers_wait;
pub mod vouched;
