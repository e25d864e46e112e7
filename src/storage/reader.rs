//! Reads the log, the staged chunks, the checkpoint and the pages, through rexie.

use std::cell::RefCell;
use std::rc::Rc;

use eyot_core::Limits;
use eyot_core::checkpoint::{PageId, Root};
use eyot_core::engine::{StoredCheckpoint, StoredPage, StoredSegment};
use eyot_core::segment::stage_of;
use futures_util::future::{try_join, try_join_all};
use js_sys::Array;
use rexie::{KeyRange, Rexie, Store, Transaction, TransactionMode};
use wasm_bindgen::JsValue;

use super::schema::bytes_of;
use super::{CHECKPOINT, LOG, META, PAGES, STAGED};
use crate::errors::ShellError;

/// How many values are read at first; between two readings the page may draw.
pub(crate) const FIRST_VALUES: u32 = 8;
/// From then on as many as have about so many bytes, if they are like those before, within bounds.
const BYTES_AT_ONCE: usize = 256 << 10;
const MOST_VALUES: u32 = 64;

/// A part of the log.
pub(crate) enum LogPage {
    /// These come next.
    Segments(Vec<StoredSegment>),
    /// The log is not kept from there: the checkpoint is to be read.
    Behind,
}

/// True when these are the last ones of the log, of so many that were asked for.
pub(crate) fn is_end(page: &[StoredSegment], most: u32) -> bool {
    (page.len() as u64) < u64::from(most)
}

/// How many values are to be read after these: many, where they are small.
pub(crate) fn values_after(page: &[StoredSegment]) -> u32 {
    let sizes =
        page.iter().map(|segment| segment.value.len() + segment.chunks.iter().map(Vec::len).sum::<usize>());
    let average = sizes.sum::<usize>() / page.len().max(1);
    let count = u32::try_from(BYTES_AT_ONCE / average.max(1)).unwrap_or(MOST_VALUES);
    count.clamp(FIRST_VALUES, MOST_VALUES)
}

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

    /// Reads the log from a position on, so many values at most; fewer are the end. A segment comes with the
    /// chunks that were staged for it. What stands below what the checkpoint keeps counts for nothing.
    pub(crate) async fn page(&self, position: u64, most: u32) -> Result<LogPage, ShellError> {
        let rexie = self.rexie()?;
        let transaction = rexie.transaction(&[META, LOG, STAGED])?;
        let log = transaction.store(LOG)?;
        let from = JsValue::from_f64(position as f64);
        let range = KeyRange::lower_bound(&from, Some(false))?;
        let values = async { Ok(log.get_all(Some(range), Some(most)).await?) };
        let (root, values) = try_join(read_root(&transaction), values).await?;
        if root.is_some_and(|(root, _)| position < root.kept_from) {
            return Ok(LogPage::Behind);
        }
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
        Ok(LogPage::Segments(segments))
    }

    /// Reads the log from a position to its end; from the checkpoint on, if it is not kept from there.
    pub(crate) async fn rest(
        &self,
        position: u64,
    ) -> Result<(Option<StoredCheckpoint>, Vec<StoredSegment>), ShellError> {
        let (mut from, mut checkpoint, mut segments) = (position, None, Vec::new());
        let mut most = FIRST_VALUES;
        loop {
            match self.page(from, most).await? {
                LogPage::Segments(page) => {
                    let is_end = is_end(&page, most);
                    (from, most) = (from + page.len() as u64, values_after(&page));
                    segments.extend(page);
                    if is_end {
                        return Ok((checkpoint, segments));
                    }
                }
                LogPage::Behind => {
                    let Some((root, stored)) = self.checkpoint().await? else { continue };
                    from = root.reaches + 1;
                    checkpoint = Some(stored);
                    segments.clear();
                }
            }
        }
    }

    /// Reads the checkpoint, if there is one.
    pub(crate) async fn checkpoint(&self) -> Result<Option<(Root, StoredCheckpoint)>, ShellError> {
        let rexie = self.rexie()?;
        let transaction = rexie.transaction(&[META, PAGES])?;
        let Some((root, bytes)) = read_root(&transaction).await? else { return Ok(None) };
        let parts = read_pages(&transaction, &root.parts).await?;
        let parts = parts.into_iter().map(|page| page.value.unwrap_or_default()).collect();
        Ok(Some((root, StoredCheckpoint { root: bytes, parts })))
    }

    /// Reads pages, those that are there.
    pub(crate) async fn pages(&self, pages: &[PageId]) -> Result<Vec<StoredPage>, ShellError> {
        let rexie = self.rexie()?;
        read_pages(&rexie.transaction(&[PAGES])?, pages).await
    }

    /// The keys of all pages and parts.
    pub(crate) async fn page_keys(&self) -> Result<Vec<PageId>, ShellError> {
        let rexie = self.rexie()?;
        let keys = rexie.transaction(&[PAGES])?.store(PAGES)?.get_all_keys(None, None).await?;
        Ok(keys.iter().filter_map(JsValue::as_f64).map(|key| PageId(key as u64)).collect())
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

// A root that cannot be read is the engine's to report.
async fn read_root(transaction: &Transaction) -> Result<Option<(Root, Vec<u8>)>, ShellError> {
    let value = transaction.store(META)?.get(CHECKPOINT.into()).await?;
    let Some(bytes) = value.and_then(|value| bytes_of(&value)) else { return Ok(None) };
    let unreadable = Root { generation: 0, reaches: 0, kept_from: 0, parts: Vec::new(), body: Vec::new() };
    Ok(Some((Root::from_bytes(&bytes).unwrap_or(unreadable), bytes)))
}

// All are asked for at once.
async fn read_pages(transaction: &Transaction, pages: &[PageId]) -> Result<Vec<StoredPage>, ShellError> {
    let store = transaction.store(PAGES)?;
    let read = pages.iter().map(|page| store.get(JsValue::from_f64(page.0 as f64)));
    let values = try_join_all(read).await?;
    let page = |(id, value): (&PageId, Option<JsValue>)| StoredPage {
        id: *id,
        value: value.and_then(|value| bytes_of(&value)),
    };
    Ok(pages.iter().zip(values).map(page).collect())
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
