//! Admission: what has to happen on a socket before a conversation begins. A token, a database, a place.

use std::sync::LazyLock;

use eyot_core::DatabaseName;
use eyot_core::message::Message;
use hyper_tungstenite::tungstenite::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::auth::{Access, Grant};
use crate::connection::Ending;
use crate::hub::Seat;
use crate::refusal::Code;
use crate::server::Shared;
use crate::socket::{Incoming, Socket};
use crate::store::{Opened, StoreError};

/// A client that may talk.
pub(crate) struct Admission {
    pub(crate) grant: Grant,
    pub(crate) opened: Opened,
    pub(crate) seat: Seat,
    /// Its first message, where that was no token.
    pub(crate) first: Option<Bytes>,
}

/// Waits for the first message, judges it, and opens the database.
pub(crate) async fn admit(shared: &Shared, name: &str, socket: &mut Socket) -> Result<Admission, Ending> {
    let database: DatabaseName = name.parse().map_err(|_| Ending::Refused(Code::UnknownDatabase))?;
    let message = first_message(shared, socket).await?;
    let (grant, first) = match token_of(shared, &message)? {
        Some(token) => (shared.authority.grant(&token, &database).map_err(Ending::Refused)?, None),
        None => {
            let grant = shared.authority.grant_without_token();
            (grant.ok_or(Ending::Refused(Code::Unauthenticated))?, Some(message))
        }
    };
    // The seat comes before the look at the log: what is committed in between is then heard of.
    let seat = shared
        .hubs
        .join(&database, shared.config.limits.database_connections)
        .ok_or(Ending::Refused(Code::TooManyConnections))?;
    let opened = open(shared, &database, grant.access).await?;
    Ok(Admission { grant, opened, seat, first })
}

async fn first_message(shared: &Shared, socket: &mut Socket) -> Result<Bytes, Ending> {
    let deadline = Instant::now() + shared.config.limits.handshake_timeout();
    let late = match shared.authority.grant_without_token() {
        Some(_) => Code::HandshakeTimeout,
        None => Code::Unauthenticated,
    };
    loop {
        let incoming = tokio::select! {
            incoming = timeout_at(deadline, socket.drive(true)) => incoming,
            () = shared.stop.cancelled() => return Err(Ending::Refused(Code::ShuttingDown)),
        };
        match incoming {
            Err(_) => return Err(Ending::Refused(late)),
            Ok(incoming) => {
                if let Some(message) = message_of(incoming)? {
                    return Ok(message);
                }
            }
        }
    }
}

/// The message that came in, if one did; the end of the connection where what came leaves no other way.
pub(crate) fn message_of(incoming: Incoming) -> Result<Option<Bytes>, Ending> {
    match incoming {
        Incoming::Message(message) => Ok(Some(message)),
        Incoming::Alive => Ok(None),
        Incoming::Text => Err(Ending::Refused(Code::TextMessage)),
        Incoming::TooLarge => Err(Ending::Refused(Code::TooLarge)),
        Incoming::Malformed => Err(Ending::Refused(Code::BadMessage)),
        Incoming::Closed => Err(Ending::Gone),
    }
}

// A message's first byte tells its kind.
static AUTH: LazyLock<Option<u8>> =
    LazyLock::new(|| Message::Auth { token: String::new() }.to_bytes().first().copied());

/// The token in a message, if it is one that carries a token.
pub(crate) fn token_of(shared: &Shared, message: &Bytes) -> Result<Option<String>, Ending> {
    if message.first().copied() != *AUTH {
        return Ok(None);
    }
    match Message::from_bytes(message, &shared.config.limits.core()) {
        Ok(Message::Auth { token }) => Ok(Some(token)),
        Ok(_) => Ok(None),
        Err(_) => Err(Ending::Refused(Code::BadMessage)),
    }
}

async fn open(shared: &Shared, database: &DatabaseName, access: Access) -> Result<Opened, Ending> {
    if !shared.config.databases.iter().any(|pattern| pattern.matches(database)) {
        return Err(Ending::Refused(Code::UnknownDatabase));
    }
    match shared.store.open(database, access == Access::Write).await {
        Ok(Some(opened)) => Ok(opened),
        Ok(None) => Err(Ending::Refused(Code::UnknownDatabase)),
        Err(error) => Err(failed(&error)),
    }
}

/// The end of a connection whose store has failed.
pub(crate) fn failed(error: &StoreError) -> Ending {
    if error.code() == Code::StorageFailed {
        tracing::error!(%error, "the store has failed");
    }
    Ending::Refused(error.code())
}
