//! What JavaScript sees of the engine: one class. The facade in `js/` is what applications see.

use std::rc::Rc;

use eyot_core::engine::{Condition, EngineInput, LinkFailure, StorageOptions, Wanted};
use eyot_core::{Causality, Limits, MAXIMUM_COUNTER, VersionVector};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Function, Promise, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use crate::doc::{from_js, packed_doc, packed_page, to_js};
use crate::driver::Driver;
use crate::errors::ShellError;
use crate::joined::peer_left;
use crate::loading::{Settings, load, local_name};
use crate::socket::Endpoint;
use crate::writes::{promise, read_context, write};
use crate::{storage, tabs};

/// An open database.
#[wasm_bindgen]
pub struct Shell {
    driver: Rc<Driver>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    cache_bytes: Option<usize>,
    keep_deletions_for_ms: Option<f64>,
    maximum_record_bytes: Option<usize>,
    profile: Option<String>,
}

#[wasm_bindgen]
impl Shell {
    /// Opens a database, or makes it. `listener` hears of changes, of the sync, of the storage's health,
    /// of what is worth a notice, and of the end.
    pub async fn open(name: String, options: JsValue, listener: Function) -> Result<Shell, JsValue> {
        let (mut limits, mut storage) = (Limits::default(), StorageOptions::default());
        let (mut keep_deletions_for_ms, mut profile) = (None, None);
        if options.is_object() {
            let options: Options = from_js(options)?;
            storage.cache_bytes = options.cache_bytes.unwrap_or(storage.cache_bytes);
            limits.content_bytes = options.maximum_record_bytes.unwrap_or(limits.content_bytes);
            // For ever, if it is more than can be counted.
            keep_deletions_for_ms = options.keep_deletions_for_ms.map(|ms| ms as u64);
            profile = options.profile;
        }
        let local = local_name(&name, profile.as_deref());
        let settings = Settings { limits, keep_deletions_for_ms, storage };
        Ok(Self { driver: load(&name, local, settings, listener).await? })
    }

    /// Deletes a copy of a database. Other tabs that have it open are told to close it.
    pub async fn destroy(name: String, profile: Option<String>) -> Result<(), JsValue> {
        let name = local_name(&name, profile.as_deref());
        tabs::announce_destruction(&name);
        Ok(storage::destroy(&name).await?)
    }

    /// Compares two contexts of a record.
    pub fn compare(local: &str, incoming: &str) -> Result<String, JsValue> {
        let vector = |text: &str| -> Result<VersionVector, ShellError> {
            let context = read_context(text)?;
            let mut vector = context.vector().clone();
            // A dot that no write has says under which name the context was handed out.
            let writes = context.dots().filter(|dot| dot.counter < MAXIMUM_COUNTER);
            writes.for_each(|dot| vector.include(dot));
            Ok(vector)
        };
        let outcome = match vector(local)?.compare(&vector(incoming)?) {
            Causality::Equal => "equal",
            Causality::Before => "incoming-wins",
            Causality::After => "local-wins",
            Causality::Concurrent => "conflict",
        };
        Ok(outcome.to_owned())
    }

    /// A record, or undefined; empty when it is not in memory.
    pub fn get(&self, key: &str) -> Option<String> {
        packed_doc(&self.driver.engine(), key)
    }

    /// Records of a collection with their ids, in the order of ids, after one, at most so many; the id that was looked at last;
    /// and what comes after that: nothing, perhaps more, or what is not in memory.
    pub fn page(&self, collection: &str, after: Option<String>, limit: usize) -> Array {
        let page = packed_page(&self.driver.engine(), collection, after, limit);
        Array::of3(&page.packed.into(), &page.last.into(), &page.rest.into())
    }

    /// Resolves when a record is in memory.
    pub fn fetch(&self, key: String) -> Result<Promise, JsValue> {
        Ok(self.bring(Wanted::Record(key))?)
    }

    /// Resolves when the records of a collection are in memory that come next after an id.
    #[wasm_bindgen(js_name = fetchAfter)]
    pub fn fetch_after(&self, collection: String, after: Option<String>) -> Result<Promise, JsValue> {
        Ok(self.bring(Wanted::After { collection, id: after })?)
    }

    /// How many records a collection shows.
    pub fn count(&self, collection: &str) -> usize {
        self.driver.engine().count(collection)
    }

    /// The collections and ids of the records in conflict.
    pub fn conflicts(&self) -> Array {
        let conflicts = self.driver.engine().conflicts();
        conflicts.iter().map(|key| Array::of2(&key.collection().into(), &key.id().into())).collect()
    }

    /// Writes, all or nothing; `answered` says whether anybody wants to see what the records have become.
    pub fn write(&self, packed: &[u8], answered: bool) -> Result<Promise, JsValue> {
        Ok(write(&self.driver, packed, answered)?)
    }

