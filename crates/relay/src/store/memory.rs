//! The store in memory: the plain model of what a store does, for tests and for the conformance suite to agree with.
//!
//! Keeps nothing beyond the process; not for serving.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use eyot_core::reconcile::{FingerprintKey, Snapshot};
use eyot_core::session::{Chunk, Local, LogPage, PageRequest, Standing};
use eyot_core::{
    ChainEnd, Clock, Cursor, DatabaseName, LogEpoch, Record, RecordKey, ReplicaId, Seen, Seq, drop_covered,
};

use super::{
    Change, Database, Delta, Opened, PeerKnown, Store, StoreError, Survey, is_wanted, merge_within, new_names,
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
    cursors: BTreeMap<ReplicaId, Cursor>,
    staged: BTreeMap<ReplicaId, BTreeMap<Seq, Chunk>>,
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
            local: Local { database, replica, epoch, head, floor, digest: 0, chain: ChainEnd::default() },
            records: BTreeMap::new(),
            clock: Clock::default(),
            cursors: BTreeMap::new(),
            staged: BTreeMap::new(),
        })
    }

    fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        let start = Cursor { epoch, seq: Seq::ZERO };
        let known = self.cursors.get(&peer).copied().filter(|cursor| cursor.epoch == epoch);
        let cursor = known.unwrap_or(start);
        let last = self.staged.get(&peer).and_then(|chunks| chunks.values().next_back());
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
        let cursor = self.cursors.get(&peer).filter(|cursor| cursor.epoch == epoch);
        let last = self.staged.get(&peer).and_then(|chunks| chunks.values().next_back()).filter(|_| staged);
        let (end, told) = (self.clock.end(peer), last.map(|chunk| chunk.chain).unwrap_or_default());
        Seen {
            seq: cursor.map_or(Seq::ZERO, |cursor| cursor.seq),
            end: if told.counter > end.counter { told } else { end },
        }
    }

    fn page(&self, request: &PageRequest) -> LogPage {
        let mut log: Vec<_> = self.records.iter().filter(|(_, stored)| stored.seq > request.after).collect();
        log.sort_by_key(|(_, stored)| stored.seq);
        let floor = self.local.floor;
        let mut page = LogPage { up_to: request.after, floor, ..LogPage::default() };
        let mut bytes = 0;
        for (key, stored) in log {
            let covered =
                request.covered_by.as_ref().is_some_and(|clock| clock.covers_all(stored.record.context()));
            if is_wanted(request, key.as_str(), stored.seq, stored.origin) && !covered {
                bytes += stored.bytes + key.as_str().len();
                if bytes > request.budget_bytes && !page.entries.is_empty() {
                    return page;
                }
                page.entries.push((key.clone(), stored.record.clone()));
            }
            page.up_to = stored.seq;
        }
        page.up_to = self.local.head;
        let Some(among) = &request.among else {
            page.clock = Some(self.clock.changed_since(request.clock_since, request.exclude));
            return page;
        };
        page.clock = Some(self.clock.to_linked());
        let absent = among.keys.iter().filter(|key| !self.records.contains_key::<str>(key));
        page.absent = absent.filter_map(|key| key.parse().ok()).collect();
        page
    }

    fn survey(&self, key: FingerprintKey) -> Survey {
        let standing = self.records.iter().filter(|(_, stored)| !stored.record.is_deleted());
        let items =
            standing.map(|(name, stored)| (name.as_str().into(), key.of(name.as_str(), &stored.record)));
        Survey { snapshot: Snapshot::new(items), head: self.local.head }
    }

    fn forget(&mut self, before_ms: u64) -> u64 {
        let count = self.records.len();
        let floor = &mut self.local.floor;
        self.records.retain(|_, stored| {
            let old = stored.deleted_ms.is_some_and(|deleted_ms| deleted_ms < before_ms);
            if old {
                *floor = stored.seq.max(*floor);
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
        } else if !staged.values().next_back().is_some_and(goes_on) {
            return Err(StoreError::ChunksMissing);
        }
        staged.insert(chunk.up_to, chunk);
        let bytes: usize = staged.values().map(|chunk| chunk.block.len()).sum();
        if bytes as u64 > limits.staged_bytes { Err(StoreError::StagedTooLarge) } else { Ok(()) }
    }

    fn apply(&mut self, delta: Delta, limits: &Limits) -> Result<(Seq, bool), StoreError> {
        let (peer, cursor, before) = (delta.last.peer, delta.cursor(), self.local.head);
        if delta.chain.has_forked(self.clock.end(peer), delta.clock.end(peer)) {
            return Err(StoreError::Forked);
        }
        let staged = self.staged.remove(&peer).unwrap_or_default();
        let mut entries = Vec::new();
        if delta.chunks > 0 {
            let chunks = staged.into_values().filter(|chunk| chunk.base == delta.last.base);
            let chunks: Vec<Chunk> = chunks.collect();
            let end = chunks.last().map(|chunk| chunk.up_to);
            if chunks.len() as u64 != delta.chunks || end != Some(delta.last.from) {
                return Err(StoreError::ChunksMissing);
            }
            entries.extend(chunks.into_iter().flat_map(|chunk| chunk.entries));
        }
        entries.extend(delta.last.entries);
        let before_delta = self.clock.to_vector();
        let accounted = |dot| before_delta.covers(dot) || delta.clock.covers(dot);
        let forgotten = (self.local.floor > Seq::ZERO).then_some(&before_delta);
        for (key, record) in entries {
            if !record.context().iter().all(accounted) {
                return Err(StoreError::Unaccounted);
            }
            let change = merge_within(self.record(&key), record, forgotten, limits)?;
            self.put(key, change, cursor.epoch);
        }
        for key in delta.absent {
            let merged = self.record(&key).map(|record| drop_covered(record, &delta.clock));
            self.put(key, merged.and_then(Change::of), cursor.epoch);
        }
        let seq = if self.local.head > before { self.local.head } else { before.next() };
        if self.clock.join(&delta.clock, seq, Some(cursor.epoch)) {
            self.local.head = seq;
            self.local.digest = self.clock.digest();
        }
        self.move_cursor(peer, cursor);
        Ok((self.local.head, self.local.head > before))
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

    fn move_cursor(&mut self, peer: ReplicaId, cursor: Cursor) {
        let known = self.cursors.entry(peer).or_insert(cursor);
        let seq = if known.epoch == cursor.epoch { known.seq.max(cursor.seq) } else { cursor.seq };
        *known = Cursor { epoch: cursor.epoch, seq };
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

    async fn survey(&self, database: &Database, key: FingerprintKey) -> Result<Survey, StoreError> {
        self.change(database, |replica| Ok(replica.survey(key)))
    }

    async fn stage(&self, database: &Database, chunk: Chunk) -> Result<(), StoreError> {
        self.change(database, |replica| replica.stage(chunk, &self.limits))
    }

    async fn apply(&self, database: &Database, delta: Delta) -> Result<Seq, StoreError> {
        let peer = delta.last.peer;
        let applied = self.change(database, |replica| replica.apply(delta, &self.limits));
        if applied == Err(StoreError::Unaccounted) {
            self.change(database, |replica| Ok(replica.staged.remove(&peer).map(|_| ())))?;
        }
        let (head, moved) = applied?;
        if moved {
            self.hubs.announce(&database.name, head);
        }
        Ok(head)
    }

    async fn move_cursor(
        &self,
        database: &Database,
        peer: ReplicaId,
        cursor: Cursor,
    ) -> Result<(), StoreError> {
        self.change(database, |replica| {
            replica.move_cursor(peer, cursor);
            Ok(())
        })
    }

    async fn forget(&self, database: &Database, before_ms: u64) -> Result<u64, StoreError> {
        self.change(database, |replica| Ok(replica.forget(before_ms)))
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
