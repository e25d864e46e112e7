//! Compaction: the beginning of the log becomes pages and a checkpoint, in slices, while everything else goes on.
//!
//! Law: killed at any moment, either the old checkpoint stands or the new one, each with its pages and all segments after it.

use std::collections::BTreeSet;

use super::Engine;
use super::io::{EngineEffect, SUPERSEDED, StorageFailure};
use super::paging::StorageOptions;
use super::rewriting::{Rewrite, Slice};
use crate::checkpoint::{Checkpoint, PageId, Root};
use crate::id::Seq;
use crate::segment::Stage as Staged;

/// After a compaction that did not succeed the next one waits so long.
const PAUSE_MS: u64 = 10_000;
/// Where there are many pages the log may become longer: a part of them, within bounds.
const PART_OF_PAGES: usize = 64;
const LONGEST_LOG_BYTES: usize = 4 << 20;
/// While commits come one after the other the log may have so many times the segments: each compaction rewrites nearly every
/// page that they touch, and disturbs them.
const UNDISTURBED: usize = 4;

/// What the checkpoint is that is stored, what has come after it, and what is being done about it.
#[derive(Default)]
pub(super) struct Compaction {
    // The root that is stored, if there is one, and what the segments name that are folded in and kept.
    root: Option<Root>,
    stages: Vec<u64>,
    // The segments after the checkpoint: how long they are, and the stages that they name.
    tail: Vec<(usize, Option<u64>)>,
    tail_bytes: usize,
    last_segment_ms: u64,
    // What crashes may have left was looked for.
    has_looked: bool,
    not_before_ms: u64,
    work: Work,
}

#[derive(Default)]
enum Work {
    #[default]
    Idle,
    // For the right to compact.
    Asking,
    // For what crashes have left to be deleted.
    Looking(Root),
    // Until nothing is folded halfway.
    Ready,
    Writing(Box<Rewrite>, Box<Checkpoint>, Waiting),
    // The parts of the body are being added; then the root is switched.
    Ending(Box<Rewrite>, Seq, Root),
    Switching(Box<Rewrite>, Seq, Root),
    // For the answer to what is of no use any more.
    Abandoned,
}

// What a rewriting waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Nothing,
    Adding,
}

impl Compaction {
    pub(super) fn generation(&self) -> u64 {
        self.root.as_ref().map_or(0, |root| root.generation)
    }

    fn reaches(&self) -> u64 {
        self.root.as_ref().map_or(0, |root| root.reaches)
    }

    /// That checkpoint is stored. What it has folded in is no part of the log's tail any more.
    pub(super) fn go_on_from(&mut self, root: &Root, checkpoint: &Checkpoint) {
        self.forget_tail(root.reaches);
        self.root = Some(root.clone());
        self.stages.clone_from(&checkpoint.stages);
    }

    // Returns the stages that were named up to there.
    fn forget_tail(&mut self, reaches: u64) -> Vec<u64> {
        let count = usize::try_from(reaches.saturating_sub(self.reaches())).unwrap_or(usize::MAX);
        let folded: Vec<(usize, Option<u64>)> = self.tail.drain(..count.min(self.tail.len())).collect();
        let bytes: usize = folded.iter().map(|(bytes, _)| bytes).sum();
        self.tail_bytes = self.tail_bytes.saturating_sub(bytes);
        folded.into_iter().filter_map(|(_, stage)| stage).collect()
    }

    /// The log has one more segment.
    pub(super) fn note_segment(&mut self, bytes: usize, stage: Option<Staged>, now_ms: u64) {
        self.last_segment_ms = now_ms;
        self.tail.push((bytes, stage.map(|stage| stage.name)));
        self.tail_bytes = self.tail_bytes.saturating_add(bytes);
    }

    /// When a compaction is due that had to wait.
    pub(super) fn next_wake_ms(&self, now_ms: u64, options: &StorageOptions) -> Option<u64> {
        let is_long = self.tail.len() >= options.compact_after_segments;
        let quiet_at_ms = if is_long { self.quiet_at_ms(options) } else { 0 };
        let at_ms = self.not_before_ms.max(quiet_at_ms);
        let waits = matches!(self.work, Work::Idle) && at_ms > now_ms && !self.tail.is_empty();
        waits.then_some(at_ms)
    }

