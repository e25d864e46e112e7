//! Deletions that are forgotten, and devices that come back after.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eyot_core::message::DeltaClock;
use eyot_core::segment::{Received, Segment};
use eyot_core::session::{Chunk, Local, Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Context, Cursor, Dot, Hlc, LogEpoch, RecordKey, Replica, ReplicaId, Seq};

// One replica with its own writes, and a host that answers its session at once.
struct Side {
    replica: Replica,
    session: Option<Session>,
    now_ms: u64,
    // How often it has led a search.
    searches: usize,
}

impl Side {
    fn new(letter: u8) -> Self {
        let replica = Replica::new(ReplicaId::letter(letter), LogEpoch(letter.into()));
        Self { replica, session: None, now_ms: 1_000, searches: 0 }
    }

    fn write(&mut self, id: &str, content: Option<&str>) {
        let key = RecordKey::new("notes", id).unwrap();
        let mut record = self.replica.get(key.as_str()).cloned().unwrap_or_default();
        let context = Context::from(record.context().clone());
        let dot = Dot::new(self.replica.id(), self.replica.clock().get(self.replica.id()) + 1);
        record.write(dot, &context, Hlc::from_ms(self.now_ms), content.map(|text| text.as_bytes().into()));
        self.replica.apply(Segment::Written(vec![(key, record)]), Vec::new());
    }

    fn forget(&mut self) {
        let before_ms = u64::MAX >> 20;
        if let Some(up_to) = self.replica.forgettable(before_ms) {
            self.replica.apply(Segment::Forgotten { up_to, before_ms }, Vec::new());
        }
    }

    fn begin(&mut self, role: Role) -> Vec<Vec<u8>> {
        let local = Local {
            database: "notes".parse().unwrap(),
            replica: self.replica.id(),
            epoch: self.replica.epoch(),
            head: self.replica.head(),
            floor: self.replica.floor(),
            digest: self.replica.clock().digest(),
        };
        let mut config = SessionConfig::new(role);
        config.nonce = 7;
        self.session = Some(Session::new(config, local));
        self.feed(SessionInput::Start)
    }

    // Feeds the session and answers what it asks for until it only has messages to send.
    fn feed(&mut self, input: SessionInput) -> Vec<Vec<u8>> {
        let (mut inputs, mut messages) = (vec![input], Vec::new());
        while !inputs.is_empty() {
            let effects = self.session.as_mut().unwrap().handle(inputs.remove(0), self.now_ms);
            for effect in effects {
                match effect {
                    SessionEffect::Send(bytes) => messages.push(bytes),
                    SessionEffect::LoadPeer { replica, epoch } => {
                        let cursor = self.replica.cursor(replica, epoch);
                        let standing = cursor.map(|cursor| Standing { cursor, staged: cursor.seq });
                        let clock = self.replica.clock().to_vector();
                        inputs.push(SessionInput::PeerKnown { standing, clock });
                    }
                    SessionEffect::Read(request) => {
                        inputs.push(SessionInput::Page(self.replica.page(&request)));
                    }
                    SessionEffect::Survey { own, key, peer_clock } => {
                        let snapshot = self.replica.survey(key, peer_clock.as_ref());
                        self.searches += usize::from(own && snapshot.is_some());
                        let head = self.replica.head();
                        inputs.push(SessionInput::Surveyed { own, snapshot, head });
                    }
                    SessionEffect::Apply { chunk, staged, clock } => {
                        assert!(!staged, "these deltas are small");
                        let Chunk { peer, base, up_to, entries, .. } = chunk;
                        let cursor = Cursor { epoch: base.epoch, seq: up_to };
                        let received = Received { peer, cursor, clock, stage: None, entries };
                        let floor_before = self.replica.floor();
                        self.replica.apply(Segment::Received(received), Vec::new());
                        let floor = self.replica.floor();
                        inputs.push(SessionInput::Applied { floor_before, floor });
                        inputs.push(SessionInput::HeadMoved(self.replica.head()));
                    }
                    SessionEffect::MoveCursor { peer, cursor } => self.replica.move_cursor(peer, cursor),
                    SessionEffect::PeerReached { peer, seq } => self.replica.move_reached(peer, seq),
                    SessionEffect::Stage(_) => panic!("these deltas are small"),
                    SessionEffect::Close(closing) => panic!("closed: {closing:?}"),
                }
            }
        }
        messages
    }

