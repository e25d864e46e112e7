//! Prints what it costs a device to come back after deletions were forgotten: bytes, messages and round trips of whole
//! sessions. `cargo run --release -p eyot-sim --example search`
#![allow(clippy::expect_used, clippy::panic, reason = "an example may fail loudly")]

use std::collections::VecDeque;

use eyot_core::message::DeltaClock;
use eyot_core::segment::{Received, Segment};
use eyot_core::session::{Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Context, Cursor, Dot, Hlc, LogEpoch, Record, RecordKey, Replica, ReplicaId, Seq};

const AUTHOR: ReplicaId = ReplicaId::letter(b'o');

fn main() {
    println!("{:>9} {:>12} {:>9} {:>9} {:>12}", "records", "differences", "bytes", "messages", "round trips");
    for records in [1_000, 10_000, 100_000] {
        for differences in [1, 10, 100] {
            let cost = come_back(records, differences);
            println!(
                "{records:>9} {differences:>12} {:>9} {:>9} {:>12}",
                cost.bytes,
                cost.messages,
                cost.turns_to_delta.div_ceil(2)
            );
        }
    }
}

struct Cost {
    bytes: usize,
    messages: usize,
    // Messages, or several at once, that answer the ones before them.
    turns: usize,
    // The same until the device had all that it lacked.
    turns_to_delta: usize,
}

struct Side {
    replica: Replica,
    session: Session,
}

fn come_back(records: u64, differences: u64) -> Cost {
    let epoch = LogEpoch(1);
    let mut relay = Replica::new(ReplicaId::letter(b'r'), LogEpoch(7));
    let mut late = Replica::new(ReplicaId::letter(b'l'), LogEpoch(2));
    let all: Vec<(RecordKey, Record)> = (1..=records).map(|number| (key(number), written(number))).collect();
    let clock = |counter| [(Dot::new(AUTHOR, counter), 0)].into_iter().collect();
    let delta = |cursor, counter, entries| {
        let clock = DeltaClock { changed: clock(counter), ..DeltaClock::default() };
        Segment::Received(Received { peer: AUTHOR, cursor, clock, stage: None, entries })
    };
    relay.apply(delta(Cursor { epoch, seq: Seq(records) }, records, all.clone()), Vec::new());
    late.apply(delta(Cursor { epoch, seq: Seq(records) }, records, all.clone()), Vec::new());
    late.move_cursor(relay.id(), Cursor { epoch: relay.epoch(), seq: relay.head() }, 0);
    relay.move_cursor(late.id(), Cursor { epoch: late.epoch(), seq: late.head() }, late.link());
    // Deleted, edited and made anew in turn, all over the records. The last is a deletion, so that all come before the floor.
    let step = (records / differences) as usize;
    let chosen = all.iter().step_by(step).take(differences as usize).rev().enumerate();
    let changed: Vec<(RecordKey, Record)> = chosen
        .map(|(place, (key, record))| {
            let mut record = record.clone();
            let counter = records + 1 + differences - place as u64;
            let content = (place % 3 != 0).then(|| (*b"edited").into());
            let seen = Context::from(record.context().clone());
            record.write(Dot::new(AUTHOR, counter), &seen, Hlc::from_ms(2), content);
            (key.clone(), record)
        })
        .rev()
        .collect();
    let last = records + 1 + differences;
    relay.apply(delta(Cursor { epoch, seq: Seq(last) }, last, changed), Vec::new());
    relay.apply(Segment::Forgotten { up_to: relay.head(), before_ms: 1_000 }, Vec::new());
    assert!(relay.floor() > Seq::ZERO, "a deletion is forgotten");
    let (mut late, mut relay) = (
        Side::new(late, Role::Initiator { guess: None, seen: Default::default() }),
        Side::new(relay, Role::Acceptor),
    );
    let cost = talk(&mut late, &mut relay);
    let digest = |side: &Side| side.replica.clock().digest();
    assert_eq!(digest(&late), digest(&relay), "both have heard of the same");
    cost
}

