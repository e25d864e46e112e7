//! What goes into a session and what comes out of it: the contract with its host.
//!
//! A host (a browser's engine, a relay's connection, the simulator) performs the effects in order. It answers `LoadPeer`
//! with `PeerKnown`, `Read` with `Page`, `Survey` with `Surveyed`, `Stage` with `Staged`, `Apply` with `Applied` or `Overtaken`, or with `Failed`; a session asks
//! for at most one reading and one of staging or applying at a time.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use crate::guard::{Guard, holds};
use crate::id::{Cursor, DatabaseName, LogEpoch, ReplicaId, Seq};
use crate::key::RecordKey;
use crate::limits::Limits;
use crate::message::DeltaClock;
use crate::reconcile::{FingerprintKey, Snapshot};
use crate::record::Record;
use crate::seen::{LogPlace, Seen};
use crate::vector::VersionVector;

/// Which side speaks first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Role {
    /// Speaks first. `guess` is where it would go on in the log of the peer that it expects to meet.
    Initiator {
        /// What is known of the peer that was met at this address before.
        guess: Option<Standing>,
        /// What was seen of that peer; nothing where there is no guess.
        seen: Seen,
    },
    /// Waits for the other's hello, so that its own can already say where to go on.
    Acceptor,
}

/// How a session behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionConfig {
    /// Which side speaks first.
    pub role: Role,
    /// What is accepted from the peer.
    pub limits: Limits,
    /// How many unacknowledged deltas are accepted.
    pub credits: u32,
    /// True when this side can decompress messages: see [`crate::message::Compressed`].
    pub decompresses: bool,
    /// How many bytes of records a delta carries at most, unless one record is larger.
    pub chunk_bytes: usize,
    /// Random bits: this side's half of the key of fingerprints.
    pub nonce: u64,
    /// After so long a silence the peer is asked for a sign of life.
    pub ping_after_ms: u64,
    /// After so long a silence the session ends.
    pub silent_after_ms: u64,
}

impl SessionConfig {
    /// The usual configuration.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            limits: Limits::default(),
            credits: 16,
            decompresses: false,
            chunk_bytes: crate::limits::CHUNK_BYTES,
            nonce: 0,
            ping_after_ms: 20_000,
            silent_after_ms: 45_000,
        }
    }
}

/// What a session must know of its own replica. All of it must be durable: it is told to the peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Local {
    /// The database.
    pub database: DatabaseName,
    /// This replica.
    pub replica: ReplicaId,
    /// The life of its log.
    pub epoch: LogEpoch,
    /// The last position of its log.
    pub head: Seq,
    /// Below this position deletions are forgotten.
    pub floor: Seq,
    /// The digest of its clock at the head.
    pub digest: u64,
    /// The link of its chain at the head; 0 for a replica that makes none, as relays.
    pub link: u32,
}

/// How far this replica is in a peer's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// All up to here is taken in.
    pub cursor: Cursor,
    /// Chunks up to here are staged; the cursor's position when there are none.
    pub staged: Seq,
}

/// What happens to a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionInput {
    /// The connection stands. To be given first, once.
    Start,
    /// One message has come.
    Frame(Vec<u8>),
    /// Answers `LoadPeer`.
    PeerKnown {
        /// Where this replica is in the peer's log, if it has been there in this epoch.
        standing: Option<Standing>,
        /// This replica's whole clock where `standing` is none; not looked at otherwise.
        clock: VersionVector,
        /// What was seen of the peer.
        seen: Seen,
    },
    /// Answers `Read`.
    Page(LogPage),
    /// Answers `Survey`.
    Surveyed {
        /// As in the effect.
        own: bool,
        /// The records that are not deleted; none where no search is needed.
        snapshot: Option<Snapshot>,
        /// The last position of the log at that moment.
        head: Seq,
    },
    /// Answers `Stage`: the chunk is durable.
    Staged,
    /// Answers `Apply`: the delta is visible and durable.
    Applied {
        /// The local log's floor just before.
        floor_before: Seq,
        /// Its floor with the delta.
        floor: Seq,
    },
    /// Answers `Apply`: nothing was done, because more was heard of the peer since it has judged what was seen of it
    /// ([`Seen::is_overtaken`]).
    Overtaken {
        /// What is known of it by now.
        now: Seen,
    },
    /// Answers `LoadPeer`, `Read`, `Stage` or `Apply`: it could not be done.
    Failed {
        /// A stable code, told to the peer.
        code: &'static str,
    },
    /// The local log has grown, durably.
    HeadMoved(Seq),
    /// The network may have changed: the peer is asked for a sign of life at once.
    Probe,
    /// Time has passed; due at [`crate::session::Session::next_wake_ms`].
    Tick,
}

