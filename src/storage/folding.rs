//! Writes pages and the checkpoint, in transactions that keep nobody waiting, and deletes what they have replaced.

use eyot_core::checkpoint::{PageId, Root};
use idb::KeyRange;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::IdbTransaction;

use super::reader::stage_range;
use super::schema::bytes_of;
use super::{CHECKPOINT, LOG, META, PAGES, STAGED, Writer};
use crate::errors::ShellError;

/// How many pages are deleted in one transaction.
const DELETED_AT_ONCE: usize = 64;

impl Writer {
    /// Adds pages, or parts of a checkpoint.
    pub(crate) async fn add_pages(&self, pages: &[(PageId, Vec<u8>)]) -> Result<(), ShellError> {
        let add = |transaction: &IdbTransaction| {
            let store = transaction.object_store(PAGES)?;
            for (id, page) in pages {
                store.put_with_key(&Uint8Array::from(page.as_slice()), &key_of(*id))?;
            }
            Ok(())
        };
        self.retry(&[PAGES], false, add).await
    }

    /// Replaces the root, if it has that generation, and deletes these pages with the one before. It is aborted otherwise.
    pub(crate) async fn switch_root(
        &self,
        expected: u64,
        root: &[u8],
        dropped: &[PageId],
        strict: bool,
    ) -> Result<(), ShellError> {
        let check = |transaction: &IdbTransaction| transaction.object_store(META)?.get(&CHECKPOINT.into());
        let is_expected = |found: Option<JsValue>| {
            let bytes = found.and_then(|found| bytes_of(&found));
            let root = bytes.map(|bytes| Root::from_bytes(&bytes).map_or(u64::MAX, |root| root.generation));
            root.unwrap_or(0) == expected
        };
        let switch = |transaction: &IdbTransaction| {
            let meta = transaction.object_store(META)?;
            meta.put_with_key(&Uint8Array::from(root), &CHECKPOINT.into())?;
            if !dropped.is_empty() {
                let pages = transaction.object_store(PAGES)?;
                dropped.iter().try_for_each(|id| pages.delete(&key_of(*id)).map(drop))?;
            }
            Ok(())
        };
        let stores: &[&str] = if dropped.is_empty() { &[META] } else { &[META, PAGES] };
        self.retry_if(stores, strict, (check, is_expected), switch).await
    }

    /// Deletes what nothing needs any more. What is left by an error or a crash is found another time.
    pub(crate) async fn sweep(
        &self,
        pages: &[PageId],
        log_before: u64,
        stages: &[u64],
    ) -> Result<(), ShellError> {
        for some in pages.chunks(DELETED_AT_ONCE) {
            let keys: Vec<JsValue> = some.iter().map(|id| key_of(*id)).collect();
            self.delete(PAGES, &keys).await?;
        }
        for stage in stages {
            self.delete(STAGED, &[JsValue::from(stage_range(*stage)?)]).await?;
        }
        let before = KeyRange::upper_bound(&JsValue::from_f64(log_before as f64), Some(true))?;
        self.delete(LOG, &[JsValue::from(before)]).await
    }
}

fn key_of(id: PageId) -> JsValue {
    JsValue::from_f64(id.0 as f64)
}
