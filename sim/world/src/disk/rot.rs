//! A disk gone bad: bits that flip and writes that go astray. It changes durable bytes only; never a length, never a
//! name.

use contract::process::FileName;

use super::file::SECTOR_BYTES;
use super::names::Inode;
use super::{Disk, kind};

impl Disk {
    /// Whether a file of a kind has a durable bit to flip.
    pub(crate) fn can_rot(&self, of_kind: &str) -> bool {
        !self.rottable(of_kind).is_empty()
    }

    /// Flips one durable bit in a file of a kind. `None` if no such file has one.
    pub(crate) fn rot(&mut self, of_kind: &str) -> Option<FileName> {
        let victims = self.rottable(of_kind);
        if victims.is_empty() {
            return None;
        }
        let (name, inode) = self.defect_dice.pick(&victims).clone();
        let bits = self.contents[&inode].on_disk().len() as u64 * 8;
        let bit = self.defect_dice.below(bits);
        self.content(inode).on_disk_mut()[(bit / 8) as usize] ^= 1 << (bit % 8);
        self.defects.is_damaged = true;
        Some(name)
    }

    /// Writes a sector of a file over another place of the disk, and says whose. `None` if there is no other place
    /// whose bytes it would change.
    pub(super) fn stray(&mut self, from: Inode) -> Option<FileName> {
        let source = self.contents.get(&from)?.on_disk().to_vec();
        if source.is_empty() {
            return None;
        }
        let sectors = |len: usize| (len as u64).div_ceil(SECTOR_BYTES);
        let sector = self.defect_dice.below(sectors(source.len()));
        let begin = (sector * SECTOR_BYTES) as usize;
        let bytes = &source[begin..source.len().min(begin + SECTOR_BYTES as usize)];
        let mut places: Vec<(FileName, Inode, usize)> = Vec::new();
        for (name, inode) in self.names.seen() {
            let there = self.contents[&inode].on_disk();
            for at in (0..sectors(there.len())).map(|sector| (sector * SECTOR_BYTES) as usize) {
                let covered = bytes.len().min(there.len() - at);
                if there[at..at + covered] != bytes[..covered] {
                    places.push((name.clone(), inode, at));
                }
            }
        }
        if places.is_empty() {
            return None;
        }
        let (name, inode, at) = self.defect_dice.pick(&places).clone();
        let bytes = bytes.to_vec();
        let there = self.content(inode).on_disk_mut();
        let covered = bytes.len().min(there.len() - at);
        there[at..at + covered].copy_from_slice(&bytes[..covered]);
        self.defects.is_damaged = true;
        Some(name)
    }

    fn rottable(&self, of_kind: &str) -> Vec<(FileName, Inode)> {
        let files = self.names.seen().filter(|(name, inode)| kind(name) == of_kind && !self.contents[inode].on_disk().is_empty());
        files.map(|(name, inode)| (name.clone(), inode)).collect()
    }
}
