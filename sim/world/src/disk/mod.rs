//! A machine's disk: real bytes in files, a page cache before them, a queue of operations with latencies. Writes reach
//! the page cache at once and the disk when a sync comes true; a power failure keeps what chance lets it of the rest.
//! It answers in the order of asking; never a file of another machine.

mod file;
mod defects;
mod names;
mod rot;

use std::collections::{BTreeMap, VecDeque};

use contract::dice::Dice;
use contract::ids::MachineId;
use contract::plan::DiskWeather;
use contract::process::{DiskAnswer, DiskError, FileName, Token};
use contract::time::MICROSECOND;

pub(crate) use defects::Defects;
use file::{Content, Cut, Loss};
use names::{Inode, Names};

/// The longest file. A process that asks for more has lost count, and the machine that runs the simulation would run
/// out of memory.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 30;

/// An operation in the queue.
#[derive(Clone, Debug)]
struct Asked {
    done_ns: u64,
    operation: Operation,
}

#[derive(Clone, Debug)]
enum Operation {
    /// The answer is known; it only takes its time.
    Answer(DiskAnswer),
    /// A file is to become durable, as far as it went when this was asked.
    Sync { inode: Inode, file: FileName, deeds: u64, token: Token },
    /// All names are.
    SyncDir { deeds: u64, token: Token },
}

/// What the disk did when an operation's time had come.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) answer: DiskAnswer,
    /// These files became durable: the one of which a sync was asked, or those that were replaced before their directory
    /// was synced.
    pub(crate) durable: Vec<FileName>,
    /// A sector of it was also written over a place in this file.
    pub(crate) strayed_into: Option<FileName>,
}

/// A disk.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    weather: DiskWeather,
    /// Latencies.
    dice: Dice,
    /// Where faults hit.
    defect_dice: Dice,
    names: Names,
    contents: BTreeMap<Inode, Content>,
    next_inode: u64,
    queue: VecDeque<Asked>,
    busy_until_ns: u64,
    /// Files that were put in the place of others and wait for the directory's sync, each with how many deeds there were
    /// then.
    replaced: Vec<(u64, FileName)>,
    /// Files to which an append failed, until the process is told.
    stopped: BTreeMap<Inode, DiskError>,
    pub(crate) defects: Defects,
    /// Faults that have spent themselves; the world looks after each operation.
    pub(crate) over: Vec<u32>,
}

impl Disk {
    pub(crate) fn new(seed: u64, machine: MachineId, weather: DiskWeather) -> Disk {
        Disk {
            weather,
            dice: Dice::named(seed, "disk", u64::from(machine.0), 0),
            defect_dice: Dice::named(seed, "disk-flaw", u64::from(machine.0), 0),
            names: Names::default(),
            contents: BTreeMap::new(),
            next_inode: 0,
            queue: VecDeque::new(),
            busy_until_ns: 0,
            replaced: Vec::new(),
            stopped: BTreeMap::new(),
            defects: Defects::default(),
            over: Vec::new(),
        }
    }

    /// Other dice from here on.
    pub(crate) fn redice(&mut self, seed: u64, machine: MachineId) {
        self.dice = Dice::named(seed, "disk", u64::from(machine.0), 0);
        self.defect_dice = Dice::named(seed, "disk-flaw", u64::from(machine.0), 0);
    }

