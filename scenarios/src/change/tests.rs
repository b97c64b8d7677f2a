//! What can be changed in a plan, and what cannot.

use vocab::plan::{Fencing, Plan, Plant, RestartPlan, Seed, StreamPlant};
use vocab::stream::job::JobKind;

use super::{Bug, Changes, Set};
use crate::family::plan;

fn sets(texts: &[&str]) -> Changes {
    Changes { sets: texts.iter().map(|text| Set::parse(text).expect("it is a field and a value")).collect(), ..Changes::default() }
}

fn drawn(family: &str) -> Plan {
    plan(family, 7).expect("the family exists")
}

#[test]
fn fields_are_set_by_their_paths() {
    let with = |texts: &[&str]| {
        let mut plan = drawn("stream-failover");
        sets(texts).apply(&mut plan).map(|()| plan)
    };
    let stream = |text: &str| with(&[text]).expect("the plan can be run").stream.expect("a stream engine takes part");
    assert_eq!(stream("stream.fencing=unfenced").fencing, Fencing::Unfenced);
    assert_eq!(stream("stream.fencing = \"unfenced\"").fencing, Fencing::Unfenced);
    assert_eq!(stream("stream.checkpoints.retained=5").checkpoints.retained, 5);
    assert_eq!(stream("stream.restart=off").restart, RestartPlan::Off);
    assert_eq!(stream("stream.restart={ fixed-delay = { attempts = 3, delay_ms = 5 } }").restart, RestartPlan::FixedDelay { attempts: 3, delay_ms: 5 });
    assert_eq!(stream("stream.ha.root=/a=b").ha.root, "/a=b");
    assert_eq!(stream("stream.plant=offset-ahead").plant, Some(StreamPlant::OffsetAhead), "a field that files leave out");
    let plan = with(&["coordination.tick_ms=700", "clients.0.rounds=9", "seed=18446744073709551615", "heal.absent=[]"]).expect("the plan can be run");
    assert_eq!((plan.coordination.tick_ms, plan.clients[0].rounds, plan.seed), (700, 9, Seed(u64::MAX)));
    assert_eq!(with(&[]), Ok(drawn("stream-failover")));
    // Two changes that can be run together alone.
    let both = with(&["stream.heartbeat_interval_ms=90000", "stream.heartbeat_timeout_ms=100000"]);
    assert_eq!(both.expect("the plan can be run").stream.expect("a stream engine takes part").heartbeat_timeout_ms, 100_000);
}

#[test]
fn what_cannot_be_set_is_told_with_what_there_is() {
    let check = |family: &str, text: &str, says: &[&str]| {
        let mut plan = drawn(family);
        let told = sets(&[text]).apply(&mut plan).expect_err("it cannot be").to_string();
        assert!(told.starts_with(&format!("--set {text}: ")), "{told}");
        for word in says {
            assert!(told.contains(word), "{text} must say {word:?}: {told}");
        }
        assert_eq!(plan, drawn(family), "the plan stays as it is");
    };
    check("calm", "stream.fencing=unfenced", &["no stream engine", "stream-failover"]);
    check("stream-failover", "steam.fencing=unfenced", &["no \"steam\" in a plan", "coordination", "stream"]);
    check("stream-failover", "stream.checkpoint.retained=1", &["no \"checkpoint\" in stream", "checkpoints"]);
    check("stream-failover", "stream.checkpoints.retaind=1", &["unknown field `retaind`", "`retained`"]);
    check("stream-failover", "stream.checkpoints.retained=0", &["stream.checkpoints.retained: retained is 0", "at least 1"]);
    check("stream-failover", "stream.checkpoints.retained=-1", &["-1"]);
    check("stream-failover", "stream.checkpoints.retained=many", &["many"]);
    check("stream-failover", "stream.job=q99", &["q99", "q11"]);
    check("stream-failover", "stream.network.network_percent=101", &["101 percent", "at most 100"]);
    check("stream-failover", "clients.9.rounds=1", &["no \"9\" in clients", "0 to "]);
    check("stream-failover", "seed.low=1", &["no \"low\" in seed"]);
    check("stream-failover", "cluster.replicas=4", &["4 replicas", "odd"]);
    for bad in ["", "a", "=1", "a..b=1", ".a=1"] {
        assert!(Set::parse(bad).is_err(), "{bad:?} is no field with a value");
    }
}

#[test]
fn jobs_and_bugs_of_streams_want_a_stream() {
    let job = || Changes { job: Some(JobKind::Counters), ..Changes::default() };
    let bug = |bug| Changes { plant: Some(bug), ..Changes::default() };
    let mut plan = drawn("stream-calm");
    job().apply(&mut plan).expect("there is a stream");
    bug(Bug::Stream(StreamPlant::TimersNotSaved)).apply(&mut plan).expect("there is a stream");
    bug(Bug::Service(Plant::NoTrunc)).apply(&mut plan).expect("there is a service");
    let stream = plan.stream.as_ref().expect("a stream engine takes part");
    assert_eq!((stream.job, stream.plant, plan.coordination.plant), (JobKind::Counters, Some(StreamPlant::TimersNotSaved), Some(Plant::NoTrunc)));
    for changes in [job(), bug(Bug::Stream(StreamPlant::TimersNotSaved))] {
        assert!(changes.needs_stream());
        assert!(changes.apply(&mut drawn("calm")).expect_err("there is none").to_string().contains("no stream engine"));
    }
    assert!(!bug(Bug::Service(Plant::NoTrunc)).needs_stream() && sets(&["stream.job=q0"]).needs_stream() && Changes::default().is_none());
}

#[test]
fn changes_are_told_as_flags_of_a_shell() {
    let changes =
        Changes { job: Some(JobKind::Q5), plant: Some(Bug::Stream(StreamPlant::OffsetAhead)), ..sets(&["stream.fencing=unfenced", "family=it's mine"]) };
    assert_eq!(changes.to_string(), r" --job q5 --set stream.fencing=unfenced --set 'family=it'\''s mine' --plant offset-ahead");
    assert_eq!(Changes::default().to_string(), "");
}

#[test]
fn names_of_bugs_are_unique() {
    let names: std::collections::BTreeSet<&str> = Bug::all().map(Bug::name).collect();
    assert_eq!(names.len(), Plant::ALL.len() + StreamPlant::ALL.len());
}
