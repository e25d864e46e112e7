//! The store: what the relay keeps of each database, as an interface that several engines can implement.
//!
//! Laws, for every implementation: (1) what a method has returned is on disk; (2) an apply happens as a whole or not at
//! all; (3) the positions of one database's log are given in the order of commits and without gaps that fill later, so a
//! reader that has seen position n never misses one below it (a serial column would not promise that); (4) no operation
//! touches two databases. The suite in `tests/conformance.rs` asks for each.
//!
//! Knows neither connections nor the protocol's messages.

pub mod memory;
pub mod sqlite;

use std::time::SystemTime;

use async_trait::async_trait;
use eyot_core::message::DeltaClock;
use eyot_core::reconcile::{FingerprintKey, Snapshot};
use eyot_core::session::{Chunk, Local, LogPage, PageRequest, Passed, Standing};
use eyot_core::{Cursor, DatabaseName, LogEpoch, Merged, Record, ReplicaId, Seen, Seq, VersionVector};

use crate::limits::Limits;
use crate::refusal::Code;

/// A database of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Database {
    /// Its number in this store.
    pub id: i64,
    /// Its name.
    pub name: DatabaseName,
}

/// A database that was found, and what the relay says of its own log in a hello: as of one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The database.
    pub database: Database,
    /// The relay's replica of it.
    pub local: Local,
}

/// What is known of a peer: as of one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerKnown {
    /// How far its log was taken in, if it was in this life of it.
    pub standing: Option<Standing>,
    /// How many chunks are staged.
    pub chunks: u64,
    /// The relay's whole clock where there is no standing; empty otherwise.
    pub clock: VersionVector,
    /// What was seen of it. Where chunks are staged, its log was seen as far as it went when it sent them.
    pub seen: Seen,
}

/// A whole delta, to become visible at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delta {
    /// Its last chunk, or its only one.
    pub last: Chunk,
    /// How many chunks were staged before.
    pub chunks: u64,
    /// What it says of the peer's clock.
    pub clock: DeltaClock,
    /// What the peer has judged to be its own.
    pub judged: Seen,
    /// The clock that the peer was told, where the delta says what is forgotten.
    pub asked: VersionVector,
}

impl Delta {
    /// Where the peer's log is reached with it.
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.last.base.epoch, seq: self.last.up_to }
    }

    /// What it tells of the peer.
    pub fn told(&self) -> Seen {
        self.clock.seen_of(self.last.peer, self.last.up_to)
    }
}

/// What applying a delta came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Applied {
    /// Where the log ends now.
    pub head: Seq,
    /// The log's floor before.
    pub floor_before: Seq,
    /// Its floor now: the head, if the delta brought what is forgotten elsewhere.
    pub floor: Seq,
}

/// The fingerprints of a database's records: as of one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Survey {
    /// Those of all records that are not deleted; none where no search is needed.
    pub snapshot: Option<Snapshot>,
    /// Where the log ends.
    pub head: Seq,
}

