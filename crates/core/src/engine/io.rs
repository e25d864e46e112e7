//! What goes into the engine and what comes out of it: the contract with the browser shell and the simulator.
//!
//! The host performs effects in order. It answers `Commit` with `Committed`, `Collided` or `CommitFailed`, `Barrier` with
//! `BarrierPassed` or `BarrierFailed`, `StoreChunk` with `ChunkStored` or `ChunkFailed`, `ReadPages` with `PagesRead`,
//! `AddPages` and `SwitchCheckpoint` with `PagesAdded`, `Switched` or `CompactionFailed`; at most one of each is under way.
//!
//! Whoever reads the log from a position on reads the root of the checkpoint in the same transaction
//! ([`crate::checkpoint::Root`]). Where the position is below what the checkpoint keeps, what stands there counts for
//! nothing: the host gives `Checkpoint`, and then the segments after it in place of those.

use std::sync::Arc;

use crate::checkpoint::PageId;
use crate::context::Context;
use crate::id::{LogEpoch, ReplicaId};
use crate::key::RecordKey;
use crate::record::Content;
use crate::references::References;
use crate::vector::VersionVector;

/// Names a request of the application, given by the host.
pub type Ticket = u64;

/// Names one connection: an attempt to reach the relay, named by the engine, or one to another replica that the application
/// has made, named by the host from [`FIRST_PEER_LINK`] on.
pub type Link = u64;

/// The first name that a host gives a connection.
pub const FIRST_PEER_LINK: Link = 1 << 32;

/// The code of a compaction that another tab was faster with.
pub const SUPERSEDED: &str = "superseded";

/// A value of the log as it was read, with the chunks that were staged for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSegment {
    /// Its key in the log: the first is 1.
    pub position: u64,
    /// The segment.
    pub value: Vec<u8>,
    /// The staged chunks that it names, in order.
    pub chunks: Vec<Vec<u8>>,
}

/// A checkpoint as it was read, in one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredCheckpoint {
    /// Its root.
    pub root: Vec<u8>,
    /// The parts that the root names, in order. One that is not there is empty.
    pub parts: Vec<Vec<u8>>,
}

/// A page as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredPage {
    /// Its key.
    pub id: PageId,
    /// The page; none where it is not there any more.
    pub value: Option<Vec<u8>>,
}

/// Records that the application wants to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// One record, by `collection/id`.
    Record(String),
    /// Records of a collection in the order of ids, those after an id if one is given: at least the first that are not here.
    After {
        /// The collection.
        collection: String,
        /// The id.
        id: Option<String>,
    },
    /// All.
    All,
}

