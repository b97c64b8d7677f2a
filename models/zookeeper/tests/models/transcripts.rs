//! The proof of the reference: asked every request of the recorded transcripts, it answers as the real ZooKeeper 3.8.0 and 3.9.3 did, field for field: replies, zxids, and the watch events of each session in their order. Never a run of our own.

use std::path::Path as FilePath;
use std::sync::Arc;

use serde_json::{Value, json};
use zookeeper_models::standalone::{Answer, Standalone};
use zookeeper_models::znode::path;
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{Acl, AddWatchMode, CreateMode, Data, ErrorCode, EventKind, Op, Path, Perms, Reply, Stat, WatcherType};
use zookeeper_words::settings::Compat;

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}"))
}

fn number(value: &Value, field: &str) -> i32 {
    value[field].as_i64().unwrap_or_else(|| panic!("{field} of {value}")) as i32
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().unwrap_or_else(|| panic!("{field} of {value}"))
}

fn data(value: &Value) -> Data {
    let hex = value["data"].as_str()?;
    Some((0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")).collect())
}

fn acl(value: &Value) -> Arc<[Acl]> {
    let entry = |entry: &Value| Acl::new(Perms(entry[0].as_i64().expect("perms") as i32), entry[1].as_str().expect("scheme"), entry[2].as_str().expect("id"));
    list(value, "acl").iter().map(entry).collect()
}

/// What a line asks.
fn asked(line: &Value) -> Op {
    let path = || Path::from(text(line, "path"));
    let watch = || line["watch"].as_bool().expect("watch");
    let create = |mode: CreateMode, stat: bool| Op::Create { path: path(), data: data(line), mode, acl: acl(line), stat };
    match text(line, "op") {
        "create" => create(CreateMode::of_create(number(line, "flags")), false),
        "create2" => create(CreateMode::of_create(number(line, "flags")), true),
        "create_container" => create(CreateMode::of_container(number(line, "flags")), false),
        "delete" => Op::Delete { path: path(), version: number(line, "version") },
        "set" => Op::SetData { path: path(), data: data(line), version: number(line, "version") },
        "check" => Op::Check { path: path(), version: number(line, "version") },
        "exists" => Op::Exists { path: path(), watch: watch() },
        "get" => Op::GetData { path: path(), watch: watch() },
        "children" => Op::GetChildren { path: path(), watch: watch(), stat: false },
        "children2" => Op::GetChildren { path: path(), watch: watch(), stat: true },
        "get_acl" => Op::GetAcl { path: path() },
        "set_acl" => Op::SetAcl { path: path(), acl: acl(line), version: number(line, "version") },
        "sync" => Op::Sync { path: path() },
        "multi" => Op::Multi(list(line, "ops").iter().map(asked).collect()),
        "ephemerals" => Op::GetEphemerals { prefix: path() },
        "all_children_number" => Op::GetAllChildrenNumber { path: path() },
        "auth" => Op::Auth { scheme: text(line, "scheme").into(), auth: text(line, "auth").into() },
        "whoami" => Op::WhoAmI,
        "add_watch" => Op::AddWatch { path: path(), mode: [AddWatchMode::Persistent, AddWatchMode::PersistentRecursive][number(line, "mode") as usize] },
        "remove_watches" => Op::RemoveWatches {
            path: path(),
            kind: [WatcherType::Children, WatcherType::Data, WatcherType::Any][number(line, "type") as usize - 1],
            only_ask: false,
        },
        "close" => Op::CloseSession,
        other => panic!("{other} is no operation that a transcript has"),
    }
}

fn stat_told(stat: &Stat) -> Value {
    json!({
        "czxid": stat.czxid.0, "mzxid": stat.mzxid.0, "version": stat.version, "cversion": stat.cversion, "aversion": stat.aversion,
        "ephemeral_owner": stat.ephemeral_owner.0, "data_length": stat.data_length, "num_children": stat.num_children, "pzxid": stat.pzxid.0,
    })
}

fn hex(data: &Data) -> Value {
    data.as_ref().map_or(Value::Null, |data| data.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}

/// A result as a transcript has it. `op` is the operation within a multi that it is for.
fn told(result: &Result<Reply, ErrorCode>, op: Option<&Op>) -> Value {
    let mut told = json!({ "err": result.as_ref().err().map_or(0, |error| error.code()) });
    let Ok(reply) = result else { return told };
    if let Some(op) = op {
        let name = match (op, reply) {
            (Op::Create { mode: CreateMode::Container, .. }, _) => "create_container",
            (_, Reply::Created { stat: None, .. }) => "create", // Of a create2 in 3.8 too.
            (_, Reply::Created { stat: Some(_), .. }) => "create2",
            (Op::SetData { .. }, _) => "set",
            (other, _) => other.name(),
        };
        told["op"] = name.into();
    }
    let put_stat = |told: &mut Value, stat: &Option<Stat>| {
        if let Some(stat) = stat {
            told["stat"] = stat_told(stat);
        }
    };
    match reply {
        Reply::Done => {}
        Reply::Created { path, stat } => {
            told["path"] = (**path).into();
            put_stat(&mut told, stat);
        }
        Reply::Stat(stat) => put_stat(&mut told, &Some(*stat)),
        Reply::Data { data, stat } => {
            told["data"] = hex(data);
            put_stat(&mut told, &Some(*stat));
        }
        Reply::Children { names, stat } => {
            told["children"] = names.iter().map(|name| Value::from(&**name)).collect();
            put_stat(&mut told, stat);
        }
        Reply::Acl { acl, stat } => {
            told["acl"] = acl.iter().map(|acl| json!([acl.perms.0, &*acl.id.scheme, &*acl.id.id])).collect();
            put_stat(&mut told, &Some(*stat));
        }
        Reply::Ephemerals(paths) => told["paths"] = paths.iter().map(|path| Value::from(&**path)).collect(),
        Reply::Count(number) => told["number"] = (*number).into(),
        Reply::Ids(ids) => told["ids"] = ids.iter().map(|id| json!([&*id.scheme, &*id.id])).collect(),
        Reply::Synced { path } => told["path"] = (**path).into(),
        Reply::Multi(results) => {
            let ops = match op {
                Some(Op::Multi(ops)) => &ops[..],
                _ => &[],
            };
            told["results"] = results.iter().zip(ops).map(|(result, op)| self::told(result, Some(op))).collect();
            told.as_object_mut().expect("an object").remove("op");
        }
    }
    told
}

/// A reply with its zxid, as a transcript has it.
fn reply_told(answer: &Answer, op: &Op) -> Value {
    let outer = Some(op).filter(|op| matches!(op, Op::Multi(_)));
    let mut told = told(&answer.result, outer);
    told["zxid"] = answer.zxid.0.into();
    told
}

fn kind(number: i64) -> EventKind {
    match number {
        1 => EventKind::NodeCreated,
        2 => EventKind::NodeDeleted,
        3 => EventKind::NodeDataChanged,
        4 => EventKind::NodeChildrenChanged,
        other => panic!("event type {other}"),
    }
}

/// Requests and events of one file.
fn replay(file: &FilePath, compat: Compat) -> (usize, usize) {
    let content = std::fs::read_to_string(file).expect("a readable transcript");
    let mut server = Standalone::new(compat);
    let (mut requests, mut events) = (0, 0);
    for line in content.lines().skip(1) {
        let line: Value = serde_json::from_str(line).expect("a JSON line");
        let session = |index: &Value| SessionId(index.as_i64().expect("session") + 1);
        let who = session(&line["session"]);
        let place = format!("{}: {line}", file.display());
        requests += 1;
        if text(&line, "op") == "open" {
            let timeout_ms = server.open(who, number(&line, "timeout_ms") as u32);
            assert_eq!(json!({ "err": 0, "timeout_ms": timeout_ms }), line["reply"], "{place}");
            assert!(list(&line, "events").is_empty(), "{place}");
            continue;
        }
        let op = asked(&line);
        let answer = server.ask(who, &op);
        assert_eq!(reply_told(&answer, &op), line["reply"], "{place}");
        let seen: Vec<(SessionId, EventKind, &str)> =
            list(&line, "events").iter().map(|event| (session(&event["session"]), kind(event["type"].as_i64().expect("type")), text(event, "path"))).collect();
        let expected: Vec<(SessionId, EventKind, &str)> = answer.events.iter().map(|(session, event)| (*session, event.kind, &*event.path)).collect();
        // Between sessions there is no order.
        let by_session = |mut events: Vec<(SessionId, EventKind, _)>| {
            events.sort_by_key(|(session, ..)| *session);
            events
        };
        events += seen.len();
        assert_eq!(by_session(expected), by_session(seen), "{place}");
    }
    (requests, events)
}

/// All files of a version, that many of each mix.
fn agrees(version: &str, compat: Compat, seeds: usize, expected: (usize, usize)) {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(version);
    let mut total = (0, 0);
    for mix in ["plain", "watch", "acl", "session", "multi"] {
        for seed in 1..=seeds {
            let (requests, events) = replay(&folder.join(format!("{mix}-{seed}.jsonl")), compat);
            total = (total.0 + requests, total.1 + events);
        }
    }
    assert_eq!(total, expected, "requests and events of {version}");
}

#[test]
fn reference_agrees_with_a_real_zookeeper_3_8_0() {
    agrees("zookeeper-3.8.0", Compat::V3_8, 4, (10_000, 355));
}

#[test]
fn reference_agrees_with_a_real_zookeeper_3_9_3() {
    agrees("zookeeper-3.9.3", Compat::V3_9, 2, (5_000, 200));
}

#[test]
fn the_sequence_stops_at_its_greatest_number() {
    assert_eq!(path::sequential("/n-", i32::MAX), "/n-2147483647");
    assert_eq!(path::sequential("/n-", 7), "/n-0000000007");
}
