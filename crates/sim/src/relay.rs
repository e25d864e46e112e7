//! A relay: hosts sessions over a replica that is the fold of what it has stored.
//!
//! Everything that it has acknowledged is durable; what it was about to do is lost when it is restarted.

use std::collections::BTreeMap;

use eyot_core::guard::{Guard, holds};
use eyot_core::message::{DeltaClock, write_vector};
use eyot_core::segment::{
    Entries, Received, Segment, StagedChunk, forgotten_segment, received_segment, staged_chunk,
};
use eyot_core::session::{
    Chunk, Local, LogPage, PageRequest, Session, SessionEffect, SessionInput, Standing,
};
use eyot_core::{
    Cursor, DatabaseName, DecodeError, Limits, LogEpoch, LogPlace, Replica, ReplicaId, Seen, Seq, Writer,
};

use crate::check::View;
use crate::network::ConnectionId;
use crate::violation::Violation;

/// Something that a relay does in its own time.
#[derive(Debug)]
pub(crate) enum Work {
    // Answers the session, after doing what it asked for.
    Do(Box<SessionEffect>),
    Answer(Box<SessionInput>),
    Tick,
}

/// One relay.
pub struct RelayHost {
    /// What it holds.
    pub replica: Replica,
    // The values of its log, each with the chunks that were staged for it.
    pub(crate) log: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
    pub(crate) stages: BTreeMap<ReplicaId, Stage>,
    pub(crate) sessions: BTreeMap<ConnectionId, Hosted>,
    // Counts its lives: what was planned in a former one does not happen.
    pub(crate) life: u64,
    // The next request to its disk finds it full.
    pub(crate) is_full: bool,
    // What it was found to show.
    pub(crate) view: View,
}

pub(crate) struct Hosted {
    pub(crate) session: Session,
    // When it is woken next, as far as that is planned.
    pub(crate) wakes_at_ms: Option<u64>,
}

pub(crate) struct Stage {
    base: Cursor,
    position: Seq,
    log: LogPlace,
    chunks: Vec<Vec<u8>>,
}

impl RelayHost {
    pub(crate) fn new(id: ReplicaId, epoch: LogEpoch) -> Self {
        let (stages, sessions) = (BTreeMap::new(), BTreeMap::new());
        Self {
            replica: Replica::new(id, epoch),
            log: Vec::new(),
            stages,
            sessions,
            life: 0,
            is_full: false,
            view: View::default(),
        }
    }

    pub(crate) fn local(&self, database: DatabaseName) -> Local {
        // A relay makes no chain.
        Local { link: 0, ..self.replica.local(database) }
    }

