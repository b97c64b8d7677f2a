//! A log of the proxy: connections with what was said on them, a line each. Data; never an order other than that of the lines.

use std::path::Path as FilePath;

use serde_json::Value;
use vocab::service::{Acl, Acls, CreateMode, Data, Op, Path, Perms, WatcherType};

use super::super::{ConformError, Place};
use crate::conform::transcript::bytes;

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

/// A log, and those that it goes on from.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The logs of the same server before, the first one first, and this one.
    pub parts: Vec<Vec<Entry>>,
}

impl Log {
    /// Reads a log. If it begins at a later zxid than the first, the logs before it in the folder are read too: its nodes are what they left.
    pub fn read(path: &FilePath, text: &str) -> Result<Log, ConformError> {
        let mut parts = Vec::new();
        let own = entries(path, text)?;
        if first_zxid(&own) > 1 {
            for elder in elders(path) {
                let text = std::fs::read_to_string(&elder).map_err(|error| ConformError::Unreadable { path: elder.clone(), error })?;
                parts.push(entries(&elder, &text)?);
            }
        }
        parts.push(own);
        Ok(Log { parts })
    }
}

/// The other logs of the folder that come before this one by name.
fn elders(path: &FilePath) -> Vec<std::path::PathBuf> {
    let Some(folder) = path.parent() else { return vec![] };
    let folder = if folder.as_os_str().is_empty() { FilePath::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut elders: Vec<_> =
        entries.filter(|other| other.extension().is_some_and(|extension| extension == "jsonl") && other.file_name() < path.file_name()).collect();
    elders.sort();
    elders
}

/// The lowest zxid of a reply.
pub fn first_zxid(entries: &[Entry]) -> u64 {
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
                continue; // The experimenter's own word.
            }
            return Err(place.error("neither a transcript nor a log: no \"ev\""));
        };
        let conn = value["conn"].as_i64().ok_or_else(|| place.error("no number of a connection"))?;
        let conn = conns.iter().position(|known| *known == conn).unwrap_or_else(|| {
            conns.push(conn);
            conns.len() - 1
        });
        let fields = Fields { place, value: &value };
        if let Some(said) = fields.said(event, text)? {
            entries.push(Entry { line: i + 1, conn, said });
        }
    }
    Ok(entries)
}

#[derive(Clone, Copy)]
struct Fields<'v> {
    place: Place<'v>,
    value: &'v Value,
}

