//! What the world did to machines and links.

use contract::fault::{Shape, What};
use contract::happening::Happening;
use contract::ids::MachineId;
use contract::recording::Ending;
use judging::Heard;

use super::roles::{Role, Roles};
use super::table::Mark;
use super::{Fold, Hits, Note};

#[derive(Default)]
pub(super) struct World {
    left_out: bool,
}

impl Fold for World {
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let Heard::World(happening) = note.what else { return };
        match happening {
            Happening::Struck { fault, .. } => struck(before, *fault, hits),
            Happening::Spared { .. } => hits.mark(Mark::Spared),
            Happening::Crashed { power, disk_lost, lost_bytes, lied_bytes } => {
                hits.mark_if(Mark::CrashedPower, *power);
                hits.mark_if(Mark::CrashedProcess, !power);
                hits.mark_if(Mark::DiskLost, *disk_lost);
                hits.mark_if(Mark::UnsyncedLost, *lost_bytes > 0);
                hits.mark_if(Mark::LieLost, *lied_bytes > 0);
                down(before, note.machine, hits);
            }
            Happening::Exited { .. } => down(before, note.machine, hits),
            Happening::Wiped => hits.mark(Mark::Wiped),
            Happening::ClockStepped { by_ms } => {
                hits.mark_if(Mark::ClockBack, *by_ms < 0 && matches!(before.members[note.machine.index()].role, Role::Leading(_)));
            }
            Happening::Rotted { .. } => hits.mark(Mark::Rotted),
            Happening::Healed => hits.mark_if(Mark::LeaderlessAtHeal, !before.is_led()),
            Happening::LeftOut { machine } => self.left_out |= before.is_replica(*machine),
            Happening::Ended { .. } | Happening::Booted { .. } | Happening::Paused | Happening::Resumed { .. } => {}
        }
    }
}

impl World {
    pub(super) fn end(&self, ending: &Ending, hits: &mut Hits<'_, '_>) {
        hits.mark_if(Mark::LeftOut, self.left_out && *ending == Ending::Finished);
    }
}

fn struck(before: &Roles<'_>, fault: u32, hits: &mut Hits<'_, '_>) {
    match before.fault(fault).map(|fault| &fault.what) {
        Some(What::Partition { shape, .. }) if before.is_led() => match shape {
            Shape::OneWay { .. } => hits.mark(Mark::OneWay),
            Shape::Bridge { .. } => hits.mark(Mark::Bridge),
            Shape::Ring(_) => hits.mark(Mark::Ring),
            Shape::Halves { .. } | Shape::Isolate { .. } | Shape::Link { .. } => {}
        },
        Some(What::CutStreams { silent: true, .. }) => hits.mark(Mark::HalfOpen),
        _ => {}
    }
}

/// The machine has just gone down: how many replicas are down with it?
fn down(before: &Roles<'_>, machine: MachineId, hits: &mut Hits<'_, '_>) {
    if !before.is_replica(machine) || before.healed {
        return;
    }
    let up = before.replicas().iter().enumerate().filter(|(i, member)| member.up && *i != machine.index()).count();
    hits.mark_if(Mark::MajorityDown, up < before.majority() && before.replicas().len() - up >= before.majority());
    hits.mark_if(Mark::AllDown, up == 0);
}
