//! The engine: one replica in one browser tab, with its writes, its commits and its sync.
//!
//! `handle(input, now) -> effects`. It decides; its host performs. Knows nothing of IndexedDB, sockets or timers.

mod admission;
mod commits;
mod compaction;
mod connector;
mod folding;
mod io;
mod links;
mod outcomes;
mod paging;
mod pending;
mod provisional;
mod reading;
mod rebirth;
mod restoring;
mod rewriting;
mod segments;
mod stages;
mod status;
mod surveys;
mod waits;

pub use io::{Cause, Condition, EngineEffect, EngineInput, FIRST_PEER_LINK, Link, LinkFailure};
pub use io::{
    SUPERSEDED, StorageFailure, StoredCheckpoint, StoredPage, StoredSegment, Ticket, Wanted, Write,
};
pub use paging::StorageOptions;
pub use reading::{Reading, Shown};
pub use status::{PeerStatus, SyncError, SyncState, SyncStatus};

use crate::hlc::HybridClock;
use crate::id::{DatabaseName, LogEpoch, ReplicaId};
use crate::key::RecordKey;
use crate::limits::Limits;
use crate::merging::Standing;
use crate::peers::Peers;
use crate::replica::Replica;
use commits::Commits;
use compaction::Compaction;
use connector::Connector;
use folding::Fold;
use links::Links;
use paging::Paging;
use pending::Pending;
use rebirth::Births;
use restoring::Announcement;
use segments::Stalled;
use stages::Stages;
use waits::Waits;

const STOPPED: &str = "stopped";
const STOPPED_MESSAGE: &str = "The application has stopped the sync.";

/// Who and where an engine is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The database.
    pub database: DatabaseName,
    /// The replica as it was first named: one for all tabs of a browser profile. The log may give it another name later.
    pub replica: ReplicaId,
    /// The life of the replica's log, likewise.
    pub epoch: LogEpoch,
    /// A random id of this tab alone. It never leaves the tab but inside contexts that are handed to its own application.
    pub tab: ReplicaId,
    /// Random bits for everything that wants them.
    pub seed: u64,
}

/// One replica in one tab.
pub struct Engine {
    identity: Identity,
    limits: Limits,
    replica: Replica,
    hybrid: HybridClock,
    pending: Pending,
    commits: Commits,
    stages: Stages,
    links: Links,
    connector: Connector,
    waits: Waits,
    births: Births,
    folding: Option<Box<Fold>>,
    stalled: Option<Stalled>,
    announcement: Option<Announcement>,
    paging: Paging,
    compaction: Compaction,
    corrupt: bool,
    decompresses: bool,
    now_ms: u64,
    effects: Vec<EngineEffect>,
}

impl Engine {
    /// An engine with an empty log; feed it the stored segments next.
    pub fn new(identity: Identity, limits: Limits) -> Self {
        Self {
            replica: Replica::new(identity.replica, identity.epoch),
            pending: Pending::new(identity.tab),
            connector: Connector::new(identity.seed),
            stages: Stages::new(identity.seed),
            links: Links::default(),
            identity,
            limits,
            hybrid: HybridClock::default(),
            commits: Commits::default(),
            waits: Waits::default(),
            births: Births::default(),
            folding: None,
            stalled: None,
            announcement: None,
            paging: Paging::default(),
            compaction: Compaction::default(),
            corrupt: false,
            decompresses: false,
            now_ms: 0,
            effects: Vec::new(),
        }
    }

    /// How long deletions are remembered; 30 days if nothing else is said. A replica that was away for longer has to
    /// compare what it holds with what others hold.
    pub fn keep_deletions_for_ms(&mut self, ms: u64) {
        self.commits.keep_deletions_for_ms(ms);
    }

    /// The host can decompress messages ([`crate::message::Compressed`]); peers are told so.
    pub fn decompress_messages(&mut self) {
        self.decompresses = true;
    }

    /// True when the other side of the connection has said that it can decompress messages.
    pub fn may_compress(&self, link: Link) -> bool {
        self.links.session(link).and_then(crate::session::Session::peer).is_some_and(|peer| peer.decompresses)
    }

    /// Takes in what happened at `now_ms` (milliseconds since 1970) and says what is to be done, in order.
    pub fn handle(&mut self, input: EngineInput, now_ms: u64) -> Vec<EngineEffect> {
        self.pass_time(now_ms);
        self.replica.records.pass_time();
        self.take(input);
        self.pump();
        std::mem::take(&mut self.effects)
    }

    // A clock that is set back takes what is due with it: otherwise it would come as much later, by years perhaps.
    fn pass_time(&mut self, now_ms: u64) {
        let back_ms = self.now_ms.saturating_sub(now_ms);
        if back_ms > 0 {
            self.connector.set_back(back_ms);
            self.commits.set_back(back_ms);
            self.links.set_back(back_ms, now_ms);
            self.paging.set_back(back_ms);
            self.compaction.set_back(back_ms);
        }
        self.now_ms = now_ms;
    }