impl<'v> Fields<'v> {
    fn text(self, field: &str) -> Result<&'v str, ConformError> {
        self.value[field].as_str().ok_or_else(|| self.place.error(format!("{field} is no text")))
    }

    fn number<N: TryFrom<i64>>(self, field: &str) -> Result<N, ConformError> {
        self.value[field].as_i64().and_then(|number| N::try_from(number).ok()).ok_or_else(|| self.place.error(format!("{field} is no number of its kind")))
    }

    /// A number written as 0x….
    fn hex(self, field: &str) -> Result<u64, ConformError> {
        let digits = self.text(field)?.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        digits.ok_or_else(|| self.place.error(format!("{field} is no 0x…")))
    }

    fn said(self, event: &str, text: &str) -> Result<Option<Said>, ConformError> {
        Ok(Some(match event {
            "ConnectRequest" => {
                Said::Connect { session: self.hex("sessionId")? as i64, seen: self.number("lastZxidSeen")?, timeout_ms: self.number("timeout")? }
            }
            "ConnectResponse" => Said::Connected { session: self.hex("sessionId")? as i64, timeout_ms: self.number("timeout")? },
            "req" => Said::Request { xid: self.number("xid")?, op: self.op()?, text: text.to_owned() },
            "resp" => Said::Reply { xid: self.number("xid")?, zxid: self.hex("zxid")?, reply: self.value.clone() },
            "watch" => Said::Event { kind: self.text("type")?.to_owned(), path: self.text("path")?.to_owned() },
            "tcp_close" => Said::Close,
            // The stage opens and pings by itself.
            "tcp_open" | "ping" => return Ok(None),
            other => return Err(self.place.error(format!("there is no event {other:?}"))),
        }))
    }

    fn path(self) -> Result<Path, ConformError> {
        Ok(self.text("path")?.into())
    }

    /// The content begins as logged; the rest was not logged, only its length.
    fn data(self) -> Result<Data, ConformError> {
        let data = Fields { place: self.place, value: &self.value["data"] };
        let length: i64 = data.number("len")?;
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        let head = bytes(data.text("head")?).ok_or_else(|| self.place.error("head is no hex"))?;
        Ok(Some(head.iter().copied().chain(std::iter::repeat(0)).take(length).collect()))
    }

    fn acl(self) -> Result<Acls, ConformError> {
        let list = self.value["acl"].as_array().ok_or_else(|| self.place.error("no acl"))?;
        let entry = |entry: &Value| Some(Acl::new(Perms(i32::try_from(entry[0].as_i64()?).ok()?), entry[1].as_str()?, entry[2].as_str()?));
        list.iter().map(entry).collect::<Option<_>>().ok_or_else(|| self.place.error("the acl is no list of perms, scheme and id"))
    }

    fn mode(self) -> Result<CreateMode, ConformError> {
        Ok(match self.text("flags")? {
            "PERSISTENT" => CreateMode::Persistent,
            "EPHEMERAL" => CreateMode::Ephemeral,
            "PERSISTENT_SEQUENTIAL" => CreateMode::PersistentSequential,
            "EPHEMERAL_SEQUENTIAL" => CreateMode::EphemeralSequential,
            "CONTAINER" => CreateMode::Container,
            other => return Err(self.place.error(format!("there are no flags {other:?}"))),
        })
    }

    fn paths(self, field: &str) -> Vec<Path> {
        self.value[field].as_array().into_iter().flatten().filter_map(Value::as_str).map(Path::from).collect()
    }

    fn kind(self) -> Result<WatcherType, ConformError> {
        let number: usize = self.number("type")?;
        let known = number.checked_sub(1).and_then(|place| WatcherType::ALL.get(place)).copied();
        known.ok_or_else(|| self.place.error(format!("there is no type {number}")))
    }

    fn op(self) -> Result<Op, ConformError> {
        let watch = || self.value["watch"] == true;
        let version = || self.number("version");
        Ok(match self.text("op")? {
            "create" => Op::Create { path: self.path()?, data: self.data()?, mode: self.mode()?, acl: self.acl()?, stat: false },
            "create2" | "createContainer" => Op::Create { path: self.path()?, data: self.data()?, mode: self.mode()?, acl: self.acl()?, stat: true },
            "delete" => Op::Delete { path: self.path()?, version: version()? },
            "setData" => Op::SetData { path: self.path()?, data: self.data()?, version: version()? },
            "exists" => Op::Exists { path: self.path()?, watch: watch() },
            "getData" => Op::GetData { path: self.path()?, watch: watch() },
            "getChildren" => Op::GetChildren { path: self.path()?, watch: watch(), stat: false },
            "getChildren2" => Op::GetChildren { path: self.path()?, watch: watch(), stat: true },
            "checkWatches" => Op::RemoveWatches { path: self.path()?, kind: self.kind()?, only_ask: true },
            "removeWatches" => Op::RemoveWatches { path: self.path()?, kind: self.kind()?, only_ask: false },
            "multi" => {
                let ops = self.value["ops"].as_array().ok_or_else(|| self.place.error("no list of operations"))?;
                Op::Multi(ops.iter().map(|op| Fields { place: self.place, value: op }.op()).collect::<Result<_, _>>()?)
            }
            "setWatches" => Op::SetWatches {
                relative: vocab::ids::Zxid(self.number::<i64>("relZxid")? as u64),
                data: self.paths("data"),
                exist: self.paths("exist"),
                child: self.paths("child"),
                persistent: vec![],
                recursive: vec![],
            },
            "closeSession" => Op::CloseSession,
            other => return Err(self.place.error(format!("there is no operation {other:?}"))),
        })
    }
}
