//! Single requests, asked of the reference server of the models, by which the judge judges. Never an ensemble.

use serde_json::json;
use zookeeper_models::standalone::Standalone;
use zookeeper_words::ids::{SessionId, Zxid};

use crate::comparison::disagreement;
use crate::outcome::Outcome;
use crate::rendering::{self, Names, event_type};
use crate::transcript::{Ask, SeenEvent, Transcript};

/// The reference numbers zxids and sessions as recordings do: from 1, in order.
struct SameNumbers;

impl Names for SameNumbers {
    fn zxid(&self, zxid: Zxid) -> u64 {
        zxid.0
    }

    fn owner(&self, session: SessionId) -> i64 {
        session.0
    }
}

/// Asks every request of the transcript again.
pub fn ask(transcript: &Transcript) -> Outcome {
    let mut server = Standalone::new(transcript.compat);
    let mut outcome = Outcome::default();
    for request in &transcript.requests {
        let session = SessionId(request.session as i64 + 1);
        let (reply, events) = match &request.ask {
            Ask::Open { timeout_ms } => (json!({ "err": 0, "timeout_ms": server.open(session, *timeout_ms) }), Vec::new()),
            Ask::Op(op) => {
                let answer = server.ask(session, op);
                (rendering::reply(op, answer.zxid, &answer.result, &SameNumbers), answer.events)
            }
        };
        let events = events.into_iter().map(|(session, event)| SeenEvent {
            session: session.0 as usize - 1,
            kind: event_type(event.kind),
            path: event.path.to_string(),
        });
        outcome.requests += 1;
        outcome.events += request.events.len() as u64;
        outcome.disagreements.extend(disagreement(request, Some(reply), events.collect()));
    }
    outcome
}
