//! What a recipe works with: its client, its round's dice, the time, one alarm. And what it hears. Never another
//! recipe's state.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use contract::time::Now;
use zookeeper_client::raw::{Client, Out};
use zookeeper_words::fact::{ClientFact, RecipeFact};
use zookeeper_words::ids::Xid;
use zookeeper_words::service::{ErrorCode, Op, Reply, WatchEvent};

use super::round::{Progress, Round};

/// How often a client says who it is in one session, one round aside.
const IDENTITIES_MAX: usize = 8;

/// What became of a request, as a recipe must see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestError {
    /// The service refused it.
    Refused(ErrorCode),
    /// Nobody knows: the connection was lost first.
    Unknown,
}

/// What a recipe hears.
#[derive(Clone, Debug)]
pub(super) enum Signal<'a> {
    /// A round begins.
    Begin,
    /// A request of this round has ended.
    Answer {
        /// Its number.
        xid: Xid,
        /// What became of it.
        outcome: Result<&'a Reply, RequestError>,
    },
    /// A watch fired.
    Watch(&'a WatchEvent),
    /// The connection is gone; the session, perhaps, is not.
    Detached,
    /// The session has a connection again.
    Attached,
    /// The recipe's alarm, or the end of its patience.
    Alarm,
}

/// What a recipe works with.
pub(super) struct WorkloadContext<'a> {
    pub client: &'a mut Client,
    pub out: &'a mut Out,
    pub now: Now,
    pub me: MachineId,
    pub think_ms: u32,
    pub round: &'a mut Round,
}

impl WorkloadContext<'_> {
    /// Sends a request.
    pub fn ask(&mut self, op: Op) -> Xid {
        self.client.submit(op, self.now, self.out)
    }

    /// Whether the client may say once more who it is: no application has many identities.
    fn may_auth(&self) -> bool {
        self.client.identities() < IDENTITIES_MAX
    }

    /// Notes what the recipe says of itself.
    pub fn note(&mut self, fact: RecipeFact) {
        self.out.note(ClientFact::Recipe(fact));
    }

    /// Wants to hear [`Signal::Alarm`] in `ms`.
    pub fn alarm_in(&mut self, ms: u64) {
        self.round.alarm_in(ms, self.now);
    }

    /// Whether the patience is over: what waits must give up.
    pub fn is_late(&self) -> bool {
        self.round.is_late(self.now)
    }

    /// A name that no other round of any client has: Curator's protection, by which a create is found again when its
    /// reply was lost.
    pub fn tag(&self) -> String {
        format!("_c_{:x}-{}-", self.client.session().0, self.round.number)
    }
}

/// The requests of a round that are sent together and have not ended, each with what is remembered of it.
#[derive(Clone, Debug)]
pub(super) struct Pending<T>(BTreeMap<Xid, T>);

impl<T> Pending<T> {
    /// Sends the requests of a round; it is over when they have all ended.
    pub fn ask(&mut self, ops: Vec<Op>, remembered: impl Fn(&Op) -> T, context: &mut WorkloadContext) -> Progress {
        self.0.clear();
        let may_auth = context.may_auth();
        for op in ops.into_iter().filter(|op| may_auth || !matches!(op, Op::Auth { .. })) {
            let about = remembered(&op);
            let xid = context.ask(op);
            // Nobody is told of an auth's answer: it comes out of turn, and a refusal ends the session.
            if xid != Xid::AUTH {
                self.0.insert(xid, about);
            }
        }
        self.progress()
    }

    /// A request has ended: what is remembered of it, and whether the round goes on.
    pub fn end(&mut self, xid: Xid) -> (Option<T>, Progress) {
        (self.0.remove(&xid), self.progress())
    }

    fn progress(&self) -> Progress {
        if self.0.is_empty() { Progress::Done } else { Progress::Going }
    }
}

// By hand, since a derive would ask it of what is remembered.
impl<T> Default for Pending<T> {
    fn default() -> Self {
        Pending(BTreeMap::new())
    }
}

/// The number that the service appended to a sequential node's name.
pub(super) fn sequence(name: &str) -> Option<u64> {
    let digits = name.get(name.len().checked_sub(10)?..)?;
    digits.parse().ok()
}
