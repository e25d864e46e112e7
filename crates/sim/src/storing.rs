//! Pages and the checkpoint on a device's disk, as the browser shell keeps them: every request is one transaction.
//!
//! Knows nothing of what pages and checkpoints mean, but for what a root says of itself.

use std::collections::{BTreeMap, VecDeque};

use eyot_core::checkpoint::{PageId, Root};
use eyot_core::engine::{
    EngineEffect, EngineInput, SUPERSEDED, StorageFailure, StoredCheckpoint, StoredPage, StoredSegment,
};
use eyot_core::guard::{Guard, holds};

use crate::device::{Request, TabId};
use crate::disk::{Disk, Undo};
use crate::host::REFUSED;
use crate::violation::{CONTRACT, Violation};
use crate::world::World;

/// A request about pages or the checkpoint.
#[derive(Clone, Debug)]
pub(crate) enum Storing {
    Read(Vec<PageId>),
    Checkpoint,
    Begin { generation: u64 },
    Add(Vec<(PageId, Vec<u8>)>),
    Switch { expected: u64, root: Vec<u8> },
    DropUnknown { expected: u64, root: Vec<u8>, known: Vec<PageId> },
    SweepPages(Vec<PageId>),
    SweepLog { before: u64 },
    SweepStage(u64),
    RemoveVoid { position: u64, count: usize },
    End,
}

impl Disk {
    fn root(&self) -> Option<Root> {
        self.root.as_ref().and_then(|bytes| Root::from_bytes(bytes).ok())
    }

    fn generation(&self) -> u64 {
        self.root().map_or(0, |root| root.generation)
    }

    /// The checkpoint, if there is one.
    pub fn checkpoint(&self) -> Option<StoredCheckpoint> {
        let page = |id: &PageId| self.pages.get(id).cloned().unwrap_or_default();
        let parts = self.root()?.parts.iter().map(page).collect();
        Some(StoredCheckpoint { root: self.root.clone()?, parts })
    }

    /// A page.
    pub fn page(&self, id: PageId) -> Option<Vec<u8>> {
        self.pages.get(&id).cloned()
    }

    /// What is new from a position on: the checkpoint, if the log is not kept from there, and segments.
    pub(crate) fn news(&self, position: u64) -> (Vec<EngineInput>, Vec<StoredSegment>) {
        match self.root().filter(|root| position < root.kept_from) {
            Some(root) => {
                let checkpoint = self.checkpoint().map(EngineInput::Checkpoint);
                (checkpoint.into_iter().collect(), self.read(root.reaches + 1))
            }
            None => (Vec::new(), self.read(position)),
        }
    }

    fn add_pages(&mut self, pages: Vec<(PageId, Vec<u8>)>) {
        self.undo.push(Undo::NoPages(pages.iter().map(|(id, _)| *id).collect()));
        self.pages.extend(pages);
    }

    // False where another root stands than the one that is expected.
    fn switch(&mut self, expected: u64, root: Vec<u8>) -> bool {
        let is_expected = self.generation() == expected || !holds(Guard::CheckpointArbitrates);
        if is_expected {
            self.undo.push(Undo::Root(self.root.replace(root)));
        }
        is_expected
    }

    fn drop_pages(&mut self, is_dropped: impl Fn(&PageId) -> bool) {
        let (dropped, kept) = std::mem::take(&mut self.pages).into_iter().partition(|(id, _)| is_dropped(id));
        self.pages = kept;
        self.undo.push(Undo::Pages(dropped));
    }

    fn sweep_log(&mut self, before: u64) {
        let kept = self.log.split_off(&before);
        self.undo.push(Undo::Segments(std::mem::replace(&mut self.log, kept)));
    }

    fn sweep_stage(&mut self, stage: u64) {
        let chunks: BTreeMap<_, _> = self
            .staged
            .range((stage, 0)..=(stage, u64::MAX))
            .map(|(key, value)| (*key, value.clone()))
            .collect();
        self.staged.retain(|key, _| !chunks.contains_key(key));
        self.undo.push(Undo::Stage(chunks));
    }

    pub(crate) fn remove_void(&mut self, position: u64, count: usize) {
        (position..position + count as u64).for_each(|position| drop(self.log.remove(&position)));
    }
}

impl World {
    /// A tab that is opened reads the disk, at once.
    pub(crate) fn read_disk(&mut self, id: TabId) -> Result<(), Violation> {
        let disk = &self.device(id.device)?.disk;
        let checkpoint = disk.checkpoint();
        let from = disk.root().map_or(1, |root| root.reaches + 1);
        let segments = EngineInput::Segments(disk.read(from));
        let mut inputs: VecDeque<EngineInput> =
            checkpoint.map(EngineInput::Checkpoint).into_iter().chain([segments]).collect();
        let now_ms = self.time_of(id.device);
        while let Some(input) = inputs.pop_front() {
            let Some(tab) = self.tab_mut(id) else { return Ok(()) };
            for effect in tab.engine.handle(input, now_ms) {
                match effect {
                    EngineEffect::Continue => inputs.push_back(EngineInput::Continue),
                    EngineEffect::ReadPages(pages) => {
                        inputs.push_back(self.device(id.device)?.disk.read_pages(pages));
                    }
                    effect => self.perform(id, effect)?,
                }
            }
        }
        match self.tab(id).is_some_and(|tab| tab.engine.is_reading()) {
            true => Err(Violation::new(CONTRACT, "a tab that has read all waits for more")),
            false => self.check_tab(id),
        }
    }

