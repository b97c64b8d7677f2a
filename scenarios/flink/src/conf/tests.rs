//! Files of settings: what they set, and what they cannot say.

use flink_words::Plan;
use flink_words::settings::{RestartPlan, StreamPlan};

use super::{Conf, KEYS, keys};

fn drawn() -> Plan {
    crate::family::plan("stream-failover", 7)
}

/// The engine as the file wants it.
fn set(text: &str) -> StreamPlan {
    let mut stream = drawn().settings.stream;
    Conf::parse(text.as_bytes(), "flink.properties").unwrap_or_else(|error| panic!("{text}: {error}")).change(&mut stream);
    stream
}

/// The file's one error, from its reading or from the plan that it makes.
fn told(text: &str) -> String {
    let conf = match Conf::parse(text.as_bytes(), "flink.properties") {
        Ok(conf) => conf,
        Err(error) => return error.to_string(),
    };
    let mut plan = drawn();
    conf.change(&mut plan.settings.stream);
    let flaw = plan.check().expect_err("it cannot be run");
    conf.blamed(&flaw).unwrap_or_else(|| panic!("{text}: nobody is to blame for {flaw:?}")).to_string()
}

#[test]
fn short_names_of_keys_and_flinks_own_set_the_same() {
    for key in ["zookeeper.session.timeout", "high-availability.zookeeper.client.session-timeout"] {
        assert_eq!(set(&format!("{key}=4 s")).ha.session_timeout_ms, 4_000);
    }
    for key in ["zookeeper.znode.parent", "high-availability.zookeeper.path.root"] {
        assert_eq!(set(&format!("{key}: /ha/flink")).ha.root, "/ha/flink");
    }
    let text =
        "taskmanager.memory.network.buffer.percent=20\ntaskmanager.memory.consumer.buffer.percent 40\ntaskmanager.memory.consumer.offheap.percent = 30\n";
    let network = set(text).network;
    assert_eq!((network.network_percent, network.consumer_percent, network.consumer_offheap_percent), (20, 40, 30));
    assert_eq!(set("taskmanager.memory.network.fraction=0.25").network.network_percent, 25);
}

#[test]
fn every_key_sets_its_own_field_and_no_other() {
    for key in KEYS {
        let value = match key.kind.allowed() {
            allowed if allowed.contains("duration") => "12345 ms",
            allowed if allowed.contains("memory size") => "3kb",
            allowed if allowed.contains("percent") => "33",
            allowed if allowed.contains("share") => "0.33",
            allowed if allowed.contains("whole number") => "29",
            allowed if allowed.contains("true or false") => "true",
            allowed if allowed.contains("path") => "/else/where",
            allowed if allowed.contains("zookeeper") => "zookeeper",
            _ => "EXACTLY_ONCE",
        };
        let mut before = drawn().settings.stream;
        (before.checkpoints.unaligned, before.checkpoints.incremental, before.ha.tolerates_suspended) = (false, false, false);
        for name in key.names {
            let mut after = before.clone();
            Conf::parse(format!("{name}={value}").as_bytes(), "f").expect("it is a setting").change(&mut after);
            let fields = |stream: &StreamPlan| toml_fields(&serde_json::to_value(stream).expect("it is data"), String::new());
            let changed: Vec<_> = fields(&after).into_iter().filter(|field| !fields(&before).contains(field)).map(|(path, _)| path).collect();
            let expected: Vec<String> =
                if key.field.contains('.') || key.field != "ha" && key.field != "checkpoints" { vec![key.field.into()] } else { vec![] };
            assert_eq!(changed, expected, "{name}={value}");
        }
    }
}

/// All fields with their paths.
fn toml_fields(value: &serde_json::Value, path: String) -> Vec<(String, serde_json::Value)> {
    match value {
        serde_json::Value::Object(map) => {
            map.iter().flat_map(|(key, value)| toml_fields(value, if path.is_empty() { key.clone() } else { format!("{path}.{key}") })).collect()
        }
        other => vec![(path, other.clone())],
    }
}

#[test]
fn files_are_javas_properties() {
    let text = "# a comment\n! another\n\n  execution.checkpointing.interval : 2 s\nexecution.checkpointing.timeout=\\\n    1 min\nzookeeper.znode.parent = /fl\\u0069nk\n\
                parallelism.default 2\nexecution.checkpointing.num-retained = 3  \nexecution.checkpointing.num-retained = 4\n";
    let stream = set(text);
    assert_eq!((stream.checkpoints.interval_ms, stream.checkpoints.timeout_ms), (2_000, 60_000));
    assert_eq!((stream.ha.root.as_str(), stream.parallelism, stream.checkpoints.retained), ("/flink", 2, 4));
    assert_eq!(set(""), drawn().settings.stream);
}

