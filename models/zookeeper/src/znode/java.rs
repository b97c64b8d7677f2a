//! The order in which Java's hash tables give their elements: a real server shows it, in the order in which a closed session's nodes go and in which a connection's identities are told. Never a lookup; the tables here are small.
//!
//! An element stands in the bucket that the low bits of its spread hash name (HashMap.hash), and in a bucket in the order of insertion. Buckets double when three quarters as many elements are in.

use std::collections::BTreeMap;

/// Buckets of a fresh table (HashMap.DEFAULT_INITIAL_CAPACITY).
const FRESH: usize = 16;

/// String.hashCode, over UTF-16.
pub fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// A set in Java's order.
#[derive(Clone, Debug)]
pub struct JavaSet<T> {
    /// With their spread hashes, and their places in the order of insertion.
    elements: BTreeMap<T, (u32, u64)>,
    inserted: u64,
    buckets: usize,
}

impl<T> Default for JavaSet<T> {
    fn default() -> JavaSet<T> {
        JavaSet { elements: BTreeMap::new(), inserted: 0, buckets: FRESH }
    }
}

impl<T: Ord> JavaSet<T> {
    /// Puts an element with this hash code in, unless it is there.
    pub fn insert(&mut self, hash: i32, element: T) {
        let hash = hash as u32;
        self.inserted += 1;
        self.elements.entry(element).or_insert((hash ^ (hash >> 16), self.inserted));
        while self.elements.len() * 4 > self.buckets * 3 {
            self.buckets *= 2;
        }
    }

    /// Takes an element out; the table keeps its size.
    pub fn remove(&mut self, element: &T) {
        self.elements.remove(element);
    }

    /// The elements, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.in_table().into_iter().map(|(_, element)| element)
    }

    /// The elements, in the order of a copy of the table (HashMap.putMapEntries), which has no more buckets than it needs.
    pub fn copied(&self) -> impl Iterator<Item = &T> {
        let buckets = (self.elements.len() * 4 / 3 + 1).next_power_of_two();
        let mut copy = self.in_table();
        copy.sort_by_key(|(hash, _)| bucket(*hash, buckets));
        copy.into_iter().map(|(_, element)| element)
    }

    fn in_table(&self) -> Vec<(u32, &T)> {
        let mut table: Vec<(&T, &(u32, u64))> = self.elements.iter().collect();
        table.sort_by_key(|(_, (hash, inserted))| (bucket(*hash, self.buckets), *inserted));
        table.into_iter().map(|(element, (hash, _))| (*hash, element)).collect()
    }
}

fn bucket(hash: u32, buckets: usize) -> usize {
    hash as usize & (buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_codes_are_those_of_java() {
        let check = |text: &str, code: i32| assert_eq!(hash(text), code, "{text}");
        check("", 0);
        check("a", 97);
        check("ip", 3367);
        check("digest", -1331913276);
        check("é", 233); // One unit of UTF-16, two bytes of UTF-8.
    }

    #[test]
    fn elements_come_by_bucket_and_then_by_insertion() {
        let check = |hashes: &[i32], table: &[i32], copy: &[i32]| {
            let mut set = JavaSet::default();
            hashes.iter().for_each(|hash| set.insert(*hash, *hash));
            assert_eq!(set.iter().copied().collect::<Vec<_>>(), table, "{hashes:?}");
            assert_eq!(set.copied().copied().collect::<Vec<_>>(), copy, "{hashes:?}, copied");
        };
        check(&[], &[], &[]);
        check(&[3, 1, 2], &[1, 2, 3], &[1, 2, 3]);
        check(&[17, 1], &[17, 1], &[17, 1]); // One bucket.
        check(&[4, 2], &[2, 4], &[4, 2]); // The copy has four buckets.
        check(&[0x10000, 0], &[0, 0x10000], &[0, 0x10000]); // High bits count too.
        check(&[16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16]); // Thirteen make it grow.
    }
}
