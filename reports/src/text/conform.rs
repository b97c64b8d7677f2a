//! What became of a recording: a line a file, and what differs side by side.

use conform::{Disagreement, Outcome, Subject};

use harness::command::text::counted;

/// A file's line: how much was asked of whom, and whether they agree.
pub fn line(name: &str, asked: &[(Subject, Outcome)]) -> String {
    let requests = asked.iter().map(|(_, outcome)| outcome.requests).max().unwrap_or(0);
    let events = asked.iter().map(|(_, outcome)| outcome.events).max().unwrap_or(0);
    let agree = |(subject, outcome): &(Subject, Outcome)| match outcome.disagreements.len() {
        0 => format!("{subject} {}", verb(*subject, "agree")),
        differ => format!("{subject}: {differ} disagree"),
    };
    let subjects: Vec<String> = asked.iter().map(agree).collect();
    let told = if subjects.is_empty() { "nobody was asked: a log of connections suits ensembles alone".into() } else { subjects.join(", ") };
    format!("{name}: {}, {}: {told}\n", counted(requests, "request", "requests"), counted(events, "event", "events"))
}

/// The first `most` disagreements: what was asked, what the real server said, what we said.
pub fn disagreements(name: &str, subject: Subject, all: &[Disagreement], most: usize) -> String {
    let told = all.iter().take(most).map(|Disagreement { line, request, real, ours }| {
        format!("{name}:{line}: {subject} {}\n  asked: {request}\n  real:  {real}\n  ours:  {ours}\n", verb(subject, "disagree"))
    });
    let left = all.len().saturating_sub(most);
    let more = if left == 0 { String::new() } else { format!("  … and {left} more of {subject} in {name}; --most {} tells them all\n", all.len()) };
    told.collect::<String>() + &more
}

/// A verb as its subject wants it.
fn verb(subject: Subject, plain: &str) -> String {
    match subject {
        Subject::Model | Subject::Ensemble(1) => format!("{plain}s"),
        Subject::Ensemble(_) => plain.into(),
    }
}
