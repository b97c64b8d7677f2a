//! What registers ask for, drawn: paths, modes, data, lists of who may do what, and requests that no careful application makes. Dice in, operations out; never what is remembered.

use std::sync::Arc;

use contract::dice::Dice;
use zookeeper_words::service::{Acl, Acls, AddWatchMode, CreateMode, Data, Op, Path, Perms, WatcherType, acl};

use super::{DATA_MAX, KINDS, Kind, NODES, ROOT};

/// Users that every client knows, with their passwords, and as an ACL names them: user, and base64 of the SHA-1 of user and password.
const USERS: [(&str, &str); 2] = [("ann:pw", "ann:RYbu6l5aZwqon8VWmkcGvezdzfc="), ("bob:secret", "bob:fyVmFCwVbTJYrznoSu1koqYEYF0=")];

pub(super) fn kind(dice: &mut Dice) -> Kind {
    let mut place = dice.below(KINDS.iter().map(|(_, weight)| weight).sum());
    for (kind, weight) in KINDS {
        if place < weight {
            return kind;
        }
        place -= weight;
    }
    unreachable!("a place below the sum of the weights lies within one of them")
}

pub(super) fn node(dice: &mut Dice) -> Path {
    format!("{ROOT}{}", dice.pick(&NODES)).into()
}

pub(super) fn create(path: Path, stat: bool, dice: &mut Dice) -> Op {
    let ttl_ms = dice.between(1, 600_000) as i64;
    let mode = match dice.below(100) {
        0..=37 => CreateMode::Persistent,
        38..=59 => CreateMode::Ephemeral,
        60..=69 => CreateMode::PersistentSequential,
        70..=81 => CreateMode::EphemeralSequential,
        82..=88 => CreateMode::Container,
        89..=95 => CreateMode::PersistentWithTtl(ttl_ms),
        _ => CreateMode::PersistentSequentialWithTtl(ttl_ms),
    };
    // A sequential node stands below its path's parent, beside it; its own children would need a name known beforehand.
    let path = if mode.is_sequential() { format!("{path}-s-").into() } else { path };
    // The wire has a stat with createContainer and createTTL always, with create in create2 only.
    let stat = stat || matches!(mode, CreateMode::Container | CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_));
    Op::Create { path, data: data(dice), mode, acl: who(dice), stat }
}

/// Null, empty, or up to [`DATA_MAX`] bytes.
pub(super) fn data(dice: &mut Dice) -> Data {
    let length = dice.below(DATA_MAX + 30) as usize;
    let pattern = dice.between(0, u64::MAX).to_le_bytes();
    let length = length.checked_sub(20)?;
    Some(pattern.iter().copied().cycle().take(length.saturating_sub(10)).collect())
}

/// Requests that no careful application makes: each has an answer all the same.
pub(super) fn odd(dice: &mut Dice) -> Op {
    let version = -1;
    let create = |path: &str, mode| Op::create(path.into(), None, mode);
    match dice.below(19) {
        0 => create("/", CreateMode::Persistent),
        1 => create("/registers/../up", CreateMode::Persistent),
        2 => create("/registers//two", CreateMode::Ephemeral),
        3 => create("/zookeeper/quota", CreateMode::Persistent),
        4 => create("/registers/a", CreateMode::PersistentWithTtl(0)),
        5 => create("/registers/b-s-", CreateMode::PersistentSequentialWithTtl(1 << 40)),
        6 => Op::Delete { path: "/".into(), version },
        7 => Op::Delete { path: "/zookeeper".into(), version },
        8 => Op::Delete { path: ROOT.into(), version: 1_000_000 },
        9 => Op::SetData { path: "/registers/nobody/made/this".into(), data: data(dice), version },
        10 => Op::Multi(vec![Op::SetData { path: ROOT.into(), data: data(dice), version }, Op::GetData { path: ROOT.into(), watch: false }]),
        11 => Op::GetData { path: "/zookeeper/config".into(), watch: true },
        12 => Op::Create { path: "/registers/a".into(), data: None, mode: CreateMode::Unknown(9), acl: acl::open(), stat: false },
        13 => Op::Create { path: "/registers/a".into(), data: None, mode: CreateMode::Persistent, acl: [].into(), stat: true },
        14 => Op::SetAcl { path: "/registers/a".into(), acl: [Acl::new(Perms::ALL, "nobody-knows", "x")].into(), version },
        15 => Op::Check { path: ROOT.into(), version },
        16 => Op::DeleteContainer { path: "/registers/c".into() },
        17 => Op::SetData { path: "/zookeeper/config".into(), data: None, version },
        _ => Op::GetChildren { path: "/".into(), watch: true, stat: true },
    }
}

