//! The smallest system: two nodes pass a number to and fro. No settings, no facts, no rules but the invariant of each
//! node; and all the general families.

use stormglass::prelude::*;

#[derive(Clone, Hash)]
pub struct Number(u64);
impl Message for Number {
    fn kind(&self) -> &'static str {
        "NUMBER"
    }
}
#[derive(Clone, Default)]
pub struct Node {
    calls: Option<MachineId>,
    conn: Option<ConnId>,
    seen: Vec<u64>,
}
impl Process for Node {
    type Message = Number;
    type Fact = ();
    fn step(&mut self, now: Now, event: Event<Number>, out: &mut Effects<Number, ()>) {
        match event {
            Event::Boot | Event::Wake => self.conn = self.calls.map(|peer| out.open(peer)),
            Event::Accepted { conn, .. } => (self.conn, self.seen) = (Some(conn), vec![]),
            Event::Opened { conn, .. } => out.send(conn, Number(0)),
            Event::Message { conn, message: Number(number), .. } if Some(conn) == self.conn && number < 1_000 => {
                self.seen.push(number);
                out.send(conn, Number(number + 1));
            }
            Event::Closed { conn, .. } if Some(conn) == self.conn => {
                (self.conn, self.seen) = (None, vec![]);
                out.wake_at(now.mono_ns + SECOND);
            }
            _ => {}
        }
    }
    fn check(&self) -> Result<(), String> {
        if self.seen.is_sorted() { Ok(()) } else { Err(format!("numbers rise: {:?}", self.seen)) }
    }
}
pub struct Smallest;
impl System for Smallest {
    const NAME: &'static str = "smallest";
    type Settings = Nodes<2>;
    type Fact = ();
    type Process = Node;
    type Law = Plain<Nodes<2>, ()>;
    fn processes(_: &Plan<Self>) -> Vec<(Node, u64)> {
        vec![(Node { calls: Some(MachineId(1)), ..Node::default() }, 0), (Node::default(), 0)]
    }
    fn evidence(recording: &Recording<Self>) -> View<'_, Nodes<2>, ()> {
        View::of(recording)
    }
}

#[test]
fn seeds() {
    stormglass::testing::seeds::<Smallest>();
}
