//! What is wrong with a disk now: the faults that hold on it, each under its number in the plan. Never what was damaged
//! already, but for two flags.

/// What is wrong with a disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defects {
    /// Faults under which it answers nothing.
    stalls: Vec<u32>,
    /// Faults under which it is full.
    fulls: Vec<u32>,
    /// Faults under which its syncs lie.
    lies: Vec<u32>,
    /// Faults that make writes or syncs fail, and how many each still does.
    errors: Vec<(u32, u32)>,
    /// Faults that wait for a sync to go astray, and the kind of file.
    astray: Vec<(u32, String)>,
    /// Bytes are not what was written. Only wiping ends it.
    pub(crate) is_damaged: bool,
    /// A power failure took what a sync had promised: its process may find the rest to be damaged. Only wiping ends it.
    pub(crate) broke_promise: bool,
}

impl Defects {
    pub(crate) fn is_stalled(&self) -> bool {
        !self.stalls.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        !self.fulls.is_empty()
    }

    pub(crate) fn is_lying(&self) -> bool {
        !self.lies.is_empty()
    }

    pub(crate) fn stall(&mut self, fault: u32) {
        self.stalls.push(fault);
    }

    pub(crate) fn fill(&mut self, fault: u32) {
        self.fulls.push(fault);
    }

    pub(crate) fn lie(&mut self, fault: u32) {
        self.lies.push(fault);
    }

    pub(crate) fn fail(&mut self, fault: u32, count: u32) {
        self.errors.push((fault, count));
    }

    pub(crate) fn lead_astray(&mut self, fault: u32, kind: &str) {
        self.astray.push((fault, kind.into()));
    }

    /// A fault no longer holds.
    pub(crate) fn end(&mut self, fault: u32) {
        for faults in [&mut self.stalls, &mut self.fulls, &mut self.lies] {
            faults.retain(|by| *by != fault);
        }
        self.errors.retain(|(by, _)| *by != fault);
        self.astray.retain(|(by, _)| *by != fault);
    }

    /// Whether this write or sync fails; the fault whose last one it was is over, and put into `over`.
    pub(crate) fn take_error(&mut self, over: &mut Vec<u32>) -> bool {
        let Some((fault, left)) = self.errors.first_mut() else { return false };
        *left = left.saturating_sub(1);
        if *left == 0 {
            over.push(*fault);
            self.errors.remove(0);
        }
        true
    }

    /// Whether some fault waits for a sync to go astray.
    pub(crate) fn awaits_stray(&self) -> bool {
        !self.astray.is_empty()
    }

    /// The fault, if any, that waits for a sync of a file of this kind.
    pub(crate) fn astray(&self, kind: &str) -> Option<u32> {
        self.astray.iter().find(|(_, waits_for)| waits_for == kind).map(|(fault, _)| *fault)
    }
}
