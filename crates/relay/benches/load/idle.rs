//! Connections that say nothing: the memory that each takes at the relay.

use std::time::{Duration, Instant};

use crate::figures::{Latencies, memory_bytes};
use crate::people;
use crate::program::Program;

const DATABASES: usize = 100;
/// So many connect at the same time.
const TOGETHER: usize = 50;
/// What was used for connecting is given back meanwhile.
const SETTLED_AFTER: Duration = Duration::from_secs(3);

pub(crate) async fn measure(connections: usize) {
    let data = tempfile::tempdir().unwrap();
    let most = connections.to_string();
    let relay = Program::start(data.path(), &["--connections", &most, "--database-connections", &most]).await;
    // Databases take memory too, with or without connections.
    for number in 0..DATABASES {
        drop(people::connect(relay.address, &database(number), number).await);
    }
    tokio::time::sleep(SETTLED_AFTER).await;
    let Some(before) = memory_bytes(relay.process()) else {
        println!("idle: this system does not tell the memory of a process");
        return;
    };
    let (began_at, mut latencies, mut open) = (Instant::now(), Latencies::default(), Vec::new());
    while open.len() < connections {
        let some = open.len()..(open.len() + TOGETHER).min(connections);
        let tasks: Vec<_> = some.map(|number| tokio::spawn(connect(relay.address, number))).collect();
        for task in tasks {
            let (client, time) = task.await.unwrap();
            open.push(client);
            latencies.note(time);
        }
    }
    let seconds = began_at.elapsed().as_secs_f64();
    tokio::time::sleep(SETTLED_AFTER).await;
    let after = memory_bytes(relay.process()).unwrap();
    println!(
        "idle: {connections} connections to {DATABASES} databases: {:.1} MiB more than the {:.1} MiB without, {:.1} KiB each; connected in {:.1} s, each in {}",
        mebibytes(after - before),
        mebibytes(before),
        (after - before) as f64 / 1024.0 / connections.max(1) as f64,
        seconds,
        latencies.shown(),
    );
}

async fn connect(address: std::net::SocketAddr, number: usize) -> (crate::client::Client, Duration) {
    let asked_at = Instant::now();
    let client = people::connect(address, &database(number), DATABASES + number).await;
    (client, asked_at.elapsed())
}

fn database(number: usize) -> String {
    format!("notes-{}", number % DATABASES)
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
