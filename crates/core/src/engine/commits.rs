//! The pipeline to the disk: one commit or barrier at a time, writes that arrive meanwhile in the next one together.
//!
//! Law: nothing is acknowledged or sent before it is committed, and what is sent can never be undone on this device.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::admission::COUNTERS_EXHAUSTED;
use super::folding::{Part, Seen};
use super::io::{Cause, EngineEffect, Link, StorageFailure, StoredSegment, Ticket, Write};
use super::pending::Draft;
use super::{Engine, stages::Delivery};
use crate::export::Export;
use crate::forgetting::must_compare;
use crate::hlc::MAXIMUM_MS;
use crate::id::Seq;
use crate::key::RecordKey;
use crate::rebirth::Reborn;
use crate::segment::{
    Entries, Segment, forgotten_segment, imported_segments, reborn_segment, received_segment, split,
    written_segments,
};
use crate::session::SessionInput;
use crate::vector::VersionVector;

/// How long deletions are remembered, if nothing else is said.
const DELETIONS_KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// How long after opening, and how often from then on, old deletions are looked for.
const FORGET_FIRST_MS: u64 = 60_000;
const FORGET_EVERY_MS: u64 = 60 * 60 * 1_000;

/// The code for a peer whose delta tells of deletions that were not compared with all that is here by now.
const BELOW_FLOOR: &str = "below-floor";

#[derive(Default)]
pub(super) struct Commits {
    // How many values the log has.
    length: u64,
    stage: Stage,
    deliveries: VecDeque<Delivery>,
    pub(super) imports: VecDeque<(Ticket, Export)>,
    // Segments after the commit that is under way: they were read before its success was heard of.
    pub(super) read_ahead: Vec<StoredSegment>,
    // The last commit was of a delta from a peer.
    received_last: bool,
    // Everything up to here is known to be on disk.
    strict: Seq,
    forgetting: Forgetting,
}

// When to look for deletions that may be forgotten.
struct Forgetting {
    after_ms: u64,
    due_ms: Option<u64>,
}

impl Default for Forgetting {
    fn default() -> Self {
        Self { after_ms: DELETIONS_KEPT_MS, due_ms: None }
    }
}

#[derive(Default)]
enum Stage {
    #[default]
    Idle,
    Writing(Work, Arc<Vec<Vec<u8>>>),
    // Everything up to here, once it has passed.
    Barrier(Seq),
}

// What a commit is for, and how many values it appends.
enum Work {
    Local(Box<Draft>, usize),
    Received(Box<Delivery>),
    Imported(Ticket, Box<Export>, usize),
    Forgotten { up_to: Seq, before_ms: u64 },
    Reborn(Reborn),
}

impl Commits {
    pub(super) fn next_position(&self) -> u64 {
        self.length + 1
    }

    pub(super) fn advance(&mut self) {
        self.length += 1;
    }

    /// True when that is a value of the commit which is under way.
    pub(super) fn is_own(&self, stored: &StoredSegment) -> bool {
        let Stage::Writing(_, values) = &self.stage else { return false };
        let ordinal = stored.position.checked_sub(self.next_position());
        let own = ordinal.and_then(|ordinal| values.get(usize::try_from(ordinal).ok()?));
        own.is_some_and(|own| *own == stored.value)
    }

    pub(super) fn keep_deletions_for_ms(&mut self, ms: u64) {
        self.forgetting.after_ms = ms;
    }

    /// The clock was set back by so much.
    pub(super) fn set_back(&mut self, back_ms: u64) {
        if let Some(due_ms) = &mut self.forgetting.due_ms {
            *due_ms = due_ms.saturating_sub(back_ms);
        }
    }

    /// When there may be deletions to forget.
    pub(super) fn next_wake_ms(&self) -> Option<u64> {
        self.forgetting.due_ms.filter(|_| matches!(self.stage, Stage::Idle))
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle) && self.deliveries.is_empty() && self.imports.is_empty()
    }

    /// All up to here is on disk, and all before it.
    pub(super) fn confirm(&mut self, head: Seq) {
        self.strict = head;
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        self.deliveries.push_back(delivery);
    }
}

