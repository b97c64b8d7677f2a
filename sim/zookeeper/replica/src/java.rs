//! The order in which Java's hash tables give their elements, where a server lets it be seen: who a connection is, and
//! in which order a closed session's nodes go. Never a table.

/// Buckets of a fresh table (HashMap.DEFAULT_INITIAL_CAPACITY).
const BUCKETS: usize = 16;

/// String.hashCode, over UTF-16.
pub fn hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// In which bucket of a table that has grown to hold `len` elements a hash code is. A table doubles its buckets when
/// more than three quarters of them are used, or, `early`, when three quarters are.
pub fn bucket(hash: u32, len: usize, early: bool) -> usize {
    let buckets = ((len + usize::from(early)) * 4).div_ceil(3).next_power_of_two().max(BUCKETS);
    spread(hash) & (buckets - 1)
}

/// Puts what was inserted in this order into that of a copy of a HashSet, which has no more buckets than it needs
/// (HashMap.putMapEntries).
pub fn sort_as_copied<T>(elements: &mut [T], text: impl Fn(&T) -> &str) {
    let len = elements.len();
    let buckets = (len * 4 / 3 + 1).next_power_of_two();
    elements.sort_by_cached_key(|element| {
        let hash = hash(text(element));
        (spread(hash) & (buckets - 1), bucket(hash, len, false))
    });
}

fn spread(hash: u32) -> usize {
    (hash ^ hash >> 16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_sessions_nodes_go_as_a_real_server_lets_them() {
        // Recorded from ZooKeeper 3.8.0.
        let check = |created: [&str; 2], gone: [&str; 2]| {
            let mut sorted = created;
            sort_as_copied(&mut sorted, |path| path);
            assert_eq!(sorted, gone);
        };
        check(["/job", "/b"], ["/job", "/b"]);
        check(["/b", "/job"], ["/job", "/b"]);
        check(["/c0000000007", "/c"], ["/c0000000007", "/c"]); // One bucket: as they were created.
    }

    #[test]
    fn a_table_grows_with_its_elements() {
        let check = |hash, len, early, place| assert_eq!(bucket(hash, len, early), place, "{hash} of {len}");
        check(17, 12, false, 1);
        check(17, 13, false, 17);
        check(17, 11, true, 1); // ConcurrentHashMap grows one earlier.
        check(17, 12, true, 17);
        check(0x1_0000, 1, false, 1); // High bits count too.
    }
}
