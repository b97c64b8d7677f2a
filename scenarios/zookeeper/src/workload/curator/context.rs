//! What a recipe with Curator works with: its Curator, its round's dice, one alarm. Never another recipe's state.

use zookeeper_client::curator::RecipeContext;

use super::super::round::Round;

/// What a recipe works with.
pub(super) struct CuratorContext<'a> {
    pub curator: RecipeContext<'a>,
    pub think_ms: u32,
    pub round: &'a mut Round,
}

impl CuratorContext<'_> {
    /// Wants to hear an alarm in `ms`.
    pub fn alarm_in(&mut self, ms: u64) {
        self.round.alarm_in(ms, self.curator.now);
    }

    /// Whether the patience is over: what waits must give up.
    pub fn is_late(&self) -> bool {
        self.round.is_late(self.curator.now)
    }

    /// A while of the order of the pauses between rounds, in ms, never above `most` times one.
    pub fn while_ms(&mut self, most: u64) -> u64 {
        self.round.dice.between(0, most * u64::from(self.think_ms))
    }
}
