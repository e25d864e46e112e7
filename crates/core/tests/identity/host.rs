//! Devices and relays that do at once what they are asked for, and whose disks can be copied.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use eyot_core::engine::{
    Engine, EngineEffect, EngineInput, Identity, Link, LinkFailure, StoredSegment, Write,
};
use eyot_core::segment::{Received, Segment};
use eyot_core::session::{Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Context, Cursor, Dot, Limits, LogEpoch, Record, RecordKey, References, Replica, ReplicaId};

/// What a browser profile keeps.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) log: Vec<Vec<u8>>,
    pub(crate) peers: Vec<u8>,
}

/// One tab on a disk of its own.
pub(crate) struct Device {
    pub(crate) engine: Engine,
    pub(crate) disk: Disk,
    pub(crate) notices: Vec<&'static str>,
    pub(crate) contexts: Vec<Context>,
    pub(crate) awaited: Vec<u64>,
    pub(crate) now_ms: u64,
    links: BTreeSet<Link>,
    sent: VecDeque<(Link, Vec<u8>)>,
    number: u64,
}

pub(crate) fn key(id: &str) -> RecordKey {
    RecordKey::new("notes", id).unwrap()
}

impl Device {
    /// A tab on that disk. The number makes its random names.
    pub(crate) fn open(letter: u8, disk: Disk, number: u64) -> Self {
        let identity = Identity {
            database: "notes".parse().unwrap(),
            replica: ReplicaId::letter(letter),
            epoch: LogEpoch(letter.into()),
            tab: ReplicaId::from_bytes((u128::from(number) << 8 | 9).to_be_bytes()),
            seed: number,
        };
        let mut device = Self {
            engine: Engine::new(identity, Limits::default()),
            disk: Disk { log: Vec::new(), peers: disk.peers.clone() },
            notices: Vec::new(),
            contexts: Vec::new(),
            awaited: Vec::new(),
            now_ms: 1_000_000 * (number + 1),
            links: BTreeSet::new(),
            sent: VecDeque::new(),
            number,
        };
        let segments = stored(&disk.log, 1);
        device.disk.log = disk.log;
        device.take(EngineInput::Segments(segments));
        if !disk.peers.is_empty() {
            device.take(EngineInput::PeersKnown(disk.peers));
        }
        device
    }

    pub(crate) fn write(&mut self, id: &str, content: &str) {
        self.write_with(id, content, None);
    }

    pub(crate) fn write_with(&mut self, id: &str, content: &str, context: Option<Context>) {
        self.write_referring(id, content, context, &[]);
    }

    pub(crate) fn write_referring(
        &mut self,
        id: &str,
        content: &str,
        context: Option<Context>,
        references: &[Dot],
    ) {
        let (content, references) = (Some(content.as_bytes().into()), References::new(references.to_vec()));
        let write = Write { key: key(id), context, content, references };
        self.take(EngineInput::Write { ticket: 1, writes: vec![write] });
    }

    /// Reads what another tab has appended to the log.
    pub(crate) fn read_on(&mut self) {
        let segments = stored(&self.disk.log, 1);
        self.take(EngineInput::Segments(segments));
    }

    /// Wants to talk to a relay.
    pub(crate) fn connect(&mut self) {
        self.take(EngineInput::StagesFound(Vec::new()));
        self.take(EngineInput::Sync(true));
    }

    /// What it shows of a record.
    pub(crate) fn shown(&self, id: &str) -> Vec<String> {
        contents(self.engine.record(key(id).as_str()))
    }

    pub(crate) fn is_reborn(&self) -> bool {
        !self.engine.replica().rebirths().is_empty()
    }