/// The node whose version or children a reply will tell.
pub(super) fn subject(op: &Op) -> Option<Path> {
    match op {
        Op::SetData { path, .. } | Op::Exists { path, .. } | Op::GetData { path, .. } | Op::GetChildren { path, .. } | Op::GetAcl { path } => {
            Some(path.clone())
        }
        Op::Create { .. } | Op::Delete { .. } | Op::Check { .. } | Op::Multi(_) | Op::MultiRead(_) | Op::Sync { .. } => None,
        Op::SetAcl { .. } | Op::GetEphemerals { .. } | Op::GetAllChildrenNumber { .. } | Op::Auth { .. } | Op::WhoAmI => None,
        Op::SetWatches { .. } | Op::AddWatch { .. } | Op::RemoveWatches { .. } => None,
        Op::Reconfig { .. } | Op::DeleteContainer { .. } | Op::CloseSession => None,
    }
}

/// Whom a node allows what: everybody everything, mostly. Nobody is locked out for good: every client knows every user.
pub(super) fn who(dice: &mut Dice) -> Acls {
    let (_, user) = *dice.pick(&USERS);
    let world = |perms| Acl::new(perms, "world", "anyone");
    match dice.below(100) {
        0..=79 => acl::open(),
        80..=83 => [world(Perms::READ), Acl::new(Perms::ALL, "digest", user)].into(),
        84..=86 => [Acl::new(Perms::ALL, "digest", user)].into(),
        87..=89 => [Acl::new(Perms::ALL, "auth", "")].into(),
        90..=92 => [Acl::new(Perms::ALL, "ip", "10.0.0.0/16"), world(Perms::READ)].into(),
        93..=95 => [world(Perms(Perms::READ.0 | Perms::DELETE.0 | Perms::ADMIN.0)), world(Perms(Perms::READ.0 | Perms::DELETE.0 | Perms::ADMIN.0))].into(),
        96..=98 => [world(Perms(Perms::WRITE.0 | Perms::CREATE.0 | Perms::DELETE.0 | Perms::ADMIN.0))].into(),
        _ => [Acl::new(Perms::ADMIN, "ip", "10.0.0.3"), world(Perms(Perms::ALL.0 & !Perms::READ.0))].into(),
    }
}

/// A user to become, with the password.
pub(super) fn auth(dice: &mut Dice) -> Op {
    let (auth, _) = *dice.pick(&USERS);
    Op::Auth { scheme: Arc::from("digest"), auth: auth.into() }
}

/// A lasting watch.
pub(super) fn add_watch(path: Path, dice: &mut Dice) -> Op {
    let mode = if dice.chance(500_000) { AddWatchMode::Persistent } else { AddWatchMode::PersistentRecursive };
    Op::AddWatch { path, mode }
}

/// An end of watches, or the question whether there are any.
pub(super) fn remove_watches(path: Path, dice: &mut Dice) -> Op {
    // The last two kinds are of 3.9 alone.
    let kind = *dice.pick(&WatcherType::ALL[..3]);
    Op::RemoveWatches { path, kind, only_ask: dice.chance(200_000) }
}

/// Several reads in one request.
pub(super) fn multi_read(dice: &mut Dice) -> Op {
    let one = |dice: &mut Dice| {
        let path = node(dice);
        if dice.chance(500_000) { Op::GetData { path, watch: false } } else { Op::GetChildren { path, watch: false, stat: false } }
    };
    Op::MultiRead((0..dice.below(4)).map(|_| one(dice)).collect())
}
