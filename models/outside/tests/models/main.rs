//! The rules on the outside: each holds over a lawful tale, in which it has something to judge, and is broken by a tale
//! that goes on otherwise. The tales are of a system that has the outside and nothing else.

mod alone;
mod breaks;
mod lawful;
mod tale;
