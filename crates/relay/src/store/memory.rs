//! The store in memory: the plain model of what a store does, for tests and for the conformance suite to agree with.
//!
//! Keeps nothing beyond the process; not for serving.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use eyot_core::message::DeltaClock;
use eyot_core::reconcile::{FingerprintKey, Snapshot};
use eyot_core::segment::pasts_weight;
use eyot_core::session::{Chunk, Local, LogPage, PageRequest, Passed, Standing};
use eyot_core::{
    Clock, Cursor, DatabaseName, LogEpoch, LogPlace, Merged, Record, RecordKey, ReplicaId, Seen, Seq, Told,
    Untold, VersionVector, drop_untold, has_heard_since, is_news, must_compare,
};

use super::{
    Applied, Change, Database, Delta, Opened, PeerKnown, Store, StoreError, Survey, merge_within, new_names,
};
use crate::hub::Hubs;
use crate::limits::Limits;

/// Databases in memory.
pub struct MemoryStore {
    // None after the end.
    replicas: Mutex<Option<BTreeMap<DatabaseName, Replica>>>,
    hubs: Arc<Hubs>,
    limits: Limits,
}

#[derive(Clone)]
struct Replica {
    local: Local,
    records: BTreeMap<RecordKey, Stored>,
    clock: Clock,
    // How far this replica is in each peer's log, and the link of the peer's chain there.
    cursors: BTreeMap<ReplicaId, (Cursor, u32)>,
    staged: BTreeMap<ReplicaId, Vec<Chunk>>,
    // The writes whose traces may be gone.
    forgotten: VersionVector,
}

#[derive(Clone)]
struct Stored {
    record: Record,
    bytes: usize,
    seq: Seq,
    origin: Option<LogEpoch>,
    deleted_ms: Option<u64>,
}

