//! A log of the proxy: what was said on each connection, a line each. Data; never an order other than that of the
//! lines.

use std::path::{Path as FilePath, PathBuf};

use serde_json::Value;
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{CreateMode, Data, Op, Path, WatcherType};

use crate::error::{ConformError, Place};
use crate::fields::Fields;

/// A logged line that matters here.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The line in the file, from 1.
    pub line: usize,
    /// The connection, by its place among those of the log.
    pub conn: usize,
    pub said: Said,
}

/// What was said on a connection.
#[derive(Clone, Debug)]
pub enum Said {
    /// The client asks for a session: a new one, for 0.
    Connect { session: i64, seen: u64, timeout_ms: u32 },
    /// The server's answer; no session, for a refusal.
    Connected { session: i64, timeout_ms: u32 },
    /// The client's request.
    Request { xid: i64, op: Op, text: String },
    /// The server's reply.
    Reply { xid: i64, zxid: u64, reply: Value },
    /// A watch event: type and path.
    Event { kind: String, path: String },
    /// The connection is closed.
    Close,
}

/// A log, and those that it continues.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The earlier logs of the same server, the first one first, and then this one.
    pub parts: Vec<Vec<Entry>>,
}

impl Log {
    /// Reads a log. If it begins at a later zxid than the first, the logs before it in the folder are read too: its
    /// nodes are what they left.
    pub fn read(path: &FilePath, text: &str) -> Result<Log, ConformError> {
        let mut parts = Vec::new();
        let own = entries(path, text)?;
        if first_zxid(&own) > 1 {
            for earlier in earlier_logs(path) {
                let text = std::fs::read_to_string(&earlier).map_err(|error| ConformError::Unreadable { path: earlier.clone(), error })?;
                parts.push(entries(&earlier, &text)?);
            }
        }
        parts.push(own);
        Ok(Log { parts })
    }
}

