//! Which pages are read: those that somebody waits for, then the rest while it fits.
//!
//! Law: what touches a record is not taken in before its page is here; what has to wait waits in order.

use std::collections::{BTreeSet, VecDeque};

use super::Engine;
use super::io::{EngineEffect, StorageFailure, StoredPage, Ticket, Wanted, Write};
use crate::checkpoint::PageId;
use crate::clock::Clock;
use crate::dot::{Dot, MAXIMUM_COUNTER};
use crate::hlc::Hlc;
use crate::key::RecordKey;
use crate::vector::VersionVector;

/// How many pages are asked for at once.
const PAGES_AT_ONCE: usize = 64;
/// And how many where nobody waits for them.
const PAGES_AHEAD: usize = 8;
/// After so long pages that could not be read are asked for again.
const RETRY_MS: u64 = 1_000;

/// How much is kept in memory, and when and how the log is folded into pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StorageOptions {
    /// About how many bytes of memory the pages may take that are kept.
    pub cache_bytes: usize,
    /// Pages that nobody waits for are read while all fit.
    pub reads_ahead: bool,
    /// About how long a page is.
    pub page_bytes: usize,
    /// So many segments after the checkpoint are folded into pages, when no other has come for `compact_when_quiet_ms`; four
    /// times as many without waiting for that.
    pub compact_after_segments: usize,
    /// How long that is; 0 for no wait at all.
    pub compact_when_quiet_ms: u64,
    /// Or so many bytes of them; more, where there are many pages.
    pub compact_after_bytes: usize,
}

impl Default for StorageOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 32 << 20,
            reads_ahead: true,
            page_bytes: 16 << 10,
            compact_after_segments: 64,
            compact_when_quiet_ms: 1_000,
            compact_after_bytes: 512 << 10,
        }
    }
}

#[derive(Default)]
pub(super) struct Paging {
    pub(super) options: StorageOptions,
    // What the host is reading.
    asked: BTreeSet<PageId>,
    // What is missing, in the order in which it was missed.
    wanted: Vec<PageId>,
    // Writes of which the pages are not here, and those after them. Meanwhile nothing else becomes visible, so that they see
    // what their writers have seen.
    parked: VecDeque<Parked>,
    fetches: Vec<(Ticket, Wanted)>,
    retry_at_ms: Option<u64>,
    // Somebody is about to read what was fetched: it stays until the next thing happens.
    has_fetched: bool,
    // A page was gone.
    pub(super) reads_checkpoint: bool,
}

// Writes that wait. Where the tab has had to go on from a checkpoint meanwhile, with the clock of before: what a write sees
// that was given no context.
struct Parked {
    ticket: Ticket,
    writes: Vec<Write>,
    at: Hlc,
    seen: Option<VersionVector>,
}

impl Paging {
    pub(super) fn next_wake_ms(&self) -> Option<u64> {
        self.retry_at_ms
    }

    pub(super) fn set_back(&mut self, back_ms: u64) {
        self.retry_at_ms.iter_mut().for_each(|at_ms| *at_ms = at_ms.saturating_sub(back_ms));
    }

    /// The last write that waits.
    pub(super) fn last_ticket(&self) -> Option<Ticket> {
        self.parked.back().map(|parked| parked.ticket)
    }

    /// What becomes visible now, the writes that wait have not seen.
    pub(super) fn note_seen(&mut self, clock: &Clock) {
        for parked in self.parked.iter_mut().filter(|parked| parked.seen.is_none()) {
            parked.seen = Some(clock.to_vector());
        }
    }

    /// True when no write waits.
    pub(super) fn is_idle(&self) -> bool {
        self.parked.is_empty()
    }
}

impl Engine {
    /// How much is kept in memory, and when the log is folded into pages.
    pub fn tune_storage(&mut self, options: StorageOptions) {
        self.paging.options = options;
    }

    /// True when the records can be read: where they cannot, [`super::EngineInput::Fetch`] them. While a write to one of them
    /// waits for a page they cannot, for they would be shown without it; nor while segments wait that came with others.
    pub fn is_here(&self, wanted: &Wanted) -> bool {
        self.away_of_wanted(wanted).is_empty() && !self.is_parked(wanted) && !self.is_between()
    }

    // What was read of the log is folded in as far as its pages are here: part of a batch perhaps.
    fn is_between(&self) -> bool {
        self.stalled.is_some() || self.paging.reads_checkpoint
    }

    /// True while a record cannot be shown although it is in memory: a write to it waits, or it may be part of a batch.
    pub(super) fn is_held_back(&self, key: &str) -> bool {
        let mut writes = self.paging.parked.iter().flat_map(|parked| &parked.writes);
        writes.any(|write| write.key.as_str() == key) || self.is_between()
    }

    fn is_parked(&self, wanted: &Wanted) -> bool {
        let is_wanted = |key: &RecordKey| match wanted {
            Wanted::Record(record) => key.as_str() == record,
            Wanted::After { collection, .. } => key.collection() == collection,
            Wanted::All => true,
        };
        let mut writes = self.paging.parked.iter().flat_map(|parked| &parked.writes);
        writes.any(|write| is_wanted(&write.key))
    }

    /// True while writes wait for pages: they do not show yet.
    pub fn has_parked_writes(&self) -> bool {
        !self.paging.is_idle()
    }

    /// True while nothing can be committed.
    pub(super) fn waits_for_pages(&self) -> bool {
        self.corrupt || self.is_reading() || self.has_parked_writes()
    }

    /// True while the log that was read cannot be shown yet, because pages are being read.
    pub fn is_reading(&self) -> bool {
        self.stalled.is_some() || self.paging.reads_checkpoint || self.is_folding()
    }

