//! Tests of a replica without a world: laws of its tree and of its files, then ensembles of replicas whose messages and
//! disks are in the test's hand.

extern crate stormglass_zookeeper_replica as zookeeper_replica;

mod histories;
mod bench;
mod prep;
mod recovery;
mod files;
mod ensemble;
mod quorums;
mod service;
mod locals;
mod kinds;