    /// Hands the engine an input and does what it asks for.
    pub(crate) fn take(&mut self, input: EngineInput) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.engine.handle(input, self.now_ms) {
                inputs.extend(self.perform(effect));
            }
        }
    }

    fn perform(&mut self, effect: EngineEffect) -> Option<EngineInput> {
        match effect {
            EngineEffect::Commit { position, values, .. } => {
                let stored_there = stored(&self.disk.log, position);
                if !stored_there.is_empty() {
                    return Some(EngineInput::Collided(stored_there));
                }
                self.disk.log.extend(values.iter().cloned());
                return Some(EngineInput::Committed);
            }
            EngineEffect::Barrier => return Some(EngineInput::BarrierPassed),
            EngineEffect::StoreChunk { .. } => return Some(EngineInput::ChunkStored),
            EngineEffect::SavePeers(bytes) => self.disk.peers = bytes,
            EngineEffect::Name => {
                self.number += 1;
                let bytes = (u128::from(self.number) << 64 | u128::from(self.now_ms)).to_be_bytes();
                let (replica, epoch) =
                    (ReplicaId::from_bytes(bytes), LogEpoch(self.number << 20 | self.now_ms));
                return Some(EngineInput::Named { replica, epoch });
            }
            EngineEffect::Notice { code, .. } => self.notices.push(code),
            EngineEffect::Written { contexts, .. } => self.contexts = contexts,
            EngineEffect::Awaited(ticket) => self.awaited.push(ticket),
            EngineEffect::Connect(link) => {
                self.links.insert(link);
                return Some(EngineInput::LinkOpened(link));
            }
            EngineEffect::Transmit(link, bytes) => self.sent.push_back((link, bytes)),
            EngineEffect::Disconnect(link) => drop(self.links.remove(&link)),
            EngineEffect::Corrupt { message, .. } => panic!("the log cannot be read: {message}"),
            _ => {}
        }
        None
    }
}

fn stored(log: &[Vec<u8>], from: u64) -> Vec<StoredSegment> {
    let values = (1..).zip(log).skip_while(|(position, _)| *position < from);
    values
        .map(|(position, value)| StoredSegment { position, value: value.clone(), chunks: Vec::new() })
        .collect()
}

