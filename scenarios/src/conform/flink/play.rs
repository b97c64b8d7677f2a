//! A log, asked again: what each connection hears of the ensemble, laid beside what it heard of the real server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use vocab::ids::{SessionId, Zxid};
use vocab::plan::Compat;
use vocab::service::{Data, ErrorCode, EventKind, Op, Reply, Stat};

use super::course::{Act, nameless, order};
use super::log::{Entry, Log, Said};
use crate::conform::stage::{Heard, Stage};
use crate::conform::{Disagreement, Outcome};

/// The recorded server's tickTime.
const TICK_MS: u32 = 500;
/// Bytes of a node's content that were logged.
const HEAD_BYTES: usize = 24;

/// What a connection heard, in the log's words.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Attached { timeout_ms: u32 },
    Refused,
    Reply(Value),
    Event { kind: String, path: String },
}

/// A connection of one part of the log.
#[derive(Default)]
struct Line {
    /// Requests in the order of asking: their entries.
    asked: Vec<usize>,
    answered: usize,
    /// What it heard; an event with the transaction that it tells of.
    heard: Vec<(Word, Zxid)>,
}

/// Sessions by the numbers that the real server gave them.
#[derive(Default)]
struct Sessions {
    ours: BTreeMap<i64, SessionId>,
    theirs: BTreeMap<SessionId, i64>,
}

impl Sessions {
    fn meet(&mut self, theirs: i64, ours: SessionId) {
        self.ours.insert(theirs, ours);
        self.theirs.insert(ours, theirs);
    }
}

/// Asks everything again; elder parts first, which are not compared.
pub fn ask(log: &Log, replicas: u16) -> Outcome {
    let mut scripts = Vec::new();
    let mut firsts = Vec::new();
    for part in &log.parts {
        firsts.push(scripts.len());
        let conns = part.iter().map(|entry| entry.conn + 1).max().unwrap_or(0);
        let of = |conn| {
            part.iter()
                .filter(move |entry| entry.conn == conn)
                .filter_map(|entry| if let Said::Request { op, .. } = &entry.said { Some(op.clone()) } else { None })
        };
        scripts.extend((0..conns).map(|conn| of(conn).map(shifted).collect::<Vec<Op>>()));
    }
    // Somebody who did not come by the proxy: a session, and requests that come to nothing.
    let other = scripts.len();
    scripts.push(vec![Op::Delete { path: "/nobody/made/this".into(), version: -1 }]);
    let mut play =
        Play { stage: Stage::new(replicas, Compat::V3_8, TICK_MS, scripts), sessions: Sessions::default(), ends: BTreeSet::new(), other, other_came: false };
    let mut before = 0;
    let mut outcome = Outcome::default();
    for (part, first) in log.parts.iter().zip(firsts) {
        let course = order(part, before);
        let mut lines: Vec<Line> = Vec::new();
        lines.resize_with(part.iter().map(|entry| entry.conn + 1).max().unwrap_or(0), Line::default);
        for act in &course.acts {
            play.act(act, part, first, &mut lines);
        }
        before = course.last;
        outcome = compare(part, &lines, &play.ends);
    }
    outcome
}

/// A setWatches tells the last zxid that its client had seen: ours are those of the first epoch.
fn shifted(op: Op) -> Op {
    match op {
        Op::SetWatches { relative, data, exist, child, persistent, recursive } => {
            Op::SetWatches { relative: ours(relative.0), data, exist, child, persistent, recursive }
        }
        other => other,
    }
}

fn ours(zxid: u64) -> Zxid {
    Zxid(1 << 32 | zxid)
}

struct Play {
    stage: Stage,
    sessions: Sessions,
    /// Transactions that ended a session: what they delete comes in no order that ZooKeeper promises.
    ends: BTreeSet<Zxid>,
    other: usize,
    other_came: bool,
}

impl Play {
    fn act(&mut self, act: &Act, part: &[Entry], first: usize, lines: &mut [Line]) {
        let mut ends = false;
        let mut heard = Vec::new();
        match act {
            Act::Open { conn } => self.stage.open(first + conn, asked_timeout_ms(part, *conn)),
            Act::Attach { conn } => {
                let (session, seen) = asked_session(part, *conn);
                let session = self.sessions.ours.get(&session).copied().unwrap_or(SessionId(1));
                self.stage.attach(first + conn, session, ours(seen), asked_timeout_ms(part, *conn));
            }
            Act::Ask { conn, entry } => {
                self.stage.ask(first + conn, place(part, *entry));
                lines[*conn].asked.push(*entry);
                ends = matches!(&part[*entry].said, Said::Request { op: Op::CloseSession, .. });
            }
            Act::HangUp { conn } => self.stage.hang_up(first + conn),
            Act::Expire { session } => {
                ends = true;
                if let Some(session) = self.sessions.ours.get(session) {
                    self.stage.expire(*session);
                }
            }
            Act::Other => heard = self.other(),
        }
        heard.extend(self.stage.settle());
        for (caller, heard) in heard {
            let Some(conn) = caller.checked_sub(first).filter(|conn| *conn < lines.len()) else { continue };
            if ends && let Heard::Event { zxid, .. } = heard {
                self.ends.insert(zxid);
            }
            self.hear(conn, heard, part, &mut lines[conn]);
        }
    }

