//! The queue from which a fuzz's threads take their work: places in the order of seeds and families. It knows when to
//! stop; never what a run is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use super::End;

/// How far the threads may be ahead of the report: outcomes wait for those before them, and memory stays flat though
/// one run may take long.
const AHEAD_MAX: u128 = 1_024;

pub(super) struct WorkQueue<'c> {
    state: Mutex<State>,
    moved: Condvar,
    planned: u128,
    deadline: Option<Instant>,
    cancel: &'c AtomicBool,
}

struct State {
    next: u128,
    reported: u128,
    /// The first place known to have failed: nothing after it counts.
    stop: Option<u128>,
    /// Why no more is handed out, once it is not.
    closed: Option<End>,
}

impl<'c> WorkQueue<'c> {
    pub(super) fn new(first: u128, planned: u128, deadline: Option<Instant>, cancel: &'c AtomicBool) -> Self {
        WorkQueue { state: Mutex::new(State { next: first, reported: first, stop: None, closed: None }), moved: Condvar::new(), planned, deadline, cancel }
    }

    /// The next place, or `None` when there is no more to do. Places are handed out in order, each once.
    pub(super) fn take(&self) -> Option<u128> {
        let mut state = self.lock();
        loop {
            if state.closed.is_none() {
                state.closed = self.why_close(&state);
            }
            if state.closed.is_some() || state.stop.is_some_and(|stop| state.next > stop) {
                return None;
            }
            if state.next < state.reported + AHEAD_MAX {
                state.next += 1;
                return Some(state.next - 1);
            }
            state = self.moved.wait(state).expect("no thread panics while it holds the queue");
        }
    }

    fn why_close(&self, state: &State) -> Option<End> {
        if state.next >= self.planned {
            Some(End::Done)
        } else if self.cancel.load(Ordering::Relaxed) {
            Some(End::Cancelled)
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Some(End::Time)
        } else {
            None
        }
    }

    /// The run at `place` failed: nothing after it is to be begun. Those before it go on; one of them may fail too.
    pub(super) fn stop_after(&self, place: u128) {
        let mut state = self.lock();
        state.stop = Some(state.stop.map_or(place, |stop| stop.min(place)));
        self.moved.notify_all();
    }

    /// Whether the place lies after the failure at which the fuzz stops.
    pub(super) fn is_beyond(&self, place: u128) -> bool {
        self.lock().stop.is_some_and(|stop| place > stop)
    }

    /// All before `place` is reported.
    pub(super) fn reported(&self, place: u128) {
        self.lock().reported = place;
        self.moved.notify_all();
    }

    /// Why it ended.
    pub(super) fn end(&self) -> End {
        let state = self.lock();
        if state.stop.is_some() { End::Failure } else { state.closed.unwrap_or(End::Done) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the queue")
    }
}
