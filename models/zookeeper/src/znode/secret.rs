//! What becomes of a password in scheme digest: base64 of its SHA-1 (RFC 3174, RFC 4648), as ZooKeeper writes it into access control lists. Never used to keep a secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// `user:password` as an id of scheme digest: `user:hash`, the hash being over both.
pub fn digest(user_and_password: &str) -> String {
    let user = user_and_password.split(':').next().unwrap_or_default();
    format!("{user}:{}", STANDARD.encode(Sha1::digest(user_and_password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_zookeeper() {
        let check = |secret: &str, id: &str| assert_eq!(digest(secret), id);
        check("bob:secret", "bob:fyVmFCwVbTJYrznoSu1koqYEYF0="); // These three a real server showed.
        check("ann:pw", "ann:RYbu6l5aZwqon8VWmkcGvezdzfc=");
        check("eve:hunter2", "eve:JIwAWoWDtlpBBZrHVfwqSB8sjwY=");
        check("", ":2jmj7l5rSw0yVb/vlWAYkK/YBwk="); // SHA-1 of nothing is da39a3ee….
    }

    #[test]
    fn lengths_around_a_block_are_padded_well() {
        let check = |length: usize, first: u8| assert_eq!(Sha1::digest(vec![b'a'; length])[0], first, "{length}");
        check(55, 0xc1);
        check(56, 0xc2);
        check(63, 0x03);
        check(64, 0x00);
        check(119, 0xee);
        check(120, 0xf3);
    }
}
