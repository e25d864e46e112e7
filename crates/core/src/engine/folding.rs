//! Folding much at once in slices, so that the page can draw in between, and showing it as a whole.
//!
//! While a fold is under way a veil lies over the records that it touches: whoever reads sees them as they were before.
//! Law: a batch is seen whole or not at all. Nothing is committed or sent meanwhile.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Engine;
use super::io::{Cause, EngineEffect, Link, StoredSegment};
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
    changed: BTreeSet<RecordKey>,
    veil: BTreeMap<RecordKey, Option<Record>>,
    tally_before: Tally,
    // Segments that come after it in the log.
    rest: Vec<StoredSegment>,
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
        match self.fold.and_then(|fold| fold.veil.get(key)) {
            Some(before) => before.as_ref(),
            None => self.replica.get(key),
        }
    }

    /// The last write of this replica.
    pub(super) fn name(self) -> Dot {
        Dot::new(self.replica.id(), self.replica.clock().get(self.replica.id()))
    }

    pub(super) fn is_unsent(self, key: &str) -> bool {
        self.replica.is_unsent(key)
    }

    pub(super) fn tally(self) -> &'a Tally {
        self.fold.map_or(self.replica.tally(), |fold| &fold.tally_before)
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
            changed: BTreeSet::new(),
            veil: BTreeMap::new(),
            tally_before: Tally::default(),
            rest: Vec::new(),
        };
        let is_small = fold.parts.len() <= PARTS_AT_ONCE;
        let tally_before = if is_small { Tally::default() } else { self.replica.tally().clone() };
        self.folding = Some(Box::new(Fold { tally_before, ..fold }));
        self.fold_slice();
    }

    /// Folds the next slice.
    pub(super) fn fold_slice(&mut self) {
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

    fn fold_part(&mut self, entries: Entries) {
        let Some(fold) = &mut self.folding else { return };
        fold.told.note(&entries);
        // The last slice ends with the veil's end, so what it touches needs none.
        if !fold.parts.is_empty() {
            for (key, _) in &entries {
                let before = || self.replica.get(key.as_str()).cloned();
                fold.veil.entry(key.clone()).or_insert_with(before);
            }
        }
        let changed = self.replica.merge_part(entries, fold.received.cursor.epoch);
        self.observe_times(&changed);
        if let Some(fold) = &mut self.folding {
            fold.changed.extend(changed);
        }
    }

    // The delta is whole: its clock and cursor are taken in, and it shows.
    fn fold_end(&mut self) {
        let Some(fold) = self.folding.take() else { return };
        let Fold { received, told, cause, link, head_before, floor_before, mut changed, rest, .. } = *fold;
        let last = self.replica.complete(received, told, head_before);
        self.observe_times(&last);
        changed.extend(last);
        self.pending.rebase(Seen::new(&self.replica, None));
        self.announce_changes(changed, cause);
        if let Some(link) = link {
            self.commits.confirm(self.replica.head());
            let floor = self.replica.floor();
            self.feed_link(link, SessionInput::Applied { floor_before, floor });
        }
        self.head_moved();
        self.take_segments(rest, cause);
    }

    // What is stored cannot be read. What was folded of it stays veiled: it is not whole.
    fn give_up_fold(&mut self, error: &DecodeError) {
        if let Some(fold) = &mut self.folding {
            let position = fold.position;
            fold.parts.clear();
            self.corrupt = true;
            self.effects.push(EngineEffect::Corrupt { position, message: error.to_string() });
        }
    }

    /// Keeps segments for later if something before them is still being folded.
    pub(super) fn defer(&mut self, segments: Vec<StoredSegment>) -> Option<Vec<StoredSegment>> {
        match &mut self.folding {
            Some(fold) => {
                fold.rest.extend(segments);
                None
            }
            None => Some(segments),
        }
    }

    pub(super) fn observe_times(&mut self, keys: &[RecordKey]) {
        let now_ms = self.now_ms;
        let times = keys.iter().filter_map(|key| self.replica.get(key.as_str())?.largest_time());
        times.for_each(|time| self.hybrid.observe(time, now_ms));
    }
}

/// What a stored segment says, with the parts that come before it.
pub(super) fn read_stored(stored: StoredSegment) -> Result<(Segment, VecDeque<Part>), DecodeError> {
    let segment = Segment::from_bytes(&stored.value, &Limits::AT_REST)?;
    let named = usize::try_from(segment.stage().map_or(0, |stage| stage.chunks)).unwrap_or(usize::MAX);
    if stored.chunks.len() < named {
        return Err(DecodeError::Invalid("a stage"));
    }
    Ok((segment, stored.chunks.into_iter().take(named).map(Part::Stored).collect()))
}
