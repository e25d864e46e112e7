//! A store with one database in it, and short ways to write to it as a peer.

use std::sync::Arc;

use eyot_core::message::DeltaClock;
use eyot_core::session::{Among, Chunk, Local, LogPage, PageRequest};
use eyot_core::{
    Context, Cursor, Hlc, LogEpoch, LogPlace, Record, RecordKey, ReplicaId, Seq, VersionVector, Writer,
    write_block,
};
use eyot_relay::Limits;
use eyot_relay::hub::Hubs;
use eyot_relay::store::memory::MemoryStore;
use eyot_relay::store::sqlite::SqliteStore;
use eyot_relay::store::{Applied, Database, Delta, Store, StoreError};
use tempfile::TempDir;

pub(crate) const A: ReplicaId = ReplicaId::letter(b'a');
pub(crate) const B: ReplicaId = ReplicaId::letter(b'b');

/// The log of a peer in the tests: its epoch is the letter.
pub(crate) fn epoch(peer: ReplicaId) -> LogEpoch {
    LogEpoch(peer.to_bytes()[0].into())
}

pub(crate) struct Fixture {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hubs: Arc<Hubs>,
    pub(crate) database: Database,
    // Kept for as long as the store uses it.
    _folder: Option<TempDir>,
}

/// Small, so that tests reach them.
pub(crate) fn limits() -> Limits {
    Limits { record_bytes: 4_000, siblings: 4, staged_bytes: 10_000, ..Limits::default() }
}

pub(crate) async fn memory_store() -> Fixture {
    let hubs = Arc::new(Hubs::default());
    Fixture::new(Arc::new(MemoryStore::new(&limits(), Arc::clone(&hubs))), hubs, None).await
}

pub(crate) async fn sqlite_store() -> Fixture {
    let (folder, hubs) = (tempfile::tempdir().unwrap(), Arc::new(Hubs::default()));
    let store = SqliteStore::open(folder.path(), &limits(), Arc::clone(&hubs)).await.unwrap();
    Fixture::new(Arc::new(store), hubs, Some(folder)).await
}

impl Fixture {
    async fn new(store: Arc<dyn Store>, hubs: Arc<Hubs>, folder: Option<TempDir>) -> Self {
        let opened = store.open(&"notes".parse().unwrap(), true).await.unwrap().unwrap();
        Self { store, hubs, database: opened.database, _folder: folder }
    }

    /// What the relay says of its own log.
    pub(crate) async fn local(&self) -> Local {
        self.store.open(&self.database.name, false).await.unwrap().unwrap().local
    }

    /// Applies a delta of one chunk that goes up to `up_to` in the peer's log.
    pub(crate) async fn apply(
        &self,
        peer: ReplicaId,
        up_to: u64,
        clock: &str,
        entries: &[Entry],
    ) -> Result<Seq, StoreError> {
        self.apply_staged(peer, ((0, 0, up_to), 0), clock, entries).await
    }

    /// Applies the last chunk of a delta, after `chunks` others.
    pub(crate) async fn apply_staged(
        &self,
        peer: ReplicaId,
        (place, chunks): (Place, u64),
        clock: &str,
        entries: &[Entry],
    ) -> Result<Seq, StoreError> {
        let clock = DeltaClock { changed: clock.parse().unwrap(), ..DeltaClock::default() };
        self.apply_with(peer, (place, chunks), clock, entries).await.map(|applied| applied.head)
    }

    /// Applies the last chunk of a delta that says this of the peer's clock.
    pub(crate) async fn apply_with(
        &self,
        peer: ReplicaId,
        (place, chunks): (Place, u64),
        clock: DeltaClock,
        entries: &[Entry],
    ) -> Result<Applied, StoreError> {
        let asked = self.asked(&clock).await;
        let known = self.store.peer(&self.database, peer, epoch(peer)).await;
        let judged = known.map(|known| known.seen).unwrap_or_default();
        let delta = Delta { last: chunk(peer, place, entries), chunks, clock, judged, asked };
        self.store.apply(&self.database, delta).await
    }

    // The clock of now, where it matters: nothing has come between.
    async fn asked(&self, clock: &DeltaClock) -> VersionVector {
        if clock.forgotten.is_empty() {
            return VersionVector::new();
        }
        self.store.peer(&self.database, ReplicaId::letter(b'?'), LogEpoch(0)).await.unwrap().clock
    }