    // When it has been quiet for long enough, if no other segment comes.
    fn quiet_at_ms(&self, options: &StorageOptions) -> u64 {
        self.last_segment_ms.saturating_add(options.compact_when_quiet_ms)
    }

    // True when there are so many segments that they are folded into pages now.
    fn has_many_segments(&self, options: &StorageOptions, now_ms: u64) -> bool {
        let is_quiet = self.quiet_at_ms(options) <= now_ms;
        let factor = if is_quiet { 1 } else { UNDISTURBED };
        self.tail.len() >= options.compact_after_segments.saturating_mul(factor)
    }

    pub(super) fn set_back(&mut self, back_ms: u64) {
        self.not_before_ms = self.not_before_ms.saturating_sub(back_ms);
        self.last_segment_ms = self.last_segment_ms.saturating_sub(back_ms);
    }

    fn stages(&self) -> Vec<u64> {
        self.tail.iter().filter_map(|(_, stage)| *stage).collect()
    }
}

impl Engine {
    /// The log has one more segment, which is folded in now.
    pub(super) fn pass(&mut self, bytes: usize, stage: Option<Staged>) {
        self.commits.advance();
        self.compaction.note_segment(bytes, stage, self.now_ms);
    }

    pub(super) fn pump_compaction(&mut self) {
        if self.corrupt {
            return;
        }
        match &self.compaction.work {
            Work::Idle if self.is_compaction_due() => {
                self.compaction.work = Work::Asking;
                let generation = self.compaction.generation();
                self.effects.push(EngineEffect::BeginCompaction { generation });
            }
            Work::Ready if !self.is_reading() => self.begin_rewriting(),
            Work::Writing(_, _, Waiting::Nothing) => self.write_slice(),
            _ => {}
        }
    }

    fn is_compaction_due(&self) -> bool {
        let (options, compaction) = (&self.paging.options, &self.compaction);
        if compaction.not_before_ms > self.now_ms || self.is_reading() {
            return false;
        }
        if compaction.has_many_segments(options, self.now_ms) {
            return true;
        }
        let most = LONGEST_LOG_BYTES.max(options.compact_after_bytes);
        compaction.tail_bytes >= options.compact_after_bytes
            && compaction.tail_bytes >= (self.replica.records.bytes_of_pages() / PART_OF_PAGES).min(most)
    }

    /// The host has the right to compact now, or has not got it.
    pub(super) fn compaction_begun(&mut self, may: bool) {
        if !matches!(self.compaction.work, Work::Asking) {
            return;
        }
        self.compaction.work = Work::Idle;
        if !may {
            self.compaction.not_before_ms = self.now_ms.saturating_add(PAUSE_MS);
        } else if !self.is_compaction_due() {
            self.effects.push(EngineEffect::EndCompaction);
        } else if let Some(root) = self.compaction.root.as_ref().filter(|_| !self.compaction.has_looked) {
            self.drop_unknown(Root { generation: root.generation + 1, ..root.clone() });
        } else {
            self.compaction.work = Work::Ready;
        }
    }

    // Whoever adds pages at this moment finds another generation then, and begins anew.
    fn drop_unknown(&mut self, root: Root) {
        let shelves = self.replica.records.shelves().iter().map(|shelf| shelf.note.id);
        let known: BTreeSet<PageId> = shelves.chain(root.parts.iter().copied()).collect();
        let (expected, known) = (self.compaction.generation(), known.into_iter().collect());
        self.effects.push(EngineEffect::DropUnknown { expected, root: root.to_bytes(), known });
        self.compaction.work = Work::Looking(root);
    }

    fn begin_rewriting(&mut self) {
        let reaches = self.commits.next_position() - 1;
        let checkpoint = self.replica.to_checkpoint(self.hybrid.latest(), self.compaction.stages());
        self.replica.records.freeze();
        let rewrite = Rewrite::new(reaches, self.paging.options.page_bytes);
        self.compaction.work = Work::Writing(Box::new(rewrite), Box::new(checkpoint), Waiting::Nothing);
        self.write_slice();
    }

    fn write_slice(&mut self) {
        let Work::Writing(rewrite, _, waiting) = &mut self.compaction.work else { return };
        match rewrite.slice(&self.replica.records, &mut self.stages) {
            Slice::Away(page) => drop(self.has_all(vec![page])),
            Slice::Pages(pages) => {
                *waiting = Waiting::Adding;
                self.effects.push(EngineEffect::AddPages(pages));
            }
            Slice::Done => self.end_rewriting(),
        }
    }