#[test]
fn restart_strategies_are_flinks() {
    let check = |text: &str, restart: RestartPlan| assert_eq!(set(text).restart, restart, "{text}");
    check("restart-strategy.type=none", RestartPlan::Off);
    check("restart-strategy=fixed-delay", RestartPlan::FixedDelay { attempts: 1, delay_ms: 1_000 });
    check(
        "restart-strategy.fixed-delay.attempts=7\nrestart-strategy.fixed-delay.delay=2 s\nrestart-strategy.type=fixeddelay",
        RestartPlan::FixedDelay { attempts: 7, delay_ms: 2_000 },
    );
    check(
        "restart-strategy.type=failure-rate\nrestart-strategy.failure-rate.max-failures-per-interval=3\nrestart-strategy.failure-rate.failure-rate-interval=5 min",
        RestartPlan::FailureRate { failures_max: 3, interval_ms: 300_000, delay_ms: 1_000 },
    );
    check(
        "restart-strategy.type=exponential-delay\nrestart-strategy.exponential-delay.initial-backoff=10ms\nrestart-strategy.exponential-delay.jitter-factor=0",
        RestartPlan::ExponentialDelay { initial_ms: 10, max_ms: 60_000, reset_ms: 3_600_000 },
    );
}

#[test]
fn what_cannot_be_is_one_error_with_key_value_and_what_is_allowed() {
    let check = |text: &str, says: &[&str]| {
        let told = told(text);
        for word in says {
            assert!(told.contains(word), "{text:?} must say {word:?}: {told}");
        }
        assert!(told.starts_with("flink.properties:") && told.contains("\n  remedy: "), "{told}");
    };
    let percent = "taskmanager.memory.network.buffer.percent";
    check(&format!("\n{percent} = 101"), &["flink.properties:2: ", percent, "= 101", "0 to 100"]);
    check("taskmanager.memory.consumer.buffer.percent=-5", &["taskmanager.memory.consumer.buffer.percent = -5", "0 to 100"]);
    check("taskmanager.memory.consumer.offheap.percent=ten", &["= ten", "0 to 100"]);
    check(&format!("{percent}=0"), &[&format!("{percent} = 0"), "buffers to send", "at least 2"]);
    check("zookeeper.session.timeout=soon", &["zookeeper.session.timeout = soon", "500 ms"]);
    check("zookeeper.session.timeout=0", &["zookeeper.session.timeout = 0", "at least 1 ms"]);
    check("zookeeper.znode.parent=flink", &["zookeeper.znode.parent = flink", "/flink"]);
    check("zookeeper.znode.parent=/flink/", &["zookeeper.znode.parent = /flink/", "such as /flink"]);
    check("parallelism.default=999", &["parallelism.default = 999", "slots"]);
    check("execution.checkpointing.mode=AT_LEAST_ONCE", &["AT_LEAST_ONCE", "EXACTLY_ONCE"]);
    check("execution.checkpointing.unaligned=yes", &["true or false"]);
    check("high-availability.type=kubernetes", &["kubernetes", "zookeeper"]);
    check("restart-strategy.type=hope", &["hope", "exponential-delay"]);
    check("restart-strategy.fixed-delay.attempts=3", &["restart-strategy.type"]);
    check("restart-strategy.type=off\nrestart-strategy.fixed-delay.attempts=3", &["flink.properties:2", "no effect"]);
    check("restart-strategy.type=exponential-delay\nrestart-strategy.exponential-delay.backoff-multiplier=1.5", &["1.5", "nothing else"]);
    check("zookeeper.session.timeout=4 s\nhigh-availability.zookeeper.client.session-timeout=5 s", &["flink.properties:2", "line 1", "one of them"]);
    check("taskmanager.network.memory.max-overdraft-buffers-per-gate=5", &["max-overdraft", "zookeeper.session.timeout", "restart-strategy.type"]);
    check("a=\\u12", &["escape"]);
}

#[test]
fn what_does_not_concern_the_engine_is_told_to_be_ignored() {
    let conf = Conf::parse(b"env.java.opts.all: -Xmx1g\njobmanager.memory.process.size=1g\nrest.port=8081", "f").expect("nothing is wrong");
    assert_eq!(conf.notes().lines().count(), 3);
    assert!(conf.notes().starts_with("f: env.java.opts.all does not concern this engine"), "{}", conf.notes());
}

#[test]
fn a_name_is_one_setting() {
    let names = keys::names();
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
}
