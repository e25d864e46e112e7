//! The stores, and the identity of the replica that lives in them.

use eyot_core::{LogEpoch, ReplicaId};
use futures_util::future::{Either, select, try_join};
use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use rexie::{ObjectStore, Rexie, TransactionMode};
use wasm_bindgen::{JsCast, JsValue};

use super::{IDENTITY, LOG, META, PAGES, PEERS, STAGED, database_name, mark};
use crate::clock::{random_id, random_number};
use crate::errors::ShellError;

/// The version of the stores. Opening with a higher one than this is refused by IndexedDB itself.
pub(super) const VERSION: u32 = 2;
const IDENTITY_VERSION: u8 = 1;
/// Another tab that deletes the database keeps an opening waiting; longer than this is said to the application.
const PATIENCE_MS: u32 = 10_000;

/// What is kept beside the log.
pub(crate) struct Meta {
    pub(crate) replica: ReplicaId,
    pub(crate) epoch: LogEpoch,
    pub(crate) peers: Option<Vec<u8>>,
}

/// Opens or makes the stores, and reads or makes the identity.
pub(crate) async fn prepare(name: &str) -> Result<(Rexie, Meta), ShellError> {
    let rexie = reopen(name).await?;
    let meta = read_or_make_meta(&rexie).await?;
    Ok((rexie, meta))
}

/// Opens the stores, or makes them.
pub(crate) async fn reopen(name: &str) -> Result<Rexie, ShellError> {
    // Every store must be declared here: rexie deletes those that are not when the version goes up.
    let stores = [META, LOG, STAGED, PAGES].map(ObjectStore::new);
    let name = database_name(name);
    let builder = stores
        .into_iter()
        .fold(Rexie::builder(&name).version(VERSION), |builder, store| builder.add_object_store(store));
    match select(Box::pin(builder.build()), TimeoutFuture::new(PATIENCE_MS)).await {
        Either::Left((rexie, _)) => Ok(rexie?),
        Either::Right(_) => {
            let message = "Another tab keeps the database from being opened; close the other tabs.";
            Err(ShellError::new("storage-blocked", message))
        }
    }
}

async fn read_or_make_meta(rexie: &Rexie) -> Result<Meta, ShellError> {
    match read_meta(rexie).await? {
        Some(meta) => Ok(meta),
        None => make_meta(rexie).await,
    }
}

async fn read_meta(rexie: &Rexie) -> Result<Option<Meta>, ShellError> {
    let store = rexie.transaction(&[META], TransactionMode::ReadOnly)?.store(META)?;
    let (identity, peers) = try_join(store.get(IDENTITY.into()), store.get(PEERS.into())).await?;
    let Some(identity) = identity else { return Ok(None) };
    let (replica, epoch) = read_identity(&identity)?;
    Ok(Some(Meta { replica, epoch, peers: peers.as_ref().and_then(bytes_of) }))
}

// In one transaction, so that two tabs that open a new database at once agree on the identity.
async fn make_meta(rexie: &Rexie) -> Result<Meta, ShellError> {
    let transaction = rexie.transaction(&[META], TransactionMode::ReadWrite)?;
    let store = transaction.store(META)?;
    let (replica, epoch) = match store.get(IDENTITY.into()).await? {
        Some(value) => read_identity(&value)?,
        None => {
            let identity = (random_id()?, LogEpoch(random_number()?));
            store.add(&write_identity(identity), Some(&IDENTITY.into())).await?;
            identity
        }
    };
    transaction.done().await?;
    Ok(Meta { replica, epoch, peers: None })
}

fn write_identity(identity: (ReplicaId, LogEpoch)) -> JsValue {
    Uint8Array::from(identity_bytes(identity).as_slice()).into()
}

/// The identity as it is stored.
pub(super) fn identity_bytes((replica, epoch): (ReplicaId, LogEpoch)) -> Vec<u8> {
    let mut bytes = vec![IDENTITY_VERSION];
    bytes.extend(replica.to_bytes());
    bytes.extend(epoch.0.to_le_bytes());
    bytes
}

fn read_identity(value: &JsValue) -> Result<(ReplicaId, LogEpoch), ShellError> {
    let corrupt = || ShellError::new("storage-corrupt", "The identity of the replica cannot be read.");
    let bytes = bytes_of(value).ok_or_else(corrupt)?;
    let mut reader = eyot_core::Reader::new(&bytes);
    let version = reader.byte().map_err(|_| corrupt())?;
    if version != IDENTITY_VERSION {
        return Err(ShellError::new("newer-version", "The database was written by a newer version."));
    }
    let replica = reader.array().map_err(|_| corrupt())?;
    let epoch = reader.fixed().map_err(|_| corrupt())?;
    reader.finish().map_err(|_| corrupt())?;
    Ok((ReplicaId::from_bytes(replica), LogEpoch(epoch)))
}

/// The bytes of a stored value, if it is bytes.
pub(super) fn bytes_of(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

/// Deletes a database with all that is in it.
pub(crate) async fn destroy(name: &str) -> Result<(), ShellError> {
    // Before, so that a crash right after it leaves no loss to tell; and after, for a tab that had not yet closed it.
    mark::clear(name);
    let stored = database_name(name);
    match select(Box::pin(Rexie::delete(&stored)), TimeoutFuture::new(PATIENCE_MS)).await {
        Either::Left((deleted, _)) => {
            mark::clear(name);
            Ok(deleted?)
        }
        Either::Right(_) => {
            let message = "Another tab has the database open and does not close it.";
            Err(ShellError::new("storage-blocked", message))
        }
    }
}
