//! Reads the log and the staged chunks, through rexie.

use std::cell::RefCell;
use std::rc::Rc;

use eyot_core::Limits;
use eyot_core::engine::StoredSegment;
use eyot_core::segment::stage_of;
use js_sys::Array;
use rexie::{KeyRange, Rexie, Store, Transaction, TransactionMode};
use wasm_bindgen::JsValue;

use super::schema::bytes_of;
use super::{LOG, STAGED};
use crate::errors::ShellError;

/// How many values are read at once; between two readings the page may draw.
const VALUES_AT_ONCE: u32 = 8;

/// The reading half of a database.
pub(crate) struct Reader {
    rexie: RefCell<Option<Rc<Connection>>>,
}

// Closed when nobody reads through it any more: an open one would keep other tabs from deleting the database.
struct Connection(Option<Rexie>);

impl Connection {
    fn transaction(&self, stores: &[&str]) -> Result<Transaction, ShellError> {
        let rexie = self.0.as_ref().ok_or_else(ShellError::closed)?;
        Ok(rexie.transaction(stores, TransactionMode::ReadOnly)?)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(rexie) = self.0.take() {
            rexie.close();
        }
    }
}

impl Reader {
    pub(crate) fn new(rexie: Rexie) -> Self {
        Self { rexie: RefCell::new(Some(Rc::new(Connection(Some(rexie))))) }
    }

    /// Reads through this connection from now on.
    pub(crate) fn replace(&self, rexie: Rexie) {
        self.rexie.replace(Some(Rc::new(Connection(Some(rexie)))));
    }

    /// Reads the log from a position on, at most a page of it; an empty answer is the end. A segment comes with the
    /// chunks that were staged for it.
    pub(crate) async fn page(&self, position: u64) -> Result<Vec<StoredSegment>, ShellError> {
        let rexie = self.rexie()?;
        let transaction = rexie.transaction(&[LOG, STAGED])?;
        let log = transaction.store(LOG)?;
        let from = JsValue::from_f64(position as f64);
        let range = KeyRange::lower_bound(&from, Some(false))?;
        let values = log.get_all(Some(range), Some(VALUES_AT_ONCE)).await?;
        let staged = transaction.store(STAGED)?;
        let mut segments = Vec::with_capacity(values.len());
        for (value, position) in values.into_iter().zip(position..) {
            let value = bytes_of(&value).unwrap_or_default();
            // A segment that cannot be read is the engine's to report.
            let chunks = match stage_of(&value, &Limits::AT_REST) {
                Ok(Some(stage)) => read_chunks(&staged, stage).await?,
                _ => Vec::new(),
            };
            segments.push(StoredSegment { position, value, chunks });
        }
        Ok(segments)
    }

    /// Reads the log from a position to its end.
    pub(crate) async fn rest(&self, position: u64) -> Result<Vec<StoredSegment>, ShellError> {
        let mut segments = Vec::new();
        loop {
            let page = self.page(position + segments.len() as u64).await?;
            if page.is_empty() {
                return Ok(segments);
            }
            segments.extend(page);
        }
    }

    /// The names of all stages that have chunks.
    pub(crate) async fn stages(&self) -> Result<Vec<u64>, ShellError> {
        let rexie = self.rexie()?;
        let transaction = rexie.transaction(&[STAGED])?;
        let keys = transaction.store(STAGED)?.get_all_keys(None, None).await?;
        let mut names: Vec<u64> =
            keys.iter().filter_map(|key| Array::from(key).get(0).as_f64()).map(|name| name as u64).collect();
        names.dedup();
        Ok(names)
    }

    /// The chunks of one stage, in order.
    pub(crate) async fn chunks(&self, stage: u64) -> Result<Vec<Vec<u8>>, ShellError> {
        let rexie = self.rexie()?;
        let transaction = rexie.transaction(&[STAGED])?;
        read_chunks(&transaction.store(STAGED)?, stage).await
    }

    /// Closes the connection, as soon as what is being read is read.
    pub(crate) fn close(&self) {
        self.rexie.take();
    }

    fn rexie(&self) -> Result<Rc<Connection>, ShellError> {
        self.rexie.borrow().clone().ok_or_else(ShellError::closed)
    }
}

async fn read_chunks(store: &Store, stage: u64) -> Result<Vec<Vec<u8>>, ShellError> {
    let values = store.get_all(Some(stage_range(stage)?), None).await?;
    Ok(values.iter().map(|value| bytes_of(value).unwrap_or_default()).collect())
}

/// The keys of all chunks of a stage.
pub(super) fn stage_range(stage: u64) -> Result<KeyRange, ShellError> {
    Ok(KeyRange::bound(&stage_key(stage, 0), &stage_key(stage, u32::MAX.into()), None, None)?)
}

/// The key of a chunk: arrays of numbers are ordered by their items.
pub(super) fn stage_key(stage: u64, ordinal: u64) -> JsValue {
    Array::of2(&JsValue::from_f64(stage as f64), &JsValue::from_f64(ordinal as f64)).into()
}
