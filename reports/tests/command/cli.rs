//! The command as its users meet it: exit codes, last lines, errors, files. Runs the built program; never its insides.

use std::fs;

use crate::program::{self, Folder, stormglass};

/// A run that costs little.
const RUN: [&str; 5] = ["run", "--family", "calm", "--seed", "1"];

#[test]
fn a_run_ends_with_the_line_that_identifies_it() {
    let told = stormglass(&RUN);
    assert_eq!(told.code, 0, "{told:?}");
    let line = told.last_line();
    let fields: Vec<(&str, &str)> = line.split(' ').map(|field| field.split_once('=').expect("a field has a name")).collect();
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["seed", "family", "events", "facts", "hash", "verdict"], "{line}");
    assert_eq!((fields[0].1, fields[1].1, fields[5].1), ("1", "calm", "holds"));
    assert!(fields[2].1.parse::<u64>().is_ok_and(|events| events > 100), "{line}");
    assert!(fields[3].1.parse::<u64>().is_ok_and(|facts| facts > 100), "{line}");
    assert!(fields[4].1.len() == 32 && fields[4].1.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')), "{line}");
}

#[test]
fn json_is_the_last_line_as_one_object_and_nothing_else() {
    let line = stormglass(&RUN).last_line();
    let told = stormglass(&[&RUN[..], &["--json"]].concat());
    let object: serde_json::Value = serde_json::from_str(&told.out).expect("standard output is one JSON object");
    let field = |name: &str| object[name].as_str().map_or_else(|| object[name].to_string(), str::to_string);
    let names = ["seed", "family", "events", "facts", "hash", "verdict"];
    assert_eq!(names.map(|name| format!("{name}={}", field(name))).join(" "), line);
    assert_eq!(told.err, "");
}

#[test]
fn a_saved_plan_replays_as_the_same_run_and_an_edited_one_as_its_own() {
    let folder = Folder::new("replay");
    for name in ["plan.toml", "plan.json"] {
        let file = folder.path(name);
        let saved = stormglass(&[&RUN[..], &["--save", &file]].concat());
        let replayed = stormglass(&["replay", &file]);
        assert_eq!((replayed.code, replayed.last_line()), (0, saved.last_line()), "{name}");
    }
    let edited = fs::read_to_string(folder.path("plan.toml")).expect("it was saved").replacen("seed = 1", "seed = 2", 1);
    fs::write(folder.path("edited.toml"), edited).expect("the folder can be written");
    let told = stormglass(&["replay", &folder.path("edited.toml")]);
    assert!(told.last_line().starts_with("seed=2 family=calm "), "{told:?}");
    assert_ne!(told.last_line(), stormglass(&["run", "--family", "calm", "--seed", "2"]).last_line(), "other dice, but the plan of seed 1");
    assert_eq!(folder.names(), ["edited.toml", "plan.json", "plan.toml"], "nothing is left beside");
}

