//! The replica: the committed state of one copy of one database, and the order in which it learned of it.
//!
//! It is the fold of the log's segments: every tab that reads the same segments holds the same replica, down to the
//! positions. Knows nothing of writes that are not committed yet, of storage or of connections.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::clock::Clock;
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::key::RecordKey;
use crate::peers::Peers;
use crate::record::{Merged, Record, merge_incoming};
use crate::segment::{Entries, Received, Segment, entry_size};
use crate::session::{LogPage, PageRequest};
use crate::tally::Tally;
use crate::vector::VersionVector;

/// The committed state of one copy of one database.
#[derive(Debug)]
pub struct Replica {
    id: ReplicaId,
    epoch: LogEpoch,
    records: BTreeMap<RecordKey, Slot>,
    // Every record once, at the position where it last changed.
    log: BTreeMap<Seq, RecordKey>,
    head: Seq,
    clock: Clock,
    peers: Peers,
    unsent: usize,
    tally: Tally,
}

#[derive(Debug)]
struct Slot {
    record: Record,
    seq: Seq,
    // The peer's log that has the record just so, if it came from there.
    origin: Option<LogEpoch>,
}

impl Slot {
    fn is_unsent(&self, peers: &Peers) -> bool {
        self.seq > peers.saved() && !self.origin.is_some_and(|epoch| peers.knows_log(epoch))
    }
}

impl Replica {
    /// An empty copy.
    pub fn new(id: ReplicaId, epoch: LogEpoch) -> Self {
        let (records, log) = (BTreeMap::new(), BTreeMap::new());
        Self {
            id,
            epoch,
            records,
            log,
            head: Seq::ZERO,
            clock: Clock::default(),
            peers: Peers::default(),
            unsent: 0,
            tally: Tally::default(),
        }
    }

    /// The name of the copy.
    pub fn id(&self) -> ReplicaId {
        self.id
    }

    /// The life of its log.
    pub fn epoch(&self) -> LogEpoch {
        self.epoch
    }

    /// The last position of its log.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Its version vector over the whole database.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How far it is in its peers' logs, and they in its own.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// This replica has reached that position of a peer's log.
    pub fn move_cursor(&mut self, peer: ReplicaId, cursor: Cursor) {
        let met = self.peers.knows_log(cursor.epoch);
        self.peers.move_cursor(peer, cursor);
        if !met {
            self.recount_unsent();
        }
    }

    /// A peer has durably taken in this replica's log up to that position.
    pub fn move_reached(&mut self, peer: ReplicaId, seq: Seq) {
        if self.peers.move_reached(peer, seq) {
            self.recount_unsent();
        }
    }

    /// Takes in what is remembered of peers; true when that was news.
    pub fn join_peers(&mut self, peers: &Peers) -> bool {
        let news = self.peers.join(peers);
        if news {
            self.recount_unsent();
        }
        news
    }

