//! Every rule holds over a lawful tale, in which it has something to judge, and is broken by a tale bent in one place.

mod breaks;
mod lawful;
mod tale;
mod tolerance;