/// One write of the application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// What is written.
    pub key: RecordKey,
    /// What the writer has seen; none is this replica's latest view.
    pub context: Option<Context>,
    /// The new content; none deletes.
    pub content: Option<Content>,
    /// What the content names of what its writer has seen, under the names in which a read gave it.
    pub references: References,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EngineInput {
    /// The checkpoint was read: at opening, before all else; because the log was found to be kept only from later on than
    /// this tab knows it; because another tab has compacted; or to answer `ReadCheckpoint`.
    Checkpoint(StoredCheckpoint),
    /// Segments were read: at opening, or because another tab has committed.
    Segments(Vec<StoredSegment>),
    /// Answers `ReadPages`, in any order.
    PagesRead(Vec<StoredPage>),
    /// Answers `ReadPages`: they could not be read. They are asked for again.
    PagesFailed(StorageFailure),
    /// The application wants to read these records.
    Fetch {
        /// Named in the answer.
        ticket: Ticket,
        /// Which.
        wanted: Wanted,
    },
    /// Answers `BeginCompaction`: true when no other tab compacts, as far as the host can tell. If the checkpoint that is
    /// stored has another generation than the effect says, the host gives it before that, as `Checkpoint`.
    CompactionBegun(bool),
    /// Answers `AddPages`.
    PagesAdded,
    /// Answers `SwitchCheckpoint`.
    Switched,
    /// Answers `AddPages`, `SwitchCheckpoint` or `DropUnknown`: it was not done. With the code [`SUPERSEDED`] because the
    /// checkpoint has another generation; then the host gives that one before, as `Checkpoint`.
    CompactionFailed(StorageFailure),
    /// What was remembered of peers, in storage or by another tab.
    PeersKnown(Vec<u8>),
    /// The application writes: all or nothing.
    Write {
        /// Named in the answer.
        ticket: Ticket,
        /// In order; a later one of the same record sees the earlier.
        writes: Vec<Write>,
    },
    /// The application merges an export.
    Import {
        /// Named in the answer.
        ticket: Ticket,
        /// The bytes of the export.
        bytes: Vec<u8>,
    },
    /// The application waits.
    Await {
        /// Named in the answer.
        ticket: Ticket,
        /// For what.
        condition: Condition,
    },
    /// The commit's transaction has completed.
    Committed,
    /// Another tab was faster: these segments stand where the commit wanted to, and after. If the commit was void (see
    /// `Commit`), the host has removed it and gives the `Checkpoint` before this, which then has the segments after that.
    Collided(Vec<StoredSegment>),
    /// The commit could not be done; nothing of it is stored.
    CommitFailed(StorageFailure),
    /// All commits so far are on disk.
    BarrierPassed,
    /// It is not known whether they are.
    BarrierFailed(StorageFailure),
    /// The chunk is on disk.
    ChunkStored,
    /// The chunk could not be stored.
    ChunkFailed(StorageFailure),
    /// Chunks of unfinished deltas were found: stage name and chunks in order. To be given when the tab begins to sync, after
    /// all segments that stood in the log when they were read: stages that those name are part of the log.
    StagesFound(Vec<(u64, Vec<Vec<u8>>)>),
    /// Answers `Name`.
    Named {
        /// A new random name for the replica.
        replica: ReplicaId,
        /// A random name for the new life of its log.
        epoch: LogEpoch,
    },
    /// The tab holds the network sync from now on, or no longer.
    Sync(bool),
    /// The device has a network, as far as it knows, or has not.
    Online(bool),
    /// A good moment to try again, and to store what was to be stored soon: the page is shown, or hidden.
    Nudge,
    /// The connection stands.
    LinkOpened(Link),
    /// A message has come.
    LinkReceived(Link, Vec<u8>),
    /// The connection ended or did not come about.
    LinkClosed(Link, LinkFailure),
    /// The application has made a connection to another replica, and it stands.
    PeerJoined {
        /// From [`FIRST_PEER_LINK`] on, and never used before.
        link: Link,
        /// True for the side that speaks first. There must be one at each connection.
        calls: bool,
    },
    /// The application ends a connection that it has made.
    PeerDismissed(Link),
    /// Answers `Continue`.
    Continue,
    /// Time has passed; due at [`crate::engine::Engine::next_wake_ms`].
    Tick,
}

/// What the application waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// A peer has acknowledged all that was written so far.
    Saved,
    /// The clock covers this.
    Clock(VersionVector),
}

/// Why storage failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StorageFailure {
    /// A stable code: `quota-exceeded`, `transaction-aborted`, `storage-lost`, ...
    pub code: &'static str,
}

/// Why a connection ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkFailure {
    /// A stable code.
    pub code: String,
    /// The same in words.
    pub message: String,
}

/// Where a change came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A write in this tab.
    Local,
    /// A write in another tab of the same replica.
    Tab,
    /// A peer.
    Remote,
    /// Nothing but the knowledge that a peer has it.
    Saved,
}

