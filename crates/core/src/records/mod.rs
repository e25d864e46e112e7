//! The records of a replica: what changed since the checkpoint, over the pages in which the rest is.
//!
//! Law: whether a record is read from a page or was never written to one makes no difference to what is read. Who asks for
//! a record makes sure before that its page is here ([`Records::away_of`]). Knows nothing of where pages come from.

mod cache;
mod log;
mod pages;
mod walk;

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::checkpoint::{PageId, Placed};
use crate::id::Seq;
use crate::key::RecordKey;

pub(crate) use pages::Shelf;

/// What changed: the records as they are, and none for those that are gone.
pub(crate) type Changes = BTreeMap<RecordKey, Option<Arc<Placed>>>;

/// The records of a replica.
#[derive(Debug, Default)]
pub(crate) struct Records {
    changed: Changes,
    // What a compaction is writing down. What changes meanwhile lies over it.
    frozen: Changes,
    // Every record of both once, at the position where it last changed. The record is at hand there too: whoever walks
    // through the log wants it, and to look up every key takes longer than all else.
    log: BTreeMap<Seq, (RecordKey, Arc<Placed>)>,
    // In the order of keys.
    shelves: Vec<Shelf>,
    // What is in pages is at this position or before, and nothing else is.
    base: Seq,
    // The records of the pages that are here in the order of their positions: which page, and which of its records. Made
    // when it is asked for.
    order: OnceCell<Vec<(Seq, u32, u32)>>,
    // How many bytes of memory the pages take, about.
    resident_bytes: usize,
    // Counts what happens, for the pages that were looked into last.
    now: Cell<u64>,
}

impl Records {
    /// A record, by `collection/id`.
    pub(crate) fn get(&self, key: &str) -> Option<&Placed> {
        match self.over(key) {
            Some(over) => over.as_deref(),
            None => self.in_page(key),
        }
    }

    /// A record, by `collection/id`; nothing where its page is not here.
    pub(crate) fn find(&self, key: &str) -> Option<Option<&Placed>> {
        match self.over(key) {
            Some(over) => Some(over.as_deref()),
            None => self.find_in_page(key),
        }
    }

    // What lies over the pages.
    fn over(&self, key: &str) -> Option<&Option<Arc<Placed>>> {
        self.changed.get(key).or_else(|| self.frozen.get(key))
    }

    /// The record has changed; `before` is the position where it was, if it was there.
    pub(crate) fn insert(&mut self, key: &RecordKey, before: Option<Seq>, placed: Placed) {
        debug_assert!(self.away_of(key.as_str()).is_none(), "{key} changes and its page is not here");
        debug_assert_eq!(self.get(key.as_str()).map(|placed| placed.seq), before, "{key} is elsewhere");
        if let Some(before) = before {
            self.log.remove(&before);
        }
        let placed = Arc::new(placed);
        self.log.insert(placed.seq, (key.clone(), Arc::clone(&placed)));
        self.changed.insert(key.clone(), Some(placed));
    }

    /// The record is there no more.
    pub(crate) fn remove(&mut self, key: &RecordKey) -> Option<Placed> {
        let before = self.get(key.as_str())?.clone();
        self.log.remove(&before.seq);
        // Also where there is nothing beneath: the pages that are adopted next may be of a time when it was there.
        self.changed.insert(key.clone(), None);
        Some(before)
    }

    /// From here on what changes lies over what has changed so far, which is to be written down.
    pub(crate) fn freeze(&mut self) {
        self.thaw();
        self.frozen = std::mem::take(&mut self.changed);
    }

    /// What is being written down.
    pub(crate) fn frozen(&self) -> &Changes {
        &self.frozen
    }

    /// It was not written down.
    pub(crate) fn thaw(&mut self) {
        for (key, before) in std::mem::take(&mut self.frozen) {
            self.changed.entry(key).or_insert(before);
        }
    }

    /// Records of which nothing is here yet.
    pub(crate) fn in_pages(shelves: Vec<Shelf>, base: Seq) -> Self {
        Self { shelves, base, ..Self::default() }
    }

    /// There are other pages now, with all that stood at that position or before. What is here stays here.
    pub(crate) fn adopt(&mut self, mut shelves: Vec<Shelf>, base: Seq) {
        self.fill(&mut shelves, base);
        self.frozen.clear();
        let old = std::mem::take(&mut self.shelves).into_iter().map(|shelf| (shelf.note.id, shelf));
        let mut here: BTreeMap<_, _> = old.collect();
        for shelf in &mut shelves {
            if let Some(same) = here.remove(&shelf.note.id).filter(|_| shelf.is_away()) {
                *shelf = same;
            }
        }
        self.shelves = shelves;
        self.base = base;
        self.order.take();
        self.resident_bytes = self.shelves.iter().map(Shelf::resident_bytes).sum();
        let is_later = |placed: &Option<Arc<Placed>>| placed.as_ref().is_none_or(|placed| placed.seq > base);
        self.changed.retain(|_, placed| is_later(placed));
        self.log = self.log.split_off(&base.next());
    }

    // Of pages that were not read all is known that nothing lies over.
    fn fill(&self, shelves: &mut [Shelf], base: Seq) {
        let known: BTreeSet<PageId> = self.shelves.iter().map(|shelf| shelf.note.id).collect();
        let firsts: Vec<Box<str>> = shelves.iter().skip(1).map(|shelf| shelf.note.first.clone()).collect();
        let mut from: &str = "";
        for (place, shelf) in shelves.iter_mut().enumerate() {
            let next = firsts.get(place).map(|first| &**first);
            if shelf.is_away() && !known.contains(&shelf.note.id) && self.is_here(from, next) {
                let records = self.range_after(Bound::Included(from));
                let records = records.take_while(|(key, _)| next.is_none_or(|next| key.as_str() < next));
                let records = records.filter(|(_, placed)| placed.seq <= base);
                shelf.fill(records.map(|(key, placed)| (key.clone(), placed.clone())).collect());
            }
            from = next.unwrap_or("");
        }
    }
}
