//! Who leads, as the coordination service tells it (DefaultLeaderRetrievalService). Never whether that one still thinks
//! so.

use contract::ids::MachineId;
use contract::time::{MILLISECOND, Now};
use outside::codec::decode;
use outside_words::ids::LeaderId;
use zookeeper_client::curator::{Answer, CallError, CallId, Curator, Notice};
use zookeeper_client::raw::Out;
use zookeeper_words::service::{ErrorCode, Op, Path, Reply};

/// How long until a read that failed after all of Curator's retries is made again.
const AGAIN_NS: u64 = 500 * MILLISECOND;

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// getData, with a watch.
    Data(CallId),
    /// exists, with a watch: there was nothing to be read.
    Exists(CallId),
}

/// The retrieval of the leader.
#[derive(Clone, Debug)]
pub struct Retrieval {
    path: Path,
    read: Option<Read>,
    /// Something has changed since the read under way was made.
    is_stale: bool,
    again_ns: Option<u64>,
    known: Option<(MachineId, LeaderId)>,
}

impl Retrieval {
    /// The retrieval below a cluster's root, such as `/flink/r1`.
    pub fn new(root: &str) -> Retrieval {
        let path = format!("{root}/leader/resource_manager/connection_info").into();
        Retrieval { path, read: None, is_stale: false, again_ns: None, known: None }
    }

    /// The leader that was announced last, and its machine.
    pub fn known(&self) -> Option<(MachineId, LeaderId)> {
        self.known
    }

    /// As if it had been read.
    #[cfg(test)]
    pub(super) fn announce(&mut self, machine: MachineId, leader: LeaderId) {
        self.known = Some((machine, leader));
    }

    /// Reads who leads, and watches.
    pub fn read(&mut self, curator: &mut Curator, now: Now, out: &mut Out) {
        if self.read.is_some() {
            self.is_stale = true;
            return;
        }
        self.again_ns = None;
        let op = Op::GetData { path: self.path.clone(), watch: true };
        self.read = Some(Read::Data(curator.call(op, now, out)));
    }

    /// Takes a notice of Curator's.
    pub fn on_notice(&mut self, notice: &Notice, curator: &mut Curator, now: Now, out: &mut Out) {
        match notice {
            Notice::Watched(event) if event.path == self.path => self.read(curator, now, out),
            // What was watched may have been missed.
            Notice::Connection(_) if curator.is_connected() => self.read(curator, now, out),
            Notice::Done { call, answer } => match self.read {
                Some(Read::Data(read)) if read == *call => self.on_data(answer, curator, now, out),
                Some(Read::Exists(read)) if read == *call => self.on_exists(answer, curator, now, out),
                Some(_) | None => {}
            },
            Notice::Watched(_) | Notice::Connection(_) | Notice::Closed => {}
        }
    }

    /// Reads again, when it is time.
    pub fn on_time(&mut self, curator: &mut Curator, now: Now, out: &mut Out) {
        if self.again_ns.is_some_and(|at_ns| at_ns <= now.mono_ns) {
            self.read(curator, now, out);
        }
    }

    /// When [`Retrieval::on_time`] is due.
    pub fn wake_ns(&self) -> Option<u64> {
        self.again_ns
    }

    fn on_data(&mut self, answer: &Answer, curator: &mut Curator, now: Now, out: &mut Out) {
        self.read = None;
        match &answer.result {
            Ok(Reply::Data { data: Some(data), .. }) => self.known = decode(data).or(self.known),
            Ok(_) => {}
            Err(CallError::Refused(ErrorCode::NoNode)) => {
                let op = Op::Exists { path: self.path.clone(), watch: true };
                self.read = Some(Read::Exists(curator.call(op, now, out)));
                return;
            }
            Err(_) => self.again_ns = Some(now.mono_ns + AGAIN_NS),
        }
        self.read_if_stale(curator, now, out);
    }

    fn on_exists(&mut self, answer: &Answer, curator: &mut Curator, now: Now, out: &mut Out) {
        self.read = None;
        match &answer.result {
            Ok(_) => return self.read(curator, now, out),
            Err(CallError::Refused(ErrorCode::NoNode)) => {}
            Err(_) => self.again_ns = Some(now.mono_ns + AGAIN_NS),
        }
        self.read_if_stale(curator, now, out);
    }

    fn read_if_stale(&mut self, curator: &mut Curator, now: Now, out: &mut Out) {
        if std::mem::take(&mut self.is_stale) {
            self.read(curator, now, out);
        }
    }
}
