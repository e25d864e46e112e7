//! Fan-out: one client writes, and many others of the same database see it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::figures::Latencies;
use crate::people;
use crate::program::Program;

/// How long the writer waits between two writes: what people do, not what machines can.
const PAUSE: Duration = Duration::from_millis(100);

/// When each record was written, by its number.
type Written = Arc<Mutex<Vec<Instant>>>;

pub(crate) async fn measure(readers: usize, time: Duration) {
    let data = tempfile::tempdir().unwrap();
    let relay = Program::open(data.path()).await;
    let written = Written::default();
    let count = (time.as_millis() / PAUSE.as_millis()) as usize;
    let mut tasks = Vec::new();
    for number in 1..=readers {
        let client = people::connect(relay.address, "notes", number).await;
        tasks.push(tokio::spawn(read(client, Arc::clone(&written), count)));
    }
    let mut writer = people::connect(relay.address, "notes", 0).await;
    let mut random = fastrand::Rng::with_seed(1);
    for number in 0..count {
        let text = people::text(&mut random);
        written.lock().unwrap().push(Instant::now());
        writer.write(&format!("n{number}"), &text).await;
        writer.until(Client::is_saved).await;
        tokio::time::sleep(PAUSE).await;
    }
    let mut latencies = Latencies::default();
    for task in tasks {
        latencies.join(task.await.unwrap());
    }
    println!("fan-out: one writer, {readers} readers: seen in {}", latencies.shown());
}

/// Takes in what comes, and notes how long ago it was written.
async fn read(mut client: Client, written: Written, count: usize) -> Latencies {
    let mut latencies = Latencies::default();
    let mut next = 0;
    client
        .until(|it| {
            while next < count && it.replica.get(&format!("notes/n{next}")).is_some() {
                latencies.note(written.lock().unwrap()[next].elapsed());
                next += 1;
            }
            next == count
        })
        .await;
    assert_eq!(client.closed, None, "the relay ends the conversation");
    latencies
}
