//! Forgetting: from time to time the relay drops deletions that are old enough, in all of its databases.
//!
//! What is forgotten stays gone all the same: a device that comes back after it compares its records with the relay's.
//! Knows when, not how: removing is the store's matter.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::server::Shared;
use crate::store::{Store, StoreError, now_ms};

const ROUND_EVERY: Duration = Duration::from_secs(60 * 60);
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Forgets, round after round, until the relay stops. With 0 days deletions are kept for ever.
pub(crate) async fn run(shared: Arc<Shared>) {
    let keep_days = shared.config.keep_deletions_days;
    if keep_days == 0 {
        return;
    }
    let mut rounds = interval(ROUND_EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = rounds.tick() => {}
        }
        tokio::select! {
            // Each step is whole, so a round can be left at any point.
            () = shared.stop.cancelled() => return,
            () = round(&*shared.store, keep_days, now_ms()) => {}
        }
    }
}

// The next round does what this one could not.
async fn round(store: &dyn Store, keep_days: u32, now_ms: u64) {
    let before_ms = now_ms.saturating_sub(u64::from(keep_days) * DAY_MS);
    match forget_before(store, before_ms).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "old deletions are forgotten"),
        Err(error) => tracing::warn!(%error, "old deletions cannot be forgotten"),
    }
}

async fn forget_before(store: &dyn Store, before_ms: u64) -> Result<u64, StoreError> {
    let mut count = 0;
    for database in store.databases().await? {
        count += store.forget(&database, before_ms).await?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Hubs;
    use crate::limits::Limits;
    use crate::store::memory::MemoryStore;
    use crate::store::{Database, Delta};
    use eyot_core::message::DeltaClock;
    use eyot_core::session::Chunk;
    use eyot_core::{Context, Cursor, Hlc, LogEpoch, Record, RecordKey, ReplicaId, Seq};

    // Makes a database with one deletion in it.
    async fn delete_in(store: &MemoryStore, name: &str) -> Database {
        let database = store.open(&name.parse().unwrap(), true).await.unwrap().unwrap().database;
        let mut record = Record::new();
        record.write("a:1".parse().unwrap(), &Context::new(), Hlc::from_ms(1), None);
        let last = Chunk {
            peer: ReplicaId::letter(b'a'),
            log: Default::default(),
            base: Cursor { epoch: LogEpoch(1), seq: Seq::ZERO },
            from: Seq::ZERO,
            up_to: Seq(1),
            block: Vec::new(),
            entries: vec![(RecordKey::new("notes", "n1").unwrap(), record)],
        };
        let clock = DeltaClock { changed: "a:1".parse().unwrap(), ..DeltaClock::default() };
        let (judged, asked) = Default::default();
        let delta = Delta { last, chunks: 0, clock, judged, asked };
        store.apply(&database, delta).await.unwrap();
        database
    }

    #[tokio::test]
    async fn deletions_of_all_databases_are_kept_for_so_many_days() {
        let store = MemoryStore::new(&Limits::default(), Arc::new(Hubs::default()));
        let databases = [delete_in(&store, "notes").await, delete_in(&store, "tags").await];
        for (after_days, floor) in [(0, Seq::ZERO), (29, Seq::ZERO), (31, Seq(1))] {
            round(&store, 30, now_ms() + after_days * DAY_MS).await;
            for database in &databases {
                let local = store.open(&database.name, false).await.unwrap().unwrap().local;
                assert_eq!(local.floor, floor, "{} after {after_days} days", database.name);
            }
        }
    }
}
