//! The HA nodes below the cluster's root, by position of the committed chain: who made and removed what, the lowest
//! latch node, the nodes of checkpoints and plans, counters. Read from the committed chain alone; never from a master's
//! word.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::NoteIndex;
use outside_words::ids::{BlobName, CheckpointId, JobId};
use zookeeper_models::evidence::chain::{Chain, Position, Step, sequence};
use zookeeper_models::evidence::clients::Clients;
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{Data, EventKind, Op, Path, Request};

/// A node below the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `leader/latch/<node>`
    Latch,
    /// `execution-plans/<job>`
    Plan(JobId),
    /// `jobs/<job>/checkpoint_id_counter`
    Counter(JobId),
    /// `jobs/<job>/checkpoints/<id>`
    Checkpoint(JobId, CheckpointId),
    /// `locks/<uuid>` below a plan or a checkpoint.
    Lock(JobId, Option<CheckpointId>),
    /// Another one below `jobs` or `execution-plans`: a directory.
    Directory,
    /// Anything else.
    Other,
}

/// Something became of a node.
#[derive(Clone, Debug)]
pub struct Deed {
    /// The state to which it led.
    pub position: Position,
    /// When it was committed.
    pub committed: NoteIndex,
    /// What became of the node.
    pub kind: EventKind,
    /// What the node is to the engine.
    pub place: Place,
    /// The node.
    pub path: Path,
    /// Whose transaction it was; `None` where a session's end did it, or the service itself.
    pub by: Option<SessionId>,
    /// Whether the lowest latch node of the state before was the author's own, of this session or of one before it.
    pub led: bool,
    /// The session that had made the node, of a lock that is removed.
    pub owner: Option<SessionId>,
    /// The blob to which a checkpoint's or plan's node points, where it is made.
    pub handle: Option<BlobName>,
}

/// A node's life.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// The first state that has it.
    pub created: Position,
    /// When that state was committed.
    pub committed: NoteIndex,
    /// The first state that has it no more, and when that was committed.
    pub deleted: Option<(Position, NoteIndex)>,
    /// When its node of locks was gone: from then on it counts as removed, whoever finishes that (FLINK-26284: marked
    /// for deletion).
    pub marked: Option<Position>,
}

/// The nodes of the engine in one recording.
#[derive(Clone, Debug, Default)]
pub struct Nodes {
    /// All that became of them, in order.
    pub deeds: Vec<Deed>,
    /// The nodes of checkpoints.
    pub checkpoints: BTreeMap<(JobId, CheckpointId), Vec<Life>>,
    /// The nodes of execution plans.
    pub plans: BTreeMap<JobId, Vec<Life>>,
    /// The values that counters got, with the note of the commit.
    pub counters: BTreeMap<JobId, Vec<(NoteIndex, i64)>>,
    /// The machine of each session.
    pub machines: BTreeMap<SessionId, MachineId>,
    /// When each latch node was first the lowest, and whose it is.
    leading: BTreeMap<String, (Position, SessionId)>,
}

impl Nodes {
    /// Follows the chain.
    pub fn follow(root: &str, chain: &Chain<'_>, clients: &Clients<'_>) -> Nodes {
        let machines = clients.connections.iter().map(|connection| (connection.session, connection.machine)).collect();
        let mut nodes = Nodes { machines, ..Nodes::default() };
        let mut latches: BTreeMap<(u64, String), SessionId> = BTreeMap::new();
        let mut locks: BTreeMap<Path, SessionId> = BTreeMap::new();
        // Who led before the transaction of this position.
        let mut led = (0, None);
        for change in &chain.changes.all {
            let Some(rest) = change.fired.path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')) else { continue };
            let (position, kind) = (change.position, change.fired.kind);
            if kind == EventKind::NodeChildrenChanged {
                continue;
            }
            if led.0 != position {
                led = (position, latches.first_key_value().map(|(_, session)| *session));
            }
            let step = &chain.steps[position as usize - 1];
            let (place, path) = (place(rest), Path::clone(&change.fired.path));
            let session = step.txn.session;
            let mut owner = None;
            match (place, kind) {
                (Place::Latch, EventKind::NodeCreated) => drop(latches.insert(latch(rest), session)),
                (Place::Latch, EventKind::NodeDeleted) => drop(latches.remove(&latch(rest))),
                (Place::Lock(..), EventKind::NodeCreated) => drop(locks.insert(Path::clone(&path), session)),
                (Place::Lock(..), EventKind::NodeDeleted) => owner = locks.remove(&path),
                (Place::Counter(job), EventKind::NodeCreated | EventKind::NodeDataChanged) => {
                    let value = written(step, &path).and_then(|data| data.as_deref()?.try_into().ok().map(i32::from_be_bytes));
                    nodes.counters.entry(job).or_default().push((step.committed, value.map_or(-1, i64::from)));
                }
                (Place::Checkpoint(job, id), _) => life(nodes.checkpoints.entry((job, id)).or_default(), kind, position, step.committed),
                (Place::Plan(job), _) => life(nodes.plans.entry(job).or_default(), kind, position, step.committed),
                (Place::Directory, EventKind::NodeDeleted) => {
                    if let Some((job, id)) = locked(rest)
                        && let Some(life) = nodes.checkpoints.get_mut(&(job, id)).and_then(|lives| lives.last_mut())
                    {
                        life.marked.get_or_insert(position);
                    }
                }
                (Place::Latch | Place::Lock(..) | Place::Counter(_) | Place::Directory | Place::Other, _) => {}
            }
            if place == Place::Latch
                && let Some(((_, name), session)) = latches.first_key_value()
            {
                nodes.leading.entry(name.clone()).or_insert((position, *session));
            }
            let is_own = matches!(step.txn.request, Request::Op(Op::CloseSession | Op::DeleteContainer { .. }) | Request::CreateSession { .. });
            let by = (!is_own).then_some(session);
            // A process whose session was lost has its old node there until the service ends that session, and leads by
            // it.
            let machine = |session: &SessionId| nodes.machines.get(session).copied();
            let led = led.1.is_some_and(|lowest| lowest == session || machine(&lowest).is_some() && machine(&lowest) == machine(&session));
            let handle = match (place, kind) {
                (Place::Plan(_) | Place::Checkpoint(..), EventKind::NodeCreated) => written(step, &path).and_then(|data| name(data.as_deref()?)),
                _ => None,
            };
            nodes.deeds.push(Deed { position, committed: step.committed, kind, place, path, by, led, owner, handle });
        }
        nodes
    }

