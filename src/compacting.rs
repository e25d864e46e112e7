//! Pages and the checkpoint: how the engine's wishes about them are fulfilled in a browser.
//!
//! Decides nothing. One tab at a time compacts, where there are Web Locks; two would only be wasteful.

use std::rc::Rc;

use eyot_core::engine::{EngineEffect, EngineInput, SUPERSEDED, StorageFailure, StoredCheckpoint};
use wasm_bindgen_futures::spawn_local;

use crate::driver::Driver;
use crate::errors::ShellError;
use crate::locks::Lock;

impl Driver {
    /// Does what an effect about pages or the checkpoint asks for, and answers.
    pub(crate) fn keep(self: &Rc<Self>, effect: EngineEffect) {
        let driver = Rc::clone(self);
        spawn_local(async move {
            match effect {
                EngineEffect::ReadPages(pages) => match driver.reader.pages(&pages).await {
                    Ok(pages) => driver.dispatch(EngineInput::PagesRead(pages)),
                    Err(error) => driver.dispatch(EngineInput::PagesFailed(driver.failure(&error))),
                },
                EngineEffect::ReadCheckpoint => driver.read_checkpoint().await,
                EngineEffect::BeginCompaction { generation } => driver.begin_compaction(generation).await,
                EngineEffect::AddPages(pages) => {
                    let done = driver.writer.add_pages(&pages).await;
                    driver.answer_compaction(done, EngineInput::PagesAdded, None).await;
                }
                EngineEffect::SwitchCheckpoint { expected, root } => {
                    let done = driver.writer.switch_root(expected, &root, &[], true).await;
                    driver.answer_compaction(done, EngineInput::Switched, Some(expected)).await;
                }
                EngineEffect::DropUnknown { expected, root, known } => {
                    let done = driver.drop_unknown(expected, &root, &known).await;
                    driver.answer_compaction(done, EngineInput::Switched, Some(expected)).await;
                }
                EngineEffect::Sweep { pages, log_before, stages } => {
                    // What is left is found another time.
                    let _ = driver.writer.sweep(&pages, log_before, &stages).await;
                }
                EngineEffect::EndCompaction => drop(driver.compacting.take()),
                _ => {}
            }
        });
    }

    async fn read_checkpoint(self: &Rc<Self>) {
        match self.stored_checkpoint(None).await {
            Ok(Some(checkpoint)) => {
                self.dispatch(EngineInput::Checkpoint(checkpoint));
                self.read_news();
            }
            Ok(None) => self.degrade("storage-lost"),
            Err(error) => self.degrade(error.code),
        }
    }

    // The checkpoint, unless it has that generation.
    async fn stored_checkpoint(&self, known: Option<u64>) -> Result<Option<StoredCheckpoint>, ShellError> {
        let stored = self.reader.checkpoint().await?;
        Ok(stored.filter(|(root, _)| Some(root.generation) != known).map(|(_, checkpoint)| checkpoint))
    }

    async fn begin_compaction(self: &Rc<Self>, generation: u64) {
        let lock = Lock::if_free(&format!("eyot-compact:{}", self.name)).await;
        let may = lock.is_some();
        let stored = if may { self.stored_checkpoint(Some(generation)).await } else { Ok(None) };
        match stored {
            Ok(stored) => {
                self.compacting.replace(lock);
                stored.into_iter().for_each(|stored| self.dispatch(EngineInput::Checkpoint(stored)));
                self.dispatch(EngineInput::CompactionBegun(may));
            }
            Err(_) => self.dispatch(EngineInput::CompactionBegun(false)),
        }
    }

    // Nobody can have switched since the generation that is expected, or it fails; so what is unknown stays unknown.
    async fn drop_unknown(
        &self,
        expected: u64,
        root: &[u8],
        known: &[eyot_core::checkpoint::PageId],
    ) -> Result<(), ShellError> {
        let stored = self.reader.page_keys().await?;
        let unknown: Vec<_> = stored.into_iter().filter(|page| known.binary_search(page).is_err()).collect();
        self.writer.switch_root(expected, root, &unknown, false).await
    }

    async fn answer_compaction(
        self: &Rc<Self>,
        done: Result<(), ShellError>,
        answer: EngineInput,
        expected: Option<u64>,
    ) {
        let Err(error) = done else { return self.dispatch(answer) };
        // Perhaps another tab was faster, or it was done and nobody heard of it.
        let stored = match expected {
            Some(expected) => self.stored_checkpoint(Some(expected)).await.ok().flatten(),
            None => None,
        };
        let code = if stored.is_some() { SUPERSEDED } else { error.code };
        stored.into_iter().for_each(|stored| self.dispatch(EngineInput::Checkpoint(stored)));
        self.dispatch(EngineInput::CompactionFailed(StorageFailure { code }));
    }
}
