//! Access control: who a connection is, what a list allows to whom, and which lists may be given to a node
//! (PrepRequestProcessor.fixupACL, ZooKeeperServer.checkACL, the ip and digest providers). Never a look at a tree.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use zookeeper_words::service::{Acl, Acls, ErrorCode, Id, Ids, Perms};

use crate::java;

/// Whether a list allows everything to everybody, as most do.
pub fn is_open(acl: &[Acl]) -> bool {
    matches!(acl, [Acl { perms: Perms::ALL, id }] if is_anyone(id))
}

fn is_anyone(id: &Id) -> bool {
    &*id.scheme == "world" && &*id.id == "anyone"
}

/// Whoever has this id passes all lists by (DigestAuthenticationProvider.superDigest).
pub fn super_user() -> Id {
    Id::new(SUPER, "")
}

/// The scheme of the only id that no client can ask for.
const SUPER: &str = "super";

/// Whether a list allows any of `wanted` to whoever has `ids`. An empty list allows everything.
pub fn allows(acl: &[Acl], wanted: Perms, ids: &[Id]) -> bool {
    let is_meant = |meant: &Id| is_anyone(meant) || ids.iter().any(|id| id.scheme == meant.scheme && matches(&id.scheme, &id.id, &meant.id));
    acl.is_empty() || ids.iter().any(|id| &*id.scheme == SUPER) || acl.iter().any(|entry| entry.perms.any_of(wanted) && is_meant(&entry.id))
}

/// [`allows`], as a check.
pub fn check(acl: &[Acl], wanted: Perms, ids: &[Id]) -> Result<(), ErrorCode> {
    if allows(acl, wanted, ids) { Ok(()) } else { Err(ErrorCode::NoAuth) }
}

/// The list that a node gets that is asked to have `asked` by whoever has `ids`: each entry once, `auth` replaced by
/// what the asker has proved.
pub fn fixup(asked: &Acls, ids: &[Id]) -> Result<Acls, ErrorCode> {
    if is_open(asked) {
        return Ok(asked.clone());
    }
    let mut fixed = Vec::with_capacity(asked.len());
    for (i, entry) in asked.iter().enumerate() {
        if asked[..i].contains(entry) {
            continue;
        }
        let valid = match &*entry.id.scheme {
            "world" => is_anyone(&entry.id),
            "digest" => is_user_and_hash(&entry.id.id),
            "ip" => network(&entry.id.id).is_some(),
            "auth" => {
                let before = fixed.len();
                fixed.extend(ids.iter().filter(|id| &*id.scheme == "digest").map(|id| Acl { perms: entry.perms, id: id.clone() }));
                if fixed.len() == before {
                    return Err(ErrorCode::InvalidAcl);
                }
                continue;
            }
            _ => false,
        };
        if !valid {
            return Err(ErrorCode::InvalidAcl);
        }
        fixed.push(entry.clone());
    }
    if fixed.is_empty() { Err(ErrorCode::InvalidAcl) } else { Ok(fixed.into()) }
}

/// A list as it is shown to one who may not administer the node: without the hashes of passwords.
pub fn hide_hashes(acl: &Acls) -> Acls {
    let hide = |entry: &Acl| match entry.id.id.split_once(':') {
        Some((user, _)) if &*entry.id.scheme == "digest" => Acl::new(entry.perms, "digest", &format!("{user}:x")),
        Some(_) | None => entry.clone(),
    };
    acl.iter().map(hide).collect()
}

/// Who proves what with `auth` from `address`; none where the scheme is not known.
pub fn authenticate(scheme: &str, auth: &str, address: &str) -> Option<Id> {
    match scheme {
        "digest" => {
            let user = auth.split(':').next().unwrap_or_default();
            Some(Id::new("digest", &format!("{user}:{}", STANDARD.encode(Sha1::digest(auth)))))
        }
        "ip" => Some(Id::new("ip", address)),
        _ => None,
    }
}

/// A connection's ids with one more. They stand in the order of a ConcurrentHashMap's bins, as a server has them: that
/// order shows in whoAmI and in what `auth` becomes.
pub fn with(ids: &Ids, id: Id) -> Ids {
    if ids.contains(&id) {
        return ids.clone();
    }
    let mut ids: Vec<Id> = ids.iter().cloned().chain([id]).collect();
    let len = ids.len();
    ids.sort_by_key(|id| java::bucket(hash(id), len, true));
    ids.into()
}