/// The other logs of the folder that come before this one by name.
fn earlier_logs(path: &FilePath) -> Vec<PathBuf> {
    let Some(folder) = path.parent() else { return vec![] };
    let folder = if folder.as_os_str().is_empty() { FilePath::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_earlier = |other: &PathBuf| other.extension().is_some_and(|extension| extension == "jsonl") && other.file_name() < path.file_name();
    let mut earlier: Vec<PathBuf> = entries.filter(is_earlier).collect();
    earlier.sort();
    earlier
}

/// The lowest zxid of a reply.
fn first_zxid(entries: &[Entry]) -> u64 {
    entries.iter().filter_map(|entry| if let Said::Reply { zxid, .. } = entry.said { Some(zxid) } else { None }).min().unwrap_or(0)
}

fn entries(path: &FilePath, text: &str) -> Result<Vec<Entry>, ConformError> {
    let mut conns: Vec<i64> = Vec::new();
    let mut entries = Vec::new();
    for (i, text) in text.lines().enumerate() {
        let place = Place { path, line: i + 1 };
        let value: Value = serde_json::from_str(text).map_err(|error| place.error(format!("no JSON: {error}")))?;
        let Some(event) = value["ev"].as_str() else {
            if value.get("mark").is_some() {
                continue; // A mark of whoever made the recording.
            }
            return Err(place.error("neither a transcript nor a log: no \"ev\""));
        };
        let conn = value["conn"].as_i64().ok_or_else(|| place.error("no number of a connection"))?;
        let conn = conns.iter().position(|known| *known == conn).unwrap_or_else(|| {
            conns.push(conn);
            conns.len() - 1
        });
        if let Some(said) = said(Fields { place, value: &value }, event, text)? {
            entries.push(Entry { line: i + 1, conn, said });
        }
    }
    Ok(entries)
}

fn said(fields: Fields<'_>, event: &str, text: &str) -> Result<Option<Said>, ConformError> {
    Ok(Some(match event {
        "ConnectRequest" => {
            Said::Connect { session: fields.hex_number("sessionId")? as i64, seen: fields.number("lastZxidSeen")?, timeout_ms: fields.number("timeout")? }
        }
        "ConnectResponse" => Said::Connected { session: fields.hex_number("sessionId")? as i64, timeout_ms: fields.number("timeout")? },
        "req" => Said::Request { xid: fields.number("xid")?, op: op(fields)?, text: text.to_owned() },
        "resp" => Said::Reply { xid: fields.number("xid")?, zxid: fields.hex_number("zxid")?, reply: fields.value.clone() },
        "watch" => Said::Event { kind: fields.text("type")?.to_owned(), path: fields.text("path")?.to_owned() },
        "tcp_close" => Said::Close,
        // The stage opens and pings by itself.
        "tcp_open" | "ping" => return Ok(None),
        other => return Err(fields.error(format_args!("there is no event {other:?}"))),
    }))
}

/// The content begins as logged; the rest was not logged, only its length.
fn data(fields: Fields<'_>) -> Result<Data, ConformError> {
    let data = fields.within(&fields.value["data"]);
    let length: i64 = data.number("len")?;
    let Ok(length) = usize::try_from(length) else { return Ok(None) };
    let head = data.hex_bytes("head")?;
    Ok(Some(head.iter().copied().chain(std::iter::repeat(0)).take(length).collect()))
}

fn mode(fields: Fields<'_>) -> Result<CreateMode, ConformError> {
    Ok(match fields.text("flags")? {
        "PERSISTENT" => CreateMode::Persistent,
        "EPHEMERAL" => CreateMode::Ephemeral,
        "PERSISTENT_SEQUENTIAL" => CreateMode::PersistentSequential,
        "EPHEMERAL_SEQUENTIAL" => CreateMode::EphemeralSequential,
        "CONTAINER" => CreateMode::Container,
        other => return Err(fields.error(format_args!("there are no flags {other:?}"))),
    })
}

fn paths(fields: Fields<'_>, field: &str) -> Vec<Path> {
    fields.value[field].as_array().into_iter().flatten().filter_map(Value::as_str).map(Path::from).collect()
}

/// The operation that a request or a part of a multi is.
fn op(fields: Fields<'_>) -> Result<Op, ConformError> {
    let watch = || fields.value["watch"] == true;
    let version = || fields.number("version");
    Ok(match fields.text("op")? {
        "create" => Op::Create { path: fields.path()?, data: data(fields)?, mode: mode(fields)?, acl: fields.acl()?, stat: false },
        "create2" | "createContainer" => Op::Create { path: fields.path()?, data: data(fields)?, mode: mode(fields)?, acl: fields.acl()?, stat: true },
        "delete" => Op::Delete { path: fields.path()?, version: version()? },
        "setData" => Op::SetData { path: fields.path()?, data: data(fields)?, version: version()? },
        "exists" => Op::Exists { path: fields.path()?, watch: watch() },
        "getData" => Op::GetData { path: fields.path()?, watch: watch() },
        "getChildren" => Op::GetChildren { path: fields.path()?, watch: watch(), stat: false },
        "getChildren2" => Op::GetChildren { path: fields.path()?, watch: watch(), stat: true },
        "checkWatches" => Op::RemoveWatches { path: fields.path()?, kind: fields.one_of("type", &WatcherType::ALL, 1)?, only_ask: true },
        "removeWatches" => Op::RemoveWatches { path: fields.path()?, kind: fields.one_of("type", &WatcherType::ALL, 1)?, only_ask: false },
        "multi" => Op::Multi(fields.list("ops")?.map(op).collect::<Result<_, _>>()?),
        "setWatches" => Op::SetWatches {
            relative: Zxid(fields.number::<i64>("relZxid")? as u64),
            data: paths(fields, "data"),
            exist: paths(fields, "exist"),
            child: paths(fields, "child"),
            persistent: vec![],
            recursive: vec![],
        },
        "closeSession" => Op::CloseSession,
        other => return Err(fields.error(format_args!("there is no operation {other:?}"))),
    })
}
