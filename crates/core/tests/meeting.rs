//! What an engine knows, and refuses, after it has met a relay: an engine over a log in memory, and the relay's session.
//!
//! Everything that is asked for succeeds at once. What fails, is lost or comes late is the simulator's matter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::collections::VecDeque;

use eyot_core::engine::{
    Condition, Engine, EngineEffect, EngineInput, Identity, Link, LinkFailure, StoredSegment, SyncState,
    SyncStatus, Write,
};
use eyot_core::message::{Delta, Message};
use eyot_core::segment::{Received, Segment};
use eyot_core::session::{PageRequest, Role, Session, SessionConfig, SessionEffect, SessionInput};
use eyot_core::{
    Context, Cursor, Dot, Hlc, Limits, LogEpoch, Record, RecordKey, Replica, ReplicaId, Seq, VersionVector,
    Writer, write_block,
};

const DEVICE: ReplicaId = ReplicaId::letter(b'a');
const RELAY: ReplicaId = ReplicaId::letter(b'r');

fn key(id: &str) -> RecordKey {
    RecordKey::new("notes", id).unwrap()
}

/// One tab, and the profile that it stores in.
struct Device {
    engine: Engine,
    log: Vec<Vec<u8>>,
    peers: Vec<u8>,
    link: Link,
    awaited: Vec<u64>,
    // The status as it was when the engine last said that it had changed.
    told: Option<SyncStatus>,
    corrupt: bool,
    now_ms: u64,
}

impl Device {
    fn new(limits: Limits, log: Vec<Vec<u8>>) -> Self {
        let database = "field-notes".parse().unwrap();
        let (tab, epoch) = (ReplicaId::from_bytes([9; 16]), LogEpoch(1));
        let identity = Identity { database, replica: DEVICE, epoch, tab, seed: 1 };
        let engine = Engine::new(identity, limits);
        let mut device = Self {
            engine,
            log: Vec::new(),
            peers: vec![],
            link: 0,
            awaited: vec![],
            told: None,
            corrupt: false,
            now_ms: 0,
        };
        let stored = |(position, value): (u64, &Vec<u8>)| StoredSegment {
            position,
            value: value.clone(),
            chunks: Vec::new(),
        };
        device.take(EngineInput::Segments((1..).zip(&log).map(stored).collect()));
        device.log = log;
        device
    }

    fn write(&mut self, id: &str, content: &str) {
        let write = Write {
            key: key(id),
            context: None,
            content: Some(content.as_bytes().into()),
            references: eyot_core::References::NONE,
        };
        self.take(EngineInput::Write { ticket: 1, writes: vec![write] });
    }

    /// Hands the engine an input and does what it asks for. Returns what it sends.
    fn take(&mut self, input: EngineInput) -> Vec<Vec<u8>> {
        let (mut inputs, mut sent) = (VecDeque::from([input]), Vec::new());
        while let Some(input) = inputs.pop_front() {
            for effect in self.engine.handle(input, self.now_ms) {
                match effect {
                    EngineEffect::Commit { position, values, .. } => {
                        assert_eq!(position, self.log.len() as u64 + 1);
                        self.log.extend(values.iter().cloned());
                        inputs.push_back(EngineInput::Committed);
                    }
                    EngineEffect::Barrier => inputs.push_back(EngineInput::BarrierPassed),
                    EngineEffect::StoreChunk { .. } => inputs.push_back(EngineInput::ChunkStored),
                    EngineEffect::SavePeers(bytes) => self.peers = bytes,
                    EngineEffect::Connect(link) => {
                        self.link = link;
                        inputs.push_back(EngineInput::LinkOpened(link));
                    }
                    EngineEffect::Transmit(_, bytes) => sent.push(bytes),
                    EngineEffect::Awaited(ticket) => self.awaited.push(ticket),
                    EngineEffect::StatusChanged => self.told = Some(self.engine.sync_status()),
                    EngineEffect::Corrupt { .. } => self.corrupt = true,
                    _ => {}
                }
            }
        }
        sent
    }
}

/// A relay that keeps its replica in memory, and one session of it.
struct Relay {
    replica: Replica,
    session: Session,
}

impl Relay {
    fn new(replica: Replica) -> Self {
        let local = replica.local("field-notes".parse().unwrap());
        let mut session = Session::new(SessionConfig::new(Role::Acceptor), local);
        session.handle(SessionInput::Start, 0);
        Self { replica, session }
    }

