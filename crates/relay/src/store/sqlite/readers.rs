//! The readers: a few connections that read, each on a thread that may block. Knows nothing of what is read.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use tokio::sync::Semaphore;

use crate::store::StoreError;
use crate::store::sqlite::schema;

// More would not make the disk faster, and each has a cache of its own.
const READERS: usize = 4;

/// The connections that read.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    /// Opens them on a file that has its tables.
    pub(super) fn open(file: &Path) -> Result<Self, StoreError> {
        let connections = (0..READERS)
            .map(|_| {
                let connection = Connection::open_with_flags(file, OpenFlags::default())?;
                schema::prepare(&connection)?;
                connection.pragma_update(None, "query_only", true)?;
                Ok(connection)
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(connections)), places: Arc::new(Semaphore::new(READERS)) })
    }

    /// Reads in one transaction: everything in it is seen as of one moment.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let reading = tokio::task::spawn_blocking(move || {
            let mut borrowed = Borrowed::take(idle)?;
            let result = borrowed.read(work);
            drop(borrowed);
            drop(place);
            result
        });
        reading.await.map_err(|_| StoreError::Closed)?
    }
}

// Gives the connection back however the reading ends.
struct Borrowed {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Borrowed {
    fn take(idle: Arc<Mutex<Vec<Connection>>>) -> Result<Self, StoreError> {
        let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // There is one for each place, so there is one.
        if connection.is_none() { Err(StoreError::Closed) } else { Ok(Self { connection, idle }) }
    }

    fn read<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.connection.as_mut().ok_or(StoreError::Closed)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        work(&transaction)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
