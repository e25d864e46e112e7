//! The receiving half of a session: chunks in order, staged until their delta is complete, then applied as a whole.
//!
//! Law: what is visible is causally closed. A delta is the peer's state at one moment, so it is never seen in part.

use std::collections::VecDeque;

use super::io::{Chunk, SessionEffect, Standing};
use super::{Peer, Refusal};
use crate::block::read_block;
use crate::chain::ChainEnd;
use crate::codec::Reader;
use crate::guard::{Guard, holds};
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::limits::Limits;
use crate::message::{Ack, Delta, DeltaClock, Message};
use crate::vector::VersionVector;

pub(super) struct Incoming {
    credits: usize,
    peer: Option<ReplicaId>,
    // The cursor: where the delta under way begins.
    base: Cursor,
    // The chain of the peer's own writes: what it has judged to be of it, and where it ends as the peer has said.
    chain: ChainEnd,
    told_chain: ChainEnd,
    // The delta that the host is storing, if it tells of writes of the peer's own.
    held: Option<Held>,
    // More was heard of the peer meanwhile. It must be told, and the delta waits until it has judged that.
    to_tell: Option<ChainEnd>,
    awaits_judgement: bool,
    // Where the next chunk must begin.
    position: Seq,
    // Received and waiting for their turn; no more than the credits.
    queue: VecDeque<Delta>,
    // The clock that was told to the peer, until its first delta is complete.
    asked: VersionVector,
    // The delta under way follows a search.
    searched: bool,
    // What the host is storing.
    storing: Option<Seq>,
}

struct Held {
    chunk: Chunk,
    staged: bool,
    clock: DeltaClock,
    asked: VersionVector,
}

impl Held {
    // It is seldom needed again: then its records are read once more.
    fn new(chunk: &Chunk, staged: bool, clock: &DeltaClock, asked: &VersionVector) -> Self {
        let Chunk { peer, chain, base, from, up_to, ref block, .. } = *chunk;
        let chunk = Chunk { peer, chain, base, from, up_to, block: block.clone(), entries: Vec::new() };
        Self { chunk, staged, clock: clock.clone(), asked: asked.clone() }
    }
}

impl Incoming {
    pub(super) fn new(credits: u32) -> Self {
        Self {
            credits: credits as usize,
            peer: None,
            base: Cursor { epoch: LogEpoch(0), seq: Seq::ZERO },
            chain: ChainEnd::default(),
            told_chain: ChainEnd::default(),
            held: None,
            to_tell: None,
            awaits_judgement: false,
            position: Seq::ZERO,
            queue: VecDeque::new(),
            asked: VersionVector::new(),
            searched: false,
            storing: None,
        }
    }

    pub(super) fn open(&mut self, peer: Peer, standing: Standing, chain: ChainEnd) {
        self.peer = Some(peer.replica);
        self.told_chain = peer.chain;
        self.chain = chain;
        self.base = standing.cursor;
        self.position = standing.staged.max(standing.cursor.seq);
    }

    /// The peer is told this clock.
    pub(super) fn ask(&mut self, clock: VersionVector) {
        self.asked = clock;
    }

    pub(super) fn position(&self) -> Seq {
        self.position
    }

    /// True while the host stores something.
    pub(super) fn is_storing(&self) -> bool {
        self.storing.is_some() && !self.awaits_judgement
    }

    pub(super) fn queue(&mut self, delta: Delta, searched: bool) -> Result<(), Refusal> {
        self.searched |= searched;
        // It was told what was seen before it has sent this.
        let told = self.peer.zip(delta.clock.as_ref()).map(|(peer, clock)| clock.changed.end(peer));
        if told.is_some_and(|told| told.counter > 0 && self.chain.is_beyond(told)) {
            let message = "This is a copy of a replica that has gone on since, or it was set back.";
            return Err(("replica-forked", message.to_owned()));
        }
        let waiting = self.queue.len() + usize::from(self.storing.is_some());
        if waiting >= self.credits {
            return Err(("credits-exceeded", format!("At most {} deltas may wait.", self.credits)));
        }
        self.queue.push_back(delta);
        Ok(())
    }

    pub(super) fn pump(&mut self, limits: &Limits, effects: &mut Vec<SessionEffect>) -> Result<(), Refusal> {
        while self.storing.is_none() {
            let (Some(delta), Some(peer)) = (self.queue.pop_front(), self.peer) else {
                return Ok(());
            };
            self.begin(peer, delta, limits, effects)?;
        }
        Ok(())
    }

