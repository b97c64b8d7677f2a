//! A disk's directory: the names as processes see them, the names that are durable, and what was done between the two.
//! Never a file's content.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::process::FileName;

/// A file's place on its disk; its names may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Inode(pub(crate) u64);

/// What was done to the directory.
#[derive(Clone, Debug)]
enum Deed {
    /// A name stands for a file: it was made, or put in the place of another.
    Link(FileName, Inode),
    /// A file's name changed, over whatever had the new one.
    Rename(FileName, FileName),
    /// A name is gone.
    Remove(FileName),
}

/// A disk's directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    seen: BTreeMap<FileName, Inode>,
    durable: BTreeMap<FileName, Inode>,
    deeds: VecDeque<Deed>,
    /// How many deeds are durable.
    hardened: u64,
    /// Deeds before this one were promised durable by a lie.
    promised: u64,
    /// The name that was found last, while it stands for the same file.
    last: Option<(FileName, Inode)>,
}

impl Names {
    pub(crate) fn get(&self, file: &FileName) -> Option<Inode> {
        self.seen.get(file).copied()
    }

    /// The same, for a file that is written again and again.
    pub(crate) fn find(&mut self, file: &FileName) -> Option<Inode> {
        if let Some((name, inode)) = &self.last
            && name == file
        {
            return Some(*inode);
        }
        let inode = self.get(file)?;
        self.last = Some((file.clone(), inode));
        Some(inode)
    }

    /// How many names there are, as processes see them.
    pub(crate) fn len(&self) -> usize {
        self.seen.len()
    }

    pub(crate) fn link(&mut self, file: &FileName, inode: Inode) {
        self.done(Deed::Link(file.clone(), inode));
    }

    pub(crate) fn rename(&mut self, from: &FileName, to: &FileName) {
        self.done(Deed::Rename(from.clone(), to.clone()));
    }

    pub(crate) fn remove(&mut self, file: &FileName) {
        self.done(Deed::Remove(file.clone()));
    }

    /// The names, sorted.
    pub(crate) fn list(&self) -> Vec<FileName> {
        self.seen.keys().cloned().collect()
    }

    /// The files as processes see them.
    pub(crate) fn seen(&self) -> impl Iterator<Item = (&FileName, Inode)> {
        self.seen.iter().map(|(name, inode)| (name, *inode))
    }

    /// How many deeds there were: a sync asked for now is a promise about those.
    pub(crate) fn deeds(&self) -> u64 {
        self.hardened + self.deeds.len() as u64
    }

    /// How many deeds a crash may cut.
    pub(crate) fn pending(&self) -> u64 {
        self.deeds.len() as u64
    }

    /// A sync came true.
    pub(crate) fn harden(&mut self, deeds: u64) {
        while self.hardened < deeds {
            let Some(deed) = self.deeds.pop_front() else { break };
            self.hardened += 1;
            apply(&mut self.durable, deed);
        }
    }

    /// A sync lied.
    pub(crate) fn promise(&mut self, deeds: u64) {
        self.promised = self.promised.max(deeds);
    }

    /// Whether a lie stands that a power failure would show.
    pub(crate) fn has_lies(&self) -> bool {
        self.promised > self.hardened
    }

    /// All that was promised becomes durable after all.
    pub(crate) fn keep_promises(&mut self) {
        self.harden(self.promised);
    }

    /// The power fails; the first `kept` of what was pending is durable. Says which files are gone though they had a
    /// name, and whether a promise was about them.
    pub(crate) fn lose_power(&mut self, kept: u64) -> Vec<(Inode, bool)> {
        let had_lies = self.hardened + kept < self.promised;
        self.harden(self.hardened + kept);
        let survivors: BTreeSet<Inode> = self.durable.values().copied().collect();
        let gone = self.seen.values().filter(|inode| !survivors.contains(inode)).map(|inode| (*inode, had_lies)).collect();
        self.seen = self.durable.clone();
        self.last = None;
        self.deeds.clear();
        self.hardened = 0;
        self.promised = 0;
        gone
    }

    /// All files that have a name, durable or not, or may get one back.
    pub(crate) fn alive(&self) -> BTreeSet<Inode> {
        let linked = self.deeds.iter().filter_map(|deed| match deed {
            Deed::Link(_, inode) => Some(*inode),
            Deed::Rename(..) | Deed::Remove(_) => None,
        });
        self.seen.values().chain(self.durable.values()).copied().chain(linked).collect()
    }

    fn done(&mut self, deed: Deed) {
        self.last = None;
        apply(&mut self.seen, deed.clone());
        self.deeds.push_back(deed);
    }
}

fn apply(names: &mut BTreeMap<FileName, Inode>, deed: Deed) {
    match deed {
        Deed::Link(file, inode) => {
            names.insert(file, inode);
        }
        Deed::Rename(from, to) => {
            if let Some(inode) = names.remove(&from) {
                names.insert(to, inode);
            }
        }
        Deed::Remove(file) => {
            names.remove(&file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_where_it_stands_now() {
        let name = |name: &str| FileName::from(name);
        let mut names = Names::default();
        let check = |names: &mut Names, file: &str, inode: Option<u64>| {
            assert_eq!(names.find(&name(file)), inode.map(Inode), "{file}");
            assert_eq!(names.find(&name(file)), names.get(&name(file)), "{file}, once more");
        };
        check(&mut names, "a", None);
        names.link(&name("a"), Inode(1));
        check(&mut names, "a", Some(1));
        names.link(&name("b"), Inode(2));
        check(&mut names, "a", Some(1));
        names.rename(&name("b"), &name("a"));
        check(&mut names, "a", Some(2));
        check(&mut names, "b", None);
        names.lose_power(1);
        check(&mut names, "a", Some(1));
        names.remove(&name("a"));
        check(&mut names, "a", None);
    }

    #[test]
    fn a_crash_keeps_a_prefix_of_what_was_done_to_the_directory() {
        let name = |name: &str| FileName::from(name);
        let check = |kept: u64, left: &[(&str, u64)]| {
            let mut names = Names::default();
            names.link(&name("a"), Inode(1));
            names.harden(1);
            names.link(&name("new"), Inode(2));
            names.rename(&name("new"), &name("a"));
            names.remove(&name("a"));
            assert_eq!(names.list(), [] as [FileName; 0]);
            names.lose_power(kept);
            let seen: Vec<(&str, u64)> = names.seen().map(|(name, inode)| (&**name, inode.0)).collect();
            assert_eq!(seen, left, "{kept} kept");
        };
        check(0, &[("a", 1)]);
        check(1, &[("a", 1), ("new", 2)]);
        check(2, &[("a", 2)]);
        check(3, &[]);
    }
}
