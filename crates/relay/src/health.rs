//! Health: whether the process lives, and whether it can do its work. For whoever restarts it or sends it clients.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::server::Shared;
use crate::store::Store;

// Anyone may ask, and an answer costs a write to the disk: within this time all get the same one.
const ANSWER_LASTS: Duration = Duration::from_secs(1);

/// Asks the store whether it can be written, not too often.
pub(crate) struct Health {
    store: Arc<dyn Store>,
    last: Mutex<Option<(Instant, bool)>>,
}

impl Health {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, last: Mutex::new(None) }
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

/// `/readyz`: the store can be written, and the relay is not going down.
pub(crate) async fn ready(State(shared): State<Arc<Shared>>) -> (StatusCode, &'static str) {
    if shared.stop.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting-down\n")
    } else if shared.health.store_is_writable().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "storage-failed\n")
    }
}
