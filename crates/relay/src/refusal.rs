//! Why the relay ends a connection: stable codes for programs, a sentence for people, and what WebSocket calls it.

use std::fmt;

/// The code of a refusal, as it goes over the wire and into the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Code {
    /// No token in time, or none that this relay takes.
    Unauthenticated,
    /// The token was good, and its time is over.
    TokenExpired,
    /// The token grants nothing for this database.
    Forbidden,
    /// The token is bound to another replica.
    ReplicaMismatch,
    /// The client may read, and sent something to be written.
    ReadOnly,
    /// There is no such database here, and this client cannot make it.
    UnknownDatabase,
    /// A message that cannot be read, or says what cannot be.
    BadMessage,
    /// The replica's log ends before where it was already taken in: it is a copy, or was set back.
    ReplicaForked,
    /// A text message: the protocol is binary.
    TextMessage,
    /// A message over the limit.
    TooLarge,
    /// A record that would grow over the limit.
    RecordTooLarge,
    /// More staged than the limit.
    DeltaTooLarge,
    /// Chunks of a delta were dropped by another connection of the same replica.
    StagingLost,
    /// The client did not say hello in time.
    HandshakeTimeout,
    /// The client takes what is sent to it too slowly.
    SlowReceiver,
    /// As many connections as the relay or the database takes.
    TooManyConnections,
    /// The relay is going down.
    ShuttingDown,
    /// The disk is full: reading goes on, writing does not.
    StorageFull,
    /// The store failed otherwise.
    StorageFailed,
}

impl Code {
    /// All codes of the relay.
    pub const ALL: [Self; 19] = [
        Self::Unauthenticated,
        Self::TokenExpired,
        Self::Forbidden,
        Self::ReplicaMismatch,
        Self::ReadOnly,
        Self::UnknownDatabase,
        Self::BadMessage,
        Self::ReplicaForked,
        Self::TextMessage,
        Self::TooLarge,
        Self::RecordTooLarge,
        Self::DeltaTooLarge,
        Self::StagingLost,
        Self::HandshakeTimeout,
        Self::SlowReceiver,
        Self::TooManyConnections,
        Self::ShuttingDown,
        Self::StorageFull,
        Self::StorageFailed,
    ];

    /// The code as text: kebab-case, the same for ever.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::TokenExpired => "token-expired",
            Self::Forbidden => "forbidden",
            Self::ReplicaMismatch => "replica-mismatch",
            Self::ReadOnly => "read-only",
            Self::UnknownDatabase => "unknown-database",
            Self::BadMessage => "bad-message",
            Self::ReplicaForked => "replica-forked",
            Self::TextMessage => "text-message",
            Self::TooLarge => "too-large",
            Self::RecordTooLarge => "record-too-large",
            Self::DeltaTooLarge => "delta-too-large",
            Self::StagingLost => "staging-lost",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::SlowReceiver => "slow-receiver",
            Self::TooManyConnections => "too-many-connections",
            Self::ShuttingDown => "shutting-down",
            Self::StorageFull => "storage-full",
            Self::StorageFailed => "storage-failed",
        }
    }

    /// The sentence for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unauthenticated => {
                "A valid token is needed here; none came in time, or it was not signed for this relay."
            }
            Self::TokenExpired => "The token has expired; connect again with a new one.",
            Self::Forbidden => "The token grants nothing for this database.",
            Self::ReplicaMismatch => "The token is bound to another replica.",
            Self::ReadOnly => "This client may read this database, not write to it.",
            Self::UnknownDatabase => "There is no such database here.",
            Self::BadMessage => "A message could not be read, or it contradicts itself.",
            Self::ReplicaForked => "This replica's log ends before where it was already taken in.",
            Self::TextMessage => "The protocol is binary; a text message came.",
            Self::TooLarge => "A message is larger than this relay takes.",
            Self::RecordTooLarge => "A record would be larger, or have more siblings, than this relay takes.",
            Self::DeltaTooLarge => "A delta is larger than this relay takes.",
            Self::StagingLost => "Parts of a delta are gone; the next connection begins it again.",
            Self::HandshakeTimeout => "No hello came in time.",
            Self::SlowReceiver => {
                "What was sent was not received fast enough; the next connection goes on from there."
            }
            Self::TooManyConnections => "There are as many connections as this relay takes.",
            Self::ShuttingDown => "The relay is shutting down.",
            Self::StorageFull => "The relay's disk is full; it can be read, not written.",
            Self::StorageFailed => "The relay's store has failed.",
        }
    }

    /// How long the client should wait before it tries again, in milliseconds. None where trying again as before will
    /// not help, or where the client's own backing off is enough.
    pub const fn retry_after_ms(self) -> Option<u64> {
        match self {
            Self::StagingLost => Some(0),
            Self::ShuttingDown => Some(2_000),
            Self::TooManyConnections => Some(15_000),
            Self::StorageFull | Self::StorageFailed => Some(30_000),
            _ => None,
        }
    }
}

/// WebSocket's own number for a code of the relay or of a session (RFC 6455, section 7.4).
pub fn close_number(code: &str) -> u16 {
    match code {
        "bad-message" => 1002,
        "text-message" => 1003,
        "too-large" | "record-too-large" | "delta-too-large" => 1009,
        "storage-failed" => 1011,
        "shutting-down" => 1012,
        "too-many-connections" | "storage-full" | "slow-receiver" => 1013,
        _ => 1008,
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_kebab_case_and_differ() {
        let texts: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for text in texts {
            assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{text}");
            assert!(text.len() <= 123, "WebSocket has no room for a longer reason");
        }
    }

    #[test]
    fn every_code_is_explained_to_those_who_run_a_relay() {
        let page = include_str!("../README.md");
        for code in Code::ALL {
            assert!(page.contains(&format!("`{code}`")), "{code}");
        }
    }
}
