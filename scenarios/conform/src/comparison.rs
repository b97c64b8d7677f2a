//! Lays our answer to a single request beside the recorded one. Never a judgement of who is right.

use serde_json::Value;
use zookeeper_words::service::Op;

use crate::outcome::Disagreement;
use crate::transcript::{Ask, RecordedRequest, SeenEvent};

/// Says how our reply and events differ from the recorded ones, if they do. There is no order between sessions, nor
/// among the events of the nodes that one ending session deletes.
pub fn disagreement(request: &RecordedRequest, reply: Option<Value>, mut events: Vec<SeenEvent>) -> Option<Disagreement> {
    let mut recorded = request.events.clone();
    if matches!(request.ask, Ask::Op(Op::CloseSession)) {
        events.sort();
        recorded.sort();
    } else {
        events.sort_by_key(|event| event.session);
        recorded.sort_by_key(|event| event.session);
    }
    let ours = reply.unwrap_or_else(|| "no reply".into());
    (ours != request.reply || events != recorded).then(|| Disagreement {
        line: request.line,
        request: request.text.clone(),
        real: describe(&request.reply, &recorded),
        ours: describe(&ours, &events),
    })
}

fn describe(reply: &Value, events: &[SeenEvent]) -> String {
    let events: Vec<String> = events.iter().map(|SeenEvent { session, kind, path }| format!("session {session}: {kind} {path}")).collect();
    if events.is_empty() { reply.to_string() } else { format!("{reply}, events: {}", events.join("; ")) }
}
