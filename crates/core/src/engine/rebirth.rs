//! When a replica finds itself to be a copy, and how its log gives it another name.
//!
//! Others tell what they have seen of this replica. What is not of its log was written by another copy, or by itself before
//! it was set back. Law: a tab believes that only when the log itself has no more than the tab has read. So the new name
//! is appended at the log's end; where that is taken the tab reads what is there, and judges again.

use std::collections::BTreeSet;

use super::Engine;
use super::io::{EngineEffect, EngineInput, Ticket, Write};
use crate::checkpoint::PageId;
use crate::context::Context;
use crate::dot::{Dot, MAXIMUM_COUNTER};
use crate::export::Export;
use crate::guard::{Guard, holds};
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::key::RecordKey;
use crate::linked::LinkedVector;
use crate::rebirth::{Rebirth, Reborn};
use crate::record::{Record, Version};
use crate::seen::{LogPlace, Seen};
use crate::segment::Segment;

const COLLISION: &str = "dot-collision";
const FORKED: &str = "replica-forked";
const FORKED_MESSAGE: &str =
    "This replica is a copy of another, or was set back; it goes on under a new name.";
/// A peer that lies about what it has seen costs a new name. It does not cost one more often than that.
const PAUSE_MS: u64 = 60_000;

/// The rebirth that may be due.
#[derive(Default)]
pub(super) struct Births {
    suspicion: Option<Suspicion>,
    names: Option<(ReplicaId, LogEpoch)>,
    asked: bool,
    last_ms: Option<u64>,
    // How often the replica had been reborn when this tab was opened; known from the first thing on that it did.
    before_opening: Option<usize>,
    // The records of which this tab has said that one dot stands for two writes of them.
    reported: BTreeSet<RecordKey>,
}

/// Why this replica seems to be a copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Suspicion {
    /// This was seen of it.
    Seen(Seen),
    /// A record that has seen a write under its name to that record, which it has not made.
    UnknownIn(RecordKey, Dot),
    /// A write under its name, and it was another one.
    Other(RecordKey, Version),
}

impl Births {
    // When the next name may be taken.
    fn may_be_at_ms(&self) -> u64 {
        self.last_ms.map_or(0, |last_ms| last_ms.saturating_add(PAUSE_MS))
    }

    /// True while the tab reads what was stored before it was opened.
    pub(super) fn is_opening(&self) -> bool {
        self.before_opening.is_none()
    }

    /// When a rebirth that had to wait is due.
    pub(super) fn next_wake_ms(&self, now_ms: u64) -> Option<u64> {
        let waits = self.suspicion.is_some() && self.names.is_some();
        Some(self.may_be_at_ms()).filter(|at_ms| waits && *at_ms > now_ms)
    }

    /// The commit of a new name has found its place taken.
    pub(super) fn keep_names(&mut self, reborn: Reborn) {
        self.names = Some((reborn.replica, reborn.epoch));
    }

    /// The new name could not be stored. Whoever told of the other copy will tell again.
    pub(super) fn give_up(&mut self, reborn: Reborn) {
        self.keep_names(reborn);
        self.suspicion = None;
    }
}

impl Engine {
    /// Judges what a peer has seen of this replica; false when the connection was given up because of it.
    pub(super) fn is_own(&mut self, told: Seen) -> bool {
        if self.replica.admits(told) || !holds(Guard::Chain) {
            self.replica.confirm_seen(told);
            return true;
        }
        self.suspect(Suspicion::Seen(told));
        false
    }

