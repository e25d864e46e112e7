//! The replica: the committed state of one copy of one database, and the order in which it learned of it.
//!
//! It is the fold of the log's segments: every tab that reads the same segments holds the same replica, down to the
//! positions. Knows nothing of writes that are not committed yet, of storage or of connections.

use std::ops::Bound;

use crate::chain::{Chain, ChainEnd};
use crate::checkpoint::Placed;
use crate::clock::Clock;
use crate::forgetting::{Forgotten, Told, is_news};
use crate::guard::{Guard, holds};
use crate::id::{Cursor, DatabaseName, LogEpoch, ReplicaId, Seq};
use crate::key::RecordKey;
use crate::linked::LinkedVector;
use crate::message::DeltaClock;
use crate::mixtures::Mixtures;
use crate::peers::Peers;
use crate::rebirth::Rebirth;
use crate::record::Record;
use crate::records::Records;
use crate::segment::{Entries, Received, Segment};
use crate::session::Local;
use crate::tally::Tally;
use crate::vector::VersionVector;
use crate::veil::Veil;

/// The committed state of one copy of one database.
#[derive(Debug)]
pub struct Replica {
    pub(crate) id: ReplicaId,
    pub(crate) epoch: LogEpoch,
    pub(crate) records: Records,
    pub(crate) mixtures: Mixtures,
    pub(crate) head: Seq,
    pub(crate) clock: Clock,
    pub(crate) chain: Chain,
    pub(crate) peers: Peers,
    pub(crate) unsent: usize,
    // The pages that it takes to count them were not here.
    pub(crate) unsent_is_guessed: bool,
    pub(crate) tally: Tally,
    pub(crate) forgotten: Forgotten,
    pub(crate) rebirths: Vec<Rebirth>,
}

impl Replica {
    /// An empty copy.
    pub fn new(id: ReplicaId, epoch: LogEpoch) -> Self {
        Self {
            id,
            epoch,
            records: Records::default(),
            mixtures: Mixtures::default(),
            head: Seq::ZERO,
            clock: Clock::default(),
            chain: Chain::default(),
            peers: Peers::new(epoch),
            unsent: 0,
            unsent_is_guessed: false,
            tally: Tally::default(),
            forgotten: Forgotten::default(),
            rebirths: Vec::new(),
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

    /// Below this position the log does not tell of all deletions.
    pub fn floor(&self) -> Seq {
        self.forgotten.floor
    }

    /// The writes whose traces may be forgotten.
    pub fn forgotten(&self) -> &VersionVector {
        &self.forgotten.vector
    }

    /// Its version vector over the whole database.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How far it is in its peers' logs, and they in its own.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// This replica has reached that position of a peer's log, where its chain has that link; 0 where that is not known.
    pub fn move_cursor(&mut self, peer: ReplicaId, cursor: Cursor, link: u32) {
        let met = self.peers.knows_log(cursor.epoch);
        self.peers.move_cursor(peer, cursor, link);
        if !met {
            self.recount_unsent();
        }
    }

    /// This replica has met that peer where it looks for it first.
    pub fn meet(&mut self, peer: ReplicaId) {
        self.peers.meet(peer);
    }

    /// A peer has durably taken in this replica's log up to that position.
    pub fn move_reached(&mut self, peer: ReplicaId, seq: Seq) {
        if self.peers.move_reached(peer, seq) {
            self.confirm();
            self.recount_unsent();
        }
    }

    /// Takes in what is remembered of peers; true when that was news.
    pub fn join_peers(&mut self, peers: &Peers) -> bool {
        let news = self.peers.join(peers);
        if news {
            self.confirm();
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

    /// True when there are none, for certain.
    pub(crate) fn has_none_unsent(&self) -> bool {
        self.unsent == 0 && !self.unsent_is_guessed
    }

    pub(crate) fn recount_unsent(&mut self) {
        let saved = self.peers.saved();
        let away =
            self.records.shelves().iter().filter(|shelf| shelf.is_away() && shelf.note.highest > saved);
        let (count, local) = away.fold((0, 0), |(count, local), shelf| (count + 1, local + shelf.note.local));
        // Of pages that are not here it is known how many of their records came from nobody.
        self.unsent_is_guessed = count > 0;
        let local = usize::try_from(local).unwrap_or(usize::MAX);
        self.unsent = self.unsent().count().saturating_add(local);
    }

    /// A record, by `collection/id`; deleted ones too.
    pub fn get(&self, key: &str) -> Option<&Record> {
        self.records.get(key).map(|placed| &placed.record)
    }

    /// The records after a key, in the order of keys.
    pub fn range_after<'a>(
        &'a self,
        key: Bound<&str>,
    ) -> impl Iterator<Item = (&'a RecordKey, &'a Record)> + use<'a> {
        self.records.range_after(key).map(|(key, placed)| (key, &placed.record))
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
                let link = self.chain.written_link(self.id, &entries);
                let changed = self.merge_all(entries, None, false, None);
                self.join_clock(&clock.into(), None, head_before);
                self.extend_chain(link, head_before);
                changed
            }
            Segment::Imported { clock, forgotten, entries } => {
                let link = self.chain.imported_link(head_before, &entries, &clock);
                let changed = self.merge_foreign(entries, None, None);
                let is_news = is_news(&forgotten, |replica| self.clock.get(replica), &clock);
                self.join_clock(&clock, None, head_before);
                self.go_on(link, head_before);
                if is_news {
                    self.inherit(&forgotten);
                }
                changed
            }
            Segment::Received(received) => {
                let (mut changed, mut told) = (Vec::new(), Told::new(received.clock.searched));
                for entries in staged {
                    told.note(&entries);
                    changed.extend(self.merge_part(entries, received.cursor.epoch, None));
                }
                changed.extend(self.complete(received, told, head_before));
                changed
            }
            Segment::Forgotten { up_to, before_ms } => {
                self.forget(up_to, before_ms);
                Vec::new()
            }
            Segment::Reborn(reborn) => self.be_reborn(reborn),
        }
    }

