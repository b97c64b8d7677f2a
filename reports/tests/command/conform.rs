//! `conform` as its users meet it: a line a file, the disagreements side by side, exit codes, and what is said of files
//! that are none.

use std::fs;

use crate::program::{Folder, stormglass};

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/zookeeper-3.9.3/acl-2.jsonl");

#[test]
fn a_folder_that_agrees_is_told_file_by_file() {
    let folder = Folder::new("conform-agrees");
    fs::create_dir(folder.path("below")).expect("the folder can be made");
    fs::copy(RECORDING, folder.path("below/one.jsonl")).expect("the recording is there");
    fs::copy(RECORDING, folder.path("two.jsonl")).expect("the recording is there");
    let told = stormglass(&["conform", &folder.path("")]);
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    let each = "500 requests, 5 events: the model agrees, 1 replica agrees, 3 replicas agree";
    assert_eq!(told.out, format!("below/one.jsonl: {each}\ntwo.jsonl: {each}\n1000 requests, 0 disagree\n"));
}

#[test]
fn a_disagreement_is_laid_side_by_side() {
    let folder = Folder::new("conform-disagrees");
    let text = fs::read_to_string(RECORDING).expect("the recording is there");
    let bent: Vec<String> = text.lines().enumerate().map(|(i, line)| if i == 5 { line.replacen("\"err\":-", "\"err\":-1", 1) } else { line.into() }).collect();
    fs::write(folder.path("bent.jsonl"), bent.join("\n")).expect("the folder can be written");
    let told = stormglass(&["conform", &folder.path("bent.jsonl"), "--subject", "model", "--subject", "5"]);
    assert_eq!(told.code, 1, "{told:?}");
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].ends_with("bent.jsonl:6: the model disagrees"), "{told:?}");
    assert!(lines[1].starts_with("  asked: {") && lines[2].starts_with("  real:  {\"err\":-1") && lines[3].starts_with("  ours:  {\"err\":"), "{told:?}");
    assert!(lines[4].ends_with("bent.jsonl:6: 5 replicas disagree"), "{told:?}");
    assert_eq!(told.last_line(), "500 requests, 1 disagree");
}

#[test]
fn what_is_no_recording_is_one_clear_error() {
    let folder = Folder::new("conform-errors");
    let check = |name: &str, text: Option<&str>, expected: &str| {
        let path = folder.path(name);
        if let Some(text) = text {
            fs::write(&path, text).expect("the folder can be written");
        }
        let told = stormglass(&["conform", &path]);
        assert_eq!((told.code, told.out.as_str()), (64, ""), "{told:?}");
        assert!(told.err.starts_with(&format!("error: {path}{expected}")) && told.err.contains("\n  remedy: "), "{told:?}");
    };
    check("nothing", None, ": No such file");
    check("words.jsonl", Some("hello\n"), ":1: no JSON");
    check("else.jsonl", Some("{\"a\":1}\n"), ":1: neither a transcript nor a log");
    check(
        "later.jsonl",
        Some("{\"format\":\"zookeeper-transcript/2\"}\n"),
        ":1: the format is \"zookeeper-transcript/2\", this build reads zookeeper-transcript/1",
    );
    let head = "{\"format\":\"zookeeper-transcript/1\",\"server\":\"Apache ZooKeeper 3.8.0\"}\n";
    check("server.jsonl", Some(&head.replace("3.8.0", "4.0.0")), ":1: the server is");
    check("op.jsonl", Some(&format!("{head}{{\"session\":0,\"op\":\"fly\",\"reply\":{{}},\"events\":[]}}\n")), ":2: there is no operation \"fly\"");
    check("cut.jsonl", Some(&format!("{head}{{\"session\":0,")), ":2: no JSON");
    fs::create_dir(folder.path("empty")).expect("the folder can be made");
    check("empty", None, ": no recording in it");
    let told = stormglass(&["conform", RECORDING, "--subject", "0"]);
    assert!(told.code == 64 && told.err.contains("a number of replicas from 1 to 101"), "{told:?}");
}