    fn take(&mut self, frame: Vec<u8>) -> Vec<Vec<u8>> {
        let (mut inputs, mut sent) = (VecDeque::from([SessionInput::Frame(frame)]), Vec::new());
        while let Some(input) = inputs.pop_front() {
            for effect in self.session.handle(input, 0) {
                match effect {
                    SessionEffect::Send(bytes) => sent.push(bytes),
                    SessionEffect::LoadPeer { replica, epoch } => {
                        let cursor = self.replica.cursor(replica, epoch);
                        let standing =
                            cursor.map(|cursor| eyot_core::session::Standing { cursor, staged: cursor.seq });
                        let clock = self.replica.clock().to_vector();
                        let seen = self.replica.seen_of(replica, epoch);
                        inputs.push_back(SessionInput::PeerKnown { standing, clock, seen });
                    }
                    SessionEffect::Read(request) => {
                        inputs.push_back(SessionInput::Page(self.replica.page(&request)));
                    }
                    SessionEffect::Apply { chunk, clock, .. } => {
                        let cursor = Cursor { epoch: chunk.base.epoch, seq: chunk.up_to };
                        let entries = chunk.entries;
                        let received = Received { peer: chunk.peer, cursor, clock, stage: None, entries };
                        let floor_before = self.replica.floor();
                        self.replica.apply(Segment::Received(received), Vec::new());
                        let floor = self.replica.floor();
                        inputs.push_back(SessionInput::Applied { floor_before, floor });
                        inputs.push_back(SessionInput::HeadMoved(self.replica.head()));
                    }
                    SessionEffect::MoveCursor(passed) => self.replica.pass(&passed),
                    _ => {}
                }
            }
        }
        sent
    }
}

/// Connects, and lets both speak until nobody has anything more to say. No time passes. Says how many bytes both have sent.
fn meet(device: &mut Device, relay: &mut Relay) -> usize {
    let mut frames = VecDeque::from(device.take(EngineInput::Sync(true)));
    let mut bytes = 0;
    while let Some(frame) = frames.pop_front() {
        bytes += frame.len();
        for answer in relay.take(frame) {
            bytes += answer.len();
            frames.extend(device.take(EngineInput::LinkReceived(device.link, answer)));
        }
    }
    bytes
}

#[test]
fn what_a_relay_has_acknowledged_is_saved_also_at_the_first_meeting() {
    let mut device = Device::new(Limits::default(), Vec::new());
    device.write("n1", "Heron");
    device.take(EngineInput::Await { ticket: 7, condition: Condition::Saved });
    assert_eq!((device.engine.sync_status().unsent, device.awaited.as_slice()), (1, [].as_slice()));
    meet(&mut device, &mut Relay::new(Replica::new(RELAY, LogEpoch(7))));
    assert_eq!((device.engine.sync_status().unsent, device.awaited.as_slice()), (0, [7].as_slice()));
}

#[test]
fn what_a_relay_has_is_known_again_after_the_memory_of_peers_is_lost() {
    let mut device = Device::new(Limits::default(), Vec::new());
    let mut relay = Relay::new(Replica::new(RELAY, LogEpoch(7)));
    device.write("n1", "Heron");
    meet(&mut device, &mut relay);
    let mut again = Device::new(Limits::default(), device.log);
    assert_eq!(again.engine.sync_status().unsent, 1);
    meet(&mut again, &mut Relay::new(relay.replica));
    assert_eq!(again.engine.sync_status().unsent, 0);
}

#[test]
fn what_a_relay_has_is_remembered_at_once_when_the_page_is_hidden_or_the_connection_ends() {
    let failure = LinkFailure { code: "closed".into(), message: String::new() };
    for last in [EngineInput::Nudge, EngineInput::LinkClosed(1, failure)] {
        let mut device = Device::new(Limits::default(), Vec::new());
        device.write("n1", "Heron");
        meet(&mut device, &mut Relay::new(Replica::new(RELAY, LogEpoch(7))));
        assert!(
            device.peers.is_empty(),
            "what is remembered saves work only, and is stored when there is time"
        );
        device.take(last);
        let mut again = Device::new(Limits::default(), device.log);
        again.take(EngineInput::PeersKnown(device.peers));
        assert_eq!(again.engine.sync_status().unsent, 0);
    }
}

