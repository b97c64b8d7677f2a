//! A file's content: what is durable, and what was done to it since. The page cache is the durable part with all of
//! that applied; a crash keeps a prefix of it. Never a name.

use std::collections::VecDeque;

/// What was done to a file, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Deed {
    change: Change,
    /// A sync of it failed: the page cache shows it and no later sync writes it ("fsyncgate": the pages are marked
    /// clean).
    forsaken: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Append(Vec<u8>),
    Truncate(u64),
}

/// How a crash cuts what was not durable. Counted in units: a byte appended is one, a truncation is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The first so many units are kept.
    Keep(u64),
    /// So many are kept, and then up to the next sector boundary the length was written but not the bytes: they are
    /// zero.
    Torn(u64),
    /// The first so many are kept, less what reaches into a sector that is not full.
    Sector(u64),
}

/// What a disk writes whole or not at all.
pub(crate) const SECTOR_BYTES: u64 = 512;

/// What a crash cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    /// Bytes that were written but not durable.
    pub(crate) unsynced: u64,
    /// Bytes that a sync had promised.
    pub(crate) promised: u64,
}

/// A file's content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    durable: Vec<u8>,
    /// What was done since, oldest first.
    deeds: VecDeque<Deed>,
    /// How many deeds are durable.
    hardened: u64,
    /// Deeds before this one were promised durable by a lie.
    promised: u64,
    /// What the page cache shows in place of durable bytes: places and bytes whose sync failed.
    cached_only: Vec<(usize, Vec<u8>)>,
    /// The length as the page cache shows it.
    len: u64,
}

impl Content {
    /// A content that is durable from the start.
    pub(crate) fn durable(bytes: Vec<u8>) -> Content {
        Content { len: bytes.len() as u64, durable: bytes, ..Content::default() }
    }

    pub(crate) fn append(&mut self, bytes: Vec<u8>) {
        self.len += bytes.len() as u64;
        self.deeds.push_back(Deed { change: Change::Append(bytes), forsaken: false });
    }

    /// Cuts the file, or fills it up with zeros, to `len`.
    pub(crate) fn truncate(&mut self, len: u64) {
        self.len = len;
        self.deeds.push_back(Deed { change: Change::Truncate(len), forsaken: false });
    }

    /// How many deeds there were: a sync asked for now is a promise about those.
    pub(crate) fn deeds(&self) -> u64 {
        self.hardened + self.deeds.len() as u64
    }

    /// The length as the page cache shows it.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// What is durable.
    pub(crate) fn on_disk(&self) -> &[u8] {
        &self.durable
    }

    /// What is durable, for a disk that goes bad.
    pub(crate) fn on_disk_mut(&mut self) -> &mut [u8] {
        &mut self.durable
    }

