//! Claims about SQLite alone: what outlives the process.

use std::sync::Arc;

use eyot_relay::hub::Hubs;
use eyot_relay::store::sqlite::SqliteStore;
use eyot_relay::store::{Store, StoreError};

use crate::fixture::{A, limits, request};

async fn open(folder: &std::path::Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(folder, &limits(), Arc::new(Hubs::default())).await
}

#[tokio::test]
async fn a_store_is_as_it_was_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let name = "notes".parse().unwrap();
    let store = open(folder.path()).await.unwrap();
    let database = store.open(&name, true).await.unwrap().unwrap().database;
    let last = crate::fixture::chunk(A, (0, 0, 5), &[crate::fixture::entry("n1", "a:1/")]);
    let changed = "a:1@00000007".parse().unwrap();
    let clock = eyot_core::message::DeltaClock { link: 9, changed, ..Default::default() };
    let (judged, asked) = Default::default();
    let delta = eyot_relay::store::Delta { last, chunks: 0, clock, judged, asked };
    store.apply(&database, delta).await.unwrap();
    let before = (
        store.open(&name, false).await.unwrap(),
        store.page(&database, request(0)).await.unwrap(),
        store.peer(&database, A, crate::fixture::epoch(A)).await.unwrap(),
    );
    store.close().await.unwrap();
    drop(store);
    let store = open(folder.path()).await.unwrap();
    let after = (
        store.open(&name, false).await.unwrap(),
        store.page(&database, request(0)).await.unwrap(),
        store.peer(&database, A, crate::fixture::epoch(A)).await.unwrap(),
    );
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_folder_has_one_relay() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).await.unwrap();
    assert!(matches!(open(folder.path()).await, Err(StoreError::InUse)));
    first.close().await.unwrap();
    drop(first);
    assert_eq!(open(folder.path()).await.map(|_| ()), Ok(()));
}
