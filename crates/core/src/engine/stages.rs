//! Deltas on their way in: chunks that wait until their delta is complete, and the deliveries that are.

use super::Engine;
use super::io::{EngineEffect, Link, StorageFailure};
use crate::dot::Dot;
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::limits::Limits;
use crate::segment::{Entries, Received, StagedChunk, staged_chunk};
use crate::session::{Chunk, SessionInput, Standing};
use crate::vector::VersionVector;

/// A whole delta that is to be committed.
pub(super) struct Delivery {
    pub(super) link: Link,
    pub(super) received: Received,
    /// The block of the last chunk, as it came.
    pub(super) block: Vec<u8>,
    /// The records of the chunks before it.
    pub(super) chunks: Vec<Entries>,
}

/// A delta of which some chunks are on disk.
pub(super) struct OpenStage {
    name: u64,
    peer: ReplicaId,
    base: Cursor,
    position: Seq,
    chunks: Vec<Entries>,
    // The chunk that is being stored, and the link that waits for it.
    storing: Option<(Link, Seq, Entries)>,
}

impl Engine {
    pub(super) fn stage_chunk(&mut self, link: Link, chunk: Chunk) {
        let Chunk { peer, base, up_to, block, entries } = chunk;
        let fits = |stage: &OpenStage| stage.peer == peer && stage.base == base;
        if !self.links.stage.as_ref().is_some_and(fits) {
            self.drop_stage();
            let (name, position) = (self.links.new_stage_name(), base.seq);
            let chunks = Vec::new();
            self.links.stage = Some(OpenStage { name, peer, base, position, chunks, storing: None });
        }
        if let Some(stage) = &mut self.links.stage {
            let ordinal = stage.chunks.len() as u64;
            stage.storing = Some((link, up_to, entries));
            let value = staged_chunk(peer, base, up_to, &block);
            self.effects.push(EngineEffect::StoreChunk { stage: stage.name, ordinal, value });
        }
    }

    pub(super) fn chunk_stored(&mut self) {
        let Some(stage) = &mut self.links.stage else { return };
        if let Some((link, up_to, entries)) = stage.storing.take() {
            stage.position = up_to;
            stage.chunks.push(entries);
            self.effects.push(EngineEffect::StatusChanged);
            self.feed_link(link, SessionInput::Staged);
        }
    }

    pub(super) fn chunk_failed(&mut self, failure: StorageFailure) {
        let Some(stage) = &mut self.links.stage else { return };
        if let Some((link, ..)) = stage.storing.take() {
            self.feed_link(link, SessionInput::Failed { code: failure.code });
        }
    }

    /// A delta is complete: it is committed as a whole, with the chunks that were staged for it.
    pub(super) fn deliver(&mut self, link: Link, chunk: Chunk, staged: bool, clock: VersionVector) {
        let Chunk { peer, base, up_to, block, entries } = chunk;
        let stage = if staged { self.links.stage.take() } else { None };
        let earlier = stage.iter().flat_map(|stage| stage.chunks.iter().flatten());
        if !earlier.chain(&entries).all(|(_, record)| self.accounts_for(record.context(), &clock)) {
            self.effects.extend(stage.map(|stage| EngineEffect::DropStage(stage.name)));
            return self.feed_link(link, SessionInput::Failed { code: "bad-message" });
        }
        let cursor = Cursor { epoch: base.epoch, seq: up_to };
        let name = stage.as_ref().map(|stage| stage.name);
        if let Some(name) = name {
            self.links.adopt(name);
        }
        let received = Received { peer, cursor, clock, stage: name, entries };
        let chunks = stage.map(|stage| stage.chunks).unwrap_or_default();
        self.commits.deliver(Delivery { link, received, block, chunks });
    }

    // What a record has seen must be accounted for when it becomes visible: otherwise the clock would claim too little,
    // and a write of this replica could get a dot that the record has seen already.
    fn accounts_for(&self, context: &VersionVector, clock: &VersionVector) -> bool {
        let known = |dot: Dot| self.replica.clock().get(dot.replica).max(clock.get(dot.replica));
        context.iter().all(|dot| dot.counter <= known(dot))
    }

    /// Takes up what an earlier life of the replica had received of a delta, if it still fits.
    pub(super) fn take_stages(&mut self, stages: Vec<(u64, Vec<Vec<u8>>)>) {
        for (name, values) in stages {
            if self.links.is_adopted(name) {
                continue;
            }
            let stage = self.reopen_stage(name, &values);
            let better = |stage: &OpenStage| {
                self.links
                    .stage
                    .as_ref()
                    .is_none_or(|open| open.storing.is_none() && open.chunks.len() < stage.chunks.len())
            };
            if stage.as_ref().is_some_and(better) {
                self.drop_stage();
                self.links.stage = stage;
            } else {
                self.effects.push(EngineEffect::DropStage(name));
            }
        }
    }

    fn reopen_stage(&self, name: u64, values: &[Vec<u8>]) -> Option<OpenStage> {
        let chunks: Vec<StagedChunk> = values
            .iter()
            .map(|bytes| StagedChunk::from_bytes(bytes, &Limits::AT_REST))
            .collect::<Result<_, _>>()
            .ok()?;
        let (first, last) = (chunks.first()?, chunks.last()?);
        let (peer, base, position) = (first.peer, first.base, last.up_to);
        let known = self.replica.cursor(peer, base.epoch).map_or(Seq::ZERO, |cursor| cursor.seq);
        let one_delta = chunks.iter().all(|chunk| chunk.peer == peer && chunk.base == base);
        (one_delta && known == base.seq).then(|| {
            let chunks = chunks.into_iter().map(|chunk| chunk.entries).collect();
            OpenStage { name, peer, base, position, chunks, storing: None }
        })
    }

    fn drop_stage(&mut self) {
        if let Some(stage) = self.links.stage.take() {
            self.effects.push(EngineEffect::DropStage(stage.name));
        }
    }

    /// Where this replica is in a peer's log, staged chunks included.
    pub(super) fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        // From the very beginning the peer is better asked by clock: much of its log may have come from elsewhere.
        let cursor = self.replica.cursor(peer, epoch).filter(|cursor| cursor.seq > Seq::ZERO);
        let base = cursor.unwrap_or(Cursor { epoch, seq: Seq::ZERO });
        let stage = self.links.stage.as_ref().filter(|stage| stage.peer == peer && stage.base == base);
        match (cursor, stage) {
            (None, None) => None,
            (_, stage) => {
                Some(Standing { cursor: base, staged: stage.map_or(base.seq, |stage| stage.position) })
            }
        }
    }
}