// Until nobody has anything more to say.
fn talk(late: &mut Side, relay: &mut Side) -> Cost {
    let mut cost = Cost { bytes: 0, messages: 0, turns: 0, turns_to_delta: 0 };
    relay.take(SessionInput::Start);
    let mut to_relay = late.take(SessionInput::Start);
    let mut to_late = Vec::new();
    while !to_relay.is_empty() || !to_late.is_empty() {
        let (sent, side) =
            if to_relay.is_empty() { (&mut to_late, &mut *late) } else { (&mut to_relay, &mut *relay) };
        let messages = std::mem::take(sent);
        cost.turns += 1;
        let floor_before = side.replica.floor();
        cost.messages += messages.len();
        cost.bytes += messages.iter().map(Vec::len).sum::<usize>();
        let is_relay = side.replica.id() == ReplicaId::letter(b'r');
        let answers: Vec<Vec<u8>> =
            messages.into_iter().flat_map(|bytes| side.take(SessionInput::Frame(bytes))).collect();
        if !is_relay && side.replica.floor() > floor_before {
            cost.turns_to_delta = cost.turns;
        }
        if is_relay { to_late.extend(answers) } else { to_relay.extend(answers) }
    }
    cost
}

impl Side {
    fn new(replica: Replica, role: Role) -> Self {
        let local = replica.local("notes".parse().expect("a short name"));
        let mut config = SessionConfig::new(role);
        config.nonce = replica.epoch().0;
        Self { session: Session::new(config, local), replica }
    }

    // Hands the session an input and does what it asks for. Returns what it sends.
    fn take(&mut self, input: SessionInput) -> Vec<Vec<u8>> {
        let (mut inputs, mut sent) = (VecDeque::from([input]), Vec::new());
        while let Some(input) = inputs.pop_front() {
            for effect in self.session.handle(input, 0) {
                match effect {
                    SessionEffect::Send(bytes) => sent.push(bytes),
                    other => inputs.extend(self.perform(other)),
                }
            }
        }
        sent
    }

    fn perform(&mut self, effect: SessionEffect) -> Option<SessionInput> {
        match effect {
            SessionEffect::LoadPeer { replica, epoch } => {
                let cursor = self.replica.cursor(replica, epoch);
                let standing = cursor.map(|cursor| Standing { cursor, staged: cursor.seq });
                let (clock, seen) = (self.replica.clock().to_vector(), self.replica.seen_of(replica, epoch));
                Some(SessionInput::PeerKnown { standing, clock, seen })
            }
            SessionEffect::Read(request) => Some(SessionInput::Page(self.replica.page(&request))),
            SessionEffect::Survey { own, key, peer_clock } => {
                let snapshot = self.replica.survey(key, peer_clock.as_ref());
                Some(SessionInput::Surveyed { own, snapshot, head: self.replica.head() })
            }
            SessionEffect::Apply { chunk, clock, .. } => {
                let cursor = Cursor { epoch: chunk.base.epoch, seq: chunk.up_to };
                let received =
                    Received { peer: chunk.peer, cursor, clock, stage: None, entries: chunk.entries };
                let floor_before = self.replica.floor();
                self.replica.apply(Segment::Received(received), Vec::new());
                Some(SessionInput::Applied { floor_before, floor: self.replica.floor() })
            }
            SessionEffect::MoveCursor(_) | SessionEffect::PeerReached { .. } | SessionEffect::Send(_) => None,
            other => panic!("{other:?} was not to be expected"),
        }
    }
}

fn key(number: u64) -> RecordKey {
    // Spread over all keys, and nothing that a cut could follow.
    let id = format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    RecordKey::new("notes", &id).expect("a short id")
}

fn written(number: u64) -> Record {
    let mut record = Record::new();
    record.write(Dot::new(AUTHOR, number), &Context::new(), Hlc::from_ms(1), Some(vec![b'x'; 100].into()));
    record
}
