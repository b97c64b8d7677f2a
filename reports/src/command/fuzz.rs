//! `fuzz`: many storms. It sets the engine going, lets Ctrl-C end it early, and tells what was found; the order and the counts are the engine's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use scenarios::family::{Family, families, family};
use scenarios::fuzz::Wish;

use super::no_family;
use crate::args::{Fuzz, Seeds};
use crate::mistake::Mistake;
use crate::out;
use crate::progress::Watcher;
use crate::text::summary;

/// `stormglass fuzz`.
pub fn fuzz(args: &Fuzz) -> Result<u8, Mistake> {
    let wish = wish(args)?;
    let cancel = on_ctrl_c();
    let mut watcher = Watcher::new(&wish);
    let found = scenarios::fuzz::fuzz(&wish, &scenarios::run::judged, &cancel, &mut watcher);
    watcher.finish();
    out::say(&summary::text(&found, scenarios::probes::probes()));
    Ok(found.exit_code())
}

/// What the engine is to do, from what the command line says.
fn wish(args: &Fuzz) -> Result<Wish, Mistake> {
    let seeds = match (args.seeds, args.length) {
        (Some(seeds), _) => seeds,
        (None, None) => Seeds::DEFAULT,
        (None, Some(_)) => Seeds::ALL,
    };
    let mut chosen: Vec<&'static Family> = Vec::new();
    for name in &args.families {
        let family = family(name).ok_or_else(|| no_family(name))?;
        // A family named twice is one family.
        if !chosen.iter().any(|other| other.name == family.name) {
            chosen.push(family);
        }
    }
    let chosen = if chosen.is_empty() { families().iter().collect() } else { chosen };
    let changes = args.changes.changes();
    // What no seed can have is told before the first one is run.
    for family in &chosen {
        let mut plan = family.plan(seeds.first);
        if plan.stream.is_some() || !family.has_stream() {
            changes.apply(&mut plan)?;
        }
    }
    Ok(Wish {
        seeds: seeds.first..=seeds.last,
        families: chosen,
        changes,
        jobs: args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        keep_going: args.keep_going,
        time_limit: args.length,
    })
}

/// A flag that the first Ctrl-C sets. The second one ends the program at once, for whoever cannot wait for the runs that were begun.
fn on_ctrl_c() -> Arc<AtomicBool> {
    /// What a shell says of a program that an interrupt ended.
    const INTERRUPTED: i32 = 130;
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = cancel.clone();
    let set = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
        out::warn("\nstopping: what was begun is finished first; once more to leave at once\n");
    });
    if let Err(error) = set {
        out::warn(&format!("Ctrl-C will end the fuzz without a summary: {error}\n"));
    }
    cancel
}
