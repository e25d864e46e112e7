//! A client: the core's replica and session over a WebSocket.

use std::net::SocketAddr;
use std::time::Instant;

use eyot_core::segment::{Entries, Received, Segment};
use eyot_core::session::{Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Context, Cursor, Dot, Hlc, LogEpoch, RecordKey, Replica, ReplicaId, Seen, Seq};

use crate::wire::{Wire, compress};

/// A replica with a connection.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    session: Session,
    pub(crate) replica: Replica,
    staged: Vec<Entries>,
    counter: u64,
    began_at: Instant,
    pub(crate) closed: Option<String>,
}

impl Client {
    /// A new replica; its log's epoch is its letter.
    pub(crate) async fn connect(address: SocketAddr, letter: u8) -> Self {
        let replica = Replica::new(ReplicaId::letter(letter), LogEpoch(letter.into()));
        Self::resume(address, None, replica, 0).await
    }

    pub(crate) async fn connect_with_token(address: SocketAddr, letter: u8, token: &str) -> Self {
        let replica = Replica::new(ReplicaId::letter(letter), LogEpoch(letter.into()));
        Self::resume(address, Some(token), replica, 0).await
    }

    /// A replica that was here before, having written so much.
    pub(crate) async fn resume(
        address: SocketAddr,
        token: Option<&str>,
        replica: Replica,
        counter: u64,
    ) -> Self {
        Self::resume_in(address, "notes", token, replica, counter).await
    }

    /// The same in a database of another name.
    pub(crate) async fn resume_in(
        address: SocketAddr,
        database: &str,
        token: Option<&str>,
        replica: Replica,
        counter: u64,
    ) -> Self {
        let mut wire = Wire::connect(address, database).await;
        if let Some(token) = token {
            wire.send_token(token).await;
        }
        let local = replica.local(database.parse().unwrap());
        let mut config = SessionConfig::new(Role::Initiator { guess: None, seen: Default::default() });
        config.nonce = 7;
        config.decompresses = true;
        let session = Session::new(config, local);
        let (staged, began_at) = (Vec::new(), Instant::now());
        let mut client = Self { wire, session, replica, staged, counter, began_at, closed: None };
        client.input(SessionInput::Start).await;
        client
    }

    /// Gives up the connection, keeps the replica and how much it has written.
    pub(crate) fn disconnect(self) -> (Replica, u64) {
        (self.replica, self.counter)
    }

    pub(crate) async fn renew(&mut self, token: &str) {
        self.wire.send_token(token).await;
    }

    /// Writes a record with this text as its content.
    pub(crate) async fn write(&mut self, id: &str, text: &str) {
        self.write_many(&[(id.to_owned(), text.to_owned())]).await;
    }

    /// Writes several records in one commit.
    pub(crate) async fn write_many(&mut self, writes: &[(String, String)]) {
        let writes = writes.iter().map(|(id, text)| (id.as_str(), Some(text.as_str())));
        append(&mut self.replica, &mut self.counter, writes);
        self.input(SessionInput::HeadMoved(self.replica.head())).await;
    }

    /// Deletes a record.
    pub(crate) async fn delete(&mut self, id: &str) {
        append(&mut self.replica, &mut self.counter, [(id, None)]);
        self.input(SessionInput::HeadMoved(self.replica.head())).await;
    }

    /// The texts of a record, one for each sibling.
    pub(crate) fn texts(&self, id: &str) -> Vec<String> {
        let record = self.replica.get(&format!("notes/{id}"));
        let versions = record.map(|record| record.versions()).unwrap_or_default();
        let texts = versions.iter().map(|version| version.content.as_deref().unwrap_or_default());
        texts.map(|text| String::from_utf8(text.to_vec()).unwrap()).collect()
    }

    /// True when the relay has acknowledged all that is here.
    pub(crate) fn is_saved(&self) -> bool {
        self.session.is_open() && self.replica.unsent_up_to(self.replica.head()).count() == 0
    }

    /// The relay as it has said hello, once both know where the other stands.
    pub(crate) fn relay(&self) -> Option<eyot_core::session::Peer> {
        self.session.peer().filter(|_| self.session.is_open())
    }

    /// Talks until it is so, or the conversation has ended.
    pub(crate) async fn until(&mut self, mut it_is_so: impl FnMut(&Self) -> bool) {
        while self.closed.is_none() && !it_is_so(self) {
            match self.wire.next().await {
                Some(bytes) => self.input(SessionInput::Frame(bytes)).await,
                None => self.closed = Some("closed".into()),
            }
        }
    }