#[test]
fn a_case_replays_as_its_plan_whatever_its_system() {
    let check = |name: &str, rule: &str| {
        let plant = format!("{}/../scenarios/plants/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let told = stormglass(&["replay", &plant]);
        assert_eq!(told.code, 1, "{told:?}");
        assert!(told.out.contains(&format!("BROKEN: {rule}\n")), "{told:?}");
        assert!(told.out.contains(&format!("reproduce: {} replay {plant}\n", program::PATH)), "{told:?}");
    };
    check("commit-without-quorum", "zab.quorum");
    check("offset-ahead", "src.replay");
}

#[test]
fn every_seed_of_64_bits_is_a_seed() {
    for seed in ["0", "18446744073709551615"] {
        let folder = Folder::new(&format!("seed-{seed}"));
        let file = folder.path("plan.toml");
        let told = stormglass(&["run", "--family", "calm", "--seed", seed, "--save", &file]);
        assert_eq!(told.code, 0, "{told:?}");
        assert_eq!(stormglass(&["replay", &file]).last_line(), told.last_line());
    }
}

/// Each mistake is one error on standard error, with its place and remedy, and exit code 64.
#[test]
fn mistakes_are_told_with_place_and_remedy() {
    let folder = Folder::new("mistakes");
    stormglass(&["run", "--family", "calm", "--seed", "1", "--save", &folder.path("good.toml")]);
    let good = fs::read_to_string(folder.path("good.toml")).expect("it was saved");
    let write = |name: &str, text: &str| {
        fs::write(folder.path(name), text).expect("the folder can be written");
        folder.path(name)
    };
    let check = |args: &[&str], says: &[&str]| {
        let told = stormglass(args);
        assert_eq!((told.code, told.out.as_str()), (64, ""), "{args:?}: {told:?}");
        for text in says {
            assert!(told.err.contains(text), "{args:?} must say {text:?}: {}", told.err);
        }
        assert_eq!(told.err.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{args:?}: {}", told.err);
    };
    check(&["storm"], &["storm"]);
    check(&["run", "--family", "calm"], &["--seed"]);
    check(&["run", "--family", "clam", "--seed", "1"], &["--family clam", "calm, weather, partitions", "everything"]);
    check(&["run", "--family", "calm", "--seed", "18446744073709551616"], &["--seed", "0 to 18446744073709551615"]);
    check(&["run", "--family", "calm", "--seed", "-1"], &["--seed", "0 to 18446744073709551615"]);
    check(&["run", "--family", "calm", "--seed", "1", "--plant", "weeds"], &["--plant weeds", "no-trunc", "offset-ahead"]);
    check(&["run", "--family", "calm", "--seed", "1", "--save", &folder.path("no/such/plan.toml")], &["no/such/plan.toml", "remedy"]);
    check(&["run", "--family", "calm", "--seed", "1", "--save", &folder.path("")], &["remedy"]);
    check(&["replay"], &["FILE"]);
    check(&["replay", &folder.path("missing.toml")], &["missing.toml", "remedy"]);
    check(&["replay", &folder.path("")], &["remedy"]);
    check(&["replay", &write("no.toml", "a plan?")], &["no.toml:1", "remedy"]);
    check(&["replay", &write("empty.toml", "")], &["empty.toml:1", "format = 2"]);
    check(&["replay", &write("newer.toml", &good.replacen("format = 2", "format = 3", 1))], &["newer.toml:1", "format 3"]);
    check(&["replay", &write("unknown.toml", &good.replacen("[settings.cluster]", "[settings.cluster]\nsize = 3", 1))], &["unknown.toml:", "size"]);
    check(&["replay", &write("even.toml", &good.replacen("replicas = ", "replicas = 4 #", 1))], &["even.toml:", "4 replicas", "odd"]);
    check(&["replay", &write("bad.json", "{\"format\": 2,\n")], &["bad.json:2", "remedy"]);
    fs::write(folder.path("bytes.toml"), [0xff, 0xfe]).expect("the folder can be written");
    check(&["replay", &folder.path("bytes.toml")], &["bytes.toml", "remedy"]);
    check(&["replay", &write("case.toml", "format = 1\nabout = 'a case'\n[expect]\nverdict = 'hods'\n[plan]\n")], &["case.toml:4", "hods", "remedy"]);
    check(&["run", "--family", "stream-calm", "--seed", "1", "--job", "q9"], &["--job q9", "q0, q1", "counters"]);
    check(&["run", "--family", "calm", "--seed", "1", "--job", "q5"], &["--job q5", "zookeeper has no such flag", "remedy"]);
    check(&["run", "--family", "stream-failover", "--seed", "7", "--set", "stream.fencing"], &["--set", "heal.bound_ms=60000"]);
    check(&["run", "--family", "stream-failover", "--seed", "7", "--set", "stream.fencin=unfenced"], &["stream.fencin=unfenced", "`fencin`", "`fencing`"]);
    check(&["fuzz", "--family", "stream-failover", "--set", "stream.checkpoints.retained=0"], &["stream.checkpoints.retained=0", "at least 1"]);
    check(
        &["fuzz", "--family", "calm", "--set", "stream.fencing=unfenced"],
        &["stream.fencing=unfenced", "no \"stream\" in settings", "cluster, coordination"],
    );
    check(&["fuzz", "--set", "stream.checkpoints.retained=0"], &["stream.checkpoints.retained=0", "at least 1"]);
    check(&["fuzz", "--set", "steam.fencing=unfenced"], &["steam.fencing=unfenced", "no system has all of this"]);
    check(&["fuzz", "--system", "zookeeper", "--job", "q5"], &["--job q5", "no system has all of this"]);
    check(&["fuzz", "--family", "calm", "--plant", "offset-ahead"], &["--plant offset-ahead", "no plant", "no-trunc"]);
    let conf = |text: &str, says: &[&str]| check(&["run", "--family", "stream-failover", "--seed", "7", "--conf", &write("flink.properties", text)], says);
    conf("# Flink\ntaskmanager.memory.network.buffer.percent = 101\n", &["flink.properties:2", "network.buffer.percent = 101", "0 to 100"]);
    conf("zookeeper.session.timeout = soon", &["flink.properties:1", "zookeeper.session.timeout = soon", "10 s"]);
    conf("parallelism.default = 4000", &["flink.properties:1", "parallelism.default = 4000", "slots"]);
    conf("no.such.key = 1", &["no.such.key", "zookeeper.znode.parent"]);
    check(
        &["run", "--family", "calm", "--seed", "1", "--conf", &write("good.properties", "parallelism.default = 1")],
        &["--conf", "zookeeper has no such flag"],
    );
    check(&["run", "--family", "stream-failover", "--seed", "7", "--conf", &folder.path("none.properties")], &["none.properties", "remedy"]);
    check(&["run", "--family", "calm", "--system", "flink", "--seed", "1"], &["--family calm", "stream-calm"]);
    check(&["rules", "--system", "kafka"], &["--system kafka", "zookeeper, flink"]);
    check(&["fuzz", "--seeds", "0"], &["--seeds"]);
    check(&["fuzz", "--seeds", "9..3"], &["--seeds", "9..3"]);
    check(&["fuzz", "--seeds", "many"], &["--seeds", "many"]);
    check(&["fuzz", "--jobs", "0"], &["--jobs"]);
    check(&["fuzz", "--for", "10"], &["--for", "10m"]);
    check(&["fuzz", "--family", "calm", "--family", "clam"], &["clam", "calm, weather"]);
}

#[test]
fn a_command_without_a_verb_tells_the_verbs() {
    let told = stormglass(&[]);
    assert_eq!((told.code, told.out.as_str()), (64, ""), "{told:?}");
    assert!(told.err.contains("Usage: stormglass <COMMAND>"), "{told:?}");
}

#[test]
fn help_and_version_are_no_mistakes() {
    for args in [&["--help"][..], &["--version"], &["fuzz", "--help"], &["run", "--help"], &["replay", "--help"], &["families", "--help"]] {
        let told = stormglass(args);
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{args:?}");
        assert!(!told.out.is_empty(), "{args:?}");
    }
}

#[test]
fn help_reads_well() {
    insta::assert_snapshot!("help", stormglass(&["--help"]).out);
    insta::assert_snapshot!("help-fuzz", stormglass(&["fuzz", "--help"]).out);
    insta::assert_snapshot!("help-run", stormglass(&["run", "--help"]).out);
}

#[test]
fn what_there_is_is_listed_a_line_each() {
    for (list, least, one) in [
        ("families", 23, "stream-everything"),
        ("jobs", 13, "interval-join"),
        ("rules", 30, "zab.agreement"),
        ("probes", 40, "master-failover"),
        ("plants", 32, "offset-ahead"),
    ] {
        let told = stormglass(&[list]);
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{list}");
        assert!(told.out.lines().count() >= least, "{list}: {}", told.out);
        assert!(told.out.contains(&format!("\n{one} ")), "{list}: {}", told.out);
        let names: Vec<_> = told.out.lines().map(|line| line.split(' ').next()).collect();
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len(), "{list}: a name a line, each once");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_does_not_hurt() {
    for args in [&["rules"][..], &["--help"], &RUN, &["fuzz", "--seeds", "1", "--family", "calm"]] {
        let told = program::to_nobody(args);
        assert_eq!(told.code, 0, "{args:?}: {told:?}");
        assert!(!told.err.contains("panicked"), "{told:?}");
    }
}

#[test]
fn a_run_tells_what_each_rule_judged() {
    let told = stormglass(&["run", "--family", "stream-failover", "--seed", "7"]);
    assert_eq!(told.code, 0, "{told:?}");
    let rows: Vec<Vec<&str>> = told.out.lines().take_while(|line| !line.is_empty()).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["rule", "judged", "waived"]);
    assert!(["zab.quorum", "e2e.eo", "bar.cut"].iter().all(|rule| rows.iter().any(|row| row[0] == *rule && row[1] != "0")), "{rows:?}");
    let json = stormglass(&["run", "--family", "stream-failover", "--seed", "7", "--json"]);
    assert!(json.out.contains(r#""zab.quorum":{"judged":"#), "{json:?}");
}

#[test]
fn a_fuzz_tells_what_it_judged_and_which_probes_it_hit() {
    let told = stormglass(&["fuzz", "--seeds", "5..7", "--family", "calm", "--family", "crashes", "--family", "calm", "--jobs", "2"]);
    assert_eq!(told.code, 0, "{told:?}");
    for text in ["2 seeds, 2 families: 4 runs, all hold\n", "rule ", "probe ", "a CPU second\n", "\ncrashes  "] {
        assert!(told.out.contains(text), "{text:?}: {told:?}");
    }
    assert_eq!(told.err, "seeds 5 to 6, 2 families, 2 runs at a time\n");
}

/// A plant makes some run fail: the fuzz stops at the first one, whatever the number of jobs, and what it prints as the
/// command that reproduces it does.
#[test]
fn a_failure_is_told_with_the_command_that_reproduces_it() {
    let fuzz = |jobs| stormglass(&["fuzz", "--seeds", "100", "--family", "crashes", "--plant", PLANT, "--jobs", jobs]);
    let told = fuzz("2");
    assert!(matches!(told.code, 1..=3), "{told:?}");
    assert!(told.out.contains("1 failed; stopped at the first failure"), "{told:?}");
    let command = told.out.lines().find_map(|line| line.trim().strip_prefix("reproduce: ")).expect("the command is told");
    assert!(told.out.contains("  witness: ") || told.out.contains("  panic: "), "{told:?}");
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!((words[0], words[1]), (program::PATH, "run"));
    assert_eq!(words[words.len() - 2..], ["--plant", PLANT]);
    let again = stormglass(&words[1..]);
    assert_eq!(again.code, told.code, "{again:?}");
    let failure =
        |told: &program::Told| told.out.lines().skip_while(|line| !line.contains(": ")).find(|line| line.starts_with(char::is_uppercase)).map(str::to_string);
    assert_eq!(failure(&again), failure(&told));
    assert_eq!(fuzz("1").out.lines().next(), told.out.lines().next(), "one job finds the same failure first");

    // The same run out of a file is reproduced by that file.
    let folder = Folder::new("failure");
    let file = folder.path("broken plan.toml");
    stormglass(&[&words[1..], &["--save", &file]].concat());
    let replayed = stormglass(&["replay", &file]);
    assert_eq!((replayed.code, replayed.last_line()), (again.code, again.last_line()));
    assert!(replayed.out.contains(&format!("reproduce: {} replay '{file}'\n", program::PATH)), "{replayed:?}");
}

/// A known bug that storms of crashes show soon.
const PLANT: &str = "ack-before-sync";

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_found() {
    let told = program::interrupted(&["fuzz", "--seeds", "0..=18446744073709551615", "--family", "calm", "--jobs", "1"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("all hold; stopped before the end"), "{told:?}");
    assert!(told.out.contains("a CPU second\n"), "{told:?}");
}

#[test]
fn a_fuzz_ends_in_time() {
    let told = stormglass(&["fuzz", "--for", "1s", "--family", "calm", "--jobs", "1"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("all hold; the time was over"), "{told:?}");
}
