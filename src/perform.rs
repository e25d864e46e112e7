//! What each effect of the engine means in a browser.

use std::rc::Rc;

use eyot_core::engine::{Cause, EngineEffect, EngineInput, FIRST_PEER_LINK, Link, StorageFailure, SyncState};
use eyot_core::{LogEpoch, RecordKey};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::clock::{now_ms, random_id, random_number};
use crate::doc::{push_json_text, to_js};
use crate::driver::{Answer, Driver};
use crate::errors::ShellError;
use crate::socket;
use crate::status::RawStatus;
use crate::storage::Lost;
use crate::tabs::TabMessage;

/// The status is told at most this often: it changes with every write.
const STATUS_PAUSE_MS: u32 = 30;
/// Other tabs hear of commits at most this often.
const ANNOUNCE_PAUSE_MS: u32 = 4;

impl Driver {
    pub(crate) fn perform(self: &Rc<Self>, effect: EngineEffect) {
        match effect {
            EngineEffect::Commit { .. }
            | EngineEffect::Barrier
            | EngineEffect::StoreChunk { .. }
            | EngineEffect::DropStage(_)
            | EngineEffect::SavePeers(_) => self.store(effect),
            EngineEffect::Announce => self.announce(),
            EngineEffect::Written { ticket, contexts } => self.answer(ticket, Ok(Answer::Written(contexts))),
            EngineEffect::Imported { ticket, records } => self.answer(ticket, Ok(Answer::Imported(records))),
            EngineEffect::Awaited(ticket) => self.answer(ticket, Ok(Answer::Awaited)),
            EngineEffect::Rejected { ticket, code, message } => {
                self.answer(ticket, Err(ShellError::new(code, message)));
            }
            EngineEffect::Changed { keys, cause } => self.emit_changes(&keys, cause),
            EngineEffect::Name => self.name_replica(),
            EngineEffect::Notice { code, keys } => self.emit_notice(code, &keys),
            EngineEffect::Connect(link) => self.connect(link),
            EngineEffect::Transmit(link, bytes) => self.transmit(link, bytes),
            EngineEffect::Disconnect(link) => {
                if let Some((_, socket)) = self.socket.borrow_mut().take_if(|(open, _)| *open == link) {
                    socket.close();
                }
            }
            EngineEffect::PeerLeft(link, failure) => self.peer_left(link, &failure),
            EngineEffect::StatusChanged => self.status_changed(),
            EngineEffect::Continue => {
                let driver = Rc::clone(self);
                spawn_local(async move {
                    TimeoutFuture::new(0).await;
                    driver.dispatch(EngineInput::Continue);
                });
            }
            EngineEffect::Corrupt { .. } => self.degrade("storage-corrupt"),
            EngineEffect::Fetched(ticket) => self.fetched(ticket),
            EngineEffect::ReadPages(_)
            | EngineEffect::ReadCheckpoint
            | EngineEffect::BeginCompaction { .. }
            | EngineEffect::AddPages(_)
            | EngineEffect::SwitchCheckpoint { .. }
            | EngineEffect::DropUnknown { .. }
            | EngineEffect::Sweep { .. }
            | EngineEffect::EndCompaction => self.keep(effect),
        }
    }

    // At once, but then not for a while: of writes that follow each other the other tabs need not hear each by itself.
    pub(crate) fn announce(self: &Rc<Self>) {
        if self.announced.get() {
            return self.unannounced.set(true);
        }
        self.announced.set(true);
        self.tabs.tell(&TabMessage::Committed);
        let driver = Rc::clone(self);
        spawn_local(async move {
            TimeoutFuture::new(ANNOUNCE_PAUSE_MS).await;
            driver.announced.set(false);
            driver.announce_rest();
        });
    }

    /// Tells the other tabs what they have not been told yet.
    pub(crate) fn announce_rest(self: &Rc<Self>) {
        if self.unannounced.take() {
            self.announce();
        }
    }