    /// The name of this copy of the database: one for all tabs of a browser profile.
    pub fn replica(&self) -> String {
        self.driver.engine().replica().id().to_string()
    }

    /// The clock.
    pub fn token(&self) -> String {
        self.driver.engine().replica().clock().to_vector().to_string()
    }

    /// Resolves when the clock covers a token.
    pub fn until(&self, token: &str) -> Result<Promise, JsValue> {
        let clock = token
            .parse()
            .map_err(|_| ShellError::new("invalid-token", format!("Not a token: {token:?}.")))?;
        let condition = Condition::Clock(clock);
        Ok(promise(&self.driver, |ticket| EngineInput::Await { ticket, condition })?)
    }

    /// Resolves when a relay has acknowledged all that was written so far.
    pub fn saved(&self) -> Result<Promise, JsValue> {
        Ok(promise(&self.driver, |ticket| EngineInput::Await { ticket, condition: Condition::Saved })?)
    }

    /// Begins to sync with a relay. `token` gives an access token, or a promise of one, before every connection.
    #[wasm_bindgen(js_name = syncStart)]
    pub fn sync_start(&self, url: String, token: Option<Function>) -> Result<(), JsValue> {
        self.driver.check_open()?;
        Ok(self.driver.start_sync(Endpoint { url, token })?)
    }

    /// Ends the sync.
    #[wasm_bindgen(js_name = syncStop)]
    pub fn sync_stop(&self) {
        self.driver.stop_sync();
    }

    /// How the sync stands.
    #[wasm_bindgen(js_name = syncStatus)]
    pub fn sync_status(&self) -> JsValue {
        self.driver.sync_status()
    }

    /// Takes up a connection that the application has made to another replica; `send` takes the messages for it. One side of
    /// a connection calls. `compresses` says whether messages are worth compressing on it. Returns what names it.
    #[wasm_bindgen(js_name = peerJoin)]
    pub fn peer_join(&self, calls: bool, compresses: bool, send: Function) -> Result<f64, JsValue> {
        self.driver.check_open()?;
        Ok(self.driver.join_peer(calls, compresses, send) as f64)
    }

    /// A message has come on a connection.
    #[wasm_bindgen(js_name = peerReceived)]
    pub fn peer_received(&self, link: f64, bytes: Vec<u8>) {
        self.driver.hear_peer(link as u64, bytes);
    }

    /// A connection has ended by itself.
    #[wasm_bindgen(js_name = peerClosed)]
    pub fn peer_closed(&self, link: f64, message: String) {
        let failure = LinkFailure { code: "connection-lost".to_owned(), message };
        self.driver.lose_peer(link as u64, failure);
    }

    /// Ends a connection; the other side is told.
    #[wasm_bindgen(js_name = peerDismiss)]
    pub fn peer_dismiss(&self, link: f64) {
        self.driver.dismiss_peer(link as u64);
    }

    /// How a connection stands; undefined once it is over.
    #[wasm_bindgen(js_name = peerStatus)]
    pub fn peer_status(&self, link: f64) -> JsValue {
        self.driver.peer_status(link as u64)
    }

    /// Resolves when both sides of a connection have the same.
    #[wasm_bindgen(js_name = peerCaughtUp)]
    pub fn peer_caught_up(&self, link: f64) -> Result<Promise, JsValue> {
        let caught_up = self.driver.wait_for_peer(link as u64)?;
        Ok(future_to_promise(async move {
            caught_up.await.map_err(|_| JsValue::from(peer_left()))?;
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// The whole database as bytes. What is not durable yet is not in it.
    #[wasm_bindgen(js_name = exportAll)]
    pub fn export_all(&self) -> Result<Promise, JsValue> {
        self.driver.check_open()?;
        let driver = Rc::clone(&self.driver);
        Ok(future_to_promise(async move {
            let bytes = driver.export().await?;
            // What leaves the device can never be undone on it.
            driver.writer.barrier().await?;
            Ok(Uint8Array::from(bytes.as_slice()).into())
        }))
    }

    /// Merges an export; resolves with how many records changed.
    #[wasm_bindgen(js_name = importAll)]
    pub fn import_all(&self, bytes: Vec<u8>) -> Result<Promise, JsValue> {
        Ok(promise(&self.driver, |ticket| EngineInput::Import { ticket, bytes })?)
    }

    /// How well the device keeps the data.
    pub fn health(&self) -> JsValue {
        to_js(&*self.driver.health.borrow())
    }

    /// Closes the database when what was written is durable.
    pub async fn close(&self) -> Result<(), JsValue> {
        let driver = Rc::clone(&self.driver);
        driver.begin_close();
        while !driver.is_settled() {
            TimeoutFuture::new(1).await;
        }
        driver.shut("closed");
        Ok(())
    }
}

impl Shell {
    fn bring(&self, wanted: Wanted) -> Result<Promise, ShellError> {
        promise(&self.driver, |ticket| EngineInput::Fetch { ticket, wanted })
    }
}
