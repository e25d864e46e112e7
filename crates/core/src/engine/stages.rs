//! Deltas on their way in: chunks that wait until their delta is complete, and the deliveries that are.

use std::collections::VecDeque;

use litemap::LiteMap;

use super::Engine;
use super::io::{EngineEffect, Link, StorageFailure};
use crate::checkpoint::PageId;
use crate::dot::Dot;
use crate::guard::{Guard, holds};
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::limits::Limits;
use crate::message::DeltaClock;
use crate::seen::{LogPlace, Seen};
use crate::segment::{Entries, Received, Stage, StagedChunk, staged_chunk};
use crate::session::{Chunk, SessionInput, Standing};
use crate::vector::VersionVector;

/// The code of a failure to store a chunk where there is one already.
const COLLIDED: &str = "collided";

/// A whole delta that is to be committed.
pub(super) struct Delivery {
    pub(super) link: Link,
    pub(super) received: Received,
    /// The block of the last chunk, as it came.
    pub(super) block: Vec<u8>,
    /// The records of the chunks before it.
    pub(super) chunks: Vec<Entries>,
    /// The clock that the peer was told, where the delta says what is forgotten.
    pub(super) asked: VersionVector,
    /// What the peer has judged to be its own.
    pub(super) judged: Seen,
    /// Where the delta began in the peer's log, where its last chunk does, and where that log ended.
    place: (Cursor, Seq, LogPlace),
    /// The life of this replica's log in which it was asked for.
    pub(super) own: LogEpoch,
}

/// A whole delta that a session has brought.
pub(super) struct Arrival {
    pub(super) link: Link,
    pub(super) chunk: Chunk,
    pub(super) staged: bool,
    pub(super) clock: DeltaClock,
    pub(super) judged: Seen,
    pub(super) asked: VersionVector,
}

/// The stages of this replica, as far as this tab knows.
pub(super) struct Stages {
    // The delta under way from each peer. Only while this tab is connected to it, or holds the sync: meanwhile another may
    // complete or drop it.
    open: LiteMap<ReplicaId, OpenStage>,
    storing: Option<Storing>,
    // Chunks that wait for the one that is being stored. A session brings the next one only when it is told of the last.
    waiting: VecDeque<(Link, Chunk)>,
    // Deltas that wait until the pages are here with which they are compared.
    arrivals: VecDeque<Arrival>,
    // Named in the log: they are part of it.
    adopted: LiteMap<u64, ()>,
    random: fastrand::Rng,
}

/// A delta of which some chunks are on disk.
struct OpenStage {
    name: u64,
    base: Cursor,
    position: Seq,
    // Where the peer's log ended when it sent them.
    log: LogPlace,
    chunks: Vec<Entries>,
}

// The chunk that the disk was asked to keep, and the link that waits for it.
struct Storing {
    stage: u64,
    peer: ReplicaId,
    link: Link,
    up_to: Seq,
    log: LogPlace,
    entries: Entries,
}

impl Stages {
    /// Random bits.
    pub(super) fn random_number(&mut self) -> u64 {
        self.random.u64(..)
    }

    pub(super) fn new(seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed ^ 0x7374_6167_6573);
        Self {
            open: LiteMap::new(),
            storing: None,
            waiting: VecDeque::new(),
            arrivals: VecDeque::new(),
            adopted: LiteMap::new(),
            random,
        }
    }

    // A name that no other stage of this replica has: 52 random bits, which a JavaScript number holds exactly.
    fn new_name(&mut self) -> u64 {
        self.random.u64(1..1 << 52)
    }

    /// A name that no other page has, likewise.
    pub(super) fn new_page(&mut self) -> PageId {
        PageId(self.new_name())
    }

    /// True while a chunk is being stored that a connection of this kind has brought.
    pub(super) fn is_storing(&self, is_of: impl Fn(Link) -> bool) -> bool {
        self.storing.as_ref().is_some_and(|storing| is_of(storing.link))
    }

    // The delta under way from that peer, if it goes on just there.
    fn at(&self, peer: ReplicaId, base: Cursor, position: Seq) -> Option<&OpenStage> {
        self.open.get(&peer).filter(|stage| stage.base == base && stage.position == position)
    }

    fn take_at(&mut self, peer: ReplicaId, base: Cursor, position: Seq) -> Option<OpenStage> {
        self.at(peer, base, position)?;
        self.open.remove(&peer)
    }
}

