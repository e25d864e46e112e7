//! Writes to the stores with a durability of its own choice, one transaction a commit.
//!
//! A connection can be lost at any time (storage cleared by the user, a crashed storage process). It is opened anew and
//! the commit tried again; one whose success was not heard of then finds itself in the log, which the engine knows.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use eyot_core::segment::{Segment, Stage, stage_of};
use eyot_core::{Limits, LogEpoch, ReplicaId};
use futures_channel::oneshot;
use idb::event::Event as _;
use idb::request::Request as _;
use idb::{Database, Factory, KeyRange};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, IdbDatabase, IdbRequest, IdbTransaction};

use super::reader::{stage_key, stage_range};
use super::schema::{VERSION, bytes_of, identity_bytes};
use super::{BARRIER, IDENTITY, LOG, META, PEERS, STAGED, database_name};
use crate::errors::{ShellError, from_thrown};

// web-sys has durability only behind a flag that the whole build would have to carry, and a `commit` that it deprecates.
#[wasm_bindgen]
extern "C" {
    type DurableDatabase;

    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &DurableDatabase,
        stores: &JsValue,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;

    type EagerTransaction;

    #[wasm_bindgen(method, catch)]
    fn commit(this: &EagerTransaction) -> Result<(), JsValue>;
}

/// Why a connection went away without being asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Loss {
    /// Another tab wants to delete or upgrade the database.
    VersionChange,
    /// The browser has closed it.
    Closed,
    /// What is stored there now, if anything, is another database.
    Gone,
}

/// The writing half of a database.
#[derive(Clone)]
pub(crate) struct Writer {
    inner: Rc<Inner>,
}

struct Inner {
    name: String,
    identity: Vec<u8>,
    database: RefCell<Option<IdbDatabase>>,
    closed: Cell<bool>,
    on_loss: Box<dyn Fn(Loss)>,
}

impl Writer {
    /// Connects to stores that exist, with this identity. `on_loss` hears when the connection goes away by itself.
    pub(crate) async fn open(
        name: &str,
        identity: (ReplicaId, LogEpoch),
        on_loss: impl Fn(Loss) + 'static,
    ) -> Result<Self, ShellError> {
        let inner = Inner {
            name: database_name(name),
            identity: identity_bytes(identity),
            database: RefCell::new(None),
            closed: Cell::new(false),
            on_loss: Box::new(on_loss),
        };
        let writer = Self { inner: Rc::new(inner) };
        writer.connect().await?;
        Ok(writer)
    }

    async fn connect(&self) -> Result<(), ShellError> {
        let mut request = Factory::new()?.open(&self.inner.name, Some(VERSION))?;
        // It would be made anew, and empty: what this tab appends next belongs to what was there.
        request.on_upgrade_needed(|event| {
            let _ =
                event.target().ok().and_then(|request| request.transaction()).map(idb::Transaction::abort);
        });
        let mut database: Database = request.await?;
        for (loss, is_version_change) in [(Loss::Closed, false), (Loss::VersionChange, true)] {
            let inner = Rc::downgrade(&self.inner);
            let lost = move |_| {
                if let Some(inner) = inner.upgrade() {
                    inner.lose(loss);
                }
            };
            if is_version_change {
                database.on_version_change(lost);
            } else {
                database.on_close(lost);
            }
        }
        // The callbacks live as long as the connection does.
        database.forget_callbacks();
        if let Some(old) = self.inner.database.replace(Some(database.into())) {
            old.close();
        }
        Ok(())
    }

    /// Appends values to the log. The error code `collided` says that the first key is taken, or that the commit was void and
    /// is taken back. A value that names staged chunks is appended only if they are all there.
    pub(crate) async fn commit(
        &self,
        position: u64,
        values: &[Vec<u8>],
        strict: bool,
    ) -> Result<(), ShellError> {
        let last = position + values.len() as u64 - 1;
        let beyond = JsValue::from(KeyRange::lower_bound(&JsValue::from_f64(last as f64), Some(true))?);
        let later: RefCell<Option<IdbRequest>> = RefCell::new(None);
        let append = |transaction: &IdbTransaction| {
            let log = transaction.object_store(LOG)?;
            for (value, position) in values.iter().zip(position..) {
                log.add_with_key(&Uint8Array::from(value.as_slice()), &JsValue::from_f64(position as f64))?;
            }
            // Asked together with the rest, so that it takes no turn of its own.
            later.replace(log.get_key(&beyond).ok());
            Ok(())
        };
        match values.first().and_then(|value| named_stage(value)) {
            None => self.retry(&[LOG], strict, append).await?,
            Some(Stage { name, chunks }) => {
                let last = stage_key(name, chunks.saturating_sub(1));
                let range = KeyRange::bound(&stage_key(name, 0), &last, None, None)?;
                let range = JsValue::from(range);
                let check =
                    |transaction: &IdbTransaction| transaction.object_store(STAGED)?.count_with_key(&range);
                let is_well = |found: Option<JsValue>| number_of(found) == chunks as f64;
                self.retry_if(&[LOG, STAGED], strict, (check, is_well), append).await?;
            }
        }
        // Without an answer it is looked for in the log, as if it had collided.
        let Some(found) = later.take().and_then(|request| request.result().ok()) else {
            return Err(ShellError::new("collided", "It is not known what stands after the commit."));
        };
        if found.is_undefined() {
            return Ok(());
        }
        // This tab is behind what compaction has deleted: the commit counts for nothing.
        self.delete(
            LOG,
            &[JsValue::from(KeyRange::bound(
                &JsValue::from_f64(position as f64),
                &JsValue::from_f64(last as f64),
                None,
                None,
            )?)],
        )
        .await?;
        Err(ShellError::new("collided", "The log has gone on without this tab."))
    }

