//! The workload over madsim's own network: an Endpoint and two tasks a process, as its users write it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madsim::net::Endpoint;
use madsim::runtime::{Handle, Runtime};

use crate::workload::{BYTES, PROCESSES, ROUNDS, SEED, TICK_MS, message, reading};

/// The tag of every message: an Endpoint's port within its port.
const TAG: u64 = 1;

/// Carries the workload out; says how many messages were delivered.
pub fn run() -> u64 {
    let delivered = Arc::new(AtomicU64::new(0));
    let runtime = Runtime::with_seed_and_config(SEED, madsim::Config::default());
    runtime.block_on(async {
        for process in 0..PROCESSES {
            let node = Handle::current().create_node().ip(address(process).ip()).build();
            node.spawn(live(process, delivered.clone()));
        }
        madsim::time::sleep(Duration::from_millis(TICK_MS * ROUNDS + 1_000)).await;
    });
    delivered.load(Ordering::Relaxed)
}

fn address(process: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 0, 0, process as u8 + 1]), 1)
}

async fn live(process: u16, delivered: Arc<AtomicU64>) {
    let endpoint = Arc::new(Endpoint::bind(address(process)).await.expect("the port is free"));
    let ear = endpoint.clone();
    madsim::task::spawn(async move {
        let mut bytes = [0; BYTES];
        let mut read = 0;
        while ear.recv_from(TAG, &mut bytes).await.is_ok() {
            delivered.fetch_add(1, Ordering::Relaxed);
            read += reading(&bytes);
        }
        assert!(read > 0, "messages were read");
    });
    let mut ticks = madsim::time::interval(Duration::from_millis(TICK_MS));
    for round in 1..=ROUNDS {
        ticks.tick().await;
        for to in 0..PROCESSES {
            endpoint.send_to(address(to), TAG, &message(process, round)).await.expect("a datagram always leaves");
        }
    }
    std::future::pending::<()>().await;
}
