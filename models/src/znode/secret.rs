//! What becomes of a password in scheme digest: base64 of its SHA-1 (RFC 3174, RFC 4648), as ZooKeeper writes it into access control lists. Written out, because two dozen lines are less to trust than a tree of crates; never used to keep a secret.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `user:password` as an id of scheme digest: `user:hash`, the hash being over both.
pub fn digest(user_and_password: &str) -> String {
    let user = user_and_password.split(':').next().unwrap_or_default();
    format!("{user}:{}", base64(&sha1(user_and_password.as_bytes())))
}

fn sha1(message: &[u8]) -> [u8; 20] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded.chunks_exact(64) {
        mix(&mut state, block);
    }
    let mut hash = [0; 20];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// One block's 80 rounds.
fn mix(state: &mut [u32; 5], block: &[u8]) {
    let mut words = [0u32; 80];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    for at in 16..80 {
        words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (at, word) in words.into_iter().enumerate() {
        let (choice, constant) = match at / 20 {
            0 => (b & c | !b & d, 0x5a82_7999),
            1 => (b ^ c ^ d, 0x6ed9_eba1),
            2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6u32),
        };
        let next = a.rotate_left(5).wrapping_add(choice).wrapping_add(e).wrapping_add(constant).wrapping_add(word);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    for (word, add) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.wrapping_add(add);
    }
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | three.get(at).map_or(0, |byte| u32::from(*byte)));
        for at in 0..4 {
            let six = ALPHABET[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= three.len() { char::from(six) } else { '=' });
        }
    }
    text
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
        let check = |length: usize, first: u8| assert_eq!(sha1(&vec![b'a'; length])[0], first, "{length}");
        check(55, 0xc1);
        check(56, 0xc2);
        check(63, 0x03);
        check(64, 0x00);
        check(119, 0xee);
        check(120, 0xf3);
    }
}