pub(crate) fn contents(record: Option<&Record>) -> Vec<String> {
    let versions = record.map(Record::versions).unwrap_or_default();
    let texts = versions.iter().filter_map(|version| version.content.as_deref());
    let mut texts: Vec<String> = texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// A relay that keeps its replica in memory.
pub(crate) struct Relay {
    pub(crate) replica: Replica,
    // What it was made of, so that it can be set back.
    log: Vec<Segment>,
    pub(crate) refused: Vec<String>,
}

impl Relay {
    pub(crate) fn new(letter: u8) -> Self {
        let replica = Replica::new(ReplicaId::letter(letter), LogEpoch(letter.into()));
        Self { replica, log: Vec::new(), refused: Vec::new() }
    }

    /// As it was after so many deltas, in a new life of its log.
    pub(crate) fn restored(&self, deltas: usize, epoch: u64) -> Self {
        let mut replica = Replica::new(self.replica.id(), LogEpoch(epoch));
        let log = self.log.get(..deltas.min(self.log.len())).unwrap_or_default().to_vec();
        log.iter().for_each(|segment| drop(replica.apply(segment.clone(), Vec::new())));
        Self { replica, log, refused: Vec::new() }
    }

    pub(crate) fn deltas(&self) -> usize {
        self.log.len()
    }

    pub(crate) fn shown(&self, id: &str) -> Vec<String> {
        contents(self.replica.get(key(id).as_str()))
    }

    fn accept(&self) -> Session {
        let local = self.replica.local("notes".parse().unwrap());
        let mut session = Session::new(SessionConfig::new(Role::Acceptor), local);
        session.handle(SessionInput::Start, 0);
        session
    }

    fn feed(&mut self, session: &mut Session, input: SessionInput, now_ms: u64) -> (Vec<Vec<u8>>, bool) {
        let (mut inputs, mut sent, mut ended) = (VecDeque::from([input]), Vec::new(), false);
        while let Some(input) = inputs.pop_front() {
            for effect in session.handle(input, now_ms) {
                match effect {
                    SessionEffect::Send(bytes) => sent.push(bytes),
                    SessionEffect::LoadPeer { replica, epoch } => {
                        let cursor = self.replica.cursor(replica, epoch);
                        let standing = cursor.map(|cursor| Standing { cursor, staged: cursor.seq });
                        let clock = self.replica.clock().to_vector();
                        let seen = self.replica.seen_of(replica, epoch);
                        inputs.push_back(SessionInput::PeerKnown { standing, clock, seen });
                    }
                    SessionEffect::Read(request) => {
                        inputs.push_back(SessionInput::Page(self.replica.page(&request)));
                    }
                    SessionEffect::Apply { chunk, clock, judged, .. } => {
                        let (peer, told) = (chunk.peer, clock.seen_of(chunk.peer, chunk.up_to));
                        if let Some(now) = self.replica.overtaken(peer, chunk.base.epoch, judged, told) {
                            inputs.push_back(SessionInput::Overtaken { now });
                            continue;
                        }
                        let cursor = Cursor { epoch: chunk.base.epoch, seq: chunk.up_to };
                        let entries = chunk.entries;
                        let received = Received { peer, cursor, clock, stage: None, entries };
                        self.log.push(Segment::Received(received.clone()));
                        self.replica.apply(Segment::Received(received), Vec::new());
                        let floor = self.replica.floor();
                        inputs.push_back(SessionInput::Applied { floor_before: floor, floor });
                        inputs.push_back(SessionInput::HeadMoved(self.replica.head()));
                    }
                    SessionEffect::MoveCursor(passed) => self.replica.pass(&passed),
                    SessionEffect::Close(closing) => {
                        if !closing.by_peer {
                            self.refused.push(closing.code);
                        }
                        ended = true;
                    }
                    SessionEffect::Stage(_) | SessionEffect::Survey { .. } => {
                        panic!("these deltas are small")
                    }
                    SessionEffect::PeerReached { .. } => {}
                }
            }
        }
        (sent, ended)
    }
}

/// Connections of devices with one relay.
#[derive(Default)]
pub(crate) struct Net {
    // By the place of the device and its link.
    sessions: BTreeMap<(usize, Link), Session>,
}

impl Net {
    /// Lets all speak, and connect again as often as they want to, until nobody has anything more to say.
    pub(crate) fn run(&mut self, devices: &mut [&mut Device], relay: &mut Relay) {
        let (mut quiet, mut frames) = (0, 0);
        while quiet < 8 {
            let mut spoke = false;
            for (place, device) in devices.iter_mut().enumerate() {
                while let Some((link, frame)) = device.sent.pop_front() {
                    spoke |= frame != [5] && frame != [6];
                    let session = self.sessions.entry((place, link)).or_insert_with(|| relay.accept());
                    let answers = relay.feed(session, SessionInput::Frame(frame), device.now_ms);
                    answer(device, link, answers);
                    frames += 1;
                }
            }
            assert!(frames < 2_000, "they never become quiet");
            quiet = if spoke { 0 } else { quiet + 1 };
            for (place, device) in devices.iter_mut().enumerate().filter(|_| !spoke) {
                self.wait(place, device, relay);
            }
        }
    }

    // Time passes, and the relay's log may have grown.
    fn wait(&mut self, place: usize, device: &mut Device, relay: &mut Relay) {
        device.now_ms += 6_000;
        device.take(EngineInput::Tick);
        for link in device.links.clone() {
            let Some(session) = self.sessions.get_mut(&(place, link)) else { continue };
            for input in [SessionInput::HeadMoved(relay.replica.head()), SessionInput::Tick] {
                let answers = relay.feed(session, input, device.now_ms);
                answer(device, link, answers);
            }
        }
    }
}

/// Connects a device, and ends the connection when nobody has anything more to say.
pub(crate) fn meet(device: &mut Device, relay: &mut Relay) {
    device.connect();
    Net::default().run(&mut [device], relay);
    device.take(EngineInput::Sync(false));
    device.sent.clear();
}

/// Two relays tell each other what they have.
pub(crate) fn exchange(one: &mut Relay, two: &mut Relay) {
    let role = Role::Initiator { guess: None, seen: Default::default() };
    let local = one.replica.local("notes".parse().unwrap());
    let (mut asks, mut answers) = (Session::new(SessionConfig::new(role), local), two.accept());
    let mut now_ms = 1;
    for _ in 0..3 {
        let input = if now_ms == 1 { SessionInput::Start } else { SessionInput::Tick };
        let mut frames = VecDeque::from(one.feed(&mut asks, input, now_ms).0);
        while let Some(frame) = frames.pop_front() {
            for answer in two.feed(&mut answers, SessionInput::Frame(frame), now_ms).0 {
                frames.extend(one.feed(&mut asks, SessionInput::Frame(answer), now_ms).0);
            }
        }
        now_ms += 2_000;
        for answer in two.feed(&mut answers, SessionInput::Tick, now_ms).0 {
            drop(one.feed(&mut asks, SessionInput::Frame(answer), now_ms));
        }
    }
    assert_eq!((one.refused.len(), two.refused.len()), (0, 0));
}

fn answer(device: &mut Device, link: Link, (frames, ended): (Vec<Vec<u8>>, bool)) {
    for frame in frames {
        device.take(EngineInput::LinkReceived(link, frame));
    }
    if ended && device.links.remove(&link) {
        let failure = LinkFailure { code: "connection-lost".into(), message: String::new() };
        device.take(EngineInput::LinkClosed(link, failure));
    }
}
