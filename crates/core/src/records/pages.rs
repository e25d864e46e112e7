//! The pages beneath: which there are, which of them are here, and which are needed.

use std::cell::Cell;

use super::Records;
use crate::checkpoint::{Page, PageId, PageNote, Placed, read_page};
use crate::codec::DecodeError;
use crate::forgetting::deleted_at_ms;
use crate::id::Seq;
use crate::key::RecordKey;

/// How many pages are read at once of what is read in the order of keys.
const PAGES_TOGETHER: usize = 8;
/// About how many bytes of memory a record takes beside its contents and key.
const RECORD_BYTES: usize = 250;

/// The place of a page, and the page if it is here.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) note: PageNote,
    pub(super) page: Option<Page>,
    // When it was looked into last.
    pub(super) used: Cell<u64>,
}

impl Shelf {
    /// A page that is not here.
    pub(crate) fn away(note: PageNote) -> Self {
        Self { note, page: None, used: Cell::new(0) }
    }

    /// A page that is here.
    pub(crate) fn here(note: PageNote, page: Page) -> Self {
        Self { note, page: Some(page), used: Cell::new(0) }
    }

    pub(crate) fn is_away(&self) -> bool {
        self.page.is_none()
    }

    /// Its records, as far as it is here.
    pub(crate) fn records(&self) -> &[(RecordKey, Placed)] {
        self.page.as_deref().unwrap_or_default()
    }

    /// About how much memory it takes.
    pub(crate) fn resident_bytes(&self) -> usize {
        let bytes = usize::try_from(self.note.bytes).unwrap_or(usize::MAX);
        self.page.as_ref().map_or(0, |page| bytes.saturating_add(page.len() * RECORD_BYTES))
    }

    /// It has these records, and perhaps others over which others lie.
    pub(super) fn fill(&mut self, page: Page) {
        self.page = Some(page);
    }

    pub(super) fn put_away(&mut self) {
        self.page = None;
    }
}

impl PageNote {
    /// What is to be told of a page. There must be records.
    pub(crate) fn of(id: PageId, page: &[(RecordKey, Placed)], bytes: usize) -> Self {
        let seqs = || page.iter().map(|(_, placed)| placed.seq);
        let deletions = page.iter().filter_map(|(_, placed)| deleted_at_ms(&placed.record));
        Self {
            id,
            first: page.first().map_or("", |(key, _)| key.as_str()).into(),
            records: page.len() as u64,
            local: page.iter().filter(|(_, placed)| placed.origin.is_none()).count() as u64,
            bytes: bytes as u64,
            lowest: seqs().min().unwrap_or(Seq::ZERO),
            highest: seqs().max().unwrap_or(Seq::ZERO),
            oldest_deletion_ms: deletions.min(),
        }
    }
}

impl Records {
    pub(super) fn shelf_of(&self, key: &str) -> Option<&Shelf> {
        let after = self.shelves.partition_point(|shelf| *shelf.note.first <= *key);
        self.shelves.get(after.saturating_sub(1))
    }

    pub(super) fn in_page(&self, key: &str) -> Option<&Placed> {
        self.find_in_page(key).flatten()
    }

    /// Nothing where the page is not here.
    pub(super) fn find_in_page(&self, key: &str) -> Option<Option<&Placed>> {
        let Some(shelf) = self.shelf_of(key) else { return Some(None) };
        if shelf.is_away() {
            return None;
        }
        shelf.used.set(self.now.get());
        let records = shelf.records();
        let place = records.binary_search_by(|(at, _)| at.as_str().cmp(key)).ok();
        Some(place.and_then(|place| records.get(place)).map(|(_, placed)| placed))
    }

    /// The pages in the order of keys.
    pub(crate) fn shelves(&self) -> &[Shelf] {
        &self.shelves
    }

    /// The page that is needed to know a record, if it is not here.
    pub(crate) fn away_of(&self, key: &str) -> Option<PageId> {
        if self.shelves.is_empty() || self.over(key).is_some() {
            return None;
        }
        self.shelf_of(key).filter(|shelf| shelf.is_away()).map(|shelf| shelf.note.id)
    }

