//! A recording of single requests: `zookeeper-transcript/1`, a header and a line for each request with its reply and events. Data; never the asking.

use std::path::Path as FilePath;

use serde_json::Value;
use vocab::plan::Compat;
use vocab::service::{Acl, Acls, AddWatchMode, CreateMode, Data, Op, Path, Perms, WatcherType};

use super::{ConformError, Place};

/// A recorded request.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its line in the file, from 1.
    pub number: usize,
    /// The session, by its place in the order of opening.
    pub session: usize,
    pub ask: Ask,
    /// What the real server answered.
    pub reply: Value,
    /// The events that came before the next request: the session, and type and path.
    pub events: Vec<(usize, i64, String)>,
    /// The request as it stands in the file.
    pub text: String,
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
    pub lines: Vec<Line>,
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
        let read = lines.map(|(place, text)| Line::read(place, &json((place, text))?)).collect::<Result<_, _>>()?;
        Ok(Transcript { compat, lines: read })
    }
}

impl Line {
    fn read(place: Place<'_>, value: &Value) -> Result<Line, ConformError> {
        let fields = Fields { place, value };
        let ask = if fields.text("op")? == "open" { Ask::Open { timeout_ms: fields.number("timeout_ms")? } } else { Ask::Op(fields.op()?) };
        let events = value["events"].as_array().ok_or_else(|| place.error("no list of events"))?;
        let events = events.iter().map(|event| {
            let event = Fields { place, value: event };
            Ok((event.number("session")?, event.number("type")?, event.text("path")?.to_owned()))
        });
        let events = events.collect::<Result<_, ConformError>>()?;
        let reply = value.get("reply").cloned().ok_or_else(|| place.error("no reply"))?;
        let mut request = value.clone();
        if let Some(request) = request.as_object_mut() {
            request.retain(|field, _| !matches!(field.as_str(), "n" | "reply" | "events"));
        }
        Ok(Line { number: place.line, session: fields.number("session")?, ask, reply, events, text: request.to_string() })
    }
}

/// The fields of a line, or of an operation in a multi.
#[derive(Clone, Copy)]
struct Fields<'v> {
    place: Place<'v>,
    value: &'v Value,
}

impl<'v> Fields<'v> {
    fn text(self, field: &str) -> Result<&'v str, ConformError> {
        self.value[field].as_str().ok_or_else(|| self.place.error(format!("{field} is no text in {}", self.value)))
    }

    fn number<N: TryFrom<i64>>(self, field: &str) -> Result<N, ConformError> {
        let number = self.value[field].as_i64().and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| self.place.error(format!("{field} is no number of its kind in {}", self.value)))
    }

    fn truth(self, field: &str) -> Result<bool, ConformError> {
        self.value[field].as_bool().ok_or_else(|| self.place.error(format!("{field} is neither true nor false in {}", self.value)))
    }

    fn path(self) -> Result<Path, ConformError> {
        Ok(self.text("path")?.into())
    }

    fn data(self) -> Result<Data, ConformError> {
        let Some(hex) = self.value["data"].as_str() else { return Ok(None) };
        bytes(hex).map(Some).ok_or_else(|| self.place.error(format!("{hex:?} is no hex")))
    }

    fn acl(self) -> Result<Acls, ConformError> {
        let list = self.value["acl"].as_array().ok_or_else(|| self.place.error(format!("no acl in {}", self.value)))?;
        let entry = |entry: &Value| Some(Acl::new(Perms(i32::try_from(entry[0].as_i64()?).ok()?), entry[1].as_str()?, entry[2].as_str()?));
        list.iter().map(entry).collect::<Option<_>>().ok_or_else(|| self.place.error(format!("the acl is no list of perms, scheme and id: {}", self.value)))
    }

    fn op(self) -> Result<Op, ConformError> {
        let version = || self.number("version");
        let watch = || self.truth("watch");
        Ok(match self.text("op")? {
            "create" => self.create(CreateMode::of_create(self.number("flags")?), false)?,
            "create2" => self.create(CreateMode::of_create(self.number("flags")?), true)?,
            "create_container" => self.create(CreateMode::of_container(self.number("flags")?), true)?,
            "create_ttl" => self.create(CreateMode::of_ttl(self.number("flags")?, self.number("ttl")?), true)?,
            "delete" => Op::Delete { path: self.path()?, version: version()? },
            "set" => Op::SetData { path: self.path()?, data: self.data()?, version: version()? },
            "get_acl" => Op::GetAcl { path: self.path()? },
            "set_acl" => Op::SetAcl { path: self.path()?, acl: self.acl()?, version: version()? },
            "exists" => Op::Exists { path: self.path()?, watch: watch()? },
            "get" => Op::GetData { path: self.path()?, watch: watch()? },
            "children" => Op::GetChildren { path: self.path()?, watch: watch()?, stat: false },
            "children2" => Op::GetChildren { path: self.path()?, watch: watch()?, stat: true },
            "sync" => Op::Sync { path: self.path()? },
            "check" => Op::Check { path: self.path()?, version: version()? },
            "multi" => Op::Multi(self.ops()?),
            "multi_read" => Op::MultiRead(self.ops()?),
            "add_watch" => Op::AddWatch { path: self.path()?, mode: self.known("mode", &[AddWatchMode::Persistent, AddWatchMode::PersistentRecursive], 0)? },
            name @ ("remove_watches" | "check_watches") => {
                Op::RemoveWatches { path: self.path()?, kind: self.known("type", &WatcherType::ALL, 1)?, only_ask: name == "check_watches" }
            }
            "ephemerals" => Op::GetEphemerals { prefix: self.path()? },
            "all_children_number" => Op::GetAllChildrenNumber { path: self.path()? },
            "auth" => Op::Auth { scheme: self.text("scheme")?.into(), auth: self.text("auth")?.into() },
            "whoami" => Op::WhoAmI,
            "close" => Op::CloseSession,
            other => return Err(self.place.error(format!("there is no operation {other:?}"))),
        })
    }

    fn ops(self) -> Result<Vec<Op>, ConformError> {
        let ops = self.value["ops"].as_array().ok_or_else(|| self.place.error("no list of operations"))?;
        ops.iter().map(|op| Fields { place: self.place, value: op }.op()).collect()
    }

    fn create(self, mode: CreateMode, stat: bool) -> Result<Op, ConformError> {
        Ok(Op::Create { path: self.path()?, data: self.data()?, mode, acl: self.acl()?, stat })
    }

    fn known<T: Copy>(self, field: &str, all: &[T], first: usize) -> Result<T, ConformError> {
        let number: usize = self.number(field)?;
        let known = number.checked_sub(first).and_then(|place| all.get(place)).copied();
        known.ok_or_else(|| self.place.error(format!("there is no {field} {number}")))
    }
}

/// The bytes that hex digits stand for.
pub fn bytes(hex: &str) -> Option<std::sync::Arc<[u8]>> {
    let digit = |at: usize| hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    (0..hex.len()).step_by(2).map(digit).collect()
}