impl MemoryStore {
    /// A store without databases. Commits are announced to the hubs.
    pub fn new(limits: &Limits, hubs: Arc<Hubs>) -> Self {
        Self { replicas: Mutex::new(Some(BTreeMap::new())), hubs, limits: limits.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Option<BTreeMap<DatabaseName, Replica>>> {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Works on a copy, which takes the original's place if all went well.
    fn change<T>(
        &self,
        database: &Database,
        work: impl FnOnce(&mut Replica) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut guard = self.lock();
        let replica = guard.as_mut().ok_or(StoreError::Closed)?.get_mut(&database.name);
        let replica = replica.ok_or_else(|| StoreError::Failed("no such database".into()))?;
        let mut copy = replica.clone();
        let result = work(&mut copy)?;
        *replica = copy;
        Ok(result)
    }
}

impl Replica {
    fn new(name: &DatabaseName) -> Result<Self, StoreError> {
        let (replica, epoch) = new_names()?;
        let (database, head, floor) = (name.clone(), Seq::ZERO, Seq::ZERO);
        Ok(Self {
            local: Local { database, replica, epoch, head, floor, digest: 0, link: 0 },
            records: BTreeMap::new(),
            clock: Clock::default(),
            cursors: BTreeMap::new(),
            staged: BTreeMap::new(),
            forgotten: VersionVector::new(),
        })
    }

    fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        let start = Cursor { epoch, seq: Seq::ZERO };
        let known = self.cursors.get(&peer).map(|(cursor, _)| *cursor).filter(|cursor| cursor.epoch == epoch);
        let cursor = known.unwrap_or(start);
        let last = self.staged.get(&peer).and_then(|chunks| chunks.last());
        match last.filter(|chunk| chunk.base == cursor) {
            Some(chunk) => Some(Standing { cursor, staged: chunk.up_to }),
            None => known.map(|cursor| Standing { cursor, staged: cursor.seq }),
        }
    }

    fn peer(&self, peer: ReplicaId, epoch: LogEpoch) -> PeerKnown {
        let standing = self.standing(peer, epoch);
        let staged = standing.is_some_and(|standing| standing.staged > standing.cursor.seq);
        PeerKnown {
            standing,
            chunks: if staged { self.staged.get(&peer).map_or(0, |chunks| chunks.len() as u64) } else { 0 },
            clock: if standing.is_some() { Default::default() } else { self.clock.to_vector() },
            seen: self.seen(peer, epoch, staged),
        }
    }

    fn seen(&self, peer: ReplicaId, epoch: LogEpoch, staged: bool) -> Seen {
        let cursor = self.cursors.get(&peer).filter(|(cursor, _)| cursor.epoch == epoch);
        let place = cursor.map(|(cursor, link)| LogPlace { seq: cursor.seq, link: *link });
        let last = self.staged.get(&peer).and_then(|chunks| chunks.last()).filter(|_| staged);
        let log = place.unwrap_or_default().max(last.map(|chunk| chunk.log).unwrap_or_default());
        Seen { log, end: self.clock.end(peer) }
    }

    fn page(&self, request: &PageRequest) -> LogPage {
        let mut log: Vec<_> = self.records.iter().filter(|(_, stored)| stored.seq > request.after).collect();
        log.sort_by_key(|(_, stored)| stored.seq);
        let floor = self.local.floor;
        let mut page = LogPage { up_to: request.after, floor, ..LogPage::default() };
        let left_out = request.left_out(self.seen(request.peer, request.exclude, false).log);
        let mut bytes = 0;
        for (key, stored) in log {
            let place = (key.as_str(), stored.seq, stored.origin);
            if request.is_wanted(place, left_out, stored.record.is_deleted())
                && !request.is_covered(key.as_str(), &stored.record)
            {
                bytes += stored.bytes + key.as_str().len() + pasts_weight(&stored.record);
                if bytes > request.budget_bytes && !page.entries.is_empty() {
                    return page;
                }
                page.entries.push((key.clone(), stored.record.clone()));
            }
            page.up_to = stored.seq;
        }
        page.up_to = self.local.head;
        for key in request.keys_to_tell().filter(|key| !self.records.contains_key::<str>(key)) {
            bytes += key.len();
            if bytes > request.budget_bytes && !page.entries.is_empty() {
                return page;
            }
            page.entries.extend(key.parse().ok().map(|key| (key, Record::new())));
            page.absent_up_to = Some(key.into());
        }
        let searched = request.among.is_some();
        let changed = match searched {
            true => self.clock.to_linked(),
            false => self.clock.changed_since(request.clock_since, left_out),
        };
        let forgotten = request.told_forgotten(&self.forgotten);
        page.clock = Some(DeltaClock { link: 0, changed, forgotten, searched });
        page
    }

    fn survey(&self, key: FingerprintKey, peer_clock: Option<&VersionVector>) -> Survey {
        let head = self.local.head;
        if peer_clock.is_some_and(|clock| !must_compare(&self.forgotten, clock)) {
            return Survey { snapshot: None, head };
        }
        let standing = self.records.iter().filter(|(_, stored)| !stored.record.is_deleted());
        let items =
            standing.map(|(name, stored)| (name.as_str().into(), key.of(name.as_str(), &stored.record)));
        Survey { snapshot: Some(Snapshot::new(items)), head }
    }

    fn forget(&mut self, before_ms: u64) -> u64 {
        let count = self.records.len();
        let (floor, forgotten) = (&mut self.local.floor, &mut self.forgotten);
        self.records.retain(|_, stored| {
            let old = stored.deleted_ms.is_some_and(|deleted_ms| deleted_ms < before_ms);
            if old {
                *floor = stored.seq.max(*floor);
                forgotten.join(stored.record.context());
            }
            !old
        });
        (count - self.records.len()) as u64
    }

    fn stage(&mut self, chunk: Chunk, limits: &Limits) -> Result<(), StoreError> {
        let staged = self.staged.entry(chunk.peer).or_default();
        let goes_on = |last: &Chunk| last.base == chunk.base && last.up_to == chunk.from;
        if chunk.from == chunk.base.seq {
            staged.clear();
        } else if !staged.last().is_some_and(goes_on) {
            return Err(StoreError::ChunksMissing);
        }
        staged.push(chunk);
        let bytes: usize = staged.iter().map(|chunk| chunk.block.len()).sum();
        if bytes as u64 > limits.staged_bytes { Err(StoreError::StagedTooLarge) } else { Ok(()) }
    }

    fn apply(&mut self, delta: Delta, limits: &Limits) -> Result<Applied, StoreError> {
        let (peer, cursor, before) = (delta.last.peer, delta.cursor(), self.local.head);
        let now = self.seen(peer, cursor.epoch, false);
        if delta.judged.is_overtaken(now, delta.told()) {
            return Err(StoreError::Overtaken(now));
        }
        let floor_before = self.local.floor;
        let staged = self.staged.remove(&peer).unwrap_or_default();
        let mut entries = Vec::new();
        if delta.chunks > 0 {
            let chunks = staged.into_iter().filter(|chunk| chunk.base == delta.last.base);
            let chunks: Vec<Chunk> = chunks.collect();
            let end = chunks.last().map(|chunk| chunk.up_to);
            if chunks.len() as u64 != delta.chunks || end != Some(delta.last.from) {
                return Err(StoreError::ChunksMissing);
            }
            entries.extend(chunks.into_iter().flat_map(|chunk| chunk.entries));
        }
        entries.extend(delta.last.entries);
        let mut told = Told::new(delta.clock.searched);
        told.note(&entries);
        let before_delta = self.clock.to_vector();
        if has_heard_since(&delta.clock.forgotten, &delta.asked, |replica| before_delta.get(replica)) {
            return Err(StoreError::HeardMeanwhile);
        }
        let accounted = |dot| before_delta.covers(dot) || delta.clock.changed.covers(dot);
        let forgotten = (self.local.floor > Seq::ZERO).then_some(&before_delta);
        for (key, record) in entries {
            if !record.context().iter().all(accounted) {
                return Err(StoreError::Unaccounted);
            }
            let change = merge_within(self.record(&key), record, forgotten, limits)?;
            self.put(key, change, cursor.epoch);
        }
        let dropped = self.drop_untold(told, &delta.clock.changed, cursor.epoch);
        let seq = if self.local.head > before { self.local.head } else { before.next() };
        if self.clock.join(&delta.clock.changed, seq, Some(cursor.epoch)) {
            self.local.head = seq;
            self.local.digest = self.clock.digest();
        }
        let known = delta.clock.forgotten.meet(&self.clock.to_vector());
        let was_known = |replica| before_delta.get(replica);
        if dropped || is_news(&delta.clock.forgotten, was_known, &delta.clock.changed) {
            self.forgotten.join(&known);
            self.local.floor = self.local.head;
        }
        self.move_cursor(peer, cursor, delta.clock.link);
        Ok(Applied { head: self.local.head, floor_before, floor: self.local.floor })
    }

    // True when anything was.
    fn drop_untold(&mut self, told: Told, clock: &VersionVector, origin: LogEpoch) -> bool {
        let mut any = false;
        for (key, dots) in told.into_records() {
            let Some(record) = self.record(&key) else { continue };
            let dropped = match drop_untold(record, &dots, clock) {
                Untold::Nothing => continue,
                Untold::Some(dropped, kept) => {
                    self.put(key, Change::of(Merged::Mixed(kept)), origin);
                    dropped
                }
                Untold::All(dropped) => {
                    self.records.remove(&key);
                    dropped
                }
            };
            self.forgotten.join(&dropped);
            any = true;
        }
        any
    }

    fn record(&self, key: &RecordKey) -> Option<&Record> {
        self.records.get(key).map(|stored| &stored.record)
    }

    fn put(&mut self, key: RecordKey, change: Option<Change>, origin: LogEpoch) {
        if let Some(Change { record, state, as_sent, deleted_ms }) = change {
            self.local.head = self.local.head.next();
            let (seq, origin, bytes) = (self.local.head, as_sent.then_some(origin), state.len());
            self.records.insert(key, Stored { record, bytes, seq, origin, deleted_ms });
        }
    }

    fn move_cursor(&mut self, peer: ReplicaId, cursor: Cursor, link: u32) {
        let (known, known_link) = self.cursors.entry(peer).or_insert((cursor, link));
        if known.epoch != cursor.epoch || known.seq < cursor.seq {
            (*known, *known_link) = (cursor, link);
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn open(&self, name: &DatabaseName, create: bool) -> Result<Option<Opened>, StoreError> {
        let mut guard = self.lock();
        let replicas = guard.as_mut().ok_or(StoreError::Closed)?;
        if create && !replicas.contains_key(name) {
            replicas.insert(name.clone(), Replica::new(name)?);
        }
        let database = Database { id: 0, name: name.clone() };
        Ok(replicas.get(name).map(|replica| Opened { database, local: replica.local.clone() }))
    }

    async fn peer(
        &self,
        database: &Database,
        peer: ReplicaId,
        epoch: LogEpoch,
    ) -> Result<PeerKnown, StoreError> {
        self.change(database, |replica| Ok(replica.peer(peer, epoch)))
    }

    async fn page(&self, database: &Database, request: PageRequest) -> Result<LogPage, StoreError> {
        self.change(database, |replica| Ok(replica.page(&request)))
    }

    async fn survey(
        &self,
        database: &Database,
        key: FingerprintKey,
        peer_clock: Option<VersionVector>,
    ) -> Result<Survey, StoreError> {
        self.change(database, |replica| Ok(replica.survey(key, peer_clock.as_ref())))
    }

    async fn stage(&self, database: &Database, chunk: Chunk) -> Result<(), StoreError> {
        self.change(database, |replica| replica.stage(chunk, &self.limits))
    }

    async fn apply(&self, database: &Database, delta: Delta) -> Result<Applied, StoreError> {
        let peer = delta.last.peer;
        let before = self.change(database, |replica| Ok(replica.local.head))?;
        let applied = self.change(database, |replica| replica.apply(delta, &self.limits));
        if applied == Err(StoreError::Unaccounted) {
            self.change(database, |replica| Ok(replica.staged.remove(&peer).map(|_| ())))?;
        }
        let applied = applied?;
        if applied.head > before {
            self.hubs.announce(&database.name, applied.head);
        }
        Ok(applied)
    }

    async fn move_cursor(&self, database: &Database, passed: Passed) -> Result<(), StoreError> {
        self.change(database, |replica| {
            let Passed { peer, cursor, link, .. } = passed;
            if !passed.is_overtaken(replica.seen(peer, cursor.epoch, false)) {
                replica.move_cursor(peer, cursor, link);
            }
            Ok(())
        })
    }

    async fn forget(&self, database: &Database, before_ms: u64) -> Result<u64, StoreError> {
        self.change(database, |replica| Ok(replica.forget(before_ms)))
    }

    async fn begin_life(&self, database: &Database, beyond: Cursor) -> Result<bool, StoreError> {
        self.change(database, |replica| {
            let was_set_back = replica.local.epoch == beyond.epoch && replica.local.head < beyond.seq;
            if was_set_back {
                (_, replica.local.epoch) = new_names()?;
            }
            Ok(was_set_back)
        })
    }

    async fn databases(&self) -> Result<Vec<Database>, StoreError> {
        let guard = self.lock();
        let names = guard.as_ref().ok_or(StoreError::Closed)?.keys();
        Ok(names.map(|name| Database { id: 0, name: name.clone() }).collect())
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.lock().as_ref().map(|_| ()).ok_or(StoreError::Closed)
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.lock().take().map(|_| ()).ok_or(StoreError::Closed)
    }
}