impl Engine {
    pub(super) fn take_write(&mut self, ticket: Ticket, writes: Vec<Write>) {
        let writes: Vec<Write> = writes.into_iter().map(|write| self.in_names_of_now(write)).collect();
        if let Err((code, message)) = self.check_writes(&writes) {
            return self.effects.push(EngineEffect::Rejected { ticket, code, message });
        }
        let at = self.hybrid.tick(self.now_ms);
        let keys: BTreeSet<RecordKey> = writes.iter().map(|write| write.key.clone()).collect();
        let seen = Seen::new(&self.replica, self.folding.as_deref());
        self.pending.push(ticket, writes, at, seen);
        self.announce_changes(keys, Cause::Local);
        self.effects.push(EngineEffect::StatusChanged);
    }

    pub(super) fn take_import(&mut self, ticket: Ticket, bytes: &[u8]) {
        match Export::from_bytes(bytes, &self.limits) {
            Ok(export) => self.commits.imports.push_back((ticket, export)),
            Err(error) => {
                let message = format!("The export cannot be read: {error}.");
                self.effects.push(EngineEffect::Rejected { ticket, code: "invalid-export", message });
            }
        }
    }

    /// Begins what is to be done next, if nothing is under way. What peers wait for goes first: it is quick, and a flood
    /// of local writes must not keep it from being sent.
    pub(super) fn pump_commits(&mut self) {
        if !matches!(self.commits.stage, Stage::Idle) || self.corrupt || self.is_folding() {
            return;
        }
        if let Some(reborn) = self.next_rebirth() {
            return self.write(vec![reborn_segment(reborn)], true, |_| Work::Reborn(reborn));
        }
        while let Some(begins) = self.is_peer_waiting() {
            if self.commits.strict < self.replica.head() {
                self.commits.stage = Stage::Barrier(self.replica.head());
                return self.effects.push(EngineEffect::Barrier);
            }
            self.links_after_barrier(begins);
        }
        // In turn, so that a flood from a peer does not keep local writes waiting either.
        let is_local_turn = self.commits.received_last && !self.pending.is_empty();
        self.commits.received_last = !is_local_turn && !self.commits.deliveries.is_empty();
        let delivery = if is_local_turn { None } else { self.commits.deliveries.pop_front() };
        if let Some(delivery) = delivery {
            self.commit_received(delivery);
        } else if !self.pending.is_empty() {
            self.commit_local();
        } else if let Some((ticket, export)) = self.next_import() {
            self.commit_import(ticket, export);
        } else {
            self.commit_forgotten();
        }
    }

    // When there is nothing better to do.
    fn commit_forgotten(&mut self) {
        let due_ms =
            *self.commits.forgetting.due_ms.get_or_insert(self.now_ms.saturating_add(FORGET_FIRST_MS));
        if due_ms > self.now_ms {
            return;
        }
        self.commits.forgetting.due_ms = Some(self.now_ms.saturating_add(FORGET_EVERY_MS));
        // A clock may say more than a stored time can.
        let before_ms = self.now_ms.saturating_sub(self.commits.forgetting.after_ms).min(MAXIMUM_MS);
        if let Some(up_to) = self.replica.forgettable(before_ms) {
            let value = forgotten_segment(up_to, before_ms);
            self.write(vec![value], false, |_| Work::Forgotten { up_to, before_ms });
        }
    }

    // Something is to be told to a peer that must be on disk first; true when new sessions may begin. They begin by telling
    // how far this replica is, so what connections that are over have left to be stored comes before.
    fn is_peer_waiting(&self) -> Option<bool> {
        let is_left = |link: Link| !self.links.is_open(link);
        let mut deliveries = self.commits.deliveries.iter();
        let has_all = !deliveries.any(|delivery| is_left(delivery.link)) && !self.stages.is_storing(is_left);
        let begins = self.links.wants_session() && has_all;
        (self.links.wants_page() || begins).then_some(begins)
    }

    fn commit_local(&mut self) {
        let draft = self.pending.draft(&self.replica);
        // They fitted when they were made, but the clock may have gone on.
        if self.counters_left() < self.pending.len() as u64 {
            return self.reject_draft(
                &draft,
                COUNTERS_EXHAUSTED,
                "There are no counters left for the write.",
            );
        }
        let values = written_segments(&draft.entries);
        self.write(values, false, |count| Work::Local(Box::new(draft), count));
    }