    /// The content as the page cache shows it.
    pub(crate) fn read(&self) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for (at, cached) in &self.cached_only {
            bytes[*at..at + cached.len()].copy_from_slice(cached);
        }
        for deed in &self.deeds {
            match &deed.change {
                Change::Append(more) => bytes.extend_from_slice(more),
                Change::Truncate(len) => bytes.resize(*len as usize, 0),
            }
        }
        bytes
    }

    /// A sync came true: the first `deeds` deeds are durable, but for those that an earlier failure forsook.
    pub(crate) fn harden(&mut self, deeds: u64) {
        while self.hardened < deeds {
            let Some(deed) = self.deeds.pop_front() else { break };
            self.hardened += 1;
            match deed.change {
                Change::Append(bytes) if deed.forsaken => {
                    let at = self.durable.len();
                    self.durable.resize(at + bytes.len(), 0);
                    self.cached_only.push((at, bytes));
                }
                Change::Append(bytes) if self.durable.is_empty() => self.durable = bytes,
                Change::Append(bytes) => self.durable.extend_from_slice(&bytes),
                Change::Truncate(len) => self.cut_durable(len as usize),
            }
        }
    }

    /// A sync failed: its pages are clean in the cache and were never written.
    pub(crate) fn forsake(&mut self, deeds: u64) {
        let count = deeds.saturating_sub(self.hardened) as usize;
        for deed in self.deeds.iter_mut().take(count) {
            deed.forsaken = true;
        }
    }

    /// A sync lied: the first `deeds` deeds are promised and not durable.
    pub(crate) fn promise(&mut self, deeds: u64) {
        self.promised = self.promised.max(deeds);
    }

    /// Whether a lie stands that a power failure would show: of a lying sync, or of a true one that went over pages
    /// which a failed one had forsaken.
    pub(crate) fn has_lies(&self) -> bool {
        self.promised > self.hardened || !self.cached_only.is_empty()
    }

    /// All that was promised becomes durable after all.
    pub(crate) fn keep_promises(&mut self) {
        self.harden(self.promised);
        for (at, bytes) in std::mem::take(&mut self.cached_only) {
            self.durable[at..at + bytes.len()].copy_from_slice(&bytes);
        }
    }

    /// How many units a crash may cut.
    pub(crate) fn pending_units(&self) -> u64 {
        self.deeds.iter().map(Deed::units).sum()
    }

    /// The power fails. What is kept is durable now, and the page cache is gone.
    pub(crate) fn lose_power(&mut self, cut: Cut) -> Loss {
        let (mut left, is_torn, is_sector) = match cut {
            Cut::Keep(units) => (units, false, false),
            Cut::Torn(units) => (units, true, false),
            Cut::Sector(units) => (units, false, true),
        };
        let mut loss = Loss::default();
        let deeds = std::mem::take(&mut self.deeds);
        let mut is_cut = false;
        for (i, deed) in deeds.into_iter().enumerate() {
            let is_promised = self.hardened + (i as u64) < self.promised;
            let units = deed.units();
            let kept = units.min(left);
            left -= kept;
            let lost = match deed.change {
                Change::Truncate(len) => {
                    if kept > 0 {
                        self.cut_durable(len as usize);
                    }
                    0
                }
                Change::Append(mut bytes) => {
                    if deed.forsaken {
                        bytes.fill(0);
                    }
                    let begin = self.durable.len() as u64;
                    let end = begin + kept;
                    let is_partial = kept < units && !is_cut;
                    let end = if is_partial && is_sector { begin.max(end - end % SECTOR_BYTES) } else { end };
                    self.durable.extend_from_slice(&bytes[..(end - begin) as usize]);
                    if is_partial && is_torn {
                        let torn = end.next_multiple_of(SECTOR_BYTES).min(begin + units);
                        self.durable.resize(torn as usize, 0);
                    }
                    if deed.forsaken { units } else { units - (end - begin) }
                }
            };
            is_cut |= kept < units;
            if is_promised {
                loss.promised += lost;
            } else {
                loss.unsynced += lost;
            }
        }
        loss.promised += self.cached_only.drain(..).map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
        self.hardened = 0;
        self.promised = 0;
        self.len = self.durable.len() as u64;
        loss
    }

    /// A truncation reaches the disk, and with it what the cache showed beyond.
    fn cut_durable(&mut self, len: usize) {
        self.durable.resize(len, 0);
        self.cached_only.retain_mut(|(at, bytes)| {
            bytes.truncate(len.saturating_sub(*at));
            !bytes.is_empty()
        });
    }
}

