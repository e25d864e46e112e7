//! Folding much at once in slices, so that the page can draw in between, and showing it as a whole.
//!
//! While a fold is under way a veil lies over the records that it touches: whoever reads sees them as they were before.
//! Law: a batch is seen whole or not at all. Nothing is committed or sent meanwhile.

use std::collections::VecDeque;

use super::Engine;
use super::io::{Cause, EngineEffect, Link, StoredSegment};
use crate::checkpoint::Placed;
use crate::codec::DecodeError;
use crate::dot::Dot;
use crate::forgetting::Told;
use crate::id::Seq;
use crate::key::RecordKey;
use crate::limits::Limits;
use crate::record::Record;
use crate::replica::Replica;
use crate::segment::{Entries, Received, Segment, StagedChunk};
use crate::session::SessionInput;
use crate::tally::Tally;
use crate::veil::Veil;

/// How many parts (each about a chunk) are folded at once; what is not more than that is folded on the spot.
const PARTS_AT_ONCE: usize = 4;

/// A fold that is under way.
pub(super) struct Fold {
    // The chunks that were staged, in order.
    parts: VecDeque<Part>,
    // The segment that completes them.
    received: Received,
    position: u64,
    cause: Cause,
    // The link that waits for it, if it came to this tab.
    link: Option<Link>,
    head_before: Seq,
    floor_before: Seq,
    told: Told,
    changed: Vec<RecordKey>,
    veil: Veil,
    // None where nothing is seen of it before it has ended.
    tally_before: Option<Tally>,
    // Segments that come after it in the log.
    rest: Vec<StoredSegment>,
    // The next slice waits for pages.
    waits: bool,
}

impl Fold {
    /// The position of the segment.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Where the log of records ended before it.
    pub(super) fn head_before(&self) -> Seq {
        self.head_before
    }

    /// Keeps segments for later.
    pub(super) fn defer(&mut self, segments: Vec<StoredSegment>) {
        self.rest.extend(segments);
    }

    // The keys of the next slice, with all that ends the fold if that comes with it.
    fn next_keys(&self) -> impl Iterator<Item = &str> {
        let ends = self.parts.len() <= PARTS_AT_ONCE;
        let parts = self.parts.iter().take(PARTS_AT_ONCE).filter_map(|part| match part {
            Part::Read(entries) => Some(entries),
            Part::Stored(_) => None,
        });
        let last = Some(&self.received.entries).filter(|_| ends);
        let told = self.told.keys().filter(move |_| ends).map(RecordKey::as_str);
        parts.chain(last).flatten().map(|(key, _)| key.as_str()).chain(told)
    }

    // Reads the parts of the next slice.
    fn read_next(&mut self) -> Result<(), DecodeError> {
        for part in self.parts.iter_mut().take(PARTS_AT_ONCE) {
            let stored = std::mem::replace(part, Part::Read(Entries::new()));
            *part = Part::Read(stored.entries()?);
        }
        Ok(())
    }
}

/// A part of a delta: as it was received, or as it is stored.
pub(super) enum Part {
    Read(Entries),
    Stored(Vec<u8>),
}

impl Part {
    fn entries(self) -> Result<Entries, DecodeError> {
        match self {
            Self::Read(entries) => Ok(entries),
            Self::Stored(bytes) => {
                StagedChunk::from_bytes(&bytes, &Limits::AT_REST).map(|chunk| chunk.entries)
            }
        }
    }
}

/// The committed records as they may be seen.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    replica: &'a Replica,
    fold: Option<&'a Fold>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(replica: &'a Replica, fold: Option<&'a Fold>) -> Self {
        Self { replica, fold }
    }

    pub(super) fn get(self, key: &str) -> Option<&'a Record> {
        self.before(key, self.replica.records.get(key)?)
    }

    /// The record that stands there, as it may be seen.
    pub(super) fn before(self, key: &str, placed: &'a Placed) -> Option<&'a Record> {
        self.fold.map_or(Some(&placed.record), |fold| fold.veil.seen(key, placed))
    }

    /// The last write of this replica.
    pub(super) fn name(self) -> Dot {
        Dot::new(self.replica.id(), self.replica.clock().get(self.replica.id()))
    }

    pub(super) fn is_unsent(self, key: &str) -> bool {
        self.replica.is_unsent(key)
    }

    pub(super) fn tally(self) -> &'a Tally {
        let before = self.fold.and_then(|fold| fold.tally_before.as_ref());
        before.unwrap_or(self.replica.tally())
    }
}

