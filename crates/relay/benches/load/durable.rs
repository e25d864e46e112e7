//! Durable records: many clients write, each into a database of its own, and wait until the relay has acknowledged before
//! they write again.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::figures::{Latencies, processor_time};
use crate::people;
use crate::program::Program;

/// Every client writes so many records in each commit.
pub(crate) async fn measure(writers: usize, records: usize, time: Duration) {
    let data = tempfile::tempdir().unwrap();
    let relay = Program::open(data.path()).await;
    let mut clients = Vec::new();
    for number in 0..writers {
        clients.push(people::connect(relay.address, &format!("notes-{number}"), number).await);
    }
    let before = processor_time(relay.process());
    let began_at = Instant::now();
    let tasks: Vec<_> =
        (0..).zip(clients).map(|(seed, client)| tokio::spawn(write(client, seed, records, time))).collect();
    let mut latencies = Latencies::default();
    for task in tasks {
        latencies.join(task.await.unwrap());
    }
    let seconds = began_at.elapsed().as_secs_f64();
    let written = latencies.count() * records;
    let used = processor_time(relay.process())
        .zip(before)
        .map_or(0.0, |(after, before)| (after - before).as_secs_f64());
    println!(
        "durable: {writers} writers, {records} records in a commit: {:.0} records/s, {:.0} commits/s; acknowledged in {}; {:.0} % of a core, {:.0} us of processor a commit",
        written as f64 / seconds,
        latencies.count() as f64 / seconds,
        latencies.shown(),
        used * 100.0 / seconds,
        used * 1e6 / latencies.count().max(1) as f64,
    );
    let more = alone(relay.address, records).await;
    stored(relay, data.path(), written + more).await;
}

/// One client alone: what an acknowledgement takes when nobody else is there. Gives how many records it has written.
async fn alone(address: SocketAddr, records: usize) -> usize {
    let client = people::connect(address, "alone", 1 << 20).await;
    let mut latencies = write(client, 1, records, Duration::from_secs(2)).await;
    println!("  one writer alone on it: acknowledged in {}", latencies.shown());
    latencies.count() * records
}

/// What a record takes on disk, once the write-ahead log is folded into the file.
async fn stored(mut relay: Program, data: &Path, records: usize) {
    relay.terminate();
    relay.ended().await;
    let files = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    let bytes: u64 = files.sum();
    println!(
        "  on disk: {:.0} bytes a record, of which 230 are its contents",
        bytes as f64 / records.max(1) as f64
    );
}

async fn write(mut client: Client, seed: u64, records: usize, time: Duration) -> Latencies {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut latencies = Latencies::default();
    let began_at = Instant::now();
    for commit in 0.. {
        if began_at.elapsed() >= time {
            break;
        }
        let writes: Vec<_> =
            (0..records).map(|at| (format!("n{commit}-{at}"), people::text(&mut random))).collect();
        let asked_at = Instant::now();
        client.write_many(&writes).await;
        client.until(Client::is_saved).await;
        assert_eq!(client.closed, None, "the relay ends the conversation");
        latencies.note(asked_at.elapsed());
    }
    latencies
}
