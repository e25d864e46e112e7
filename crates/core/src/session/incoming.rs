//! The receiving half of a session: chunks in order, staged until their delta is complete, then applied as a whole.
//!
//! Law: what is visible is causally closed. A delta is the peer's state at one moment, so it is never seen in part.

use std::collections::VecDeque;

use super::io::{Chunk, Passed, SessionEffect, Standing};
use super::{Peer, Refusal};
use crate::block::read_block;
use crate::codec::Reader;
use crate::guard::{Guard, holds};
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::limits::Limits;
use crate::message::{Ack, Delta, DeltaClock, Message};
use crate::seen::{LogPlace, Seen};
use crate::vector::VersionVector;

pub(super) struct Incoming {
    credits: usize,
    peer: Option<ReplicaId>,
    // The cursor: where the delta under way begins.
    base: Cursor,
    // What the peer has judged to be its own, and where its log ends as it has said.
    judged: Seen,
    log: LogPlace,
    // The delta that the host is storing, if its sender has a chain.
    held: Option<Held>,
    // More was heard of the peer meanwhile. It was told so, and the delta waits until it has judged that.
    asked_of: Option<Seen>,
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
        let Chunk { peer, log, base, from, up_to, ref block, .. } = *chunk;
        let chunk = Chunk { peer, log, base, from, up_to, block: block.clone(), entries: Vec::new() };
        Self { chunk, staged, clock: clock.clone(), asked: asked.clone() }
    }
}

impl Incoming {
    pub(super) fn new(credits: u32) -> Self {
        Self {
            credits: credits as usize,
            peer: None,
            base: Cursor { epoch: LogEpoch(0), seq: Seq::ZERO },
            judged: Seen::default(),
            log: LogPlace::default(),
            held: None,
            asked_of: None,
            position: Seq::ZERO,
            queue: VecDeque::new(),
            asked: VersionVector::new(),
            searched: false,
            storing: None,
        }
    }

    pub(super) fn open(&mut self, peer: Peer, standing: Standing, judged: Seen) {
        self.peer = Some(peer.replica);
        self.log = peer.log;
        self.judged = judged;
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

    /// How far the peer has judged its log to be its own, and how far it has told it itself.
    pub(super) fn places(&self) -> (LogPlace, LogPlace) {
        (self.judged.log, self.log)
    }

    /// True while the host stores something.
    pub(super) fn is_storing(&self) -> bool {
        self.storing.is_some() && self.asked_of.is_none()
    }

    pub(super) fn queue(&mut self, delta: Delta, searched: bool) -> Result<(), Refusal> {
        self.searched |= searched;
        // It was told what was seen before it has sent this.
        let told = self.peer.zip(delta.clock.as_ref()).map(|(peer, clock)| clock.changed.end(peer));
        if told.is_some_and(|told| told.counter > 0 && self.judged.end.is_beyond(told)) {
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
        let chunk = Chunk { peer, log: self.log, base: self.base, from, up_to, block, entries };
        let judged = self.judged;
        match clock {
            Some(clock) if chunk.entries.is_empty() && clock.is_empty() && !staged => {
                self.reach(&clock, up_to);
                let passed = Passed { peer, cursor: self.base, link: clock.link, judged };
                effects.push(SessionEffect::MoveCursor(passed));
                self.judged = judged.join(clock.seen_of(peer, up_to));
                acknowledge(up_to, true, effects);
            }
            Some(clock) => {
                self.storing = Some(up_to);
                self.reach(&clock, up_to);
                let asked = std::mem::take(&mut self.asked);
                let asked = if clock.forgotten.is_empty() { VersionVector::new() } else { asked };
                // What it does not tell has not changed.
                if clock.link != 0 || clock.changed.get(peer) > 0 {
                    self.held = Some(Held::new(&chunk, staged, &clock, &asked));
                }
                if !holds(Guard::CursorWithData) {
                    let passed = Passed { peer, cursor: self.base, link: clock.link, judged };
                    effects.push(SessionEffect::MoveCursor(passed));
                }
                effects.push(SessionEffect::Apply { chunk, staged, clock, judged, asked });
                if !holds(Guard::DurableFirst) {
                    self.applied(effects);
                }
            }
            None if up_to == from && chunk.entries.is_empty() => {
                return Err(("bad-message", "A chunk that is not the last must go on.".to_owned()));
            }
            None if !holds(Guard::AtomicDelta) => {
                (self.storing, self.base.seq) = (Some(up_to), up_to);
                let (clock, asked) = (DeltaClock::default(), VersionVector::new());
                effects.push(SessionEffect::Apply { chunk, staged: false, clock, judged, asked });
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

    // A whole delta ends where the peer's log does.
    fn reach(&mut self, clock: &DeltaClock, up_to: Seq) {
        self.base.seq = up_to;
        if up_to > self.log.seq {
            self.log = LogPlace { seq: up_to, link: clock.link };
        }
    }

    /// More was heard of the peer than it has judged. It is asked, and the delta is held until it has answered.
    pub(super) fn overtaken(&mut self, now: Seen, effects: &mut Vec<SessionEffect>) -> Result<(), Refusal> {
        if self.held.is_none() {
            return Err(("internal", "The sender of the delta has no chain.".to_owned()));
        }
        self.asked_of = Some(now);
        effects.push(SessionEffect::Send(Message::Seen { answers: false, seen: now }.to_bytes()));
        Ok(())
    }

    /// The peer has judged that what was told of it is of its log. What it has sent before is too.
    pub(super) fn judged(
        &mut self,
        seen: Seen,
        limits: &Limits,
        effects: &mut Vec<SessionEffect>,
    ) -> Result<(), Refusal> {
        if self.asked_of.take() != Some(seen) {
            return Err(("unexpected-message", "That was not asked.".to_owned()));
        }
        self.judged = seen;
        if let Some(Held { chunk, staged, clock, asked }) = &self.held {
            let entries = read_entries(&chunk.block, limits).map_err(super::decode_refusal)?;
            let (chunk, staged) = (Chunk { entries, ..chunk.clone() }, *staged);
            let (clock, asked) = (clock.clone(), asked.clone());
            effects.push(SessionEffect::Apply { chunk, staged, clock, judged: seen, asked });
        }
        Ok(())
    }

    pub(super) fn applied(&mut self, effects: &mut Vec<SessionEffect>) {
        if let Some(held) = self.held.take() {
            self.judged = self.judged.join(held.clock.seen_of(held.chunk.peer, held.chunk.up_to));
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
