//! The recipes with Curator by their names, and to whom what a client is told is handed. Never a recipe's own logic.

use zookeeper_client::curator::{Curator, Notice};
use zookeeper_words::Plan;
use zookeeper_words::settings::WorkloadKind;

use super::super::round::{Leave, Progress};
use super::caches::Caches;
use super::context::CuratorContext;
use super::counters::Counters;
use super::handles::Handles;
use super::latches::Latches;

/// A recipe at work.
#[derive(Clone, Debug)]
pub(super) enum Recipe {
    Latches(Latches),
    Counters(Counters),
    Handles(Box<Handles>),
    Caches(Caches),
}

impl Recipe {
    /// What the plan wants of its client number `client`. Panics when that client has no Curator.
    pub fn new(plan: &Plan, client: usize) -> Recipe {
        match plan.settings.clients[client].workload {
            WorkloadKind::CuratorLatches => Recipe::Latches(Latches::new(plan, client)),
            WorkloadKind::CuratorCounters => Recipe::Counters(Counters::new(plan)),
            WorkloadKind::Handles => Recipe::Handles(Box::new(Handles::new(plan, client))),
            WorkloadKind::Caches => Recipe::Caches(Caches::default()),
            WorkloadKind::Registers | WorkloadKind::Counters | WorkloadKind::Locks | WorkloadKind::Elections | WorkloadKind::Barriers => no_curator(),
            WorkloadKind::Queues | WorkloadKind::FlinkHa | WorkloadKind::Reconfigs | WorkloadKind::Vaults | WorkloadKind::Containers => no_curator(),
        }
    }

    /// Begins a round.
    pub fn begin(&mut self, context: &mut CuratorContext) -> Progress {
        match self {
            Recipe::Latches(latches) => latches.begin(context),
            Recipe::Counters(counters) => counters.begin(context),
            Recipe::Handles(handles) => handles.begin(context),
            Recipe::Caches(caches) => caches.begin(context),
        }
    }

    /// Takes what Curator tells, in a round or outside of one.
    pub fn on(&mut self, notice: &Notice, context: &mut CuratorContext) -> Progress {
        match self {
            Recipe::Latches(latches) => latches.on(notice, context),
            Recipe::Counters(counters) => counters.on(notice, context),
            Recipe::Handles(handles) => handles.on(notice, context),
            Recipe::Caches(caches) => caches.on(notice, context),
        }
    }

    /// The alarm, or the end of the round's patience. Without a latch all that is waited for are requests, which end by themselves.
    pub fn on_alarm(&mut self, context: &mut CuratorContext) -> Progress {
        match self {
            Recipe::Latches(latches) => latches.on_alarm(context),
            Recipe::Handles(handles) => handles.on_alarm(context),
            Recipe::Counters(_) | Recipe::Caches(_) => Progress::Going,
        }
    }

    /// How the recipe wants its process to end after a round, if it does.
    pub fn take_leave(&mut self) -> Option<Leave> {
        match self {
            Recipe::Handles(handles) => handles.take_leave(),
            Recipe::Latches(_) | Recipe::Counters(_) | Recipe::Caches(_) => None,
        }
    }

    /// Whether nothing of its own is under way that would change what it shows.
    pub fn is_settled(&self) -> bool {
        match self {
            Recipe::Caches(caches) => caches.is_settled(),
            Recipe::Latches(_) | Recipe::Counters(_) | Recipe::Handles(_) => true,
        }
    }

    /// The client is about to finish.
    pub fn finish(&mut self, context: &mut CuratorContext) {
        match self {
            Recipe::Caches(caches) => caches.show(true, context),
            Recipe::Latches(_) | Recipe::Counters(_) | Recipe::Handles(_) => {}
        }
    }

    /// Whether it believes to lead; only during a round.
    pub fn is_leading(&self) -> bool {
        match self {
            Recipe::Latches(latches) => latches.is_leading(),
            Recipe::Handles(handles) => handles.is_leading(),
            Recipe::Counters(_) | Recipe::Caches(_) => false,
        }
    }

    /// What holds between steps.
    pub fn check(&self, curator: &Curator) -> Result<(), String> {
        match self {
            Recipe::Latches(latches) => latches.check(curator),
            Recipe::Handles(handles) => handles.check(curator),
            Recipe::Counters(_) | Recipe::Caches(_) => Ok(()),
        }
    }
}

fn no_curator() -> ! {
    panic!("a client without Curator is no CuratorProcess")
}
