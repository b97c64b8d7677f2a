//! A primary counts, and a backup keeps the count on its disk. The primary calls a number committed when the backup
//! says that it has it.

use stormglass::prelude::*;
use stormglass::serde::{Deserialize, Serialize};

/// What a plan says of this system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "stormglass::serde", deny_unknown_fields)]
pub struct Counting {
    /// How far to count.
    pub until: u64,
}
impl Default for Counting {
    fn default() -> Counting {
        Counting { until: 200 }
    }
}
impl Settings for Counting {
    fn roster(&self) -> Roster {
        Roster::new().with("primary", 1).with("backup", 1)
    }
    fn kinds() -> Option<Kinds> {
        Some(Kinds { messages: vec!["COUNT", "HAVE"], written: vec!["count"], ..Kinds::default() })
    }
}
const PRIMARY: MachineId = MachineId(0);
const BACKUP: MachineId = MachineId(1);

/// What travels: the primary wants a number kept, the backup has one.
#[derive(Clone, Hash)]
pub enum Say {
    Count(u64),
    Have(u64),
}
impl Message for Say {
    fn kind(&self) -> &'static str {
        match self {
            Say::Count(_) => "COUNT",
            Say::Have(_) => "HAVE",
        }
    }
}

/// What is noted for the judge: the backup's disk has a number, the primary relies on one.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Fact {
    Stored(u64),
    Committed(u64),
}

#[derive(Clone)]
pub enum Node {
    Primary { until: u64, committed: u64, conn: Option<ConnId> },
    Backup { hasty: bool, kept: Option<u64>, conn: Option<ConnId> },
}
/// The primary takes a silent stream for dead after so long.
const PATIENCE_NS: u64 = SECOND;

impl Process for Node {
    type Message = Say;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Say>, out: &mut Effects<Say, Fact>) {
        match self {
            Node::Primary { until, committed, conn } => match event {
                Event::Boot | Event::Wake => {
                    conn.take().into_iter().for_each(|conn| out.close(conn));
                    *conn = Some(out.open(BACKUP));
                    out.wake_at(now.mono_ns + PATIENCE_NS);
                }
                Event::Message { conn, message: Say::Have(number), .. } => {
                    *committed = number;
                    out.note(Fact::Committed(number));
                    if number < *until {
                        out.send(conn, Say::Count(number + 1));
                        out.wake_at(now.mono_ns + PATIENCE_NS);
                    }
                }
                Event::Closed { .. } => out.wake_at(now.mono_ns + PATIENCE_NS / 10),
                _ => {}
            },
            Node::Backup { hasty, kept, conn } => match event {
                Event::Boot => out.read("count", Token(0)),
                Event::Disk(DiskAnswer::Read { bytes, .. }) => {
                    let number = bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
                    out.sync_dir(Token(number)); // What was read may not be durable yet.
                }
                Event::Accepted { conn: new, .. } => {
                    *conn = Some(new);
                    kept.iter().for_each(|number| out.send(new, Say::Have(*number)));
                }
                Event::Message { conn, message: Say::Count(number), .. } => {
                    out.replace("count", number.to_be_bytes().to_vec());
                    out.sync_dir(Token(number));
                    if *hasty {
                        out.send(conn, Say::Have(number)); // The planted bug: the disk has not answered.
                    }
                }
                Event::Disk(DiskAnswer::Synced { token: Token(number) }) => {
                    *kept = Some(number);
                    out.note(Fact::Stored(number));
                    conn.iter().filter(|_| !*hasty).for_each(|conn| out.send(*conn, Say::Have(number)));
                }
                Event::Disk(DiskAnswer::Failed { error, .. }) => out.exit(Exit::Restart(format!("the disk failed: {error:?}"))),
                _ => {}
            },
        }
    }

    fn durable_claim(&self) -> Option<DurableClaim> {
        match self {
            Node::Primary { .. } => None,
            Node::Backup { kept, .. } => kept.map(|number| DurableClaim([number.into(), 0])),
        }
    }
}

/// The system: where it all comes together.
pub struct Counter;
type Laws = Plain<Counting, Fact>;

impl System for Counter {
    const NAME: &'static str = "counter";
    type Settings = Counting;
    type Fact = Fact;
    type Process = Node;
    type Law = Laws;

    fn processes(plan: &Plan<Self>) -> Vec<(Node, u64)> {
        let primary = Node::Primary { until: plan.settings.until, committed: 0, conn: None };
        let backup = Node::Backup { hasty: plan.has_plant("hasty-backup"), kept: None, conn: None };
        vec![(primary, 0), (backup, 0)]
    }
    fn is_done(world: &World<Node>, plan: &Plan<Self>) -> bool {
        matches!(world.process(PRIMARY), Some(Node::Primary { committed, .. }) if *committed >= plan.settings.until)
    }
    fn evidence(recording: &Recording<Self>) -> View<'_, Counting, Fact> {
        View::of(recording)
    }
    fn rules() -> Rules<Laws> {
        Rules::of(&[DURABLE, RISES])
    }
    fn families() -> Vec<Family<Self>> {
        let mut families = general::families();
        families.push(Family::new("outages", "the backup loses power while it writes", |seed| {
            let dice = PlanDice { seed, family: 1 };
            let mut plan = general::plain::<Self>(dice);
            let mut painter = Painter { dice: dice.stream(100, 0), plan: &mut plan };
            for _ in 0..painter.count(1) {
                let (nth, after_ms) = (painter.dice.between(1, 200) as u32, painter.dice.between(0, 3));
                let when = When::On { moment: Moment::Append, kind: "count".into(), machine: Some(BACKUP), nth, after_ms };
                painter.fault(when, What::Crash { machine: Target::Subject, power: true, restart_ms: Some(500) });
            }
            plan
        }));
        families
    }
    fn plants() -> Vec<Planted> {
        vec![Planted { name: "hasty-backup", about: "The backup says that it has a number before its disk does.", rule: "counter.durable", family: "outages" }]
    }
}

const DURABLE: Rule<Laws> = Rule {
    id: "counter.durable",
    law: "What the primary calls committed is on the backup's disk.",
    source: "Bernstein, Hadzilacos, Goodman (1987), chapter 8: a commit is stable before it is told",
    scope: "counter",
    side: Side::Safety,
    footing: Footing::Durability,
    check: |view, finding| {
        let mut stored = 0;
        for (number, note) in view.notes.iter().enumerate() {
            match note.what {
                Heard::Said(Fact::Stored(count)) => stored = *count,
                Heard::Said(Fact::Committed(count)) => {
                    finding.judge(*count <= stored, || format!("{count} is committed at {}, and {stored} is stored", view.when(number as u32)));
                }
                Heard::World(_) | Heard::Else => {}
            }
        }
    },
};

const RISES: Rule<Laws> = Rule {
    id: "counter.rises",
    law: "What is committed never goes back.",
    source: "this crate's documentation",
    scope: "counter",
    side: Side::Safety,
    footing: Footing::Durability,
    check: |view, finding| {
        let mut last = 0;
        for (number, note) in view.notes.iter().enumerate() {
            if let Heard::Said(Fact::Committed(count)) = note.what {
                finding.judge(*count >= last, || format!("{count} is committed at {} after {last}", view.when(number as u32)));
                last = last.max(*count);
            }
        }
    },
};