    /// Deletes what is in these ranges of keys of a store.
    pub(super) async fn delete(&self, store: &str, ranges: &[JsValue]) -> Result<(), ShellError> {
        let delete = |transaction: &IdbTransaction| {
            let store = transaction.object_store(store)?;
            ranges.iter().try_for_each(|range| store.delete(range).map(drop))
        };
        self.retry(&[store], false, delete).await
    }

    /// Comes back when the disk has everything that was committed before.
    pub(crate) async fn barrier(&self) -> Result<(), ShellError> {
        let touch = |transaction: &IdbTransaction| {
            transaction.object_store(META)?.put_with_key(&JsValue::from_f64(0.0), &BARRIER.into()).map(drop)
        };
        self.retry(&[META], true, touch).await
    }

    /// Keeps a chunk. The error code `collided` says that another tab builds upon the same stage.
    pub(crate) async fn stage(&self, stage: u64, ordinal: u64, value: &[u8]) -> Result<(), ShellError> {
        let keep = |transaction: &IdbTransaction| {
            let staged = transaction.object_store(STAGED)?;
            staged.add_with_key(&Uint8Array::from(value), &stage_key(stage, ordinal)).map(drop)
        };
        self.retry(&[STAGED], false, keep).await
    }

    /// Drops the chunks of a stage, if the log ends before `position`: a segment there might name it.
    pub(crate) async fn drop_stage(&self, stage: u64, position: u64) -> Result<(), ShellError> {
        let range = JsValue::from(stage_range(stage)?);
        let beyond = JsValue::from(KeyRange::lower_bound(&JsValue::from_f64(position as f64), Some(false))?);
        let check = |transaction: &IdbTransaction| transaction.object_store(LOG)?.count_with_key(&beyond);
        let drop_chunks =
            |transaction: &IdbTransaction| transaction.object_store(STAGED)?.delete(&range).map(drop);
        self.retry_if(&[LOG, STAGED], false, (check, |found| number_of(found) == 0.0), drop_chunks).await
    }

    /// Remembers what is known of peers.
    pub(crate) async fn save_peers(&self, bytes: &[u8]) -> Result<(), ShellError> {
        let remember = |transaction: &IdbTransaction| {
            transaction.object_store(META)?.put_with_key(&Uint8Array::from(bytes), &PEERS.into()).map(drop)
        };
        self.retry(&[META], false, remember).await
    }

    /// Closes the connection; what is under way completes.
    pub(crate) fn close(&self) {
        self.inner.closed.set(true);
        if let Some(database) = self.inner.database.take() {
            database.close();
        }
    }

    // All requests are made at once and the transaction is told that there are no more, which saves a turn.
    pub(super) async fn retry(
        &self,
        stores: &[&str],
        strict: bool,
        ask: impl Fn(&IdbTransaction) -> Result<(), JsValue>,
    ) -> Result<(), ShellError> {
        self.reconnecting(async || {
            let transaction = self.begin(stores, strict)?;
            self.end(&transaction, ask(&transaction)).await
        })
        .await
    }

    // The same after a look: where it is not as it should be, nothing is done and the transaction aborted.
    pub(super) async fn retry_if(
        &self,
        stores: &[&str],
        strict: bool,
        (check, is_well): (
            impl Fn(&IdbTransaction) -> Result<IdbRequest, JsValue>,
            impl Fn(Option<JsValue>) -> bool,
        ),
        ask: impl Fn(&IdbTransaction) -> Result<(), JsValue>,
    ) -> Result<(), ShellError> {
        self.reconnecting(async || {
            let transaction = self.begin(stores, strict)?;
            let found = match check(&transaction) {
                Ok(request) => answer(&request).await,
                Err(thrown) => return self.end(&transaction, Err(thrown)).await,
            };
            let found = if is_well(found) { ask(&transaction) } else { Err(JsValue::UNDEFINED) };
            self.end(&transaction, found).await
        })
        .await
    }

    // Once more over a new connection, if the old one is lost.
    async fn reconnecting(&self, act: impl AsyncFn() -> Result<(), ShellError>) -> Result<(), ShellError> {
        match act().await {
            Err(error) if error.code == "storage-lost" && !self.inner.closed.get() => {
                self.reconnect().await?;
                act().await
            }
            other => other,
        }
    }

