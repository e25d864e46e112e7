//! The readable forms of what is at rest: segments, staged chunks, the memory of peers, exports.

use eyot_core::segment::{
    Received, Segment, Stage, StagedChunk, forgotten_segment, imported_segments, reborn_segment,
    received_segment, staged_chunk, written_segments,
};
use eyot_core::{
    Cursor, DecodeError, Export, Limits, LinkedVector, LogEpoch, Peers, Reborn, ReplicaId, Seq, VersionVector,
};
use serde::{Deserialize, Serialize};

use crate::file::Form;
use crate::forms::{Bits, EntryForm, Text, block, entries, is_empty, no_bits, no_writes};
use crate::identity::{EndForm, PlaceForm};
use crate::message::DeltaClockForm;

/// A position in a certain life of a log.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CursorForm {
    epoch: Bits,
    seq: u64,
}

impl CursorForm {
    pub(crate) fn cursor(self) -> Cursor {
        Cursor { epoch: LogEpoch(self.epoch.0), seq: Seq(self.seq) }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageForm {
    name: u64,
    chunks: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum SegmentForm {
    Written {
        entries: Vec<EntryForm>,
    },
    Received {
        peer: Text<ReplicaId>,
        cursor: CursorForm,
        clock: DeltaClockForm,
        stage: Option<StageForm>,
        entries: Vec<EntryForm>,
    },
    Imported {
        clock: Text<LinkedVector>,
        #[serde(default = "no_writes", skip_serializing_if = "is_empty")]
        forgotten: Text<VersionVector>,
        entries: Vec<EntryForm>,
    },
    Forgotten {
        up_to: u64,
        before_ms: u64,
    },
    Reborn {
        replica: Text<ReplicaId>,
        epoch: Bits,
        #[serde(default, skip_serializing_if = "EndForm::is_nothing")]
        confirmed: EndForm,
    },
}

impl Form for SegmentForm {
    type Value = Segment;
    // A segment without records ends where its block would begin.
    const IS_WHOLE: bool = false;

    fn value(&self) -> Segment {
        match self {
            Self::Written { entries: forms } => Segment::Written(entries(forms)),
            Self::Received { peer, cursor, clock, stage, entries: forms } => Segment::Received(Received {
                peer: peer.0,
                cursor: cursor.cursor(),
                clock: clock.clock(),
                stage: stage.map(|stage| Stage { name: stage.name, chunks: stage.chunks }),
                entries: entries(forms),
            }),
            Self::Imported { clock, forgotten, entries: forms } => Segment::Imported {
                clock: clock.0.clone(),
                forgotten: forgotten.0.clone(),
                entries: entries(forms),
            },
            Self::Forgotten { up_to, before_ms } => {
                Segment::Forgotten { up_to: Seq(*up_to), before_ms: *before_ms }
            }
            Self::Reborn { replica, epoch, confirmed } => Segment::Reborn(Reborn {
                replica: replica.0,
                epoch: LogEpoch(epoch.0),
                confirmed: confirmed.end(),
            }),
        }
    }

    fn write(&self) -> Vec<u8> {
        match self.value() {
            Segment::Written(entries) => written_segments(&entries).swap_remove(0),
            Segment::Received(received) => received_segment(&received, &block(&received.entries)),
            // The records come first and the clock last, each in a segment of its own.
            Segment::Imported { clock, forgotten, entries } => {
                imported_segments(&clock, &forgotten, &entries).swap_remove(0)
            }
            Segment::Forgotten { up_to, before_ms } => forgotten_segment(up_to, before_ms),
            Segment::Reborn(reborn) => reborn_segment(reborn),
        }
    }

    fn read(bytes: &[u8], limits: &Limits) -> Result<Segment, DecodeError> {
        Segment::from_bytes(bytes, limits)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StagedChunkForm {
    own: Bits,
    peer: Text<ReplicaId>,
    base: CursorForm,
    up_to: u64,
    #[serde(default, skip_serializing_if = "PlaceForm::is_nothing")]
    log: PlaceForm,
    entries: Vec<EntryForm>,
}

impl Form for StagedChunkForm {
    type Value = StagedChunk;
    const IS_WHOLE: bool = false;

    fn value(&self) -> StagedChunk {
        StagedChunk {
            own: LogEpoch(self.own.0),
            peer: self.peer.0,
            base: self.base.cursor(),
            up_to: Seq(self.up_to),
            log: self.log.place(),
            entries: entries(&self.entries),
        }
    }

    fn write(&self) -> Vec<u8> {
        let chunk = self.value();
        let block = block(&chunk.entries);
        staged_chunk(chunk.own, chunk.peer, chunk.base, chunk.up_to, chunk.log, &block)
    }

    fn read(bytes: &[u8], limits: &Limits) -> Result<StagedChunk, DecodeError> {
        StagedChunk::from_bytes(bytes, limits)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeersForm {
    own: Bits,
    saved: u64,
    peers: Vec<PeerForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerForm {
    peer: Text<ReplicaId>,
    cursor: CursorForm,
    #[serde(default = "no_bits", skip_serializing_if = "Bits::is_nothing")]
    link: Bits,
    reached: u64,
    last_met: bool,
}

impl Form for PeersForm {
    type Value = Peers;

    fn value(&self) -> Peers {
        let mut peers = Peers::after(LogEpoch(self.own.0), Seq(self.saved));
        for form in &self.peers {
            peers.move_cursor(form.peer.0, form.cursor.cursor(), form.link.0 as u32);
            peers.move_reached(form.peer.0, Seq(form.reached));
            if form.last_met {
                peers.meet(form.peer.0);
            }
        }
        peers
    }

    fn write(&self) -> Vec<u8> {
        self.value().to_bytes()
    }

    fn read(bytes: &[u8], _: &Limits) -> Result<Peers, DecodeError> {
        Peers::from_bytes(bytes)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportForm {
    clock: Text<LinkedVector>,
    #[serde(default = "no_writes", skip_serializing_if = "is_empty")]
    forgotten: Text<VersionVector>,
    entries: Vec<EntryForm>,
}

impl Form for ExportForm {
    type Value = Export;

    fn value(&self) -> Export {
        let (clock, forgotten) = (self.clock.0.clone(), self.forgotten.0.clone());
        Export { clock, forgotten, entries: entries(&self.entries) }
    }

    fn write(&self) -> Vec<u8> {
        self.value().to_bytes()
    }

    fn read(bytes: &[u8], limits: &Limits) -> Result<Export, DecodeError> {
        Export::from_bytes(bytes, limits)
    }
}