#[test]
fn who_was_cut_off_right_after_the_first_meeting_comes_back_at_the_cost_of_its_changes() {
    for writes in [0, 3] {
        // Very many replicas have written to the relay's database.
        let mut replica = Replica::new(RELAY, LogEpoch(7));
        let others = (0..5_000u128).map(|number| (number << 64 | 5).to_be_bytes());
        let clock: VersionVector = others.map(|id| Dot::new(ReplicaId::from_bytes(id), 1)).collect();
        let (clock, forgotten, entries) = (clock.into(), VersionVector::new(), Vec::new());
        replica.apply(Segment::Imported { clock, forgotten, entries }, Vec::new());
        let (mut device, mut relay) = (Device::new(Limits::default(), Vec::new()), Relay::new(replica));
        let first = meet(&mut device, &mut relay);
        assert!(first > 5_000 * 17, "at first clocks are told: {first}");
        device.take(EngineInput::Sync(false));
        (0..writes).for_each(|number| device.write(&format!("n{number}"), "Heron"));
        let again = meet(&mut device, &mut Relay::new(relay.replica));
        assert!(again < 300 + writes * 100, "{again} bytes for {writes} writes");
    }
}

#[test]
fn a_record_that_claims_more_than_its_delta_accounts_for_is_refused() {
    let mut device = Device::new(Limits::default(), Vec::new());
    device.write("n1", "Heron");
    let mut relay = Relay::new(Replica::new(RELAY, LogEpoch(7)));
    meet(&mut device, &mut relay);
    // The record has seen a hundred writes of somebody of whom nothing else was heard.
    let mut record = Record::new();
    record.write("b:100".parse().unwrap(), &Context::new(), Hlc::from_ms(1), None);
    let mut block = Writer::new();
    write_block(&mut block, [(&key("n1"), &record)].into_iter());
    let from = relay.replica.head();
    let (up_to, clock) = (from.next(), Some(Default::default()));
    let delta = Message::Delta(Delta { from, up_to, clock, block: block.into_bytes() });
    let sent = device.take(EngineInput::LinkReceived(device.link, delta.to_bytes()));
    let refusal = Message::from_bytes(sent.last().unwrap(), &Limits::default());
    assert!(matches!(refusal, Ok(Message::Refuse(refuse)) if refuse.code == "bad-message"));
    device.write("n1", "Grey heron");
    assert_eq!(device.engine.record("notes/n1").unwrap().context().to_string(), "a:2");
}

#[test]
fn that_the_peers_log_held_nothing_new_is_told_as_well() {
    let mut device = Device::new(Limits::default(), Vec::new());
    device.write("n1", "Heron");
    let mut relay = Relay::new(Replica::new(RELAY, LogEpoch(7)));
    meet(&mut device, &mut relay);
    // The relay's log has grown by what this device has sent itself. It says so with an empty delta.
    let (received, state) = (relay.replica.head().0, SyncState::Live);
    assert!(received > 0);
    let told = device.told.unwrap();
    assert_eq!((told.received, told.state), (received, state));
}

#[test]
fn lower_limits_do_not_make_the_stored_log_unreadable() {
    let mut device = Device::new(Limits::default(), Vec::new());
    device.write("n1", &"x".repeat(1_000));
    let limits = Limits { content_bytes: 100, ..Limits::default() };
    let again = Device::new(limits, device.log);
    assert!(!again.corrupt && again.engine.record("notes/n1").is_some());
}

#[test]
fn a_log_that_is_read_again_gives_the_same_replica_positions_included() {
    let mut device = Device::new(Limits::default(), Vec::new());
    // The dots go down while the keys go up, and the batch takes several segments.
    let content = "x".repeat(20_000);
    let write = |id: u32| Write {
        key: key(&id.to_string()),
        context: None,
        content: Some(content.as_bytes().into()),
        references: eyot_core::References::NONE,
    };
    device.take(EngineInput::Write { ticket: 1, writes: (1..=9).rev().map(write).collect() });
    assert!(device.log.len() > 1);
    let again = Device::new(Limits::default(), device.log.clone());
    let heard = |device: &Device, since| {
        let (peer, exclude) = (ReplicaId::letter(b'r'), LogEpoch(99));
        let (judged, told) = Default::default();
        let (covered_by, among, is_first, budget_bytes) = (None, None, false, usize::MAX);
        device.engine.replica().page(&PageRequest {
            after: Seq(since),
            clock_since: Seq(since),
            peer,
            exclude,
            judged,
            told,
            covered_by,
            among,
            is_first,
            budget_bytes,
        })
    };
    for since in 0..=9 {
        assert_eq!(heard(&again, since), heard(&device, since), "after {since}");
    }
}