    fn commit_received(&mut self, delivery: Delivery) {
        if delivery.own != self.replica.epoch() {
            // It was asked for under another name, and lacks what that one knew.
            let stage = delivery.received.stage;
            return self.effects.extend(stage.map(|stage| EngineEffect::DropStage(stage.name)));
        }
        if self.replica.has_heard_since(&delivery.received.clock.forgotten, &delivery.asked) {
            self.give_back(&delivery, BELOW_FLOOR);
            return self.pump_commits();
        }
        let Some(delivery) = self.not_overtaken(delivery) else { return self.pump_commits() };
        let value = received_segment(&delivery.received, &delivery.block);
        self.write(vec![value], true, |_| Work::Received(Box::new(delivery)));
    }

    fn commit_import(&mut self, ticket: Ticket, export: Export) {
        // What was deleted is not told by the export, and there is nobody to ask.
        if must_compare(&export.forgotten, &self.replica.clock().to_vector()) {
            const MESSAGE: &str =
                "The export is of a replica that has forgotten deletions of which this one has not heard.";
            let (code, message) = ("deletions-unknown", MESSAGE.to_owned());
            self.effects.push(EngineEffect::Rejected { ticket, code, message });
            return self.pump_commits();
        }
        let values = imported_segments(&export.clock, &export.forgotten, &export.entries);
        self.write(values, false, |count| Work::Imported(ticket, Box::new(export), count));
    }

    fn write(&mut self, values: Vec<Vec<u8>>, strict: bool, work: impl FnOnce(usize) -> Work) {
        let (work, values) = (work(values.len()), Arc::new(values));
        self.commits.stage = Stage::Writing(work, Arc::clone(&values));
        let position = self.commits.next_position();
        self.effects.push(EngineEffect::Commit { position, values, strict });
    }

    pub(super) fn commit_done(&mut self) {
        match std::mem::take(&mut self.commits.stage) {
            Stage::Writing(Work::Local(draft, count), _) => self.local_done(*draft, count),
            Stage::Writing(Work::Received(delivery), _) => self.received_done(*delivery),
            Stage::Writing(Work::Imported(ticket, export, count), _) => {
                self.import_done(ticket, *export, count)
            }
            Stage::Writing(Work::Forgotten { up_to, before_ms }, _) => {
                self.commits.length += 1;
                self.fold(Segment::Forgotten { up_to, before_ms });
                self.pending.rebase(Seen::new(&self.replica, None));
            }
            Stage::Writing(Work::Reborn(reborn), _) => self.reborn_done(reborn),
            other => self.commits.stage = other,
        }
        self.effects.push(EngineEffect::Announce);
        self.head_moved();
        let read_ahead = std::mem::take(&mut self.commits.read_ahead);
        if !read_ahead.is_empty() {
            self.take_segments(read_ahead, Cause::Tab);
        }
    }

    fn local_done(&mut self, mut draft: Draft, count: usize) {
        self.commits.length += count as u64;
        let changed = draft.entries.iter().map(|(key, _)| key.clone()).collect();
        // As it will be read again: segment by segment.
        let lengths: Vec<usize> = split(&draft.entries).map(<[_]>::len).collect();
        let mut entries = std::mem::take(&mut draft.entries).into_iter();
        for length in lengths {
            self.fold(Segment::Written(entries.by_ref().take(length).collect()));
        }
        let tickets = self.pending.settle(&draft);
        self.pending.rebase(Seen::new(&self.replica, None));
        self.announce_changes(changed, Cause::Local);
        for (ticket, contexts) in tickets.into_iter().zip(&draft.contexts) {
            self.waits.committed(ticket, self.replica.head());
            let contexts = contexts.iter().map(|context| self.mark(context.clone())).collect();
            self.effects.push(EngineEffect::Written { ticket, contexts });
        }
    }

    fn received_done(&mut self, delivery: Delivery) {
        let position = self.commits.next_position();
        self.commits.length += 1;
        let Delivery { link, received, chunks, .. } = delivery;
        self.adopt(&received);
        let parts = chunks.into_iter().map(Part::Read).collect();
        self.fold_received((received, parts), (position, Cause::Remote, Some(link)));
    }

