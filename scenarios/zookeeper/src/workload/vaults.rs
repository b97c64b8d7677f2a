//! Vaults: every client has one that only it may open, and tries to open those of the others: with wrong passwords, by lists it may not change, through multis, as somebody whose hash it has seen, by words that are the leader's alone. Never a password that another client knows: whatever an intruder is given was not due to it.

use contract::dice::Dice;
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{Acl, Acls, AddWatchMode, CreateMode, Data, Op, Path, Perms};

use super::context::{Pending, Signal, WorkloadContext};
use super::round::Progress;

const ROOT: &str = "/vaults";
/// What whoever passes all lists by says, where a plan has him, and its hash.
const SUPER: &str = "super:opens all";
pub(crate) const SUPER_DIGEST: &str = "super:OuFXeVFhZX/+f6h/uKKQCB+i/hg=";
/// How many requests a round has outstanding at most.
const PIPELINE_MAX: u64 = 4;

/// The recipe of one client.
#[derive(Clone, Debug)]
pub(super) struct Vaults {
    /// Its own number, and how many there are.
    me: usize,
    count: usize,
    /// It knows the password of whoever passes all lists by.
    is_super: bool,
    /// The session that has shown its password.
    known: SessionId,
    pending: Pending<()>,
}

/// The nodes that must be there: the root lets everybody look and make a vault, and nobody take one away.
pub(super) fn ground() -> Vec<(Path, Data)> {
    vec![(ROOT.into(), None)]
}

impl Vaults {
    /// The client that has the vault number `me` of `count`.
    pub fn new(me: usize, count: usize, is_super: bool) -> Vaults {
        Vaults { me, count, is_super, known: SessionId::NONE, pending: Pending::default() }
    }

    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => {
                let mut ops = Vec::new();
                if self.known != context.client.session() {
                    self.known = context.client.session();
                    ops.push(password(self.me));
                    if self.is_super {
                        ops.push(Op::Auth { scheme: "digest".into(), auth: SUPER.into() });
                    }
                }
                for _ in 0..context.round.dice.between(1, PIPELINE_MAX) {
                    let dice = &mut context.round.dice;
                    let op = if dice.chance(450_000) { self.own(dice) } else { self.intrude(dice) };
                    ops.push(op);
                }
                self.pending.ask(ops, |_| (), context)
            }
            Signal::Answer { xid, .. } => self.pending.end(xid).1,
            Signal::Watch(_) | Signal::Detached | Signal::Attached | Signal::Alarm => Progress::Going,
        }
    }

    /// What the owner does.
    fn own(&self, dice: &mut Dice) -> Op {
        let (vault, secret) = (vault(self.me), secret(self.me, dice));
        let data = Some(dice.between(0, u64::MAX).to_le_bytes().into());
        let create = |path, mode, acl| Op::Create { path, data: None, mode, acl, stat: true };
        match dice.below(12) {
            0..=2 => create(vault, CreateMode::Persistent, owned(dice)),
            3..=4 => create(secret, *dice.pick(&[CreateMode::Persistent, CreateMode::Ephemeral]), owned(dice)),
            5..=6 => Op::SetData { path: secret, data, version: -1 },
            7 => Op::SetAcl { path: if dice.chance(500_000) { vault } else { secret }, acl: owned(dice), version: -1 },
            8 => Op::GetAcl { path: vault },
            9 => Op::Delete { path: secret, version: -1 },
            10 => Op::Multi(vec![Op::Check { path: vault, version: -1 }, Op::SetData { path: secret, data, version: -1 }]),
            _ => Op::GetData { path: secret, watch: true },
        }
    }

    /// What somebody else tries.
    fn intrude(&self, dice: &mut Dice) -> Op {
        let whose = dice.below(self.count as u64) as usize;
        let (vault, secret) = (vault(whose), secret(whose, dice));
        let all = || -> Acls { [Acl::new(Perms::ALL, "world", "anyone")].into() };
        let set = |path| Op::SetData { path, data: None, version: -1 };
        let mine = || Op::Create { path: format!("{ROOT}/of-{}-", self.me).into(), data: None, mode: CreateMode::EphemeralSequential, acl: all(), stat: false };
        match dice.below(20) {
            0 => Op::GetData { path: secret, watch: true },
            1 => Op::GetChildren { path: vault, watch: true, stat: true },
            2 => Op::GetAcl { path: vault },
            3 => Op::Exists { path: secret, watch: true },
            4 => set(secret),
            5 => Op::Delete { path: secret, version: -1 },
            6 => Op::SetAcl { path: secret, acl: all(), version: -1 },
            7 => Op::SetAcl { path: vault, acl: all(), version: -1 },
            8 => Op::Create { path: secret, data: None, mode: CreateMode::Persistent, acl: all(), stat: false },
            9 => Op::Multi(vec![mine(), set(secret)]),
            10 => Op::Multi(vec![Op::Check { path: secret, version: 0 }]),
            11 => Op::Multi(vec![mine(), Op::Delete { path: secret, version: -1 }, Op::SetData { path: vault, data: None, version: -1 }]),
            12 => Op::MultiRead(vec![Op::GetData { path: secret, watch: false }, Op::GetChildren { path: vault, watch: false, stat: false }]),
            13 => Op::AddWatch { path: vault, mode: AddWatchMode::PersistentRecursive },
            // The right user with another's password; the hash as a password; the address as a claim.
            14 => Op::Auth { scheme: "digest".into(), auth: format!("owner-{whose}:of {}", self.me).into() },
            15 => Op::Auth { scheme: "digest".into(), auth: "ann:RYbu6l5aZwqon8VWmkcGvezdzfc=".into() },
            16 => Op::Auth { scheme: "ip".into(), auth: "10.0.0.0".into() },
            17 => Op::DeleteContainer { path: secret },
            18 if dice.chance(300_000) => Op::Auth { scheme: "world".into(), auth: "anyone".into() },
            18 => Op::WhoAmI,
            _ => Op::GetEphemerals { prefix: vault },
        }
    }
}

fn vault(of: usize) -> Path {
    format!("{ROOT}/{of}").into()
}

fn secret(of: usize, dice: &mut Dice) -> Path {
    format!("{ROOT}/{of}/{}", dice.pick(&["gold", "jade"])).into()
}

/// Shows the password that only this client knows.
fn password(of: usize) -> Op {
    Op::Auth { scheme: "digest".into(), auth: format!("owner-{of}:opens {}", of * 7 + 3).into() }
}

/// Lists that let the owner in, and others a little way at most.
fn owned(dice: &mut Dice) -> Acls {
    let own = |perms| Acl::new(perms, "auth", "");
    match dice.below(5) {
        0 => [own(Perms::ALL), Acl::new(Perms::READ, "world", "anyone")].into(),
        1 => [own(Perms::ALL), Acl::new(Perms::READ, "ip", "10.0.0.4/30")].into(),
        2 => [own(Perms::ALL), own(Perms::READ), Acl::new(Perms::CREATE, "world", "anyone")].into(),
        3 => [own(Perms(Perms::WRITE.0 | Perms::CREATE.0 | Perms::DELETE.0 | Perms::ADMIN.0))].into(),
        _ => [own(Perms::ALL)].into(),
    }
}
