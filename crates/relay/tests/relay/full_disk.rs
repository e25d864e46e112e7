//! Claims about a relay whose disk is full, over a store that says so.

use std::sync::Arc;

use async_trait::async_trait;
use eyot_core::reconcile::FingerprintKey;
use eyot_core::session::{Chunk, LogPage, PageRequest, Passed};
use eyot_core::{Cursor, DatabaseName, LogEpoch, ReplicaId, VersionVector};
use eyot_relay::hub::Hubs;
use eyot_relay::limits::Limits;
use eyot_relay::origin::AllowedOrigins;
use eyot_relay::store::memory::MemoryStore;
use eyot_relay::store::{Applied, Database, Delta, Opened, PeerKnown, Store, StoreError, Survey};
use eyot_relay::{AccessMode, Config, Relay};
use tokio_util::sync::CancellationToken;

use crate::client::Client;

// Takes what this one peer sends, and nothing from others.
struct FullFor(MemoryStore, ReplicaId);

#[async_trait]
impl Store for FullFor {
    async fn open(&self, name: &DatabaseName, create: bool) -> Result<Option<Opened>, StoreError> {
        self.0.open(name, create).await
    }

    async fn peer(
        &self,
        database: &Database,
        peer: ReplicaId,
        epoch: LogEpoch,
    ) -> Result<PeerKnown, StoreError> {
        self.0.peer(database, peer, epoch).await
    }

    async fn page(&self, database: &Database, request: PageRequest) -> Result<LogPage, StoreError> {
        self.0.page(database, request).await
    }

    async fn survey(
        &self,
        database: &Database,
        key: FingerprintKey,
        peer_clock: Option<VersionVector>,
    ) -> Result<Survey, StoreError> {
        self.0.survey(database, key, peer_clock).await
    }

    async fn stage(&self, _: &Database, _: Chunk) -> Result<(), StoreError> {
        Err(StoreError::Full)
    }

    async fn apply(&self, database: &Database, delta: Delta) -> Result<Applied, StoreError> {
        if delta.last.peer == self.1 { Err(StoreError::Full) } else { self.0.apply(database, delta).await }
    }

    async fn move_cursor(&self, _: &Database, _: Passed) -> Result<(), StoreError> {
        Err(StoreError::Full)
    }

    async fn forget(&self, _: &Database, _: u64) -> Result<u64, StoreError> {
        Err(StoreError::Full)
    }

    async fn begin_life(&self, _: &Database, _: Cursor) -> Result<bool, StoreError> {
        Err(StoreError::Full)
    }

    async fn databases(&self) -> Result<Vec<Database>, StoreError> {
        self.0.databases().await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        Err(StoreError::Full)
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_reading_goes_on() {
    let (limits, hubs) = (Limits::default(), Arc::new(Hubs::default()));
    let store = FullFor(MemoryStore::new(&limits, Arc::clone(&hubs)), ReplicaId::letter(b'b'));
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        data: "unused".into(),
        databases: vec!["*".parse().unwrap()],
        access: AccessMode::Open,
        origins: AllowedOrigins::Any,
        static_files: None,
        keep_deletions_days: 0,
        limits,
    };
    let relay = Relay::bind_with(config, Arc::new(store), hubs).await.unwrap();
    let (address, stop) = (relay.address(), CancellationToken::new());
    let running = tokio::spawn(relay.run(stop.clone()));
    let mut ada = Client::connect(address, b'a').await;
    ada.write("n1", "heron").await;
    ada.until(Client::is_saved).await;
    let mut bob = Client::connect(address, b'b').await;
    bob.write("n2", "otter").await;
    bob.until(|it| it.texts("n1") == ["heron"]).await;
    ada.write("n1", "grey heron").await;
    ada.until(Client::is_saved).await;
    bob.until(|it| it.texts("n1") == ["grey heron"]).await;
    assert_eq!((bob.closed.clone(), bob.is_saved()), (None, false));
    assert_eq!(bob.until_closed().await, "storage-full");
    stop.cancel();
    running.await.unwrap().unwrap();
}
