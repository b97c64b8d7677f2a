//! The tape: a 128-bit running hash over every event that reaches a process and everything that is noted. It keeps no
//! event; it never depends on addresses, on std's hasher or on the width of `usize`.

use std::hash::{Hash, Hasher};

use contract::ids::MachineId;
use contract::recording::Noted;
use xxhash_rust::xxh3::Xxh3;

/// How many bytes gather before they are hashed: long inputs cost XXH3 much less a byte than short ones.
const FRESH_BYTES: usize = 4096;

/// The running hash.
#[derive(Clone)]
pub(crate) struct Tape {
    folded: Box<Xxh3>,
    fresh: Box<[u8; FRESH_BYTES]>,
    len: usize,
}

impl Tape {
    pub(crate) fn new() -> Tape {
        Tape { folded: Box::new(Xxh3::new()), fresh: Box::new([0; FRESH_BYTES]), len: 0 }
    }

    /// An event reaches a process.
    #[inline(always)]
    pub(crate) fn event(&mut self, at_ns: u64, machine: MachineId, event: &impl Hash) {
        let [low, high] = machine.0.to_le_bytes();
        let [a, b, c, d, e, f, g, h] = at_ns.to_le_bytes();
        self.put([a, b, c, d, e, f, g, h, low, high]);
        event.hash(&mut Scribe(self));
    }

    /// The world notes what it did, or a process what it says. A happening is hashed as the first variant of an enum, a
    /// fact as it is.
    pub(crate) fn note<F: Hash>(&mut self, machine: MachineId, what: &Noted<F>) {
        // No event carries this time: it would be 584 years from the start.
        self.event(u64::MAX, machine, what);
    }

    /// The hash so far.
    pub(crate) fn digest(&self) -> u128 {
        let mut all = self.folded.clone();
        all.update(&self.fresh[..self.len]);
        all.digest128()
    }

    /// Few bytes of a known number.
    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if self.len > FRESH_BYTES - N {
            self.fold();
        }
        // An array in place of a slice: one store, where a copy of a length known only at run time is a call.
        let free: &mut [u8; N] = self.fresh[self.len..].first_chunk_mut().expect("so many are free");
        *free = bytes;
        self.len += N;
    }

    #[inline]
    fn put_all(&mut self, bytes: &[u8]) {
        if bytes.len() > FRESH_BYTES - self.len {
            self.fold();
            if bytes.len() > FRESH_BYTES {
                self.folded.update(bytes);
                return;
            }
        }
        self.fresh[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    #[cold]
    fn fold(&mut self) {
        self.folded.update(&self.fresh[..self.len]);
        self.len = 0;
    }
}

/// Writes down what `Hash` says, every number in little-endian order and fixed width. Lengths and variants, which are
/// nearly always small, take a byte, or nine.
struct Scribe<'a>(&'a mut Tape);

/// Announces a length or variant that a byte cannot hold.
const LARGE: u8 = 0xff;

impl Hasher for Scribe<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.put_all(bytes);
    }
    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.0.put([n]);
    }
    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.0.put(n.to_le_bytes());
    }
    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.0.put(n.to_le_bytes());
    }
    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.0.put(n.to_le_bytes());
    }
    #[inline]
    fn write_u128(&mut self, n: u128) {
        self.0.put(n.to_le_bytes());
    }
    #[inline(always)]
    fn write_usize(&mut self, n: usize) {
        match u8::try_from(n) {
            Ok(small) if small != LARGE => self.write_u8(small),
            Ok(_) | Err(_) => {
                self.write_u8(LARGE);
                self.write_u64(n as u64);
            }
        }
    }
    #[inline]
    fn write_i8(&mut self, n: i8) {
        self.write_u8(n as u8);
    }
    #[inline]
    fn write_i16(&mut self, n: i16) {
        self.write_u16(n as u16);
    }
    #[inline]
    fn write_i32(&mut self, n: i32) {
        self.write_u32(n as u32);
    }
    #[inline]
    fn write_i64(&mut self, n: i64) {
        self.write_u64(n as u64);
    }
    #[inline]
    fn write_i128(&mut self, n: i128) {
        self.write_u128(n as u128);
    }
    #[inline(always)]
    fn write_isize(&mut self, n: isize) {
        match u8::try_from(n) {
            Ok(small) if small != LARGE => self.write_u8(small),
            Ok(_) | Err(_) => {
                self.write_u8(LARGE);
                self.write_u64(n as i64 as u64);
            }
        }
    }
    /// Nobody asks: the bytes themselves are hashed.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_128;

    #[test]
    fn the_hash_is_xxh3_of_little_endian_numbers() {
        let mut tape = Tape::new();
        tape.event(7, MachineId(3), &(1u32, "ab", [9u8, 8]));
        let mut bytes = Vec::new();
        bytes.extend(7u64.to_le_bytes());
        bytes.extend(3u16.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(b"ab\xff");
        bytes.push(2); // The length of a slice goes before it.
        bytes.extend([9, 8]);
        assert_eq!(tape.digest(), xxh3_128(&bytes));
    }

    #[test]
    fn folding_does_not_change_the_hash() {
        let mut tape = Tape::new();
        let mut bytes = Vec::new();
        for i in 0..10_000u64 {
            tape.event(i, MachineId(1), &i);
            bytes.extend(i.to_le_bytes());
            bytes.extend(1u16.to_le_bytes());
            bytes.extend(i.to_le_bytes());
        }
        // Longer than what is gathered at a time.
        let long = [7u8; 3 * FRESH_BYTES];
        tape.event(1, MachineId(2), &long);
        bytes.extend(1u64.to_le_bytes());
        bytes.extend(2u16.to_le_bytes());
        bytes.push(LARGE);
        bytes.extend((long.len() as u64).to_le_bytes());
        bytes.extend(long);
        assert_eq!(tape.digest(), xxh3_128(&bytes));
    }
}