    fn transmit(&self, link: Link, bytes: Vec<u8>) {
        let may_compress = self.engine().may_compress(link);
        if link >= FIRST_PEER_LINK {
            self.joined.send(link, bytes, may_compress);
        } else if let Some((_, socket)) = self.socket.borrow().as_ref().filter(|(open, _)| *open == link) {
            socket.send(bytes, may_compress);
        }
    }

    // Every one of these is a transaction, asked for now and answered when it has ended.
    fn store(self: &Rc<Self>, effect: EngineEffect) {
        let driver = Rc::clone(self);
        spawn_local(async move {
            match effect {
                EngineEffect::Commit { position, values, strict } => {
                    let result = driver.writer.commit(position, &values, strict).await;
                    driver.commit_ended(position, result).await;
                }
                EngineEffect::Barrier => {
                    let answer = driver.writer.barrier().await.map_err(|error| driver.failure(&error));
                    driver.dispatch(match answer {
                        Ok(()) => EngineInput::BarrierPassed,
                        Err(failure) => EngineInput::BarrierFailed(failure),
                    });
                }
                EngineEffect::StoreChunk { stage, ordinal, value } => {
                    let answer = driver.writer.stage(stage, ordinal, &value).await;
                    driver.dispatch(match answer.map_err(|error| driver.failure(&error)) {
                        Ok(()) => EngineInput::ChunkStored,
                        Err(failure) => EngineInput::ChunkFailed(failure),
                    });
                }
                EngineEffect::DropStage(stage) => {
                    // What is left of it is found and dropped at the next opening.
                    let position = driver.engine().next_position();
                    let _ = driver.writer.drop_stage(stage, position).await;
                }
                EngineEffect::SavePeers(bytes) => {
                    // Only saves work; forgotten, it is learned anew.
                    let _ = driver.writer.save_peers(&bytes).await;
                    driver.tabs.tell(&TabMessage::Peers(bytes));
                }
                _ => {}
            }
        });
    }

    async fn commit_ended(self: &Rc<Self>, position: u64, result: Result<(), ShellError>) {
        let input = match result {
            Ok(()) => EngineInput::Committed,
            Err(error) if error.code == "collided" => match self.reader.rest(position).await {
                Ok((checkpoint, segments)) => {
                    checkpoint.into_iter().for_each(|stored| self.dispatch(EngineInput::Checkpoint(stored)));
                    EngineInput::Collided(segments)
                }
                Err(error) => EngineInput::CommitFailed(self.failure(&error)),
            },
            Err(error) => EngineInput::CommitFailed(self.failure(&error)),
        };
        if input == EngineInput::Committed {
            self.recover();
            self.marker.note_stored();
        }
        self.dispatch(input);
    }

    pub(crate) fn failure(&self, error: &ShellError) -> StorageFailure {
        self.degrade(error.code);
        StorageFailure { code: error.code }
    }

    fn connect(self: &Rc<Self>, link: Link) {
        let Some(endpoint) = self.endpoint.borrow().clone() else { return };
        let driver = Rc::clone(self);
        spawn_local(async move {
            let opened = |socket| {
                driver.socket.replace(Some((link, socket)));
                driver.dispatch(EngineInput::LinkOpened(link));
            };
            let received = |bytes| driver.dispatch(EngineInput::LinkReceived(link, bytes));
            let failure = socket::run(endpoint, opened, received).await;
            driver.socket.borrow_mut().take_if(|(open, _)| *open == link);
            driver.dispatch(EngineInput::LinkClosed(link, failure));
        });
    }

    // Without a source of randomness it would not have been opened.
    fn name_replica(self: &Rc<Self>) {
        match random_id().and_then(|replica| Ok((replica, LogEpoch(random_number()?)))) {
            Ok((replica, epoch)) => self.dispatch(EngineInput::Named { replica, epoch }),
            Err(error) => self.degrade(error.code),
        }
    }

    fn emit_notice(&self, code: &str, keys: &[RecordKey]) {
        let keys: Array =
            keys.iter().map(|key| Array::of2(&key.collection().into(), &key.id().into())).collect();
        self.emit(&event("notice", &[("code", code.into()), ("records", keys.into())]));
    }

