//! Numbers that stand for chance: one that the owner's dice gave, stretched into as many as a client needs for backoffs
//! and UUIDs. Never chance of its own: equal numbers give equal lots.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A UUID of version 4, by which Curator finds its own nodes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uuid(pub u128);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// A row of lots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lots {
    seed: u64,
    drawn: u64,
}

impl Lots {
    /// The row of a number.
    pub fn new(seed: u64) -> Lots {
        Lots { seed, drawn: 0 }
    }

    /// The next one.
    pub fn draw(&mut self) -> u64 {
        self.drawn += 1;
        xxh3_64_with_seed(&self.drawn.to_le_bytes(), self.seed)
    }

    /// The next two, as a UUID.
    pub fn uuid(&mut self) -> Uuid {
        let number = u128::from(self.draw()) << 64 | u128::from(self.draw());
        let (version, variant) = (0xf << 76, 0x3 << 62);
        Uuid(number & !version & !variant | 0x4 << 76 | 0x2 << 62)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_written_as_java_writes_it() {
        assert_eq!(Uuid(0x0123_4567_89ab_4def_8123_4567_89ab_cdef).to_string(), "01234567-89ab-4def-8123-456789abcdef");
        let text = Lots::new(7).uuid().to_string();
        assert_eq!((text.len(), &text[14..15]), (36, "4"), "{text}");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"), "{text}");
    }

    #[test]
    fn equal_numbers_give_equal_rows_and_no_lot_comes_twice() {
        let row = |seed| {
            let mut lots = Lots::new(seed);
            (0..100).map(|_| lots.draw()).collect::<Vec<_>>()
        };
        assert_eq!(row(1), row(1));
        let all: std::collections::BTreeSet<u64> = row(1).into_iter().chain(row(2)).collect();
        assert_eq!(all.len(), 200);
    }
}
