//! Renders what a connection received as the log writes it, so that ours can be laid beside the recorded messages.
//! Never a judgement of what is right.

use serde_json::{Map, Value, json};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{Data, ErrorCode, EventKind, Op, Reply, Stat};

use super::log::Said;
use super::sessions::Sessions;
use crate::rendering::hex_digits;

/// Bytes of a node's content that were logged.
const HEAD_BYTES: usize = 24;

/// What a connection received, in the log's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    Attached { timeout_ms: u32 },
    Refused,
    Reply(Value),
    Event { kind: String, path: String },
}

impl Received {
    /// What a logged line says that the connection received; nothing, where its client spoke.
    pub fn recorded(said: &Said) -> Option<Received> {
        match said {
            Said::Connected { session: 0, .. } => Some(Received::Refused),
            Said::Connected { timeout_ms, .. } => Some(Received::Attached { timeout_ms: *timeout_ms }),
            Said::Reply { reply, .. } => Some(Received::Reply(compared_fields(reply))),
            Said::Event { kind, path } => Some(Received::Event { kind: kind.clone(), path: path.clone() }),
            Said::Connect { .. } | Said::Request { .. } | Said::Close => None,
        }
    }

    /// One line for people.
    pub fn describe(&self) -> String {
        match self {
            Received::Attached { timeout_ms } => format!("a session with a timeout of {timeout_ms} ms"),
            Received::Refused => "the session is no more".into(),
            Received::Reply(reply) => reply.to_string(),
            Received::Event { kind, path } => format!("{kind} {path}"),
        }
    }
}

/// A logged reply without the fields that are not compared: who and when, times of the wall clock, and the text beside
/// the bytes.
fn compared_fields(reply: &Value) -> Value {
    let mut reply = reply.clone();
    if let Some(fields) = reply.as_object_mut() {
        fields.retain(|field, _| !matches!(field.as_str(), "t" | "conn" | "peer" | "ev" | "xid" | "op"));
        if let Some(data) = fields.get_mut("data").and_then(Value::as_object_mut) {
            data.remove("ascii");
        }
        if let Some(stat) = fields.get_mut("stat").and_then(Value::as_object_mut) {
            stat.retain(|field, _| !matches!(field.as_str(), "ctime" | "mtime"));
        }
        if let Some(children) = fields.get_mut("children").and_then(Value::as_array_mut) {
            children.sort_by_key(ToString::to_string);
        }
    }
    reply
}

/// Our reply, as the log would write it.
pub fn reply(op: &Op, zxid: Zxid, result: &Result<Reply, ErrorCode>, sessions: &Sessions) -> Value {
    let mut fields = outcome(op, result, sessions);
    fields.insert("zxid".into(), format!("{:#x}", zxid.counter()).into());
    Value::Object(fields)
}

fn outcome(op: &Op, result: &Result<Reply, ErrorCode>, sessions: &Sessions) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |field: &str, value: Value| fields.insert(field.into(), value);
    let stat = |stat: &Stat| self::stat(stat, sessions);
    put("err", result.as_ref().map_or_else(|error| error_name(*error), |_| "OK").into());
    match result {
        Ok(Reply::Created { path, stat: made }) => {
            put("path", (**path).into());
            if let Some(made) = made {
                put("stat", stat(made));
            }
        }
        Ok(Reply::Stat(found)) => drop(put("stat", stat(found))),
        Ok(Reply::Data { data, stat: found }) => {
            put("data", content(data));
            put("stat", stat(found));
        }
        Ok(Reply::Children { names, stat: found }) => {
            put("children", names.iter().map(|name| Value::from(&**name)).collect());
            if let Some(found) = found {
                put("stat", stat(found));
            }
        }
        Ok(Reply::Multi(results)) => {
            let Op::Multi(parts) = op else { unreachable!("only a multi is answered as one") };
            let part = |(part, result): (&Op, &Result<Reply, ErrorCode>)| {
                let mut fields = outcome(part, result, sessions);
                if result.is_ok() {
                    fields.insert("op".into(), part.name().into());
                }
                Value::Object(fields)
            };
            put("results", parts.iter().zip(results).map(part).collect());
        }
        Ok(Reply::Done | Reply::Acl { .. } | Reply::Ephemerals(_) | Reply::Count(_) | Reply::Ids(_) | Reply::Synced { .. }) | Err(_) => {}
    }
    fields
}

fn stat(stat: &Stat, sessions: &Sessions) -> Value {
    json!({
        "czxid": stat.czxid.counter(), "mzxid": stat.mzxid.counter(), "version": stat.version, "cversion": stat.cversion, "aversion": stat.aversion,
        "ephemeralOwner": sessions.owner(stat.ephemeral_owner), "dataLength": stat.data_length, "numChildren": stat.num_children, "pzxid": stat.pzxid.counter(),
    })
}

/// The log's name of an event's kind.
pub fn event_name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::NodeCreated => "NodeCreated",
        EventKind::NodeDeleted => "NodeDeleted",
        EventKind::NodeDataChanged => "NodeDataChanged",
        EventKind::NodeChildrenChanged => "NodeChildrenChanged",
    }
}

/// The log's names of the errors that Flink meets; no other error is in a log.
fn error_name(error: ErrorCode) -> &'static str {
    match error {
        ErrorCode::Ok => "OK",
        ErrorCode::NoNode => "NONODE",
        ErrorCode::NodeExists => "NODEEXISTS",
        ErrorCode::NotEmpty => "NOTEMPTY",
        ErrorCode::BadVersion => "BADVERSION",
        ErrorCode::NoWatcher => "NOWATCHER",
        ErrorCode::SessionExpired => "SESSIONEXPIRED",
        ErrorCode::SessionMoved => "SESSIONMOVED",
        _ => "another error",
    }
}

/// Content as far as it was logged.
fn content(data: &Data) -> Value {
    match data {
        None => json!({ "len": -1 }),
        Some(data) => json!({ "len": data.len(), "head": hex_digits(&data[..data.len().min(HEAD_BYTES)]) }),
    }
}