    pub(crate) async fn stage(
        &self,
        peer: ReplicaId,
        place: Place,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        self.store.stage(&self.database, chunk(peer, place, entries)).await
    }

    /// The log after a position, for a peer that has none of it.
    pub(crate) async fn page(&self, after: u64) -> LogPage {
        self.page_with(request(after)).await
    }

    pub(crate) async fn page_with(&self, request: PageRequest) -> LogPage {
        self.store.page(&self.database, request).await.unwrap()
    }
}

pub(crate) fn request(after: u64) -> PageRequest {
    PageRequest {
        after: Seq(after),
        clock_since: Seq(after),
        peer: ReplicaId::letter(b'?'),
        exclude: LogEpoch(0),
        judged: LogPlace::default(),
        told: LogPlace::default(),
        covered_by: None,
        among: None,
        is_first: false,
        budget_bytes: 1 << 20,
    }
}

/// A request after a search that found these records, up to that position.
pub(crate) fn among(ids: &[&str], until: u64) -> PageRequest {
    let keys = ids.iter().map(|id| format!("notes/{id}").into_boxed_str()).collect();
    let among = Among { keys: Arc::new(keys), until: Seq(until), absent_up_to: None };
    PageRequest { among: Some(among), is_first: true, ..request(0) }
}

pub(crate) type Entry = (RecordKey, Record);

/// What a delta after a search says of a clock.
pub(crate) fn searched(changed: &str, forgotten: &str) -> DeltaClock {
    let (changed, forgotten) = (changed.parse().unwrap(), vector(forgotten));
    DeltaClock { changed, forgotten, searched: true, ..DeltaClock::default() }
}

/// A record of which a peer has nothing.
pub(crate) fn absent(id: &str) -> Entry {
    (RecordKey::new("notes", id).unwrap(), Record::new())
}

/// A record that was written by these dots, each with the context behind its `/`: `a:1/ a:2/a:1`.
pub(crate) fn entry(id: &str, writes: &str) -> Entry {
    sized(id, writes, 10)
}

/// A record whose last write is a deletion at that time; the others as in [`entry`].
pub(crate) fn deleted(id: &str, writes: &str, at_ms: u64) -> Entry {
    let (before, last) = writes.rsplit_once(", ").unwrap_or(("", writes));
    let mut record = if before.is_empty() { Record::new() } else { entry(id, before).1 };
    let (dot, context) = last.split_once('/').unwrap();
    let context: Context = context.parse().unwrap();
    record.write(dot.parse().unwrap(), &context, Hlc::from_ms(at_ms), None);
    (RecordKey::new("notes", id).unwrap(), record)
}

/// As [`entry`], with contents of that size.
pub(crate) fn sized(id: &str, writes: &str, bytes: usize) -> Entry {
    let mut record = Record::new();
    for write in writes.split(", ") {
        let (dot, context) = write.split_once('/').unwrap();
        let context: Context = context.parse().unwrap();
        record.write(dot.parse().unwrap(), &context, Hlc::from_ms(1), Some(vec![b'x'; bytes].into()));
    }
    (RecordKey::new("notes", id).unwrap(), record)
}

/// Where a delta begins, where a chunk of it begins, and where that ends.
pub(crate) type Place = (u64, u64, u64);

pub(crate) fn chunk(peer: ReplicaId, (base, from, up_to): Place, entries: &[Entry]) -> Chunk {
    let mut block = Writer::new();
    if !entries.is_empty() {
        write_block(&mut block, entries.iter().map(|(key, record)| (key, record)));
    }
    Chunk {
        peer,
        log: LogPlace::default(),
        base: Cursor { epoch: epoch(peer), seq: Seq(base) },
        from: Seq(from),
        up_to: Seq(up_to),
        block: block.into_bytes(),
        entries: entries.to_vec(),
    }
}

pub(crate) fn vector(text: &str) -> VersionVector {
    text.parse().unwrap()
}

/// The ids and dots of a page, such as `n1=a:1+b:1 n2=a:2`.
pub(crate) fn text(page: &LogPage) -> String {
    let entries = page.entries.iter().map(|(key, record)| {
        let dots: Vec<String> = record.versions().iter().map(|version| version.dot.to_string()).collect();
        format!("{}={}", key.id(), dots.join("+"))
    });
    entries.collect::<Vec<_>>().join(" ")
}

pub(crate) fn clock(page: &LogPage) -> String {
    page.clock.as_ref().map_or_else(|| "none".into(), |clock| clock.changed.to_string())
}
