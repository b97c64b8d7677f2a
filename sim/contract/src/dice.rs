//! Dice: named streams of chance. One purpose, one stream, so that taking a fault or a request out of a plan leaves all
//! other choices alone; never a shared generator.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::xxh3_64;

/// A ChaCha8 stream named for its purpose.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of `purpose` between `a` and `b` (a link's two ends, a machine's number and 0, …) under `seed`. Equal
    /// arguments give equal words on every machine.
    pub fn named(seed: u64, purpose: &str, a: u64, b: u64) -> Dice {
        let mut key = [0; 32];
        for (place, word) in key.chunks_exact_mut(8).zip([seed, xxh3_64(purpose.as_bytes()), a, b]) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        Dice(ChaCha8Rng::from_seed(key))
    }

    /// The next 32 bits.
    pub fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number below `bound`, from two words whatever the bound is. Panics on a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a choice among nothing");
        scale(self.0.next_u64(), bound)
    }

    /// A number in `low..=high`. Panics when `low` is above `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "an empty range {low}..={high}");
        match (high - low).checked_add(1) {
            Some(width) => low + self.below(width),
            None => self.0.next_u64(),
        }
    }

    /// True `per_million` times in a million.
    pub fn chance(&mut self, per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(per_million)
    }

    /// One of `items`. Panics on an empty slice.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// Puts `items` into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

/// `word` of 64 bits scaled to `0..bound` by its high bits: one multiplication and no second draw, so each choice takes
/// the same number of words.
fn scale(word: u64, bound: u64) -> u64 {
    ((u128::from(word) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_different_names_differ_and_equal_names_agree() {
        let words = |seed, purpose, a, b| {
            let mut dice = Dice::named(seed, purpose, a, b);
            (0..4).map(|_| dice.word()).collect::<Vec<_>>()
        };
        assert_eq!(words(7, "link", 0, 1), words(7, "link", 0, 1));
        assert_ne!(words(7, "link", 0, 1), words(7, "link", 1, 0));
        assert_ne!(words(7, "link", 0, 1), words(7, "disk", 0, 1));
        assert_ne!(words(7, "link", 0, 1), words(8, "link", 0, 1));
    }

    #[test]
    fn the_first_words_are_the_same_on_every_machine() {
        let mut dice = Dice::named(1, "plan", 2, 3);
        assert_eq!([dice.word(), dice.word()], [166_923_589, 3_913_309_168]);
    }

    #[test]
    fn between_reaches_both_ends() {
        let mut dice = Dice::named(1, "ends", 0, 0);
        let drawn: std::collections::BTreeSet<u64> = (0..200).map(|_| dice.between(3, 6)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
        dice.between(0, u64::MAX);
    }
}