    fn end_rewriting(&mut self) {
        let Work::Writing(rewrite, mut checkpoint, _) = std::mem::take(&mut self.compaction.work) else {
            return;
        };
        checkpoint.directory = rewrite.shelves().iter().map(|shelf| shelf.note.clone()).collect();
        let (body, parts) = checkpoint.to_parts();
        let values: Vec<(PageId, Vec<u8>)> =
            parts.into_iter().map(|part| (self.stages.new_page(), part)).collect();
        let root = Root {
            generation: self.compaction.generation() + 1,
            reaches: rewrite.reaches(),
            kept_from: self.compaction.reaches() + 1,
            parts: values.iter().map(|(id, _)| *id).collect(),
            body,
        };
        self.compaction.work = Work::Ending(rewrite, checkpoint.head, root);
        match values.is_empty() {
            true => self.switch(),
            false => self.effects.push(EngineEffect::AddPages(values)),
        }
    }

    fn switch(&mut self) {
        if let Work::Ending(rewrite, head, root) = std::mem::take(&mut self.compaction.work) {
            let expected = self.compaction.generation();
            self.effects.push(EngineEffect::SwitchCheckpoint { expected, root: root.to_bytes() });
            self.compaction.work = Work::Switching(rewrite, head, root);
        }
    }

    pub(super) fn pages_added(&mut self) {
        match &mut self.compaction.work {
            Work::Writing(_, _, waiting) => *waiting = Waiting::Nothing,
            Work::Ending(..) => self.switch(),
            _ => self.end_abandoned(),
        }
    }

    /// The new root stands.
    pub(super) fn switched(&mut self) {
        match std::mem::take(&mut self.compaction.work) {
            Work::Looking(root) => {
                self.compaction.root = Some(root);
                self.compaction.has_looked = true;
                self.compaction.work = Work::Ready;
            }
            Work::Switching(rewrite, head, root) => self.end_compaction(*rewrite, head, root),
            Work::Abandoned => self.effects.push(EngineEffect::EndCompaction),
            other => self.compaction.work = other,
        }
    }

    fn end_compaction(&mut self, rewrite: Rewrite, head: Seq, root: Root) {
        let stages = self.compaction.forget_tail(root.reaches);
        let stages = std::mem::replace(&mut self.compaction.stages, stages);
        let shelves = rewrite.into_shelves();
        let stays: BTreeSet<PageId> = shelves.iter().map(|shelf| shelf.note.id).collect();
        let before = self.replica.records.shelves().iter().map(|shelf| shelf.note.id);
        let mut pages: Vec<PageId> = before.filter(|page| !stays.contains(page)).collect();
        self.replica.records.adopt(shelves, head);
        let log_before = root.kept_from;
        let old = self.compaction.root.replace(root);
        pages.extend(old.into_iter().flat_map(|root| root.parts));
        self.effects.push(EngineEffect::Sweep { pages, log_before, stages });
        self.effects.push(EngineEffect::EndCompaction);
    }

    pub(super) fn compaction_failed(&mut self, failure: StorageFailure) {
        if failure.code != SUPERSEDED {
            self.compaction.not_before_ms = self.now_ms.saturating_add(PAUSE_MS);
        }
        self.abandon_compaction();
        self.end_abandoned();
    }

    /// What was written down so far is of no use. It is looked for before the next compaction.
    pub(super) fn abandon_compaction(&mut self) {
        self.replica.records.thaw();
        let waits = match &self.compaction.work {
            Work::Idle | Work::Asking | Work::Abandoned => return,
            Work::Ready => false,
            Work::Writing(_, _, waiting) => *waiting == Waiting::Adding,
            Work::Looking(_) | Work::Ending(..) | Work::Switching(..) => true,
        };
        self.compaction.has_looked = false;
        self.compaction.work = Work::Abandoned;
        if !waits {
            self.end_abandoned();
        }
    }

    fn end_abandoned(&mut self) {
        if matches!(self.compaction.work, Work::Abandoned) {
            self.compaction.work = Work::Idle;
            self.effects.push(EngineEffect::EndCompaction);
        }
    }
}