impl Engine {
    /// What is staged stays on disk, for whichever tab takes it up.
    pub(super) fn leave_stages(&mut self) {
        self.stages.open.retain(|peer, _| self.links.to(*peer).is_some());
    }

    /// Law: a stage that the log names is never dropped, whoever has completed it.
    pub(super) fn adopt_stage(&mut self, name: u64) {
        self.stages.adopted.insert(name, ());
        let mut open = self.stages.open.iter();
        let Some(peer) = open.find(|(_, stage)| stage.name == name).map(|(peer, _)| *peer) else { return };
        self.stages.open.remove(&peer);
        if let Some(link) = self.links.to(peer) {
            // Another tab syncs as well and was faster: what this one waits for does not continue anything any more.
            self.abandon_link(link, "superseded", "Another tab has completed the delta.");
        }
    }

    pub(super) fn stage_chunk(&mut self, link: Link, chunk: Chunk) {
        if self.stages.storing.is_some() {
            return self.stages.waiting.push_back((link, chunk));
        }
        let Chunk { peer, log, base, from, up_to, block, entries } = chunk;
        // A delta that was begun anew has not got the chunks of the one before it: what they hold may be deleted since.
        if self.stages.at(peer, base, from).is_none() {
            if from > base.seq && holds(Guard::StagedWithoutGaps) {
                return self.feed_link(link, SessionInput::Failed { code: "superseded" });
            }
            self.drop_stage(peer);
        }
        let name = self.stages.new_name();
        let new = OpenStage { name, base, position: base.seq, log, chunks: Vec::new() };
        let stage = self.stages.open.entry(peer).or_insert(new);
        let (stage, ordinal) = (stage.name, stage.chunks.len() as u64);
        self.stages.storing = Some(Storing { stage, peer, link, up_to, log, entries });
        let value = staged_chunk(self.replica.epoch(), peer, base, up_to, log, &block);
        self.effects.push(EngineEffect::StoreChunk { stage, ordinal, value });
    }

    pub(super) fn chunk_stored(&mut self) {
        let Some(Storing { stage, peer, link, up_to, log, entries }) = self.stages.storing.take() else {
            return;
        };
        if let Some(open) = self.stages.open.get_mut(&peer).filter(|open| open.name == stage) {
            (open.position, open.log) = (up_to, log);
            open.chunks.push(entries);
            self.effects.push(EngineEffect::StatusChanged);
            self.feed_link(link, SessionInput::Staged);
        }
        self.stage_next();
    }

    pub(super) fn chunk_failed(&mut self, failure: StorageFailure) {
        let Some(Storing { stage, peer, link, .. }) = self.stages.storing.take() else { return };
        let is_lost =
            failure.code == COLLIDED && self.stages.open.get(&peer).is_some_and(|open| open.name == stage);
        if is_lost {
            // Another tab builds upon the same stage: it is left to that one.
            self.stages.open.remove(&peer);
        }
        self.feed_link(link, SessionInput::Failed { code: failure.code });
        self.stage_next();
    }

    fn stage_next(&mut self) {
        while self.stages.storing.is_none()
            && let Some((link, chunk)) = self.stages.waiting.pop_front()
        {
            if self.links.is_open(link) {
                self.stage_chunk(link, chunk);
            }
        }
    }

