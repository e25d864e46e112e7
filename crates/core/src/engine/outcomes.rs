//! What a commit came to: it is folded in, made anew behind what another tab was faster with, or taken back.
//!
//! Law: a promise is kept when the disk has it and not before; what could not be stored leaves nothing behind.

use super::Engine;
use super::commits::{Stage, Work};
use super::folding::Part;
use super::io::{Cause, EngineEffect, StorageFailure, StoredSegment, Ticket};
use super::pending::Draft;
use super::stages::Delivery;
use crate::checkpoint::PageId;
use crate::export::Export;
use crate::key::RecordKey;
use crate::segment::{Entries, Segment, split};
use crate::vector::VersionVector;

impl Engine {
    /// The commit is on disk: it is folded in, as soon as the pages of what it changes are here.
    pub(super) fn commit_done(&mut self) {
        let Stage::Writing(work, position, _) = &self.commits.stage else { return };
        let is_known = *position < self.commits.next_position();
        let away = if is_known { Vec::new() } else { self.away_of_work(work) };
        self.commits.is_done = !self.has_all(away);
        if self.commits.is_done {
            return;
        }
        let Stage::Writing(work, position, values) = std::mem::take(&mut self.commits.stage) else { return };
        if is_known {
            self.known_done(work);
        } else {
            let stage = if let Work::Received(delivery) = &work { delivery.received.stage } else { None };
            values.iter().for_each(|value| self.pass(value.len(), stage));
            self.fold_done(work, position);
        }
        self.effects.push(EngineEffect::Announce);
        self.head_moved();
        let read_ahead = std::mem::take(&mut self.commits.read_ahead);
        if !read_ahead.is_empty() {
            self.take_segments(read_ahead, Cause::Tab);
        }
    }

    fn fold_done(&mut self, work: Work, position: u64) {
        match work {
            Work::Local(draft) => self.local_done(*draft),
            Work::Received(delivery) => self.received_done(*delivery, position),
            Work::Imported(ticket, export) => self.import_done(ticket, *export),
            Work::Forgotten { up_to, before_ms } => {
                self.fold(Segment::Forgotten { up_to, before_ms });
                self.rebase_pending();
            }
            Work::Reborn(reborn) => self.reborn_done(reborn),
        }
    }

    // This tab was so far behind meanwhile that it has gone on from a checkpoint, and the commit is in that.
    fn known_done(&mut self, work: Work) {
        match work {
            Work::Local(draft) => {
                let changed = self.pending.keys_of(&draft);
                self.local_settled(*draft, changed);
            }
            Work::Imported(ticket, _) => self.effects.push(EngineEffect::Imported { ticket, records: 0 }),
            Work::Received(_) | Work::Forgotten { .. } | Work::Reborn(_) => {}
        }
    }

    // The pages that are needed to fold a commit of this tab, and are not here. A delta sees to that itself.
    fn away_of_work(&self, work: &Work) -> Vec<PageId> {
        match work {
            Work::Local(draft) => self.away_of_entries(&draft.entries),
            Work::Received(_) => Vec::new(),
            Work::Imported(_, export) => self.away_of_entries(&export.entries),
            Work::Forgotten { up_to, before_ms } => self.replica.away_of_deletions(*up_to, *before_ms),
            Work::Reborn(_) => self.replica.records.away(|_| true).collect(),
        }
    }

    fn local_done(&mut self, mut draft: Draft) {
        let changed = self.pending.keys_of(&draft);
        // As it will be read again: segment by segment.
        let lengths: Vec<usize> = split(&draft.entries).map(<[_]>::len).collect();
        let mut entries = std::mem::take(&mut draft.entries).into_iter();
        for length in lengths {
            self.fold(Segment::Written(entries.by_ref().take(length).collect()));
        }
        self.local_settled(draft, changed);
    }

    fn local_settled(&mut self, draft: Draft, changed: Vec<RecordKey>) {
        let tickets = self.pending.settle(&draft);
        self.rebase_pending();
        self.announce_harmless(changed, Cause::Local);
        for (ticket, contexts) in tickets.into_iter().zip(draft.contexts) {
            self.waits.committed(ticket, self.replica.head());
            let contexts = contexts.into_iter().map(|context| self.mark(context)).collect();
            self.effects.push(EngineEffect::Written { ticket, contexts });
        }
    }

    fn received_done(&mut self, delivery: Delivery, position: u64) {
        let Delivery { link, received, chunks, .. } = delivery;
        self.adopt(&received);
        let parts = chunks.into_iter().map(Part::Read).collect();
        self.fold_received((received, parts), (position, Cause::Remote, Some(link)));
    }

    fn import_done(&mut self, ticket: Ticket, export: Export) {
        let Export { clock, forgotten, entries } = export;
        let mut changed = Vec::new();
        // As it will be read again: segment by segment.
        for part in split(&entries) {
            let (clock, forgotten) = (Default::default(), VersionVector::new());
            changed.extend(self.fold(Segment::Imported { clock, forgotten, entries: part.to_vec() }));
        }
        self.fold(Segment::Imported { clock, forgotten, entries: Entries::new() });
        self.rebase_pending();
        let records = changed.len();
        self.announce_changes(changed, Cause::Local);
        self.effects.push(EngineEffect::Imported { ticket, records });
    }

    /// Another tab was faster. Its segments are folded in, and the work is begun again on top of them: pending writes
    /// get new dots, which had not left the tab.
    pub(super) fn commit_collided(&mut self, segments: Vec<StoredSegment>) {
        // A commit whose success was not heard of, tried again: what stands there is the commit itself.
        if segments.first().is_some_and(|first| self.commits.is_own(first)) {
            self.commits.read_ahead = segments;
            return self.commit_done();
        }
        let stage = std::mem::take(&mut self.commits.stage);
        self.take_segments(segments, Cause::Tab);
        match stage {
            Stage::Writing(Work::Received(delivery), ..) => self.commits.deliveries.push_front(*delivery),
            Stage::Writing(Work::Imported(ticket, export), ..) => {
                self.commits.imports.push_front((ticket, *export));
            }
            // It is done another time.
            Stage::Writing(Work::Forgotten { .. }, ..) => {}
            // Perhaps what was missing has been read now: it is judged again.
            Stage::Writing(Work::Reborn(reborn), ..) => self.births.keep_names(reborn),
            Stage::Writing(Work::Local(_), ..) | Stage::Barrier(_) | Stage::Idle => {}
        }
    }

    /// The commit is not stored: what it was for is taken back and told why.
    pub(super) fn commit_failed(&mut self, failure: StorageFailure) {
        const MESSAGE: &str = "The write could not be stored.";
        match std::mem::take(&mut self.commits.stage) {
            Stage::Writing(Work::Local(draft), ..) => self.reject_draft(&draft, failure.code, MESSAGE),
            Stage::Writing(Work::Received(delivery), ..) => {
                // Perhaps it was its chunks that could not be found any more.
                self.give_back(&delivery, failure.code);
            }
            // It is done another time.
            Stage::Writing(Work::Forgotten { .. }, ..) => {}
            Stage::Writing(Work::Reborn(reborn), ..) => self.births.give_up(reborn),
            Stage::Writing(Work::Imported(ticket, _), ..) => {
                let message = MESSAGE.to_owned();
                self.effects.push(EngineEffect::Rejected { ticket, code: failure.code, message });
            }
            other => self.commits.stage = other,
        }
    }
}