/// Keeps databases.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Finds a database, or makes it if it may be made. A new one gets a replica's name and a log epoch of its own.
    async fn open(&self, name: &DatabaseName, create: bool) -> Result<Option<Opened>, StoreError>;

    /// What is known of a peer and that life of its log.
    async fn peer(
        &self,
        database: &Database,
        peer: ReplicaId,
        epoch: LogEpoch,
    ) -> Result<PeerKnown, StoreError>;

    /// Reads a part of the log. The clock is given when the page reaches the head, with all positions below it taken.
    async fn page(&self, database: &Database, request: PageRequest) -> Result<LogPage, StoreError>;

    /// Takes the fingerprints of all records that are not deleted, unless a peer with that clock need not search
    /// ([`eyot_core::must_compare`]). Reads every record, so there is one at a time.
    async fn survey(
        &self,
        database: &Database,
        key: FingerprintKey,
        peer_clock: Option<VersionVector>,
    ) -> Result<Survey, StoreError>;

    /// Keeps a chunk of a delta. The first one of a delta takes the place of all that was kept of the same peer. A later
    /// one is refused unless it goes on just where what is kept ends: another connection of the same peer may have kept
    /// or dropped chunks meanwhile, and a delta with a gap would be believed to be whole.
    async fn stage(&self, database: &Database, chunk: Chunk) -> Result<(), StoreError>;

    /// Merges a delta with what is here: records that changed get the next positions of the log, the clock is joined,
    /// the peer's cursor moved, its staged chunks dropped. After a search, what the peer has not got any more is dropped
    /// of the records that it told. What it has forgotten and was news is added to what is forgotten here, and the floor
    /// is the head then. A delta whose chunks are
    /// not all there (another connection of the same peer has dropped them) is refused, and one of whose sender more was heard
    /// since it has judged what was seen of it. So is one with a record whose
    /// context neither this replica's clock nor the delta's accounts for; what was staged of that is dropped. And so is
    /// one that tells of forgotten writes of which some were heard of since it was asked for.
    async fn apply(&self, database: &Database, delta: Delta) -> Result<Applied, StoreError>;

    /// Remembers that a position of a peer's log is reached. Within one life of the log a cursor never goes back.
    /// It stays where it is if more was heard of the peer since it has judged what was seen of it.
    async fn move_cursor(&self, database: &Database, passed: Passed) -> Result<(), StoreError>;

    /// Forgets deletions: removes the records that are nothing but deleted, claim to be so since before that time and were
    /// stored before it by this machine's own clock (milliseconds since 1970), adds what they accounted for to what is
    /// forgotten, and raises the floor to the highest of their positions. In several steps, each of them whole. Says how many there were.
    async fn forget(&self, database: &Database, before_ms: u64) -> Result<u64, StoreError>;

    /// Gives the log of a database a new epoch, if it ends before that place in the life that it has: then it was set back,
    /// and somebody was further. True when it did.
    async fn begin_life(&self, database: &Database, beyond: Cursor) -> Result<bool, StoreError>;

    /// All databases that there are.
    async fn databases(&self) -> Result<Vec<Database>, StoreError>;

    /// Writes something that means nothing, to see whether writing works.
    async fn probe(&self) -> Result<(), StoreError>;

    /// Ends the store: what was accepted is written, nothing more is taken.
    async fn close(&self) -> Result<(), StoreError>;
}

/// Why the store did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The store has ended.
    #[error("the store is closed")]
    Closed,
    /// Another relay uses the same folder.
    #[error("another relay uses this folder")]
    InUse,
    /// The file was written by a newer program.
    #[error("the data was written by a newer version of this program")]
    NewerFile,
    /// A record would have more siblings, or more bytes, than the limit.
    #[error("a record would grow over the limit")]
    RecordTooLarge,
    /// More would be staged than the limit.
    #[error("more would be staged than the limit")]
    StagedTooLarge,
    /// Chunks of the delta are not there any more.
    #[error("chunks of the delta are not there any more")]
    ChunksMissing,
    /// Of what the delta tells to be forgotten, some was heard of since the delta was asked for.
    #[error("what came meanwhile was not compared")]
    HeardMeanwhile,
    /// A record of the delta has seen writes that neither clock accounts for.
    #[error("a record has seen writes that are not accounted for")]
    Unaccounted,
    /// More was heard of the peer since it has judged what was seen of it: this.
    #[error("more was heard of the replica meanwhile")]
    Overtaken(Seen),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl StoreError {
    /// The code of the refusal that the client gets for it.
    pub const fn code(&self) -> Code {
        match self {
            Self::Full => Code::StorageFull,
            Self::Closed => Code::ShuttingDown,
            Self::RecordTooLarge => Code::RecordTooLarge,
            Self::StagedTooLarge => Code::DeltaTooLarge,
            Self::ChunksMissing => Code::StagingLost,
            Self::Unaccounted | Self::HeardMeanwhile => Code::BadMessage,
            Self::Overtaken(_) => Code::ReplicaForked,
            Self::InUse | Self::NewerFile | Self::Failed(_) => Code::StorageFailed,
        }
    }
}

