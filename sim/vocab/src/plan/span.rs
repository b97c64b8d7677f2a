//! How long things in a plan may take, so that every time of a run is a u64 of nanoseconds with room to add. Bounds alone; never what happens at them.

use super::{Fault, Flaw, Plan, What, When};

/// The longest time that a plan may name, in ms: 1,000 hours. No run is as long, and sums of such times stay far below 2^64 ns.
const MS_MAX: u64 = 3_600_000_000;
/// The longest tick in ms: an hour.
const TICK_MS_MAX: u32 = 3_600_000;
/// The most ticks of a limit.
const TICKS_MAX: u32 = 1_000;

impl Plan {
    /// Says which time is too long to be run.
    pub(super) fn check_spans(&self) -> Result<(), Flaw> {
        let coordination = &self.coordination;
        let at = |keys: &[&str]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
        within(at(&["coordination", "tick_ms"]), coordination.tick_ms.into(), TICK_MS_MAX.into())?;
        within(at(&["coordination", "init_limit"]), coordination.init_limit.into(), TICKS_MAX.into())?;
        within(at(&["coordination", "sync_limit"]), coordination.sync_limit.into(), TICKS_MAX.into())?;
        within(at(&["heal", "at_ms"]), self.heal.at_ms, MS_MAX)?;
        within(at(&["heal", "bound_ms"]), self.heal.bound_ms, MS_MAX)?;
        for (i, clock) in self.weather.clocks.iter().enumerate() {
            within(at(&["weather", "clocks", &i.to_string(), "offset_ms"]), clock.offset_ms.unsigned_abs(), MS_MAX)?;
        }
        for (i, client) in self.clients.iter().enumerate() {
            within(at(&["clients", &i.to_string(), "start_ms"]), client.start_ms, MS_MAX)?;
        }
        if let Some(stream) = &self.stream {
            within(at(&["stream", "input", "until_ms"]), stream.input.until_ms, MS_MAX)?;
            for (i, step) in stream.steps.iter().enumerate() {
                within(at(&["stream", "steps", &i.to_string(), "at_ms"]), step.at_ms, MS_MAX)?;
            }
        }
        for (i, fault) in self.faults.iter().enumerate() {
            within(at(&["faults", &i.to_string()]), fault.longest_ms(), MS_MAX)?;
        }
        Ok(())
    }
}

impl Fault {
    /// The longest time that it names, in ms.
    fn longest_ms(&self) -> u64 {
        let when = match self.when {
            When::At { ms } => ms,
            When::On { after_ms, .. } => after_ms,
        };
        let what = match self.what {
            What::Partition { for_ms, .. }
            | What::SlowLink { for_ms, .. }
            | What::Pause { for_ms, .. }
            | What::DiskStall { for_ms, .. }
            | What::DiskFull { for_ms, .. }
            | What::LyingSync { for_ms, .. } => for_ms,
            What::Crash { restart_ms, .. } => restart_ms.unwrap_or(0),
            What::Blackout { restart_ms, .. } | What::LoseDisk { restart_ms, .. } => restart_ms,
            What::ClockStep { by_ms, .. } => by_ms.unsigned_abs(),
            What::CutStreams { .. }
            | What::Drop { .. }
            | What::DropReply { .. }
            | What::Restart { .. }
            | What::ClockDrift { .. }
            | What::DiskError { .. }
            | What::BitRot { .. }
            | What::MisdirectedWrite { .. }
            | What::Order { .. } => 0,
        };
        when.max(what)
    }
}

fn within(at: Vec<String>, value: u64, most: u64) -> Result<(), Flaw> {
    if value <= most { Ok(()) } else { Err(Flaw { at, what: format!("{value} is too long"), remedy: format!("give at most {most}") }) }
}
