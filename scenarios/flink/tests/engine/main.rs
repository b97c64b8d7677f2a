//! What can be changed in a plan of the engine, and what cannot; plans of format 1; runs.

use std::collections::BTreeSet;

use contract::plan::Seed;
use contract::recording::Ending;
use contract::time::MILLISECOND;
use contract::verdict::Verdict;
use flink_words::Plan;
use flink_words::job::JobKind;
use flink_words::settings::{Fencing, RestartPlan, StreamPlan};
use harness::System;
use harness::change::{Changes, Set};
use harness::plan::{Document, Format, read};
use harness::run::{drive, judged, record, run, world_of};

use stormglass_flink::Flink;
use zookeeper_scenarios::Zookeeper;

/// The plan that a family draws.
fn plan(name: &str, seed: u64) -> Plan {
    Flink::families().iter().find(|family| family.name == name).expect("the family exists").plan(seed)
}

fn sets(texts: &[&str]) -> Changes {
    Changes { sets: texts.iter().map(|text| Set::parse(text).expect("it is a field and a value")).collect(), ..Changes::default() }
}

fn drawn() -> Plan {
    plan("stream-failover", 7)
}

/// The plan with these changes, or what is said of them.
fn with(changes: &Changes) -> Result<Plan, String> {
    let mut plan = drawn();
    let told = changes.apply::<Flink>(&mut plan);
    assert!(told.is_ok() || plan == drawn(), "the plan stays as it is");
    told.map(|_| plan).map_err(|mistake| mistake.to_string())
}

#[test]
fn fields_are_set_by_their_paths() {
    let stream = |text: &str| -> StreamPlan { with(&sets(&[text])).expect("the plan can be run").settings.stream };
    assert_eq!(stream("stream.fencing=unfenced").fencing, Fencing::Unfenced);
    assert_eq!(stream("settings.stream.fencing = \"unfenced\"").fencing, Fencing::Unfenced);
    assert_eq!(stream("stream.checkpoints.retained=5").checkpoints.retained, 5);
    assert_eq!(stream("stream.restart=off").restart, RestartPlan::Off);
    assert_eq!(stream("stream.restart={ fixed-delay = { attempts = 3, delay_ms = 5 } }").restart, RestartPlan::FixedDelay { attempts: 3, delay_ms: 5 });
    assert_eq!(stream("stream.ha.root=/a=b").ha.root, "/a=b");
    let plan = with(&sets(&["coordination.tick_ms=700", "clients.0.rounds=9", "seed=18446744073709551615", "heal.absent=[]"])).expect("the plan can be run");
    assert_eq!((plan.settings.service.coordination.tick_ms, plan.settings.service.clients[0].rounds, plan.seed), (700, 9, Seed(u64::MAX)));
    assert_eq!(with(&sets(&["plants=[\"offset-ahead\"]"])).expect("the plan can be run").plants, ["offset-ahead"], "a field that files leave out");
    assert_eq!(with(&Changes::default()), Ok(drawn()));
    // Two changes that can be run together alone.
    let both = with(&sets(&["stream.heartbeat_interval_ms=90000", "stream.heartbeat_timeout_ms=100000"]));
    assert_eq!(both.expect("the plan can be run").settings.stream.heartbeat_timeout_ms, 100_000);
}

#[test]
fn what_cannot_be_set_is_told_with_what_there_is() {
    let check = |text: &str, says: &[&str]| {
        let told = with(&sets(&[text])).expect_err("it cannot be");
        assert!(told.starts_with(&format!("--set {text}: ")), "{told}");
        for word in says {
            assert!(told.contains(word), "{text} must say {word:?}: {told}");
        }
    };
    check("steam.fencing=unfenced", &["no \"steam\" in settings", "coordination", "stream"]);
    check("stream.checkpoint.retained=1", &["no \"checkpoint\" in settings.stream", "checkpoints"]);
    check("stream.checkpoints.retaind=1", &["unknown field `retaind`", "`retained`"]);
    check("stream.checkpoints.retained=0", &["stream.checkpoints.retained: retained is 0", "at least 1"]);
    check("stream.checkpoints.retained=-1", &["-1"]);
    check("stream.checkpoints.retained=many", &["many"]);
    check("stream.job=q99", &["q99", "q11"]);
    check("stream.network.network_percent=101", &["101 percent", "at most 100"]);
    check("clients.9.rounds=1", &["no \"9\" in settings.clients", "0 to "]);
    check("seed.low=1", &["no \"low\" in seed"]);
    check("cluster.replicas=4", &["4 replicas", "odd"]);
}