/// What a session wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionEffect {
    /// Send this message.
    Send(Vec<u8>),
    /// Say what is known of this peer.
    LoadPeer {
        /// The peer.
        replica: ReplicaId,
        /// The life of its log.
        epoch: LogEpoch,
    },
    /// Read the local log.
    Read(PageRequest),
    /// Take the fingerprints of all records that are not deleted.
    Survey {
        /// True when the peer wants to know how it differs from this log, false when this side does.
        own: bool,
        /// What to take them with.
        key: FingerprintKey,
        /// The peer's clock, where it decides whether a search is needed: see [`crate::must_compare`].
        peer_clock: Option<VersionVector>,
    },
    /// Keep this chunk until its delta is complete.
    Stage(Chunk),
    /// Make a whole delta visible, in one commit that also joins its clock, moves the cursor and drops what was staged.
    Apply {
        /// The last chunk of the delta, or the only one.
        chunk: Chunk,
        /// True when chunks were staged before this one.
        staged: bool,
        /// What it says of the peer's clock.
        clock: DeltaClock,
        /// The clock that this side has told, where the delta says what is forgotten. In the same commit it must be seen
        /// that nothing of that was heard since ([`crate::has_heard_since`]); otherwise the answer is `Failed` with
        /// `below-floor`, and this side comes again.
        asked: VersionVector,
        /// What the peer has judged to be its own. If more was heard of it since, which is not what the delta says
        /// ([`DeltaClock::seen_of`]), perhaps somebody else writes under the peer's name: then the answer is `Overtaken`, and
        /// it is asked.
        judged: Seen,
    },
    /// Remember that this position of the peer's log is reached, unless more was heard of the peer since, as with `Apply`.
    /// Nothing is lost if it is forgotten again.
    MoveCursor(Passed),
    /// The peer has durably taken in the local log up to here.
    PeerReached {
        /// The peer.
        peer: ReplicaId,
        /// The position in the local log.
        seq: Seq,
    },
    /// End the connection, after what was to be sent. The session takes no more input.
    Close(Closing),
}

/// Asks for a part of the local log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageRequest {
    /// Entries after this position.
    pub after: Seq,
    /// Clock entries that changed after this position, if the page reaches the head.
    pub clock_since: Seq,
    /// The peer.
    pub peer: ReplicaId,
    /// Leave out what came from this log of the peer: it has it. But not if another connection has gone on in that log:
    /// perhaps that was another copy of the peer. See [`Self::left_out`].
    pub exclude: LogEpoch,
    /// Up to here the peer has judged the log to be its own.
    pub judged: LogPlace,
    /// Up to here it has told it itself.
    pub told: LogPlace,
    /// Leave out records whose context this clock covers.
    pub covered_by: Option<VersionVector>,
    /// After a search for differences: only these, in the part of the log that was searched.
    pub among: Option<Among>,
    /// The first delta to this peer: it is told what is forgotten here.
    pub is_first: bool,
    /// Stop when the records take so many bytes, but not before the first.
    pub budget_bytes: usize,
}

/// What a search for differences has found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Among {
    /// The records that differ. Wherever they came from, the peer has not got them as they are here.
    pub keys: Arc<BTreeSet<Box<str>>>,
    /// The log was searched up to here; what changed after is sent as always.
    pub until: Seq,
    /// Of the records that are not here any more, those up to this key were told already.
    pub absent_up_to: Option<Box<str>>,
}

impl PageRequest {
    /// The log of which nothing need be told, where the peer's log is taken in up to `now`. None if neither is that what the
    /// peer has told last nor has the peer judged it: then another connection has brought it.
    pub fn left_out(&self, now: LogPlace) -> Option<LogEpoch> {
        let is_others = now.link != 0 && now != self.told && now.is_beyond(self.judged);
        let is_others = is_others && holds(Guard::OthersBrought);
        (!is_others && holds(Guard::EchoSuppression)).then_some(self.exclude)
    }

