//! The claim about a relay that is killed at any moment of its life, again and again, under load.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eyot_core::{LogEpoch, Replica, ReplicaId, VersionVector};
use fastrand::Rng;

use crate::audit::Audit;
use crate::client::records;
use crate::killer::Killer;
use crate::ledger::Ledger;
use crate::program::{Program, command};
use crate::writer::Writer;

const WRITERS: [u8; 3] = *b"abc";

// What a run does: the number of kills, and what decides every choice that is the test's own.
struct Plan {
    kills: u64,
    seed: u64,
}

impl Plan {
    // A short one, unless the environment asks for more.
    fn from_environment() -> Self {
        let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
        let kills = number("EYOT_CRASH_KILLS").unwrap_or(16);
        let seed = number("EYOT_CRASH_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
        Self { kills, seed }
    }
}

/// After each kill everything that was acknowledged is there, no cursor is ahead of what is, and no dot has two contents.
pub(crate) async fn a_relay_that_is_killed_again_and_again_loses_nothing() {
    let plan = Plan::from_environment();
    println!("killing the relay {} times, EYOT_CRASH_SEED={}", plan.kills, plan.seed);
    let (begun_at, mut rng) = (Instant::now(), Rng::with_seed(plan.seed));
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut writers = Vec::from(WRITERS.map(|letter| {
        let replica = Replica::new(ReplicaId::letter(letter), LogEpoch(letter.into()));
        Writer::new(replica, Arc::clone(&ledger), Rng::with_seed(rng.u64(..)))
    }));
    let (mut while_starting, mut under_way) = (0, 0);
    for number in 1..=plan.kills {
        // Whatever a kill leaves, another one may come while the next relay looks at it.
        while rng.u8(..5) == 0 {
            kill_while_starting(folder.path(), Duration::from_millis(rng.u64(..40))).await;
            while_starting += 1;
        }
        writers = live_and_die(folder.path(), number, &mut rng, writers, &ledger).await;
        under_way += writers.iter().map(Writer::pending).sum::<usize>();
        if number % 25 == 0 {
            println!("{number} kills, {}", figures(&ledger, begun_at));
        }
    }
    settle(folder.path(), plan.kills + 1, writers, &ledger).await;
    println!(
        "killed {} times under load, with {under_way} writes under way, and {while_starting} times while starting: {}; \
         0 lost, 0 cursors ahead, 0 dots reused",
        plan.kills,
        figures(&ledger, begun_at),
    );
}

fn figures(ledger: &Mutex<Ledger>, begun_at: Instant) -> String {
    let ledger = ledger.lock().unwrap();
    let seconds = begun_at.elapsed().as_secs_f64();
    format!("{} writes, {} acknowledged, {seconds:.1} s", ledger.written, ledger.acknowledged)
}

async fn kill_while_starting(data: &Path, after: Duration) {
    let mut child = command(data, &[]).spawn().unwrap();
    tokio::time::sleep(after).await;
    child.kill().unwrap();
    child.wait().unwrap();
}

// One life of the relay: it starts, is audited, is written to, and is killed.
async fn live_and_die(
    data: &Path,
    number: u64,
    rng: &mut Rng,
    writers: Vec<Writer>,
    ledger: &Mutex<Ledger>,
) -> Vec<Writer> {
    let relay = Program::open(data).await;
    let audit = Audit::of(relay.address, number).await;
    audit.check(&ledger.lock().unwrap(), writers.iter().map(Writer::replica));
    // All connect before the first one writes: an acknowledgement may be the end of the relay.
    let mut clients = Vec::with_capacity(writers.len());
    for mut writer in writers {
        let client = writer.connect(relay.address, &audit).await;
        audit.check_holds(&client.replica, "lies below the relay's cursor");
        clients.push((writer, client));
    }
    let killer = Arc::new(Killer::new(relay, rng));
    let work = |(writer, client): (Writer, _)| tokio::spawn(writer.work(client, Arc::clone(&killer)));
    let works: Vec<_> = clients.into_iter().map(work).collect();
    let timer = tokio::spawn({
        let killer = Arc::clone(&killer);
        async move { killer.wait().await }
    });
    let mut writers = Vec::with_capacity(works.len());
    for work in works {
        writers.push(work.await.unwrap());
    }
    timer.abort();
    // Sockets are closed before the process has ended, and until then the folder is taken.
    killer.kill();
    writers
}

// In the end everybody has everything, and it is what the ledger says.
async fn settle(data: &Path, number: u64, writers: Vec<Writer>, ledger: &Mutex<Ledger>) {
    let relay = Program::open(data).await;
    let audit = Audit::of(relay.address, number).await;
    audit.check(&ledger.lock().unwrap(), writers.iter().map(Writer::replica));
    let mut clients = Vec::with_capacity(writers.len());
    for mut writer in writers {
        let mut client = writer.connect(relay.address, &audit).await;
        writer.settle(&mut client).await;
        clients.push(client);
    }
    let mut everything = VersionVector::new();
    for client in &clients {
        everything.join(&client.replica.clock().to_vector());
    }
    for client in &mut clients {
        client.until(|it| it.replica.clock().covers_all(&everything)).await;
        let (entries, ledger) = (records(client), ledger.lock().unwrap());
        let breaches = ledger.breaches(&entries);
        assert!(breaches.is_empty(), "in the end, at {}: {breaches:?}", client.replica.id());
        assert!(ledger.is_complete(&entries), "{} has not heard of everything", client.replica.id());
    }
}
