//! Claims about a relay that has forgotten deletions, and devices that come back after.

use std::sync::Arc;

use eyot_core::{MAXIMUM_MS, Seq};
use eyot_relay::hub::Hubs;
use eyot_relay::limits::Limits;
use eyot_relay::origin::AllowedOrigins;
use eyot_relay::store::Store;
use eyot_relay::store::sqlite::SqliteStore;
use eyot_relay::{AccessMode, Config, Relay};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::client::{Client, append, converge, records};
use crate::program::{SECRET, token};

async fn bind(data: &std::path::Path, access: AccessMode) -> (Relay, Arc<SqliteStore>) {
    let (limits, hubs) = (Limits::default(), Arc::new(Hubs::default()));
    let store = Arc::new(SqliteStore::open(data, &limits, Arc::clone(&hubs)).await.unwrap());
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        data: data.to_owned(),
        databases: vec!["*".parse().unwrap()],
        access,
        origins: AllowedOrigins::Any,
        static_files: None,
        keep_deletions_days: 30,
        limits,
    };
    (Relay::bind_with(config, Arc::clone(&store) as Arc<dyn Store>, hubs).await.unwrap(), store)
}

async fn forget_all(store: &SqliteStore) -> u64 {
    let database = store.open(&"notes".parse().unwrap(), false).await.unwrap().unwrap().database;
    store.forget(&database, MAXIMUM_MS).await.unwrap()
}

fn ids(client: &Client) -> Vec<String> {
    let standing = records(client).into_iter().filter(|(_, record)| !record.is_deleted());
    standing.map(|(key, _)| key.id().to_owned()).collect()
}

