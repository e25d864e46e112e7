//! Replicas with their own writes, and sessions between them whose hosts answer at once. What fails, is lost or comes late
//! is the simulator's matter.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use eyot_core::segment::{Received, Segment};
use eyot_core::session::{Local, Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Context, Cursor, Dot, Hlc, LogEpoch, Record, RecordKey, Replica, ReplicaId, Seq};

type Entries = Vec<(RecordKey, Record)>;

/// One replica, its sessions by the name of the peer, and what is staged of each.
pub(crate) struct Side {
    pub(crate) replica: Replica,
    // Each with the number of its connection.
    sessions: BTreeMap<char, (Session, u64)>,
    staged: BTreeMap<ReplicaId, (Cursor, Seq, Vec<Entries>)>,
}

impl Side {
    fn new(name: char) -> Self {
        let replica = Replica::new(ReplicaId::letter(name as u8), LogEpoch(name as u64));
        Self { replica, sessions: BTreeMap::new(), staged: BTreeMap::new() }
    }

    fn local(&self) -> Local {
        self.replica.local("notes".parse().unwrap())
    }

    fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        let cursor = self.replica.cursor(peer, epoch);
        let base = cursor.unwrap_or(Cursor { epoch, seq: Seq::ZERO });
        let staged = self.staged.get(&peer).filter(|staged| staged.0 == base).map(|staged| staged.1);
        cursor.is_some().then_some(base).or(staged.map(|_| base))?;
        Some(Standing { cursor: base, staged: staged.unwrap_or(base.seq) })
    }

    pub(crate) fn staged_chunks(&self) -> usize {
        self.staged.values().map(|staged| staged.2.len()).sum()
    }

    pub(crate) fn record(&self, id: &str) -> Option<&Record> {
        self.replica.get(&format!("notes/{id}"))
    }

    /// What is shown: ids and the dots of what stands, but for deletions.
    pub(crate) fn shown(&self) -> String {
        let records = self.replica.range_after(Bound::Unbounded);
        let shown = records.filter(|(_, record)| !record.is_deleted()).map(|(key, record)| {
            let edits = record.versions().iter().filter(|version| version.content.is_some());
            let dots: Vec<String> = edits.map(|version| version.dot.to_string()).collect();
            format!("{}={}", key.id(), dots.join("+"))
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) bytes: usize,
    pub(crate) messages: usize,
    /// Messages that answer others, one after the other: twice the round trips.
    pub(crate) turns: usize,
    pub(crate) searches: usize,
    pub(crate) below_floor: usize,
    pub(crate) largest_message_bytes: usize,
}

impl std::ops::Sub for Count {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            bytes: self.bytes - before.bytes,
            messages: self.messages - before.messages,
            turns: self.turns - before.turns,
            searches: self.searches - before.searches,
            below_floor: self.below_floor - before.below_floor,
            largest_message_bytes: self.largest_message_bytes,
        }
    }
}

/// Replicas by name, and who is connected with whom.
#[derive(Default)]
pub(crate) struct Net {
    sides: BTreeMap<char, Side>,
    // From whom, to whom, on which connection.
    wires: VecDeque<(char, char, u64, Vec<u8>)>,
    connections: u64,
    pub(crate) count: Count,
    /// How much a delta carries, where it is not the usual.
    pub(crate) chunk_bytes: Option<usize>,
    /// How many deltas may be unacknowledged, where it is not the usual.
    pub(crate) credits: Option<u32>,
    now_ms: u64,
}

impl Net {
    pub(crate) fn side(&mut self, name: char) -> &mut Side {
        self.sides.entry(name).or_insert_with(|| Side::new(name))
    }

    pub(crate) fn write(&mut self, name: char, id: &str, content: Option<&str>) {
        self.write_as(name, name, id, content);
    }

    /// Writes as a device would that is connected with that side, under a name of its own.
    pub(crate) fn write_as(&mut self, name: char, writer: char, id: &str, content: Option<&str>) {
        let side = self.side(name);
        let key = RecordKey::new("notes", id).unwrap();
        let mut record = side.replica.get(key.as_str()).cloned().unwrap_or_default();
        let context = Context::from(record.context().clone());
        let replica = ReplicaId::letter(writer as u8);
        let dot = Dot::new(replica, side.replica.clock().get(replica) + 1);
        record.write(dot, &context, Hlc::from_ms(1_000), content.map(|text| text.as_bytes().into()));
        side.replica.apply(Segment::Written(vec![(key, record)]), Vec::new());
        self.head_moved(name);
    }

