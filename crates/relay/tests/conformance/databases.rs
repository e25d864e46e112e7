//! Claims about databases and the store as a whole.

use eyot_core::session::Local;
use eyot_core::{Cursor, LogEpoch, Seq};
use eyot_relay::store::StoreError;

use crate::fixture::{A, Fixture, entry, text};

pub(crate) async fn a_database_is_made_once_and_keeps_its_names(it: Fixture) {
    let name = it.database.name.clone();
    let (first, second) = tokio::join!(it.store.open(&name, true), it.store.open(&name, true));
    let (first, second) = (first.unwrap().unwrap(), second.unwrap().unwrap());
    assert_eq!(first, second);
    let other = it.store.open(&"tags".parse().unwrap(), true).await.unwrap().unwrap();
    assert_ne!(first.local.replica, other.local.replica);
    assert_ne!(first.local.epoch, other.local.epoch);
}

pub(crate) async fn a_reader_does_not_make_a_database(it: Fixture) {
    let name = "tags".parse().unwrap();
    assert_eq!(it.store.open(&name, false).await, Ok(None));
    assert!(it.store.open(&name, true).await.unwrap().is_some());
    assert!(it.store.open(&name, false).await.unwrap().is_some());
}

pub(crate) async fn databases_do_not_touch_each_other(it: Fixture) {
    let other = it.store.open(&"tags".parse().unwrap(), true).await.unwrap().unwrap();
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    let page = it.store.page(&other.database, crate::fixture::request(0)).await.unwrap();
    assert_eq!((text(&page), page.up_to.0), (String::new(), 0));
    let known = it.store.peer(&other.database, A, crate::fixture::epoch(A)).await.unwrap();
    assert_eq!(known.standing, None);
}

pub(crate) async fn a_closed_store_takes_nothing_more(it: Fixture) {
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    it.store.probe().await.unwrap();
    it.store.close().await.unwrap();
    assert_eq!(it.apply(A, 2, "a:2", &[entry("n2", "a:2/")]).await, Err(StoreError::Closed));
    assert_eq!(it.store.probe().await, Err(StoreError::Closed));
}

pub(crate) async fn a_log_gets_a_new_life_only_if_somebody_was_further(it: Fixture) {
    it.apply(A, 1, "a:1", &[entry("n1", "a:1/")]).await.unwrap();
    let (before, place) = (it.local().await, |epoch, seq| Cursor { epoch, seq: Seq(seq) });
    for beyond in [place(before.epoch, 1), place(LogEpoch(before.epoch.0 ^ 1), 9)] {
        assert_eq!(it.store.begin_life(&it.database, beyond).await, Ok(false));
        assert_eq!(it.local().await, before);
    }
    assert_eq!(it.store.begin_life(&it.database, place(before.epoch, 2)).await, Ok(true));
    let after = it.local().await;
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(Local { epoch: before.epoch, ..after }, before);
    assert_eq!(it.store.begin_life(&it.database, place(before.epoch, 2)).await, Ok(false));
}
