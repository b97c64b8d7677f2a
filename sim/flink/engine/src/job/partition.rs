//! Who gets what: keys, key groups and their owners, and the partitioners of edges (KeyGroupRangeAssignment). Never a
//! channel.

use std::ops::Range;

use flink_words::flow::{Datum, Record};
use flink_words::ids::KeyGroup;
use outside_words::data::{Field, Input};

/// Where an operator runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Its index among its vertex' subtasks.
    pub index: u16,
    /// How many there are.
    pub parallelism: u16,
    /// How many key groups there are.
    pub max_parallelism: u16,
}

/// How an edge's records are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitioner {
    /// To the subtask of the same index.
    Forward,
    /// To the owner of the key's group.
    Hash(KeyBy),
    /// To one after the other, beginning with the sender's own index (rebalance).
    Rebalance,
    /// To all subtasks.
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
        vec![self.field(record)]
    }

    /// The one field that a key consists of. Panics as [`KeyBy::key`] does.
    pub fn field(self, record: &Record) -> Field {
        let found = match (self, &record.datum) {
            (KeyBy::Nothing, _) => Some(Field::Int(0)),
            (KeyBy::Column(column), Datum::Row(row)) => row.get(column).cloned(),
            (_, Datum::Input(input)) => self.number(input).map(Field::Int),
            (KeyBy::Auction | KeyBy::Bidder | KeyBy::Seller | KeyBy::Key, Datum::Row(_)) => None,
        };
        found.unwrap_or_else(|| panic!("an edge keyed by {self:?} carried {record:?}"))
    }

    fn number(self, input: &Input) -> Option<i64> {
        match (self, input) {
            (KeyBy::Auction, Input::Auction { id, .. }) | (KeyBy::Seller, Input::Person { id, .. }) => Some(*id),
            (KeyBy::Auction, Input::Bid { auction, .. }) => Some(*auction),
            (KeyBy::Bidder, Input::Bid { bidder, .. }) => Some(*bidder),
            (KeyBy::Seller, Input::Auction { seller, .. }) => Some(*seller),
            (KeyBy::Key, Input::Tick { key, .. }) => Some(*key),
            (KeyBy::Column(_) | KeyBy::Auction | KeyBy::Bidder | KeyBy::Seller | KeyBy::Key | KeyBy::Nothing, _) => None,
        }
    }
}

/// To which of the receiver's subtasks a record goes: one, or all. `counter` is how many records this sender has sent
/// over the edge before.
pub fn targets(partitioner: Partitioner, record: &Record, from_index: u16, counter: u64, parallelism: u16, max_parallelism: u16) -> Range<u16> {
    let one = |index: u16| index..index + 1;
    match partitioner {
        Partitioner::Forward => one(from_index),
        Partitioner::Hash(by) => one(owner_of(group_of(&[by.field(record)], max_parallelism), parallelism, max_parallelism)),
        Partitioner::Rebalance => one(((u64::from(from_index) + counter) % u64::from(parallelism)) as u16),
        Partitioner::Broadcast => 0..parallelism,
    }
}

/// The group of a key: murmur of its hash, modulo max parallelism (KeyGroupRangeAssignment.computeKeyGroupForKeyHash).
///
/// The hash is Java's `hashCode`, as in Flink: that of `Long` or `String` for a key of one field, that of
/// `Arrays.hashCode` for more.
pub fn group_of(key: &[Field], max_parallelism: u16) -> KeyGroup {
    let hash = match key {
        [field] => hash_of(field),
        fields => fields.iter().fold(1i32, |hash, field| hash.wrapping_mul(31).wrapping_add(hash_of(field))),
    };
    KeyGroup((murmur(hash) % u32::from(max_parallelism)) as u16)
}

/// Java's `hashCode` of `Long` and `String`.
fn hash_of(field: &Field) -> i32 {
    match field {
        Field::Int(number) => (number ^ ((*number as u64) >> 32) as i64) as i32,
        Field::Text(text) => text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit))),
    }
}

/// MathUtils.murmurHash: MurmurHash3 of one int, made non-negative.
fn murmur(code: i32) -> u32 {
    let mut code = code as u32;
    code = code.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593).rotate_left(13);
    code = code.wrapping_mul(5).wrapping_add(0xe654_6b64) ^ 4;
    code = (code ^ (code >> 16)).wrapping_mul(0x85eb_ca6b);
    code = (code ^ (code >> 13)).wrapping_mul(0xc2b2_ae35);
    code ^= code >> 16;
    match code as i32 {
        i32::MIN => 0,
        code => code.unsigned_abs(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes as Java prints them.
    #[test]
    fn keys_hash_as_in_java() {
        let check = |field: Field, hash: i32| assert_eq!(hash_of(&field), hash, "{field:?}");
        check(1.into(), 1);
        check((-1).into(), 0); // Both halves are the same.
        check((1 << 32).into(), 1);
        check(i64::MIN.into(), i32::MIN);
        check("".into(), 0);
        check("hello".into(), 99_162_322);
        check("polygenelubricants".into(), i32::MIN);
    }

    #[test]
    fn every_group_has_its_one_owner() {
        for max in [1, 4, 7, 128] {
            for parallelism in 1..=max.min(9) {
                let owned: Vec<u16> = (0..parallelism).flat_map(|index| range_of(index, parallelism, max)).collect();
                assert_eq!(owned, (0..max).collect::<Vec<_>>(), "{parallelism} of {max}");
                let index_of = |group: &u16| owner_of(KeyGroup(*group), parallelism, max);
                assert!(owned.iter().all(|group| range_of(index_of(group), parallelism, max).contains(group)));
            }
        }
    }

    #[test]
    fn records_go_where_the_partitioner_says() {
        let record = |auction| Record { at: 0, datum: Datum::Input(Input::Bid { auction, bidder: 1, price: 1, at: 0 }.into()) };
        let check = |partitioner, from, counter, expected: Range<u16>| assert_eq!(targets(partitioner, &record(7), from, counter, 3, 128), expected);
        check(Partitioner::Forward, 2, 9, 2..3);
        check(Partitioner::Rebalance, 2, 0, 2..3);
        check(Partitioner::Rebalance, 2, 1, 0..1);
        check(Partitioner::Broadcast, 2, 1, 0..3);
        let of = |auction, from| targets(Partitioner::Hash(KeyBy::Auction), &record(auction), from, 0, 3, 128);
        assert_eq!(of(7, 0), of(7, 2));
        assert_eq!((0..50).map(|auction| of(auction, 0).start).collect::<std::collections::BTreeSet<_>>().len(), 3, "keys spread over all subtasks");
    }
}