    /// Forgets all deletions that may be forgotten. Says how many records are left.
    pub(crate) fn forget(&mut self, name: char) -> usize {
        let (side, before_ms) = (self.side(name), u64::MAX >> 20);
        if let Some(up_to) = side.replica.forgettable(before_ms) {
            side.replica.apply(Segment::Forgotten { up_to, before_ms }, Vec::new());
        }
        side.replica.range_after(Bound::Unbounded).count()
    }

    /// Forgets also what no peer has heard of, as a replica may that waits for none.
    pub(crate) fn forget_untold(&mut self, name: char) {
        let (side, before_ms) = (self.side(name), u64::MAX >> 20);
        let up_to = side.replica.head();
        side.replica.apply(Segment::Forgotten { up_to, before_ms }, Vec::new());
    }

    pub(crate) fn shown(&mut self, name: char) -> String {
        self.side(name).shown()
    }

    /// A side as it was before, under a new epoch.
    pub(crate) fn restore(&mut self, name: char, segments: Vec<Segment>) {
        let epoch = LogEpoch(self.side(name).replica.epoch().0 + 1_000);
        let side = self.side(name);
        side.replica = Replica::new(side.replica.id(), epoch);
        segments.into_iter().for_each(|segment| drop(side.replica.apply(segment, Vec::new())));
    }

    pub(crate) fn connect(&mut self, initiator: char, acceptor: char) {
        self.connections += 1;
        let connection = self.connections;
        for (name, peer, role) in [
            (acceptor, initiator, Role::Acceptor),
            (initiator, acceptor, Role::Initiator { guess: None, seen: Default::default() }),
        ] {
            let mut config = SessionConfig::new(role);
            config.nonce = name as u64;
            config.chunk_bytes = self.chunk_bytes.unwrap_or(config.chunk_bytes);
            config.credits = self.credits.unwrap_or(config.credits);
            let side = self.side(name);
            let session = Session::new(config, side.local());
            side.sessions.insert(peer, (session, connection));
            self.feed(name, peer, SessionInput::Start);
        }
    }

    fn disconnect(&mut self, one: char, other: char) {
        self.side(one).sessions.remove(&other);
        self.side(other).sessions.remove(&one);
    }

    /// As [`Net::connect`]; a connection that stands already ends.
    pub(crate) fn connect_anew(&mut self, initiator: char, acceptor: char) {
        self.cut(initiator, acceptor);
        self.connect(initiator, acceptor);
    }

    /// Ends a connection. What was on its way is lost.
    pub(crate) fn cut(&mut self, one: char, other: char) {
        self.disconnect(one, other);
    }

    /// Connects two until they have nothing more to say. Says what it took.
    pub(crate) fn meet(&mut self, initiator: char, acceptor: char) -> Count {
        let before = self.count;
        self.connect_anew(initiator, acceptor);
        self.settle();
        self.disconnect(initiator, acceptor);
        self.count - before
    }

    /// Delivers until nobody has anything more to say. Who is told that it has fallen below a floor comes again.
    pub(crate) fn settle(&mut self) {
        for quiet in 0.. {
            let messages = self.count.messages;
            while !self.wires.is_empty() {
                self.count.turns += 1;
                for wire in std::mem::take(&mut self.wires) {
                    self.deliver(wire);
                }
                assert!(self.count.messages < messages + 10_000, "it does not become quiet");
            }
            if quiet > 0 && messages == self.count.messages {
                return;
            }
            self.now_ms += 2_000;
            for (name, peer) in self.links() {
                self.feed(name, peer, SessionInput::Tick);
            }
        }
    }

    /// Delivers the next message from one to another. False when there is none.
    pub(crate) fn deliver_to(&mut self, to: char, from: char) -> bool {
        let place = self.wires.iter().position(|wire| (wire.0, wire.1) == (from, to));
        let Some(wire) = place.and_then(|place| self.wires.remove(place)) else { return false };
        self.deliver(wire);
        true
    }

    /// Delivers the next message of one of the connections on which something is under way. False when there is none.
    pub(crate) fn deliver_some(&mut self, number: usize) -> bool {
        let pairs: BTreeSet<(char, char)> = self.wires.iter().map(|wire| (wire.0, wire.1)).collect();
        let pair = pairs.iter().nth(number.checked_rem(pairs.len()).unwrap_or(0)).copied();
        pair.is_some_and(|(from, to)| self.deliver_to(to, from))
    }

    /// Delivers between two until they have nothing more to say, and nothing between others.
    pub(crate) fn settle_between(&mut self, one: char, other: char) {
        while self.deliver_to(one, other) || self.deliver_to(other, one) {}
    }