    fn import_done(&mut self, ticket: Ticket, export: Export, count: usize) {
        self.commits.length += count as u64;
        let Export { clock, forgotten, entries } = export;
        let none = VersionVector::new();
        let changed = self.fold(Segment::Imported { clock: Default::default(), forgotten: none, entries });
        self.fold(Segment::Imported { clock, forgotten, entries: Entries::new() });
        self.pending.rebase(Seen::new(&self.replica, None));
        let records = changed.len();
        self.announce_changes(changed.into_iter().collect(), Cause::Local);
        self.effects.push(EngineEffect::Imported { ticket, records });
    }

    /// Another tab was faster. Its segments are folded in, and the work is begun again on top of them: pending writes
    /// get new dots, which had not left the tab.
    pub(super) fn commit_collided(&mut self, mut segments: Vec<StoredSegment>) {
        // A commit whose success was not heard of, tried again: what stands there is the commit itself.
        if segments.first().is_some_and(|first| self.commits.is_own(first)) {
            self.commit_done();
            segments.retain(|stored| stored.position >= self.commits.next_position());
            return self.take_segments(segments, Cause::Tab);
        }
        let stage = std::mem::take(&mut self.commits.stage);
        self.take_segments(segments, Cause::Tab);
        match stage {
            Stage::Writing(Work::Received(delivery), _) => self.commits.deliveries.push_front(*delivery),
            Stage::Writing(Work::Imported(ticket, export, _), _) => {
                self.commits.imports.push_front((ticket, *export));
            }
            // It is done another time.
            Stage::Writing(Work::Forgotten { .. }, _) => {}
            // Perhaps what was missing has been read now: it is judged again.
            Stage::Writing(Work::Reborn(reborn), _) => self.births.keep_names(reborn),
            Stage::Writing(Work::Local(..), _) | Stage::Barrier(_) | Stage::Idle => {}
        }
    }

    /// The commit is not stored: what it was for is taken back and told why.
    pub(super) fn commit_failed(&mut self, failure: StorageFailure) {
        const MESSAGE: &str = "The write could not be stored.";
        match std::mem::take(&mut self.commits.stage) {
            Stage::Writing(Work::Local(draft, _), _) => self.reject_draft(&draft, failure.code, MESSAGE),
            Stage::Writing(Work::Received(delivery), _) => {
                // Perhaps it was its chunks that could not be found any more.
                self.give_back(&delivery, failure.code);
            }
            // It is done another time.
            Stage::Writing(Work::Forgotten { .. }, _) => {}
            Stage::Writing(Work::Reborn(reborn), _) => self.births.give_up(reborn),
            Stage::Writing(Work::Imported(ticket, ..), _) => {
                let message = MESSAGE.to_owned();
                self.effects.push(EngineEffect::Rejected { ticket, code: failure.code, message });
            }
            other => self.commits.stage = other,
        }
    }

    // A delta is asked for anew, chunks and all.
    pub(super) fn give_back(&mut self, delivery: &Delivery, code: &'static str) {
        let stage = delivery.received.stage;
        self.effects.extend(stage.map(|stage| EngineEffect::DropStage(stage.name)));
        self.feed_link(delivery.link, SessionInput::Failed { code });
    }

    // The writes of a draft are taken back out of view.
    fn reject_draft(&mut self, draft: &Draft, code: &'static str, message: &str) {
        let (tickets, keys) = self.pending.discard(draft);
        self.pending.rebase(Seen::new(&self.replica, self.folding.as_deref()));
        for ticket in tickets {
            self.waits.committed(ticket, self.replica.head());
            self.effects.push(EngineEffect::Rejected { ticket, code, message: message.to_owned() });
        }
        self.announce_changes(keys.into_iter().collect(), Cause::Local);
        self.effects.push(EngineEffect::StatusChanged);
    }

    pub(super) fn barrier_passed(&mut self) {
        if let Stage::Barrier(seq) = self.commits.stage {
            self.commits.stage = Stage::Idle;
            self.commits.strict = seq;
        }
    }

    pub(super) fn barrier_failed(&mut self, failure: StorageFailure) {
        if matches!(self.commits.stage, Stage::Barrier(_)) {
            self.commits.stage = Stage::Idle;
            self.abandon_links(failure.code, "The storage of this device has failed.");
        }
    }
}