impl Engine {
    pub(super) fn seen(&self) -> Seen<'_> {
        Seen::new(&self.replica, self.folding.as_deref())
    }

    /// True while something large is becoming visible: give [`super::EngineInput::Continue`].
    pub fn is_folding(&self) -> bool {
        self.folding.is_some()
    }

    /// Folds a delta from a peer: on the spot when it is small, in slices when it is not.
    pub(super) fn fold_received(
        &mut self,
        (received, parts): (Received, VecDeque<Part>),
        (position, cause, link): (u64, Cause, Option<Link>),
    ) {
        let fold = Fold {
            parts,
            told: Told::new(received.clock.searched),
            received,
            position,
            cause,
            link,
            head_before: self.replica.head(),
            floor_before: self.replica.floor(),
            changed: Vec::new(),
            veil: Veil::new(self.replica.head()),
            tally_before: None,
            rest: Vec::new(),
            waits: false,
        };
        let is_small = fold.parts.len() <= PARTS_AT_ONCE;
        let tally_before = (!is_small).then(|| self.replica.tally().clone());
        self.folding = Some(Box::new(Fold { tally_before, ..fold }));
        self.fold_slice();
    }

    /// Folds the next slice, if its pages are here.
    pub(super) fn fold_slice(&mut self) {
        let Some(fold) = &mut self.folding else { return };
        fold.waits = false;
        if let Err(error) = fold.read_next() {
            return self.give_up_fold(&error);
        }
        let records = &self.replica.records;
        let away = fold.next_keys().filter_map(|key| records.away_of(key)).collect();
        if !self.has_all(away) || self.has_parked_writes() {
            self.folding.iter_mut().for_each(|fold| fold.waits = true);
            return;
        }
        for _ in 0..PARTS_AT_ONCE {
            let Some(fold) = &mut self.folding else { return };
            match fold.parts.pop_front().map(Part::entries) {
                Some(Ok(entries)) => self.fold_part(entries),
                Some(Err(error)) => return self.give_up_fold(&error),
                None => break,
            }
        }
        match &self.folding {
            Some(fold) if fold.parts.is_empty() => self.fold_end(),
            Some(_) => self.effects.push(EngineEffect::Continue),
            None => {}
        }
    }

    /// Goes on with a fold that has waited for pages.
    pub(super) fn resume_fold(&mut self) {
        if self.folding.as_ref().is_some_and(|fold| fold.waits) {
            self.fold_slice();
        }
    }

    fn fold_part(&mut self, entries: Entries) {
        self.observe_times(&entries);
        let Some(fold) = &mut self.folding else { return };
        fold.told.note(&entries);
        // The last slice ends with the veil's end, so what it touches needs none.
        let veil = if fold.parts.is_empty() { None } else { Some(&mut fold.veil) };
        fold.changed.extend(self.replica.merge_part(entries, fold.received.cursor.epoch, veil));
    }

    // The delta is whole: its clock and cursor are taken in, and it shows.
    fn fold_end(&mut self) {
        let Some(fold) = self.folding.take() else { return };
        let Fold { received, told, cause, link, head_before, floor_before, mut changed, rest, .. } = *fold;
        self.observe_times(&received.entries);
        changed.extend(self.replica.complete(received, told, head_before));
        self.rebase_pending();
        self.announce_changes(changed, cause);
        if let Some(link) = link {
            self.commits.confirm(self.replica.head());
            let floor = self.replica.floor();
            self.feed_link(link, SessionInput::Applied { floor_before, floor });
        }
        self.head_moved();
        self.take_segments(rest, cause);
    }

    // What was folded of it stays veiled: it is not whole.
    fn give_up_fold(&mut self, error: &DecodeError) {
        if let Some(fold) = &mut self.folding {
            let position = fold.position;
            fold.parts.clear();
            self.give_up(position, error);
        }
    }

    pub(super) fn observe_times(&mut self, entries: &Entries) {
        let now_ms = self.now_ms;
        let versions = entries.iter().flat_map(|(_, record)| record.versions());
        versions.for_each(|version| self.hybrid.observe(version.at, now_ms));
    }
}

/// What a stored segment says, with the parts that come before it.
pub(super) fn read_stored(stored: &StoredSegment) -> Result<(Segment, VecDeque<Part>), DecodeError> {
    let segment = Segment::from_bytes(&stored.value, &Limits::AT_REST)?;
    let named = usize::try_from(segment.stage().map_or(0, |stage| stage.chunks)).unwrap_or(usize::MAX);
    if stored.chunks.len() < named {
        return Err(DecodeError::Invalid("a stage"));
    }
    Ok((segment, stored.chunks.iter().take(named).cloned().map(Part::Stored).collect()))
}
