//! One browser tab: an engine, and a disk in memory that does what it is asked for at once.
//!
//! Must not know what the engine is fed. It keeps the log as a browser would, so that a check can open it again.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use eyot_core::engine::{
    Engine, EngineEffect, EngineInput, FIRST_PEER_LINK, Identity, Link, LinkFailure, StorageFailure,
    StoredSegment, Ticket, Write,
};
use eyot_core::segment::Segment;
use eyot_core::{Context, Dot, Limits, LogEpoch, RecordKey, ReplicaId};

use super::{DATABASE, OWN};

const EPOCH: LogEpoch = LogEpoch(1);

/// Soon enough for a script to see deletions forgotten.
const KEEP_DELETIONS_FOR_MS: u64 = 60_000;

/// A value of the log with the chunks that it names.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    pub(super) value: Vec<u8>,
    pub(super) chunks: Vec<Vec<u8>>,
}

/// The disk of a browser.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    pub(super) log: Vec<Stored>,
    pub(super) stages: BTreeMap<u64, Vec<Vec<u8>>>,
    pub(super) peers: Vec<u8>,
}

/// A tab on a disk.
pub(super) struct Tab {
    pub(super) engine: Engine,
    pub(super) disk: Disk,
    pub(super) link: Option<Link>,
    /// The connection to another device.
    pub(super) joined: Option<Link>,
    joins: Link,
    pub(super) now_ms: u64,
    /// The next thing that the disk is asked for fails.
    pub(super) disk_fails: bool,
    pub(super) corrupt: bool,
    /// The writes that were acknowledged, with the last of this replica in the record, and how many names it had had then.
    acknowledged: Vec<(RecordKey, Dot, usize)>,
    asked: BTreeMap<Ticket, Vec<RecordKey>>,
    tickets: Ticket,
}

impl Tab {
    /// Opens what is on a disk.
    pub(super) fn open(disk: Disk) -> Self {
        Self::open_again(disk, 1)
    }

    // Every tab has random bits of its own.
    fn open_again(disk: Disk, seed: u64) -> Self {
        let tab = ReplicaId::from_bytes([9; 16]);
        let database = DATABASE.parse().expect("the name of the vectors' database is one");
        let identity = Identity { database, replica: OWN, epoch: EPOCH, tab, seed };
        let mut tab = Self {
            engine: Engine::new(identity, Limits::default()),
            disk,
            link: None,
            joined: None,
            joins: 0,
            now_ms: 1_700_000_000_000,
            disk_fails: false,
            corrupt: false,
            acknowledged: Vec::new(),
            asked: BTreeMap::new(),
            tickets: 0,
        };
        tab.engine.keep_deletions_for_ms(KEEP_DELETIONS_FOR_MS);
        let stored = (1..).zip(tab.disk.log.clone());
        let segments =
            stored.map(|(position, Stored { value, chunks })| StoredSegment { position, value, chunks });
        tab.take(EngineInput::Segments(segments.collect()));
        tab.take(EngineInput::PeersKnown(tab.disk.peers.clone()));
        tab.take(EngineInput::StagesFound(tab.disk.stages.clone().into_iter().collect()));
        tab
    }

    /// Closes the tab in the middle of everything, and opens another one on the same disk.
    pub(super) fn reopened(self) -> Self {
        let mut tab = Self::open_again(self.disk, self.engine.identity().seed + 1);
        tab.now_ms = self.now_ms;
        tab.acknowledged = self.acknowledged;
        tab
    }

    /// A write of the application.
    pub(super) fn write(&mut self, writes: Vec<Write>) {
        self.tickets += 1;
        self.asked.insert(self.tickets, writes.iter().map(|write| write.key.clone()).collect());
        self.take(EngineInput::Write { ticket: self.tickets, writes });
    }

