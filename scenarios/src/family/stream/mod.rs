//! Families with a stream engine: what their plans have beyond those of the coordination service, and the blows that masters, workers, channels and the outside take. Data and dice; never the
//! running of a plan.
//!
//! `setup` draws the engine's part of a plan, `brush` finds its machines, `moment` lists its scenes; `machines`, `cuts`, `messages`, `outside`, `zombies` and `ha_cut` draw blows, and the families
//! put them together.

pub(super) mod setup;
mod brush;
mod moment;

mod machines;
mod cuts;
mod messages;

pub(super) mod calm;
pub(super) mod checkpoints;
pub(super) mod failover;
pub(super) mod zombies;
pub(super) mod outside;
pub(super) mod rescale;
pub(super) mod savepoints;
pub(super) mod ha_cut;
pub(super) mod everything;

#[cfg(test)]
mod tests;

use super::everything::Class;
use super::storm::{Brush, Storm};
use super::{Purpose, setup::Taste};

/// What the clients of these families are: few, and not busy. The engine's own requests are the load.
const FEW: &[(usize, u32)] = &[(2, 1), (3, 1)];

/// What most of these families want of the coordination service.
const QUIET: Taste =
    Taste { replicas: &[(3, 8), (5, 2)], rounds: &[((20, 60), 1), ((60, 150), 1)], rough_ppm: 100_000, wild_clocks_ppm: 50_000, clients: FEW, ..Taste::USUAL };

/// Paints some of these classes, each switched on so often in a million, and at least one of them.
fn paint(storm: &mut Storm<'_>, classes: &[Class], on_ppm: u32, least_thin: u64) {
    let mut dice = storm.dice(Purpose::StreamSwarm);
    let mut on: Vec<_> = classes.iter().filter(|_| dice.chance(on_ppm)).collect();
    if on.is_empty() {
        on.push(dice.pick(classes));
    }
    let thin = (on.len() as u64).max(least_thin);
    for (purpose, blows) in on {
        blows(&mut storm.brush(*purpose), thin);
    }
}

/// Blows at everything that a savepoint needs: masters, workers, their links, what they say, the outside.
fn all_around(storm: &mut Storm<'_>) {
    let classes = [
        (Purpose::Masters, machines::masters as fn(&mut Brush<'_>, u64)),
        (Purpose::Workers, machines::workers),
        (Purpose::StreamCuts, cuts::blows),
        (Purpose::Messages, messages::blows),
        (Purpose::Outside, outside::blows),
    ];
    paint(storm, &classes, 350_000, 3);
}
