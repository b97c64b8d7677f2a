//! A recording of single requests (format `zookeeper-transcript/1`): a header, and a line for each request with its
//! reply and events. Data; never the asking.

use std::path::Path as FilePath;

use serde_json::Value;
use zookeeper_words::service::{AddWatchMode, CreateMode, Data, Op, WatcherType};
use zookeeper_words::settings::Compat;

use crate::error::{ConformError, Place};
use crate::fields::Fields;

/// A recorded request.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// Its line in the file, from 1.
    pub line: usize,
    /// The session, by its place in the order of opening.
    pub session: usize,
    pub ask: Ask,
    /// What the real server answered.
    pub reply: Value,
    /// The events that came before the next request.
    pub events: Vec<SeenEvent>,
    /// The request as it stands in the file.
    pub text: String,
}

/// A watch event that a session was told of. The order is by session first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenEvent {
    /// The session, by its place in the order of opening.
    pub session: usize,
    /// The number of its kind on the wire.
    pub kind: i64,
    /// The node.
    pub path: String,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Ask {
    Open { timeout_ms: u32 },
    Op(Op),
}

/// A recording.
#[derive(Clone, Debug)]
pub struct Transcript {
    pub compat: Compat,
    pub requests: Vec<RecordedRequest>,
}

const FORMAT: &str = "zookeeper-transcript/1";

/// Whether the text's first line is a header of this format, of whatever version.
pub fn is_one(text: &str) -> bool {
    let first = text.lines().next().and_then(|line| serde_json::from_str::<Value>(line).ok());
    first.is_some_and(|first| first["format"].as_str().is_some_and(|format| format.starts_with("zookeeper-transcript/")))
}

impl Transcript {
    /// Reads a recording whose header [`is_one`].
    pub fn read(path: &FilePath, text: &str) -> Result<Transcript, ConformError> {
        let mut lines = text.lines().enumerate().map(|(i, text)| (Place { path, line: i + 1 }, text)).filter(|(_, text)| !text.trim().is_empty());
        let json = |(place, text): (Place<'_>, &str)| serde_json::from_str::<Value>(text).map_err(|error| place.error(format!("no JSON: {error}")));
        let header = lines.next().map(json).expect("a recording has a header")?;
        let head = Place { path, line: 1 };
        if header["format"] != FORMAT {
            return Err(head.error(format!("the format is {}, this build reads {FORMAT}", header["format"])));
        }
        let server = header["server"].as_str().unwrap_or_default();
        let compat = match server.trim_start_matches(|c: char| !c.is_ascii_digit()) {
            version if version.starts_with("3.8.") => Compat::V3_8,
            version if version.starts_with("3.9.") => Compat::V3_9,
            _ => return Err(head.error(format!("the server is {server:?}, this build knows ZooKeeper 3.8 and 3.9"))),
        };
        let requests = lines.map(|(place, text)| RecordedRequest::read(place, &json((place, text))?)).collect::<Result<_, _>>()?;
        Ok(Transcript { compat, requests })
    }
}

impl RecordedRequest {
    fn read(place: Place<'_>, value: &Value) -> Result<RecordedRequest, ConformError> {
        let fields = Fields { place, value };
        let ask = if fields.text("op")? == "open" { Ask::Open { timeout_ms: fields.number("timeout_ms")? } } else { Ask::Op(op(fields)?) };
        let event = |event: Fields<'_>| -> Result<SeenEvent, ConformError> {
            Ok(SeenEvent { session: event.number("session")?, kind: event.number("type")?, path: event.text("path")?.to_owned() })
        };
        let events = fields.list("events")?.map(event).collect::<Result<_, _>>()?;
        let reply = value.get("reply").cloned().ok_or_else(|| place.error("no reply"))?;
        let mut request = value.clone();
        if let Some(request) = request.as_object_mut() {
            request.retain(|field, _| !matches!(field.as_str(), "n" | "reply" | "events"));
        }
        Ok(RecordedRequest { line: place.line, session: fields.number("session")?, ask, reply, events, text: request.to_string() })
    }
}

/// The operation that a line or a part of a multi is.
fn op(fields: Fields<'_>) -> Result<Op, ConformError> {
    let create = |mode: CreateMode, stat: bool| -> Result<Op, ConformError> {
        Ok(Op::Create { path: fields.path()?, data: data(fields)?, mode, acl: fields.acl()?, stat })
    };
    let ops = || fields.list("ops")?.map(op).collect::<Result<Vec<Op>, _>>();
    let version = || fields.number("version");
    let watch = || fields.truth("watch");
    Ok(match fields.text("op")? {
        "create" => create(CreateMode::of_create(fields.number("flags")?), false)?,
        "create2" => create(CreateMode::of_create(fields.number("flags")?), true)?,
        "create_container" => create(CreateMode::of_container(fields.number("flags")?), true)?,
        "create_ttl" => create(CreateMode::of_ttl(fields.number("flags")?, fields.number("ttl")?), true)?,
        "delete" => Op::Delete { path: fields.path()?, version: version()? },
        "set" => Op::SetData { path: fields.path()?, data: data(fields)?, version: version()? },
        "get_acl" => Op::GetAcl { path: fields.path()? },
        "set_acl" => Op::SetAcl { path: fields.path()?, acl: fields.acl()?, version: version()? },
        "exists" => Op::Exists { path: fields.path()?, watch: watch()? },
        "get" => Op::GetData { path: fields.path()?, watch: watch()? },
        "children" => Op::GetChildren { path: fields.path()?, watch: watch()?, stat: false },
        "children2" => Op::GetChildren { path: fields.path()?, watch: watch()?, stat: true },
        "sync" => Op::Sync { path: fields.path()? },
        "check" => Op::Check { path: fields.path()?, version: version()? },
        "multi" => Op::Multi(ops()?),
        "multi_read" => Op::MultiRead(ops()?),
        "add_watch" => Op::AddWatch { path: fields.path()?, mode: fields.one_of("mode", &[AddWatchMode::Persistent, AddWatchMode::PersistentRecursive], 0)? },
        name @ ("remove_watches" | "check_watches") => {
            Op::RemoveWatches { path: fields.path()?, kind: fields.one_of("type", &WatcherType::ALL, 1)?, only_ask: name == "check_watches" }
        }
        "ephemerals" => Op::GetEphemerals { prefix: fields.path()? },
        "all_children_number" => Op::GetAllChildrenNumber { path: fields.path()? },
        "auth" => Op::Auth { scheme: fields.text("scheme")?.into(), auth: fields.text("auth")?.into() },
        "whoami" => Op::WhoAmI,
        "close" => Op::CloseSession,
        other => return Err(fields.error(format_args!("there is no operation {other:?}"))),
    })
}

fn data(fields: Fields<'_>) -> Result<Data, ConformError> {
    if fields.value["data"].is_null() { Ok(None) } else { fields.hex_bytes("data").map(Some) }
}