    /// Folds in a staged part of a delta from that log. To be followed by [`Replica::complete`]. The veil, if there is one,
    /// gets the records as they were before, if they were there.
    pub(crate) fn merge_part(
        &mut self,
        entries: Entries,
        epoch: LogEpoch,
        veil: Option<&mut Veil>,
    ) -> Vec<RecordKey> {
        self.merge_foreign(entries, Some(epoch), veil)
    }

    /// Folds in the end of a delta, with its clock and cursor. `told` has noted its parts; `head_before` is where the log
    /// ended before them.
    pub(crate) fn complete(
        &mut self,
        received: Received,
        mut told: Told,
        head_before: Seq,
    ) -> Vec<RecordKey> {
        let origin = Some(received.cursor.epoch);
        told.note(&received.entries);
        let mut changed = self.merge_foreign(received.entries, origin, None);
        let dropped = self.drop_untold(told, &received.clock.changed);
        let DeltaClock { changed: entries, link, forgotten, .. } = received.clock;
        let is_news = is_news(&forgotten, |replica| self.clock.get(replica), &entries);
        self.join_clock(&entries, origin, head_before);
        self.go_on(self.chain.received_link(head_before, received.cursor, link), head_before);
        if is_news || !dropped.is_empty() {
            self.inherit(&forgotten);
        }
        changed.extend(dropped);
        self.move_cursor(received.peer, received.cursor, link);
        changed
    }

    pub(crate) fn log_up_to(&self, seq: Seq) -> impl Iterator<Item = (Seq, &RecordKey, &Record)> {
        let all = self.log_after(Seq::ZERO).map(|(seq, key, record, _)| (seq, key, record));
        all.take_while(move |(at, ..)| *at <= seq)
    }

    pub(crate) fn log_after(
        &self,
        seq: Seq,
    ) -> impl Iterator<Item = (Seq, &RecordKey, &Record, Option<LogEpoch>)> {
        self.records.log_after(seq).map(|(key, placed)| (placed.seq, key, &placed.record, placed.origin))
    }

    // A clock that grew although no record changed takes a position of its own, or peers would not hear of it.
    fn join_clock(&mut self, clock: &LinkedVector, origin: Option<LogEpoch>, head_before: Seq) {
        let seq = if self.head > head_before { self.head } else { self.head.next() };
        if self.clock.join(clock, seq, origin) {
            self.head = seq;
        }
    }

    // What changed nothing makes no link.
    fn go_on(&mut self, link: u32, head_before: Seq) {
        if self.head > head_before {
            self.chain.go_on(self.head, link);
        }
    }

    // The commit that was folded in last was of this replica's own writes.
    fn extend_chain(&mut self, link: u32, head_before: Seq) {
        let counter = self.clock.get(self.id);
        self.go_on(link, head_before);
        if counter > 0 {
            self.clock.set_own(self.id, ChainEnd { counter, link: self.chain.link() }, self.head);
            self.chain.extend((head_before, self.head), counter);
        }
    }

    /// The link of its chain after the last commit.
    pub fn link(&self) -> u32 {
        self.chain.link()
    }

    /// Where the chain of its own writes ends.
    pub fn chain_end(&self) -> ChainEnd {
        self.chain.end()
    }

    /// Up to here this replica's own writes are known to others.
    pub fn confirmed(&self) -> ChainEnd {
        self.chain.confirmed()
    }

    fn confirm(&mut self) {
        if let Some(end) = self.chain.at_position(self.peers.saved()) {
            self.chain.confirm(end.counter);
        }
    }

    /// What it says of itself in a hello.
    pub fn local(&self, database: DatabaseName) -> Local {
        Local {
            database,
            replica: self.id,
            epoch: self.epoch,
            head: self.head,
            floor: self.floor(),
            digest: self.clock.digest(),
            link: self.chain.link(),
        }
    }

    /// The records up to a position that no peer is known to have, in the order of the log.
    pub fn unsent_up_to(&self, seq: Seq) -> impl Iterator<Item = &RecordKey> + '_ {
        self.unsent().take_while(move |(_, placed)| placed.seq <= seq).map(|(key, _)| key)
    }

    /// The records that no peer is known to have, in the order of the log.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = (&RecordKey, &Placed)> {
        let later = self.records.log_after(self.peers.saved());
        later.filter(|(_, placed)| placed.standing().is_unsent(&self.peers))
    }

    /// True when no peer is known to have the record as it is here.
    pub fn is_unsent(&self, key: &str) -> bool {
        self.records.get(key).is_some_and(|placed| placed.standing().is_unsent(&self.peers))
    }

    /// How far it is in that log of a peer.
    pub fn cursor(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Cursor> {
        let cursor = self.peers.cursor(peer)?;
        let is_valid = cursor.epoch == epoch || !holds(Guard::Epoch);
        is_valid.then_some(Cursor { epoch, seq: cursor.seq })
    }
}