    /// Talks until the conversation has ended, and says with which code.
    pub(crate) async fn until_closed(&mut self) -> String {
        self.until(|_| false).await;
        self.closed.clone().unwrap()
    }

    async fn input(&mut self, input: SessionInput) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let now_ms = self.began_at.elapsed().as_millis().try_into().unwrap();
            for effect in self.session.handle(input, now_ms) {
                inputs.extend(self.perform(effect).await);
            }
        }
    }

    async fn perform(&mut self, effect: SessionEffect) -> Vec<SessionInput> {
        match effect {
            SessionEffect::Send(bytes) if self.session.peer().is_some_and(|peer| peer.decompresses) => {
                self.wire.send(compress(bytes)).await;
            }
            SessionEffect::Send(bytes) => self.wire.send(bytes).await,
            SessionEffect::LoadPeer { replica, epoch } => {
                let cursor = self.replica.cursor(replica, epoch);
                let standing = cursor.map(|cursor| Standing { cursor, staged: cursor.seq });
                let (clock, seen) = (self.replica.clock().to_vector(), self.replica.seen_of(replica, epoch));
                return vec![SessionInput::PeerKnown { standing, clock, seen }];
            }
            SessionEffect::Read(request) => return vec![SessionInput::Page(self.replica.page(&request))],
            SessionEffect::Survey { own, key, peer_clock } => {
                let (snapshot, head) = (self.replica.survey(key, peer_clock.as_ref()), self.replica.head());
                return vec![SessionInput::Surveyed { own, snapshot, head }];
            }
            SessionEffect::Stage(chunk) => {
                self.staged.push(chunk.entries);
                return vec![SessionInput::Staged];
            }
            SessionEffect::Apply { chunk, clock, asked, .. } => {
                let own = Seen { end: clock.changed.end(self.replica.id()), ..Seen::default() };
                if !self.replica.admits(own) {
                    return vec![SessionInput::Failed { code: "replica-forked" }];
                }
                if self.replica.has_heard_since(&clock.forgotten, &asked) {
                    return vec![SessionInput::Failed { code: "below-floor" }];
                }
                let cursor = Cursor { epoch: chunk.base.epoch, seq: chunk.up_to };
                let (peer, entries) = (chunk.peer, chunk.entries);
                let received = Received { peer, cursor, clock, stage: None, entries };
                let floor_before = self.replica.floor();
                self.replica.apply(Segment::Received(received), std::mem::take(&mut self.staged));
                let applied = SessionInput::Applied { floor_before, floor: self.replica.floor() };
                return vec![SessionInput::HeadMoved(self.replica.head()), applied];
            }
            SessionEffect::MoveCursor(passed) => self.replica.pass(&passed),
            SessionEffect::PeerReached { peer, seq } => {
                if let Some(known) = self.session.peer() {
                    let cursor = Cursor { epoch: known.epoch, seq: Seq::ZERO };
                    self.replica.move_cursor(peer, cursor, 0);
                }
                self.replica.move_reached(peer, seq);
            }
            SessionEffect::Close(closing) => self.closed = Some(closing.code),
        }
        Vec::new()
    }
}

/// Writes records in one commit, whether or not there is a connection. Without a text it is a deletion.
pub(crate) fn append<'a>(
    replica: &mut Replica,
    counter: &mut u64,
    writes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
) {
    let mut entries = Entries::new();
    for (id, text) in writes {
        let key = RecordKey::new("notes", id).unwrap();
        let mut record = replica.get(key.as_str()).cloned().unwrap_or_default();
        *counter += 1;
        let context: Context = record.context().clone().into();
        let dot = Dot::new(replica.id(), *counter);
        record.write(dot, &context, Hlc::from_ms(1), text.map(|text| text.as_bytes().into()));
        entries.push((key, record));
    }
    replica.apply(Segment::Written(entries), Vec::new());
}

/// Talks on both sides until both are at one.
pub(crate) async fn converge(one: &mut Client, other: &mut Client) {
    for client in [&mut *one, &mut *other] {
        client.until(Client::is_saved).await;
        assert_eq!(client.closed, None);
    }
    let (left, right) = (one.replica.clock().to_vector(), other.replica.clock().to_vector());
    for client in [&mut *one, &mut *other] {
        client
            .until(|it| it.replica.clock().covers_all(&left) && it.replica.clock().covers_all(&right))
            .await;
    }
    assert_eq!(records(one), records(other));
}

/// All records of a client.
pub(crate) fn records(client: &Client) -> Entries {
    let all = client.replica.range_after(std::ops::Bound::Unbounded);
    all.map(|(key, record)| (key.clone(), record.clone())).collect()
}
