//! The pipeline to the disk: one commit or barrier at a time, writes that arrive meanwhile in the next one together.
//!
//! Law: nothing is acknowledged or sent before it is committed, and what is sent can never be undone on this device.

use std::collections::VecDeque;
use std::sync::Arc;

use super::admission::COUNTERS_EXHAUSTED;
use super::folding::Seen;
use super::io::{Cause, EngineEffect, Link, StorageFailure, StoredSegment, Ticket, Write};
use super::pending::Draft;
use super::{Engine, stages::Delivery};
use crate::export::Export;
use crate::forgetting::must_compare;
use crate::hlc::{Hlc, MAXIMUM_MS};
use crate::id::Seq;
use crate::rebirth::Reborn;
use crate::segment::{
    forgotten_segment, imported_segments, reborn_segment, received_segment, written_segments,
};
use crate::session::SessionInput;
use crate::vector::VersionVector;

/// How long deletions are remembered, if nothing else is said.
const DELETIONS_KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// How long after opening, and how often from then on, old deletions are looked for.
const FORGET_FIRST_MS: u64 = 60_000;
const FORGET_EVERY_MS: u64 = 60 * 60 * 1_000;
/// The same where it takes pages that are to be read first.
const FORGET_AGAIN_MS: u64 = 1_000;

/// The code for a peer whose delta tells of deletions that were not compared with all that is here by now.
const BELOW_FLOOR: &str = "below-floor";

#[derive(Default)]
pub(super) struct Commits {
    // How many values the log has.
    length: u64,
    pub(super) stage: Stage,
    // The commit is done, and waits for the pages of what it changes.
    pub(super) is_done: bool,
    pub(super) deliveries: VecDeque<Delivery>,
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
pub(super) enum Stage {
    #[default]
    Idle,
    // At that position of the log.
    Writing(Work, u64, Arc<Vec<Vec<u8>>>),
    // Everything up to here, once it has passed.
    Barrier(Seq),
}

/// What a commit is for.
pub(super) enum Work {
    Local(Box<Draft>),
    Received(Box<Delivery>),
    Imported(Ticket, Box<Export>),
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
        let Stage::Writing(_, position, values) = &self.stage else { return false };
        let ordinal = stored.position.checked_sub(*position);
        let own = ordinal.and_then(|ordinal| values.get(usize::try_from(ordinal).ok()?));
        own.is_some_and(|own| *own == stored.value)
    }

    /// The log is known up to there, from a checkpoint.
    pub(super) fn go_on_after(&mut self, position: u64) {
        self.length = position;
        self.read_ahead.clear();
    }

    /// Deltas that are to be committed were asked for by a log that has gone on.
    pub(super) fn forget_deliveries(&mut self) {
        self.deliveries.clear();
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
        if let Some(writes) = self.park(ticket, writes, at) {
            self.put_writes(ticket, writes, (at, None));
        }
    }

    /// Shows writes, and has them committed. The pages of their records are here. Those that were given no context see no
    /// more than the vector covers, if there is one.
    pub(super) fn put_writes(
        &mut self,
        ticket: Ticket,
        writes: Vec<Write>,
        (at, most): (Hlc, Option<VersionVector>),
    ) {
        let seen = Seen::new(&self.replica, self.folding.as_deref());
        if self.stalled.is_some() {
            // What was folded in meanwhile is not under what is pending yet, and this write is on top of both.
            self.pending.refresh(&writes.iter().map(|write| write.key.clone()).collect(), seen);
        }
        let keys = self.pending.push(ticket, writes, (at, most.as_ref()), seen);
        self.announce_harmless(keys, Cause::Local);
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
        if !matches!(self.commits.stage, Stage::Idle) || self.waits_for_pages() {
            return;
        }
        if let Some(reborn) = self.next_rebirth() {
            return self.write(vec![reborn_segment(reborn)], true, Work::Reborn(reborn));
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
        // A clock may say more than a stored time can.
        let before_ms = self.now_ms.saturating_sub(self.commits.forgetting.after_ms).min(MAXIMUM_MS);
        let away = self.replica.away_of_deletions(self.replica.head(), before_ms);
        if !self.has_all(away) {
            self.commits.forgetting.due_ms = Some(self.now_ms.saturating_add(FORGET_AGAIN_MS));
            return;
        }
        self.commits.forgetting.due_ms = Some(self.now_ms.saturating_add(FORGET_EVERY_MS));
        if let Some(up_to) = self.replica.forgettable(before_ms) {
            let value = forgotten_segment(up_to, before_ms);
            self.write(vec![value], false, Work::Forgotten { up_to, before_ms });
        }
    }

    // Something is to be told to a peer that must be on disk first; true when new sessions may begin. They begin by telling
    // how far this replica is, so what connections that are over have left to be stored comes before.
    fn is_peer_waiting(&mut self) -> Option<bool> {
        let is_left = |link: Link| !self.links.is_open(link);
        let mut deliveries = self.commits.deliveries.iter();
        let has_all = !deliveries.any(|delivery| is_left(delivery.link)) && !self.stages.is_storing(is_left);
        let begins = self.links.wants_session() && has_all;
        let (mut has_page, mut away) = (false, Vec::new());
        for request in self.links.wanted_pages() {
            let missing = self.replica.away_of_page(request);
            has_page |= missing.is_empty();
            away.extend(missing);
        }
        self.has_all(away);
        (has_page || begins).then_some(begins)
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
        self.write(values, false, Work::Local(Box::new(draft)));
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
        self.write(vec![value], true, Work::Received(Box::new(delivery)));
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
        self.write(values, false, Work::Imported(ticket, Box::new(export)));
    }

    fn write(&mut self, values: Vec<Vec<u8>>, strict: bool, work: Work) {
        let (position, values) = (self.commits.next_position(), Arc::new(values));
        self.commits.stage = Stage::Writing(work, position, Arc::clone(&values));
        self.effects.push(EngineEffect::Commit { position, values, strict });
    }

    // A delta is asked for anew, chunks and all.
    pub(super) fn give_back(&mut self, delivery: &Delivery, code: &'static str) {
        let stage = delivery.received.stage;
        self.effects.extend(stage.map(|stage| EngineEffect::DropStage(stage.name)));
        self.feed_link(delivery.link, SessionInput::Failed { code });
    }

    // The writes of a draft are taken back out of view.
    pub(super) fn reject_draft(&mut self, draft: &Draft, code: &'static str, message: &str) {
        let (tickets, keys) = self.pending.discard(draft);
        self.rebase_pending();
        for ticket in tickets {
            self.waits.committed(ticket, self.replica.head());
            self.effects.push(EngineEffect::Rejected { ticket, code, message: message.to_owned() });
        }
        self.announce_harmless(keys, Cause::Local);
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
