//! Whose turn it is on a worker's one processor: tasks work one after the other, a buffer at a time, and time passes
//! for it. Never what they do.

use contract::time::{MICROSECOND, Now};
use outside_words::ids::AttemptId;

use super::WorkerProcess;
use crate::message::Out;
use crate::task::Task;

/// How much work is done between two looks at the world: so that events stay few, and barriers do not wait long.
const QUANTUM_NS: u64 = 1_000 * MICROSECOND;

impl WorkerProcess {
    /// Lets tasks work in turn, until there is nothing to do or the quantum is used up.
    pub(super) fn work(&mut self, now: Now, out: &mut Out) {
        if now.mono_ns < self.busy_ns {
            return;
        }
        let mut spent_ns = 0;
        while spent_ns < QUANTUM_NS {
            let Some(attempt) = self.next_ready(now) else { break };
            self.last_worked = Some(attempt);
            let mut cost = None;
            self.with(attempt, now, out, |task, context| cost = task.work_once(context));
            match cost {
                Some(cost_ns) => spent_ns += cost_ns,
                None => break,
            }
        }
        self.busy_ns = now.mono_ns + spent_ns;
    }

    /// Tasks that must hear of the time.
    pub(super) fn due(&self, now: Now) -> Vec<AttemptId> {
        let is_due = |task: &Task| task.wake_ns(&self.config.plan).is_some_and(|at_ns| at_ns <= now.mono_ns);
        self.tasks.iter().filter(|(_, task)| is_due(task)).map(|(attempt, _)| *attempt).collect()
    }

    /// When tasks must hear of the time, or can go on with their work.
    pub(super) fn tasks_wake_ns(&self, now: Now) -> Option<u64> {
        let times = self.tasks.values().filter_map(|task| task.wake_ns(&self.config.plan)).min();
        let timers = self.tasks.values().filter_map(|task| task.timer_wake_ns(now)).min().map(|at_ns| at_ns.max(self.busy_ns));
        let work = (self.busy_ns > now.mono_ns && self.tasks.values().any(|task| task.is_ready(now))).then_some(self.busy_ns);
        times.into_iter().chain(timers).chain(work).min()
    }

    fn next_ready(&self, now: Now) -> Option<AttemptId> {
        let ready = |attempt: &&AttemptId| self.tasks[*attempt].is_ready(now);
        let after = self.tasks.keys().filter(|attempt| Some(**attempt) > self.last_worked).find(ready);
        after.or_else(|| self.tasks.keys().find(ready)).copied()
    }
}
