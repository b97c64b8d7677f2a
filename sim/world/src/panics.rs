//! Panics of simulated code: where and what, caught silently on threads that run a world, while every other thread
//! keeps the hook it had. Never prints, never aborts.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use crate::hosted;

/// A caught panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caught {
    /// File, line and column.
    pub(crate) place: String,
    /// What it said.
    pub(crate) message: String,
}

thread_local! {
    /// How deep this thread is in simulated code.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The last panic in simulated code.
    static LAST: RefCell<Option<Caught>> = const { RefCell::new(None) };
}

/// Runs simulated code; a panic in it comes back as data.
pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Caught> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| if DEPTH.get() > 0 { LAST.set(Some(read(info))) } else { before(info) }));
    });
    // One that simulated code caught itself is not what ends this run.
    LAST.set(None);
    DEPTH.set(DEPTH.get() + 1);
    let outcome = panic::catch_unwind(AssertUnwindSafe(run));
    DEPTH.set(DEPTH.get() - 1);
    // A panic that bypassed the hook (resume_unwind) has no place, but it still has its words.
    outcome.map_err(|payload| LAST.take().unwrap_or_else(|| Caught { place: "unknown place".into(), message: words(&*payload) }))
}

fn read(info: &PanicHookInfo<'_>) -> Caught {
    let place = info.location().map_or_else(|| "unknown place".into(), |at| format!("{}:{}:{}", at.file(), at.line(), at.column()));
    let mut message = words(info.payload());
    // Under a host, starting a thread fails inside std, which asserts that it cannot; its words would tell nobody what
    // was wrong.
    if hosted::is_hosted() && place.contains("/std/src/sys/") && place.contains("thread") {
        message = format!("a process started a system thread: nothing in a simulated process may, since its schedule cannot be replayed ({message})");
    }
    Caught { place, message }
}

fn words(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(words), _) => (*words).into(),
        (None, Some(words)) => words.clone(),
        (None, None) => "a panic without words".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_with_its_place_and_words() {
        let caught = catch(|| -> () { panic!("no {}", "quorum") }).expect_err("it panics");
        assert_eq!(caught.message, "no quorum");
        assert!(caught.place.starts_with("sim/world/src/panics.rs:"), "{}", caught.place);
        assert_eq!(catch(|| 5), Ok(5));
    }
}
