//! Containers and nodes with a time to live: made, filled, emptied, touched, and left alone for the leader to take away; a client that finds one gone makes it again. Never a delete of a container itself.

use contract::dice::Dice;
use zookeeper_words::service::{CreateMode, Data, Op, Path, acl};

use super::context::{Pending, Signal, WorkloadContext};
use super::round::Progress;

const ROOT: &str = "/containers";
const NAMES: [&str; 3] = ["a", "b", "c"];
/// The longest time to live that is asked for, in ms: short enough for a storm to see its end.
const TTL_MAX_MS: u64 = 15_000;
const PIPELINE_MAX: u64 = 3;

/// The recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Containers {
    pending: Pending<()>,
}

/// The nodes that must be there.
pub(super) fn ground() -> Vec<(Path, Data)> {
    vec![(ROOT.into(), None)]
}

impl Containers {
    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => {
                let ops = (0..context.round.dice.between(1, PIPELINE_MAX)).flat_map(|_| draw(&mut context.round.dice)).collect();
                self.pending.ask(ops, |_| (), context)
            }
            Signal::Answer { xid, .. } => self.pending.end(xid).1,
            Signal::Watch(_) | Signal::Detached | Signal::Attached | Signal::Alarm => Progress::Going,
        }
    }
}

fn draw(dice: &mut Dice) -> Vec<Op> {
    let container: Path = format!("{ROOT}/{}", dice.pick(&NAMES)).into();
    let mortal: Path = format!("{ROOT}/ttl-{}", dice.pick(&NAMES)).into();
    let child: Path = format!("{container}/{}", dice.pick(&NAMES)).into();
    let ttl_ms = dice.between(1, TTL_MAX_MS) as i64;
    let create = |path: &Path, mode| Op::Create { path: path.clone(), data: None, mode, acl: acl::open(), stat: true };
    match dice.below(14) {
        0..=1 => vec![create(&container, CreateMode::Container)],
        // Curator's creatingParentContainersIfNeeded.
        2..=4 => vec![create(&container, CreateMode::Container), create(&child, CreateMode::Persistent)],
        5 => vec![create(&child, CreateMode::Ephemeral)],
        6..=7 => vec![Op::Delete { path: child, version: -1 }],
        8..=9 => vec![create(&mortal, CreateMode::PersistentWithTtl(ttl_ms))],
        10 => vec![Op::SetData { path: mortal, data: Some(ttl_ms.to_be_bytes().into()), version: -1 }],
        11 => vec![create(&format!("{mortal}/{}", dice.pick(&NAMES)).into(), CreateMode::PersistentWithTtl(ttl_ms))],
        12 => vec![Op::Exists { path: if dice.chance(500_000) { mortal } else { container }, watch: true }],
        _ => vec![Op::GetChildren { path: ROOT.into(), watch: true, stat: true }],
    }
}
