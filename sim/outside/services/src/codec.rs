//! How values become bytes that are kept, and how contents are compared. Pure functions; never where the bytes are
//! kept.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The bytes of a value.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("what is kept has a length, and memory does not end")
}

/// The value of bytes that [`encode`] gave; `None` if they are of something else.
pub fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

/// The digest by which contents are compared; facts about blobs carry it.
pub fn digest(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}
