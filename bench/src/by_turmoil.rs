//! The workload over turmoil's UDP: a host and two tasks a process, as its users write it, with its default tick of 1
//! ms.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use turmoil::net::UdpSocket;

use crate::workload::{BYTES, LATENCY_MAX_US, LATENCY_MIN_US, PROCESSES, ROUNDS, SEED, TICK_MS, message, reading};

/// Every host's port.
const PORT: u16 = 1_000;

/// Carries the workload out; says how many messages were delivered.
pub fn run() -> u64 {
    let delivered = Arc::new(AtomicU64::new(0));
    let length = Duration::from_millis(TICK_MS * ROUNDS + 1_000);
    let mut sim = turmoil::Builder::new()
        .rng_seed(SEED)
        .simulation_duration(length + Duration::from_secs(1))
        .min_message_latency(Duration::from_micros(LATENCY_MIN_US))
        .max_message_latency(Duration::from_micros(LATENCY_MAX_US))
        .build();
    for process in 0..PROCESSES {
        let delivered = delivered.clone();
        sim.host(name(process), move || live(process, delivered.clone()));
    }
    sim.client("clock", async move {
        tokio::time::sleep(length).await;
        Ok(())
    });
    sim.run().expect("the workload has no error of its own");
    delivered.load(Ordering::Relaxed)
}

fn name(process: u16) -> String {
    format!("process-{process}")
}

async fn live(process: u16, delivered: Arc<AtomicU64>) -> turmoil::Result {
    let socket = Arc::new(UdpSocket::bind(("0.0.0.0", PORT)).await?);
    let ear = socket.clone();
    tokio::spawn(async move {
        let mut bytes = [0; BYTES];
        let mut read = 0;
        while ear.recv_from(&mut bytes).await.is_ok() {
            delivered.fetch_add(1, Ordering::Relaxed);
            read += reading(&bytes);
        }
        assert!(read > 0, "messages were read");
    });
    let addresses: Vec<_> = (0..PROCESSES).map(|to| (turmoil::lookup(name(to)), PORT)).collect();
    let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS));
    for round in 1..=ROUNDS {
        ticks.tick().await;
        for to in &addresses {
            socket.send_to(&message(process, round), *to).await?;
        }
    }
    std::future::pending().await
}