    /// When the first operation of the queue is done; `None` if there is none, or the disk answers nothing.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        if self.defects.is_stalled() { None } else { self.queue.front().map(|asked| asked.done_ns) }
    }

    /// After a failed append nothing more gets into the file before its writer is told: a real one is told at once, and
    /// does not write on behind the gap.
    pub(crate) fn append(&mut self, now_ns: u64, file: &FileName, mut bytes: Vec<u8>) -> bool {
        let found = self.names.find(file);
        let stopped = found.and_then(|inode| self.stopped.get(&inode).copied());
        let failure = stopped.or_else(|| self.write_failure());
        if stopped.is_some() {
            bytes.clear();
        } else if failure.is_some() {
            // Nothing of it is there, or a part.
            let kept = if self.defect_dice.chance(500_000) { 0 } else { self.defect_dice.below(bytes.len() as u64 + 1) };
            bytes.truncate(kept as usize);
        }
        // A new file is there even if nothing could be written into it.
        let inode = found.unwrap_or_else(|| self.make(file, Content::default()));
        if failure.is_none() || !bytes.is_empty() {
            self.content(inode).append(bytes);
        }
        if let Some(failure) = failure {
            self.stopped.insert(inode, failure);
        }
        self.fail(now_ns, failure, file);
        failure.is_none()
    }

    pub(crate) fn truncate(&mut self, now_ns: u64, file: &FileName, len: u64) {
        match self.names.get(file) {
            Some(inode) => self.content(inode).truncate(len),
            None => self.fail(now_ns, Some(DiskError::Io), file),
        }
    }

    pub(crate) fn replace(&mut self, now_ns: u64, file: &FileName, bytes: Vec<u8>) -> bool {
        // The other file's sync costs its time though nobody is told.
        self.busy_until_ns = self.busy_until_ns.max(now_ns) + self.sync_ns();
        let failure = self.write_failure();
        if failure.is_none() {
            let is_lie = self.defects.is_lying();
            let content = if is_lie {
                let mut content = Content::default();
                content.append(bytes);
                content.promise(1);
                content
            } else {
                Content::durable(bytes)
            };
            self.make(file, content);
            self.forget_nameless();
            if !is_lie {
                self.replaced.push((self.names.deeds(), file.clone()));
            }
        }
        self.fail(now_ns, failure, file);
        failure.is_none()
    }

    pub(crate) fn rename(&mut self, now_ns: u64, from: &FileName, to: &FileName) {
        if self.names.get(from).is_none() {
            self.fail(now_ns, Some(DiskError::Io), from);
        } else {
            self.names.rename(from, to);
            self.forget_nameless();
        }
    }

    /// Removes a file; there need not be one.
    pub(crate) fn remove(&mut self, file: &FileName) {
        if self.names.get(file).is_some() {
            self.names.remove(file);
            self.forget_nameless();
        }
    }

    pub(crate) fn sync(&mut self, now_ns: u64, file: &FileName, token: Token) {
        let done_in_ns = self.sync_ns();
        let operation = match self.names.find(file) {
            Some(inode) => Operation::Sync { inode, file: file.clone(), deeds: self.content(inode).deeds(), token },
            None => Operation::Answer(DiskAnswer::Failed { token: Some(token), file: Some(file.clone()), error: DiskError::Io }),
        };
        self.ask(now_ns, done_in_ns, operation);
    }

    pub(crate) fn sync_dir(&mut self, now_ns: u64, token: Token) {
        let done_in_ns = self.sync_ns();
        self.ask(now_ns, done_in_ns, Operation::SyncDir { deeds: self.names.deeds(), token });
    }

    pub(crate) fn read(&mut self, now_ns: u64, file: &FileName, token: Token) {
        let bytes = self.read_now(file);
        self.ask(now_ns, self.other_ns(), Operation::Answer(DiskAnswer::Read { token, bytes }));
    }

    pub(crate) fn list(&mut self, now_ns: u64, token: Token) {
        let files = self.names.list();
        self.ask(now_ns, self.other_ns(), Operation::Answer(DiskAnswer::Listed { token, files }));
    }

    /// A file's content as the page cache shows it.
    pub(crate) fn read_now(&self, file: &FileName) -> Option<Vec<u8>> {
        self.names.get(file).map(|inode| self.contents[&inode].read())
    }

    /// The first operation of the queue, if its time has come. A write may go astray only if it `may_stray`.
    pub(crate) fn complete(&mut self, now_ns: u64, may_stray: bool) -> Option<Done> {
        if self.next_ns()? > now_ns {
            return None;
        }
        let failed = |token, file, error| Done { answer: DiskAnswer::Failed { token: Some(token), file, error }, durable: Vec::new(), strayed_into: None };
        Some(match self.queue.pop_front()?.operation {
            Operation::Answer(answer) => {
                if let DiskAnswer::Failed { file: Some(file), .. } = &answer
                    && let Some(inode) = self.names.get(file)
                {
                    self.stopped.remove(&inode);
                }
                Done { answer, durable: Vec::new(), strayed_into: None }
            }
            Operation::Sync { inode, file, deeds, token } => {
                if self.defects.take_error(&mut self.over) {
                    if let Some(content) = self.contents.get_mut(&inode) {
                        content.forsake(deeds);
                    }
                    return Some(failed(token, Some(file), DiskError::Io));
                }
                let is_lie = self.defects.is_lying();
                if let Some(content) = self.contents.get_mut(&inode) {
                    if is_lie { content.promise(deeds) } else { content.harden(deeds) }
                }
                let mut strayed_into = None;
                if may_stray
                    && !is_lie
                    && let Some(fault) = self.defects.astray(kind(&file))
                {
                    strayed_into = self.stray(inode);
                    if strayed_into.is_some() {
                        self.defects.end(fault);
                        self.over.push(fault);
                    }
                }
                Done { answer: DiskAnswer::Synced { token }, durable: (!is_lie).then_some(file).into_iter().collect(), strayed_into }
            }
            Operation::SyncDir { deeds, token } => {
                if self.defects.take_error(&mut self.over) {
                    return Some(failed(token, None, DiskError::Io));
                }
                let mut durable = Vec::new();
                if self.defects.is_lying() {
                    self.names.promise(deeds);
                } else {
                    self.names.harden(deeds);
                    self.forget_nameless();
                    let count = self.replaced.partition_point(|(deed, _)| *deed <= deeds);
                    durable.extend(self.replaced.drain(..count).map(|(_, file)| file));
                }
                Done { answer: DiskAnswer::Synced { token }, durable, strayed_into: None }
            }
        })
    }

    /// The process died: nobody waits for an answer. The page cache stays.
    pub(crate) fn abandon(&mut self) {
        self.queue.clear();
        self.busy_until_ns = 0;
        self.stopped.clear();
    }

    /// Whether syncs have promised what is not durable.
    pub(crate) fn has_lies(&self) -> bool {
        self.names.has_lies() || self.contents.values().any(Content::has_lies)
    }

    /// All that syncs have promised becomes durable after all.
    pub(crate) fn keep_promises(&mut self) {
        self.names.keep_promises();
        self.contents.values_mut().for_each(Content::keep_promises);
    }

    /// The power fails: each file keeps a prefix of what was not durable, the directory a prefix of what was done to
    /// it. Says how much is lost, lies apart.
    pub(crate) fn lose_power(&mut self, mut dice: Dice, are_lies_kept: bool) -> (u64, u64) {
        self.abandon();
        if are_lies_kept {
            self.keep_promises();
        }
        self.replaced.clear();
        let mut total = Loss::default();
        let pending = self.names.pending();
        let kept = match dice.below(3) {
            0 => 0,
            1 => pending,
            _ => dice.between(0, pending),
        };
        for (inode, was_promised) in self.names.lose_power(kept) {
            let len = self.contents[&inode].len();
            if was_promised { total.promised += len } else { total.unsynced += len }
        }
        self.forget_nameless();
        for content in self.contents.values_mut() {
            let units = content.pending_units();
            let loss = content.lose_power(match dice.below(5) {
                0 => Cut::Keep(0),
                1 => Cut::Keep(units),
                2 => Cut::Keep(dice.between(0, units)),
                3 => Cut::Sector(dice.between(0, units)),
                _ => Cut::Torn(dice.between(0, units)),
            });
            total.unsynced += loss.unsynced;
            total.promised += loss.promised;
        }
        (total.unsynced, total.promised)
    }

    /// All is gone: another disk is in its place. Faults that hold go on holding. Says how many bytes there were.
    pub(crate) fn wipe(&mut self) -> u64 {
        self.abandon();
        let bytes = self.contents.values().map(Content::len).sum();
        self.names = Names::default();
        self.replaced.clear();
        self.contents.clear();
        (self.defects.is_damaged, self.defects.broke_promise) = (false, false);
        bytes
    }

    /// Every file: its name, its length, how much of it is durable.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&FileName, u64, u64)> {
        self.names.seen().map(|(name, inode)| (name, self.contents[&inode].len(), self.contents[&inode].on_disk().len() as u64))
    }

    /// How many operations wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    fn make(&mut self, file: &FileName, content: Content) -> Inode {
        let inode = Inode(self.next_inode);
        self.next_inode += 1;
        self.contents.insert(inode, content);
        self.names.link(file, inode);
        inode
    }

    fn content(&mut self, inode: Inode) -> &mut Content {
        self.contents.get_mut(&inode).expect("a file that has a name has a content")
    }

    /// Files without a name that no crash could give one back are gone.
    fn forget_nameless(&mut self) {
        // No two names stand for one file: where there are as many, every file has its name.
        if self.contents.len() == self.names.len() {
            return;
        }
        let alive = self.names.alive();
        self.contents.retain(|inode, _| alive.contains(inode));
    }

    fn write_failure(&mut self) -> Option<DiskError> {
        if self.defects.take_error(&mut self.over) { Some(DiskError::Io) } else { self.defects.is_full().then_some(DiskError::Full) }
    }

    fn fail(&mut self, now_ns: u64, failure: Option<DiskError>, file: &FileName) {
        if let Some(error) = failure {
            self.ask(now_ns, self.other_ns(), Operation::Answer(DiskAnswer::Failed { token: None, file: Some(file.clone()), error }));
        }
    }

    /// Operations are done one after the other.
    fn ask(&mut self, now_ns: u64, takes_ns: u64, operation: Operation) {
        self.busy_until_ns = self.busy_until_ns.max(now_ns) + takes_ns;
        self.queue.push_back(Asked { done_ns: self.busy_until_ns, operation });
    }

    /// How long a sync takes: two words, whatever comes of them.
    fn sync_ns(&mut self) -> u64 {
        let (jitter, tail) = (self.dice.word(), self.dice.word());
        let share = |word: u32, below: u64, span_us: u32| (u128::from(word) * (u128::from(span_us) * u128::from(MICROSECOND) + 1) / u128::from(below)) as u64;
        let tail_below = (u64::from(self.weather.tail_ppm) << 32) / 1_000_000;
        let tail_ns = if u64::from(tail) < tail_below { share(tail, tail_below, self.weather.tail_us) } else { 0 };
        u64::from(self.weather.sync_us) * MICROSECOND + share(jitter, 1 << 32, self.weather.jitter_us) + tail_ns
    }

    fn other_ns(&self) -> u64 {
        u64::from(self.weather.other_us) * MICROSECOND
    }
}

/// A file's kind: what stands before the first `.` of its name.
pub(crate) fn kind(file: &str) -> &str {
    file.split('.').next().unwrap_or(file)
}