    fn shown(&self) -> String {
        let records = self.replica.range_after(std::ops::Bound::Unbounded);
        let shown = records.filter(|(_, record)| !record.is_deleted()).map(|(key, record)| {
            let dots: Vec<String> = record.versions().iter().map(|version| version.dot.to_string()).collect();
            format!("{}={}", key.id(), dots.join("+"))
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

struct Traffic {
    bytes: usize,
    messages: usize,
}

// Lets two sides talk until both have nothing more to say.
fn meet(left: &mut Side, right: &mut Side) -> Traffic {
    let mut traffic = Traffic { bytes: 0, messages: 0 };
    right.begin(Role::Acceptor);
    let mut to_right = left.begin(Role::Initiator { guess: None });
    let mut to_left: Vec<Vec<u8>> = Vec::new();
    while !to_right.is_empty() || !to_left.is_empty() {
        let (for_right, for_left) = (std::mem::take(&mut to_right), std::mem::take(&mut to_left));
        for bytes in for_right {
            traffic.bytes += bytes.len();
            traffic.messages += 1;
            to_left.extend(right.feed(SessionInput::Frame(bytes)));
        }
        for bytes in for_left {
            traffic.bytes += bytes.len();
            traffic.messages += 1;
            to_right.extend(left.feed(SessionInput::Frame(bytes)));
        }
        for (side, messages) in [(&mut *left, &mut to_right), (&mut *right, &mut to_left)] {
            if messages.is_empty() {
                side.now_ms += 2_000;
                messages.extend(side.feed(SessionInput::Tick));
            }
        }
    }
    traffic
}

#[test]
fn a_forgotten_deletion_does_not_come_back_with_a_late_device() {
    let (mut late, mut relay, mut other) = (Side::new(b'l'), Side::new(b'r'), Side::new(b'o'));
    for id in ["kept", "deleted", "edited"] {
        late.write(id, Some("1"));
    }
    meet(&mut late, &mut relay);
    meet(&mut other, &mut relay);
    other.write("deleted", None);
    other.write("edited", None);
    meet(&mut other, &mut relay);
    // The late device edits one of them meanwhile, and writes another.
    late.write("edited", Some("2"));
    late.write("new", Some("1"));
    relay.forget();
    other.forget();
    assert!(relay.replica.floor() > Seq::ZERO);
    assert_eq!(relay.replica.get("notes/deleted"), None);
    meet(&mut late, &mut relay);
    meet(&mut other, &mut relay);
    meet(&mut late, &mut relay);
    assert_eq!(late.shown(), "edited=l:4 kept=l:1 new=l:5");
    assert_eq!(relay.shown(), late.shown());
    assert_eq!(other.shown(), late.shown());
}

#[test]
fn what_was_deleted_for_a_late_device_is_deleted_for_those_who_know_only_it() {
    let (mut late, mut relay, mut other) = (Side::new(b'l'), Side::new(b'r'), Side::new(b'o'));
    let mut friend = Side::new(b'f');
    late.write("x", Some("1"));
    meet(&mut late, &mut relay);
    meet(&mut friend, &mut late);
    meet(&mut other, &mut relay);
    other.write("x", None);
    meet(&mut other, &mut relay);
    relay.forget();
    meet(&mut late, &mut relay);
    meet(&mut friend, &mut late);
    assert_eq!((late.shown(), friend.shown()), (String::new(), String::new()));
}

#[test]
fn a_record_made_anew_under_a_forgotten_name_is_the_new_one_everywhere() {
    let (mut late, mut relay, mut other) = (Side::new(b'l'), Side::new(b'r'), Side::new(b'o'));
    late.write("x", Some("old"));
    meet(&mut late, &mut relay);
    meet(&mut other, &mut relay);
    other.write("x", None);
    meet(&mut other, &mut relay);
    relay.forget();
    other.forget();
    other.write("x", Some("new"));
    meet(&mut other, &mut relay);
    meet(&mut late, &mut relay);
    for side in [&late, &relay, &other] {
        assert_eq!(side.shown(), "x=o:2");
    }
}

#[test]
fn a_new_device_gets_everything_from_a_replica_that_has_forgotten() {
    let (mut relay, mut first, mut new) = (Side::new(b'r'), Side::new(b'a'), Side::new(b'n'));
    first.write("x", Some("1"));
    first.write("y", Some("1"));
    first.write("y", None);
    meet(&mut first, &mut relay);
    relay.forget();
    meet(&mut new, &mut relay);
    assert_eq!(new.shown(), "x=a:1");
    new.write("z", Some("1"));
    meet(&mut new, &mut relay);
    assert_eq!(relay.shown(), "x=a:1 z=n:1");
}

#[test]
fn a_month_late_device_costs_its_differences_and_not_the_database() {
    let (mut late, mut relay, mut other) = (Side::new(b'l'), Side::new(b'r'), Side::new(b'o'));
    for id in 0..5_000u64 {
        other.write(&format!("{:08x}", id.wrapping_mul(0x9e37_79b9) as u32), Some("the same everywhere"));
    }
    meet_in_chunks(&mut other, &mut relay);
    meet_in_chunks(&mut late, &mut relay);
    let ids: Vec<String> = relay.shown().split(' ').step_by(500).map(|text| text[..8].to_owned()).collect();
    ids.iter().for_each(|id| other.write(id, None));
    meet(&mut other, &mut relay);
    relay.forget();
    let traffic = meet(&mut late, &mut relay);
    assert_eq!(late.shown(), relay.shown());
    assert!(traffic.bytes < 15_000, "{} bytes", traffic.bytes);
    assert!(traffic.messages < 24, "{} messages", traffic.messages);
}

// A first meeting is too large for one chunk: it is done by hand, as the state of one side.
fn meet_in_chunks(from: &mut Side, to: &mut Side) {
    let (source, target) = if from.replica.head() > to.replica.head() { (from, to) } else { (to, from) };
    let entries = source.replica.range_after(std::ops::Bound::Unbounded);
    let received = Received {
        peer: source.replica.id(),
        cursor: Cursor { epoch: source.replica.epoch(), seq: source.replica.head() },
        clock: DeltaClock { changed: source.replica.clock().to_vector(), ..DeltaClock::default() },
        stage: None,
        entries: entries.map(|(key, record)| (key.clone(), record.clone())).collect(),
    };
    target.replica.apply(Segment::Received(received), Vec::new());
    let (id, epoch) = (target.replica.id(), target.replica.epoch());
    let cursor = Cursor { epoch, seq: target.replica.head() };
    source.replica.move_cursor(id, cursor);
    source.replica.move_reached(id, source.replica.head());
    target.replica.move_reached(source.replica.id(), target.replica.head());
}

#[test]
fn what_was_forgotten_before_a_replica_heard_of_it_is_deleted_for_those_who_meet_only_that_replica() {
    let (mut late, mut relay, mut other) = (Side::new(b'l'), Side::new(b'r'), Side::new(b'o'));
    let mut new = Side::new(b'n');
    late.write("x", Some("1"));
    meet(&mut late, &mut relay);
    meet(&mut other, &mut relay);
    other.write("x", None);
    meet(&mut other, &mut relay);
    relay.forget();
    // Its clock covers the deletion, of which it has never heard.
    meet(&mut new, &mut relay);
    meet(&mut late, &mut new);
    assert_eq!((late.shown(), new.shown()), (String::new(), String::new()));
    meet(&mut late, &mut relay);
    assert_eq!((late.shown(), relay.shown()), (String::new(), String::new()));
}
