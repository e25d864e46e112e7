//! What a person can be told about the sync, truthfully.

use super::Engine;
use super::io::Link;
use crate::session::Session;

/// What the sync is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyncState {
    /// Nobody asked for it in this tab, or another tab does it.
    Off,
    /// The device has no network. That is a state, not an error.
    Offline,
    /// A connection is being made.
    Connecting,
    /// Connected, and one side still lacks something.
    CatchingUp,
    /// Connected, and both have the same.
    Live,
    /// There is no connection; another try comes.
    Waiting,
}

/// Why there is no connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncError {
    /// A stable code.
    pub code: String,
    /// The same in words.
    pub message: String,
    /// When it is tried again, in milliseconds since 1970.
    pub retry_at_ms: u64,
}

/// The state of the sync.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncStatus {
    /// What it is doing.
    pub state: SyncState,
    /// How many records have changes here that no peer has acknowledged.
    pub unsent: usize,
    /// How far the peer's log is received, staged parts included.
    pub received: u64,
    /// How far the peer's log goes, as far as it has told.
    pub expected: u64,
    /// When something was heard from a peer last, in milliseconds since 1970.
    pub last_heard_ms: Option<u64>,
    /// Bytes received since the engine was made.
    pub bytes_in: u64,
    /// Bytes sent since the engine was made.
    pub bytes_out: u64,
    /// How often something was sent and then something was received.
    pub round_trips: u64,
    /// Why there is no connection, if there should be one.
    pub error: Option<SyncError>,
}

/// The state of a connection to another replica that the application has made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeerStatus {
    /// `Connecting`, `CatchingUp` or `Live`.
    pub state: SyncState,
    /// How far the peer's log is received, staged parts included.
    pub received: u64,
    /// How far the peer's log goes, as far as it has told.
    pub expected: u64,
}

impl Engine {
    /// The state of a connection that the application has made; none once it is over.
    pub fn peer_status(&self, link: Link) -> Option<PeerStatus> {
        if !self.links.is_open(link) {
            return None;
        }
        let session = self.links.session(link);
        let (received, expected) = (
            session.map_or(0, |session| session.received().0),
            session.and_then(Session::peer).map_or(0, |peer| peer.head.0),
        );
        let state = match session.filter(|session| session.is_open()) {
            None => SyncState::Connecting,
            Some(_) if received < expected => SyncState::CatchingUp,
            Some(session) if session.has_told_all() && self.pending.is_empty() => SyncState::Live,
            Some(_) => SyncState::CatchingUp,
        };
        Some(PeerStatus { state, received, expected })
    }

    /// The state of the sync now.
    pub fn sync_status(&self) -> SyncStatus {
        let session = self.links.relay().and_then(|link| self.links.session(link));
        let traffic = &self.links.traffic;
        SyncStatus {
            state: self.sync_state(session),
            unsent: self.replica.unsent_count() + self.pending.newly_unsent(self.seen()),
            received: session.map_or(0, |session| session.received().0),
            expected: session.and_then(Session::peer).map_or(0, |peer| peer.head.0),
            last_heard_ms: traffic.last_heard_ms,
            bytes_in: traffic.bytes_in,
            bytes_out: traffic.bytes_out,
            round_trips: traffic.round_trips,
            error: self.connector.error().cloned(),
        }
    }

    fn sync_state(&self, session: Option<&Session>) -> SyncState {
        let session = session.filter(|session| session.is_open());
        match session {
            _ if !self.connector.is_wanted() => SyncState::Off,
            Some(_) if self.connector.is_cut_off(self.links.traffic.last_heard_ms) => SyncState::Offline,
            Some(session) => {
                let behind = session.peer().is_some_and(|peer| session.received() < peer.head);
                let unsent = self.replica.unsent_count() > 0 || !self.pending.is_empty();
                if behind || unsent { SyncState::CatchingUp } else { SyncState::Live }
            }
            None if !self.connector.is_waiting() => SyncState::Connecting,
            None if !self.connector.is_online() => SyncState::Offline,
            None => SyncState::Waiting,
        }
    }
}
