//! The proof of the reference: it answers every request of the recorded transcripts as the real ZooKeeper 3.8.0 did, replies, zxids and watch events. Never a run of our own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::sync::Arc;

use models::znode::{Reference, path};
use serde_json::Value;
use vocab::ids::{SessionId, Xid, Zxid};
use vocab::service::{CreateMode, Data, ErrorCode, EventKind, Op, Path, Reply, Request, Stat, Transaction};

/// Watches of one session: one-shot, by path.
#[derive(Default)]
struct Watches {
    data: BTreeSet<Path>,
    child: BTreeSet<Path>,
    /// Persistent watches are outside our vocabulary: this session's events are left alone.
    beyond: bool,
}

impl Watches {
    fn take(&mut self, kind: EventKind, path: &Path) -> bool {
        match kind {
            EventKind::NodeCreated | EventKind::NodeDataChanged => self.data.remove(path),
            EventKind::NodeDeleted => self.data.remove(path) | self.child.remove(path),
            EventKind::NodeChildrenChanged => self.child.remove(path),
        }
    }
}

#[derive(Default)]
struct Counts {
    requests: usize,
    events: usize,
    left_alone: BTreeMap<String, usize>,
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}")).to_owned()
}

fn data(value: &Value) -> Data {
    let hex = value["data"].as_str()?;
    Some((0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")).collect())
}

fn version(value: &Value) -> i32 {
    value["version"].as_i64().expect("version") as i32
}

fn session(index: i64) -> SessionId {
    SessionId(index + 1)
}

/// The request in our words; `None` for what our vocabulary does not have.
fn op(line: &Value) -> Option<Op> {
    let path = || Path::from(text(line, "path"));
    let watch = || line["watch"].as_bool().expect("watch");
    Some(match line["op"].as_str().expect("op") {
        name @ ("create" | "create2" | "create_container") => Op::Create {
            path: path(),
            data: data(line),
            mode: match line["flags"].as_i64().expect("flags") {
                0 => CreateMode::Persistent,
                1 => CreateMode::Ephemeral,
                2 => CreateMode::PersistentSequential,
                3 => CreateMode::EphemeralSequential,
                4 => CreateMode::Container,
                _ => return None,
            },
            stat: name == "create2",
        },
        "delete" => Op::Delete { path: path(), version: version(line) },
        "set" => Op::SetData { path: path(), data: data(line), version: version(line) },
        "check" => Op::Check { path: path(), version: version(line) },
        "exists" => Op::Exists { path: path(), watch: watch() },
        "get" => Op::GetData { path: path(), watch: watch() },
        "children" => Op::GetChildren { path: path(), watch: watch(), stat: false },
        "children2" => Op::GetChildren { path: path(), watch: watch(), stat: true },
        "sync" => Op::Sync { path: path() },
        "close" => Op::CloseSession,
        "multi" => Op::Multi(line["ops"].as_array().expect("ops").iter().map(op).collect::<Option<_>>()?),
        _ => return None,
    })
}

fn stat_as_recorded(stat: &Stat) -> Value {
    serde_json::json!({
        "czxid": stat.czxid.0, "mzxid": stat.mzxid.0, "version": stat.version, "cversion": stat.cversion, "aversion": stat.aversion,
        "ephemeral_owner": stat.ephemeral_owner.0, "data_length": stat.data_length, "num_children": stat.num_children, "pzxid": stat.pzxid.0,
    })
}

fn hex(data: &Data) -> Value {
    data.as_ref().map_or(Value::Null, |data| data.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}

/// The reply as the transcript would have it, without its zxid.
fn as_recorded(result: &Result<Reply, ErrorCode>) -> Value {
    let mut reply = serde_json::json!({ "err": result.as_ref().err().map_or(0, |error| error.code()) });
    match result {
        Err(_) | Ok(Reply::Done) => {}
        Ok(Reply::Created { path, stat }) => {
            reply["path"] = (**path).into();
            if let Some(stat) = stat {
                reply["stat"] = stat_as_recorded(stat);
            }
        }
        Ok(Reply::Stat(stat)) => reply["stat"] = stat_as_recorded(stat),
        Ok(Reply::Data { data, stat }) => {
            reply["data"] = hex(data);
            reply["stat"] = stat_as_recorded(stat);
        }
        Ok(Reply::Children { names, stat }) => {
            reply["children"] = names.iter().map(|name| Value::from(&**name)).collect();
            if let Some(stat) = stat {
                reply["stat"] = stat_as_recorded(stat);
            }
        }
        Ok(Reply::Synced { path }) => reply["path"] = (**path).into(),
        Ok(Reply::Multi(results)) => reply["results"] = results.iter().map(as_recorded).collect(),
    }
    reply
}

/// A recorded reply without what ours has not: its zxid, the names of the operations in a multi.
fn recorded(reply: &Value) -> Value {
    let mut reply = reply.clone();
    let fields = reply.as_object_mut().expect("a reply is an object");
    fields.remove("zxid");
    if let Some(results) = fields.get_mut("results").and_then(Value::as_array_mut) {
        results.iter_mut().for_each(|result| {
            result.as_object_mut().expect("a result is an object").remove("op");
        });
    }
    reply
}

fn replay(file: &FilePath, counts: &mut Counts) {
    let content = std::fs::read_to_string(file).expect("a readable transcript");
    let mut reference = Reference::new();
    let mut watches: BTreeMap<i64, Watches> = BTreeMap::new();
    let mut last = 0;
    for line in content.lines().skip(1) {
        let line: Value = serde_json::from_str(line).expect("a JSON line");
        let who = line["session"].as_i64().expect("session");
        let place = format!("{}: {line}", file.display());
        let transaction = |zxid, request| Transaction { zxid: Zxid(zxid), session: session(who), xid: Xid(1), time_ms: 0, request, error: None };
        let mut fired = vec![];
        if line["op"] == "open" {
            last += 1;
            reference.apply(&transaction(last, Request::CreateSession { timeout_ms: 40_000 })).expect("a session opens");
            watches.insert(who, Watches::default());
        } else if let Some(op) = op(&line) {
            let zxid = line["reply"]["zxid"].as_u64().expect("zxid");
            let result = if op.is_write() {
                last += 1;
                let result = reference.apply(&transaction(last, Request::Op(op.clone())));
                fired = reference.fired().to_vec();
                result
            } else {
                reference.read(&op).expect("a read")
            };
            assert_eq!(zxid, last, "{place}");
            assert_eq!(as_recorded(&result), recorded(&line["reply"]), "{place}");
            let mine = watches.get_mut(&who).expect("an open session");
            match (&op, &result) {
                (Op::Exists { path, watch: true }, Ok(_) | Err(ErrorCode::NoNode)) | (Op::GetData { path, watch: true }, Ok(_)) => {
                    mine.data.insert(Arc::clone(path));
                }
                (Op::GetChildren { path, watch: true, .. }, Ok(_)) => {
                    mine.child.insert(Arc::clone(path));
                }
                _ => {}
            }
            counts.requests += 1;
        } else {
            let name = text(&line, "op");
            if name == "add_watch" || name == "remove_watches" {
                watches.get_mut(&who).expect("an open session").beyond = true;
            }
            last = line["reply"]["zxid"].as_u64().expect("zxid"); // A write outside our vocabulary must have failed, then.
            assert!(!name.starts_with("create") || line["reply"]["err"] != 0, "{place}");
            *counts.left_alone.entry(name).or_default() += 1;
        }
        // Each session's events, in the order in which the changes fire.
        for (who, watches) in &mut watches {
            let mut expected = vec![];
            for change in &fired {
                if watches.take(change.kind, &change.path) {
                    expected.push((change.kind as i64 + 1, change.path.to_string()));
                }
            }
            let seen: Vec<(i64, String)> = line["events"]
                .as_array()
                .expect("events")
                .iter()
                .filter(|event| event["session"] == *who)
                .map(|event| (event["type"].as_i64().expect("type"), text(event, "path")))
                .collect();
            if watches.beyond {
                continue;
            }
            if line["op"] == "close" {
                expected.sort(); // One transaction deletes several ephemerals, in no order that ZooKeeper promises.
                let mut seen = seen;
                seen.sort();
                assert_eq!(expected, seen, "{place}");
            } else {
                assert_eq!(expected, seen, "{place}");
                counts.events += seen.len();
            }
        }
        if line["op"] == "close" {
            watches.remove(&who);
        }
    }
}

#[test]
fn reference_agrees_with_a_real_zookeeper() {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/zookeeper-3.8.0");
    let mut counts = Counts::default();
    for mix in ["plain", "session", "multi", "watch"] {
        for seed in 1..=4 {
            replay(&folder.join(format!("{mix}-{seed}.jsonl")), &mut counts);
        }
    }
    // All 8,000 lines but the 239 openings and what our vocabulary does not have: persistent watches, ACLs, and ZooKeeper's own counting reads.
    let left_alone: Vec<(&str, usize)> = counts.left_alone.iter().map(|(name, count)| (&**name, *count)).collect();
    assert_eq!(left_alone, [("add_watch", 147), ("all_children_number", 30), ("create", 1), ("ephemerals", 116), ("get_acl", 22), ("remove_watches", 86)]);
    assert_eq!(counts.requests, 8_000 - 239 - 402);
    assert_eq!(counts.events, 80, "events of sessions that had no persistent watch");
}

#[test]
fn the_sequence_stops_at_its_greatest_number() {
    assert_eq!(path::sequential("/n-", i32::MAX), "/n-2147483647");
    assert_eq!(path::sequential("/n-", 7), "/n-0000000007");
}
