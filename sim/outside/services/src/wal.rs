//! The bytes of a write-ahead file: a whole state first, then what was done to it, each with its length and a checksum.
//! Pure functions; never an order of writing.
//!
//! Facts are noted when what they tell of is durable, in the same step as the answer. A crash between the two leaves
//! the next life in doubt whether the last of them were noted. So each entry says how far its author had told when it
//! was written, and what lies behind the last such word is told again after a restart.

use outside_words::fact::OutsideFact;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::codec::{decode, encode};
use crate::core::Core;

/// Bytes before a body: its length and a checksum over length and body.
const FRAME_LEN: usize = 12;

/// The first frame: the state, and the facts of it that may not have been told. It is unit 1.
#[derive(Serialize, Deserialize)]
struct Head<C> {
    core: C,
    untold: Vec<OutsideFact>,
}

/// A later frame: unit 2 and so on.
#[derive(Serialize, Deserialize)]
struct Entry<D> {
    /// All units up to this one had been told.
    told: u64,
    command: D,
}

/// What a file comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recovered<C> {
    /// The state.
    pub(crate) core: C,
    /// The facts that may not have been told.
    pub(crate) untold: Vec<OutsideFact>,
    /// Bytes of a torn tail.
    pub(crate) torn_bytes: usize,
}

/// The first frame.
pub(crate) fn head<C: Core>(core: &C, untold: &[OutsideFact]) -> Vec<u8> {
    frame(encode(&(core, untold)))
}

/// A later frame.
pub(crate) fn entry<D: Serialize>(told: u64, command: &D) -> Vec<u8> {
    frame(encode(&(told, command)))
}

/// Reads a file over what the service is without one. An error says what is damaged in it: a frame that cannot be read,
/// although a later one says that it was told.
pub(crate) fn recover<C: Core>(fresh: C, bytes: &[u8]) -> Result<Recovered<C>, String> {
    // Without a head the file is of a life that failed to put it there and wrote on before it knew.
    let (Head { mut core, untold }, mut rest, mut unit) = match read::<Head<C>>(bytes) {
        Some((head, rest)) => (head, rest, 1),
        None => (Head { core: fresh, untold: vec![] }, &[][..], 0),
    };
    let mut told = 0;
    let mut facts: Vec<(u64, OutsideFact)> = untold.into_iter().map(|fact| (1, fact)).collect();
    while let Some((entry, behind)) = read::<Entry<C::Command>>(rest) {
        unit += 1;
        told = told.max(entry.told);
        facts.extend(core.apply(entry.command).0.into_iter().map(|fact| (unit, fact)));
        rest = behind;
    }
    // What was never told may be missing though later frames are there: their pages were written, and those of a sync
    // that failed were not.
    let unread = if unit == 0 { bytes } else { rest };
    for at in 0..unread.len() {
        if let Some((entry, _)) = read::<Entry<C::Command>>(&unread[at..])
            && entry.told > unit
        {
            return Err(format!("unit {} cannot be read, and units up to {} were told", unit + 1, entry.told));
        }
    }
    facts.retain(|(unit, _)| *unit > told);
    Ok(Recovered { core, untold: facts.into_iter().map(|(_, fact)| fact).collect(), torn_bytes: unread.len() })
}

fn frame(body: Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + FRAME_LEN);
    bytes.extend_from_slice(&(body.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&sum(&body).to_be_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// The frame at the head of `bytes`, and what is behind it.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<(T, &[u8])> {
    let (len, rest) = bytes.split_at_checked(4)?;
    let (expected, rest) = rest.split_at_checked(8)?;
    let (body, rest) = rest.split_at_checked(u32::from_be_bytes(len.try_into().ok()?) as usize)?;
    (sum(body).to_be_bytes() == expected).then(|| decode(body)).flatten().map(|value| (value, rest))
}

/// The checksum of a body and its length: zeros are no frame.
fn sum(body: &[u8]) -> u64 {
    xxh3_64(body) ^ (body.len() as u64).rotate_left(32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::{Blobs, Command};
    use outside_words::fact::Author;
    use outside_words::ids::LeaderId;

    fn put(name: &str) -> Command {
        Command::Put { name: name.into(), bytes: name.as_bytes().into(), by: Author::Leader(LeaderId(1)) }
    }

    /// The names in a file, and the facts that it tells again, by their names.
    fn read_back(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), String> {
        let recovered = recover(Blobs::default(), bytes)?;
        let names = recovered.core.all().map(|(name, _)| name.to_string()).collect();
        let untold = recovered.untold.iter().map(|fact| if let OutsideFact::BlobPut { name, .. } = fact { name.to_string() } else { String::new() });
        Ok((names, untold.collect()))
    }

    fn check(frames: &[Vec<u8>], cut: usize, names: &[&str], untold: &[&str]) {
        let bytes = frames.concat();
        let expected = [names, untold].map(|names| names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
        assert_eq!(read_back(&bytes[..bytes.len() - cut]).map(|(names, untold)| [names, untold]), Ok(expected));
    }

    #[test]
    fn a_file_is_read_as_far_as_it_goes() {
        let mut kept = Blobs::default();
        let facts = kept.apply(put("k")).0;
        let start = head(&kept, &[]);
        check(&[], 0, &[], &[]); // It was made and nothing more.
        check(std::slice::from_ref(&start), 0, &["k"], &[]);
        check(&[head(&kept, &facts)], 0, &["k"], &["k"]);
        check(&[head(&kept, &facts), entry(0, &put("a"))], 0, &["a", "k"], &["k", "a"]);
        check(&[head(&kept, &facts), entry(1, &put("a"))], 0, &["a", "k"], &["a"]);
        check(&[start.clone(), entry(1, &put("a")), entry(2, &put("b"))], 0, &["a", "b", "k"], &["b"]);
        check(&[start.clone(), entry(1, &put("a")), entry(1, &put("b"))], 0, &["a", "b", "k"], &["a", "b"]);
        check(&[start.clone(), entry(1, &put("a")), entry(1, &put("b"))], 1, &["a", "k"], &["a"]); // A torn tail.
        check(&[start.clone(), entry(1, &put("a")), vec![0; 300]], 0, &["a", "k"], &["a"]); // Its length alone was written.
        check(&[start.clone(), vec![0; 30], entry(1, &put("b"))], 0, &["k"], &[]); // A hole, of which nobody was told.
        check(&[entry(0, &put("a"))], 0, &[], &[]); // The head never came.
    }

    #[test]
    fn a_hole_in_what_was_told_is_damage() {
        let start = head(&Blobs::default(), &[]);
        let bad = |mut frame: Vec<u8>| {
            let last = frame.len() - 1;
            frame[last] ^= 1;
            frame
        };
        for frames in [[start.clone(), bad(entry(1, &put("a"))), entry(2, &put("b"))], [bad(start), entry(1, &put("a")), entry(1, &put("b"))]] {
            assert!(read_back(&frames.concat()).is_err());
        }
    }
}
