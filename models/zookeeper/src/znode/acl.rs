//! Access control lists: what a server makes of the list that a request brings (PrepRequestProcessor.fixupACL), whom a list allows what (ZooKeeperServer.checkACL), and who somebody becomes by authenticating. Pure functions; never a tree.
//!
//! The schemes are those of a server without further providers: world, auth, ip, digest. Whoever is super, which a digest of the settings makes him, passes all lists by.

use std::sync::Arc;

use zookeeper_words::service::{Acl, Acls, ErrorCode, Id, Perms};

use super::secret;

/// The list as it is kept: each entry once, `auth` replaced by the authenticated identities of the connection.
pub fn kept(asked: &[Acl], ids: &[Id]) -> Result<Acls, ErrorCode> {
    let mut once: Vec<&Acl> = Vec::with_capacity(asked.len());
    for acl in asked {
        if !once.contains(&acl) {
            once.push(acl);
        }
    }
    let mut kept = Vec::with_capacity(once.len());
    for acl in once {
        match &*acl.id.scheme {
            "world" if &*acl.id.id == "anyone" => kept.push(acl.clone()),
            "auth" => {
                let before = kept.len();
                kept.extend(ids.iter().filter(|id| is_authenticated(id)).map(|id| Acl { perms: acl.perms, id: id.clone() }));
                if kept.len() == before {
                    return Err(ErrorCode::InvalidAcl);
                }
            }
            _ if is_valid(&acl.id) => kept.push(acl.clone()),
            _ => return Err(ErrorCode::InvalidAcl),
        }
    }
    if kept.is_empty() { Err(ErrorCode::InvalidAcl) } else { Ok(kept.into()) }
}

/// Whether a list allows any of `wanted` to somebody with these identities.
pub fn allows(list: &[Acl], wanted: Perms, ids: &[Id]) -> bool {
    ids.iter().any(|id| &*id.scheme == "super")
        || list.iter().filter(|acl| acl.perms.any_of(wanted)).any(|acl| match &*acl.id.scheme {
            "world" => &*acl.id.id == "anyone",
            "digest" => ids.contains(&acl.id),
            "ip" => ids.iter().any(|id| &*id.scheme == "ip" && is_within(&id.id, &acl.id.id)),
            _ => false,
        })
}

/// The list for somebody who may not administer the node: what comes after a digest's user is hidden.
pub fn hidden(list: &[Acl]) -> Acls {
    let hide = |acl: &Acl| match acl.id.id.find(':') {
        Some(colon) if &*acl.id.scheme == "digest" => Acl::new(acl.perms, "digest", &format!("{}:x", &acl.id.id[..colon])),
        _ => acl.clone(),
    };
    list.iter().map(hide).collect()
}

/// Who somebody at this address becomes who authenticates so.
pub fn authenticated(scheme: &str, auth: &str, address: &str) -> Result<Id, ErrorCode> {
    match scheme {
        "digest" => Ok(Id::new("digest", &secret::digest(auth))),
        "ip" => Ok(Id::new("ip", address)),
        _ => Err(ErrorCode::AuthFailed),
    }
}

/// How whoAmI tells an identity: the user alone of a digest, and nothing of who is super.
pub fn told(id: &Id) -> Option<Id> {
    Some(match &*id.scheme {
        "super" => return None,
        "digest" => Id { scheme: Arc::clone(&id.scheme), id: id.id.split(':').next().unwrap_or_default().into() },
        _ => id.clone(),
    })
}

/// Whether an identity was proven: an address was not.
fn is_authenticated(id: &Id) -> bool {
    &*id.scheme == "digest"
}

/// Whether a scheme has such ids. world and auth have none but those looked at before.
fn is_valid(id: &Id) -> bool {
    match &*id.scheme {
        // String.split drops what is empty at the end.
        "digest" => id.id.trim_end_matches(':').split(':').count() == 2,
        "ip" => network(&id.id).is_some(),
        _ => false,
    }
}

fn is_within(address: &str, expression: &str) -> bool {
    let (Some(address), Some((network, mask))) = (address_bits(address), network(expression)) else { return false };
    address & mask == network & mask
}

/// An address with a number of bits, all 32 if it has none; and their mask.
fn network(expression: &str) -> Option<(u32, u32)> {
    let (address, bits) = match expression.split_once('/') {
        Some((address, bits)) => (address, bits.parse::<i32>().ok().filter(|bits| (0..=32).contains(bits))?),
        None => (expression, 32),
    };
    Some((address_bits(address)?, u32::MAX.checked_shl(32 - bits as u32).unwrap_or(0)))
}

