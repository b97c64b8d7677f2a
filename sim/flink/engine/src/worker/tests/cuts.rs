//! Cuts at both ends of a channel: what a checkpoint took at the receiver is what the sender had emitted before it
//! (BAR-CUT, BAR-CUT-UC). Never which of them is right.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use flink_words::fact::{StreamFact, WorkerFact};
use flink_words::ids::ChannelId;
use flink_words::state::{ChannelMark, InputCut, OutputCut};
use outside_words::ids::{AttemptId, CheckpointId};

/// Checks all checkpoints that were acknowledged at both ends of a channel.
pub fn check(facts: &[(MachineId, StreamFact)]) {
    let mut sent: BTreeMap<(CheckpointId, u32, ChannelId), (OutputCut, bool)> = BTreeMap::new();
    let mut taken: BTreeMap<(CheckpointId, u32, ChannelId), InputCut> = BTreeMap::new();
    let mut watermarks: BTreeMap<AttemptId, i64> = BTreeMap::new();
    for (_, fact) in facts {
        match fact {
            StreamFact::Worker(WorkerFact::Snapshotted { attempt, checkpoint, outputs, unaligned, .. }) => {
                for cut in outputs {
                    assert!(sent.insert((*checkpoint, attempt.number, cut.channel), (*cut, *unaligned)).is_none(), "one snapshot a checkpoint (BAR-ONCE)");
                }
            }
            StreamFact::Worker(WorkerFact::Acknowledged { attempt, checkpoint, inputs }) => {
                for cut in inputs {
                    taken.insert((*checkpoint, attempt.number, cut.channel), *cut);
                }
            }
            StreamFact::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) => {
                let before = watermarks.insert(*attempt, *watermark);
                assert!(before.is_none_or(|before| before < *watermark), "{attempt}: {watermark} after {before:?} (WM-MONO)");
            }
            StreamFact::Worker(_) | StreamFact::Master(_) | StreamFact::Outside(_) => {}
        }
    }
    for (key, (out, _)) in &sent {
        let Some(cut) = taken.get(key) else { continue };
        assert_eq!(cut.persisted.count + out.persisted, out.emitted.count, "{key:?}: {cut:?} and {out:?}");
        if out.persisted == 0 {
            let ChannelMark { digest, .. } = cut.persisted;
            assert_eq!(digest, out.emitted.digest, "{key:?}: other elements were taken than were sent");
        }
    }
}
