//! How a service fails without being down: it cannot now, it is slow, it fails although it did what it was asked.
//! Orders bring it and time or use ends it; never a restart's business, which forgets it.

use std::collections::VecDeque;

use contract::ids::ConnId;
use contract::process::Effects;
use contract::time::{MILLISECOND, Now};
use outside_words::fact::OutsideFact;
use outside_words::message::{Answer, Message};

/// What a service wants done.
pub(crate) type Out = Effects<Message, OutsideFact>;

/// How much later a slow service answers: much for whoever waits for it, and less than any caller's patience.
const SLOW_NS: u64 = 400 * MILLISECOND;

/// What becomes of an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is served.
    Served,
    /// It has no effect, and fails.
    Failed,
    /// It has its effect, and fails all the same.
    FailedAfter,
}

/// The trouble that a service is in, and the answers that are late by it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    unavailable_until_ns: u64,
    slow_until_ns: u64,
    /// So many of the next asks fail.
    errors: u32,
    /// Answers by when they leave, in order.
    late: VecDeque<(u64, ConnId, u64, Answer)>,
}

impl Trouble {
    /// Takes an order: `unavailable <ms>`, `slow <ms>`, `errors <count>`. Any other word is for somebody else.
    pub(crate) fn order(&mut self, now: Now, word: &str) {
        let Some((verb, number)) = word.split_once(' ') else { return };
        let Ok(number) = number.parse::<u32>() else { return };
        let until_ns = now.mono_ns + u64::from(number) * MILLISECOND;
        match verb {
            "unavailable" => self.unavailable_until_ns = self.unavailable_until_ns.max(until_ns),
            "slow" => self.slow_until_ns = self.slow_until_ns.max(until_ns),
            "errors" => self.errors = self.errors.saturating_add(number),
            _ => {}
        }
    }

    /// What becomes of an ask that comes now. Of those that fail by number, every other one has had its effect.
    pub(crate) fn meet(&mut self, now: Now) -> Fate {
        if now.mono_ns < self.unavailable_until_ns {
            return Fate::Failed;
        }
        if self.errors == 0 {
            return Fate::Served;
        }
        self.errors -= 1;
        if self.errors.is_multiple_of(2) { Fate::FailedAfter } else { Fate::Failed }
    }

    /// Gives an answer, at once or late. No answer overtakes another.
    pub(crate) fn answer(&mut self, now: Now, conn: ConnId, request: u64, answer: Answer, out: &mut Out) {
        let due_ns = if now.mono_ns < self.slow_until_ns { now.mono_ns + SLOW_NS } else { now.mono_ns };
        match self.late.back() {
            None if due_ns <= now.mono_ns => out.send(conn, Message::Answer { request, answer: Box::new(answer) }),
            before => {
                let due_ns = before.map_or(due_ns, |(before_ns, ..)| due_ns.max(*before_ns));
                self.late.push_back((due_ns, conn, request, answer));
            }
        }
    }

    /// Gives the late answers whose time has come.
    pub(crate) fn deliver(&mut self, now: Now, out: &mut Out) {
        while let Some((_, conn, request, answer)) = self.late.pop_front_if(|(due_ns, ..)| *due_ns <= now.mono_ns) {
            out.send(conn, Message::Answer { request, answer: Box::new(answer) });
        }
    }

    /// When the next late answer leaves.
    pub(crate) fn wake_ns(&self) -> Option<u64> {
        self.late.front().map(|(due_ns, ..)| *due_ns)
    }

    /// The state as plain data, for people.
    pub(crate) fn look(&self) -> String {
        let until = |ns: u64| ns / MILLISECOND;
        let (unavailable, slow) = (until(self.unavailable_until_ns), until(self.slow_until_ns));
        format!("unavailable until {unavailable} ms, slow until {slow} ms, {} errors to come, {} answers late", self.errors, self.late.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now { mono_ns: ms * MILLISECOND, wall_ns: 0 }
    }

    #[test]
    fn orders_say_what_becomes_of_asks() {
        let check = |words: &[&str], at_ms: &[u64], fates: &[Fate]| {
            let mut trouble = Trouble::default();
            words.iter().for_each(|word| trouble.order(at(0), word));
            assert_eq!(at_ms.iter().map(|ms| trouble.meet(at(*ms))).collect::<Vec<_>>(), fates, "{words:?}");
        };
        use Fate::{Failed, FailedAfter, Served};
        check(&[], &[0, 1], &[Served, Served]);
        check(&["unavailable 10"], &[0, 9, 10], &[Failed, Failed, Served]);
        check(&["errors 3"], &[0, 0, 0, 0], &[FailedAfter, Failed, FailedAfter, Served]);
        check(&["errors 2", "unavailable 5"], &[4, 5, 5, 5], &[Failed, Failed, FailedAfter, Served]); // While it is unavailable no error is used up.
        check(&["errors", "errors x", "sleep 5"], &[0], &[Served]);
    }

    #[test]
    fn no_answer_overtakes_a_late_one() {
        let (mut trouble, mut out) = (Trouble::default(), Out::new(ConnId(0)));
        trouble.order(at(0), "slow 10");
        trouble.answer(at(9), ConnId(1), 1, Answer::Done, &mut out);
        trouble.answer(at(10), ConnId(1), 2, Answer::Done, &mut out);
        assert!(out.list.is_empty());
        assert_eq!(trouble.wake_ns(), Some(409 * MILLISECOND));
        trouble.deliver(at(409), &mut out);
        assert_eq!((out.list.len(), trouble.wake_ns()), (2, None));
    }
}