fn address_bits(address: &str) -> Option<u32> {
    let parts = address.split('.').map(|part| part.parse::<i32>().ok().filter(|part| (0..=255).contains(part)));
    let parts = parts.collect::<Option<Vec<_>>>().filter(|parts| parts.len() == 4)?;
    Some(parts.into_iter().fold(0, |bits, part| bits << 8 | part as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Vec<Id> {
        vec![Id::new("ip", "10.0.0.3"), Id::new("digest", "ann:1"), Id::new("digest", "bob:2")]
    }

    fn list(entries: &[(i32, &str, &str)]) -> Vec<Acl> {
        entries.iter().map(|(perms, scheme, id)| Acl::new(Perms(*perms), scheme, id)).collect()
    }

    #[test]
    fn lists_are_kept_as_zookeeper_keeps_them() {
        let check = |asked: &[(i32, &str, &str)], expected: Option<&[(i32, &str, &str)]>| {
            let expected = expected.map(|entries| list(entries).into()).ok_or(ErrorCode::InvalidAcl);
            assert_eq!(kept(&list(asked), &me()), expected, "{asked:?}");
        };
        let same = |asked: &[(i32, &str, &str)]| check(asked, Some(asked));
        let refused = |asked: &[(i32, &str, &str)]| check(asked, None);
        same(&[(31, "world", "anyone")]);
        same(&[(0, "world", "anyone")]); // Nobody may do anything, and that is a list.
        same(&[(31, "world", "anyone"), (1, "world", "anyone")]);
        check(&[(31, "world", "anyone"), (31, "world", "anyone")], Some(&[(31, "world", "anyone")]));
        check(&[(4, "world", "anyone"), (31, "auth", "")], Some(&[(4, "world", "anyone"), (31, "digest", "ann:1"), (31, "digest", "bob:2")]));
        check(&[(1, "digest", "ann:1"), (1, "auth", "ignored")], Some(&[(1, "digest", "ann:1"), (1, "digest", "ann:1"), (1, "digest", "bob:2")])); // Once only before.
        same(&[(31, "ip", "10.0.0.1")]);
        same(&[(31, "ip", "10.0.0.0/8"), (1, "digest", "x:y")]);
        same(&[(1, "digest", "x:y:")]); // String.split does not see the last colon.
        same(&[(1, "digest", ":y")]);
        refused(&[]);
        refused(&[(31, "world", "me")]);
        refused(&[(31, "nope", "x")]);
        refused(&[(31, "super", "")]);
        refused(&[(31, "ip", "10.0.0")]);
        refused(&[(31, "ip", "10.0.0.256")]);
        refused(&[(31, "ip", "10.0.0.0/33")]);
        refused(&[(31, "digest", "x")]);
        refused(&[(31, "digest", "x:y:z")]);
        refused(&[(31, "digest", "::")]);
        refused(&[(31, "digest", "x:")]);
        refused(&[(31, "world", "anyone"), (31, "nope", "x")]);
        assert_eq!(kept(&list(&[(31, "auth", "")]), &me()[..1]), Err(ErrorCode::InvalidAcl), "an address proves nothing");
    }

    #[test]
    fn lists_allow_whom_they_name() {
        let check = |entries: &[(i32, &str, &str)], wanted: Perms, allowed: bool| assert_eq!(allows(&list(entries), wanted, &me()), allowed, "{entries:?}");
        check(&[(1, "world", "anyone")], Perms::READ, true);
        check(&[(1, "world", "anyone")], Perms::WRITE, false);
        check(&[(16, "world", "anyone")], Perms(17), true); // Any of them.
        check(&[(1, "digest", "ann:1")], Perms::READ, true);
        check(&[(1, "digest", "ann:2")], Perms::READ, false);
        check(&[(1, "ip", "10.0.0.3")], Perms::READ, true);
        check(&[(1, "ip", "10.0.0.2/31")], Perms::READ, true);
        check(&[(1, "ip", "10.0.0.2")], Perms::READ, false);
        check(&[(1, "ip", "99.9.9.9/0")], Perms::READ, true);
        check(&[(2, "world", "anyone"), (1, "ip", "10.0.0.3")], Perms::READ, true);
    }

    #[test]
    fn whoever_may_not_administer_sees_no_hash() {
        assert_eq!(&*hidden(&list(&[(1, "digest", "ann:1"), (2, "ip", "10.0.0.1")])), list(&[(1, "digest", "ann:x"), (2, "ip", "10.0.0.1")]));
    }
}
