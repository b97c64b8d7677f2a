//! The watermark of a task out of those of its channels (StatusWatermarkValve). A pure fold; it never goes back within
//! an attempt (WM-MONO), and idle channels do not hold it (WM-IDLE).

use outside_words::data::{EARLIEST, EventTime};

/// What is known of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Status {
    watermark: EventTime,
    idle: bool,
    /// It came back from idleness behind the task's watermark, and does not count until it has caught up.
    behind: bool,
}

/// What changes for whoever comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The watermark went up.
    Watermark(EventTime),
    /// All channels are idle now, or no longer.
    Idle(bool),
}

/// The watermarks of a task's channels, and its own.
#[derive(Clone, Debug)]
pub struct Valve {
    channels: Vec<Status>,
    watermark: EventTime,
    idle: bool,
}

impl Valve {
    /// All channels at the beginning of time.
    pub fn new(channels: usize) -> Valve {
        Valve { channels: vec![Status { watermark: EARLIEST, idle: false, behind: false }; channels], watermark: EARLIEST, idle: false }
    }

    /// A channel's watermark.
    pub fn on_watermark(&mut self, channel: usize, watermark: EventTime) -> Vec<Change> {
        let status = &mut self.channels[channel];
        status.watermark = status.watermark.max(watermark);
        status.behind &= status.watermark < self.watermark;
        self.settle()
    }

    /// A channel is idle, or no longer.
    pub fn on_idle(&mut self, channel: usize, idle: bool) -> Vec<Change> {
        let status = &mut self.channels[channel];
        status.idle = idle;
        status.behind = !idle && status.watermark < self.watermark;
        self.settle()
    }

    fn settle(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        let idle = self.channels.iter().all(|status| status.idle);
        if self.idle && !idle {
            changes.push(Change::Idle(false));
        }
        let least = self.channels.iter().filter(|status| !status.idle && !status.behind).map(|status| status.watermark).min();
        if let Some(watermark) = least.filter(|least| *least > self.watermark) {
            self.watermark = watermark;
            changes.push(Change::Watermark(watermark));
        }
        if idle && !self.idle {
            changes.push(Change::Idle(true));
        }
        self.idle = idle;
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Change::{Idle, Watermark};

    #[test]
    fn the_least_of_those_that_are_not_idle_and_never_back() {
        let mut valve = Valve::new(2);
        assert_eq!(valve.on_watermark(0, 5), []);
        assert_eq!(valve.on_watermark(1, 3), [Watermark(3)]);
        assert_eq!(valve.on_idle(1, true), [Watermark(5)]);
        assert_eq!(valve.on_idle(1, false), []); // It is at 3 and holds nothing until it has caught up.
        assert_eq!(valve.on_watermark(0, 7), [Watermark(7)]);
        assert_eq!(valve.on_watermark(1, 8), []);
        assert_eq!(valve.on_watermark(0, 9), [Watermark(8)]);
        assert_eq!(valve.on_idle(0, true), []);
        assert_eq!(valve.on_idle(1, true), [Idle(true)]);
        assert_eq!(valve.on_idle(0, false), [Idle(false), Watermark(9)]);
    }
}