    /// A delta is complete: it is taken up once it can be judged.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        self.stages.arrivals.push_back(arrival);
        self.resume_arrivals();
    }

    /// Goes on with deltas that have waited for pages.
    pub(super) fn resume_arrivals(&mut self) {
        while let Some(arrival) = self.stages.arrivals.front() {
            let away = self.away_of_arrival(arrival);
            if !self.has_all(away) {
                return;
            }
            if let Some(arrival) = self.stages.arrivals.pop_front() {
                self.deliver(arrival);
            }
        }
    }

    // What tells of writes of this replica is compared with what is here.
    fn away_of_arrival(&self, arrival: &Arrival) -> Vec<PageId> {
        let Arrival { chunk, .. } = arrival;
        let stage = self.stages.at(chunk.peer, chunk.base, chunk.from).filter(|_| arrival.staged);
        let earlier = stage.into_iter().flat_map(|stage| stage.chunks.iter().flatten());
        self.away_of_doubts(earlier.chain(&chunk.entries))
    }

    /// What waits was asked for by a log that has gone on.
    pub(super) fn forget_deliveries(&mut self) {
        self.stages.arrivals.clear();
        self.commits.forget_deliveries();
    }

    // It is committed as a whole, with the chunks that were staged for it.
    fn deliver(&mut self, arrival: Arrival) {
        let Arrival { link, chunk, staged, clock, judged, asked } = arrival;
        let Chunk { peer, log, base, from, up_to, block, entries } = chunk;
        // Its chunks stay: it may be asked for again.
        let told = clock.seen_of(peer, up_to);
        if let Some(now) = self.replica.overtaken(peer, base.epoch, judged, told) {
            return self.feed_link(link, SessionInput::Overtaken { now });
        }
        let stage = if staged { self.stages.take_at(peer, base, from) } else { None };
        if staged && stage.is_none() {
            return self.feed_link(link, SessionInput::Failed { code: "superseded" });
        }
        let earlier = stage.iter().flat_map(|stage| stage.chunks.iter().flatten());
        if let Some(suspicion) = self.doubt(earlier.clone().chain(&entries), &clock.changed) {
            return self.suspect(suspicion);
        }
        if !earlier.chain(&entries).all(|(_, record)| self.accounts_for(record.context(), &clock.changed)) {
            self.effects.extend(stage.map(|stage| EngineEffect::DropStage(stage.name)));
            return self.feed_link(link, SessionInput::Failed { code: "bad-message" });
        }
        let cursor = Cursor { epoch: base.epoch, seq: up_to };
        let place = stage.as_ref().map(|open| Stage { name: open.name, chunks: open.chunks.len() as u64 });
        let received = Received { peer, cursor, clock, stage: place, entries };
        let chunks = stage.map(|stage| stage.chunks).unwrap_or_default();
        let (own, place) = (self.replica.epoch(), (base, from, log));
        self.commits.deliver(Delivery { link, received, block, chunks, asked, judged, place, own });
    }

    /// The delivery, unless another link has told of its sender while it waited for its turn. Then the sender is asked first,
    /// and its chunks are kept for that.
    pub(super) fn not_overtaken(&mut self, delivery: Delivery) -> Option<Delivery> {
        let Received { peer, cursor, ref clock, stage, .. } = delivery.received;
        let told = clock.seen_of(peer, cursor.seq);
        let Some(now) = self.replica.overtaken(peer, cursor.epoch, delivery.judged, told) else {
            return Some(delivery);
        };
        if let Some(Stage { name, .. }) = stage {
            let ((base, position, log), chunks) = (delivery.place, delivery.chunks);
            let begun_anew = self.stages.open.insert(peer, OpenStage { name, base, position, log, chunks });
            self.effects.extend(begun_anew.map(|stage| EngineEffect::DropStage(stage.name)));
        }
        self.feed_link(delivery.link, SessionInput::Overtaken { now });
        None
    }

    // What a record has seen must be accounted for when it becomes visible: otherwise the clock would claim too little,
    // and a write of this replica could get a dot that the record has seen already.
    fn accounts_for(&self, context: &VersionVector, clock: &VersionVector) -> bool {
        let known = |dot: Dot| self.replica.clock().get(dot.replica).max(clock.get(dot.replica));
        !holds(Guard::Accounted) || context.iter().all(|dot| dot.counter <= known(dot))
    }

    /// Takes up what this or another tab has received of deltas, where it still fits. What does not is of no use.
    pub(super) fn take_stages(&mut self, stages: Vec<(u64, Vec<Vec<u8>>)>) {
        for (name, values) in stages {
            let is_known = self.stages.open.values().any(|stage| stage.name == name);
            if is_known || self.stages.adopted.contains_key(&name) {
                continue;
            }
            let useless = self.take_stage(name, &values);
            self.effects.extend(useless.map(EngineEffect::DropStage));
        }
    }

    // Of several of one peer the longest; returns the one that is of no use.
    fn take_stage(&mut self, name: u64, values: &[Vec<u8>]) -> Option<u64> {
        let Some((peer, stage)) = self.reopen_stage(name, values) else { return Some(name) };
        let longest = self.stages.open.get(&peer).map_or(0, |open| open.chunks.len());
        if self.links.to(peer).is_some() || stage.chunks.len() <= longest {
            return Some(name);
        }
        self.stages.open.insert(peer, stage).map(|shorter| shorter.name)
    }

    fn reopen_stage(&self, name: u64, values: &[Vec<u8>]) -> Option<(ReplicaId, OpenStage)> {
        let chunks: Vec<StagedChunk> = values
            .iter()
            .map(|bytes| StagedChunk::from_bytes(bytes, &Limits::AT_REST))
            .collect::<Result<_, _>>()
            .ok()?;
        let (first, last) = (chunks.first()?, chunks.last()?);
        let (peer, base, position, log) = (first.peer, first.base, last.up_to, last.log);
        let known = self.replica.cursor(peer, base.epoch).map_or(Seq::ZERO, |cursor| cursor.seq);
        let one_delta = chunks.iter().all(|chunk| chunk.peer == peer && chunk.base == base);
        let one_delta = one_delta && chunks.iter().all(|chunk| chunk.own == self.replica.epoch());
        (one_delta && known == base.seq).then(|| {
            let chunks = chunks.into_iter().map(|chunk| chunk.entries).collect();
            (peer, OpenStage { name, base, position, log, chunks })
        })
    }

    fn drop_stage(&mut self, peer: ReplicaId) {
        if let Some(stage) = self.stages.open.remove(&peer) {
            self.effects.push(EngineEffect::DropStage(stage.name));
        }
    }

    /// Where this replica is in a peer's log, staged chunks included.
    pub(super) fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        // From the very beginning the peer is better asked by clock: much of its log may have come from elsewhere.
        let cursor = self.replica.cursor(peer, epoch).filter(|cursor| cursor.seq > Seq::ZERO);
        let base = cursor.unwrap_or(Cursor { epoch, seq: Seq::ZERO });
        let stage = self.stages.open.get(&peer).filter(|stage| stage.base == base);
        match (cursor, stage) {
            (None, None) => None,
            (_, stage) => {
                Some(Standing { cursor: base, staged: stage.map_or(base.seq, |stage| stage.position) })
            }
        }
    }

    /// What this replica has seen of a peer. Whoever goes on after staged chunks must have been where their sender was.
    pub(super) fn seen_of(&self, peer: ReplicaId, epoch: LogEpoch) -> Seen {
        let (seen, standing) = (self.replica.seen_of(peer, epoch), self.standing(peer, epoch));
        let is_staged = standing.is_some_and(|standing| standing.staged > standing.cursor.seq);
        let stage = self.stages.open.get(&peer).filter(|_| is_staged);
        Seen { log: stage.map_or(seen.log, |stage| seen.log.max(stage.log)), ..seen }
    }
}
