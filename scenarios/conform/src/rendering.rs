//! Renders answers as a transcript writes them, so that ours can be laid beside the recorded ones. Never a judgement of
//! what is right.

use serde_json::{Map, Value, json};
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{Acl, CreateMode, Data, ErrorCode, EventKind, Id, Op, Reply, Stat};

/// Which numbers our zxids and sessions have in a recording.
pub trait Names {
    /// A zxid, as the recording counts.
    fn zxid(&self, zxid: Zxid) -> u64;
    /// The owner of an ephemeral, as the recording numbers it; 0 for none.
    fn owner(&self, session: SessionId) -> i64;
}

/// The number of an event's kind on the wire.
pub fn event_type(kind: EventKind) -> i64 {
    match kind {
        EventKind::NodeCreated => 1,
        EventKind::NodeDeleted => 2,
        EventKind::NodeDataChanged => 3,
        EventKind::NodeChildrenChanged => 4,
    }
}

/// A whole reply.
pub fn reply(op: &Op, zxid: Zxid, result: &Result<Reply, ErrorCode>, names: &impl Names) -> Value {
    let mut fields = outcome(op, result, names);
    fields.insert("zxid".into(), names.zxid(zxid).into());
    Value::Object(fields)
}

fn outcome(op: &Op, result: &Result<Reply, ErrorCode>, names: &impl Names) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("err".into(), result.as_ref().err().map_or(0, |error| error.code()).into());
    let mut put = |field: &str, value: Value| fields.insert(field.into(), value);
    let stat = |stat: &Stat| self::stat(stat, names);
    match result {
        Err(_) | Ok(Reply::Done) => {}
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
        Ok(Reply::Acl { acl, stat: found }) => {
            put("acl", acl.iter().map(|Acl { perms, id }| json!([perms.0, *id.scheme, *id.id])).collect());
            put("stat", stat(found));
        }
        Ok(Reply::Children { names: children, stat: found }) => {
            put("children", children.iter().map(|name| Value::from(&**name)).collect());
            if let Some(found) = found {
                put("stat", stat(found));
            }
        }
        Ok(Reply::Ephemerals(paths)) => drop(put("paths", paths.iter().map(|path| Value::from(&**path)).collect())),
        Ok(Reply::Count(number)) => drop(put("number", (*number).into())),
        Ok(Reply::Ids(ids)) => drop(put("ids", ids.iter().map(|Id { scheme, id }| json!([**scheme, **id])).collect())),
        Ok(Reply::Synced { path }) => drop(put("path", (**path).into())),
        Ok(Reply::Multi(results)) => {
            let none = Vec::new();
            let parts = if let Op::Multi(parts) | Op::MultiRead(parts) = op { parts } else { &none };
            let part = |(part, result): (&Op, &Result<Reply, ErrorCode>)| {
                let mut fields = outcome(part, result, names);
                if let Ok(reply) = result {
                    fields.insert("op".into(), part_name(part, reply).into());
                }
                Value::Object(fields)
            };
            put("results", parts.iter().zip(results).map(part).collect());
        }
    }
    fields
}

/// An operation's name in a multi's results: a create that is answered without a stat is called a create, even if a
/// create2 was asked for.
fn part_name(op: &Op, reply: &Reply) -> &'static str {
    match (op, reply) {
        (Op::Create { .. }, Reply::Created { stat: None, .. }) => "create",
        (Op::Create { mode: CreateMode::Container, .. }, _) => "create_container",
        (Op::Create { .. }, _) => "create2",
        (Op::Delete { .. }, _) => "delete",
        (Op::SetData { .. }, _) => "set",
        (Op::Check { .. }, _) => "check",
        (Op::GetData { .. }, _) => "get",
        (Op::GetChildren { .. }, _) => "children",
        (other, _) => other.name(),
    }
}

fn stat(stat: &Stat, names: &impl Names) -> Value {
    json!({
        "czxid": names.zxid(stat.czxid), "mzxid": names.zxid(stat.mzxid), "version": stat.version, "cversion": stat.cversion, "aversion": stat.aversion,
        "ephemeral_owner": names.owner(stat.ephemeral_owner), "data_length": stat.data_length, "num_children": stat.num_children, "pzxid": names.zxid(stat.pzxid),
    })
}

/// Content as hex digits; null for none.
fn content(data: &Data) -> Value {
    data.as_ref().map_or(Value::Null, |data| hex_digits(data).into())
}

/// Bytes as hex digits.
pub fn hex_digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
