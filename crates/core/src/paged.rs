//! A replica and its checkpoint: what one is made of and opened from, and which pages it takes to do something.

use crate::checkpoint::{Checkpoint, PageId, Placed};
use crate::codec::DecodeError;
use crate::engine::StoredCheckpoint;
use crate::hlc::Hlc;
use crate::id::Seq;
use crate::records::{Records, Shelf};
use crate::replica::Replica;
use crate::session::PageRequest;

impl Replica {
    /// Opens a checkpoint with all of its pages. Returns the replica and the last segment that is folded into it.
    ///
    /// # Errors
    /// When something of it cannot be read, or a page is missing.
    pub fn from_checkpoint(
        stored: &StoredCheckpoint,
        mut read: impl FnMut(PageId) -> Option<Vec<u8>>,
    ) -> Result<(Self, u64), DecodeError> {
        let (root, checkpoint) = Checkpoint::from_stored(stored)?;
        let mut replica = Self::restored(checkpoint);
        let pages: Vec<PageId> = replica.records.away(|_| true).collect();
        for page in pages {
            replica.put_page(page, &read(page).ok_or(DecodeError::Truncated)?)?;
        }
        Ok((replica, root.reaches))
    }

    /// A page has been read.
    ///
    /// # Errors
    /// When it is not the page that the directory lists, or tells of own writes that were never made.
    pub(crate) fn put_page(&mut self, page: PageId, bytes: &[u8]) -> Result<(), DecodeError> {
        let own = self.clock.get(self.id);
        let is_known =
            |placed: &Placed| placed.record.context().get(self.id) <= own && placed.seq <= self.head;
        self.records.put(page, bytes, is_known)
    }

    /// The replica of a checkpoint. Its pages are not here.
    pub(crate) fn restored(checkpoint: Checkpoint) -> Self {
        let shelves = checkpoint.directory.into_iter().map(Shelf::away).collect();
        let records = Records::in_pages(shelves, checkpoint.head);
        Self {
            id: checkpoint.replica,
            epoch: checkpoint.epoch,
            records,
            mixtures: crate::mixtures::Mixtures::default(),
            head: checkpoint.head,
            clock: checkpoint.clock,
            chain: checkpoint.chain,
            peers: checkpoint.peers,
            unsent: checkpoint.unsent,
            unsent_is_guessed: checkpoint.unsent_is_guessed,
            tally: checkpoint.tally,
            forgotten: checkpoint.forgotten,
            rebirths: checkpoint.rebirths,
        }
    }

    /// A checkpoint as this replica is now, without its pages.
    pub(crate) fn to_checkpoint(&self, latest: Hlc, stages: Vec<u64>) -> Checkpoint {
        Checkpoint {
            replica: self.id,
            epoch: self.epoch,
            head: self.head,
            latest,
            clock: self.clock.clone(),
            chain: self.chain.clone(),
            peers: self.peers.clone(),
            unsent: self.unsent,
            unsent_is_guessed: self.unsent_is_guessed,
            forgotten: self.forgotten.clone(),
            rebirths: self.rebirths.clone(),
            tally: self.tally.clone(),
            stages,
            directory: Vec::new(),
        }
    }

    /// Counts what is unsent, where that was only guessed and the pages have come. True when it did.
    pub(crate) fn count_guessed(&mut self) -> bool {
        let saved = self.peers.saved();
        let counts =
            self.unsent_is_guessed && self.records.away(|note| note.highest > saved).next().is_none();
        if counts {
            self.recount_unsent();
        }
        counts
    }

    /// The pages that are needed to forget deletions, and are not here.
    pub(crate) fn away_of_deletions(&self, up_to: Seq, before_ms: u64) -> Vec<PageId> {
        let is_old = |oldest_ms: Option<u64>| oldest_ms.is_some_and(|ms| ms < before_ms);
        self.records.away(|note| note.lowest <= up_to && is_old(note.oldest_deletion_ms)).collect()
    }

    /// The pages that are needed to serve a part of the log, and are not here.
    pub(crate) fn away_of_page(&self, request: &PageRequest) -> Vec<PageId> {
        let from = request.among.as_ref().map_or(request.after, |among| among.until.max(request.after));
        let mut away: Vec<PageId> = self.records.away(|note| note.highest > from).collect();
        let keys = request.among.iter().flat_map(|among| among.keys.iter());
        away.extend(keys.filter_map(|key| self.records.away_of(key)));
        away
    }
}

#[cfg(test)]
#[path = "paged/tests.rs"]
mod tests;
