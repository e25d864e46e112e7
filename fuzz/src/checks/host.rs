//! The host of a session: a replica in memory that stores what the session asks it to store, as bytes, and reads it back.
//!
//! Must not know what the session is fed. It is as strict as a relay: a delta must account for what its records claim.

use eyot_core::message::DeltaClock;
use eyot_core::segment::{Received, Segment, StagedChunk, received_segment, staged_chunk};
use eyot_core::session::{Chunk, Local, SessionEffect, SessionInput, Standing};
use eyot_core::{Cursor, Hlc, Limits, LogEpoch, MAXIMUM_MS, Record, RecordKey, Replica, ReplicaId, Seq};

use super::{DATABASE, OWN};

const EPOCH: LogEpoch = LogEpoch(1);

/// A replica with what is staged of one delta.
pub(super) struct Host {
    pub(super) replica: Replica,
    stage: Option<(ReplicaId, Cursor, Seq, Vec<Vec<u8>>)>,
    written: u64,
}

impl Host {
    pub(super) fn new() -> Self {
        Self { replica: Replica::new(OWN, EPOCH), stage: None, written: 0 }
    }

    /// What a session must know of it.
    pub(super) fn local(&self) -> Local {
        self.replica.local(DATABASE.parse().expect("the name of the vectors' database is one"))
    }

    /// A write of this replica; no content deletes.
    pub(super) fn write(&mut self, key: &RecordKey, content: Option<&[u8]>) {
        let counter = self.replica.clock().get(OWN) + 1;
        let mut record = self.replica.get(key.as_str()).cloned().unwrap_or_else(Record::new);
        let context = record.context().clone().into();
        record.write(
            eyot_core::Dot::new(OWN, counter),
            &context,
            Hlc::from_ms(counter),
            content.map(Into::into),
        );
        self.replica.apply(Segment::Written(vec![(key.clone(), record)]), Vec::new());
        self.written = self.written.max(counter);
    }

    /// Forgets the deletions up to the head, and so raises the floor.
    pub(super) fn forget(&mut self) {
        let up_to = self.replica.head();
        self.replica.apply(Segment::Forgotten { up_to, before_ms: MAXIMUM_MS }, Vec::new());
    }

    /// Does what a session asks for, and answers.
    pub(super) fn perform(&mut self, effect: SessionEffect) -> Option<SessionInput> {
        match effect {
            SessionEffect::LoadPeer { replica, epoch } => {
                let (standing, clock) = (self.standing(replica, epoch), self.replica.clock().to_vector());
                let seen = self.replica.seen_of(replica, epoch);
                Some(SessionInput::PeerKnown { standing, clock, seen })
            }
            SessionEffect::Survey { own, key, peer_clock } => {
                let snapshot = self.replica.survey(key, peer_clock.as_ref());
                Some(SessionInput::Surveyed { own, snapshot, head: self.replica.head() })
            }
            SessionEffect::Read(request) => Some(SessionInput::Page(self.replica.page(&request))),
            SessionEffect::Stage(chunk) => Some(self.keep(chunk)),
            SessionEffect::Apply { chunk, staged, clock, .. } => Some(self.apply(chunk, staged, clock)),
            SessionEffect::MoveCursor(passed) => {
                self.replica.pass(&passed);
                None
            }
            SessionEffect::PeerReached { peer, seq } => {
                assert!(seq <= self.replica.head(), "nobody has more of a log than there is");
                self.replica.move_reached(peer, seq);
                None
            }
            SessionEffect::Send(_) | SessionEffect::Close(_) => None,
        }
    }

    fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        let cursor = self.replica.cursor(peer, epoch);
        let base = cursor.unwrap_or(Cursor { epoch, seq: Seq::ZERO });
        let staged = self.stage.as_ref().filter(|(of, from, ..)| *of == peer && *from == base);
        let position = staged.map_or(base.seq, |(_, _, position, _)| *position);
        (cursor.is_some() || staged.is_some()).then_some(Standing { cursor: base, staged: position })
    }

    fn keep(&mut self, chunk: Chunk) -> SessionInput {
        if chunk.from == chunk.base.seq {
            self.stage = Some((chunk.peer, chunk.base, chunk.base.seq, Vec::new()));
        }
        match &mut self.stage {
            Some((peer, base, position, chunks))
                if *peer == chunk.peer && *base == chunk.base && *position == chunk.from =>
            {
                *position = chunk.up_to;
                let Chunk { peer, base, up_to, log, .. } = chunk;
                chunks.push(staged_chunk(EPOCH, peer, base, up_to, log, &chunk.block));
                SessionInput::Staged
            }
            _ => SessionInput::Failed { code: "staging-lost" },
        }
    }

    fn apply(&mut self, chunk: Chunk, staged: bool, clock: DeltaClock) -> SessionInput {
        let Chunk { peer, base, from, up_to, block, entries, .. } = chunk;
        let mut parts = Vec::new();
        if staged {
            let stage =
                self.stage.take_if(|(of, at, position, _)| *of == peer && *at == base && *position == from);
            let Some((.., chunks)) = stage else { return SessionInput::Failed { code: "staging-lost" } };
            let read =
                |bytes: &Vec<u8>| StagedChunk::from_bytes(bytes, &Limits::AT_REST).map(|chunk| chunk.entries);
            parts = chunks.iter().map(read).collect::<Result<_, _>>().expect("what is staged can be read");
        }
        let mut all = clock.changed.vector().clone();
        all.join(&self.replica.clock().to_vector());
        if !parts.iter().flatten().chain(&entries).all(|(_, record)| all.covers_all(record.context())) {
            return SessionInput::Failed { code: "bad-message" };
        }
        let received =
            Received { peer, cursor: Cursor { epoch: base.epoch, seq: up_to }, clock, stage: None, entries };
        let segment = Segment::from_bytes(&received_segment(&received, &block), &Limits::AT_REST);
        assert_eq!(segment, Ok(Segment::Received(received.clone())), "what is stored is what came");
        let floor_before = self.replica.floor();
        self.replica.apply(Segment::Received(received), parts);
        assert!(self.replica.clock().get(OWN) >= self.written, "the clock goes on only");
        SessionInput::Applied { floor_before, floor: self.replica.floor() }
    }
}