    /// A transaction of nobody's in the log: the leader has taken a container away, if one is due; else somebody came by another way.
    fn other(&mut self) -> Vec<(usize, Heard)> {
        let before = self.stage.last();
        self.stage.check_containers();
        let heard = self.stage.settle();
        if self.stage.last() > before {
            return heard;
        }
        if self.other_came {
            self.stage.ask(self.other, 0);
        } else {
            self.other_came = true;
            self.stage.open(self.other, 4_000);
        }
        heard
    }

    fn hear(&mut self, conn: usize, heard: Heard, part: &[Entry], line: &mut Line) {
        let word = match heard {
            Heard::Attached { session, timeout_ms } => {
                let theirs = part.iter().find_map(|entry| match entry.said {
                    Said::Connected { session, .. } if entry.conn == conn => Some(session),
                    _ => None,
                });
                self.sessions.meet(theirs.unwrap_or(nameless(conn)), session);
                if theirs.is_none() {
                    return; // Its client was gone before the answer came; here it goes a moment later.
                }
                (Word::Attached { timeout_ms }, Zxid::ZERO)
            }
            Heard::Refused => (Word::Refused, Zxid::ZERO),
            Heard::Reply { zxid, result, .. } => {
                // Replies come in the order of the requests.
                let Some(entry) = line.asked.get(line.answered) else { return };
                line.answered += 1;
                let Said::Request { op, .. } = &part[*entry].said else { return };
                (Word::Reply(self.written(op, zxid, &result)), zxid)
            }
            Heard::Event { zxid, event } => (Word::Event { kind: kind(event.kind).into(), path: event.path.to_string() }, zxid),
            Heard::Gone => return,
        };
        line.heard.push(word);
    }

    /// A reply as the log writes it.
    fn written(&self, op: &Op, zxid: Zxid, result: &Result<Reply, ErrorCode>) -> Value {
        let mut fields = self.outcome(op, result);
        fields.insert("zxid".into(), format!("{:#x}", zxid.counter()).into());
        Value::Object(fields)
    }

    fn outcome(&self, op: &Op, result: &Result<Reply, ErrorCode>) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |field: &str, value: Value| fields.insert(field.into(), value);
        put("err", result.as_ref().map_or_else(|error| error_name(*error), |_| "OK").into());
        match result {
            Ok(Reply::Created { path, stat }) => {
                put("path", (**path).into());
                if let Some(stat) = stat {
                    put("stat", self.stat(stat));
                }
            }
            Ok(Reply::Stat(stat)) => drop(put("stat", self.stat(stat))),
            Ok(Reply::Data { data, stat }) => {
                put("data", content(data));
                put("stat", self.stat(stat));
            }
            Ok(Reply::Children { names, stat }) => {
                put("children", names.iter().map(|name| Value::from(&**name)).collect());
                if let Some(stat) = stat {
                    put("stat", self.stat(stat));
                }
            }
            Ok(Reply::Multi(results)) => {
                let Op::Multi(parts) = op else { unreachable!("only a multi is answered as one") };
                let part = |(part, result): (&Op, &Result<Reply, ErrorCode>)| {
                    let mut fields = self.outcome(part, result);
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

    fn stat(&self, stat: &Stat) -> Value {
        let owner = if stat.ephemeral_owner == SessionId::NONE { 0 } else { self.sessions.theirs.get(&stat.ephemeral_owner).copied().unwrap_or(-1) };
        json!({
            "czxid": stat.czxid.counter(), "mzxid": stat.mzxid.counter(), "version": stat.version, "cversion": stat.cversion, "aversion": stat.aversion,
            "ephemeralOwner": owner, "dataLength": stat.data_length, "numChildren": stat.num_children, "pzxid": stat.pzxid.counter(),
        })
    }
}

fn asked_timeout_ms(part: &[Entry], conn: usize) -> u32 {
    let asked =
        part.iter().find_map(|entry| if let (true, Said::Connect { timeout_ms, .. }) = (entry.conn == conn, &entry.said) { Some(*timeout_ms) } else { None });
    asked.expect("only a connection that asks for a session is opened")
}

fn asked_session(part: &[Entry], conn: usize) -> (i64, u64) {
    let asked = part
        .iter()
        .find_map(|entry| if let (true, Said::Connect { session, seen, .. }) = (entry.conn == conn, &entry.said) { Some((*session, *seen)) } else { None });
    asked.expect("only a connection that asks for a session is opened")
}

/// A request's place among those of its connection.
fn place(part: &[Entry], at: usize) -> usize {
    part[..at].iter().filter(|entry| entry.conn == part[at].conn && matches!(entry.said, Said::Request { .. })).count()
}

fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::NodeCreated => "NodeCreated",
        EventKind::NodeDeleted => "NodeDeleted",
        EventKind::NodeDataChanged => "NodeDataChanged",
        EventKind::NodeChildrenChanged => "NodeChildrenChanged",
    }
}

/// The log's names of errors that Flink meets; any other is not in a log.
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
        Some(data) => {
            let head: String = data.iter().take(HEAD_BYTES).map(|byte| format!("{byte:02x}")).collect();
            json!({ "len": data.len(), "head": head })
        }
    }
}

