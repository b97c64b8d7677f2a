//! Every rule holds over a lawful tale, in which it has something to judge, and is broken by a tale bent in one place.

mod asks;
mod bend;
mod breaks_disk;
mod breaks_service;
mod breaks_sessions;
mod breaks_streams;
mod breaks_streams_outcome;
mod breaks_config;
mod breaks_curator;
mod curators;
mod breaks_guarded;
mod breaks_outside;
mod breaks_zab;
mod guarded;
mod lawful;
mod locals;
mod outsiders;
mod plan;
mod served;
mod lawful_streams;
mod streams;
mod tale;
mod tolerance;
mod tolerance_guarded;
mod tolerance_curators;
