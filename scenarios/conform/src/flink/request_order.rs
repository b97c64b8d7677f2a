//! The order in which the real server took what a log holds. Connections are logged side by side, but every reply
//! carries the zxid of its state, and a write takes one of its own: so writes stand in the order of their zxids, and a
//! read stands after the write whose zxid it was answered from. Never the asking.
//!
//! Openings and ends of sessions take zxids too, and nothing logged carries these. They are the numbers that are
//! missing among the writes. A missing number that belongs to none of them is the transaction of a stranger, who did
//! not come by the proxy.

use std::collections::{BTreeMap, BTreeSet};

use zookeeper_words::service::Op;

use super::log::{Entry, Said};
use super::sessions::nameless;

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A connection opens and asks for a new session.
    Open { conn: usize },
    /// A connection opens and asks for the session of that number in the log.
    Attach { conn: usize },
    /// A connection sends the request in that entry.
    Ask { conn: usize, entry: usize },
    /// A connection's client is gone.
    HangUp { conn: usize },
    /// The server takes the session of that number in the log for dead.
    Expire { session: i64 },
    /// A transaction of somebody who did not come by the proxy.
    Stranger,
}

/// What a log holds, in the order in which its server took it.
#[derive(Clone, Debug)]
pub struct RequestOrder {
    pub steps: Vec<Step>,
    /// The zxid of the last transaction in it.
    pub last: u64,
}

/// A place in the order: after how many transactions; whether it is a step that saw the effect of the last of them, or
/// that transaction itself; the entry.
type Key = (u64, bool, usize);

impl RequestOrder {
    /// Puts a log into order. Everything up to `before` has happened.
    pub fn of(entries: &[Entry], before: u64) -> RequestOrder {
        let replies = replies(entries);
        let mut steps: BTreeMap<Key, Step> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for (at, entry) in entries.iter().enumerate() {
            let Said::Request { xid, op, .. } = &entry.said else { continue };
            // What was never answered came after its connection had ended.
            let Some(zxid) = replies.get(&(entry.conn, *xid, earlier_uses(entries, at))) else { continue };
            if op.is_write() {
                taken.insert(*zxid);
            }
            steps.insert((*zxid, !op.is_write(), at), Step::Ask { conn: entry.conn, entry: at });
        }
        let last = replies.values().copied().max().unwrap_or(before);
        let mut missing: BTreeSet<u64> = (before + 1..=last).filter(|zxid| !taken.contains(zxid)).collect();
        let mut seen = before;
        for (at, entry) in entries.iter().enumerate() {
            match &entry.said {
                Said::Reply { zxid, .. } => seen = seen.max(*zxid),
                Said::Connect { session: 0, .. } => {
                    let zxid = opening(entries, at, seen, &missing);
                    if let Some(zxid) = zxid {
                        missing.remove(&zxid);
                    }
                    seen = seen.max(zxid.unwrap_or(seen));
                    steps.insert((zxid.unwrap_or(seen), false, at), Step::Open { conn: entry.conn });
                }
                Said::Connect { .. } => {
                    steps.insert((seen, true, at), Step::Attach { conn: entry.conn });
                }
                Said::Close => {
                    steps.insert((seen, true, at), Step::HangUp { conn: entry.conn });
                }
                Said::Connected { .. } | Said::Request { .. } | Said::Event { .. } => {}
            }
        }
        for (session, end) in ends(entries) {
            if let Some(zxid) = expiry(entries, end, before, &missing) {
                missing.remove(&zxid);
                if let Some(conn) = cut_before(entries, session, zxid) {
                    steps.insert((zxid - 1, true, usize::MAX), Step::HangUp { conn });
                }
                steps.insert((zxid, false, 0), Step::Expire { session });
            }
        }
        steps.extend(missing.into_iter().map(|zxid| ((zxid, false, 0), Step::Stranger)));
        RequestOrder { steps: steps.into_values().collect(), last }
    }
}

/// How often its connection had used the number of a request before: setWatches and the like always use the same one.
fn earlier_uses(entries: &[Entry], at: usize) -> usize {
    let Said::Request { xid, .. } = &entries[at].said else { return 0 };
    entries[..at].iter().filter(|entry| entry.conn == entries[at].conn && matches!(&entry.said, Said::Request { xid: other, .. } if other == xid)).count()
}

/// The zxids of all replies, by connection, number, and how often the number was used before.
fn replies(entries: &[Entry]) -> BTreeMap<(usize, i64, usize), u64> {
    let mut uses: BTreeMap<(usize, i64), usize> = BTreeMap::new();
    let mut replies = BTreeMap::new();
    for entry in entries {
        if let Said::Reply { xid, zxid, .. } = &entry.said {
            let uses = uses.entry((entry.conn, *xid)).or_default();
            replies.insert((entry.conn, *xid, *uses), *zxid);
            *uses += 1;
        }
    }
    replies
}