/// A logged reply without what is not compared: who and when, the wall clock, and the text beside the bytes.
fn plain(reply: &Value) -> Value {
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

/// Lays both beside each other, connection by connection.
fn compare(part: &[Entry], lines: &[Line], ends: &BTreeSet<Zxid>) -> Outcome {
    let mut outcome = Outcome::default();
    for (conn, line) in lines.iter().enumerate() {
        let mut requests =
            part.iter().filter(|entry| entry.conn == conn).filter_map(|entry| if let Said::Request { text, .. } = &entry.said { Some(text) } else { None });
        let recorded: Vec<(usize, Word)> = part.iter().filter(|entry| entry.conn == conn).filter_map(|entry| Some((entry.line, word(&entry.said)?))).collect();
        outcome.events += recorded.iter().filter(|(_, word)| matches!(word, Word::Event { .. })).count() as u64;
        let heard = in_order(&line.heard, &recorded, ends);
        for at in 0..recorded.len().max(heard.len()) {
            let (real, ours) = (recorded.get(at), heard.get(at));
            let is_reply = |word: &Word| matches!(word, Word::Reply(_));
            let request = if real.is_some_and(|(_, word)| is_reply(word)) { requests.next() } else { None };
            outcome.requests += u64::from(real.is_some_and(|(_, word)| !matches!(word, Word::Event { .. })));
            if real.map(|(_, word)| word) != ours {
                let told = |word: Option<&Word>| word.map_or_else(|| "nothing".into(), Word::told);
                let line = real.or(recorded.last()).map_or(0, |(line, _)| *line);
                let request = request.cloned().unwrap_or_else(|| format!("what connection {} hears", conn + 1));
                outcome.disagreements.push(Disagreement { line, request, real: told(real.map(|(_, word)| word)), ours: told(ours) });
            }
        }
    }
    outcome.disagreements.sort_by_key(|disagreement| disagreement.line);
    outcome
}

fn word(said: &Said) -> Option<Word> {
    match said {
        Said::Connected { session: 0, .. } => Some(Word::Refused),
        Said::Connected { timeout_ms, .. } => Some(Word::Attached { timeout_ms: *timeout_ms }),
        Said::Reply { reply, .. } => Some(Word::Reply(plain(reply))),
        Said::Event { kind, path } => Some(Word::Event { kind: kind.clone(), path: path.clone() }),
        Said::Connect { .. } | Said::Request { .. } | Said::Close => None,
    }
}

/// What we heard, with the events of each transaction that ended a session in the recorded order, as far as they are the same.
fn in_order(heard: &[(Word, Zxid)], recorded: &[(usize, Word)], ends: &BTreeSet<Zxid>) -> Vec<Word> {
    let mut words: Vec<Word> = heard.iter().map(|(word, _)| word.clone()).collect();
    let mut from = 0;
    while from < heard.len() {
        let is_one = |(word, zxid): &(Word, Zxid)| matches!(word, Word::Event { .. }) && ends.contains(zxid);
        let until = from + heard[from..].iter().take_while(|one| is_one(one)).count();
        let mut ours = words[from..until].to_vec();
        let mut real: Vec<Word> = recorded.iter().skip(from).take(until - from).map(|(_, word)| word.clone()).collect();
        let sorted = |words: &mut Vec<Word>| words.sort_by_key(Word::told);
        let as_recorded = real.clone();
        sorted(&mut ours);
        sorted(&mut real);
        if ours == real {
            words.splice(from..until, as_recorded);
        }
        from = until.max(from + 1);
    }
    words
}

impl Word {
    fn told(&self) -> String {
        match self {
            Word::Attached { timeout_ms } => format!("a session with a timeout of {timeout_ms} ms"),
            Word::Refused => "the session is no more".into(),
            Word::Reply(reply) => reply.to_string(),
            Word::Event { kind, path } => format!("{kind} {path}"),
        }
    }
}