    fn begin(
        &mut self,
        peer: ReplicaId,
        delta: Delta,
        limits: &Limits,
        effects: &mut Vec<SessionEffect>,
    ) -> Result<(), Refusal> {
        let Delta { from, up_to, clock, block } = delta;
        if from != self.position && holds(Guard::InOrder) {
            return Err((
                "out-of-order",
                format!("A delta after {} was expected, not after {from}.", self.position),
            ));
        }
        let entries = read_entries(&block, limits).map_err(super::decode_refusal)?;
        // Only a search can have found what the sender has nothing of.
        let is_searched = |clock: &DeltaClock| clock.searched;
        if (!self.searched && entries.iter().any(|(_, record)| record.is_absent()))
            || clock.as_ref().is_some_and(|clock| is_searched(clock) != self.searched)
        {
            return Err(("bad-message", "A delta follows a search just when there was one.".to_owned()));
        }
        self.searched &= clock.is_none();
        let staged = self.position > self.base.seq;
        let chunk = Chunk { peer, chain: self.told_chain, base: self.base, from, up_to, block, entries };
        match clock {
            Some(clock) if chunk.entries.is_empty() && clock == DeltaClock::default() && !staged => {
                self.base.seq = up_to;
                effects.push(SessionEffect::MoveCursor { peer, cursor: self.base });
                acknowledge(up_to, true, effects);
            }
            Some(clock) => {
                self.storing = Some(up_to);
                self.base.seq = up_to;
                let asked = std::mem::take(&mut self.asked);
                let asked = if clock.forgotten.is_empty() { VersionVector::new() } else { asked };
                // What it does not tell has not changed.
                if clock.changed.get(peer) > 0 {
                    self.held = Some(Held::new(&chunk, staged, &clock, &asked));
                }
                if !holds(Guard::CursorWithData) {
                    effects.push(SessionEffect::MoveCursor { peer, cursor: self.base });
                }
                effects.push(SessionEffect::Apply { chunk, staged, clock, chain: self.chain, asked });
                if !holds(Guard::DurableFirst) {
                    self.applied(effects);
                }
            }
            None if up_to == from && chunk.entries.is_empty() => {
                return Err(("bad-message", "A chunk that is not the last must go on.".to_owned()));
            }
            None if !holds(Guard::AtomicDelta) => {
                (self.storing, self.base.seq) = (Some(up_to), up_to);
                let (clock, asked, chain) = (DeltaClock::default(), VersionVector::new(), self.chain);
                effects.push(SessionEffect::Apply { chunk, staged: false, clock, chain, asked });
            }
            None => {
                self.storing = Some(up_to);
                effects.push(SessionEffect::Stage(chunk));
            }
        }
        self.position = up_to;
        Ok(())
    }

    pub(super) fn staged(&mut self, effects: &mut Vec<SessionEffect>) {
        if let Some(up_to) = self.storing.take() {
            acknowledge(up_to, false, effects);
        }
    }

    /// More was heard of the peer than it has judged. The delta is held until it has.
    pub(super) fn overtaken(&mut self, now: ChainEnd) -> Result<(), Refusal> {
        if self.held.is_none() {
            return Err(("internal", "The delta tells of no writes of its sender's.".to_owned()));
        }
        self.to_tell = Some(now);
        self.awaits_judgement = true;
        Ok(())
    }

    /// The clock entry that the peer is to judge next: its own.
    pub(super) fn entry_to_tell(&mut self) -> Option<(ReplicaId, ChainEnd)> {
        self.peer.zip(self.to_tell.take())
    }

    /// The peer has taken in what was told of its chain, so it is of its log. What it has sent before is too.
    pub(super) fn judged(
        &mut self,
        end: ChainEnd,
        limits: &Limits,
        effects: &mut Vec<SessionEffect>,
    ) -> Result<(), Refusal> {
        self.chain = end;
        if !std::mem::take(&mut self.awaits_judgement) {
            return Ok(());
        }
        if let Some(Held { chunk, staged, clock, asked }) = &self.held {
            let entries = read_entries(&chunk.block, limits).map_err(super::decode_refusal)?;
            let (chunk, staged) = (Chunk { entries, ..chunk.clone() }, *staged);
            let (clock, asked) = (clock.clone(), asked.clone());
            effects.push(SessionEffect::Apply { chunk, staged, clock, chain: end, asked });
        }
        Ok(())
    }

    pub(super) fn applied(&mut self, effects: &mut Vec<SessionEffect>) {
        if let Some(held) = self.held.take() {
            let told = held.clock.changed.end(held.chunk.peer);
            self.chain = if told.counter > self.chain.counter { told } else { self.chain };
        }
        if let Some(up_to) = self.storing.take() {
            acknowledge(up_to, true, effects);
        }
    }
}

fn read_entries(
    block: &[u8],
    limits: &Limits,
) -> Result<Vec<(crate::key::RecordKey, crate::record::Record)>, crate::codec::DecodeError> {
    if block.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = Reader::new(block);
    let entries = read_block(&mut reader, limits)?;
    reader.finish()?;
    Ok(entries)
}

fn acknowledge(up_to: Seq, durable: bool, effects: &mut Vec<SessionEffect>) {
    effects.push(SessionEffect::Send(Message::Ack(Ack { up_to, durable }).to_bytes()));
}
