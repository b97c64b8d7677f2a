//! Sources: splits and offsets, by what enumerators and readers say and by what the log gave. Never what became of the
//! records.

pub mod offset_cut;
pub mod split_partition;
pub mod assign_reliable;
pub mod replay;
pub mod discovery;
