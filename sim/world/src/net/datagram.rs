//! Datagrams on their way: each is alone, and may be lost, late, early or twice. Never in any order.

use contract::ids::MachineId;

use crate::queue::NUMBER_MAX;

/// A datagram on its way.
#[derive(Clone, Debug)]
pub(crate) struct Datagram<M> {
    pub(crate) from: MachineId,
    pub(crate) to: MachineId,
    pub(crate) message: M,
}

/// All datagrams on their way, in slots that are used again.
#[derive(Clone, Debug)]
pub(crate) struct Datagrams<M> {
    slots: Vec<Option<Datagram<M>>>,
    free: Vec<u32>,
}

impl<M> Default for Datagrams<M> {
    fn default() -> Self {
        Datagrams { slots: Vec::new(), free: Vec::new() }
    }
}

impl<M> Datagrams<M> {
    /// Puts one on its way, and says its slot.
    #[inline(always)]
    pub(crate) fn put(&mut self, datagram: Datagram<M>) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(datagram);
                slot
            }
            None => {
                assert!(self.slots.len() < NUMBER_MAX as usize, "fewer than 2^28 datagrams are on their way");
                self.slots.push(Some(datagram));
                (self.slots.len() - 1) as u32
            }
        }
    }

    /// Takes one that has arrived.
    #[inline(always)]
    pub(crate) fn take(&mut self, slot: u32) -> Datagram<M> {
        self.free.push(slot);
        self.slots[slot as usize].take().expect("a slot is named by one entry of the queue, which is taken once")
    }
}
