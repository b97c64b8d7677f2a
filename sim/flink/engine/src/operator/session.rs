//! Sessions: a bidder's bids that follow each other in less than a gap. A bid between two sessions makes one of them.
//! Never a window of a fixed size.
//!
//! Flink also merges sessions that merely touch, so that its result depends on whether the first one has fired by then;
//! here a bid at a session's end begins another one.

use flink_words::flow::Record;
use flink_words::state::TimeDomain;
use outside_words::data::{EventTime, Field, row};
use serde::{Deserialize, Serialize};

use super::bids::record;
use super::collector::Collector;
use super::keyed::Keyed;
use super::stage::Logic;
use crate::job::KeyBy;

/// Counts of sessions. Their rows: the bidder, how many bids, when the session began and ended.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    gap_ms: EventTime,
}

/// A bidder's open sessions, in the order of their times; no two overlap.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Open(Vec<Session>);

/// A session `[start, end)`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Session {
    start: EventTime,
    end: EventTime,
    count: i64,
}

impl Sessions {
    pub fn new(gap_ms: EventTime) -> Sessions {
        Sessions { gap_ms }
    }
}

impl Logic for Sessions {
    type Value = Open;

    fn on_record(&mut self, _input: usize, record: &Record, watermark: EventTime, keyed: &mut Keyed<Open>, out: &mut Collector) {
        let key = KeyBy::Bidder.field(record);
        let open = keyed.entry(&key, 0);
        let alone = Session { start: record.at, end: record.at + self.gap_ms, count: 1 };
        let (merged, apart): (Vec<Session>, Vec<Session>) = open.0.iter().partition(|session| session.start < alone.end && alone.start < session.end);
        let whole = merged.iter().fold(alone, |whole, session| Session {
            start: whole.start.min(session.start),
            end: whole.end.max(session.end),
            count: whole.count + session.count,
        });
        if whole.end - 1 <= watermark {
            if open.0.is_empty() {
                keyed.take(&key, 0);
            }
            out.late.push((whole.end - 1, watermark));
            return;
        }
        open.0 = apart;
        open.0.push(whole);
        open.0.sort_by_key(|session| session.start);
        for session in merged {
            keyed.delete_timer(TimeDomain::EventTime, session.end - 1, &key, 0);
        }
        keyed.set_timer(TimeDomain::EventTime, whole.end - 1, &key, 0);
    }

    fn on_timer(&mut self, at: EventTime, key: &Field, _space: i64, keyed: &mut Keyed<Open>, out: &mut Collector) {
        let open = keyed.entry(key, 0);
        let (over, rest): (Vec<Session>, Vec<Session>) = open.0.iter().partition(|session| session.end - 1 <= at);
        open.0 = rest;
        if open.0.is_empty() {
            keyed.take(key, 0);
        }
        for Session { start, end, count } in over {
            out.records.push(record(end - 1, row([key.clone(), count.into(), start.into(), end.into()])));
        }
    }
}
