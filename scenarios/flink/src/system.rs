//! The stream engine as the harness sees it: its machines, what is wanted of them, its laws and its storms. What it
//! contains is the contained systems' own.

use harness::family::Family;
use harness::system::{Account, Evidence, Flag, Plan, Planted, Recording, System, Upgraded, taking_part};
use judging::{Probes, Rules, View};
use serde_json::{Map, Value};
use world::World;
use zookeeper_scenarios::Zookeeper;
use zookeeper_scenarios::standing::{self, Standing};

use crate::machine::Machine;
use crate::{account, family, flags, plants, probes, simpler, upgrade};

/// The stream engine, with the coordination service and the outside within.
pub struct Flink;

impl System for Flink {
    const NAME: &'static str = "flink";

    type Settings = flink_words::settings::Settings;
    type Fact = flink_words::fact::Fact;
    type Process = Machine;
    type Law = flink_models::Flink;

    fn processes(plan: &Plan<Self>) -> Vec<(Machine, u64)> {
        Machine::all(plan)
    }

    /// The service is done, and some master that takes part.
    fn is_done(world: &World<Machine>, _: &Plan<Self>) -> bool {
        standing::is_done(world, Machine::standing) && has_done_master(world)
    }

    fn waiting(world: &World<Machine>, _: &Plan<Self>) -> Vec<String> {
        let waits = (!has_done_master(world)).then_some("a master, is not done");
        standing::waiting(world, |machine| match machine {
            Machine::Master(_) => Standing::Other(waits),
            Machine::Service(_) | Machine::Worker(_) | Machine::Log(_) | Machine::Ledger(_) | Machine::Blobs(_) => machine.standing(),
        })
    }

    fn evidence(recording: &Recording<Self>) -> Evidence<'_, Self> {
        flink_models::Evidence::read(View::of(recording))
    }

    fn rules() -> Rules<Self::Law> {
        flink_models::rules()
    }

    fn probes() -> Probes<Self::Law> {
        Probes::lifted(Zookeeper::probes()).and(probes::probes())
    }

    fn families() -> Vec<Family<Self>> {
        family::families()
    }

    fn plants() -> Vec<Planted> {
        Zookeeper::plants().into_iter().chain(plants::plants()).collect()
    }

    fn flags() -> Vec<Flag<Self>> {
        flags::flags()
    }

    fn account(evidence: &Evidence<'_, Self>) -> Account {
        account::account(evidence)
    }

    fn simpler(plan: &Plan<Self>) -> Vec<Plan<Self>> {
        simpler::simpler(&plan.settings).into_iter().map(|settings| Plan::<Self> { settings, ..plan.clone() }).collect()
    }

    fn upgraded(format: u64, fields: &Map<String, Value>) -> Option<Upgraded> {
        upgrade::upgraded(format, fields)
    }
}

/// Whether some master that takes part has done all that the plan wants.
fn has_done_master(world: &World<Machine>) -> bool {
    taking_part(world).filter_map(|machine| world.process(machine)).any(Machine::is_done)
}