/// The missing number that is the opening of a connection's session: the last one before the connection's first reply;
/// without a reply the next one.
fn opening(entries: &[Entry], at: usize, seen: u64, missing: &BTreeSet<u64>) -> Option<u64> {
    let conn = entries[at].conn;
    let first =
        entries[at..].iter().find_map(|entry| if let (true, Said::Reply { zxid, .. }) = (entry.conn == conn, &entry.said) { Some(*zxid) } else { None });
    let by_reply = first.and_then(|first| missing.range(..=first).next_back());
    by_reply.or_else(|| missing.range(seen + 1..).next()).copied()
}

/// The connection of a session that was told nothing of its end. A server closes silent connections by a clock of its
/// own, ten seconds to the tick (NIOServerCnxnFactory's cnxnExpiryQueue): sometimes before it expires the session, and
/// then the connection is not told what its own watches see.
fn cut_before(entries: &[Entry], session: i64, zxid: u64) -> Option<usize> {
    let conn = entries.iter().rev().find_map(|entry| matches!(entry.said, Said::Connected { session: of, .. } if of == session).then_some(entry.conn))?;
    let from = entries.iter().rposition(|entry| matches!(entry.said, Said::Reply { zxid: of, .. } if of < zxid))?;
    let told = entries[from..].iter().any(|entry| entry.conn == conn && matches!(entry.said, Said::Event { .. }));
    (!told).then_some(conn)
}

/// How a session that was not closed came to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It was refused in this entry.
    Refused(usize),
    /// Its last connection was closed in this entry.
    Left(usize),
}

/// Sessions that nobody closed, with what is known of their end.
fn ends(entries: &[Entry]) -> Vec<(i64, End)> {
    let mut of_conn: BTreeMap<usize, i64> = BTreeMap::new();
    let mut opened: Vec<usize> = Vec::new();
    let mut ends: BTreeMap<i64, End> = BTreeMap::new();
    let mut closed = BTreeSet::new();
    for (at, entry) in entries.iter().enumerate() {
        match &entry.said {
            Said::Connect { session: 0, .. } => opened.push(entry.conn),
            Said::Connect { session, .. } => drop(of_conn.insert(entry.conn, *session)),
            Said::Connected { session: 0, .. } => drop(of_conn.get(&entry.conn).map(|session| ends.insert(*session, End::Refused(at)))),
            Said::Connected { session, .. } => drop(of_conn.insert(entry.conn, *session)),
            Said::Request { op: Op::CloseSession, .. } => drop(of_conn.get(&entry.conn).map(|session| closed.insert(*session))),
            Said::Close => match of_conn.get(&entry.conn) {
                Some(session) if !matches!(ends.get(session), Some(End::Refused(_))) => drop(ends.insert(*session, End::Left(at))),
                Some(_) => {}
                // Its session was opened and never heard of: it goes by its connection.
                None if opened.contains(&entry.conn) => drop(ends.insert(nameless(entry.conn), End::Left(at))),
                None => {}
            },
            Said::Request { .. } | Said::Reply { .. } | Said::Event { .. } => {}
        }
    }
    ends.retain(|session, _| !closed.contains(session));
    // Those that are known more exactly choose first.
    let mut ends: Vec<(i64, End)> = ends.into_iter().collect();
    ends.sort_by_key(|(session, end)| (matches!(end, End::Left(_)), *session));
    ends
}

/// The missing number that is the end of a session: the last one before the refusal; or, after its last connection, the
/// last one before anybody else's next reply, or the next one.
fn expiry(entries: &[Entry], end: End, before: u64, missing: &BTreeSet<u64>) -> Option<u64> {
    let zxids = |entries: &[Entry]| -> Vec<u64> {
        entries.iter().filter_map(|entry| if let Said::Reply { zxid, .. } = entry.said { Some(zxid) } else { None }).collect()
    };
    match end {
        End::Refused(at) => {
            let seen = zxids(&entries[..at]).into_iter().max().unwrap_or(before);
            missing.range(..=seen).next_back().copied()
        }
        End::Left(at) => {
            let seen = zxids(&entries[..at]).into_iter().max().unwrap_or(before);
            let next = zxids(&entries[at..]).first().copied().unwrap_or(seen);
            let told = if next > seen { missing.range(seen + 1..=next).next_back() } else { None };
            told.or_else(|| missing.range(seen + 1..).next()).copied()
        }
    }
}