    /// Connects anew to what was there before. If it is there no more, that is a loss of its own.
    pub(crate) async fn reconnect(&self) -> Result<(), ShellError> {
        let is_same = match self.connect().await {
            Ok(()) => self.holds_identity().await?,
            Err(error) if error.code == "transaction-aborted" => false,
            Err(error) => return Err(error),
        };
        if is_same {
            return Ok(());
        }
        self.inner.lose(Loss::Gone);
        Err(ShellError::new("storage-lost", "The browser no longer has the database."))
    }

    async fn holds_identity(&self) -> Result<bool, ShellError> {
        let transaction = self.begin(&[META], false)?;
        let asked = transaction.object_store(META).and_then(|store| store.get(&IDENTITY.into()));
        let found = answer(&asked.map_err(|thrown| from_thrown(&thrown))?).await;
        Ok(found.and_then(|value| bytes_of(&value)).is_some_and(|bytes| bytes == self.inner.identity))
    }

    fn begin(&self, stores: &[&str], strict: bool) -> Result<IdbTransaction, ShellError> {
        let lost = || ShellError::new("storage-lost", "The connection to the database is lost.");
        let database = self.inner.database.borrow().clone().ok_or_else(lost)?;
        let options = Object::new();
        let durability = if strict { "strict" } else { "relaxed" };
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&options, &"durability".into(), &durability.into());
        let names: Array = stores.iter().map(|name| JsValue::from_str(name)).collect();
        database
            .unchecked_ref::<DurableDatabase>()
            .transaction(&names, "readwrite", &options)
            .map_err(|thrown| from_thrown(&thrown))
    }

    // Waits for the end. Where something could not be asked for, what was asked before must not be committed.
    async fn end(&self, transaction: &IdbTransaction, asked: Result<(), JsValue>) -> Result<(), ShellError> {
        let outcome = Outcome::of(transaction);
        // Either may fail when the transaction has ended already; its events tell how.
        let _ = match &asked {
            Ok(()) => transaction.unchecked_ref::<EagerTransaction>().commit(),
            Err(_) => transaction.abort(),
        };
        let ended = outcome.wait(transaction, || self.inner.database.borrow().is_none()).await;
        match asked {
            Err(thrown) if !thrown.is_undefined() => Err(from_thrown(&thrown)),
            _ => ended,
        }
    }
}

// Most segments name none, which is told without reading them.
fn named_stage(value: &[u8]) -> Option<Stage> {
    stage_of(value, &Limits::AT_REST).ok().flatten()?;
    Segment::from_bytes(value, &Limits::AT_REST).ok()?.stage()
}

// A count that was asked for; no number where that failed.
fn number_of(found: Option<JsValue>) -> f64 {
    found.and_then(|count| count.as_f64()).unwrap_or(f64::NAN)
}

// What a request answers with; nothing where it fails.
async fn answer(request: &IdbRequest) -> Option<JsValue> {
    let (sender, answered) = oneshot::channel();
    let answer = request.clone();
    let listener = Closure::once(move |_: Event| {
        let _ = sender.send(answer.result().ok());
    });
    request.set_onsuccess(Some(listener.as_ref().unchecked_ref()));
    request.set_onerror(Some(listener.as_ref().unchecked_ref()));
    answered.await.ok().flatten()
}

impl Inner {
    fn lose(&self, loss: Loss) {
        if let Some(database) = self.database.take() {
            database.close();
        }
        (self.on_loss)(loss);
    }
}

// How a transaction ends. The closures live until then.
struct Outcome {
    ended: oneshot::Receiver<bool>,
    _complete: Closure<dyn FnMut(Event)>,
    _abort: Closure<dyn FnMut(Event)>,
}

impl Outcome {
    fn of(transaction: &IdbTransaction) -> Self {
        let (sender, ended) = oneshot::channel();
        let sender = Rc::new(Cell::new(Some(sender)));
        let end = |committed: bool| {
            let sender = Rc::clone(&sender);
            Closure::<dyn FnMut(Event)>::new(move |_| {
                if let Some(sender) = sender.take() {
                    // Nobody waits any longer when the page goes away.
                    let _ = sender.send(committed);
                }
            })
        };
        let (complete, abort) = (end(true), end(false));
        transaction.set_oncomplete(Some(complete.as_ref().unchecked_ref()));
        transaction.set_onabort(Some(abort.as_ref().unchecked_ref()));
        Self { ended, _complete: complete, _abort: abort }
    }

    async fn wait(self, transaction: &IdbTransaction, is_lost: impl Fn() -> bool) -> Result<(), ShellError> {
        match self.ended.await {
            Ok(true) => Ok(()),
            _ => Err(match transaction.error() {
                Some(exception) if exception.name() != "AbortError" || !is_lost() => (&exception).into(),
                _ if is_lost() => {
                    ShellError::new("storage-lost", "The connection was lost during the transaction.")
                }
                _ => ShellError::new("transaction-aborted", "The browser has aborted the transaction."),
            }),
        }
    }
}