    /// When the engine wants a `Tick` next.
    pub fn next_wake_ms(&self) -> Option<u64> {
        // What cannot be read is not told to anybody either.
        let connect_at_ms = self.connector.next_wake_ms().filter(|_| !self.corrupt);
        // Nothing is forgotten while something is folded in, nor where the log cannot be read.
        let forget_at_ms = self.commits.next_wake_ms().filter(|_| !self.waits_for_pages());
        let birth_at_ms = self.births.next_wake_ms(self.now_ms);
        let retry_at_ms = self.paging.next_wake_ms();
        let compact_at_ms =
            self.compaction.next_wake_ms(self.now_ms, &self.paging.options).filter(|_| !self.corrupt);
        let others =
            [connect_at_ms, birth_at_ms, self.links.next_wake_ms(), forget_at_ms, retry_at_ms, compact_at_ms];
        others.into_iter().flatten().min()
    }

    /// The committed state of the replica.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Who and where this engine is, as it was made.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The key of the next value of the log.
    pub fn next_position(&self) -> u64 {
        self.commits.next_position()
    }

    /// True when nothing that was asked for is still on its way to the disk.
    pub fn is_settled(&self) -> bool {
        let is_idle = self.commits.is_idle() && self.paging.is_idle();
        self.pending.is_empty() && is_idle && !self.is_reading()
    }

    fn take(&mut self, input: EngineInput) {
        self.note_opening(&input);
        match input {
            EngineInput::Segments(segments) => self.take_segments(segments, Cause::Tab),
            EngineInput::PeersKnown(bytes) => self.take_peers(&bytes),
            EngineInput::Write { ticket, writes } => self.take_write(ticket, writes),
            EngineInput::Import { ticket, bytes } => self.take_import(ticket, &bytes),
            EngineInput::Await { ticket, condition } => self.take_await(ticket, condition),
            EngineInput::Committed => self.commit_done(),
            EngineInput::Collided(segments) => self.commit_collided(segments),
            EngineInput::CommitFailed(failure) => self.commit_failed(failure),
            EngineInput::BarrierPassed => self.barrier_passed(),
            EngineInput::BarrierFailed(failure) => self.barrier_failed(failure),
            EngineInput::ChunkStored => self.chunk_stored(),
            EngineInput::ChunkFailed(failure) => self.chunk_failed(failure),
            EngineInput::Named { replica, epoch } => self.take_names(replica, epoch),
            EngineInput::StagesFound(stages) => self.take_stages(stages),
            EngineInput::Sync(on) => self.sync(on),
            EngineInput::Online(online) => self.online(online),
            EngineInput::Nudge => self.nudge(),
            EngineInput::LinkOpened(link) => self.link_opened(link),
            EngineInput::LinkReceived(link, bytes) => self.link_received(link, bytes),
            EngineInput::LinkClosed(link, failure) => self.link_closed(link, failure),
            EngineInput::PeerJoined { link, calls } => self.peer_joined(link, calls),
            EngineInput::PeerDismissed(link) => self.abandon_link(link, STOPPED, STOPPED_MESSAGE),
            EngineInput::Continue => self.fold_slice(),
            EngineInput::Tick => self.tick_links(),
            EngineInput::Checkpoint(stored) => self.take_checkpoint(&stored),
            EngineInput::PagesRead(pages) => self.take_pages(pages),
            EngineInput::PagesFailed(failure) => self.pages_failed(failure),
            EngineInput::Fetch { ticket, wanted } => self.take_fetch(ticket, wanted),
            EngineInput::CompactionBegun(may) => self.compaction_begun(may),
            EngineInput::PagesAdded => self.pages_added(),
            EngineInput::Switched => self.switched(),
            EngineInput::CompactionFailed(failure) => self.compaction_failed(failure),
        }
    }

    // Everything that may have become possible by what happened.
    fn pump(&mut self) {
        self.pump_paging();
        self.pump_connector();
        self.pump_commits();
        self.pump_waits();
        self.pump_compaction();
        self.ask_for_pages();
    }

    fn announce_changes(&mut self, keys: Vec<RecordKey>, cause: Cause) {
        self.report_collisions(&keys);
        self.announce_harmless(keys, cause);
    }

    // Changes that bring no collisions: own writes, and what peers have. The keys are told in order, each once.
    fn announce_harmless(&mut self, mut keys: Vec<RecordKey>, cause: Cause) {
        if !keys.is_empty() {
            keys.sort_unstable();
            keys.dedup();
            self.effects.push(EngineEffect::Changed { keys, cause });
        }
    }

    fn take_peers(&mut self, bytes: &[u8]) {
        // What is remembered of peers only saves work, so a damaged memory is as good as none.
        if let Ok(peers) = Peers::from_bytes(bytes) {
            let unsent = self.unsent_keys();
            if self.replica.join_peers(&peers) {
                self.announce_saved(unsent);
                self.effects.push(EngineEffect::StatusChanged);
            }
        }
    }

    // With the places at which they stand, so that they need not be looked up again.
    fn unsent_keys(&self) -> Vec<(RecordKey, Standing)> {
        self.replica.unsent().map(|(key, placed)| (key.clone(), placed.standing())).collect()
    }

    fn announce_saved(&mut self, before: Vec<(RecordKey, Standing)>) {
        let peers = self.replica.peers();
        let saved = before.into_iter().filter(|(_, standing)| !standing.is_unsent(peers));
        let saved = saved.map(|(key, _)| key).collect();
        self.announce_harmless(saved, Cause::Saved);
    }
}
