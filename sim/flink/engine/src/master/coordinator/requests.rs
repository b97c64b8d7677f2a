//! Which request for a checkpoint is carried out next (CheckpointRequestDecider): savepoints before checkpoints,
//! persons before the timer, older before newer, and never more at once than the plan allows.

use flink_words::state::SnapshotKind;

/// The most requests that wait (MAX_QUEUED_CHECKPOINT_REQUESTS).
pub(in crate::master) const QUEUED_MAX: usize = 1_000;

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::master) struct Request {
    /// Its number under the grant.
    pub number: u32,
    /// Checkpoint or savepoint.
    pub kind: SnapshotKind,
    /// The timer wants it.
    pub periodic: bool,
    /// When it came, by the monotonic clock in ms.
    pub at_ms: u64,
}

/// How things stand when a request is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::master) struct Standing {
    /// A request is being carried out already.
    pub triggering: bool,
    /// Pending checkpoints.
    pub pending: usize,
    /// Subsumed checkpoints that are still being removed.
    pub cleaning: usize,
    /// When a checkpoint was completed last, in ms.
    pub completed_ms: Option<u64>,
    /// Now, in ms.
    pub now_ms: u64,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::master) enum Next {
    /// Nothing is carried out now.
    None,
    /// This request is carried out.
    Go(Request),
    /// A periodic request comes too soon after the last completion; the timer is to come again in so many ms.
    TooSoon(Request, u64),
}

/// The requests that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Requests {
    max_concurrent: usize,
    min_pause_ms: u64,
    queue: Vec<Request>,
}

impl Requests {
    /// An empty queue under these settings.
    pub fn new(max_concurrent: u16, min_pause_ms: u32) -> Requests {
        Requests { max_concurrent: max_concurrent.into(), min_pause_ms: min_pause_ms.into(), queue: Vec::new() }
    }

    /// A request comes; says which one has no room (TOO_MANY_CHECKPOINT_REQUESTS).
    pub fn add(&mut self, request: Request) -> Option<Request> {
        self.queue.push(request);
        self.queue.sort_by_key(|request| (!request.kind.is_savepoint(), request.periodic, request.number));
        (self.queue.len() > QUEUED_MAX).then(|| self.queue.pop()).flatten()
    }

    /// The next one to be carried out, which leaves the queue.
    pub fn next(&mut self, standing: &Standing) -> Next {
        let Some(first) = self.queue.first().copied() else { return Next::None };
        let is_forced = first.kind.is_savepoint();
        if standing.triggering || standing.cleaning > self.max_concurrent || (standing.pending >= self.max_concurrent && !is_forced) {
            return Next::None;
        }
        self.queue.remove(0);
        let due_ms = standing.completed_ms.map_or(0, |completed| completed + self.min_pause_ms);
        if first.periodic && !is_forced && standing.now_ms < due_ms {
            return Next::TooSoon(first, due_ms - standing.now_ms);
        }
        Next::Go(first)
    }

    /// All that wait, which they do no more: the coordinator stops.
    pub fn drain(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.queue)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SnapshotKind::{Checkpoint, Savepoint};

    const CALM: Standing = Standing { triggering: false, pending: 0, cleaning: 0, completed_ms: None, now_ms: 1_000 };

    fn request(number: u32, kind: SnapshotKind, periodic: bool) -> Request {
        Request { number, kind, periodic, at_ms: 0 }
    }

    #[test]
    fn guards_hold_requests_back_in_flinks_order() {
        let check = |asked: &[(SnapshotKind, bool)], standing: Standing, expected: &str| {
            let mut requests = Requests::new(1, 500);
            for (number, (kind, periodic)) in (1..).zip(asked) {
                assert_eq!(requests.add(request(number, *kind, *periodic)), None);
            }
            let said = match requests.next(&standing) {
                Next::None => "none".into(),
                Next::Go(request) => format!("go {}", request.number),
                Next::TooSoon(request, ms) => format!("{} too soon by {ms}", request.number),
            };
            assert_eq!(said, expected, "{asked:?} {standing:?}");
        };
        check(&[], CALM, "none");
        check(&[(Checkpoint, true)], CALM, "go 1");
        check(&[(Checkpoint, true), (Savepoint, false)], CALM, "go 2");
        check(&[(Checkpoint, true), (Checkpoint, false)], CALM, "go 2");
        check(&[(Savepoint, false), (Savepoint, false)], CALM, "go 1");
        check(&[(Checkpoint, true)], Standing { triggering: true, ..CALM }, "none");
        check(&[(Checkpoint, true)], Standing { pending: 1, ..CALM }, "none");
        check(&[(Savepoint, false)], Standing { pending: 1, ..CALM }, "go 1"); // A savepoint is forced.
        check(&[(Savepoint, false)], Standing { cleaning: 2, ..CALM }, "none");
        check(&[(Checkpoint, true)], Standing { completed_ms: Some(900), ..CALM }, "1 too soon by 400");
        check(&[(Checkpoint, false)], Standing { completed_ms: Some(900), ..CALM }, "go 1"); // A person does not wait.
        check(&[(Checkpoint, true)], Standing { completed_ms: Some(500), ..CALM }, "go 1");
    }

    #[test]
    fn a_full_queue_refuses_the_least() {
        let mut requests = Requests::new(1, 0);
        for number in 0..QUEUED_MAX as u32 {
            assert_eq!(requests.add(request(number, Checkpoint, true)), None);
        }
        let last = QUEUED_MAX as u32;
        assert_eq!(requests.add(request(last, Savepoint, false)).map(|request| request.number), Some(last - 1));
        assert_eq!(requests.add(request(last + 1, Checkpoint, true)).map(|request| request.number), Some(last + 1));
    }
}
