//! A case before the judge: the recording, read once into what the rules look at. Prepared data; never a judgement.

pub mod histories;
pub mod configs;
pub mod replica;
pub mod said;
pub mod ensemble;
mod steps;
pub mod clients;
pub mod identities;
pub mod changes;
pub mod course;
pub mod local;
pub mod watches;
pub mod stream;
pub mod outside;

use vocab::recording::Recording;

use clients::Clients;
use course::Course;
use ensemble::Ensemble;
use local::Local;
use outside::Outside;
use said::NoteIndex;
use stream::Stream;
use watches::Watches;

/// What the rules look at.
pub struct Case<'r> {
    pub recording: &'r Recording,
    pub ensemble: Ensemble<'r>,
    pub clients: Clients<'r>,
    pub course: Course<'r>,
    pub local: Local,
    pub watches: Watches,
    /// The stream engine, where the plan has it.
    pub stream: Option<Stream<'r>>,
    pub outside: Outside<'r>,
}

impl<'r> Case<'r> {
    /// Prepares a recording.
    pub fn new(recording: &'r Recording) -> Case<'r> {
        let ensemble = Ensemble::read(recording);
        let clients = Clients::read(recording);
        let local = Local::read(recording);
        let course = Course::follow(&recording.plan, &ensemble, &clients);
        let watches = Watches::follow(recording.plan.coordination.compat, &course, &clients);
        let outside = Outside::read(recording);
        let stream = Stream::read(recording, &course, &clients, &outside);
        Case { recording, ensemble, clients, course, local, watches, outside, stream }
    }

    /// A note's place for a witness: its time and its number.
    pub fn when(&self, note: NoteIndex) -> String {
        let at_ns = self.recording.notes.get(note as usize).map_or(0, |note| note.at_ns);
        format!("{}.{:06} ms (note {note})", at_ns / 1_000_000, at_ns % 1_000_000)
    }
}