#[test]
fn jobs_and_plants_of_either_system_are_changes() {
    let changes = |job: &str, plants: &[&str]| Changes {
        flags: vec![("job".into(), job.into())],
        plants: plants.iter().map(ToString::to_string).collect(),
        ..Changes::default()
    };
    let plan = with(&changes("counters", &["timers-not-saved", "no-trunc"])).expect("the plan can be run");
    assert_eq!((plan.settings.stream.job, plan.plants), (JobKind::Counters, vec!["timers-not-saved".to_string(), "no-trunc".into()]));
    let told = with(&changes("q9", &[])).expect_err("there is no such job");
    assert!(told.starts_with("--job q9: ") && told.contains("the jobs are q0, q1, ") && told.contains("interval-join"), "{told}");
    let told = with(&changes("q5", &["weeds"])).expect_err("there is no such plant");
    assert!(told.starts_with("--plant weeds: ") && told.contains("no-trunc") && told.contains("offset-ahead"), "{told}");
}

#[test]
fn plants_have_names_of_their_own_and_rules_and_families_that_exist() {
    let (plants, rules, families) = (Flink::plants(), Flink::rules(), Flink::families());
    assert_eq!(plants.iter().map(|plant| plant.name).collect::<BTreeSet<_>>().len(), plants.len());
    let service = Zookeeper::plants();
    for plant in &plants {
        assert!(rules.abouts().any(|rule| rule.id == plant.rule), "{plant:?}");
        assert!(service.contains(plant) || families.iter().any(|family| family.name == plant.family), "{plant:?}");
    }
    assert!(service.iter().all(|plant| plants.contains(plant)) && plants.len() > service.len(), "the engine's own beside the service's");
}

/// A plan of format 1 with these lines among the service's and the engine's settings.
fn old(coordination: &str, stream: &str) -> String {
    format!(
        r#"format = 1
family = "by-hand"
seed = 7
budget = "majority"
clients = []
faults = []
[cluster]
replicas = 3
supervisor_ms = 500
[coordination]
tick_ms = 500
init_limit = 10
sync_limit = 5
snap_count = 1000
snap_retain = 3
snap_chunk = 100
commit_log_count = 500
compat = "3.9"
{coordination}
[weather]
links = []
clocks = []
link = {{ latency_us = 200, jitter_us = 0, tail_ppm = 0, tail_us = 0, loss_ppm = 0, duplicate_ppm = 0 }}
disk = {{ sync_us = 100, jitter_us = 0, tail_ppm = 0, tail_us = 0, other_us = 10 }}
[heal]
at_ms = 1000
bound_ms = 90000
[stream]
job = "q0"
masters = 1
workers = 1
slots = 1
parallelism = 1
max_parallelism = 8
{stream}
[stream.input]
records = 10
partitions = 1
until_ms = 500
disorder_ms = 0
"#
    )
}

