//! What other tabs have written: segments that are folded in, and the pages that it takes to do so.
//!
//! Law: segments are folded in the order of the log, each once. One whose pages are not here keeps those after it waiting.

use super::Engine;
use super::folding::{Seen, read_stored};
use super::io::{Cause, EngineEffect, StoredSegment};
use crate::checkpoint::PageId;
use crate::key::RecordKey;
use crate::segment::{Entries, Received, Segment};

/// Segments that wait for pages, and what those before them have changed.
pub(super) struct Stalled {
    segments: Vec<StoredSegment>,
    cause: Cause,
    changed: Vec<RecordKey>,
}

impl Engine {
    /// Folds in segments that this tab has not written: at opening, or from another tab.
    pub(super) fn take_segments(&mut self, segments: Vec<StoredSegment>, cause: Cause) {
        let Some(segments) = self.defer(segments) else { return };
        self.fold_segments(segments, cause, Vec::new());
    }

    /// Goes on with what has waited for pages.
    pub(super) fn resume_segments(&mut self) {
        if let Some(Stalled { segments, cause, changed }) = self.stalled.take() {
            self.fold_segments(segments, cause, changed);
        }
    }

    /// Keeps segments for later if something before them is still to be folded.
    fn defer(&mut self, segments: Vec<StoredSegment>) -> Option<Vec<StoredSegment>> {
        match (&mut self.folding, &mut self.stalled) {
            (Some(fold), _) => fold.defer(segments),
            (None, Some(stalled)) => stalled.segments.extend(segments),
            (None, None) => return Some(segments),
        }
        None
    }

    /// Nothing is committed until these pages are here: what is pending stands on records in them.
    pub(super) fn stall(&mut self) {
        self.stalled = Some(Stalled { segments: Vec::new(), cause: Cause::Tab, changed: Vec::new() });
    }

    fn fold_segments(&mut self, segments: Vec<StoredSegment>, cause: Cause, mut changed: Vec<RecordKey>) {
        let mut segments = segments.into_iter();
        while let Some(stored) = segments.next() {
            if self.corrupt {
                break;
            }
            // A reader may see this tab's own commit before its success is heard of: that is the news to wait for.
            if self.commits.is_own(&stored) {
                self.commits.read_ahead = segments.by_ref().collect();
                break;
            }
            let position = stored.position;
            if position != self.commits.next_position() {
                continue;
            }
            let bytes = stored.value.len();
            match read_stored(&stored) {
                Ok((Segment::Received(received), parts))
                    if !parts.is_empty() && !self.has_parked_writes() =>
                {
                    self.pass(bytes, received.stage);
                    self.adopt(&received);
                    self.fold_received((received, parts), (position, cause, None));
                    if self.is_folding() {
                        self.defer(segments.by_ref().collect());
                    }
                }
                Ok((segment, _)) => {
                    let away = self.away_of_segment(&segment);
                    if !self.has_all(away) || self.has_parked_writes() {
                        let segments = std::iter::once(stored).chain(segments).collect();
                        self.stalled = Some(Stalled { segments, cause, changed });
                        return;
                    }
                    self.pass(bytes, segment.stage());
                    changed.extend(self.fold(segment));
                }
                Err(error) => self.give_up(position, &error),
            }
        }
        self.end_segments(cause, changed);
    }

    // What is pending stands on what is committed.
    fn end_segments(&mut self, cause: Cause, changed: Vec<RecordKey>) {
        let away = self.away_of_keys(self.pending.keys_after("").map(RecordKey::as_str));
        if !self.has_all(away) && !self.is_folding() {
            self.stalled = Some(Stalled { segments: Vec::new(), cause, changed });
            return;
        }
        self.rebase_pending();
        self.announce_changes(changed, cause);
        self.head_moved();
    }

    /// Puts what is pending on top of what is committed. Where that waits for pages, it is done when they have come.
    pub(super) fn rebase_pending(&mut self) {
        if self.stalled.is_none() {
            self.pending.rebase(Seen::new(&self.replica, self.folding.as_deref()));
        }
    }

    /// What is stored cannot be read: it is left as it is, and nothing is added to it.
    pub(super) fn give_up(&mut self, position: u64, error: &impl ToString) {
        self.corrupt = true;
        self.effects.push(EngineEffect::Corrupt { position, message: error.to_string() });
    }

    /// Folds a segment. The pages of what it changes are here.
    pub(super) fn fold(&mut self, segment: Segment) -> Vec<RecordKey> {
        let is_rebirth = matches!(segment, Segment::Reborn(_));
        match &segment {
            Segment::Written(entries) | Segment::Imported { entries, .. } => self.observe_times(entries),
            Segment::Received(received) => self.observe_times(&received.entries),
            // These bring no writes that were not here.
            Segment::Forgotten { .. } | Segment::Reborn(_) => {}
        }
        let keys = self.replica.apply(segment, Vec::new());
        if is_rebirth {
            self.was_reborn();
        }
        keys
    }

    pub(super) fn adopt(&mut self, received: &Received) {
        if let Some(stage) = &received.stage {
            self.adopt_stage(stage.name);
        }
    }

    /// The pages that are needed to fold a segment, and are not here.
    pub(super) fn away_of_segment(&self, segment: &Segment) -> Vec<PageId> {
        match segment {
            Segment::Written(entries) | Segment::Imported { entries, .. } => self.away_of_entries(entries),
            Segment::Received(received) => self.away_of_entries(&received.entries),
            Segment::Forgotten { up_to, before_ms } => self.replica.away_of_deletions(*up_to, *before_ms),
            Segment::Reborn(_) => self.replica.records.away(|_| true).collect(),
        }
    }

    pub(super) fn away_of_entries(&self, entries: &Entries) -> Vec<PageId> {
        self.away_of_keys(entries.iter().map(|(key, _)| key.as_str()))
    }

    pub(super) fn away_of_keys<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Vec<PageId> {
        keys.filter_map(|key| self.replica.records.away_of(key)).collect()
    }
}
