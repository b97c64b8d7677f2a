//! The one workload that every contender carries out: five processes, each of which sends a message of 100 bytes to all
//! five, itself included, every 10 ms for 60 virtual seconds. Numbers alone; never a simulator.

/// How many processes.
pub const PROCESSES: u16 = 5;
/// From one round of sending to the next, in ms.
pub const TICK_MS: u64 = 10;
/// How many rounds: 60 virtual seconds.
pub const ROUNDS: u64 = 6_000;
/// The size of a message in bytes.
pub const BYTES: usize = 100;
/// What all contenders must deliver.
pub const DELIVERIES: u64 = PROCESSES as u64 * PROCESSES as u64 * ROUNDS;
/// The least latency in µs; madsim's default.
pub const LATENCY_MIN_US: u64 = 1_000;
/// The largest latency in µs; madsim's default.
pub const LATENCY_MAX_US: u64 = 10_000;
/// Every contender's seed.
pub const SEED: u64 = 1;

/// A message; its first bytes tell one from another, so that nobody can leave out the making of it.
pub fn message(from: u16, round: u64) -> [u8; BYTES] {
    let mut bytes = [0x5a; BYTES];
    bytes[..8].copy_from_slice(&round.to_le_bytes());
    bytes[8..10].copy_from_slice(&from.to_le_bytes());
    bytes
}

/// What a receiver makes of a message: a sum over all of them shows that each was read.
pub fn reading(bytes: &[u8]) -> u64 {
    u64::from(bytes[0]) + u64::from(bytes[8])
}
