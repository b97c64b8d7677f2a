//! Single requests, asked of a simulated ensemble: a caller for each session, on the replicas in turn. Never two
//! requests at once.

use std::collections::BTreeMap;

use serde_json::json;
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::Op;

use crate::comparison::disagreement;
use crate::outcome::{Disagreement, Outcome};
use crate::rendering::{self, Names, event_type};
use crate::stage::{Heard, Stage};
use crate::transcript::{Ask, RecordedRequest, SeenEvent, Transcript};

/// The recorded servers' tickTime in ms: ZooKeeper's default.
const TICK_MS: u32 = 2_000;

/// Numbers sessions by their place in the order of opening, and zxids by their counter, since one leader leads
/// throughout.
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

/// Asks every request of the transcript again.
pub fn ask(transcript: &Transcript, replicas: u16) -> Outcome {
    let mut stage = Stage::new(replicas, transcript.compat, TICK_MS, scripts(transcript));
    let mut asked: BTreeMap<usize, usize> = BTreeMap::new();
    let mut opened = Opened::default();
    let mut outcome = Outcome::default();
    for request in &transcript.requests {
        match &request.ask {
            Ask::Open { timeout_ms } => stage.open(request.session, *timeout_ms),
            Ask::Op(_) => {
                let nth = asked.entry(request.session).or_default();
                stage.ask(request.session, *nth);
                *nth += 1;
            }
        }
        let heard = stage.settle();
        let attached = heard.iter().find_map(|(caller, heard)| match heard {
            Heard::Attached { session, .. } if *caller == request.session => Some(*session),
            Heard::Attached { .. } | Heard::Refused | Heard::Reply { .. } | Heard::Event { .. } | Heard::Gone => None,
        });
        opened.0.extend(attached);
        outcome.requests += 1;
        outcome.events += request.events.len() as u64;
        outcome.disagreements.extend(compare(request, &heard, &opened));
    }
    outcome
}

/// What each session asks, in order.
fn scripts(transcript: &Transcript) -> Vec<Vec<Op>> {
    let sessions = transcript.requests.iter().map(|request| request.session + 1).max().unwrap_or(0);
    let mut scripts = vec![Vec::new(); sessions];
    for request in &transcript.requests {
        if let Ask::Op(op) = &request.ask {
            scripts[request.session].push(op.clone());
        }
    }
    scripts
}

fn compare(request: &RecordedRequest, heard: &[(usize, Heard)], names: &Opened) -> Option<Disagreement> {
    let reply = heard.iter().find_map(|(caller, heard)| match (heard, &request.ask) {
        _ if *caller != request.session => None,
        (Heard::Attached { timeout_ms, .. }, Ask::Open { .. }) => Some(json!({ "err": 0, "timeout_ms": timeout_ms })),
        (Heard::Reply { zxid, result }, Ask::Op(op)) => Some(rendering::reply(op, *zxid, result, names)),
        _ => None,
    });
    let event = |(caller, heard): &(usize, Heard)| match heard {
        Heard::Event { event, .. } => Some(SeenEvent { session: *caller, kind: event_type(event.kind), path: event.path.to_string() }),
        Heard::Attached { .. } | Heard::Refused | Heard::Reply { .. } | Heard::Gone => None,
    };
    disagreement(request, reply, heard.iter().filter_map(event).collect())
}