/// Something to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EngineEffect {
    /// Append these values to the log at `position` and after, in one transaction. It fails where a value names staged
    /// chunks ([`crate::segment::Segment::stage`]) that are not all there: another tab has given the delta up.
    ///
    /// Where something stands in the log after them the commit is void: this tab is behind what compaction has deleted. To
    /// be looked at in the same transaction.
    Commit {
        /// The key of the first value.
        position: u64,
        /// The values.
        values: Arc<Vec<Vec<u8>>>,
        /// True when the disk must have it, and all before it, before the answer.
        strict: bool,
    },
    /// Answer when the disk has all commits so far.
    Barrier,
    /// Keep a chunk of a delta that is not complete yet. The commit that completes the delta is strict, and so covers it.
    StoreChunk {
        /// The delta.
        stage: u64,
        /// Which chunk of it: 0 is the first.
        ordinal: u64,
        /// The chunk.
        value: Vec<u8>,
    },
    /// A delta was given up: its chunks are of no use. They stay, for the next tab that begins to sync, if the log has grown
    /// beyond [`crate::engine::Engine::next_position`]: a segment that this tab has not seen may name them. To be looked at
    /// in the same transaction.
    DropStage(u64),
    /// Read these pages. What is asked for comes in the order in which it is needed.
    ReadPages(Vec<PageId>),
    /// A page is gone: read the checkpoint and the log after it. Answered with `Checkpoint`, and `Segments` if there are any.
    ReadCheckpoint,
    /// The records of this ticket can be read now. They may have to be fetched again once other inputs were taken.
    Fetched(Ticket),
    /// Take the right to compact, if no other tab has it. Answered with `CompactionBegun`.
    BeginCompaction {
        /// The generation of the checkpoint that is known here; 0 for none.
        generation: u64,
    },
    /// Add these values to the pages, in small transactions. None of the keys is taken.
    AddPages(Vec<(PageId, Vec<u8>)>),
    /// Replace the root of the checkpoint, strictly, if it has the generation that is expected, or there is none and 0 is
    /// expected; to be looked at in the same transaction. Answered with `Switched` or `CompactionFailed`.
    SwitchCheckpoint {
        /// The generation.
        expected: u64,
        /// The new root.
        root: Vec<u8>,
    },
    /// Do the same, relaxed, and delete in the same transaction all pages but these. Answered likewise.
    DropUnknown {
        /// The generation.
        expected: u64,
        /// The new root.
        root: Vec<u8>,
        /// The pages and parts that stay, in the order of their keys.
        known: Vec<PageId>,
    },
    /// Nothing needs these any more: delete them in small transactions. What is left is found another time.
    Sweep {
        /// Pages, and parts of a checkpoint.
        pages: Vec<PageId>,
        /// Segments before this position.
        log_before: u64,
        /// Stages with all their chunks.
        stages: Vec<u64>,
    },
    /// Give the right to compact back.
    EndCompaction,
    /// Remember this of the peers and tell other tabs; nothing is lost if it is forgotten.
    SavePeers(Vec<u8>),
    /// Tell other tabs that there are new segments.
    Announce,
    /// The writes of this ticket are durable.
    Written {
        /// Which.
        ticket: Ticket,
        /// For each write what its writer has seen: the context that it gave, and its own write.
        contexts: Vec<Context>,
    },
    /// The import of this ticket is durable.
    Imported {
        /// Which.
        ticket: Ticket,
        /// How many records changed.
        records: usize,
    },
    /// What this ticket waited for has come.
    Awaited(Ticket),
    /// The request of this ticket failed, and left nothing behind.
    Rejected {
        /// Which.
        ticket: Ticket,
        /// A stable code.
        code: &'static str,
        /// The same in words.
        message: String,
    },
    /// What these records show may have changed.
    Changed {
        /// The records, each once.
        keys: Vec<RecordKey>,
        /// Why.
        cause: Cause,
    },
    /// Give the replica a new random name, and its log too: it may be a copy of another. Answered with `Named`.
    Name,
    /// Something that the application may want to know and need not act on.
    Notice {
        /// A stable code: `replica-forked` or `dot-collision`.
        code: &'static str,
        /// The records that it is about, if it is about records.
        keys: Vec<RecordKey>,
    },
    /// Connect to the relay.
    Connect(Link),
    /// Send a message.
    Transmit(Link, Vec<u8>),
    /// End a connection, after what was to be sent.
    Disconnect(Link),
    /// A connection that the application has made is over, for this reason.
    PeerLeft(Link, LinkFailure),
    /// The state of the sync has changed; read it.
    StatusChanged,
    /// Something large is becoming visible, in slices: let the page have its turn, then answer with `Continue`.
    Continue,
    /// The log cannot be read: what it holds is left as it is, and nothing more is written.
    Corrupt {
        /// The position of the segment.
        position: u64,
        /// Why.
        message: String,
    },
}