/// Id.hashCode, as jute makes it.
fn hash(id: &Id) -> u32 {
    [&id.scheme, &id.id].into_iter().fold(17, |sum: u32, text| sum.wrapping_mul(37).wrapping_add(java::hash(text)))
}

/// The user of an id, as whoAmI shows it; none of the one that has no provider.
pub fn user(id: &Id) -> Option<Id> {
    match id.id.split_once(':') {
        _ if &*id.scheme == SUPER => None,
        Some((user, _)) if &*id.scheme == "digest" => Some(Id::new("digest", user)),
        Some(_) | None => Some(id.clone()),
    }
}

fn matches(scheme: &str, id: &str, meant: &str) -> bool {
    match scheme {
        "ip" => network(meant).is_some_and(|(base, mask)| address(id).is_some_and(|address| address & mask == base & mask)),
        "digest" => id == meant,
        _ => false,
    }
}

/// Two parts at a colon, as Java splits: what is empty at the end does not count.
fn is_user_and_hash(id: &str) -> bool {
    id.trim_end_matches(':').matches(':').count() == 1
}

/// An address with the bits that count: all, or those after the slash.
fn network(text: &str) -> Option<(u32, u32)> {
    let (base, bits) = match text.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<i32>().ok().and_then(|bits| u32::try_from(bits).ok()).filter(|bits| *bits <= 32)?),
        None => (text, 32),
    };
    Some((address(base)?, u32::MAX.checked_shl(32 - bits).unwrap_or(0)))
}

