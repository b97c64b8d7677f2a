//! A process that does what it is told in plain words and notes all that it hears: tests over the world read as
//! dialogues with it.

use stormglass_world::*;

/// A message that is its own kind.
#[derive(Clone, Debug, Hash)]
pub struct Word(pub &'static str);
impl Message for Word {
    fn kind(&self) -> &'static str {
        self.0
    }
}

/// The words that messages can be.
const WORDS: [&str; 8] = ["A", "B", "C", "D", "HELLO", "ASK", "REPLY", "PING"];

/// Does what it is told.
#[derive(Clone, Debug, Default)]
pub struct Puppet {
    /// Its streams, in the order in which it came by them.
    pub conns: Vec<ConnId>,
    /// Told at each start.
    pub at_boot: &'static str,
    /// Told when `ASK` comes.
    pub at_ask: &'static str,
    /// What it claims to keep.
    pub claim: Option<DurableClaim>,
    /// It was told to misbehave.
    pub inconsistent: bool,
    /// How many orders it has obeyed; the last one's number is its token.
    pub asked: u64,
}

impl Process for Puppet {
    type Message = Word;
    /// What it heard, in words.
    type Fact = String;

    fn step(&mut self, now: Now, event: Event<Word>, out: &mut Effects<Word, String>) {
        let heard = match event {
            Event::Boot => {
                self.obey(self.at_boot, now, out);
                return;
            }
            Event::Wake => format!("wake at {} ms", now.mono_ns / MILLISECOND),
            Event::Order(words) => {
                self.obey(&words, now, out);
                return;
            }
            Event::Accepted { conn, from } => {
                self.conns.push(conn);
                format!("accepted {}", from.0)
            }
            Event::Opened { to, .. } => format!("opened {}", to.0),
            Event::Closed { peer, .. } => format!("closed {}", peer.0),
            Event::Message { from, message, .. } => {
                if message.0 == "ASK" {
                    self.obey(self.at_ask, now, out);
                }
                format!("{} from {}", message.0, from.0)
            }
            Event::Datagram { from, message } => format!("cast {} from {}", message.0, from.0),
            Event::Disk(DiskAnswer::Synced { token }) => format!("synced {}", token.0),
            Event::Disk(DiskAnswer::Read { bytes, .. }) => match bytes {
                Some(bytes) => format!("read {}", String::from_utf8_lossy(&bytes)),
                None => "read nothing".into(),
            },
            Event::Disk(DiskAnswer::Listed { files, .. }) => format!("listed {}", files.join(" ")),
            Event::Disk(DiskAnswer::Failed { token, error, .. }) => match token {
                Some(token) => format!("failed {} {error:?}", token.0),
                None => format!("failed {error:?}"),
            },
        };
        out.note(heard);
    }

    fn check(&self) -> Result<(), String> {
        if self.inconsistent { Err("a puppet is told nothing bad".into()) } else { Ok(()) }
    }

    fn durable_claim(&self) -> Option<DurableClaim> {
        self.claim
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        vec![("streams", self.conns.len().to_string())]
    }
}

impl Puppet {
    /// One that claims this from its start on.
    pub fn claiming(a: u128, b: u128) -> Puppet {
        Puppet { claim: Some(DurableClaim([a, b])), ..Puppet::default() }
    }

