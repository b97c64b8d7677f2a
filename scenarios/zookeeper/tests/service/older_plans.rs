//! Plans of format 1: they are read as the plans that they were, and errors name the lines at which they stand there.

use contract::plan::Budget;
use harness::plan::{Document, Format, read, text};
use harness::system::Plan;
use stormglass_zookeeper::Zookeeper;

/// A plan as an older build saved it.
const PLAN: &str = r#"format = 1
family = "x"
seed = 7
budget = "majority"
faults = []

[cluster]
replicas = 3
supervisor_ms = 500

[coordination]
tick_ms = 200
init_limit = 10
sync_limit = 5
snap_count = 50
snap_retain = 3
snap_chunk = 10
commit_log_count = 50
plant = "no-trunc"

[weather.link]
latency_us = 300
jitter_us = 300
tail_ppm = 100
tail_us = 5000
loss_ppm = 100
duplicate_ppm = 100

[weather.disk]
sync_us = 1000
jitter_us = 400
tail_ppm = 0
tail_us = 0
other_us = 100

[heal]
at_ms = 4000
bound_ms = 6000

[[clients]]
workload = "counters"
session_timeout_ms = 5000
start_ms = 500
rounds = 100
think_ms = 20
"#;

fn parsed(text: &str) -> Result<Plan<Zookeeper>, String> {
    let document = Document::parse(text, Format::Toml, "old.toml").map_err(|mistake| mistake.to_string())?;
    read::<Zookeeper>(&document, &[]).map_err(|mistake| mistake.to_string())
}

#[test]
fn a_plan_is_read_as_what_it_was_and_written_in_the_present_format() {
    let plan = parsed(PLAN).expect("it could be run then");
    assert_eq!((plan.format, plan.system.as_str(), plan.family.as_str(), plan.seed.0), (2, "zookeeper", "x", 7));
    assert_eq!((plan.budget, plan.supervisor_ms, plan.plants.as_slice()), (Budget::Majority, 500, ["no-trunc".to_string()].as_slice()));
    assert_eq!((plan.settings.cluster.replicas, plan.settings.coordination.tick_ms, plan.settings.clients.len()), (3, 200, 1));
    for format in [Format::Toml, Format::Json] {
        let document = Document::parse(&text(&plan, format), format, "new").expect("it was written just now");
        assert_eq!(read::<Zookeeper>(&document, &[]).map_err(|mistake| mistake.to_string()), Ok(plan.clone()));
    }
}

#[test]
fn clients_or_faults_could_be_left_out_and_a_file_without_both_was_cut_off() {
    let (before, clients) = PLAN.split_at(PLAN.find("[[clients]]").expect("there is one"));
    let without_faults = format!("{before}{clients}").replace("faults = []\n", "");
    assert_eq!(parsed(&without_faults), parsed(PLAN));
    let without_clients = parsed(before).expect("nobody needs to use the service");
    assert!(without_clients.settings.clients.is_empty());
    let cut = before.replace("faults = []\n", "");
    assert!(parsed(&cut).is_err_and(|error| error.contains("missing field `clients`")), "{:?}", parsed(&cut));
}

#[test]
fn errors_name_the_line_at_which_a_field_stands() {
    /// What is said of the plan in which `from` was replaced by `to`, and of which line: that of the first `place`.
    fn check(from: &str, to: &str, place: &str, says: &str) {
        let text = PLAN.replacen(from, to, 1);
        let line = 1 + text[..text.find(place).expect("the place is in the text")].matches('\n').count();
        let error = parsed(&text).expect_err("it is bad");
        assert!(error.starts_with(&format!("old.toml:{line}: ")) && error.contains(says), "{error}\nexpected line {line}, {says}");
    }
    check("tick_ms = 200", "tick_ms = 0", "tick_ms = 0", "tick_ms is 0");
    check("replicas = 3", "replicas = 4", "replicas = 4", "4 replicas");
    check("supervisor_ms = 500", "supervisor_ms = -1", "supervisor_ms = -1", "invalid value");
    check("\"no-trunc\"", "\"no-trnuc\"", "plant = ", "there is no plant \"no-trnuc\"");
    check("\"counters\"", "\"cuonters\"", "workload", "unknown variant `cuonters`");
    check("think_ms", "thnik_ms", "thnik_ms", "unknown field `thnik_ms`");
    check("at_ms = 4000", "at_ms = true", "at_ms", "invalid type");
    // Fields that there were not: told where they stand, and not taken for those of the present format.
    check("seed = 7", "seed = 7\nplants = []", "plants", "unknown field `plants`");
    check("seed = 7", "seed = 7\nsupervisor_ms = 7", "supervisor_ms = 7", "unknown field `supervisor_ms`");
    check("seed = 7", "seed = 7\nsystem = \"zookeeper\"", "system", "unknown field `system`");
}

#[test]
fn a_plan_with_a_stream_engine_is_of_another_system() {
    let systems = stormglass_zookeeper::opened();
    let of = |text: &str| {
        systems.read(&Document::parse(text, Format::Toml, "old.toml").expect("it is TOML"), &[]).map(|_| ()).map_err(|mistake| mistake.to_string())
    };
    assert_eq!(of(PLAN), Ok(()));
    let error = of(&format!("{PLAN}[stream]\njob = \"q0\"\n")).expect_err("it is not the service's");
    assert!(error.contains("of no system that is here"), "{error}");
}
