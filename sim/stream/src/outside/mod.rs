//! The outside: what jobs talk to, as processes with disks of their own and answers that can be lost, and the asking end of them. Never a job.

/// To be replaced.
pub struct Nothing;
