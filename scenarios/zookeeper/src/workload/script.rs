//! What real Flink 2.3.0 processes asked of ZooKeeper, as recorded by a proxy between them: requests in their order, with their flags and versions. Data alone; how they are sent again is `flink`'s business.

use std::sync::LazyLock;

use serde::Deserialize;
use zookeeper_words::service::{CreateMode, Data, Op, Path, acl};

/// One line a request, and one where a session began.
const RECORDED: &str = include_str!("../../data/flink-2.3.0-ha.jsonl");

/// A line of the recording: a request with the fields of its kind. The content of nodes was not recorded, only its length.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    op: Kind,
    #[serde(default)]
    path: Option<Path>,
    #[serde(default)]
    bytes: Option<usize>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    version: Option<i32>,
    #[serde(default)]
    watch: bool,
    #[serde(default)]
    ops: Vec<Line>,
    /// It was sent before the reply to the one before had come.
    #[serde(default)]
    together: bool,
    /// Of a session: which recording, 1 or 2.
    #[serde(default)]
    run: u32,
    /// Of a session: whose.
    #[serde(default)]
    process: String,
}

/// The kinds of lines: ZooKeeper's operations, and the begin of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Session,
    Create,
    Create2,
    CreateContainer,
    Delete,
    SetData,
    Exists,
    GetData,
    GetChildren,
    GetChildren2,
    Multi,
    CloseSession,
}

/// The modes that Flink uses.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Persistent,
    Ephemeral,
    EphemeralSequential,
}

/// A step of a recorded process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A session ended here without being closed (the process was killed, or the session expired), and the next one began.
    NewSession,
    /// It sent a request.
    Request {
        /// What it asked for.
        op: Op,
        /// Before the reply to the one before had come.
        together: bool,
    },
}

/// A recorded process.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// The recording.
    pub run: u32,
    /// Its role and number: `jm1`, `tm1`, `cli`.
    pub process: String,
    /// What it did.
    pub steps: Vec<Step>,
}

/// All recorded processes, in the order of the recordings.
pub(super) fn scripts() -> &'static [Script] {
    static SCRIPTS: LazyLock<Vec<Script>> = LazyLock::new(read);
    &SCRIPTS
}

fn read() -> Vec<Script> {
    let mut scripts: Vec<Script> = Vec::new();
    for (i, line) in RECORDED.lines().enumerate() {
        let line: Line = serde_json::from_str(line).unwrap_or_else(|error| panic!("flink-2.3.0-ha.jsonl:{}: {error}", i + 1));
        if line.op == Kind::Session {
            match scripts.last_mut().filter(|script| script.run == line.run && script.process == line.process) {
                Some(script) if !ends_with_close(script) => script.steps.push(Step::NewSession),
                Some(_) => {}
                None => scripts.push(Script { run: line.run, process: line.process, steps: Vec::new() }),
            }
        } else {
            let script = scripts.last_mut().expect("the recording's first line begins a session");
            let together = line.together;
            let number = script.steps.len();
            script.steps.push(Step::Request { op: op(line, number), together });
        }
    }
    scripts
}

fn ends_with_close(script: &Script) -> bool {
    matches!(script.steps.last(), Some(Step::Request { op: Op::CloseSession, .. }))
}

fn op(line: Line, number: usize) -> Op {
    let data = content(line.bytes, number);
    let watch = line.watch;
    let path = || line.path.clone().expect("a recorded request names its node");
    let mode = || line.mode.expect("a recorded create has a mode").into();
    let version = || line.version.expect("a recorded conditional write has a version");
    match line.op {
        Kind::Session => unreachable!("the begin of a session is no request"),
        Kind::Create => Op::create(path(), data, mode()),
        Kind::Create2 => Op::Create { path: path(), data, mode: mode(), acl: acl::open(), stat: true },
        Kind::CreateContainer => Op::Create { path: path(), data, mode: CreateMode::Container, acl: acl::open(), stat: true },
        Kind::Delete => Op::Delete { path: path(), version: version() },
        Kind::SetData => Op::SetData { path: path(), data, version: version() },
        Kind::Exists => Op::Exists { path: path(), watch },
        Kind::GetData => Op::GetData { path: path(), watch },
        Kind::GetChildren => Op::GetChildren { path: path(), watch, stat: false },
        Kind::GetChildren2 => Op::GetChildren { path: path(), watch, stat: true },
        Kind::Multi => Op::Multi(line.ops.into_iter().map(|part| op(part, number)).collect()),
        Kind::CloseSession => Op::CloseSession,
    }
}

/// Content of the recorded length that no other request of the process has.
fn content(bytes: Option<usize>, number: usize) -> Data {
    Some((number as u32).to_be_bytes().into_iter().cycle().take(bytes?).collect())
}

impl From<Mode> for CreateMode {
    fn from(mode: Mode) -> CreateMode {
        match mode {
            Mode::Persistent => CreateMode::Persistent,
            Mode::Ephemeral => CreateMode::Ephemeral,
            Mode::EphemeralSequential => CreateMode::EphemeralSequential,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recording_is_read_whole() {
        let read: Vec<(u32, &str, usize)> = scripts().iter().map(|script| (script.run, script.process.as_str(), script.steps.len())).collect();
        let expected =
            [(1, "jm1", 376), (1, "tm1", 11), (1, "jm2", 494), (1, "cli", 5), (2, "jm1", 1660), (2, "tm1", 21), (2, "jm2", 485), (2, "cli", 10), (2, "tm2", 7)];
        assert_eq!(read, expected);
    }

    #[test]
    fn the_requests_are_those_of_flink() {
        let count = |wanted: fn(&Op) -> bool| {
            let requests = scripts().iter().flat_map(|script| &script.steps);
            requests.filter(|step| matches!(step, Step::Request { op, .. } if wanted(op))).count()
        };
        // The numbers of the two recordings together.
        assert_eq!(count(|op| matches!(op, Op::Multi(parts) if parts.len() == 3)), 78 + 204);
        assert_eq!(count(|op| matches!(op, Op::SetData { version: 0.., .. })), 77 + 208);
        assert_eq!(count(|op| matches!(op, Op::Create { mode: CreateMode::EphemeralSequential, stat: true, .. })), 3 + 5);
        assert_eq!(count(|op| matches!(op, Op::Create { mode: CreateMode::Container, .. })), 3 + 1);
        assert_eq!(count(|op| matches!(op, Op::CloseSession)), 3 + 5);
        assert_eq!(count(|op| matches!(op, Op::Delete { version: -1, .. })), 253 + 652);
    }
}