    /// A new name for a request.
    pub(super) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        self.tickets
    }

    /// Connects to another device, instead of the one before.
    pub(super) fn join(&mut self, calls: bool) {
        self.dismiss();
        let link = FIRST_PEER_LINK + self.joins;
        self.joins += 1;
        self.joined = Some(link);
        self.take(EngineInput::PeerJoined { link, calls });
    }

    /// Ends the connection to the other device.
    pub(super) fn dismiss(&mut self) {
        let link = self.joined.take();
        link.into_iter().for_each(|link| self.take(EngineInput::PeerDismissed(link)));
    }

    /// Hands the engine an input and does what it asks for, until it asks for nothing more.
    pub(super) fn take(&mut self, input: EngineInput) {
        let effects = self.engine.handle(input, self.now_ms);
        self.perform(effects);
    }

    pub(super) fn perform(&mut self, effects: Vec<EngineEffect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            if let Some(answer) = self.answer(effect) {
                effects.extend(self.engine.handle(answer, self.now_ms));
            }
        }
    }

    fn answer(&mut self, effect: EngineEffect) -> Option<EngineInput> {
        match effect {
            EngineEffect::Commit { position, values, .. } => Some(self.commit(position, &values)),
            EngineEffect::Barrier => Some(match self.failure() {
                Some(failure) => EngineInput::BarrierFailed(failure),
                None => EngineInput::BarrierPassed,
            }),
            EngineEffect::StoreChunk { stage, ordinal, value } => {
                Some(self.store_chunk(stage, ordinal, value))
            }
            EngineEffect::DropStage(stage) => {
                self.disk.stages.remove(&stage);
                None
            }
            EngineEffect::Name => {
                let number = self.disk.log.len() as u64 + 1_000;
                let replica = ReplicaId::from_bytes(u128::from(number).to_be_bytes());
                Some(EngineInput::Named { replica, epoch: LogEpoch(number) })
            }
            EngineEffect::SavePeers(bytes) => {
                self.disk.peers = bytes;
                None
            }
            EngineEffect::Written { ticket, contexts } => {
                self.acknowledge(ticket, &contexts);
                None
            }
            EngineEffect::Connect(link) => {
                self.link = Some(link);
                Some(EngineInput::LinkOpened(link))
            }
            EngineEffect::Disconnect(link) => {
                self.link.take_if(|current| *current == link);
                let failure = LinkFailure { code: "closed".into(), message: String::new() };
                Some(EngineInput::LinkClosed(link, failure))
            }
            EngineEffect::PeerLeft(link, _) => {
                self.joined.take_if(|current| *current == link);
                None
            }
            EngineEffect::Continue => Some(EngineInput::Continue),
            EngineEffect::Corrupt { .. } => {
                self.corrupt = true;
                None
            }
            _ => None,
        }
    }

    fn failure(&mut self) -> Option<StorageFailure> {
        std::mem::take(&mut self.disk_fails).then_some(StorageFailure { code: "quota-exceeded" })
    }

    fn commit(&mut self, position: u64, values: &[Vec<u8>]) -> EngineInput {
        assert_eq!(position, self.disk.log.len() as u64 + 1, "a commit goes to the end of the log");
        assert!(!self.corrupt, "nothing is added to a log that cannot be read");
        if let Some(failure) = self.failure() {
            return EngineInput::CommitFailed(failure);
        }
        for value in values {
            let segment =
                Segment::from_bytes(value, &Limits::AT_REST).expect("what is committed can be read");
            let chunks = segment.stage().map_or(Vec::new(), |stage| {
                let chunks = self.disk.stages.remove(&stage.name).unwrap_or_default();
                assert_eq!(chunks.len() as u64, stage.chunks, "a commit names the chunks that there are");
                chunks
            });
            self.disk.log.push(Stored { value: value.clone(), chunks });
        }
        EngineInput::Committed
    }

    fn store_chunk(&mut self, stage: u64, ordinal: u64, value: Vec<u8>) -> EngineInput {
        if let Some(failure) = self.failure() {
            return EngineInput::ChunkFailed(failure);
        }
        let chunks = self.disk.stages.entry(stage).or_default();
        assert_eq!(chunks.len() as u64, ordinal, "chunks are kept without gaps");
        chunks.push(value);
        EngineInput::ChunkStored
    }

    fn acknowledge(&mut self, ticket: Ticket, contexts: &[Context]) {
        let keys = self.asked.remove(&ticket).expect("what is acknowledged was asked for");
        assert_eq!(keys.len(), contexts.len());
        for key in keys {
            let committed = self.engine.replica().get(key.as_str());
            let own = self.engine.replica().id();
            let counter = committed.map_or(0, |record| record.context().get(own));
            assert!(counter > 0, "a write that is acknowledged is committed");
            let names = self.engine.replica().rebirths().len();
            self.acknowledged.push((key, Dot::new(own, counter), names));
        }
    }

    /// Asks whether what the tab has acknowledged and stored is there when it is opened again.
    pub(super) fn check(&self) {
        assert!(!self.corrupt, "nothing that came in makes the log unreadable");
        let again = Self::open_again(self.disk.clone(), self.engine.identity().seed + 1);
        assert!(!again.corrupt, "the log can be read again");
        let (here, there) = (self.engine.replica(), again.engine.replica());
        assert_eq!(here.head(), there.head(), "the log ends where it ended");
        assert_eq!(here.clock().to_vector(), there.clock().to_vector());
        assert!(
            here.range_after(Bound::Unbounded).eq(there.range_after(Bound::Unbounded)),
            "all records are there"
        );
        for (key, dot, names) in &self.acknowledged {
            // By the name that it has now. A disk that was tampered with may have given a name twice.
            let dot = there.rebirths().iter().skip(*names).fold(*dot, |dot, rebirth| rebirth.dot(dot));
            // A deletion that is forgotten leaves no trace but this. Who then makes the record anew cannot say that it has
            // seen it.
            let is_forgotten = there.forgotten().covers(dot) && there.clock().covers(dot);
            let seen = there.get(key.as_str()).is_some_and(|record| record.context().covers(dot));
            assert!(seen || is_forgotten, "the acknowledged write {dot} of {key} is lost");
        }
    }
}
