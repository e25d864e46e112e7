//! Beginning and ending the network sync in this tab.

use std::rc::Rc;

use eyot_core::engine::EngineInput;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;

use crate::clock::now_ms;
use crate::driver::Driver;
use crate::election::Election;
use crate::errors::ShellError;
use crate::page;
use crate::socket::Endpoint;

/// How often the tab that holds the sync gives a sign of life.
const HEARTBEAT_MS: u32 = 5_000;
/// After so long a silence a visible tab takes the sync over.
const SILENCE_MS: u64 = 20_000;
/// A lock that nobody holds is granted sooner than this.
const DECIDED_AFTER_MS: u64 = 1_000;

impl Driver {
    /// Wants to sync with a relay: now, or when the tab that does it goes away.
    pub(crate) fn start_sync(self: &Rc<Self>, endpoint: Endpoint) -> Result<(), ShellError> {
        if self.endpoint.borrow().is_some() {
            return Err(ShellError::new(
                "sync-already-started",
                "This database syncs already; stop that first.",
            ));
        }
        self.endpoint.replace(Some(endpoint));
        self.dispatch(EngineInput::Online(page::is_online()));
        self.page_events.replace(page::listen(self));
        let driver = Rc::downgrade(self);
        let election = Election::stand(&self.name, move |holds| {
            if let Some(driver) = driver.upgrade() {
                driver.hold_sync(holds);
            }
        });
        self.election.replace(Some(election));
        self.candidate_since_ms.set(now_ms());
        self.watch_holder();
        self.status_changed();
        let driver = Rc::downgrade(self);
        spawn_local(async move {
            TimeoutFuture::new(DECIDED_AFTER_MS as u32).await;
            if let Some(driver) = driver.upgrade() {
                driver.status_changed();
            }
        });
        Ok(())
    }

    /// True as long as the sync may still fall to this tab at once.
    pub(crate) fn is_undecided(&self) -> bool {
        now_ms().saturating_sub(self.candidate_since_ms.get()) < DECIDED_AFTER_MS
    }

    /// No longer wants to sync.
    pub(crate) fn stop_sync(self: &Rc<Self>) {
        self.election.take();
        self.page_events.take();
        self.dispatch(EngineInput::Sync(false));
        self.endpoint.take();
        self.heard.take();
        self.status_changed();
    }

    fn hold_sync(self: &Rc<Self>, holds: bool) {
        if !holds {
            return self.dispatch(EngineInput::Sync(false));
        }
        let driver = Rc::clone(self);
        spawn_local(async move {
            if let Err(error) = driver.take_up_stages().await {
                return driver.degrade(error.code);
            }
            // The lock may have gone meanwhile.
            if driver.election.borrow().as_ref().is_some_and(|election| election.is_holder()) {
                driver.dispatch(EngineInput::Sync(true));
            }
        });
    }

    /// What interrupted deltas have left behind is taken up before the sync goes on.
    pub(crate) async fn take_up_stages(self: &Rc<Self>) -> Result<(), ShellError> {
        let mut found = Vec::new();
        for stage in self.reader.stages().await.unwrap_or_default() {
            if let Ok(chunks) = self.reader.chunks(stage).await {
                found.push((stage, chunks));
            }
        }
        // The log may name some of them: first what stood in it when they were read.
        let position = self.engine().next_position();
        let (checkpoint, segments) = self.reader.rest(position).await?;
        checkpoint.into_iter().for_each(|stored| self.dispatch(EngineInput::Checkpoint(stored)));
        self.dispatch(EngineInput::Segments(segments));
        self.dispatch(EngineInput::StagesFound(found));
        Ok(())
    }

    // The holder gives signs of life; the others listen for them.
    fn watch_holder(self: &Rc<Self>) {
        let driver = Rc::downgrade(self);
        self.heard.take();
        let mut waiting_since_ms = now_ms();
        spawn_local(async move {
            loop {
                TimeoutFuture::new(HEARTBEAT_MS).await;
                let Some(driver) = driver.upgrade() else { return };
                let heard_ms = driver.heard.borrow().as_ref().map_or(0, |(at, _)| *at);
                let silence_ms = now_ms().saturating_sub(heard_ms.max(waiting_since_ms));
                match &*driver.election.borrow() {
                    None => return,
                    Some(election) if election.is_holder() => waiting_since_ms = now_ms(),
                    Some(election) if silence_ms > SILENCE_MS && page::is_visible() => {
                        waiting_since_ms = now_ms();
                        election.take_over();
                    }
                    Some(_) => {}
                }
                driver.tell_status();
                driver.read_news();
            }
        });
    }
}