    pub(crate) fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        let cursor = self.replica.cursor(peer, epoch);
        let base = cursor.unwrap_or(Cursor { epoch, seq: Seq::ZERO });
        let stage = self.stages.get(&peer).filter(|stage| stage.base == base);
        let staged = stage.map_or(base.seq, |stage| stage.position);
        (cursor.is_some() || stage.is_some()).then_some(Standing { cursor: base, staged })
    }

    /// What it has seen of a peer. Who goes on after staged chunks must have been where their sender was.
    pub(crate) fn seen_of(&self, peer: ReplicaId, epoch: LogEpoch) -> Seen {
        let (seen, standing) = (self.replica.seen_of(peer, epoch), self.standing(peer, epoch));
        let is_staged = standing.is_some_and(|standing| standing.staged > standing.cursor.seq);
        let stage = self.stages.get(&peer).filter(|_| is_staged);
        Seen { log: stage.map_or(seen.log, |stage| seen.log.max(stage.log)), ..seen }
    }

    /// A relay makes no chain.
    pub(crate) fn page(&self, request: &PageRequest) -> LogPage {
        let page = self.replica.page(request);
        LogPage { clock: page.clock.map(|clock| DeltaClock { link: 0, ..clock }), ..page }
    }

    // False where it does not go on from what is kept: another connection of the same peer was faster.
    pub(crate) fn stage(&mut self, chunk: &Chunk) -> bool {
        let (base, position) = (chunk.base, chunk.base.seq);
        if chunk.from == position
            || !holds(Guard::StagedWithoutGaps) && !self.stages.contains_key(&chunk.peer)
        {
            self.stages.insert(chunk.peer, Stage { base, position, log: chunk.log, chunks: Vec::new() });
        }
        let goes_on = |stage: &&mut Stage| {
            stage.base == base && (stage.position == chunk.from || !holds(Guard::StagedWithoutGaps))
        };
        let Some(stage) = self.stages.get_mut(&chunk.peer).filter(goes_on) else { return false };
        (stage.position, stage.log) = (chunk.up_to, chunk.log);
        let own = self.replica.epoch();
        stage.chunks.push(staged_chunk(own, chunk.peer, base, chunk.up_to, chunk.log, &chunk.block));
        true
    }

    pub(crate) fn completes(&self, last: &Chunk) -> bool {
        let stage = self.stages.get(&last.peer);
        stage.is_some_and(|stage| {
            stage.base == last.base && (stage.position == last.from || !holds(Guard::StagedWithoutGaps))
        })
    }

    /// What is known of the sender of a delta by now, if the sender has not judged that.
    pub(crate) fn overtaken(&self, last: &Chunk, clock: &DeltaClock, judged: Seen) -> Option<Seen> {
        let told = clock.seen_of(last.peer, last.up_to);
        self.replica.overtaken(last.peer, last.base.epoch, judged, told)
    }

    pub(crate) fn apply(&mut self, chunk: Chunk, staged: bool, clock: DeltaClock) -> Result<(), Violation> {
        let cursor = Cursor { epoch: chunk.base.epoch, seq: chunk.up_to };
        let stage = self.stages.remove(&chunk.peer).filter(|stage| staged && stage.base == chunk.base);
        let chunks = stage.map(|stage| stage.chunks).unwrap_or_default();
        let entries = chunk.entries;
        let received = Received { peer: chunk.peer, cursor, clock, stage: None, entries };
        let value = received_segment(&received, &chunk.block);
        // What is stored is read when the relay is restarted; it must come to the same.
        let entries = read_chunks(&chunks)?;
        self.replica.apply(Segment::Received(received), entries);
        self.log.push((value, chunks));
        Ok(())
    }

    fn fold(&mut self, value: &[u8], chunks: &[Vec<u8>]) -> Result<(), Violation> {
        let entries = read_chunks(chunks)?;
        self.replica.apply(Segment::from_bytes(value, &Limits::default()).map_err(broken)?, entries);
        Ok(())
    }

    /// Forgets deletions that are older than that time.
    pub(crate) fn forget(&mut self, before_ms: u64) -> Result<(), Violation> {
        let Some(up_to) = self.replica.forgettable(before_ms) else { return Ok(()) };
        let value = forgotten_segment(up_to, before_ms);
        self.fold(&value, &[])?;
        self.log.push((value, Vec::new()));
        Ok(())
    }

    // What is on disk, read anew.
    pub(crate) fn reopen(&mut self, epoch: LogEpoch) -> Result<(), Violation> {
        self.life += 1;
        self.sessions.clear();
        self.replica = Replica::new(self.replica.id(), epoch);
        for (value, chunks) in std::mem::take(&mut self.log) {
            self.fold(&value, &chunks)?;
            self.log.push((value, chunks));
        }
        Ok(())
    }

    /// A number that says what the relay holds and where: two that differ must differ here.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.number(self.replica.head().0);
        write_vector(&mut writer, &self.replica.clock().to_vector());
        writer.into_bytes()
    }
}

fn read_chunks(chunks: &[Vec<u8>]) -> Result<Vec<Entries>, Violation> {
    let read =
        |bytes: &Vec<u8>| StagedChunk::from_bytes(bytes, &Limits::default()).map(|chunk| chunk.entries);
    chunks.iter().map(read).collect::<Result<_, _>>().map_err(broken)
}

fn broken(error: DecodeError) -> Violation {
    Violation::new(5, format!("a relay cannot read what it has stored: {error}"))
}
