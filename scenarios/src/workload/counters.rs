//! Counters by check-and-set: read the value, write the next one if nobody else has (setData with the version read). Never a blind write, so that no step is lost.

use vocab::fact::RecipeFact;
use vocab::service::{Data, ErrorCode, Op, Path, Reply};

use super::desk::{Desk, Failure, Heard, Progress};

/// How many counters all clients share: few, so that they meet.
const COUNTERS: u64 = 3;
/// How often a round reads again after a lost race, before it lets the others go first.
const ATTEMPTS_MAX: u32 = 5;

/// Where a round is.
#[derive(Clone, Debug, Default)]
enum Step {
    #[default]
    Idle,
    /// The way to the leader is flushed, so that the read is fresh.
    Syncing,
    Reading,
    Writing {
        from: u64,
    },
}

/// The recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    path: Option<Path>,
    step: Step,
    attempts: u32,
}

/// The nodes that must be there.
pub(super) fn ground() -> Vec<(Path, Data)> {
    let mut nodes = vec![("/counters".into(), None)];
    nodes.extend((0..COUNTERS).map(|n| (path(n), Some(0u64.to_be_bytes().into()))));
    nodes
}

fn path(number: u64) -> Path {
    format!("/counters/c{number}").into()
}

impl Counters {
    pub fn on(&mut self, heard: Heard, desk: &mut Desk) -> Progress {
        match heard {
            Heard::Begin => {
                self.attempts = 0;
                let dice = &mut desk.round.dice;
                let path = path(dice.below(COUNTERS));
                self.path = Some(path.clone());
                if dice.chance(250_000) {
                    desk.ask(Op::Sync { path });
                    self.step = Step::Syncing;
                    return Progress::Going;
                }
                self.read(desk)
            }
            Heard::Answer { outcome, .. } => self.on_answer(outcome, desk),
            Heard::Watch(_) | Heard::Detached | Heard::Attached | Heard::Alarm => Progress::Going,
        }
    }

    fn on_answer(&mut self, outcome: Result<&Reply, Failure>, desk: &mut Desk) -> Progress {
        if outcome == Err(Failure::Error(ErrorCode::NoNode)) {
            return Progress::Groundless;
        }
        match std::mem::take(&mut self.step) {
            Step::Idle => unreachable!("a request that nobody sent has ended"),
            Step::Syncing => self.read(desk),
            Step::Reading => match outcome {
                Ok(Reply::Data { data, stat }) => {
                    let from = data.as_deref().and_then(|data| data.try_into().ok()).map_or(0, u64::from_be_bytes);
                    self.step = Step::Writing { from };
                    desk.ask(Op::SetData { path: self.path(), data: Some((from + 1).to_be_bytes().into()), version: stat.version });
                    Progress::Going
                }
                Err(Failure::Unknown) => self.read(desk),
                Ok(_) | Err(Failure::Error(_)) => Progress::Done,
            },
            Step::Writing { from } => match outcome {
                Ok(_) => {
                    desk.note(RecipeFact::Counted { path: self.path().to_string(), from, to: from + 1 });
                    Progress::Done
                }
                // A lost race, or nobody knows: look again, and let the version decide.
                Err(Failure::Error(ErrorCode::BadVersion) | Failure::Unknown) => self.read(desk),
                Err(Failure::Error(_)) => Progress::Done,
            },
        }
    }

    fn read(&mut self, desk: &mut Desk) -> Progress {
        self.attempts += 1;
        if self.attempts > ATTEMPTS_MAX {
            return Progress::Done;
        }
        desk.ask(Op::GetData { path: self.path(), watch: false });
        self.step = Step::Reading;
        Progress::Going
    }

    fn path(&self) -> Path {
        self.path.clone().expect("a round begins by choosing its counter")
    }
}