    /// Forgets how far it was in a peer's log, and the peer in its own.
    pub fn forget_peer(&mut self, peer: ReplicaId) {
        self.peers.forget(peer);
        self.recount_unsent();
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many records no peer is known to have as they are here.
    pub fn unsent_count(&self) -> usize {
        self.unsent
    }

    fn recount_unsent(&mut self) {
        self.unsent = self.unsent_up_to(self.head).count();
    }

    /// A record, by `collection/id`; deleted ones too.
    pub fn get(&self, key: &str) -> Option<&Record> {
        self.records.get(key).map(|slot| &slot.record)
    }

    /// The records after a key, in the order of keys.
    pub fn range_after<'a>(
        &'a self,
        key: Bound<&str>,
    ) -> impl Iterator<Item = (&'a RecordKey, &'a Record)> + use<'a> {
        self.records.range::<str, _>((key, Bound::Unbounded)).map(|(key, slot)| (key, &slot.record))
    }

    /// Folds in a segment with the chunks that were staged for it. Returns the keys of the records that changed.
    ///
    /// Law: the same segments in the same order give the same replica, positions included.
    pub fn apply(&mut self, segment: Segment, staged: Vec<Entries>) -> Vec<RecordKey> {
        let head_before = self.head;
        match segment {
            Segment::Written(entries) => {
                let mut clock = VersionVector::new();
                entries.iter().for_each(|(_, record)| clock.join(record.context()));
                let changed = self.merge_all(entries, None);
                self.join_clock(&clock, None, head_before);
                changed
            }
            Segment::Imported { clock, entries } => {
                let changed = self.merge_all(entries, None);
                self.join_clock(&clock, None, head_before);
                changed
            }
            Segment::Received(received) => {
                let mut changed = Vec::new();
                for entries in staged {
                    changed.extend(self.merge_part(entries, received.cursor.epoch));
                }
                changed.extend(self.complete(received, head_before));
                changed
            }
        }
    }

    /// Folds in a staged part of a delta from that log. To be followed by [`Replica::complete`].
    pub(crate) fn merge_part(&mut self, entries: Entries, epoch: LogEpoch) -> Vec<RecordKey> {
        self.merge_all(entries, Some(epoch))
    }

    /// Folds in the end of a delta, with its clock and cursor. `head_before` is where the log ended before its parts.
    pub(crate) fn complete(&mut self, received: Received, head_before: Seq) -> Vec<RecordKey> {
        let origin = Some(received.cursor.epoch);
        let changed = self.merge_all(received.entries, origin);
        self.join_clock(&received.clock, origin, head_before);
        self.move_cursor(received.peer, received.cursor);
        changed
    }

    fn merge_all(&mut self, entries: Entries, origin: Option<LogEpoch>) -> Vec<RecordKey> {
        let mut changed = Vec::with_capacity(entries.len());
        for (key, incoming) in entries {
            if self.merge_one(&key, incoming, origin) {
                changed.push(key);
            }
        }
        changed
    }

    fn merge_one(&mut self, key: &RecordKey, incoming: Record, origin: Option<LogEpoch>) -> bool {
        let slot = self.records.get_mut(key.as_str());
        let (record, origin) = match merge_incoming(slot.as_deref().map(|slot| &slot.record), incoming) {
            Merged::Unchanged => return false,
            Merged::AsSent(record) => (record, origin),
            Merged::Mixed(record) => (record, None),
        };
        self.tally.note(key, slot.as_deref().map(|slot| &slot.record), &record);
        self.head = self.head.next();
        let new = Slot { record, seq: self.head, origin };
        let was_unsent = slot.as_ref().is_some_and(|slot| slot.is_unsent(&self.peers));
        self.unsent =
            (self.unsent + usize::from(new.is_unsent(&self.peers))).saturating_sub(was_unsent.into());
        match slot {
            Some(slot) => {
                self.log.remove(&slot.seq);
                *slot = new;
            }
            None => {
                self.records.insert(key.clone(), new);
            }
        }
        self.log.insert(self.head, key.clone());
        true
    }

    // A clock that grew although no record changed takes a position of its own, or peers would not hear of it.
    fn join_clock(&mut self, clock: &VersionVector, origin: Option<LogEpoch>, head_before: Seq) {
        let seq = if self.head > head_before { self.head } else { self.head.next() };
        if self.clock.join(clock, seq, origin) {
            self.head = seq;
        }
    }

    /// Reads a part of the log for a peer. Only what is committed is here, so all of it is at least handed to the disk.
    pub fn page(&self, request: &PageRequest) -> LogPage {
        let mut page = LogPage { up_to: self.head, ..LogPage::default() };
        let mut size = 0;
        for (seq, key) in self.log.range((Bound::Excluded(request.after), Bound::Unbounded)) {
            let Some(slot) = self.records.get(key.as_str()) else { continue };
            let covered = |clock: &VersionVector| clock.covers_all(slot.record.context());
            if slot.origin == Some(request.exclude) || request.covered_by.as_ref().is_some_and(covered) {
                continue;
            }
            size += entry_size(key, &slot.record);
            if size > request.budget_bytes && !page.entries.is_empty() {
                return page;
            }
            page.entries.push((key.clone(), slot.record.clone()));
            page.up_to = *seq;
        }
        page.up_to = self.head;
        page.clock = Some(self.clock.changed_since(request.clock_since, request.exclude));
        page
    }

    /// The records up to a position that no peer is known to have, in the order of the log.
    pub fn unsent_up_to(&self, seq: Seq) -> impl Iterator<Item = &RecordKey> + '_ {
        let saved = self.peers.saved();
        let range = (Bound::Excluded(saved), Bound::Included(seq.max(saved)));
        self.log.range(range).map(|(_, key)| key).filter(|key| self.is_unsent(key.as_str()))
    }

    /// True when no peer is known to have the record as it is here.
    pub fn is_unsent(&self, key: &str) -> bool {
        self.records.get(key).is_some_and(|slot| slot.is_unsent(&self.peers))
    }

    /// How far it is in that log of a peer.
    pub fn cursor(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Cursor> {
        self.peers.cursor(peer).filter(|cursor| cursor.epoch == epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::dot::Dot;
    use crate::hlc::Hlc;
    use crate::segment::Received;

    const A: ReplicaId = ReplicaId::letter(b'a');
    const R: ReplicaId = ReplicaId::letter(b'r');

    fn written(replica: &Replica, id: &str, dot: &str) -> Segment {
        let key = RecordKey::new("notes", id).unwrap();
        let mut record = replica.get(key.as_str()).cloned().unwrap_or_default();
        let context = Context::from(record.context().clone());
        let dot: Dot = dot.parse().unwrap();
        record.write(dot, &context, Hlc::from_ms(1), Some(dot.to_string().as_bytes().into()));
        Segment::Written(vec![(key, record)])
    }

    fn request(after: u64) -> PageRequest {
        let exclude = LogEpoch(99);
        PageRequest {
            after: Seq(after),
            clock_since: Seq(after),
            exclude,
            covered_by: None,
            budget_bytes: 1 << 20,
        }
    }

    fn keys(page: &LogPage) -> Vec<&str> {
        page.entries.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn the_log_has_every_record_once_where_it_last_changed() {
        let mut replica = Replica::new(A, LogEpoch(1));
        for (id, dot) in [("x", "a:1"), ("y", "a:2"), ("x", "a:3")] {
            replica.apply(written(&replica, id, dot), Vec::new());
        }
        let page = replica.page(&request(0));
        assert_eq!((keys(&page), page.up_to), (vec!["notes/y", "notes/x"], Seq(3)));
        assert_eq!(page.clock.map(|clock| clock.to_string()), Some("a:3".to_owned()));
        assert_eq!(keys(&replica.page(&request(2))), ["notes/x"]);
        assert!(replica.page(&request(3)).entries.is_empty());
    }

    #[test]
    fn what_came_from_a_log_is_not_sent_back_to_it() {
        let mut source = Replica::new(R, LogEpoch(7));
        source.apply(written(&source, "x", "b:1"), Vec::new());
        let page = source.page(&request(0));
        let mut replica = Replica::new(A, LogEpoch(1));
        let cursor = Cursor { epoch: LogEpoch(7), seq: page.up_to };
        let clock = page.clock.unwrap();
        let received = Received { peer: R, cursor, clock, stage: None, entries: page.entries };
        replica.apply(Segment::Received(received), Vec::new());
        let back = replica.page(&PageRequest { exclude: LogEpoch(7), ..request(0) });
        assert_eq!((back.entries.len(), back.clock), (0, Some(VersionVector::new())));
        assert_eq!(keys(&replica.page(&request(0))), ["notes/x"]);
        assert_eq!(replica.unsent_up_to(replica.head()).count(), 0);
        assert_eq!(replica.cursor(R, LogEpoch(7)), Some(cursor));
        assert_eq!(replica.cursor(R, LogEpoch(8)), None);
    }

    #[test]
    fn a_page_stops_at_its_budget_and_goes_on_there() {
        let mut replica = Replica::new(A, LogEpoch(1));
        for counter in 1..=5 {
            replica.apply(written(&replica, &format!("n{counter}"), &format!("a:{counter}")), Vec::new());
        }
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let page = replica.page(&PageRequest { budget_bytes: 100, ..request(after) });
            seen.extend(page.entries.iter().map(|(key, _)| key.id().to_owned()));
            after = page.up_to.0;
            if page.clock.is_some() {
                break;
            }
            assert!(!page.entries.is_empty());
        }
        assert_eq!((seen.join(" "), after), ("n1 n2 n3 n4 n5".to_owned(), 5));
    }
}
