//! Every rule holds over a lawful tale, in which it has something to judge, and is broken by a tale bent in one place.

mod bend;
mod breaks_service;
mod breaks_zab;
mod lawful;
mod tale;
mod tolerance;
