//! What real servers said, asked again: no request of the recordings is answered otherwise by the model, by an ensemble
//! of one or by one of three. And a recording that says something else is found out: the comparison can see.

use std::path::{Path, PathBuf};

use stormglass_conform::{Recorded, Subject, find};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data")
}

#[test]
fn nobody_disagrees_with_a_real_server() {
    let (mut requests, mut events) = (0, 0);
    for file in find(&data()).expect("the recordings are there") {
        let recorded = Recorded::load(&file).expect("the recordings are readable");
        let mut asked = (0, 0);
        for subject in Subject::ALL.into_iter().filter(|subject| recorded.suits(*subject)) {
            let outcome = recorded.ask(subject);
            assert_eq!(outcome.disagreements.first(), None, "{}: {subject} disagrees {} times", file.display(), outcome.disagreements.len());
            asked = (outcome.requests, outcome.events);
        }
        requests += asked.0;
        events += asked.1;
    }
    // 30 files of 500; and all that Flink asked for, connect requests that were answered included.
    assert_eq!((requests, events), (15_000 + 3_157, 983));
}

/// A recording with one word changed in line `line`.
fn bent(folder: &Path, file: &str, line: usize, from: &str, to: &str) -> Recorded {
    let text = std::fs::read_to_string(data().join(file)).expect("a readable recording");
    let bend = |(i, text): (usize, &str)| {
        assert!(i + 1 != line || text.contains(from), "line {line} of {file} is {text}");
        if i + 1 == line { text.replacen(from, to, 1) } else { text.to_owned() }
    };
    let lines: Vec<String> = text.lines().enumerate().map(bend).collect();
    let path = folder.join(Path::new(file).file_name().expect("a file"));
    std::fs::write(&path, lines.join("\n")).expect("the folder can be written");
    Recorded::load(&path).expect("it is still a recording")
}

#[test]
fn a_word_that_is_not_the_real_servers_is_found_by_everybody() {
    let folder = std::env::temp_dir().join(format!("stormglass-conform-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let check = |file: &str, line: usize, from: &str, to: &str| {
        let recorded = bent(&folder, file, line, from, to);
        for subject in Subject::ALL.into_iter().filter(|subject| recorded.suits(*subject)) {
            let lines: Vec<usize> = recorded.ask(subject).disagreements.iter().map(|disagreement| disagreement.line).collect();
            assert_eq!(lines, [line], "{file}: {subject}");
        }
    };
    check("zookeeper-3.8.0/plain-1.jsonl", 5, "\"zxid\":", "\"zxid\":1");
    check("zookeeper-3.9.3/watch-1.jsonl", 64, "\"type\":2", "\"type\":3");
    check("zookeeper-3.9.3/acl-1.jsonl", 296, "-102", "-101");
    check("flink-2.3.0-ha/run1-steady-and-failover.jsonl", 47, "NodeChildrenChanged", "NodeDataChanged");
    check("flink-2.3.0-ha/run1-steady-and-failover.jsonl", 52, "\"numChildren\": 1", "\"numChildren\": 2");
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}
