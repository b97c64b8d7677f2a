//! The dice of a plan: a stream for each purpose, so that drawing one thing otherwise leaves the others alone.

use contract::dice::Dice;

/// The dice of one plan.
#[derive(Clone, Copy, Debug)]
pub struct PlanDice {
    /// The plan's seed.
    pub seed: u64,
    /// The number by which the family names its streams; it never changes, whatever the order of the list.
    pub family: u64,
}

impl PlanDice {
    /// The stream of the `nth` of a purpose. Purposes are numbers of the family's own; new ones get new numbers.
    pub fn stream(self, purpose: u64, nth: u32) -> Dice {
        Dice::named(self.seed, "plan", self.family, purpose << 32 | u64::from(nth))
    }
}

/// One of `items`, each as often as its weight says.
pub fn weighted<T: Copy>(dice: &mut Dice, items: &[(T, u32)]) -> T {
    let total: u64 = items.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut left = dice.below(total);
    for (item, weight) in items {
        match left.checked_sub(u64::from(*weight)) {
            None => return *item,
            Some(rest) => left = rest,
        }
    }
    unreachable!("the draw is below the sum of the weights")
}

/// Any of `items`, each `on_ppm` times in a million: a seed that leaves a kind out gives the others room (swarm
/// testing, Groce et al., ISSTA 2012).
pub fn any_of<'i, T>(dice: &mut Dice, items: &'i [T], on_ppm: u32) -> Vec<&'i T> {
    items.iter().filter(|_| dice.chance(on_ppm)).collect()
}

/// [`any_of`] the items, and at least one of them.
pub fn some_of<'i, T>(dice: &mut Dice, items: &'i [T], on_ppm: u32) -> Vec<&'i T> {
    let mut on = any_of(dice, items, on_ppm);
    if on.is_empty() {
        on.push(dice.pick(items));
    }
    on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swarm_has_at_least_one_and_differs_from_seed_to_seed() {
        let items = ["a", "b", "c"];
        let swarm = |seed| some_of(&mut PlanDice { seed, family: 1 }.stream(0, 0), &items, 300_000).into_iter().copied().collect::<String>();
        let swarms: std::collections::BTreeSet<String> = (0..100).map(swarm).collect();
        assert_eq!(swarms.into_iter().collect::<Vec<_>>(), ["a", "ab", "abc", "ac", "b", "bc", "c"]);
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = PlanDice { seed: 1, family: 1 }.stream(0, 0);
        let drawn = (0..10_000).filter(|_| weighted(&mut dice, &[(true, 3), (false, 1)])).count();
        assert!((7_300..7_700).contains(&drawn), "{drawn}");
    }
}
