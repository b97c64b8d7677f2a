//! The requests that real Flink processes sent to ZooKeeper for their high availability, sent again in their order, with their flags and versions. Never an answer taken from the recording: what the service says to them in another interleaving is its own affair, errors included.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::dice::Dice;
use zookeeper_words::Plan;
use zookeeper_words::ids::Xid;
use zookeeper_words::service::{CreateMode, ErrorCode, Op, Path, Reply};
use zookeeper_words::settings::WorkloadKind;

use super::context::{RequestError, Signal, WorkloadContext, sequence};
use super::round::{Leave, Progress};
use super::script::{Script, Step, scripts};

/// Requests of a round: as many as Flink sends for one checkpoint.
const ROUND_REQUESTS: u64 = 8;
/// Requests outstanding at most, where the recording has them together.
const PIPELINE_MAX: usize = 4;
/// In which order the clients of a plan take the recorded processes.
const ROLES: [&str; 5] = ["jm1", "jm2", "tm1", "cli", "tm2"];
/// How many names of sequential nodes a client keeps; Flink has one a process, and a new one after each loss.
const NAMES_MAX: usize = 64;

/// A request that has not ended.
#[derive(Clone, Debug)]
struct Pending {
    op: Op,
    /// Whether its parents were made because it had failed without them.
    mended: bool,
    /// It makes a parent: its outcome does not matter.
    is_parent: bool,
}

/// The recipe.
#[derive(Clone, Debug)]
pub(super) struct Flink {
    script: &'static Script,
    /// The place in the script.
    next: usize,
    /// Requests left in this round.
    left: u64,
    pending: BTreeMap<Xid, Pending>,
    /// Requests that go before the script's next one.
    first: Vec<Pending>,
    /// What the service really called a sequential node, by the name without its number.
    names: BTreeMap<String, String>,
    /// The round ends with a new session, as the recording has it.
    leaves: Option<Leave>,
}

impl Flink {
    /// The process that a client plays: the first client of the workload is the first JobManager, and so on; all of one plan are of one recording.
    pub fn new(plan: &Plan, client: usize) -> Flink {
        let run = 1 + Dice::named(plan.seed.0, "workload-recording", 0, 0).below(2) as u32;
        let role = plan.settings.clients[..client].iter().filter(|other| other.workload == WorkloadKind::FlinkHa).count();
        let cast: Vec<&Script> = ROLES.iter().filter_map(|role| scripts().iter().find(|script| script.run == run && script.process == *role)).collect();
        let script = cast[role % cast.len()];
        Flink { script, next: 0, left: 0, pending: BTreeMap::new(), first: Vec::new(), names: BTreeMap::new(), leaves: None }
    }

