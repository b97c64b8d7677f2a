//! Every rule holds over a lawful tale, in which it has something to judge, and is broken by a tale bent in one place.

mod bend;
mod breaks_config;
mod breaks_curator;
mod breaks_disk;
mod breaks_guarded;
mod breaks_service;
mod breaks_sessions;
mod breaks_zab;
mod curators;
mod guarded;
mod guests;
mod lawful;
mod locals;
mod served;
mod tolerance;
mod tolerance_curators;
mod tolerance_guarded;
