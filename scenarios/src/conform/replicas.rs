//! Single requests, asked of a simulated ensemble: a caller for each session, on the replicas in turn.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vocab::ids::{SessionId, Zxid};
use vocab::service::Op;

use super::spoken::{self, Names, event_type};
use super::stage::{Heard, Stage, TICK_MS};
use super::transcript::{Ask, Line, Transcript};
use super::{Disagreement, Outcome};

/// Sessions by their place in the order of opening; zxids by their counter, since one leader leads throughout.
#[derive(Default)]
struct Opened(Vec<SessionId>);

impl Names for Opened {
    fn zxid(&self, zxid: Zxid) -> u64 {
        u64::from(zxid.counter())
    }

    fn owner(&self, session: SessionId) -> i64 {
        self.0.iter().position(|opened| *opened == session).map_or(session.0, |place| place as i64 + 1)
    }
}

/// Asks everything again.
pub fn ask(transcript: &Transcript, replicas: u16) -> Outcome {
    let mut stage = Stage::new(replicas, transcript.compat, TICK_MS, scripts(transcript));
    let mut asked: BTreeMap<usize, usize> = BTreeMap::new();
    let mut opened = Opened::default();
    let mut outcome = Outcome::default();
    for line in &transcript.lines {
        match &line.ask {
            Ask::Open { timeout_ms } => stage.open(line.session, *timeout_ms),
            Ask::Op(_) => {
                let nth = asked.entry(line.session).or_default();
                stage.ask(line.session, *nth);
                *nth += 1;
            }
        }
        let heard = stage.settle();
        if let Some((_, Heard::Attached { session, .. })) =
            heard.iter().find(|(caller, heard)| *caller == line.session && matches!(heard, Heard::Attached { .. }))
        {
            opened.0.push(*session);
        }
        outcome.requests += 1;
        outcome.events += line.events.len() as u64;
        outcome.disagreements.extend(compare(line, &heard, &opened));
    }
    outcome
}

/// What each session asks, in order.
fn scripts(transcript: &Transcript) -> Vec<Vec<Op>> {
    let sessions = transcript.lines.iter().map(|line| line.session + 1).max().unwrap_or(0);
    let mut scripts = vec![Vec::new(); sessions];
    for line in &transcript.lines {
        if let Ask::Op(op) = &line.ask {
            scripts[line.session].push(op.clone());
        }
    }
    scripts
}

fn compare(line: &Line, heard: &[(usize, Heard)], names: &Opened) -> Option<Disagreement> {
    let reply = heard.iter().find_map(|(caller, heard)| match (heard, &line.ask) {
        _ if *caller != line.session => None,
        (Heard::Attached { timeout_ms, .. }, Ask::Open { .. }) => Some(json!({ "err": 0, "timeout_ms": timeout_ms })),
        (Heard::Reply { zxid, result, .. }, Ask::Op(op)) => Some(spoken::reply(op, *zxid, result, names)),
        _ => None,
    });
    let event = |(caller, heard): &(usize, Heard)| match heard {
        Heard::Event { event, .. } => Some((*caller, event_type(event.kind), event.path.to_string())),
        Heard::Attached { .. } | Heard::Refused | Heard::Reply { .. } | Heard::Gone => None,
    };
    let events: Vec<(usize, i64, String)> = heard.iter().filter_map(event).collect();
    disagreement(line, reply, events)
}

/// Whether our reply and events are the recorded ones. Between sessions there is no order, nor within what the end of a session deletes.
pub fn disagreement(line: &Line, reply: Option<Value>, mut events: Vec<(usize, i64, String)>) -> Option<Disagreement> {
    let mut recorded = line.events.clone();
    if matches!(line.ask, Ask::Op(Op::CloseSession)) {
        events.sort();
        recorded.sort();
    } else {
        events.sort_by_key(|(session, ..)| *session);
        recorded.sort_by_key(|(session, ..)| *session);
    }
    let told = |reply: &Value, events: &[(usize, i64, String)]| {
        let events: Vec<String> = events.iter().map(|(session, kind, path)| format!("session {session}: {kind} {path}")).collect();
        if events.is_empty() { reply.to_string() } else { format!("{reply}, events: {}", events.join("; ")) }
    };
    let ours = reply.unwrap_or_else(|| "no reply".into());
    (ours != line.reply || events != recorded).then(|| Disagreement {
        line: line.number,
        request: line.text.clone(),
        real: told(&line.reply, &recorded),
        ours: told(&ours, &events),
    })
}