    /// True when a record with that key, position and origin may be in the page: it is, unless [`Self::is_covered`].
    /// `left_out` is as [`Self::left_out`] says.
    pub fn is_wanted(
        &self,
        (key, seq, origin): (&str, Seq, Option<LogEpoch>),
        left_out: Option<LogEpoch>,
        is_deleted: bool,
    ) -> bool {
        match &self.among {
            Some(among) if among.keys.contains(key) => true,
            // A search is over what stands. Deletions that the peer has not heard of are told as well.
            Some(among) if seq <= among.until => is_deleted,
            // Wherever it came from: what was told before in an older state would be judged by the clock of now.
            Some(_) => true,
            None => left_out.is_none() || origin != left_out,
        }
    }

    /// True when the peer has heard of all that the record accounts for, so that it need not be sent.
    pub fn is_covered(&self, key: &str, record: &Record) -> bool {
        let differs = self.among.as_ref().is_some_and(|among| among.keys.contains(key));
        !differs && self.covered_by.as_ref().is_some_and(|clock| clock.covers_all(record.context()))
    }

    /// The keys of which it is still to be told if they are not here any more, once the end of the log is reached.
    pub fn keys_to_tell(&self) -> impl Iterator<Item = &str> {
        let after = |among: &Among| match &among.absent_up_to {
            Some(key) => Bound::Excluded(key.clone()),
            None => Bound::Unbounded,
        };
        let ranges = self.among.iter().map(move |among| among.keys.range((after(among), Bound::Unbounded)));
        ranges.flatten().map(|key| &**key)
    }

    /// What a page tells of the writes that are forgotten here: all of them, unless the peer has heard of all.
    pub fn told_forgotten(&self, forgotten: &VersionVector) -> VersionVector {
        let is_known = self.covered_by.as_ref().is_some_and(|clock| clock.covers_all(forgotten));
        if self.is_first && !is_known { forgotten.clone() } else { VersionVector::new() }
    }
}

/// A part of the local log, all durable.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogPage {
    /// The records, in the order of their positions.
    pub entries: Vec<(RecordKey, Record)>,
    /// The position up to which the log was looked at.
    pub up_to: Seq,
    /// Given when `up_to` is the head: the clock entries asked for, read at the same moment as the records.
    pub clock: Option<DeltaClock>,
    /// The last key that is told to be absent, if any is: more may follow.
    pub absent_up_to: Option<Box<str>>,
    /// Below this position deletions are forgotten.
    pub floor: Seq,
    /// Records were left out that this replica's own writes are a part of: the peer has all of it, and is to say so.
    pub leaves_mixtures: bool,
}

/// A part of a delta from a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// Who sent it.
    pub peer: ReplicaId,
    /// Where its log ended when it last said so: in its hello, or at the end of the delta before this one. Who goes on after
    /// the chunk must have been there too.
    pub log: LogPlace,
    /// The position that the cursor has before the delta.
    pub base: Cursor,
    /// The position that the chunk goes on from: the base for the first chunk, the end of the one before for others. A
    /// host keeps chunks of one delta without gaps, also where several connections of one peer bring them.
    pub from: Seq,
    /// The position of the peer's log that is reached with this chunk.
    pub up_to: Seq,
    /// The records as they came.
    pub block: Vec<u8>,
    /// The same, read.
    pub entries: Vec<(RecordKey, Record)>,
}

/// A part of a peer's log that held nothing for this replica.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    /// The peer.
    pub peer: ReplicaId,
    /// Up to where it was passed.
    pub cursor: Cursor,
    /// The link of the peer's chain there.
    pub link: u32,
    /// What the peer has judged to be its own.
    pub judged: Seen,
}

impl Passed {
    /// True when more was heard of the peer since it has judged what was seen of it, and `now` that is known of it.
    pub fn is_overtaken(&self, now: Seen) -> bool {
        let log = LogPlace { seq: self.cursor.seq, link: self.link };
        self.judged.is_overtaken(now, Seen { log, ..Seen::default() })
    }
}

/// Why a session ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closing {
    /// A stable code.
    pub code: String,
    /// The same in words.
    pub message: String,
    /// True when the peer ended it.
    pub by_peer: bool,
    /// After how long another try may succeed, when the peer has said so.
    pub retry_after_ms: Option<u64>,
}
