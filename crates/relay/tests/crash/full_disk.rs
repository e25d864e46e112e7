//! Claims about a relay whose disk is really full: to the last byte of a small file system.

use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use crate::audit::Audit;
use crate::client::{Client, records};
use crate::ledger::Ledger;
use crate::program::{PATIENCE, Program};
use crate::small_disk::SmallDisk;

/// A claim that is being tried.
type Trying = Pin<Box<dyn Future<Output = ()>>>;

/// A claim: its name, and what tries it.
type Claim = (&'static str, fn() -> Trying);

/// All of them.
pub(crate) const CLAIMS: [Claim; 4] = [
    ("a_full_disk_is_refused_with_a_code_and_readers_are_served", || Box::pin(refuses_and_serves())),
    ("a_relay_goes_on_by_itself_when_there_is_room_again", || Box::pin(goes_on_by_itself())),
    ("a_relay_that_ends_on_a_full_disk_starts_on_it_and_has_everything", || Box::pin(starts_on_it())),
    ("a_delta_larger_than_the_disk_is_refused_and_arrives_when_there_is_room", || Box::pin(large_delta())),
];

// Longer than a client that cannot be served goes unrefused.
const LONG_ENOUGH: Duration = Duration::from_secs(4);

// A relay on a disk with little room, a client that writes to it, and the ledger of that.
struct World {
    disk: SmallDisk,
    relay: Program,
    ada: Client,
    ledger: Ledger,
    writes: usize,
}

impl World {
    async fn new() -> Self {
        let disk = SmallDisk::mount(24 * 1024).unwrap();
        disk.leave_room(3 * 1024);
        let relay = Program::open(&disk.path().join("data")).await;
        let ada = Client::connect(relay.address, b'a').await;
        Self { disk, relay, ada, ledger: Ledger::default(), writes: 0 }
    }

    fn data(&self) -> PathBuf {
        self.disk.path().join("data")
    }

    // Writes so many records in one commit, and waits until they are acknowledged or the relay has refused.
    async fn write(&mut self, records: usize, bytes: usize) {
        let mut writes = Vec::new();
        for _ in 0..records {
            self.writes += 1;
            writes.push((format!("n{}", self.writes), format!("{} {}", self.writes, "x".repeat(bytes))));
        }
        self.ada.write_many(&writes).await;
        for (id, text) in &writes {
            self.ledger.note_written(&self.ada.replica, &format!("notes/{id}"), text);
        }
        self.settle().await;
    }

    async fn settle(&mut self) {
        self.ada.until(Client::is_saved).await;
        let (ledger, replica) = (&mut self.ledger, &self.ada.replica);
        ledger.note_all_acknowledged(|key| self.ada.relay().is_some() && !replica.is_unsent(key));
    }

    // Writes until the relay refuses, and then takes every byte that is left.
    async fn fill(&mut self) {
        while self.ada.closed.is_none() {
            self.write(1, 20_000).await;
        }
        assert_eq!(self.ada.closed.as_deref(), Some("storage-full"));
        assert!(self.ledger.acknowledged > 10, "{} writes went in", self.ledger.acknowledged);
        self.disk.fill();
    }

    async fn reconnect(&mut self) {
        let other = Client::connect(self.relay.address, b'x').await;
        let (replica, counter) = std::mem::replace(&mut self.ada, other).disconnect();
        self.ada = Client::resume(self.relay.address, None, replica, counter).await;
    }

    async fn restart_on_full_disk(&mut self) {
        tokio::time::timeout(PATIENCE, self.relay.ended()).await.unwrap();
        self.disk.fill();
        self.relay = Program::open(&self.data()).await;
    }

    async fn audit(&self, number: u64) {
        let audit = Audit::of(self.relay.address, number).await;
        audit.check(&self.ledger, std::iter::once(&self.ada.replica));
    }

    // Everything that was ever written is acknowledged.
    async fn arrive(&mut self) {
        self.reconnect().await;
        self.settle().await;
        assert_eq!((&self.ada.closed, self.ledger.acknowledged), (&None, self.ledger.written));
        self.audit(1_000).await;
    }
}

async fn refuses_and_serves() {
    let mut world = World::new().await;
    let mut bob = Client::connect(world.relay.address, b'b').await;
    world.fill().await;
    // A reader that was there hears of everything that was taken, and one that was never there before does.
    bob.until(|it| world.ledger.breaches(&records(it)).is_empty()).await;
    assert_eq!(bob.closed, None);
    world.audit(1).await;
    let refused = tokio::time::timeout(LONG_ENOUGH, bob.until_closed()).await;
    assert!(refused.is_err(), "who only reads is not refused: {refused:?}");
    // Who writes is told the same again, and whoever watches the relay is told too.
    world.reconnect().await;
    world.write(1, 10).await;
    assert_eq!(world.ada.closed.as_deref(), Some("storage-full"));
    assert_eq!(world.relay.get("/healthz").await.0, 200);
    let (status, answer) = world.relay.get("/readyz").await;
    assert_eq!((status, answer.ends_with("storage-full\n")), (503, true));
    world.audit(2).await;
}

async fn goes_on_by_itself() {
    let mut world = World::new().await;
    let mut bob = Client::connect(world.relay.address, b'b').await;
    world.fill().await;
    bob.until(|it| world.ledger.breaches(&records(it)).is_empty()).await;
    world.disk.make_room();
    world.arrive().await;
    // Bob has been connected all the time: he hears of what was missing, and writes.
    bob.until(|it| world.ledger.is_complete(&records(it))).await;
    bob.write("bobs", "heron").await;
    bob.until(Client::is_saved).await;
    assert_eq!(bob.closed, None);
    world.ada.until(|it| it.texts("bobs") == ["heron"]).await;
}

async fn starts_on_it() {
    let mut world = World::new().await;
    world.fill().await;
    for number in 0..3 {
        // Killed while it refuses to write, or told to end; then started, on the same full disk.
        world.reconnect().await;
        if number < 2 {
            world.relay.kill_at_once();
        } else {
            world.relay.terminate();
        }
        world.restart_on_full_disk().await;
        world.audit(number).await;
    }
    world.disk.make_room();
    world.arrive().await;
    // Ended in order while there was room, and the disk became full before it was started again.
    world.relay.terminate();
    world.restart_on_full_disk().await;
    world.audit(2_000).await;
    world.disk.make_room();
    world.reconnect().await;
    world.write(1, 10).await;
    assert_eq!((&world.ada.closed, world.ledger.acknowledged), (&None, world.ledger.written));
}

async fn large_delta() {
    let mut world = World::new().await;
    world.write(10, 1_000).await;
    world.write(600, 10_000).await;
    assert_eq!(world.ada.closed.as_deref(), Some("storage-full"));
    // Nothing of it is visible, although some of its chunks were stored.
    assert_eq!(world.ledger.acknowledged, 10);
    let audit = Audit::of(world.relay.address, 1).await;
    assert_eq!(audit.entries.len(), 10);
    audit.check(&world.ledger, std::iter::once(&world.ada.replica));
    world.disk.make_room();
    world.arrive().await;
}
