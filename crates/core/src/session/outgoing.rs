//! The sending half of a session: what the peer lacks, in the order of the local log, as far as its credits go.
//!
//! A slow receiver costs nothing: the log itself is the queue, and the receiver's cursor is the place in it.

use std::collections::VecDeque;

use super::io::{LogPage, PageRequest, SessionEffect};
use super::{Peer, Refusal};
use crate::block::write_block;
use crate::codec::Writer;
use crate::id::Seq;
use crate::message::{Ack, Delta, Message};
use crate::vector::VersionVector;

/// After so long the peer is told that a part of the log held nothing for it, unless something else tells it before.
const ADVANCE_AFTER_MS: u64 = 1_000;

#[derive(Default)]
pub(super) struct Outgoing {
    open: bool,
    peer: Option<Peer>,
    credits: usize,
    // The clock entries that changed after this position go with the delta under way.
    base: Seq,
    // Where the receiver stands when it has taken in all that was sent.
    told: Seq,
    // How far the log was looked at; beyond `told` when there was nothing for this peer.
    looked: Seq,
    reached: Seq,
    covered_by: Option<VersionVector>,
    reading: bool,
    // Sent and not yet acknowledged: the positions.
    unacknowledged: VecDeque<Seq>,
    advance_at_ms: Option<u64>,
}

impl Outgoing {
    pub(super) fn grant(&mut self, credits: u32, peer: Peer) {
        self.credits = credits as usize;
        self.peer = Some(peer);
    }

    pub(super) fn reached(&self) -> Seq {
        self.reached
    }

    /// When the peer is to be told of what held nothing for it. Not while a page is on its way, which decides anew.
    pub(super) fn advance_at_ms(&self) -> Option<u64> {
        self.advance_at_ms.filter(|_| !self.reading)
    }

    /// The clock was set back by so much.
    pub(super) fn set_back(&mut self, back_ms: u64) {
        self.advance_at_ms = self.advance_at_ms.map(|at_ms| at_ms.saturating_sub(back_ms));
    }

    /// The peer has said where it stands.
    pub(super) fn open(
        &mut self,
        seq: Seq,
        staged: Seq,
        covered_by: Option<VersionVector>,
    ) -> Result<(), Refusal> {
        if self.open {
            return Err(("unexpected-message", "It was said already where to go on.".to_owned()));
        }
        self.open = true;
        self.base = seq;
        self.reached = seq;
        self.told = staged.max(seq);
        self.looked = self.told;
        self.covered_by = covered_by;
        Ok(())
    }

    pub(super) fn pump(
        &mut self,
        head: Seq,
        budget_bytes: usize,
        now_ms: u64,
        effects: &mut Vec<SessionEffect>,
    ) {
        let (Some(peer), true) = (self.peer, self.open) else {
            return;
        };
        if self.reading || self.unacknowledged.len() >= self.credits {
            return;
        }
        if self.looked < head {
            self.reading = true;
            effects.push(SessionEffect::Read(PageRequest {
                after: self.looked,
                clock_since: self.base,
                exclude: peer.epoch,
                covered_by: self.covered_by.clone(),
                budget_bytes,
            }));
        } else if self.advance_at_ms.is_some_and(|due| due <= now_ms) {
            self.send(Vec::new(), self.looked, Some(VersionVector::new()), effects);
        }
    }

    pub(super) fn take_page(&mut self, page: LogPage, now_ms: u64, effects: &mut Vec<SessionEffect>) {
        self.reading = false;
        self.looked = self.looked.max(page.up_to);
        let news = !page.entries.is_empty() || page.clock.as_ref().is_some_and(|clock| !clock.is_empty());
        // In the middle of a delta its last chunk must come, even empty: it makes the others visible.
        let completes = page.clock.is_some() && self.told > self.base;
        if news || completes {
            let mut block = Writer::new();
            if !page.entries.is_empty() {
                write_block(&mut block, page.entries.iter().map(|(key, record)| (key, record)));
            }
            self.send(block.into_bytes(), page.up_to, page.clock, effects);
        } else if self.looked > self.told && self.advance_at_ms.is_none() {
            self.advance_at_ms = Some(now_ms.saturating_add(ADVANCE_AFTER_MS));
        }
    }

    fn send(
        &mut self,
        block: Vec<u8>,
        up_to: Seq,
        clock: Option<VersionVector>,
        effects: &mut Vec<SessionEffect>,
    ) {
        if clock.is_some() {
            self.base = up_to;
            self.covered_by = None;
        }
        let delta = Delta { from: self.told, up_to, clock, block };
        effects.push(SessionEffect::Send(Message::Delta(delta).to_bytes()));
        self.told = up_to;
        self.advance_at_ms = None;
        self.unacknowledged.push_back(up_to);
    }

    pub(super) fn take_ack(&mut self, ack: Ack, effects: &mut Vec<SessionEffect>) -> Result<(), Refusal> {
        if !self.unacknowledged.contains(&ack.up_to) {
            return Err(("unexpected-message", format!("Nothing was sent up to {}.", ack.up_to)));
        }
        while self.unacknowledged.front().is_some_and(|sent| *sent <= ack.up_to) {
            self.unacknowledged.pop_front();
        }
        if ack.durable && ack.up_to > self.reached {
            self.reached = ack.up_to;
            if let Some(peer) = self.peer {
                effects.push(SessionEffect::PeerReached { peer: peer.replica, seq: ack.up_to });
            }
        }
        Ok(())
    }
}