#[test]
fn plans_of_format_1_are_read() {
    let parsed = |text: &str| {
        let document = Document::parse(text, Format::Toml, "old.toml").expect("it is TOML");
        read::<Flink>(&document, &[]).map_err(|mistake| mistake.to_string())
    };
    let check = |coordination: &str, stream: &str, plants: &[&str]| {
        let plan = parsed(&old(coordination, stream)).unwrap_or_else(|told| panic!("{told}"));
        assert_eq!((plan.plants, plan.supervisor_ms, plan.settings.stream.max_parallelism), (plants.iter().map(ToString::to_string).collect(), 500, 8));
    };
    check("", "", &[]);
    check("plant = \"no-trunc\"", "", &["no-trunc"]);
    check("", "plant = \"offset-ahead\"", &["offset-ahead"]);
    check("plant = \"no-trunc\"", "plant = \"offset-ahead\"", &["no-trunc", "offset-ahead"]);
    let refused = |coordination: &str, stream: &str, place: &str, says: &str| {
        let text = old(coordination, stream);
        let line = 1 + text[..text.find(place).expect("the place is in the text")].matches('\n').count();
        let told = parsed(&text).expect_err("it is bad");
        assert!(told.starts_with(&format!("old.toml:{line}: ")) && told.contains(says), "{told}\nexpected line {line}");
    };
    refused("plant = \"no-trunc\"", "plant = \"weeds\"", "\"weeds\"", "\"weeds\"");
    refused("plant = \"weeds\"", "plant = \"offset-ahead\"", "\"weeds\"", "\"weeds\"");
    refused("", "plant = \"weeds\"", "\"weeds\"", "\"weeds\"");
    refused("", "plants = 1", "plants = 1", "unknown field `plants`");
    refused("", "heartbeat_timeout_ms = 1", "heartbeat_timeout_ms = 1", "a timeout of 1 ms");
    assert_eq!(parsed(&old("", "").replace("clients = []\nfaults = []\n", "")), parsed(&old("", "")), "empty lists could be left out");
    let without = old("", "");
    let without = &without[..without.find("[stream]").expect("it is there")];
    assert!(parsed(without).expect_err("no engine takes part").contains("of another system"));
}

/// A job of 200 bids under a storm of 5 s without faults.
fn short(seed: u64) -> Plan {
    let mut plan = plan("stream-calm", seed);
    plan.settings.service.coordination.tick_ms = 500;
    plan.settings.service.clients.iter_mut().for_each(|client| (client.start_ms, client.rounds) = (0, 5));
    let stream = &mut plan.settings.stream;
    (stream.job, stream.input.records, stream.input.until_ms) = (JobKind::Q0, 200, 3_000);
    stream.steps.clear();
    plan.heal.at_ms = 5_000;
    plan
}

#[test]
fn a_run_finishes_holds_and_is_the_same_twice() {
    let (recording, judgement) = judged::<Flink>(&short(1));
    assert_eq!((&recording.ending, &judgement.verdict), (&Ending::Finished, &Verdict::Holds));
    assert_eq!(run::<Flink>(&short(1)), recording);
    assert_ne!(run::<Flink>(&short(2)).hash, recording.hash);
}

#[test]
fn a_run_that_ends_too_early_tells_what_waits() {
    let mut plan = short(1);
    (plan.heal.at_ms, plan.heal.bound_ms) = (250, 0);
    let Ending::Deadline { waiting } = run::<Flink>(&plan).ending else { panic!("nothing can be done in so short a time") };
    let service = usize::from(plan.settings.service.machines());
    assert_eq!(waiting.len(), service + usize::from(plan.settings.stream.masters), "{waiting:?}");
    assert!(waiting[0].starts_with("machine 0, a replica, does not serve: role looking"), "{}", waiting[0]);
    assert!(waiting[service].starts_with(&format!("machine {service}, a master, is not done: ")), "{}", waiting[service]);
}

#[test]
fn a_clone_runs_on_as_the_original_does() {
    let plan = short(4);
    let whole = run::<Flink>(&plan);
    let mut world = world_of::<Flink>(&plan);
    for cut_ms in [0, 300, 1_000, 4_000] {
        world.run_until(cut_ms * MILLISECOND);
        let mut clone = world.clone();
        drive::<Flink>(&mut clone, &plan);
        assert_eq!(record::<Flink>(clone, &plan), whole, "cloned after {cut_ms} ms");
    }
}