impl Deed {
    fn units(&self) -> u64 {
        match &self.change {
            Change::Append(bytes) => bytes.len() as u64,
            Change::Truncate(_) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(durable: &[u8], appended: &[&[u8]]) -> Content {
        let mut file = Content::durable(durable.to_vec());
        appended.iter().for_each(|bytes| file.append(bytes.to_vec()));
        file
    }

    #[test]
    fn a_crash_keeps_a_prefix() {
        let check = |cut: Cut, kept: &[u8], unsynced: u64| {
            let mut file = file(b"base", &[b"abc", b"de"]);
            assert_eq!(file.lose_power(cut), Loss { unsynced, promised: 0 }, "{cut:?}");
            assert_eq!(file.on_disk(), kept, "{cut:?}");
            assert_eq!((file.read(), file.len()), (kept.to_vec(), kept.len() as u64), "{cut:?}");
        };
        check(Cut::Keep(0), b"base", 5);
        check(Cut::Keep(2), b"baseab", 3);
        check(Cut::Keep(4), b"baseabcd", 1);
        check(Cut::Keep(5), b"baseabcde", 0);
        check(Cut::Torn(1), b"basea\0\0", 4); // The rest of its sector, as far as the append reached.
        check(Cut::Sector(4), b"baseabc", 2); // The append that was cut ends at no sector boundary: none of it is left.
    }

    #[test]
    fn a_crash_tears_at_sectors() {
        let mut torn = file(&[1; 500], &[&[2; 1000]]);
        torn.lose_power(Cut::Torn(100));
        assert_eq!(torn.on_disk(), [[1; 500].as_slice(), &[2; 100], &[0; 424]].concat());
        let mut cut = file(&[1; 500], &[&[2; 1000]]);
        assert_eq!(cut.lose_power(Cut::Sector(100)).unsynced, 988);
        assert_eq!(cut.on_disk(), [[1; 500].as_slice(), &[2; 12]].concat());
    }

    #[test]
    fn a_truncation_is_undone_or_kept_with_what_followed() {
        let mut undone = file(b"base", &[]);
        undone.truncate(1);
        undone.append(b"xy".to_vec());
        assert_eq!(undone.read(), b"bxy");
        let mut kept = undone.clone();
        undone.lose_power(Cut::Keep(0));
        assert_eq!(undone.on_disk(), b"base");
        kept.lose_power(Cut::Keep(2));
        assert_eq!(kept.on_disk(), b"bx");
    }

    #[test]
    fn a_sync_hardens_what_was_done_before_it_was_asked_for() {
        let mut file = file(b"", &[b"ab"]);
        let asked = file.deeds();
        file.append(b"cd".to_vec());
        file.harden(asked);
        assert_eq!((file.on_disk(), file.read()), (b"ab".as_slice(), b"abcd".to_vec()));
    }

    #[test]
    fn what_a_failed_sync_forsook_no_later_sync_brings_back() {
        let mut file = file(b"base", &[b"abc"]);
        file.forsake(file.deeds());
        file.append(b"de".to_vec());
        file.harden(file.deeds());
        assert_eq!(file.read(), b"baseabcde"); // The cache shows it still.
        assert_eq!(file.on_disk(), b"base\0\0\0de");
        assert!(file.has_lies()); // The later sync came back, so its owner believes all of it.
        let mut kept = file.clone();
        kept.keep_promises();
        assert_eq!(kept.lose_power(Cut::Keep(0)), Loss::default());
        assert_eq!(kept.read(), b"baseabcde");
        assert_eq!(file.lose_power(Cut::Keep(0)), Loss { unsynced: 0, promised: 3 });
        assert_eq!(file.read(), b"base\0\0\0de");
    }

    #[test]
    fn a_lie_stands_until_a_true_sync_or_the_crash_that_shows_it() {
        let mut file = file(b"", &[b"abc"]);
        file.promise(file.deeds());
        assert!(file.has_lies());
        let mut lost = file.clone();
        assert_eq!(lost.lose_power(Cut::Keep(1)), Loss { unsynced: 0, promised: 2 });
        let mut kept = file.clone();
        kept.keep_promises();
        assert_eq!(kept.lose_power(Cut::Keep(0)), Loss::default());
        assert_eq!(kept.read(), b"abc");
        file.harden(file.deeds());
        assert!(!file.has_lies());
    }
}
