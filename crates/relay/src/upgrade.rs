//! The request that becomes a WebSocket: what is checked before there is a socket to refuse on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::timeout;

use crate::connection;
use crate::server::Shared;
use crate::socket::Socket;

/// `/v1/sync/{database}`.
pub(crate) async fn sync(
    State(shared): State<Arc<Shared>>,
    Path(database): Path<String>,
    headers: HeaderMap,
    mut request: Request,
) -> Response {
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    if !shared.config.origins.allows(origin) {
        tracing::info!(code = "forbidden-origin", "refused");
        return refuse(StatusCode::FORBIDDEN, "forbidden-origin", "Pages of this origin may not connect.");
    }
    if shared.stop.is_cancelled() {
        return try_later("shutting-down", "The relay is shutting down.");
    }
    if !hyper_tungstenite::is_upgrade_request(&request) {
        return refuse(StatusCode::UPGRADE_REQUIRED, "websocket-only", "This address speaks WebSocket.");
    }
    let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else {
        tracing::warn!(code = "too-many-connections", "refused");
        return try_later("too-many-connections", "There are as many connections as this relay takes.");
    };
    let settings = Socket::settings(shared.config.limits.message_bytes);
    let Ok((response, websocket)) = hyper_tungstenite::upgrade(&mut request, Some(settings)) else {
        return refuse(StatusCode::BAD_REQUEST, "bad-request", "This is no WebSocket handshake.");
    };
    let number = shared.next_connection.fetch_add(1, Ordering::Relaxed);
    let tracker = shared.connections.clone();
    tracker.spawn(async move {
        let limit = shared.config.limits.handshake_timeout();
        if let Ok(Ok(stream)) = timeout(limit, websocket).await {
            // In a box, or the task would keep room for it twice.
            Box::pin(connection::run(shared, number, database, Socket::new(stream))).await;
        }
        drop(place);
    });
    response.map(Body::new)
}

fn try_later(code: &str, message: &str) -> Response {
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, code, message);
    response.headers_mut().insert(RETRY_AFTER, 5.into());
    response
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}
