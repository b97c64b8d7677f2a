//! Who gets what: keys, key groups and their owners, and the partitioners of edges (KeyGroupRangeAssignment). Never a channel.

use vocab::stream::data::{Field, Record};
use vocab::stream::ids::KeyGroup;

/// How an edge's records are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitioner {
    /// To the subtask of the same index.
    Forward,
    /// To the owner of the key's group.
    Hash(KeyBy),
    /// To one after the other, beginning with the sender's own index (rebalance).
    Rebalance,
    /// To all.
    Broadcast,
}

/// By what an edge is keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyBy {
    /// A field of a row.
    Column(usize),
    /// An auction's or bid's auction.
    Auction,
    /// A bid's bidder.
    Bidder,
    /// A person's number, or an auction's seller.
    Seller,
    /// A tick's key.
    Key,
    /// Nothing: all go to one.
    Nothing,
}

impl KeyBy {
    /// A record's key. Panics on a record of another kind: a graph connects what fits.
    pub fn key(self, record: &Record) -> Vec<Field> {
        let _ = record;
        unimplemented!("keys of {self:?}")
    }
}

/// The group of a key: murmur of its hash, modulo max parallelism.
pub fn group_of(key: &[Field], max_parallelism: u16) -> KeyGroup {
    let _ = (key, max_parallelism);
    unimplemented!("key groups")
}

/// Which subtask owns a group: `group * parallelism / max parallelism`.
pub fn owner_of(group: KeyGroup, parallelism: u16, max_parallelism: u16) -> u16 {
    (u32::from(group.0) * u32::from(parallelism) / u32::from(max_parallelism)) as u16
}

/// The groups that a subtask owns: `[(i*maxP+p-1)/p, ((i+1)*maxP-1)/p]`.
pub fn range_of(index: u16, parallelism: u16, max_parallelism: u16) -> std::ops::RangeInclusive<u16> {
    let (index, parallelism, max) = (u32::from(index), u32::from(parallelism), u32::from(max_parallelism));
    let (first, last) = ((index * max).div_ceil(parallelism), ((index + 1) * max - 1) / parallelism);
    first as u16..=last as u16
}
