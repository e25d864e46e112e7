//! Health: whether the process lives, and whether it can do its work. For whoever restarts it or sends it clients.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::server::Shared;
use crate::store::Store;

// Anyone may ask, and an answer costs a write to the disk: within this time all get the same one.
const ANSWER_LASTS: Duration = Duration::from_secs(1);

// On a full disk small writes may still find room in pages that the file has already. So it is the refused write that
// counts, for as long as a refused client waits before it tries again.
const FULL_LASTS: Duration = Duration::from_secs(30);

/// Asks the store whether it can be written, not too often.
pub(crate) struct Health {
    store: Arc<dyn Store>,
    last: Mutex<Option<(Instant, bool)>>,
    full_at: std::sync::Mutex<Option<Instant>>,
}

impl Health {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, last: Mutex::new(None), full_at: std::sync::Mutex::new(None) }
    }

    /// A write was refused because the disk is full.
    pub(crate) fn note_full(&self) {
        *self.full_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn was_full_lately(&self) -> bool {
        let full_at = *self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.is_some_and(|at| at.elapsed() < FULL_LASTS)
    }

    async fn store_is_writable(&self) -> bool {
        let mut last = self.last.lock().await;
        match *last {
            Some((at, answer)) if at.elapsed() < ANSWER_LASTS => answer,
            _ => {
                let answer = self.store.probe().await;
                if let Err(error) = &answer {
                    tracing::warn!(%error, "the store cannot be written");
                }
                *last = Some((Instant::now(), answer.is_ok()));
                answer.is_ok()
            }
        }
    }
}

/// `/healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// `/readyz`: the store can be written and has not been full lately, and the relay is not going down.
pub(crate) async fn ready(State(shared): State<Arc<Shared>>) -> (StatusCode, &'static str) {
    if shared.stop.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting-down\n")
    } else if shared.health.was_full_lately() {
        (StatusCode::SERVICE_UNAVAILABLE, "storage-full\n")
    } else if shared.health.store_is_writable().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "storage-failed\n")
    }
}