/// Merges what came in, unless the result is over the limits. Where deletions were forgotten, `forgotten` is the clock as
/// it was before the delta: what it covers and what does not stand here is not taken up again.
pub(crate) fn merge_within(
    existing: Option<&Record>,
    incoming: Record,
    forgotten: Option<&VersionVector>,
    limits: &Limits,
) -> Result<Option<Change>, StoreError> {
    let merged = match forgotten {
        None => eyot_core::merge_incoming(existing, incoming),
        Some(clock) => eyot_core::merge_after_forgetting(existing, incoming, |dot| clock.covers(dot)),
    };
    let Some(change) = Change::of(merged) else { return Ok(None) };
    let is_long = change.record.past_entries() > limits.core().past_entries();
    if is_long || change.record.versions().len() > limits.siblings || change.state.len() > limits.record_bytes
    {
        return Err(StoreError::RecordTooLarge);
    }
    Ok(Some(change))
}

/// A record that has changed.
pub(crate) struct Change {
    pub(crate) record: Record,
    pub(crate) state: Vec<u8>,
    /// The peer has just this state, and need not be told.
    pub(crate) as_sent: bool,
    /// Where nothing but deletions stand: the later of when that is claimed to have happened and now.
    pub(crate) deleted_ms: Option<u64>,
}

impl Change {
    /// What a merge came to, as it is stored; none when nothing was news.
    pub(crate) fn of(merged: Merged) -> Option<Self> {
        let (record, as_sent) = match merged {
            Merged::Unchanged => return None,
            Merged::AsSent(record) => (record, true),
            Merged::Mixed(record) => (record, false),
        };
        let (state, deleted_ms) = (record.to_bytes(), deleted_ms(&record, now_ms()));
        Some(Self { record, state, as_sent, deleted_ms })
    }
}

/// When a record that is stored at `now_ms` counts as deleted: a device's clock may be far behind, and what has just come
/// in is never old. None for a record that something stands in.
pub(crate) fn deleted_ms(record: &Record, now_ms: u64) -> Option<u64> {
    eyot_core::deleted_at_ms(record).map(|claimed_ms| claimed_ms.max(now_ms))
}

/// This machine's time, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// A new name for a replica, and a life for its log.
pub(crate) fn new_names() -> Result<(ReplicaId, LogEpoch), StoreError> {
    let failed = |error: getrandom::Error| StoreError::Failed(error.to_string());
    let mut replica = [0; ReplicaId::LENGTH];
    getrandom::fill(&mut replica).map_err(failed)?;
    Ok((ReplicaId::from_bytes(replica), LogEpoch(getrandom::u64().map_err(failed)?)))
}

#[cfg(test)]
mod tests {
    use eyot_core::{Context, Dot, Hlc, Version};

    use super::*;

    // A record that 3,000 replicas have written, and of which some have written again without having heard of each other.
    fn record(siblings: std::ops::Range<u16>) -> Record {
        let id = |number: u16| ReplicaId::from_bytes(u128::from(number).to_be_bytes());
        let seen: VersionVector = (0..3_000).map(|number| Dot::new(id(number), 1)).collect();
        let (mut context, past) = (seen.clone(), Context::from(seen));
        let versions = siblings.map(|number| {
            context.include(Dot::new(id(number), 2));
            Version {
                dot: Dot::new(id(number), 2),
                past: past.clone(),
                at: Hlc::from_ms(1),
                content: None,
                references: eyot_core::References::NONE,
            }
        });
        let versions = versions.collect();
        Record::from_parts(context, versions).unwrap()
    }

    #[test]
    fn a_record_that_no_peer_would_take_in_is_refused() {
        let (limits, here) = (Limits::default(), record(0..300));
        let merge = |siblings| merge_within(Some(&here), record(siblings), None, &limits);
        assert!(merge(300..310).is_ok_and(|change| change.is_some()));
        assert_eq!(merge(300..600).err(), Some(StoreError::RecordTooLarge));
    }
}
