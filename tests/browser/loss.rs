//! What the browser does to a whole database: it is put back to what it was, or it is gone.

use idb::Factory;
use js_sys::Reflect;
use rexie::{ObjectStore, Rexie, TransactionMode};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::fault;
use crate::tab::{self, Tab, code_of, unused_name};

const STORES: [&str; 3] = ["meta", "log", "staged"];

/// Everything that is in the stores.
struct Contents(Vec<(&'static str, Vec<(JsValue, JsValue)>)>);

impl Contents {
    async fn of(name: &str) -> Self {
        let rexie = Rexie::builder(&format!("eyot:{name}")).build().await.unwrap();
        let transaction = rexie.transaction(&STORES, TransactionMode::ReadOnly).unwrap();
        let mut contents = Vec::new();
        for store_name in STORES {
            let store = transaction.store(store_name).unwrap();
            let keys = store.get_all_keys(None, None).await.unwrap();
            contents
                .push((store_name, keys.into_iter().zip(store.get_all(None, None).await.unwrap()).collect()));
        }
        rexie.close();
        Self(contents)
    }

    async fn put_back(&self, name: &str) {
        Rexie::delete(&format!("eyot:{name}")).await.unwrap();
        let stores = STORES.map(ObjectStore::new);
        let builder = Rexie::builder(&format!("eyot:{name}")).version(1);
        let builder = stores.into_iter().fold(builder, |builder, store| builder.add_object_store(store));
        let rexie = builder.build().await.unwrap();
        let transaction = rexie.transaction(&STORES, TransactionMode::ReadWrite).unwrap();
        for (store_name, entries) in &self.0 {
            let store = transaction.store(store_name).unwrap();
            for (key, value) in entries {
                store.put(value, Some(key)).await.unwrap();
            }
        }
        transaction.done().await.unwrap();
        rexie.close();
    }
}

#[wasm_bindgen_test]
async fn a_restored_indexeddb_is_a_new_replica_that_lacks_nothing_and_keeps_what_was_unsent() {
    let (name, elsewhere) = (unused_name(), Tab::open(&unused_name()).await);
    let tab = Tab::open(&name).await;
    tab.put("n1", "1").await.unwrap();
    let context = tab.context("n1");
    let original = tab.replica();
    tab.close().await;
    let contents = Contents::of(&name).await;

    let tab = Tab::open(&name).await;
    tab.put("n2", "2").await.unwrap();
    tab.put("n1", "\"later\"").await.unwrap();
    elsewhere.import(&tab.export().await).await.unwrap();
    tab.close().await;

    contents.put_back(&name).await;
    let tab = Tab::open(&name).await;
    assert_eq!((tab.count(), tab.replica()), (1, original.clone()), "nothing tells yet");
    // The same numbers as of the writes that were undone, for other contents.
    tab.put("n3", "3").await.unwrap();
    tab.put_with("n1", "\"meanwhile\"", &context).await.unwrap();
    tab.import(&elsewhere.export().await).await.unwrap();
    assert_eq!(tab.notices(), ["replica-forked"]);
    assert_ne!(tab.replica(), original);
    elsewhere.import(&tab.export().await).await.unwrap();
    for tab in [&tab, &elsewhere] {
        assert_eq!((tab.texts("n2"), tab.texts("n3")), (vec!["2".to_owned()], vec!["3".to_owned()]));
        let mut texts = tab.texts("n1");
        texts.sort();
        assert_eq!(texts, ["\"later\"", "\"meanwhile\""]);
    }
    assert_eq!(tab.all_dots(), elsewhere.all_dots());
    tab.close().await;
    let again = Tab::open(&name).await;
    assert_eq!((again.count(), again.all_dots()), (3, elsewhere.all_dots()));
}

fn mark(name: &str) -> Option<String> {
    let storage = Reflect::get(&js_sys::global(), &"localStorage".into()).unwrap();
    storage.unchecked_into::<web_sys::Storage>().get_item(&format!("eyot:{name}")).unwrap()
}

/// Opens, writes, waits until that is marked, and closes.
async fn store_something(name: &str) -> Vec<String> {
    let tab = Tab::open(name).await;
    tab.put("n1", "1").await.unwrap();
    let replica = tab.replica();
    tab::until(|| mark(name).is_some_and(|mark| mark.contains(&replica))).await;
    let notices = tab.notices();
    tab.close().await;
    notices
}

#[wasm_bindgen_test]
async fn a_database_that_the_browser_has_lost_is_told_and_only_once() {
    let name = unused_name();
    assert!(store_something(&name).await.is_empty());
    Rexie::delete(&format!("eyot:{name}")).await.unwrap();
    let tab = Tab::open(&name).await;
    tab::until(|| !tab.notices().is_empty()).await;
    assert_eq!((tab.notices(), tab.count()), (vec!["storage-lost".to_owned()], 0));
    tab.close().await;
    assert!(store_something(&name).await.is_empty());
}

#[wasm_bindgen_test]
async fn a_database_that_was_destroyed_is_not_told_as_lost() {
    let name = unused_name();
    store_something(&name).await;
    eyot::Shell::destroy(name.clone(), None).await.unwrap();
    assert_eq!(mark(&name), None);
    assert!(store_something(&name).await.is_empty());
}

#[wasm_bindgen_test]
async fn a_database_in_which_nothing_was_written_is_no_loss() {
    let name = unused_name();
    let tab = Tab::open(&name).await;
    gloo_timers::future::TimeoutFuture::new(50).await;
    tab.close().await;
    assert_eq!(mark(&name), None);
}

/// A connection that is lost, and another database, or none, under the name when it is opened anew.
async fn assert_closes_as_lost(found: &str) {
    let tab = Tab::open(&unused_name()).await;
    tab.put("n1", "1").await.unwrap();
    let faults = (fault::transaction_fails_once("InvalidStateError"), fault::open_goes_to(found));
    let refused = tab.put("n2", "2").await.unwrap_err();
    drop(faults);
    assert_eq!((code_of(&refused).as_str(), tab.closed_code().as_deref()), ("closed", Some("storage-lost")));
}

#[wasm_bindgen_test]
async fn a_tab_whose_database_has_gone_says_so_and_makes_no_other() {
    let found = unused_name();
    assert_closes_as_lost(&found).await;
    // Nothing was left that could be opened with a version below this one.
    let made = Factory::new().unwrap().open(&format!("eyot:{found}"), Some(1)).unwrap().await.unwrap();
    assert!(made.store_names().is_empty());
    made.close();
}

#[wasm_bindgen_test]
async fn a_tab_does_not_write_into_a_database_that_has_taken_the_place_of_its_own() {
    let found = unused_name();
    Tab::open(&found).await.close().await;
    assert_closes_as_lost(&found).await;
    assert_eq!(tab::log_length(&found).await, 0);
}
