//! The store on SQLite: one file for all databases, one thread that writes, a few that read.
//!
//! Knows how to keep things and nothing of who sends them.

mod apply;
pub mod backup;
mod databases;
mod deletions;
mod forgotten;
mod page;
mod peers;
mod readers;
mod rows;
mod schema;
mod survey;
mod writer;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use eyot_core::reconcile::FingerprintKey;
use eyot_core::session::{Chunk, LogPage, PageRequest, Passed};
use eyot_core::{Cursor, DatabaseName, LogEpoch, ReplicaId, VersionVector};
use rusqlite::Connection;
use tokio::sync::Mutex;

use self::readers::Readers;
use self::writer::Writer;
use super::{Applied, Database, Delta, Opened, PeerKnown, Store, StoreError, Survey};
use crate::hub::Hubs;
use crate::limits::Limits;

// The file in its folder.
const FILE: &str = "relay.sqlite";

/// A folder with one SQLite file, of which this process is the only user.
pub struct SqliteStore {
    // Dropped in this order: the writer lets go of the lock, and the file is no longer used then.
    readers: Readers,
    writer: Writer,
    // Held by the survey under way: the other readers stay free for those who need little.
    surveying: Mutex<()>,
    hubs: Arc<Hubs>,
    limits: Limits,
}

impl SqliteStore {
    /// Opens the store in this folder, and makes both if they are not there. Commits are announced to the hubs.
    pub async fn open(folder: &Path, limits: &Limits, hubs: Arc<Hubs>) -> Result<Self, StoreError> {
        let folder = folder.to_owned();
        let opening = tokio::task::spawn_blocking(move || open_files(&folder));
        let (readers, writer) = opening.await.map_err(|error| StoreError::Failed(error.to_string()))??;
        Ok(Self { readers, writer, surveying: Mutex::new(()), hubs, limits: limits.clone() })
    }

    // Tells the hub after the commit, from the writer's thread: also when the connection that asked is gone by then.
    fn announce(&self, database: &Database) -> impl FnOnce(&(Applied, bool)) + Send + use<> {
        let (hubs, name) = (Arc::clone(&self.hubs), database.name.clone());
        move |(applied, moved)| {
            if *moved {
                hubs.announce(&name, applied.head);
            }
        }
    }
}

fn open_files(folder: &Path) -> Result<(Readers, Writer), StoreError> {
    let lock = lock_folder(folder)?;
    let file = folder.join(FILE);
    let mut connection = Connection::open(&file)?;
    schema::prepare(&connection)?;
    schema::migrate(&mut connection)?;
    if backup::begin_lives_of_copy(&mut connection)? {
        tracing::info!("this is a backup: what devices know of the positions in its logs is void");
    }
    Ok((Readers::open(&file)?, Writer::start(connection, lock)?))
}

// Makes the folder if it is not there. The system lets go of the lock when the process ends, however it ends.
fn lock_folder(folder: &Path) -> Result<File, StoreError> {
    let failed = |error: std::io::Error| StoreError::Failed(format!("{}: {error}", folder.display()));
    make_folder(folder).map_err(failed)?;
    let lock = File::create(folder.join("lock")).map_err(failed)?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::InUse,
        TryLockError::Error(error) => failed(error),
    })?;
    Ok(lock)
}

// What people write is nobody else's on this machine.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[async_trait]
impl Store for SqliteStore {
    async fn open(&self, name: &DatabaseName, create: bool) -> Result<Option<Opened>, StoreError> {
        let wanted = name.clone();
        let found = self.readers.read(move |it| databases::find(it, &wanted)).await?;
        if found.is_some() || !create {
            return Ok(found);
        }
        let wanted = name.clone();
        self.writer.write(move |it| databases::find_or_make(it, &wanted), |_| {}).await.map(Some)
    }

    async fn peer(
        &self,
        database: &Database,
        peer: ReplicaId,
        epoch: LogEpoch,
    ) -> Result<PeerKnown, StoreError> {
        let database = database.clone();
        self.readers.read(move |it| peers::known(it, &database, peer, epoch)).await
    }

    async fn page(&self, database: &Database, request: PageRequest) -> Result<LogPage, StoreError> {
        let database = database.clone();
        self.readers.read(move |it| page::page(it, &database, &request)).await
    }

    async fn survey(
        &self,
        database: &Database,
        key: FingerprintKey,
        peer_clock: Option<VersionVector>,
    ) -> Result<Survey, StoreError> {
        let database = database.clone();
        let _one_at_a_time = self.surveying.lock().await;
        self.readers.read(move |it| survey::survey(it, &database, key, peer_clock.as_ref())).await
    }

    async fn stage(&self, database: &Database, chunk: Chunk) -> Result<(), StoreError> {
        let (database, limits) = (database.clone(), self.limits.clone());
        self.writer.write(move |it| peers::stage(it, &database, &chunk, &limits), |()| {}).await
    }

    async fn apply(&self, database: &Database, delta: Delta) -> Result<Applied, StoreError> {
        let announce = self.announce(database);
        let (peer, here, limits) = (delta.last.peer, database.clone(), self.limits.clone());
        let work = move |it: &Connection| apply::apply(it, &here, delta, &limits);
        let applied = self.writer.write(work, announce).await;
        if applied == Err(StoreError::Unaccounted) {
            // Otherwise the peer would be asked to go on after chunks that can never become visible.
            let database = database.clone();
            self.writer.write(move |it| peers::drop_staged(it, &database, peer), |()| {}).await?;
        }
        applied.map(|(applied, _)| applied)
    }

    async fn move_cursor(&self, database: &Database, passed: Passed) -> Result<(), StoreError> {
        let database = database.clone();
        self.writer.write(move |it| peers::pass(it, &database, &passed), |()| {}).await
    }

    async fn forget(&self, database: &Database, before_ms: u64) -> Result<u64, StoreError> {
        let here = database.clone();
        // Mostly there is nothing, and the writer need not hear of it.
        if !self.readers.read(move |it| deletions::is_any_before(it, &here, before_ms)).await? {
            return Ok(0);
        }
        let mut forgotten = 0;
        loop {
            let here = database.clone();
            let work = move |it: &Connection| deletions::forget_some(it, &here, before_ms);
            let batch = self.writer.write(work, |_| {}).await?;
            forgotten += batch;
            if batch < deletions::BATCH_ROWS {
                return Ok(forgotten);
            }
        }
    }

    async fn begin_life(&self, database: &Database, beyond: Cursor) -> Result<bool, StoreError> {
        let id = database.id;
        self.writer.write(move |it| backup::begin_life(it, id, beyond), |_| {}).await
    }

    async fn databases(&self) -> Result<Vec<Database>, StoreError> {
        self.readers.read(databases::all).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.writer.write(databases::probe, |()| {}).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.writer.close().await
    }
}