    /// What in these records, or their clock, this replica must have written and has not.
    pub(super) fn doubt<'a>(
        &self,
        mut entries: impl Iterator<Item = &'a (RecordKey, Record)>,
        clock: &LinkedVector,
    ) -> Option<Suspicion> {
        let told = Seen { log: LogPlace::default(), end: clock.end(self.replica.id()) };
        if !self.replica.admits(told) {
            return Some(Suspicion::Seen(told));
        }
        entries.find_map(|(key, record)| self.doubt_record(key, record))
    }

    /// The pages that it takes to doubt these records, and that are not here.
    pub(super) fn away_of_doubts<'a>(
        &self,
        entries: impl Iterator<Item = &'a (RecordKey, Record)>,
    ) -> Vec<PageId> {
        let own = self.replica.id();
        let told = entries.filter(|(_, record)| record.context().get(own) > 0);
        self.away_of_keys(told.map(|(key, _)| key.as_str()))
    }

    fn doubt_record(&self, key: &RecordKey, record: &Record) -> Option<Suspicion> {
        let own = self.replica.id();
        let told = Dot::new(own, record.context().get(own));
        if told.counter == 0 {
            return None;
        }
        let unknown = Suspicion::UnknownIn(key.clone(), told);
        if self.stands(&unknown) {
            return Some(unknown);
        }
        let mut versions = record.versions().iter().filter(|version| version.dot.replica == own);
        let other = versions.find(|version| self.is_other(key, version));
        other.map(|version| Suspicion::Other(key.clone(), version.clone()))
    }

    // Where deletions were forgotten, contexts were forgotten with them.
    fn is_unknown_in(&self, key: &RecordKey, dot: Dot) -> bool {
        match self.replica.get(key.as_str()).filter(|_| self.replica.floor() == Seq::ZERO) {
            Some(record) => !record.context().covers(dot),
            None => !self.replica.clock().covers(dot),
        }
    }

    fn is_other(&self, key: &RecordKey, version: &Version) -> bool {
        // Nothing is here of what this replica has never written, unless it has forgotten what it had.
        let Some(record) = self.replica.get(key.as_str()) else { return self.replica.floor() == Seq::ZERO };
        let mut same_dot = record.versions().iter().filter(|own| own.dot == version.dot).peekable();
        same_dot.peek().is_some() && same_dot.all(|own| own != version)
    }

    fn stands(&self, suspicion: &Suspicion) -> bool {
        let own = self.replica.id();
        match suspicion {
            Suspicion::Seen(seen) => !self.replica.admits(*seen),
            Suspicion::UnknownIn(key, dot) => dot.replica == own && self.is_unknown_in(key, *dot),
            Suspicion::Other(key, version) => version.dot.replica == own && self.is_other(key, version),
        }
    }

    /// This replica seems to be a copy. Until that is decided nothing is sent or taken in.
    pub(super) fn suspect(&mut self, suspicion: Suspicion) {
        self.abandon_links(FORKED, FORKED_MESSAGE);
        self.births.suspicion = Some(suspicion);
        if self.births.names.is_none() && !self.births.asked {
            self.births.asked = true;
            self.effects.push(EngineEffect::Name);
        }
    }

    pub(super) fn take_names(&mut self, replica: ReplicaId, epoch: LogEpoch) {
        self.births.asked = false;
        self.births.names = Some((replica, epoch));
    }

    /// The new name that is to be stored now, if there is to be one.
    pub(super) fn next_rebirth(&mut self) -> Option<Reborn> {
        let away = match &self.births.suspicion {
            Some(Suspicion::UnknownIn(key, _) | Suspicion::Other(key, _)) => {
                self.away_of_keys(std::iter::once(key.as_str()))
            }
            Some(Suspicion::Seen(_)) | None => Vec::new(),
        };
        if !self.has_all(away) {
            return None;
        }
        let suspicion = self.births.suspicion.take_if(|_| self.births.names.is_some())?;
        if !self.stands(&suspicion) {
            // What was missing had been written by another tab.
            self.connector.nudge();
            return None;
        }
        self.births.suspicion = Some(suspicion);
        if self.births.may_be_at_ms() > self.now_ms {
            return None;
        }
        let (replica, epoch) = self.births.names.take()?;
        Some(Reborn { replica, epoch, confirmed: self.replica.confirmed() })
    }

    /// The import that is to be done next. It may tell of writes under this replica's name that it has not made.
    pub(super) fn next_import(&mut self) -> Option<(Ticket, Export)> {
        let (_, export) = self.commits.imports.front()?;
        let away = self.away_of_doubts(export.entries.iter());
        if !self.has_all(away) {
            return None;
        }
        let (_, export) = self.commits.imports.front()?;
        if let Some(suspicion) = self.doubt(export.entries.iter(), &export.clock) {
            self.suspect(suspicion);
            return None;
        }
        self.commits.imports.pop_front()
    }

    pub(super) fn reborn_done(&mut self, reborn: Reborn) {
        self.births.last_ms = Some(self.now_ms);
        let changed = self.fold(Segment::Reborn(reborn));
        self.rebase_pending();
        self.announce_changes(changed, super::Cause::Local);
    }

    /// The log has given the replica another name, whichever tab it was that found out.
    pub(super) fn was_reborn(&mut self) {
        self.was_reborn_since(self.replica.rebirths().len().saturating_sub(1));
    }

    /// The same after it had been reborn so often.
    pub(super) fn was_reborn_since(&mut self, births: usize) {
        self.births.suspicion = None;
        // What happened before this tab was opened is nobody's news.
        if self.births.before_opening.is_none() {
            return;
        }
        for rebirth in self.replica.rebirths().get(births..).unwrap_or_default() {
            self.pending.rename(rebirth);
        }
        self.abandon_links(FORKED, FORKED_MESSAGE);
        self.leave_stages();
        let peers = self.replica.peers().to_bytes();
        self.effects.push(EngineEffect::SavePeers(peers));
        self.effects.push(EngineEffect::Notice { code: FORKED, keys: Vec::new() });
        self.connector.nudge();
    }

    /// One dot stands for two writes of these records: whoever wrote them has a copy. Both are shown.
    pub(super) fn report_collisions(&mut self, keys: &[RecordKey]) {
        let collides = |key: &&RecordKey| {
            self.replica.get(key.as_str()).is_some_and(|record| record.collisions().next().is_some())
        };
        let mut keys: Vec<RecordKey> = keys.iter().filter(collides).cloned().collect();
        keys.sort_unstable();
        keys.dedup();
        if !keys.is_empty() {
            self.births.reported.extend(keys.iter().cloned());
            self.effects.push(EngineEffect::Notice { code: COLLISION, keys });
        }
    }

    /// The same of a page that was read: the tab that has met them may have been another one. Pages come and go, so each record
    /// is reported once.
    pub(super) fn report_collisions_of(&mut self, page: PageId) {
        let colliding = self.replica.records.colliding(page);
        let keys: Vec<RecordKey> =
            colliding.filter(|key| !self.births.reported.contains(*key)).cloned().collect();
        self.report_collisions(&keys);
    }

    /// The first thing that a tab does after it has read the log.
    pub(super) fn note_opening(&mut self, input: &EngineInput) {
        let is_opening = matches!(
            input,
            EngineInput::Checkpoint(_)
                | EngineInput::Segments(_)
                | EngineInput::PagesRead(_)
                | EngineInput::Continue
        );
        if !is_opening {
            self.births.before_opening.get_or_insert(self.replica.rebirths().len());
        }
    }

    // What is handed out says under which name: others than the first are told by a dot that no write has.
    pub(super) fn mark(&self, mut context: Context) -> Context {
        if let Some(rebirth) = self.replica.rebirths().last() {
            context.add(marker(rebirth));
        }
        context
    }

    /// A write of which the context may have been handed out under a former name.
    pub(super) fn in_names_of_now(&self, write: Write) -> Write {
        let Some(context) = write.context else { return write };
        let (context, later) = self.context_of_now(context);
        // Where it is not known of what time they are, they may be what the context does not cover any more.
        let now = |dot| later.iter().fold(dot, |dot, rebirth| rebirth.dot(dot));
        Write { context: Some(context), references: write.references.renamed(now), ..write }
    }

    // A context in the names of now, and the rebirths by which it was put into them; none where that is not known.
    fn context_of_now(&self, context: Context) -> (Context, &[Rebirth]) {
        let rebirths = self.replica.rebirths();
        let marked = rebirths.iter().rposition(|rebirth| context.covers(marker(rebirth)));
        let later = match marked {
            Some(place) => rebirths.get(place + 1..).unwrap_or_default(),
            None if self.births.before_opening.unwrap_or(0) == 0 => rebirths,
            // It may be of any time. What it covers in every case is enough: nothing is swallowed unseen.
            None => {
                return (rebirths.iter().fold(context, |context, rebirth| rebirth.certain(&context)), &[]);
            }
        };
        let mut plain = Context::from(context.vector().clone());
        let is_marker = |dot: &Dot| rebirths.iter().any(|rebirth| marker(rebirth) == *dot);
        context.dots().filter(|dot| !is_marker(dot)).for_each(|dot| plain.add(dot));
        (later.iter().fold(plain, |context, rebirth| rebirth.context(&context)), later)
    }

    /// True when a write that a token names was taken in here. A token from before a rebirth names writes of this replica
    /// as they were named then.
    pub(super) fn has_taken_in(&self, dot: Dot) -> bool {
        let is_own = |rebirth: &Rebirth| rebirth.has_renamed(dot);
        self.replica.clock().covers(dot) || self.replica.rebirths().iter().any(is_own)
    }
}

fn marker(rebirth: &Rebirth) -> Dot {
    Dot::new(rebirth.to(), MAXIMUM_COUNTER)
}
