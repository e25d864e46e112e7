//! Prints what it costs that very many replicas have written. `cargo run --release -p eyot-sim --example many_replicas`
//!
//! Memory for each known replica, bytes and messages of a device that comes back to a database which 100,000 replicas have
//! written to, and how long a record of 1,000 writers takes to merge.
#![allow(clippy::expect_used, reason = "an example may fail loudly")]

use std::collections::VecDeque;

use eyot_core::engine::{Engine, EngineEffect, EngineInput, Identity, Link, Write};
use eyot_core::segment::{Received, Segment};
use eyot_core::session::{Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{
    Clock, Context, Cursor, Dot, Hlc, Limits, LogEpoch, Record, RecordKey, Replica, ReplicaId, Seq,
    VersionVector, merge_incoming,
};

const REPLICAS: u64 = 100_000;
const WRITERS: u64 = 1_000;

fn main() {
    memory();
    returning_device();
    popular_record();
}

fn replica(number: u64) -> ReplicaId {
    // Spread like random ids.
    let mixed = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    ReplicaId::from_bytes(mixed.to_be_bytes())
}

fn key(id: &str) -> RecordKey {
    RecordKey::new("notes", id).expect("a short id")
}

// Only Linux tells.
fn resident_bytes() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    told.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn memory() {
    let (many, step) = (2_000_000, 1_000);
    let before = resident_bytes();
    let mut clock = Clock::default();
    for first in (0..many).step_by(step) {
        let told: VersionVector = (first..first + step).map(|it| Dot::new(replica(it as u64), 1)).collect();
        clock.join(&told.into(), Seq(first as u64 + 1), None);
    }
    let each = (resident_bytes() - before) as f64 / many as f64;
    println!("{each:.1} bytes of memory for each of {many} known replicas");
    assert!(clock.covers(Dot::new(replica(7), 1)));
}

/// A device over a log in memory, with what was sent either way.
struct Device {
    engine: Engine,
    link: Link,
    position: u64,
    now_ms: u64,
    sent: usize,
    received: usize,
    messages: usize,
}

impl Device {
    fn take(&mut self, input: EngineInput) -> Vec<Vec<u8>> {
        let (mut inputs, mut sent) = (VecDeque::from([input]), Vec::new());
        while let Some(input) = inputs.pop_front() {
            for effect in self.engine.handle(input, self.now_ms) {
                match effect {
                    EngineEffect::Commit { values, .. } => {
                        self.position += values.len() as u64;
                        inputs.push_back(EngineInput::Committed);
                    }
                    EngineEffect::Barrier => inputs.push_back(EngineInput::BarrierPassed),
                    EngineEffect::StoreChunk { .. } => inputs.push_back(EngineInput::ChunkStored),
                    EngineEffect::Continue => inputs.push_back(EngineInput::Continue),
                    EngineEffect::Connect(link) => {
                        self.link = link;
                        inputs.push_back(EngineInput::LinkOpened(link));
                    }
                    EngineEffect::Transmit(_, bytes) => {
                        self.sent += bytes.len();
                        self.messages += 1;
                        sent.push(bytes);
                    }
                    _ => {}
                }
            }
        }
        sent
    }

    fn write(&mut self, id: &str) {
        let write = Write {
            key: key(id),
            context: None,
            content: Some((*b"a short note").into()),
            references: eyot_core::References::NONE,
        };
        self.take(EngineInput::Write { ticket: 1, writes: vec![write] });
    }

    fn meet(&mut self, relay: &mut Relay) {
        (self.sent, self.received, self.messages) = (0, 0, 0);
        let frames = self.take(EngineInput::Sync(true));
        self.converse(relay, frames);
        // Each tells, a while later, that its log held nothing else.
        self.now_ms += 10_000;
        let frames = self.take(EngineInput::Tick);
        self.converse(relay, frames);
        self.take(EngineInput::Sync(false));
    }

    fn converse(&mut self, relay: &mut Relay, frames: Vec<Vec<u8>>) {
        let mut frames = VecDeque::from(frames);
        while let Some(frame) = frames.pop_front() {
            for answer in relay.take(frame) {
                self.received += answer.len();
                self.messages += 1;
                frames.extend(self.take(EngineInput::LinkReceived(self.link, answer)));
            }
        }
    }
}

struct Relay {
    replica: Replica,
    session: Option<Session>,
    chunks: Vec<Vec<(RecordKey, Record)>>,
}

impl Relay {
    fn open_session(&mut self) {
        let local = self.replica.local("field-notes".parse().expect("a short name"));
        let mut session = Session::new(SessionConfig::new(Role::Acceptor), local);
        session.handle(SessionInput::Start, 0);
        self.session = Some(session);
    }

    fn take(&mut self, frame: Vec<u8>) -> Vec<Vec<u8>> {
        let Self { replica, session: Some(session), chunks } = self else { return Vec::new() };
        let (mut inputs, mut sent) = (VecDeque::from([SessionInput::Frame(frame)]), Vec::new());
        while let Some(input) = inputs.pop_front() {
            for effect in session.handle(input, 0) {
                match effect {
                    SessionEffect::Send(bytes) => sent.push(bytes),
                    SessionEffect::LoadPeer { replica: peer, epoch } => {
                        let cursor = replica.cursor(peer, epoch);
                        let standing = cursor.map(|cursor| Standing { cursor, staged: cursor.seq });
                        let clock = replica.clock().to_vector();
                        let seen = replica.seen_of(peer, epoch);
                        inputs.push_back(SessionInput::PeerKnown { standing, clock, seen });
                    }
                    SessionEffect::Read(request) => {
                        inputs.push_back(SessionInput::Page(replica.page(&request)))
                    }
                    SessionEffect::Stage(chunk) => {
                        chunks.push(chunk.entries);
                        inputs.push_back(SessionInput::Staged);
                    }
                    SessionEffect::Apply { chunk, clock, .. } => {
                        let cursor = Cursor { epoch: chunk.base.epoch, seq: chunk.up_to };
                        let (peer, entries) = (chunk.peer, chunk.entries);
                        let received = Received { peer, cursor, clock, stage: None, entries };
                        let floor_before = replica.floor();
                        replica.apply(Segment::Received(received), std::mem::take(chunks));
                        inputs.push_back(SessionInput::Applied { floor_before, floor: replica.floor() });
                    }
                    SessionEffect::MoveCursor(passed) => replica.pass(&passed),
                    _ => {}
                }
            }
        }
        sent
    }
}

fn returning_device() {
    let database = "field-notes".parse().expect("a short name");
    let (id, tab) = (ReplicaId::letter(b'a'), ReplicaId::letter(b'x'));
    let identity = Identity { database, replica: id, epoch: LogEpoch(1), tab, seed: 1 };
    let engine = Engine::new(identity, Limits::default());
    let mut device = Device { engine, link: 0, position: 0, now_ms: 0, sent: 0, received: 0, messages: 0 };
    let replica = Replica::new(ReplicaId::letter(b'r'), LogEpoch(7));
    let mut relay = Relay { replica, session: None, chunks: Vec::new() };
    for number in 0..REPLICAS {
        change(&mut relay.replica, number, number);
    }
    let meet = |what: &str, relay: &mut Relay, device: &mut Device| {
        relay.open_session();
        device.meet(relay);
        let (sent, received, messages) = (device.sent, device.received, device.messages);
        println!("{what}: {sent} bytes sent, {received} received, {messages} messages");
        assert_eq!(device.engine.replica().clock().digest(), relay.replica.clock().digest());
    };
    println!("a database that {REPLICAS} replicas have written to");
    meet("  the first meeting", &mut relay, &mut device);
    meet("  nothing has changed", &mut relay, &mut device);
    (0..10).for_each(|number| device.write(&format!("new{number}")));
    meet("  10 changes here", &mut relay, &mut device);
    (0..10).for_each(|number| change(&mut relay.replica, number * 31, REPLICAS + number));
    meet("  10 changes there, of as many replicas", &mut relay, &mut device);
}

// That replica writes its own record of the relay's.
fn change(relay: &mut Replica, writer: u64, time: u64) {
    let key = key(&format!("n{writer:06}"));
    let mut record = relay.get(key.as_str()).cloned().unwrap_or_default();
    let (id, context) = (replica(writer), Context::from(record.context().clone()));
    let dot = Dot::new(id, record.context().get(id) + 1);
    record.write(dot, &context, Hlc::from_ms(time), Some((*b"a short note").into()));
    relay.apply(Segment::Written(vec![(key, record)]), Vec::new());
}

// One record that 1,000 replicas have written, one after the other, and all at once.
fn popular_record() {
    let (mut in_turn, mut at_once) = (Record::new(), Record::new());
    for number in 0..WRITERS {
        let (dot, at) = (Dot::new(replica(number), 1), Hlc::from_ms(number));
        let seen = Context::from(in_turn.context().clone());
        in_turn.write(dot, &seen, at, Some((*b"a short note").into()));
        at_once.write(dot, &Context::new(), at, Some((*b"a short note").into()));
    }
    for (what, record) in [("one after the other", in_turn), ("all at once", at_once)] {
        let (mut here, mut there) = (record.clone(), record.clone());
        for (side, number) in [(&mut here, WRITERS), (&mut there, WRITERS + 1)] {
            let seen = Context::from(side.context().clone());
            let seen = if what == "all at once" { Context::new() } else { seen };
            side.write(Dot::new(replica(number), 1), &seen, Hlc::from_ms(1), Some((*b"one more").into()));
        }
        let rounds = 200;
        let began = std::time::Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(merge_incoming(Some(&here), there.clone()));
        }
        let each_us = began.elapsed().as_secs_f64() * 1e6 / f64::from(rounds);
        let bytes = record.to_bytes().len();
        println!("a record of {WRITERS} writers, {what}: {bytes} bytes, merged in {each_us:.0} us");
    }
}
