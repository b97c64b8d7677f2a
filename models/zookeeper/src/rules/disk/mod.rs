//! What replicas keep on their disks, by the names of their files. Never what a transaction means, nor whether it was committed.

pub mod purge_safe;
