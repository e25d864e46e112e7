//! The sync's status and the storage's health as JavaScript gets them.

use eyot_core::engine::{PeerStatus, SyncState, SyncStatus};
use serde::Serialize;

/// The sync's status.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawStatus {
    state: &'static str,
    unsent: usize,
    received: f64,
    expected: f64,
    last_heard_at: Option<f64>,
    bytes_in: f64,
    bytes_out: f64,
    round_trips: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RawError>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawError {
    code: String,
    message: String,
    retry_at: f64,
}

impl From<SyncStatus> for RawStatus {
    fn from(status: SyncStatus) -> Self {
        let error = status.error.map(|error| RawError {
            code: error.code,
            message: error.message,
            retry_at: error.retry_at_ms as f64,
        });
        Self {
            state: state_name(status.state),
            unsent: status.unsent,
            received: status.received as f64,
            expected: status.expected as f64,
            last_heard_at: status.last_heard_ms.map(|ms| ms as f64),
            bytes_in: status.bytes_in as f64,
            bytes_out: status.bytes_out as f64,
            round_trips: status.round_trips as f64,
            error,
        }
    }
}

/// How a connection to another replica stands.
#[derive(Serialize)]
pub(crate) struct RawPeerStatus {
    state: &'static str,
    received: f64,
    expected: f64,
}

impl From<PeerStatus> for RawPeerStatus {
    fn from(status: PeerStatus) -> Self {
        let PeerStatus { state, received, expected } = status;
        Self { state: state_name(state), received: received as f64, expected: expected as f64 }
    }
}

impl RawStatus {
    /// The status while it is not known yet which tab holds the sync.
    pub(crate) fn undecided(mut self) -> Self {
        self.state = "connecting";
        self
    }

    /// The status of a tab that wants to sync while another tab does it.
    pub(crate) fn elsewhere(mut self) -> Self {
        self.state = "elsewhere";
        self
    }
}

fn state_name(state: SyncState) -> &'static str {
    match state {
        SyncState::Off => "off",
        SyncState::Offline => "offline",
        SyncState::Connecting => "connecting",
        SyncState::CatchingUp => "catching-up",
        SyncState::Live => "live",
        SyncState::Waiting => "waiting",
    }
}

/// The storage's health.
#[derive(Serialize, Clone, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawHealth {
    pub(crate) persisted: Option<bool>,
    pub(crate) usage: Option<f64>,
    pub(crate) quota: Option<f64>,
    pub(crate) degraded: Option<String>,
}
