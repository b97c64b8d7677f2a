//! What a world knows of the host around its thread: whether there is one, and its clock. Both come twice, with
//! madsim's cfg and without.

#[cfg(not(madsim))]
pub(crate) use runtime::mark;
pub(crate) use runtime::{Pace, is_hosted};

/// With the cfg: the runtime around this thread.
#[cfg(madsim)]
mod runtime {
    use std::time::Duration;

    use madsim::time::TimeHandle;

    /// Whether a runtime is around this thread.
    pub(crate) fn is_hosted() -> bool {
        TimeHandle::try_current().is_some()
    }

    /// The clock of the runtime that hosts this thread, if one does: it follows the world's, and never goes back.
    pub(crate) struct Pace {
        host: Option<TimeHandle>,
        elapsed_ns: u64,
    }

    impl Pace {
        pub(crate) fn now() -> Pace {
            let host = TimeHandle::try_current();
            let elapsed_ns = host.as_ref().map_or(0, |host| host.elapsed().as_nanos() as u64);
            Pace { host, elapsed_ns }
        }

        #[inline(always)]
        pub(crate) fn advance(&mut self, to_ns: u64) {
            if let Some(host) = &self.host
                && to_ns > self.elapsed_ns
            {
                host.advance(Duration::from_nanos(to_ns - self.elapsed_ns));
                self.elapsed_ns = to_ns;
            }
        }
    }
}

/// Without the cfg: a mark on the thread.
#[cfg(not(madsim))]
mod runtime {
    use std::cell::Cell;

    thread_local! {
        static IS_HOSTED: Cell<bool> = const { Cell::new(false) };
    }

    /// This thread is a host's from here to its end.
    pub(crate) fn mark() {
        IS_HOSTED.set(true);
    }

    /// Whether this thread is a host's.
    pub(crate) fn is_hosted() -> bool {
        IS_HOSTED.get()
    }

    /// The clock beneath, which is real: it follows nobody.
    pub(crate) struct Pace;

    impl Pace {
        pub(crate) fn now() -> Pace {
            Pace
        }

        #[inline(always)]
        pub(crate) fn advance(&mut self, _to_ns: u64) {}
    }
}
