//! The messages of the sync protocol, and their bytes. `docs/protocol.md` describes them for other implementers.
//!
//! Knows nothing of connections: what may be sent when is the session's matter.

mod bytes;
mod compressed;
mod identity;

pub use bytes::{read_delta_clock, read_vector, write_delta_clock, write_vector};
pub use compressed::{COMPRESS_FROM_BYTES, Compressed};
pub(crate) use identity::{read_end, read_linked, read_place, write_end, write_linked, write_place};

use crate::id::{DatabaseName, LogEpoch, ReplicaId, Seq};
use crate::linked::LinkedVector;
use crate::reconcile::Range;
use crate::seen::{LogPlace, Seen};
use crate::vector::VersionVector;

/// The version of the protocol that this code speaks.
pub const PROTOCOL_VERSION: u8 = 1;

/// The longest access token, in bytes.
pub const MAXIMUM_TOKEN_BYTES: usize = 16 * 1024;

/// One message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// Who speaks, and where in the other's log it would go on.
    Hello(Hello),
    /// Where in the other's log to go on, when the hello could not say it, and what was seen of the other.
    Resume(Resume, Seen),
    /// Changed records.
    Delta(Delta),
    /// How far the other's deltas were taken in.
    Ack(Ack),
    /// A step of the search for differences.
    Ranges(Ranges),
    /// What was heard of the other meanwhile, for it to judge.
    Seen {
        /// False where the other is to judge it, true where the sender has: it is of its log.
        answers: bool,
        /// What was seen of the replica that is to judge.
        seen: Seen,
    },
    /// Asks for a [`Message::Pong`].
    Ping,
    /// The answer to a [`Message::Ping`].
    Pong,
    /// An access token: before the hello, and again to renew it. For relays; a session never sees it.
    Auth {
        /// The token, as the relay's operator issues it.
        token: String,
    },
    /// Why the sender ends the conversation.
    Refuse(Refuse),
}

/// Who speaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// The database that both must mean.
    pub database: DatabaseName,
    /// The sender.
    pub replica: ReplicaId,
    /// The life of the sender's log.
    pub epoch: LogEpoch,
    /// The last position of the sender's log.
    pub head: Seq,
    /// The link of the sender's chain there; 0 for a sender without a chain.
    pub link: u32,
    /// Below this position the sender has forgotten deletions.
    pub floor: Seq,
    /// The digest of the sender's clock at its head.
    pub digest: u64,
    /// How many unacknowledged deltas the sender takes.
    pub credits: u32,
    /// True when the sender can decompress messages: see [`Compressed`].
    pub decompresses: bool,
    /// What the sender has seen of the other, or of whom it guesses that it meets.
    pub seen: Seen,
    /// Where the sender would go on in the other's log, where it knows or guesses.
    pub resume: Option<Resume>,
}

/// Where to go on in the other's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resume {
    /// After a cursor. Void where the epoch is not the other's.
    Cursor {
        /// The life of the log that the positions belong to.
        epoch: LogEpoch,
        /// All up to here was taken in.
        seq: Seq,
        /// Chunks up to here are staged; equal to `seq` when there are none.
        staged: Seq,
    },
    /// With whatever the clock does not cover: there is no cursor into this log, or it is below the floor. Where the clock
    /// does not tell enough, because deletions were forgotten, the other begins a search for differences.
    Clock {
        /// The clock of the replica that asks.
        clock: VersionVector,
        /// Chunks up to here are staged.
        staged: Seq,
        /// This side's half of the key of the fingerprints.
        nonce: u64,
    },
}

/// Changed records, or the last of several chunks of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delta {
    /// The position after which the chunk begins; must be where the receiver stands.
    pub from: Seq,
    /// The position up to which the chunk goes.
    pub up_to: Seq,
    /// In the last chunk of a delta: with it the delta becomes visible. None before.
    pub clock: Option<DeltaClock>,
    /// The records, as a block.
    pub block: Vec<u8>,
}

/// What a whole delta says of the sender's log and clock.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeltaClock {
    /// The link of the sender's chain at the end of the delta; 0 for a sender without a chain.
    pub link: u32,
    /// The entries that changed; after a search all of them.
    pub changed: LinkedVector,
    /// In a first delta: the writes whose traces the sender may have forgotten, as far as the receiver may not have
    /// heard of them. None otherwise.
    pub forgotten: VersionVector,
    /// True after a search for differences: of the records in the delta the receiver keeps only what the sender has, and
    /// what the clock does not cover.
    pub searched: bool,
}

impl DeltaClock {
    /// True when it tells of no clock, and that nothing is forgotten.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.forgotten.is_empty() && !self.searched
    }

    /// What the delta tells of its sender: how far its log is taken in with it, and what its clock has of its own writes.
    pub fn seen_of(&self, sender: ReplicaId, up_to: Seq) -> Seen {
        Seen { log: LogPlace { seq: up_to, link: self.link }, end: self.changed.end(sender) }
    }
}

/// How far deltas were taken in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ack {
    /// The position up to which they were.
    pub up_to: Seq,
    /// True when they are visible and durable; false when they are staged.
    pub durable: bool,
}

/// A step of the search for differences.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ranges {
    /// Whose log the search is for: true for the sender's, false for the receiver's.
    pub own: bool,
    /// The half of the key that the side gives whose log it is; 0 from the other side, whose half is known.
    pub nonce: u64,
    /// The ranges; none say that the search is over.
    pub ranges: Vec<Range>,
}

/// Why the sender ends the conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refuse {
    /// A stable code.
    pub code: String,
    /// The same in words.
    pub message: String,
    /// After how many milliseconds another try may succeed; none when trying again is of no use by itself.
    pub retry_after_ms: Option<u64>,
}
