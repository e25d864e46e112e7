//! The sending half of a session: what the peer lacks, in the order of the local log, as far as its credits go.
//!
//! A slow receiver costs nothing: the log itself is the queue, and the receiver's cursor is the place in it.

use std::collections::VecDeque;

use super::io::{Among, LogPage, PageRequest, SessionEffect};
use super::{Peer, Refusal};
use crate::block::write_block;
use crate::codec::Writer;
use crate::guard::{Guard, holds};
use crate::id::Seq;
use crate::message::{Ack, Delta, DeltaClock, Message};
use crate::seen::LogPlace;
use crate::vector::VersionVector;

/// After so long the peer is told that a part of the log held nothing for it, unless something else tells it before. At the
/// beginning it is told at once.
const ADVANCE_AFTER_MS: u64 = 1_000;

/// What the delta under way leaves out.
#[derive(Default)]
pub(super) enum Filter {
    /// Nothing.
    #[default]
    None,
    /// What this clock covers.
    CoveredBy(VersionVector),
    /// What does not differ, and deletions that this clock covers.
    Among(Among, VersionVector),
}

#[derive(Default)]
pub(super) struct Outgoing {
    open: bool,
    peer: Option<Peer>,
    credits: usize,
    // The clock entries that changed after this position go with the delta under way.
    base: Seq,
    // Where the receiver stands when it has taken in all that was sent.
    told: Seq,
    // How far the log was looked at; beyond `told` when there was nothing for this peer. The link is that of the head which
    // was seen last.
    looked: Seq,
    link: u32,
    reached: Seq,
    filter: Filter,
    // The delta under way is the first to this peer.
    is_first: bool,
    // The last page has not told all that there is up to its end.
    is_unfinished: bool,
    // Where deletions were forgotten when the peer said where it stands, or told so itself.
    floor: Seq,
    reading: bool,
    // Sent and not yet acknowledged.
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

    /// True when nothing up to there is left to be sent or acknowledged.
    pub(super) fn has_told_all(&self, head: Seq) -> bool {
        let has_looked = self.looked >= head && !self.reading && !self.is_unfinished;
        self.open && has_looked && self.unacknowledged.is_empty()
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
        (seq, staged): (Seq, Seq),
        filter: Filter,
        floor: Seq,
    ) -> Result<(), Refusal> {
        if self.open {
            return Err(("unexpected-message", "It was said already where to go on.".to_owned()));
        }
        self.open = true;
        self.base = seq;
        self.reached = seq;
        self.told = staged.max(seq);
        self.looked = self.told;
        self.filter = filter;
        self.floor = floor;
        self.is_first = seq == Seq::ZERO;
        Ok(())
    }

    /// False where deletions were forgotten that the peer has perhaps not heard of.
    pub(super) fn accepts_floor(&self, floor: Seq) -> bool {
        floor <= self.floor || floor <= self.told || !holds(Guard::Floor)
    }

    /// What the peer has forgotten, and this side with it, the peer has heard of.
    pub(super) fn accept_floor(&mut self, before: Seq, floor: Seq) {
        if before <= self.floor {
            self.floor = self.floor.max(floor);
        }
    }

    pub(super) fn pump(
        &mut self,
        head: Seq,
        budget_bytes: usize,
        (judged, told): (LogPlace, LogPlace),
        now_ms: u64,
        effects: &mut Vec<SessionEffect>,
    ) {
        let (Some(peer), true) = (self.peer, self.open) else {
            return;
        };
        if self.reading || self.unacknowledged.len() >= self.credits {
            return;
        }
        if self.looked < head || self.is_unfinished {
            self.reading = true;
            let (covered_by, among) = match &self.filter {
                Filter::None => (None, None),
                Filter::CoveredBy(clock) => (Some(clock.clone()), None),
                Filter::Among(among, clock) => (Some(clock.clone()), Some(among.clone())),
            };
            effects.push(SessionEffect::Read(PageRequest {
                after: self.looked,
                clock_since: self.base,
                peer: peer.replica,
                exclude: peer.epoch,
                judged,
                told,
                covered_by,
                among,
                is_first: self.is_first,
                budget_bytes,
            }));
        } else if self.advance_at_ms.is_some_and(|due| due <= now_ms) {
            self.advance(effects);
        }
    }

    fn advance(&mut self, effects: &mut Vec<SessionEffect>) {
        let clock = Some(DeltaClock { link: self.link, ..DeltaClock::default() });
        let (from, up_to) = (self.told, self.looked);
        self.send(Delta { from, up_to, clock, block: Vec::new() }, effects);
    }

    pub(super) fn take_page(
        &mut self,
        page: LogPage,
        now_ms: u64,
        effects: &mut Vec<SessionEffect>,
    ) -> Result<(), Refusal> {
        self.reading = false;
        // Deletions that the peer has not heard of were forgotten meanwhile. It has to come again and compare.
        if !self.accepts_floor(page.floor) {
            return Err(("below-floor", "Deletions were forgotten that were not sent yet.".to_owned()));
        }
        self.looked = self.looked.max(page.up_to);
        self.is_unfinished = page.clock.is_none();
        if let (Filter::Among(among, _), Some(key)) = (&mut self.filter, page.absent_up_to) {
            among.absent_up_to = Some(key);
        }
        self.link = page.clock.as_ref().map_or(self.link, |clock| clock.link);
        let clock_news = page.clock.as_ref().is_some_and(|clock| !clock.is_empty());
        let news = !page.entries.is_empty() || clock_news;
        // In the middle of a delta its last chunk must come, even empty: it makes the others visible.
        let completes = page.clock.is_some() && self.told > self.base;
        if news || completes {
            let mut block = Writer::new();
            if !page.entries.is_empty() {
                write_block(&mut block, page.entries.iter().map(|(key, record)| (key, record)));
            }
            let (from, block) = (self.told, block.into_bytes());
            let LogPage { up_to, clock, .. } = page;
            self.send(Delta { from, up_to, clock, block }, effects);
        } else if self.looked > self.told && (self.base == Seq::ZERO || page.leaves_mixtures) {
            // Without any cursor it would have to tell its whole clock again. And somebody may wait to hear that his writes
            // are safe.
            self.advance(effects);
        } else if self.looked > self.told && self.advance_at_ms.is_none() {
            self.advance_at_ms = Some(now_ms.saturating_add(ADVANCE_AFTER_MS));
        }
        Ok(())
    }

    fn send(&mut self, delta: Delta, effects: &mut Vec<SessionEffect>) {
        if delta.clock.is_some() {
            self.base = delta.up_to;
            self.filter = Filter::None;
            self.is_first = false;
        }
        self.told = delta.up_to;
        self.advance_at_ms = None;
        self.unacknowledged.push_back(delta.up_to);
        effects.push(SessionEffect::Send(Message::Delta(delta).to_bytes()));
    }

    /// The peer has taken in what was sent.
    pub(super) fn take_ack(&mut self, ack: Ack, effects: &mut Vec<SessionEffect>) -> Result<(), Refusal> {
        // A chunk of records that are absent ends where the one before it does.
        let Some(place) = self.unacknowledged.iter().position(|sent| *sent == ack.up_to) else {
            return Err(("unexpected-message", format!("Nothing was sent up to {}.", ack.up_to)));
        };
        self.unacknowledged.drain(..=place);
        if ack.durable && ack.up_to > self.reached {
            self.reached = ack.up_to;
            if let Some(peer) = self.peer {
                effects.push(SessionEffect::PeerReached { peer: peer.replica, seq: ack.up_to });
            }
        }
        Ok(())
    }
}