    /// The pages that are not here, of those of which the directory says that.
    pub(crate) fn away(&self, is_needed: impl Fn(&PageNote) -> bool) -> impl Iterator<Item = PageId> {
        let away = self.shelves.iter().filter(move |shelf| shelf.is_away() && is_needed(&shelf.note));
        away.map(|shelf| shelf.note.id)
    }

    /// The first pages that are not here of those that have keys with a prefix from one on.
    pub(crate) fn away_from(&self, key: &str, prefix: &str) -> Vec<PageId> {
        let after = self.shelves.partition_point(|shelf| *shelf.note.first <= *key);
        let own = self.shelves.get(..after).and_then(<[Shelf]>::last);
        let later = self.shelves.get(after..).unwrap_or_default();
        // What is before the first page belongs to it.
        let belongs = |(at, shelf): &(usize, &Shelf)| after + at == 0 || shelf.note.first.starts_with(prefix);
        let later = later.iter().enumerate().take_while(belongs).map(|(_, shelf)| shelf);
        let away = own.into_iter().chain(later).skip_while(|shelf| !shelf.is_away());
        away.take_while(|shelf| shelf.is_away()).take(PAGES_TOGETHER).map(|shelf| shelf.note.id).collect()
    }

    /// True when the page is in the directory.
    pub(crate) fn lists(&self, id: PageId) -> bool {
        self.shelves.iter().any(|shelf| shelf.note.id == id)
    }

    /// The records of the pages that are here, and all that changed.
    pub(crate) fn all_here(&self) -> impl Iterator<Item = (&RecordKey, &Placed)> {
        let in_pages = self.shelves.iter().flat_map(Shelf::records);
        let in_pages = in_pages.filter(|(key, _)| self.over(key.as_str()).is_none());
        let over = self.log.values().map(|(key, placed)| (key, &**placed));
        in_pages.map(|(key, placed)| (key, placed)).chain(over)
    }

    /// The records of a page in which one dot stands for two writes.
    pub(crate) fn colliding(&self, id: PageId) -> impl Iterator<Item = &RecordKey> {
        let page = self.shelves.iter().find(|shelf| shelf.note.id == id);
        let records = page.into_iter().flat_map(Shelf::records);
        records.filter(|(_, placed)| placed.record.collisions().next().is_some()).map(|(key, _)| key)
    }

    /// How long all pages are together.
    pub(crate) fn bytes_of_pages(&self) -> usize {
        let bytes: u64 = self.shelves.iter().map(|shelf| shelf.note.bytes).sum();
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// About how much memory all pages would take.
    pub(crate) fn bytes_if_all_here(&self) -> usize {
        let records: u64 = self.shelves.iter().map(|shelf| shelf.note.records).sum();
        let records = usize::try_from(records).unwrap_or(usize::MAX);
        self.bytes_of_pages().saturating_add(records.saturating_mul(RECORD_BYTES))
    }

    /// A page has been read. One that is not listed is of no use any more.
    ///
    /// # Errors
    /// When it is no page, or another one than the directory says, or a record of it cannot be.
    pub(crate) fn put(
        &mut self,
        id: PageId,
        bytes: &[u8],
        is_known: impl Fn(&Placed) -> bool,
    ) -> Result<(), DecodeError> {
        let Some(shelf) = self.shelves.iter_mut().find(|shelf| shelf.note.id == id && shelf.is_away()) else {
            return Ok(());
        };
        let page = read_page(bytes)?;
        let are_known = page.iter().all(|(_, placed)| is_known(placed));
        if PageNote::of(id, &page, bytes.len()) != shelf.note || !are_known {
            return Err(DecodeError::Invalid("a page's note"));
        }
        shelf.page = Some(page);
        shelf.used.set(self.now.get());
        self.resident_bytes = self.resident_bytes.saturating_add(shelf.resident_bytes());
        self.order.take();
        Ok(())
    }
}