    /// The first state in which this latch node was the lowest, and whose it is.
    pub fn lowest(&self, node: &str) -> Option<(Position, SessionId)> {
        self.leading.get(node).copied()
    }
}

fn life(lives: &mut Vec<Life>, kind: EventKind, position: Position, committed: NoteIndex) {
    match kind {
        EventKind::NodeCreated => lives.push(Life { created: position, committed, deleted: None, marked: None }),
        EventKind::NodeDeleted => {
            if let Some(life) = lives.last_mut() {
                life.deleted = Some((position, committed));
            }
        }
        EventKind::NodeDataChanged | EventKind::NodeChildrenChanged => {}
    }
}

/// What a step wrote into a node.
fn written<'s>(step: &'s Step<'_>, node: &str) -> Option<&'s Data> {
    let of = |op: &'s Op| match op {
        Op::Create { path, data, .. } | Op::SetData { path, data, .. } if **path == *node => Some(data),
        _ => None,
    };
    match &step.txn.request {
        Request::Op(Op::Multi(ops)) | Request::Local(Op::Multi(ops)) => ops.iter().rev().find_map(of),
        Request::Op(op) | Request::Local(op) => of(op),
        Request::CreateSession { .. } => None,
    }
}

/// A blob's name as a node holds it: its length in bytes, seven bits a byte, the lowest first, and the text.
fn name(data: &[u8]) -> Option<BlobName> {
    let digits = data.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (digits, text) = data.split_at(digits);
    let length = digits.iter().rev().try_fold(0usize, |length, byte| Some(length.checked_mul(0x80)? + usize::from(byte & 0x7f)))?;
    if text.len() == length { std::str::from_utf8(text).ok().map(BlobName::from) } else { None }
}

/// A latch node's place in the order of the election, and its name.
fn latch(rest: &str) -> (u64, String) {
    let name = rest.rsplit('/').next().unwrap_or(rest);
    (sequence(name).unwrap_or(u64::MAX), name.to_owned())
}

/// The checkpoint whose node of locks a whole path names.
pub fn of_locks(path: &str) -> Option<(JobId, CheckpointId)> {
    let from = path.rfind("/jobs/")? + 1;
    locked(&path[from..])
}

/// The checkpoint whose node of locks a path below the root names.
fn locked(rest: &str) -> Option<(JobId, CheckpointId)> {
    match place(rest.strip_suffix("/locks")?) {
        Place::Checkpoint(job, id) => Some((job, id)),
        Place::Latch | Place::Lock(..) | Place::Counter(_) | Place::Plan(_) | Place::Directory | Place::Other => None,
    }
}

/// What a path below the root names.
fn place(rest: &str) -> Place {
    let parts: Vec<&str> = rest.split('/').collect();
    match parts[..] {
        ["leader", "latch", _] => Place::Latch,
        ["execution-plans", job] => number(job).map_or(Place::Directory, Place::Plan),
        ["execution-plans", job, "locks", _] => number(job).map_or(Place::Directory, |job| Place::Lock(job, None)),
        ["jobs", job, "checkpoint_id_counter"] => number(job).map_or(Place::Directory, Place::Counter),
        ["jobs", job, "checkpoints", id] => checkpoint(job, id).map_or(Place::Directory, |(job, id)| Place::Checkpoint(job, id)),
        ["jobs", job, "checkpoints", id, "locks", _] => checkpoint(job, id).map_or(Place::Directory, |(job, id)| Place::Lock(job, Some(id))),
        ["jobs", ..] | ["execution-plans", ..] => Place::Directory,
        _ => Place::Other,
    }
}

/// A job's number in a path: 32 hex digits.
fn number(text: &str) -> Option<JobId> {
    u32::from_str_radix(text, 16).ok().map(JobId)
}

/// 19 decimal digits.
fn checkpoint(job: &str, id: &str) -> Option<(JobId, CheckpointId)> {
    Some((number(job)?, CheckpointId(id.parse().ok()?)))
}