    /// Tells that there had been a database which is there no more.
    pub(crate) fn emit_lost(&self, lost: Lost) {
        let saved_at = lost.saved_ms.map_or(JsValue::UNDEFINED, |ms| JsValue::from_f64(ms as f64));
        let records = Array::new().into();
        let parts = [("code", "storage-lost".into()), ("records", records), ("savedAt", saved_at)];
        self.emit(&event("notice", &parts));
    }

    fn emit_changes(&self, keys: &[RecordKey], cause: Cause) {
        let cause = match cause {
            Cause::Local => "local",
            Cause::Tab => "tab",
            Cause::Remote => "remote",
            Cause::Saved => "saved",
        };
        // The keys of one collection stand together. They cross as one text, however many they are, and are made
        // an array only if somebody wants to know them.
        for group in keys.chunk_by(|a, b| a.collection() == b.collection()) {
            let Some(first) = group.first() else { continue };
            let mut ids = String::from("[");
            for key in group {
                if ids.len() > 1 {
                    ids.push(',');
                }
                push_json_text(&mut ids, key.id());
            }
            ids.push(']');
            let collection = first.collection().into();
            let parts = [("collection", collection), ("ids", ids.into()), ("cause", cause.into())];
            self.emit(&event("changed", &parts));
        }
    }

    /// Tells the application and the other tabs how the sync stands, soon.
    pub(crate) fn status_changed(self: &Rc<Self>) {
        if self.status_due.replace(true) {
            return;
        }
        let driver = Rc::clone(self);
        spawn_local(async move {
            TimeoutFuture::new(STATUS_PAUSE_MS).await;
            driver.status_due.set(false);
            if driver.check_open().is_ok() {
                driver.emit(&event("sync", &[("status", driver.sync_status())]));
                driver.emit_peers();
                driver.tell_status();
            }
        });
    }

    /// The holder's sign of life, and its status for the other tabs.
    pub(crate) fn tell_status(&self) {
        if self.election.borrow().as_ref().is_some_and(|election| election.is_holder()) {
            let status = self.engine().sync_status();
            if status.state == SyncState::Live && status.unsent == 0 {
                self.marker.note_saved(now_ms());
            }
            self.tabs.tell(&TabMessage::Status(to_js(&RawStatus::from(status))));
        }
    }

    /// How the sync stands; where another tab holds it, as that one has told.
    pub(crate) fn sync_status(&self) -> JsValue {
        let own = RawStatus::from(self.engine().sync_status());
        let candidate = self.election.borrow();
        match candidate.as_ref().filter(|election| !election.is_holder()) {
            None => to_js(&own),
            Some(_) => self.mirrored_status(own),
        }
    }

    // The connection is the holder's; what is not sent yet, this tab knows as well.
    fn mirrored_status(&self, own: RawStatus) -> JsValue {
        match &*self.heard.borrow() {
            Some((_, status)) => status.clone(),
            // It takes a moment to learn whether another tab holds the sync.
            None if self.is_undecided() => to_js(&own.undecided()),
            None => to_js(&own.elsewhere()),
        }
    }

    /// Storage has failed: said in the health until a commit succeeds again.
    pub(crate) fn degrade(&self, code: &'static str) {
        let known = self.health.borrow_mut().degraded.replace(code.to_owned());
        if known.as_deref() != Some(code) {
            self.emit_health();
        }
    }

    pub(crate) fn recover(&self) {
        if self.health.borrow_mut().degraded.take().is_some() {
            self.emit_health();
        }
    }

    pub(crate) fn emit_health(&self) {
        let health = to_js(&*self.health.borrow());
        self.emit(&event("health", &[("health", health)]));
    }
}

/// The event of a database that closed by itself.
pub(crate) fn closed_event(code: &str) -> JsValue {
    event("closed", &[("code", code.into())])
}

/// An event for the application.
pub(crate) fn event(kind: &str, parts: &[(&str, JsValue)]) -> JsValue {
    let event = Object::new();
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(&event, &"kind".into(), &kind.into());
    for (name, part) in parts {
        let _ = Reflect::set(&event, &(*name).into(), part);
    }
    event.into()
}
