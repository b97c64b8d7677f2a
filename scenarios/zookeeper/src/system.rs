//! The coordination service as the harness sees it: its machines, what is wanted of them, its laws and its storms.

use harness::family::Family;
use harness::system::{Evidence, Plan, Planted, Recording, System, Upgraded};
use judging::{Probes, Rules, View};
use serde_json::{Map, Value};
use world::World;
use zookeeper_words::fact::Fact;
use zookeeper_words::settings::Settings;

use crate::machine::Machine;
use crate::{family, plants, probes, simpler, standing, upgrade};

/// The coordination service and its clients.
pub struct Zookeeper;

impl System for Zookeeper {
    const NAME: &'static str = "zookeeper";

    type Settings = Settings;
    type Fact = Fact;
    type Process = Machine;
    type Law = zookeeper_models::Zookeeper;

    fn processes(plan: &Plan<Self>) -> Vec<(Machine, u64)> {
        Machine::all(plan)
    }

    fn is_done(world: &World<Machine>, _: &Plan<Self>) -> bool {
        standing::is_done(world, Machine::standing)
    }

    fn waiting(world: &World<Machine>, _: &Plan<Self>) -> Vec<String> {
        standing::waiting(world, Machine::standing)
    }

    fn evidence(recording: &Recording<Self>) -> Evidence<'_, Self> {
        zookeeper_models::Evidence::read(View::of(recording))
    }

    fn rules() -> Rules<Self::Law> {
        zookeeper_models::rules()
    }

    fn probes() -> Probes<Self::Law> {
        probes::probes()
    }

    fn families() -> Vec<Family<Self>> {
        family::families()
    }

    fn plants() -> Vec<Planted> {
        plants::plants()
    }

    fn simpler(plan: &Plan<Self>) -> Vec<Plan<Self>> {
        simpler::simpler(&plan.settings).into_iter().map(|settings| Plan::<Self> { settings, ..plan.clone() }).collect()
    }

    fn upgraded(format: u64, fields: &Map<String, Value>) -> Option<Upgraded> {
        upgrade::upgraded(format, fields)
    }
}