    fn away_of_wanted(&self, wanted: &Wanted) -> Vec<PageId> {
        let records = &self.replica.records;
        match wanted {
            Wanted::Record(key) => records.away_of(key).into_iter().collect(),
            Wanted::After { collection, id } => {
                let prefix = format!("{collection}/");
                records.away_from(&format!("{prefix}{}", id.as_deref().unwrap_or("")), &prefix)
            }
            Wanted::All => records.away(|_| true).collect(),
        }
    }

    pub(super) fn take_fetch(&mut self, ticket: Ticket, wanted: Wanted) {
        self.paging.fetches.push((ticket, wanted));
    }

    /// Parks a write, if it has to wait; hands it back, if it has not.
    pub(super) fn park(&mut self, ticket: Ticket, writes: Vec<Write>, at: Hlc) -> Option<Vec<Write>> {
        let is_first = self.paging.parked.is_empty();
        if is_first && self.away_of_keys(writes.iter().map(|write| write.key.as_str())).is_empty() {
            return Some(writes);
        }
        self.paging.parked.push_back(Parked { ticket, writes, at, seen: None });
        None
    }

    /// True when nothing is missing; otherwise it will be read.
    pub(super) fn has_all(&mut self, away: Vec<PageId>) -> bool {
        let has_all = away.is_empty();
        self.paging.wanted.extend(away);
        has_all
    }

    /// Goes on with everything that may have waited for a page.
    pub(super) fn pump_paging(&mut self) {
        self.paging.wanted.clear();
        if self.paging.retry_at_ms.is_some_and(|at_ms| at_ms <= self.now_ms) {
            self.paging.retry_at_ms = None;
        }
        if self.corrupt || self.paging.reads_checkpoint {
            return;
        }
        self.resume_writes();
        self.resume_segments();
        self.resume_fold();
        if self.commits.is_done {
            self.commit_done();
        }
        self.resume_arrivals();
        self.resume_announcement();
        self.answer_surveys();
        if self.replica.count_guessed() {
            self.effects.push(EngineEffect::StatusChanged);
        }
        for (ticket, wanted) in std::mem::take(&mut self.paging.fetches) {
            let away = self.away_of_wanted(&wanted);
            if self.has_all(away) && !self.is_parked(&wanted) && !self.is_between() {
                self.paging.has_fetched = true;
                self.effects.push(EngineEffect::Fetched(ticket));
            } else {
                self.paging.fetches.push((ticket, wanted));
            }
        }
    }

    fn resume_writes(&mut self) {
        while let Some(parked) = self.paging.parked.pop_front() {
            let away = self.away_of_keys(parked.writes.iter().map(|write| write.key.as_str()));
            if !self.has_all(away) {
                return self.paging.parked.push_front(parked);
            }
            let Parked { ticket, writes, at, mut seen } = parked;
            // With all that is pending here.
            seen.iter_mut().for_each(|seen| seen.include(Dot::new(self.identity.tab, MAXIMUM_COUNTER)));
            self.put_writes(ticket, writes, (at, seen));
        }
    }

    /// Asks for what is missing, or makes room.
    pub(super) fn ask_for_pages(&mut self) {
        let is_busy = !self.paging.asked.is_empty() || self.paging.retry_at_ms.is_some();
        if is_busy || self.corrupt || self.paging.reads_checkpoint {
            return;
        }
        let mut pages = BTreeSet::new();
        let wanted = std::mem::take(&mut self.paging.wanted);
        let first: Vec<PageId> =
            wanted.into_iter().filter(|page| pages.insert(*page)).take(PAGES_AT_ONCE).collect();
        let pages = if first.is_empty() { self.pages_ahead() } else { first };
        if pages.is_empty() {
            return self.make_room();
        }
        self.paging.asked = pages.iter().copied().collect();
        self.effects.push(EngineEffect::ReadPages(pages));
    }

    // Where all of them fit, all of them are read.
    fn pages_ahead(&self) -> Vec<PageId> {
        let records = &self.replica.records;
        let options = &self.paging.options;
        if !options.reads_ahead || records.bytes_if_all_here() > options.cache_bytes {
            return Vec::new();
        }
        records.away(|_| true).take(PAGES_AHEAD).collect()
    }

    // Nobody waits for a page now; only what is pending must stay as it is.
    fn make_room(&mut self) {
        let budget = self.paging.options.cache_bytes;
        if std::mem::take(&mut self.paging.has_fetched) {
            return;
        }
        if self.replica.records.resident_bytes() > budget {
            let pinned = self.pending.keys_after("").map(RecordKey::as_str);
            self.replica.records.evict(budget, pinned);
        }
    }

    pub(super) fn take_pages(&mut self, pages: Vec<StoredPage>) {
        for StoredPage { id, value } in pages {
            let is_listed = self.paging.asked.remove(&id) && self.replica.records.lists(id);
            match value {
                Some(bytes) => {
                    if let Err(error) = self.replica.put_page(id, &bytes) {
                        return self.give_up(0, &error);
                    }
                    self.report_collisions_of(id);
                }
                // Another tab has compacted since.
                None if is_listed && !self.paging.reads_checkpoint => {
                    self.paging.reads_checkpoint = true;
                    self.effects.push(EngineEffect::ReadCheckpoint);
                }
                None => {}
            }
        }
        self.paging.asked.clear();
    }

    pub(super) fn pages_failed(&mut self, _failure: StorageFailure) {
        self.paging.asked.clear();
        self.paging.retry_at_ms = Some(self.now_ms.saturating_add(RETRY_MS));
    }
}
