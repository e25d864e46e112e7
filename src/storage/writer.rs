//! Writes to the stores with a durability of its own choice, one transaction a commit.
//!
//! A connection can be lost at any time (storage cleared by the user, a crashed storage process). It is opened anew and
//! the commit tried again; one whose success was not heard of then finds itself in the log, which the engine knows.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;
use idb::{Database, Factory};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, IdbDatabase, IdbObjectStore, IdbTransaction};

use super::reader::stage_key;
use super::{BARRIER, LOG, META, PEERS, STAGED, database_name};
use crate::errors::{ShellError, from_thrown};

// web-sys has durability only behind a flag that the whole build would have to carry, and a `commit` that it deprecates.
#[wasm_bindgen]
extern "C" {
    type DurableDatabase;

    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &DurableDatabase,
        store: &str,
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
}

/// The writing half of a database.
#[derive(Clone)]
pub(crate) struct Writer {
    inner: Rc<Inner>,
}

struct Inner {
    name: String,
    database: RefCell<Option<IdbDatabase>>,
    closed: Cell<bool>,
    on_loss: Box<dyn Fn(Loss)>,
}

impl Writer {
    /// Connects to stores that exist. `on_loss` hears when the connection goes away by itself.
    pub(crate) async fn open(name: &str, on_loss: impl Fn(Loss) + 'static) -> Result<Self, ShellError> {
        let inner = Inner {
            name: database_name(name),
            database: RefCell::new(None),
            closed: Cell::new(false),
            on_loss: Box::new(on_loss),
        };
        let writer = Self { inner: Rc::new(inner) };
        writer.connect().await?;
        Ok(writer)
    }

    async fn connect(&self) -> Result<(), ShellError> {
        let mut database: Database = Factory::new()?.open(&self.inner.name, None)?.await?;
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

    /// Appends values to the log. The error code `collided` says that the first key is taken.
    pub(crate) async fn commit(
        &self,
        position: u64,
        values: &[Vec<u8>],
        strict: bool,
    ) -> Result<(), ShellError> {
        self.retry(LOG, strict, |store| {
            for (value, position) in values.iter().zip(position..) {
                let key = JsValue::from_f64(position as f64);
                store.add_with_key(&Uint8Array::from(value.as_slice()), &key)?;
            }
            Ok(())
        })
        .await
    }

    /// Comes back when the disk has everything that was committed before.
    pub(crate) async fn barrier(&self) -> Result<(), ShellError> {
        self.retry(META, true, |store| store.put_with_key(&JsValue::from_f64(0.0), &BARRIER.into()).map(drop))
            .await
    }

    /// Keeps a chunk.
    pub(crate) async fn stage(&self, stage: u64, ordinal: u64, value: &[u8]) -> Result<(), ShellError> {
        self.retry(STAGED, false, |store| {
            store.put_with_key(&Uint8Array::from(value), &stage_key(stage, ordinal)).map(drop)
        })
        .await
    }

    /// Drops the chunks of a stage.
    pub(crate) async fn drop_stage(&self, stage: u64) -> Result<(), ShellError> {
        let range =
            idb::KeyRange::bound(&stage_key(stage, 0), &stage_key(stage, u32::MAX.into()), None, None)?;
        let range = JsValue::from(range);
        self.retry(STAGED, false, |store| store.delete(&range).map(drop)).await
    }

    /// Remembers what is known of peers.
    pub(crate) async fn save_peers(&self, bytes: &[u8]) -> Result<(), ShellError> {
        self.retry(META, false, |store| store.put_with_key(&Uint8Array::from(bytes), &PEERS.into()).map(drop))
            .await
    }

    /// Closes the connection; what is under way completes.
    pub(crate) fn close(&self) {
        self.inner.closed.set(true);
        if let Some(database) = self.inner.database.take() {
            database.close();
        }
    }

    // Once more over a new connection, if the old one is lost.
    async fn retry(
        &self,
        store: &str,
        strict: bool,
        ask: impl Fn(&IdbObjectStore) -> Result<(), JsValue>,
    ) -> Result<(), ShellError> {
        match self.transact(store, strict, &ask).await {
            Err(error) if error.code == "storage-lost" && !self.inner.closed.get() => {
                self.connect().await?;
                self.transact(store, strict, &ask).await
            }
            other => other,
        }
    }

    // All requests are made at once and the transaction is told that there are no more, which saves a turn.
    async fn transact(
        &self,
        store: &str,
        strict: bool,
        ask: &impl Fn(&IdbObjectStore) -> Result<(), JsValue>,
    ) -> Result<(), ShellError> {
        let lost = || ShellError::new("storage-lost", "The connection to the database is lost.");
        let database = self.inner.database.borrow().clone().ok_or_else(lost)?;
        let options = Object::new();
        let durability = if strict { "strict" } else { "relaxed" };
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&options, &"durability".into(), &durability.into());
        let transaction = database
            .unchecked_ref::<DurableDatabase>()
            .transaction(store, "readwrite", &options)
            .map_err(|thrown| from_thrown(&thrown))?;
        let outcome = Outcome::of(&transaction);
        let store = transaction.object_store(store).map_err(|thrown| from_thrown(&thrown))?;
        if let Err(thrown) = ask(&store) {
            // Without an abort the requests that were made would still be committed.
            let _ = transaction.abort();
            // Its events still come, and want their listeners.
            let _ = outcome.wait(&transaction, || false).await;
            return Err(from_thrown(&thrown));
        }
        // It may have failed already; then the abort event tells why.
        let _ = transaction.unchecked_ref::<EagerTransaction>().commit();
        outcome.wait(&transaction, || self.inner.database.borrow().is_none()).await
    }
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
