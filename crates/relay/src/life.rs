//! Lives of logs: what is done when a client was further in a log than it goes.
//!
//! Nothing is told before it is on disk, so then the data was set back, by somebody or by a disk, and nobody has said so.
//! Every cursor into that log is void. The log gets a new epoch, and all who are connected come again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use eyot_core::{Cursor, DatabaseName};

use crate::server::Shared;
use crate::store::Database;

/// The databases of which somebody was further, since the relay was started. It cannot be true twice, so a client that lies
/// costs the others one look at their clocks.
#[derive(Default)]
pub(crate) struct Lives(Mutex<BTreeSet<DatabaseName>>);

impl Lives {
    fn is_first(&self, database: &DatabaseName) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(database.clone())
    }

    fn may_begin(&self, database: &DatabaseName) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(database)
    }
}

/// A client was there in the log of that database. Not waited for: what is told meanwhile is void afterwards.
pub(crate) fn look_into(shared: &Arc<Shared>, database: &Database, beyond: Cursor) {
    if !shared.lives.may_begin(&database.name) {
        return;
    }
    let (there, database) = (Arc::clone(shared), database.clone());
    shared.connections.spawn(async move {
        match there.store.begin_life(&database, beyond).await {
            Ok(true) if there.lives.is_first(&database.name) => {
                let database = &database.name;
                tracing::warn!(%database, "the data was set back; its log has a new epoch now");
                there.hubs.end(database);
            }
            // The log has only grown meanwhile.
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a new epoch could not be stored"),
        }
    });
}