#[tokio::test]
async fn a_forgotten_deletion_does_not_come_back_with_a_late_device() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, store) = bind(folder.path(), AccessMode::Open).await;
    let (address, stop) = (relay.address(), CancellationToken::new());
    let running = tokio::spawn(relay.run(stop.clone()));
    let mut late = Client::connect(address, b'l').await;
    let mut other = Client::connect(address, b'o').await;
    for i in 0..200 {
        late.write(&format!("kept-{i:03}"), "heron").await;
    }
    for id in ["deleted", "edited"] {
        late.write(id, "otter").await;
    }
    converge(&mut late, &mut other).await;
    let (mut replica, mut counter) = late.disconnect();
    // While the late device is away, one deletes what it edits, and that is forgotten.
    other.delete("deleted").await;
    other.delete("edited").await;
    other.until(Client::is_saved).await;
    assert_eq!(forget_all(&store).await, 2);
    append(&mut replica, &mut counter, [("edited", Some("sea otter")), ("new", Some("eel"))]);

    let mut late = Client::resume(address, None, replica, counter).await;
    late.until(|it| it.is_saved() && it.texts("deleted").is_empty()).await;
    assert_eq!((late.closed.clone(), late.texts("edited")), (None, vec!["sea otter".to_owned()]));
    let mut fresh = Client::connect(address, b'f').await;
    let clock = late.replica.clock().to_vector();
    fresh.until(|it| it.replica.clock().covers_all(&clock)).await;
    let kept = (0..200).map(|i| format!("kept-{i:03}"));
    let expected: Vec<_> = ["edited".to_owned()].into_iter().chain(kept).chain(["new".to_owned()]).collect();
    assert_eq!((ids(&late), ids(&fresh)), (expected.clone(), expected));
    // Nobody's later writes are in the way of what was compared.
    late.write("kept-000", "grey heron").await;
    other.until(|it| it.texts("kept-000") == ["grey heron"]).await;
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_relay_drops_what_a_device_has_deleted_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _store) = bind(folder.path(), AccessMode::Open).await;
    let (address, stop) = (relay.address(), CancellationToken::new());
    let running = tokio::spawn(relay.run(stop.clone()));
    let mut ada = Client::connect(address, b'a').await;
    ada.write("kept", "heron").await;
    ada.write("deleted", "otter").await;
    ada.until(Client::is_saved).await;
    // A device that got the records elsewhere and has forgotten a deletion before it meets the relay.
    let (mut replica, mut counter) =
        (eyot_core::Replica::new(eyot_core::ReplicaId::letter(b'b'), eyot_core::LogEpoch(2)), 0);
    let clock = ada.replica.clock().to_vector();
    let (forgotten, entries) = (Default::default(), records(&ada));
    replica
        .apply(eyot_core::segment::Segment::Imported { clock: clock.into(), forgotten, entries }, Vec::new());
    append(&mut replica, &mut counter, [("deleted", None)]);
    let up_to = replica.forgettable(MAXIMUM_MS).unwrap();
    let forgotten = eyot_core::segment::Segment::Forgotten { up_to, before_ms: MAXIMUM_MS };
    replica.apply(forgotten, Vec::new());
    assert!(replica.floor() > Seq::ZERO);
    let mut bob = Client::resume(address, None, replica, counter).await;
    bob.write("new", "eel").await;
    bob.until(Client::is_saved).await;
    assert_eq!(bob.closed, None);
    // The relay cannot tell what was deleted by going on: who is connected is to come again, and to compare.
    ada.until(|it| it.closed.is_some()).await;
    assert_eq!(ada.closed.as_deref(), Some("below-floor"));
    let (replica, counter) = ada.disconnect();
    let mut ada = Client::resume(address, None, replica, counter).await;
    ada.until(|it| it.texts("deleted").is_empty() && it.texts("new") == ["eel"]).await;
    assert_eq!((ada.closed.clone(), bob.closed.clone()), (None, None));
    assert_eq!((ids(&ada), ids(&bob)), (vec!["kept".to_owned(), "new".to_owned()], ids(&ada)));
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_reader_that_comes_back_late_is_not_refused_for_what_it_has_less() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, store) =
        bind(folder.path(), AccessMode::Tokens(eyot_relay::auth::Secret::new(SECRET.into()).unwrap())).await;
    let (address, stop) = (relay.address(), CancellationToken::new());
    let running = tokio::spawn(relay.run(stop.clone()));
    let (reads, writes) =
        (token(json!({ "*": "read" }), json!({})), token(json!({ "*": "write" }), json!({})));
    let mut ada = Client::connect_with_token(address, b'a', &writes).await;
    for id in ["deleted", "anew"] {
        ada.write(id, "heron").await;
    }
    ada.until(Client::is_saved).await;
    let mut reader = Client::connect_with_token(address, b'r', &reads).await;
    reader.until(|it| it.texts("anew") == ["heron"]).await;
    let (replica, counter) = reader.disconnect();
    for id in ["deleted", "anew"] {
        ada.delete(id).await;
    }
    ada.until(Client::is_saved).await;
    assert_eq!(forget_all(&store).await, 2);
    let (mut forgetful, mut count) = ada.disconnect();
    let forgotten = eyot_core::segment::Segment::Forgotten { up_to: forgetful.head(), before_ms: MAXIMUM_MS };
    forgetful.apply(forgotten, Vec::new());
    append(&mut forgetful, &mut count, [("anew", Some("grey heron"))]);
    let mut ada = Client::resume(address, Some(&writes), forgetful, count).await;
    ada.until(Client::is_saved).await;
    // It drops one record, and keeps of the other less than it had: nobody's news.
    let (mut replica, mut counter) = (replica, counter);
    for _ in 0..2 {
        let mut reader = Client::resume(address, Some(&reads), replica, counter).await;
        reader.until(|it| it.texts("anew") == ["grey heron"] && it.texts("deleted").is_empty()).await;
        // Longer than a client is heard out that may not write.
        let closed = tokio::time::timeout(std::time::Duration::from_secs(3), reader.until_closed()).await;
        assert!(closed.is_err(), "{closed:?}");
        (replica, counter) = reader.disconnect();
    }
    stop.cancel();
    running.await.unwrap().unwrap();
}