    /// How the session must end after this round, if it must.
    pub fn take_leave(&mut self) -> Option<Leave> {
        self.leaves.take()
    }

    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => {
                self.over();
                self.left = context.round.dice.between(1, 2 * ROUND_REQUESTS - 1);
                self.go_on(context)
            }
            Signal::Answer { xid, outcome } => {
                let pending = self.pending.remove(&xid).expect("only what this round sent is answered to it");
                match outcome {
                    Ok(Reply::Created { path, .. }) => self.learn(path.rsplit('/').next().unwrap_or_default()),
                    Ok(Reply::Children { names, .. }) => names.iter().for_each(|name| self.learn(name)),
                    Err(RequestError::Refused(ErrorCode::NoNode)) if !pending.mended && !pending.is_parent => self.mend(pending),
                    Ok(Reply::Multi(results)) if results.contains(&Err(ErrorCode::NoNode)) && !pending.mended => self.mend(pending),
                    Ok(_) | Err(RequestError::Refused(_) | RequestError::Unknown) => {}
                }
                self.go_on(context)
            }
            Signal::Watch(_) | Signal::Detached | Signal::Attached | Signal::Alarm => Progress::Going,
        }
    }

    /// The session is over, or the round is: what was under way is forgotten.
    pub fn over(&mut self) {
        self.pending.clear();
        self.first.clear();
    }

    /// Sends what may be sent now.
    fn go_on(&mut self, context: &mut WorkloadContext) -> Progress {
        if self.pending.is_empty()
            && let Some(next) = self.first.pop()
        {
            self.send(next, context);
            return Progress::Going;
        }
        while self.first.is_empty() && self.left > 0 && self.leaves.is_none() && !context.is_late() {
            let Some(step) = self.script.steps.get(self.next) else {
                // From the top, as another incarnation of the process; one that was killed has left its session behind.
                self.next = 0;
                let was_closed = matches!(self.script.steps.last(), Some(Step::Request { op: Op::CloseSession, .. }));
                self.leaves = (!was_closed).then_some(Leave::Abandon);
                break;
            };
            match step {
                Step::NewSession => self.leaves = Some(Leave::Abandon),
                Step::Request { op: Op::CloseSession, .. } => self.leaves = Some(Leave::Close),
                Step::Request { op, together } => {
                    if !self.pending.is_empty() && (!together || self.pending.len() >= PIPELINE_MAX) {
                        break;
                    }
                    let op = self.rename(op);
                    self.send(Pending { op, mended: false, is_parent: false }, context);
                    self.left -= 1;
                }
            }
            self.next += 1;
        }
        if self.pending.is_empty() { Progress::Done } else { Progress::Going }
    }

    fn send(&mut self, pending: Pending, context: &mut WorkloadContext) {
        let xid = context.ask(pending.op.clone());
        self.pending.insert(xid, pending);
    }

    /// A create failed for want of a parent: the parents are made, and it is sent once more (Curator's creatingParentsIfNeeded).
    fn mend(&mut self, pending: Pending) {
        let creates = match &pending.op {
            Op::Create { .. } => std::slice::from_ref(&pending.op),
            Op::Multi(parts) => parts,
            Op::Delete { .. } | Op::SetData { .. } | Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } => return,
            Op::RemoveWatches { .. } | Op::AddWatch { .. } | Op::SetWatches { .. } | Op::CloseSession => return,
            Op::Check { .. } | Op::Sync { .. } | Op::Auth { .. } | Op::WhoAmI | Op::Reconfig { .. } | Op::DeleteContainer { .. } => return,
            Op::GetAcl { .. } | Op::SetAcl { .. } | Op::GetEphemerals { .. } | Op::GetAllChildrenNumber { .. } | Op::MultiRead(_) => return,
        };
        let paths: Vec<&Path> = creates.iter().filter_map(|op| if let Op::Create { path, .. } = op { Some(path) } else { None }).collect();
        let mut parents: BTreeSet<Path> = paths.iter().flat_map(|path| ancestors(path)).collect();
        parents.retain(|parent| !paths.contains(&parent));
        self.first.push(Pending { mended: true, ..pending.clone() });
        // The last one is sent first: sorted backwards, a parent comes after its child.
        let makes = parents.into_iter().rev().map(|path| Op::create(path, None, CreateMode::Persistent));
        self.first.extend(makes.map(|op| Pending { op, mended: true, is_parent: true }));
    }

    fn learn(&mut self, name: &str) {
        if sequence(name).is_some() && name.starts_with("_c_") && self.names.len() < NAMES_MAX {
            self.names.insert(name[..name.len() - 10].into(), name.into());
        }
    }

    /// The request about the nodes that are there: a sequential node has another number here than in the recording.
    fn rename(&self, op: &Op) -> Op {
        let mut op = op.clone();
        match &mut op {
            Op::Delete { path, .. } | Op::SetData { path, .. } | Op::Exists { path, .. } | Op::GetData { path, .. } | Op::GetChildren { path, .. } => {
                *path = self.real(path);
            }
            Op::RemoveWatches { path, .. } => *path = self.real(path),
            Op::Create { .. } | Op::Multi(_) | Op::SetWatches { .. } | Op::AddWatch { .. } | Op::CloseSession => {}
            Op::Check { .. } | Op::Sync { .. } | Op::Auth { .. } | Op::WhoAmI | Op::Reconfig { .. } | Op::DeleteContainer { .. } => {}
            Op::GetAcl { .. } | Op::SetAcl { .. } | Op::GetEphemerals { .. } | Op::GetAllChildrenNumber { .. } | Op::MultiRead(_) => {}
        }
        op
    }

    fn real(&self, path: &Path) -> Path {
        let Some((parent, name)) = path.rsplit_once('/') else { return path.clone() };
        let real = sequence(name).and_then(|_| self.names.get(&name[..name.len() - 10]));
        real.map_or_else(|| path.clone(), |real| format!("{parent}/{real}").into())
    }
}

/// All proper ancestors of a path but the root.
fn ancestors(path: &str) -> impl Iterator<Item = Path> {
    path.match_indices('/').skip(1).map(|(end, _)| Arc::from(&path[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequential_node_is_asked_for_by_its_real_name() {
        let mut flink = Flink { script: &scripts()[0], next: 0, left: 0, pending: BTreeMap::new(), first: Vec::new(), names: BTreeMap::new(), leaves: None };
        flink.learn("_c_me-latch-0000000007");
        flink.learn("0000000000000000002"); // A checkpoint, which is no sequential node.
        let check = |recorded: &str, real: &str| {
            let read = |path: &str| Op::GetData { path: path.into(), watch: true };
            assert_eq!(flink.rename(&read(recorded)), read(real));
        };
        check("/l/_c_me-latch-0000000002", "/l/_c_me-latch-0000000007");
        check("/l/_c_you-latch-0000000002", "/l/_c_you-latch-0000000002");
        check("/c/0000000000000000001", "/c/0000000000000000001");
        check("/c", "/c");
    }

    #[test]
    fn all_proper_ancestors_but_the_root() {
        let check = |path: &str, expected: &[&str]| assert_eq!(ancestors(path).map(|path| path.to_string()).collect::<Vec<_>>(), expected);
        check("/a/b/c", &["/a", "/a/b"]);
        check("/a", &[]);
    }
}