    fn obey(&mut self, orders: &str, now: Now, out: &mut Effects<Word, String>) {
        for order in orders.split(';').map(str::trim).filter(|order| !order.is_empty()) {
            let words: Vec<&str> = order.split(' ').collect();
            let word = |i: usize| Word(WORDS.iter().find(|word| **word == words[i]).expect("one of the puppet's words"));
            let number = |i: usize| words[i].parse::<u64>().expect("a number");
            self.asked += 1;
            let token = Token(self.asked);
            match words[0] {
                "open" => self.conns.push(out.open(MachineId(number(1) as u16))),
                "say" => out.send(self.conns[number(1) as usize], word(2)),
                "close" => out.close(self.conns[number(1) as usize]),
                "cast" => out.datagram(MachineId(number(1) as u16), word(2)),
                "append" => out.append(words[1], words[2].into()),
                "grow" => out.append(words[1], vec![b'x'; number(2) as usize]),
                "truncate" => out.truncate(words[1], number(2)),
                "sync" => out.sync(words[1], token),
                "replace" => out.replace(words[1], words[2].into()),
                "rename" => out.rename(words[1], words[2]),
                "remove" => out.remove(words[1]),
                "syncdir" => out.sync_dir(token),
                "read" => out.read(words[1], token),
                "list" => out.list(token),
                "wake" => out.wake_at(number(1) * MILLISECOND),
                "clock" => out.note(format!("mono {} wall {}", now.mono_ns / MILLISECOND, now.wall_ms() - 1_704_067_200_000)),
                "claim" => self.claim = Some(DurableClaim([u128::from(number(1)), u128::from(number(2))])),
                "exit" if words[1] == "damaged" => out.exit(Exit::Damaged("told to".into())),
                "exit" => out.exit(Exit::Restart("told to".into())),
                "note" => out.note(words[1..].join(" ")),
                "panic" => panic!("told to panic"),
                "misbehave" => self.inconsistent = true,
                other => panic!("a puppet knows no `{other}`"),
            }
        }
    }
}

/// A weather without chance: 10 ms on each link, 5 ms a sync, 1 ms for other disk operations.
pub fn plain() -> Weather {
    Weather {
        link: LinkWeather { latency_us: 10_000, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 },
        links: vec![],
        disk: DiskWeather { sync_us: 5_000, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 1_000 },
        clocks: vec![],
    }
}

/// A world of so many puppets.
pub fn stage(machines: u16) -> World<Puppet> {
    stage_of(vec![Puppet::default(); machines.into()])
}

/// A world of these puppets.
pub fn stage_of(puppets: Vec<Puppet>) -> World<Puppet> {
    let mut world = World::new(7, &plain());
    for puppet in puppets {
        world.add(puppet, 0);
    }
    world
}

/// Loads faults with the majority budget, a heal at 100 s and a supervisor that takes 500 ms.
pub fn load(world: &mut World<Puppet>, faults: &[Fault]) {
    world.load(faults, &Heal { at_ms: 100_000, bound_ms: 0, absent: vec![] }, Budget::Majority, 500);
}

/// A fault at a time in ms.
pub fn at(ms: u64, what: What) -> Fault {
    Fault { when: When::At { ms }, what }
}

/// A fault on the nth event of a kind, at once.
pub fn on(moment: Moment, kind: &str, nth: u32, what: What) -> Fault {
    Fault { when: When::On { moment, kind: kind.into(), machine: None, nth, after_ms: 0 }, what }
}

/// This machine.
pub fn machine(number: u16) -> Target {
    Target::Machine(MachineId(number))
}

/// Runs a world up to each time in ms and tells a machine its words then.
pub fn tell(world: &mut World<Puppet>, orders: &[(u64, u16, &str)]) {
    for (ms, machine, words) in orders {
        world.run_until(ms * MILLISECOND);
        world.order(MachineId(*machine), *words);
    }
}

/// Runs on until a time in ms, and says all that was noted since: `ms machine: what`.
pub fn hear(world: &mut World<Puppet>, until_ms: u64) -> Vec<String> {
    world.run_until(until_ms * MILLISECOND);
    let line = |note: Note<String>| {
        let what = match note.what {
            Noted::Said(what) => what,
            Noted::World(Happening::Booted { life: 0 }) => return None,
            Noted::World(happening) => format!("{happening:?}"),
        };
        Some(format!("{} {}: {what}", note.at_ns / MILLISECOND, note.machine.0))
    };
    world.take_notes().into_iter().filter_map(line).collect()
}

/// What puppets noted since, without what the world did: `ms machine: what`.
pub fn hear_puppets(world: &mut World<Puppet>, until_ms: u64) -> Vec<String> {
    hear(world, until_ms)
        .into_iter()
        .filter(|line| !line.contains(['{', '}']) && !line.ends_with("Paused") && !line.ends_with("Wiped") && !line.ends_with("Healed"))
        .collect()
}
