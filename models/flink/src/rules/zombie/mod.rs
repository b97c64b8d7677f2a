//! Those who are over and do not know it: what they say is not heeded, what they do has no effect.

pub mod workers;
pub mod commit;
