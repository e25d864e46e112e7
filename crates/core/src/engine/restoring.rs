//! A checkpoint that was read: what an opening begins with, what a tab goes on from that is far behind, or other pages for
//! the same records.

use super::Engine;
use super::io::{Cause, StoredCheckpoint};
use crate::checkpoint::{Checkpoint, PageId, Root};
use crate::id::Seq;
use crate::key::RecordKey;
use crate::records::{Records, Shelf};
use crate::replica::Replica;

const SUPERSEDED_MESSAGE: &str = "Another tab has gone on while this one stood still.";

/// What a tab knew that was far behind, until it can be told what has changed.
pub(super) struct Announcement {
    records: Records,
    head: Seq,
}

impl Engine {
    pub(super) fn take_checkpoint(&mut self, stored: &StoredCheckpoint) {
        let was_asked = std::mem::take(&mut self.paging.reads_checkpoint);
        let (root, checkpoint) = match Checkpoint::from_stored(stored) {
            Ok(read) => read,
            Err(error) => return self.give_up(0, &error),
        };
        if root.generation <= self.compaction.generation() {
            if was_asked && root.generation == self.compaction.generation() {
                self.give_up(0, &"a page is missing");
            }
            return;
        }
        self.abandon_compaction();
        let shelves =
            |checkpoint: &Checkpoint| checkpoint.directory.iter().cloned().map(Shelf::away).collect();
        // What is folded halfway is not known.
        let next = self.folding.as_ref().map_or(self.commits.next_position(), |fold| fold.position());
        if root.reaches >= next {
            return self.restore(&root, checkpoint);
        }
        // This tab knows all that is folded into it, and more.
        self.replica.records.adopt(shelves(&checkpoint), checkpoint.head);
        checkpoint.stages.iter().for_each(|stage| self.adopt_stage(*stage));
        self.compaction.go_on_from(&root, &checkpoint);
        self.hold_pending();
    }

    // The pages are other ones, so those that are needed may not be here any more.
    fn hold_pending(&mut self) {
        if !self.is_folding() && self.stalled.is_none() && !self.pending.is_empty() {
            self.stall();
        }
    }

    fn restore(&mut self, root: &Root, checkpoint: Checkpoint) {
        let is_opening = self.births.is_opening();
        let head = self.folding.as_ref().map_or(self.replica.head(), |fold| fold.head_before());
        let births = self.replica.rebirths().len();
        let now_ms = self.now_ms;
        self.hybrid.observe(checkpoint.latest, now_ms);
        self.compaction.go_on_from(root, &checkpoint);
        if !is_opening {
            self.paging.note_seen(self.replica.clock());
            self.leave_behind();
        }
        checkpoint.stages.iter().for_each(|stage| self.adopt_stage(*stage));
        let before = std::mem::replace(&mut self.replica, Replica::restored(checkpoint));
        self.replica.join_peers(before.peers());
        self.commits.go_on_after(root.reaches);
        if is_opening {
            return;
        }
        self.announcement = Some(Announcement { records: before.records, head });
        self.stall();
        if self.replica.rebirths().len() > births {
            self.was_reborn_since(births);
        }
    }

    // What was under way stood on a log that has gone on.
    fn leave_behind(&mut self) {
        self.abandon_links("superseded", SUPERSEDED_MESSAGE);
        self.folding = None;
        self.stalled = None;
        self.forget_deliveries();
        self.leave_stages();
    }

    /// Tells what has changed while this tab was behind, as soon as it can be told.
    pub(super) fn resume_announcement(&mut self) {
        let Some(Announcement { head, .. }) = &self.announcement else { return };
        let head = *head;
        let away: Vec<PageId> = self.replica.records.away(|note| note.highest > head).collect();
        if !self.has_all(away) {
            return;
        }
        let Some(Announcement { records, .. }) = self.announcement.take() else { return };
        let later = self.replica.records.log_after(head).map(|(key, _)| key.clone());
        let mut changed: Vec<RecordKey> = later.collect();
        let now = &self.replica.records;
        // What was dropped stands nowhere.
        let is_gone =
            |key: &RecordKey| now.away_of(key.as_str()).is_none() && now.get(key.as_str()).is_none();
        changed.extend(records.all_here().filter(|(key, _)| is_gone(key)).map(|(key, _)| key.clone()));
        self.rebase_pending();
        self.announce_changes(changed, Cause::Tab);
        self.head_moved();
    }
}