fn address(text: &str) -> Option<u32> {
    let mut parts = text.split('.').map(|part| part.parse::<i32>().ok().and_then(|part| u8::try_from(part).ok()));
    let mut take = || parts.next().flatten();
    let bytes = [take()?, take()?, take()?, take()?];
    parts.next().is_none().then(|| u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(i32, &str, &str)]) -> Acls {
        entries.iter().map(|(perms, scheme, id)| Acl::new(Perms(*perms), scheme, id)).collect()
    }

    #[test]
    fn identities_are_those_of_a_real_server() {
        // Recorded from ZooKeeper 3.8.0.
        let check = |auth: &str, id: &str| assert_eq!(authenticate("digest", auth, "10.0.0.1"), Some(Id::new("digest", id)));
        check("bob:secret", "bob:fyVmFCwVbTJYrznoSu1koqYEYF0=");
        check("eve:hunter2", "eve:JIwAWoWDtlpBBZrHVfwqSB8sjwY=");
        check("ann:pw", "ann:RYbu6l5aZwqon8VWmkcGvezdzfc=");
        assert_eq!(authenticate("ip", "whatever", "10.0.0.1"), Some(Id::new("ip", "10.0.0.1")));
        assert_eq!(authenticate("sasl", "x", "10.0.0.1"), None);
    }

    #[test]
    fn ids_stand_in_the_order_of_a_real_server() {
        let check = |auths: &[&str], users: &[&str]| {
            let first: Ids = [Id::new("ip", "127.0.0.1")].into();
            let ids = auths.iter().fold(first, |ids, auth| with(&ids, authenticate("digest", auth, "").expect("digest is known")));
            let shown: Vec<Id> = ids.iter().filter_map(user).collect();
            assert_eq!(shown.iter().map(|id| &*id.id).collect::<Vec<_>>(), users);
        };
        check(&["eve:hunter2", "bob:secret"], &["bob", "eve", "127.0.0.1"]);
        check(&["bob:secret", "eve:hunter2", "ann:pw"], &["bob", "ann", "eve", "127.0.0.1"]);
        check(&["ann:pw", "bob:secret", "ann:pw"], &["ann", "bob", "127.0.0.1"]);
    }

    #[test]
    fn a_list_allows_what_it_says_to_whom_it_says() {
        let ids = [Id::new("ip", "10.0.3.7"), Id::new("digest", "ann:hash")];
        let check = |entries: &[(i32, &str, &str)], wanted: Perms, allowed: bool| assert_eq!(allows(&list(entries), wanted, &ids), allowed, "{entries:?}");
        check(&[], Perms::ADMIN, true);
        check(&[(31, "world", "anyone")], Perms::ADMIN, true);
        check(&[(1, "world", "anyone")], Perms::WRITE, false);
        check(&[(1, "world", "anyone"), (2, "digest", "ann:hash")], Perms::WRITE, true);
        check(&[(2, "digest", "ann:other")], Perms::WRITE, false);
        check(&[(2, "ip", "10.0.3.7")], Perms::WRITE, true);
        check(&[(2, "ip", "10.0.0.0/16")], Perms::WRITE, true);
        check(&[(2, "ip", "10.0.2.0/23")], Perms::WRITE, true);
        check(&[(2, "ip", "10.0.2.0/24")], Perms::WRITE, false);
        check(&[(2, "ip", "0.0.0.0/0")], Perms::WRITE, true);
        check(&[(2, "auth", "")], Perms::WRITE, false);
        check(&[(17, "digest", "ann:hash")], Perms(Perms::READ.0 | Perms::ADMIN.0), true);
    }

    #[test]
    fn a_list_is_put_right_or_refused() {
        let ids = [Id::new("digest", "ann:hash"), Id::new("ip", "10.0.0.9"), Id::new("digest", "bob:hash")];
        let check = |entries: &[(i32, &str, &str)], fixed: Option<&[(i32, &str, &str)]>| {
            assert_eq!(fixup(&list(entries), &ids), fixed.map(list).ok_or(ErrorCode::InvalidAcl), "{entries:?}");
        };
        let keeps = |entries: &[(i32, &str, &str)]| check(entries, Some(entries));
        check(&[], None);
        keeps(&[(31, "world", "anyone")]);
        keeps(&[(0, "world", "anyone")]);
        check(&[(31, "world", "somebody")], None);
        check(&[(1, "world", "anyone"), (1, "world", "anyone")], Some(&[(1, "world", "anyone")]));
        keeps(&[(1, "world", "anyone"), (2, "world", "anyone")]);
        check(&[(5, "auth", "ignored")], Some(&[(5, "digest", "ann:hash"), (5, "digest", "bob:hash")]));
        check(&[(5, "auth", ""), (5, "digest", "ann:hash")], Some(&[(5, "digest", "ann:hash"), (5, "digest", "bob:hash"), (5, "digest", "ann:hash")])); // Only what was asked twice is.
        keeps(&[(1, "digest", ":hash")]);
        keeps(&[(1, "digest", "ann:hash:")]); // Java's split.
        check(&[(1, "digest", "ann")], None);
        check(&[(1, "digest", "ann:")], None);
        check(&[(1, "digest", "a:b:c")], None);
        keeps(&[(1, "ip", "10.0.0.1")]);
        keeps(&[(1, "ip", "10.0.0.0/8")]);
        check(&[(1, "ip", "10.0.0.0/33")], None);
        check(&[(1, "ip", "10.0.0")], None);
        check(&[(1, "ip", "10.0.0.256")], None);
        check(&[(1, "sasl", "ann")], None);
        check(&[(1, "world", "anyone"), (1, "sasl", "ann")], None);
        assert_eq!(fixup(&list(&[(1, "auth", "")]), &ids[1..2]), Err(ErrorCode::InvalidAcl)); // An address proves nothing.
    }

    #[test]
    fn who_is_super_passes_every_list_and_is_not_told() {
        let ids = [Id::new("ip", "10.0.0.3"), super_user()];
        assert!(allows(&list(&[(1, "digest", "ann:1")]), Perms::ADMIN, &ids));
        assert_eq!(ids.iter().filter_map(user).collect::<Vec<_>>(), [Id::new("ip", "10.0.0.3")]);
        // Nobody can be asked to be it.
        assert_eq!(fixup(&list(&[(31, "super", "")]), &ids), Err(ErrorCode::InvalidAcl));
        assert_eq!(authenticate("super", "", "10.0.0.3"), None);
    }

    #[test]
    fn hashes_are_hidden() {
        let shown = hide_hashes(&list(&[(31, "digest", "ann:hash"), (1, "ip", "10.0.0.1"), (1, "world", "anyone")]));
        assert_eq!(shown, list(&[(31, "digest", "ann:x"), (1, "ip", "10.0.0.1"), (1, "world", "anyone")]));
    }
}
