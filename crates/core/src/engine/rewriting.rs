//! The pages of the next checkpoint: what has changed is woven into the pages where it belongs, slice by slice.
//!
//! Law: together the new pages hold just what the old ones held, with what has changed. A page in which nothing has changed
//! stays, unless the one before it has become small. Knows nothing of the disk.

use std::ops::Bound;

use super::stages::Stages;
use crate::checkpoint::{Page, PageId, PageNote, Placed, write_page};
use crate::key::RecordKey;
use crate::records::{Records, Shelf};
use crate::segment::entry_size;

/// How many pages are made in one slice at most, and how many records looked at.
const PAGES_AT_ONCE: usize = 16;
const RECORDS_AT_ONCE: usize = 1_024;
/// What a record takes in a page beside its entry.
const PLACE_BYTES: usize = 6;
/// A page with less than this part of its length is joined with the next one.
const SMALL_PART: usize = 4;
/// About so much of what was rewritten stays in memory: much of it will be read soon.
const KEPT_BYTES: usize = 4 << 20;

/// A rewriting that is under way.
pub(super) struct Rewrite {
    reaches: u64,
    page_bytes: usize,
    // Which of the old pages is next, and after which of its keys.
    place: usize,
    after: Option<RecordKey>,
    // The page that is being filled.
    carry: Page,
    carry_bytes: usize,
    shelves: Vec<Shelf>,
    kept_bytes: usize,
    is_done: bool,
}

/// What a slice came to.
pub(super) enum Slice {
    /// This page has to be read first.
    Away(PageId),
    /// These are to be added.
    Pages(Vec<(PageId, Vec<u8>)>),
    /// There is nothing left to do.
    Done,
}

impl Rewrite {
    pub(super) fn new(reaches: u64, page_bytes: usize) -> Self {
        Self {
            reaches,
            page_bytes,
            place: 0,
            after: None,
            carry: Page::new(),
            carry_bytes: 0,
            shelves: Vec::new(),
            kept_bytes: 0,
            is_done: false,
        }
    }

    /// The last segment that is folded in.
    pub(super) fn reaches(&self) -> u64 {
        self.reaches
    }

    pub(super) fn shelves(&self) -> &[Shelf] {
        &self.shelves
    }

    pub(super) fn into_shelves(self) -> Vec<Shelf> {
        self.shelves
    }

    /// Does some of the work. `records` is what was frozen when it began, and the pages of then.
    pub(super) fn slice(&mut self, records: &Records, names: &mut Stages) -> Slice {
        let (mut pages, mut left) = (Vec::new(), RECORDS_AT_ONCE);
        while !self.is_done && left > 0 && pages.len() < PAGES_AT_ONCE {
            let shelf = records.shelves().get(self.place);
            if shelf.is_none() && (self.place > 0 || records.frozen().is_empty()) {
                pages.extend(self.flush(names));
                self.is_done = true;
            } else if shelf.is_some() && !self.is_touched(records) {
                pages.extend(self.flush(names));
                self.shelves.extend(shelf.map(|shelf| Shelf::away(shelf.note.clone())));
                self.place += 1;
            } else if let Some(away) = shelf.filter(|shelf| shelf.is_away()) {
                return if pages.is_empty() { Slice::Away(away.note.id) } else { Slice::Pages(pages) };
            } else {
                self.weave(records, names, &mut pages, &mut left);
            }
        }
        if self.is_done && pages.is_empty() { Slice::Done } else { Slice::Pages(pages) }
    }

    // True when the page at the place cannot stay as it is.
    fn is_touched(&self, records: &Records) -> bool {
        let is_small = !self.carry.is_empty() && self.carry_bytes < self.page_bytes / SMALL_PART;
        self.after.is_some()
            || is_small
            || records.frozen().range::<str, _>(self.range(records)).next().is_some()
    }

    // The keys that belong to the page at the place, as far as they are not done.
    fn range<'a>(&'a self, records: &'a Records) -> (Bound<&'a str>, Bound<&'a str>) {
        let first = |place: usize| records.shelves().get(place).map(|shelf| &*shelf.note.first);
        let from = match &self.after {
            Some(after) => Bound::Excluded(after.as_str()),
            None if self.place == 0 => Bound::Unbounded,
            None => first(self.place).map_or(Bound::Unbounded, Bound::Included),
        };
        (from, first(self.place + 1).map_or(Bound::Unbounded, Bound::Excluded))
    }

    fn weave(
        &mut self,
        records: &Records,
        names: &mut Stages,
        pages: &mut Vec<(PageId, Vec<u8>)>,
        left: &mut usize,
    ) {
        let beneath = records.shelves().get(self.place).map(Shelf::records).unwrap_or_default();
        let done = self.after.as_ref().map_or(0, |after| beneath.partition_point(|(key, _)| key <= after));
        let mut beneath = beneath.get(done..).unwrap_or_default().iter().peekable();
        let (from, to) = self.range(records);
        let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
        let bounds = (from.as_ref().map(String::as_str), to.as_ref().map(String::as_str));
        let mut over = records.frozen().range::<str, _>(bounds).peekable();
        while *left > 0 && pages.len() < PAGES_AT_ONCE {
            let next = match (over.peek(), beneath.peek()) {
                (Some((above, _)), Some((below, _))) if *above > below => None,
                (Some((above, _)), Some((below, _))) if *above == below => {
                    beneath.next();
                    over.next()
                }
                (Some(_), _) => over.next(),
                (None, _) => None,
            };
            let (key, placed) = match next {
                Some((key, placed)) => (key, placed.as_deref()),
                None => match beneath.next() {
                    Some((key, placed)) => (key, Some(placed)),
                    None => {
                        (self.place, self.after) = (self.place + 1, None);
                        return;
                    }
                },
            };
            *left -= 1;
            self.after = Some(key.clone());
            if let Some(placed) = placed {
                pages.extend(self.add(key, placed, names));
            }
        }
    }

    // Adds a record to the page that is being filled, and a page if it is full.
    fn add(&mut self, key: &RecordKey, placed: &Placed, names: &mut Stages) -> Option<(PageId, Vec<u8>)> {
        let bytes = entry_size(key, &placed.record) + PLACE_BYTES;
        let is_full = !self.carry.is_empty() && self.carry_bytes + bytes > self.page_bytes;
        let full = if is_full { self.flush(names) } else { None };
        self.carry_bytes += bytes;
        self.carry.push((key.clone(), placed.clone()));
        full
    }

    fn flush(&mut self, names: &mut Stages) -> Option<(PageId, Vec<u8>)> {
        let page = std::mem::take(&mut self.carry);
        self.carry_bytes = 0;
        if page.is_empty() {
            return None;
        }
        let refs: Vec<(&RecordKey, &Placed)> = page.iter().map(|(key, placed)| (key, placed)).collect();
        let (id, bytes) = (names.new_page(), write_page(&refs));
        let note = PageNote::of(id, &page, bytes.len());
        self.kept_bytes += bytes.len();
        let is_kept = self.kept_bytes <= KEPT_BYTES;
        self.shelves.push(if is_kept { Shelf::here(note, page) } else { Shelf::away(note) });
        Some((id, bytes))
    }
}
