//! `fuzz`: many storms. It sets the engine going, lets a signal end it early, and tells what was found; the order and the
//! counts are the engine's.

use super::args::{Fuzz, Seeds, jobs_or_cores};
use super::night::Keeper;
use super::progress::Watcher;
use super::signals;
use super::text::summary;
use super::{chosen, family, out};
use crate::change::Changes;
use crate::fuzz::{FamilySource, Source, Wish};
use crate::mistake::Mistake;
use crate::night::Night;
use crate::systems::{AnySystem, Systems};

/// Many storms, judged.
pub fn fuzz(systems: &Systems, args: &Fuzz, changes: Changes) -> Result<u8, Mistake> {
    let mut wish = wish(systems, args, changes)?;
    let night = args.night.as_ref().map(|folder| Night::open(folder, &what(&wish))).transpose()?;
    if let Some(night) = &night {
        (wish.first, wish.keep_going) = (night.next(), true);
    }
    let cancel = signals::cancel();
    let mut watcher = Watcher::new(&wish, systems);
    let found = match night {
        None => crate::fuzz::fuzz(&wish, &cancel, &mut watcher),
        Some(night) => {
            let mut keeper = Keeper::new(night, &mut watcher, systems, wish.changes.clone());
            let found = crate::fuzz::fuzz(&wish, &cancel, &mut keeper);
            out::say(&keeper.text());
            found
        }
    };
    watcher.finish();
    out::say(&summary::text(&found));
    Ok(found.exit_code())
}

/// What is fuzzed, in a line: two fuzzes of one night must mean the same by a place.
fn what(wish: &Wish<'_>) -> String {
    let families: Vec<String> = wish.sources.iter().map(|source| format!("{}/{}", source.system(), source.family())).collect();
    format!("from seed {}{}: {}", wish.seeds.start(), wish.changes, families.join(" "))
}

/// What the engine is to do, from what the command line says.
fn wish<'s>(systems: &'s Systems, args: &Fuzz, changes: Changes) -> Result<Wish<'s>, Mistake> {
    let seeds = match (args.seeds, args.length) {
        (Some(seeds), _) => seeds,
        (None, None) => Seeds::DEFAULT,
        (None, Some(_)) => Seeds::ALL,
    };
    let of = chosen(systems, args.system.as_deref())?;
    let mut families: Vec<(&dyn AnySystem, &'static str)> = Vec::new();
    for name in &args.families {
        let found = family(&of, name)?;
        // A family named twice is one family.
        if !families.iter().any(|(system, family)| (system.name(), *family) == (found.0.name(), found.1)) {
            families.push(found);
        }
    }
    if args.families.is_empty() {
        let able = of.iter().filter(|system| can(**system, &changes));
        families = able.flat_map(|system| system.families().into_iter().map(|family| (*system, family.name))).collect();
    }
    if families.is_empty() {
        return Err(Mistake::new(changes.to_string().trim_start(), "no system has all of this", "give flags, fields and plants of one system"));
    }
    // What no seed can have is told before the first one is run.
    for (system, family) in &families {
        system.draw(family, seeds.first, &changes)?;
    }
    let is_all = args.families.is_empty() && args.system.is_none();
    let source = |(system, family)| Box::new(FamilySource { system, family, changes: changes.clone() }) as Box<dyn Source + 's>;
    Ok(Wish {
        seeds: seeds.first..=seeds.last,
        first: 0,
        sources: families.into_iter().map(source).collect(),
        is_all,
        jobs: jobs_or_cores(args.jobs),
        keep_going: args.keep_going,
        strict: args.strict,
        time_limit: args.length,
        changes,
    })
}

/// Whether a system has the flags, the fields and the plants that are wanted.
fn can(system: &dyn AnySystem, changes: &Changes) -> bool {
    let (flags, plants) = (system.flags(), system.plants());
    changes.flags.iter().all(|(name, _)| flags.iter().any(|flag| flag.name == name))
        && changes.sets.iter().all(|set| system.has(set))
        && changes.plants.iter().all(|name| plants.iter().any(|plant| plant.name == name))
}