    /// Delivers one message. False when there is none.
    pub(crate) fn deliver_one(&mut self) -> bool {
        let Some(wire) = self.wires.pop_front() else { return false };
        self.deliver(wire);
        true
    }

    // What was sent on a connection that has ended is lost.
    fn deliver(&mut self, (from, to, connection, bytes): (char, char, u64, Vec<u8>)) {
        if self.side(to).sessions.get(&from).is_some_and(|(_, stands)| *stands == connection) {
            self.feed(to, from, SessionInput::Frame(bytes));
        }
    }

    fn links(&self) -> Vec<(char, char)> {
        let of = |(name, side): (&char, &Side)| side.sessions.keys().map(|peer| (*name, *peer)).collect();
        self.sides.iter().flat_map(|side| -> Vec<_> { of(side) }).collect()
    }

    fn head_moved(&mut self, name: char) {
        let head = self.side(name).replica.head();
        for peer in self.side(name).sessions.keys().copied().collect::<Vec<_>>() {
            self.feed(name, peer, SessionInput::HeadMoved(head));
        }
    }

    // Feeds a session and answers what it asks for until it only has messages to send.
    fn feed(&mut self, name: char, peer: char, input: SessionInput) {
        let (mut inputs, now_ms) = (VecDeque::from([input]), self.now_ms);
        while let Some(input) = inputs.pop_front() {
            let Some((session, connection)) = self.side(name).sessions.get_mut(&peer) else { return };
            let connection = *connection;
            for effect in session.handle(input, now_ms) {
                match effect {
                    SessionEffect::Send(bytes) => {
                        self.count.bytes += bytes.len();
                        self.count.messages += 1;
                        self.count.largest_message_bytes = self.count.largest_message_bytes.max(bytes.len());
                        self.wires.push_back((name, peer, connection, bytes));
                    }
                    SessionEffect::Close(closing) if closing.code == "below-floor" => {
                        self.count.below_floor += 1;
                        self.disconnect(name, peer);
                        self.connect(peer, name);
                        return;
                    }
                    other => inputs.extend(self.perform(name, other)),
                }
            }
        }
    }

    fn perform(&mut self, name: char, effect: SessionEffect) -> Option<SessionInput> {
        let side = self.sides.get_mut(&name).unwrap();
        match effect {
            SessionEffect::LoadPeer { replica, epoch } => {
                let (standing, clock) = (side.standing(replica, epoch), side.replica.clock().to_vector());
                let seen = side.replica.seen_of(replica, epoch);
                Some(SessionInput::PeerKnown { standing, clock, seen })
            }
            SessionEffect::Read(request) => Some(SessionInput::Page(side.replica.page(&request))),
            SessionEffect::Survey { own, key, peer_clock } => {
                let snapshot = side.replica.survey(key, peer_clock.as_ref());
                self.count.searches += usize::from(own && snapshot.is_some());
                Some(SessionInput::Surveyed { own, snapshot, head: side.replica.head() })
            }
            SessionEffect::Stage(chunk) => {
                let new = (chunk.base, chunk.base.seq, Vec::new());
                let staged = side.staged.entry(chunk.peer).or_insert_with(|| new.clone());
                if chunk.from == chunk.base.seq {
                    *staged = new;
                }
                staged.1 = chunk.up_to;
                staged.2.push(chunk.entries);
                Some(SessionInput::Staged)
            }
            SessionEffect::Apply { clock, asked, .. }
                if side.replica.has_heard_since(&clock.forgotten, &asked) =>
            {
                Some(SessionInput::Failed { code: "below-floor" })
            }
            SessionEffect::Apply { chunk, staged, clock, .. } => {
                let parts = side.staged.remove(&chunk.peer).filter(|_| staged);
                let cursor = Cursor { epoch: chunk.base.epoch, seq: chunk.up_to };
                let received =
                    Received { peer: chunk.peer, cursor, clock, stage: None, entries: chunk.entries };
                let floor_before = side.replica.floor();
                side.replica
                    .apply(Segment::Received(received), parts.map(|parts| parts.2).unwrap_or_default());
                let floor = side.replica.floor();
                self.head_moved(name);
                Some(SessionInput::Applied { floor_before, floor })
            }
            SessionEffect::MoveCursor(passed) => {
                side.replica.pass(&passed);
                None
            }
            SessionEffect::PeerReached { peer, seq } => {
                side.replica.move_reached(peer, seq);
                None
            }
            SessionEffect::Send(_) => None,
            SessionEffect::Close(closing) => panic!("{name} closes: {closing:?}"),
        }
    }
}