    /// Performs an effect that is about pages or the checkpoint.
    pub(crate) fn store(&mut self, id: TabId, effect: EngineEffect) -> Result<(), Violation> {
        let storing = match effect {
            EngineEffect::ReadPages(pages) => Storing::Read(pages),
            EngineEffect::ReadCheckpoint => Storing::Checkpoint,
            EngineEffect::BeginCompaction { generation } => Storing::Begin { generation },
            EngineEffect::AddPages(pages) => Storing::Add(pages),
            EngineEffect::SwitchCheckpoint { expected, root } => Storing::Switch { expected, root },
            EngineEffect::DropUnknown { expected, root, known } => {
                Storing::DropUnknown { expected, root, known }
            }
            EngineEffect::EndCompaction => Storing::End,
            EngineEffect::Sweep { pages, log_before, stages } => {
                self.request(id, Request::Storing(Storing::SweepPages(pages)))?;
                for stage in stages {
                    self.request(id, Request::Storing(Storing::SweepStage(stage)))?;
                }
                Storing::SweepLog { before: log_before }
            }
            _ => return Ok(()),
        };
        self.request(id, Request::Storing(storing))
    }

    pub(crate) fn do_storing(&mut self, id: TabId, storing: Storing) -> Result<Vec<EngineInput>, Violation> {
        let is_careless = self.random.u8(0..4) == 0;
        let position = self.tab(id).map_or(1, |tab| tab.engine.next_position());
        let home = self.device_mut(id.device)?;
        let is_compaction =
            matches!(storing, Storing::Add(_) | Storing::Switch { .. } | Storing::DropUnknown { .. });
        if is_compaction && home.refuses() {
            return Ok(vec![EngineInput::CompactionFailed(REFUSED)]);
        }
        let disk = &mut home.disk;
        Ok(match storing {
            Storing::Read(pages) => vec![disk.read_pages(pages)],
            Storing::Checkpoint => {
                let from = disk.root().map_or(1, |root| root.reaches + 1);
                let segments = EngineInput::Segments(disk.read(from.max(position)));
                disk.checkpoint().map(EngineInput::Checkpoint).into_iter().chain([segments]).collect()
            }
            Storing::Begin { generation } => {
                // Where there are no locks, two may compact at once.
                let may = is_careless || home.compactor.is_none_or(|compactor| compactor == id);
                home.compactor = if may { Some(id) } else { home.compactor };
                let checkpoint = disk.checkpoint().filter(|_| disk.generation() != generation);
                let begun = EngineInput::CompactionBegun(may);
                checkpoint.map(EngineInput::Checkpoint).into_iter().chain([begun]).collect()
            }
            Storing::Add(pages) => {
                disk.add_pages(pages);
                vec![EngineInput::PagesAdded]
            }
            Storing::Switch { expected, root } => {
                let is_done = disk.switch(expected, root);
                if is_done {
                    disk.barrier();
                }
                disk.switch_answer(is_done)
            }
            Storing::DropUnknown { expected, root, known } => {
                let is_done = disk.switch(expected, root);
                if is_done {
                    disk.drop_pages(|id| !known.contains(id));
                }
                disk.switch_answer(is_done)
            }
            sweeping => {
                self.sweep(id, sweeping)?;
                Vec::new()
            }
        })
    }

    fn sweep(&mut self, id: TabId, sweeping: Storing) -> Result<(), Violation> {
        let home = self.device_mut(id.device)?;
        match sweeping {
            Storing::SweepPages(pages) => home.disk.drop_pages(|id| pages.contains(id)),
            Storing::SweepLog { before } => home.disk.sweep_log(before),
            Storing::SweepStage(stage) => home.disk.sweep_stage(stage),
            Storing::RemoveVoid { position, count } => {
                home.disk.remove_void(position, count);
                home.disk.undo.push(Undo::Segments(BTreeMap::new()));
            }
            _ => drop(home.compactor.take_if(|compactor| *compactor == id)),
        }
        Ok(())
    }
}

impl Disk {
    fn read_pages(&self, pages: Vec<PageId>) -> EngineInput {
        let page = |id: PageId| StoredPage { id, value: self.page(id) };
        EngineInput::PagesRead(pages.into_iter().map(page).collect())
    }

    fn switch_answer(&self, is_done: bool) -> Vec<EngineInput> {
        if is_done {
            return vec![EngineInput::Switched];
        }
        let failed = EngineInput::CompactionFailed(StorageFailure { code: SUPERSEDED });
        self.checkpoint().map(EngineInput::Checkpoint).into_iter().chain([failed]).collect()
    }
}
