//! Single requests, asked of the reference by which the judge judges.

use models::standalone::Standalone;
use serde_json::json;
use vocab::ids::{SessionId, Zxid};

use super::Outcome;
use super::replicas::disagreement;
use super::spoken::{self, Names, event_type};
use super::transcript::{Ask, Transcript};

/// The reference numbers zxids and sessions as recordings do: from 1, in order.
struct Plain;

impl Names for Plain {
    fn zxid(&self, zxid: Zxid) -> u64 {
        zxid.0
    }

    fn owner(&self, session: SessionId) -> i64 {
        session.0
    }
}

/// Asks everything again.
pub fn ask(transcript: &Transcript) -> Outcome {
    let mut server = Standalone::new(transcript.compat);
    let mut outcome = Outcome::default();
    for line in &transcript.lines {
        let session = SessionId(line.session as i64 + 1);
        let (reply, told) = match &line.ask {
            Ask::Open { timeout_ms } => (json!({ "err": 0, "timeout_ms": server.open(session, *timeout_ms) }), Vec::new()),
            Ask::Op(op) => {
                let answer = server.ask(session, op);
                (spoken::reply(op, answer.zxid, &answer.result, &Plain), answer.events)
            }
        };
        let events = told.into_iter().map(|(session, event)| (session.0 as usize - 1, event_type(event.kind), event.path.to_string())).collect();
        outcome.requests += 1;
        outcome.events += line.events.len() as u64;
        outcome.disagreements.extend(disagreement(line, Some(reply), events));
    }
    outcome
}
