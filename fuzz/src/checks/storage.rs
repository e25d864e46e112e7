//! What a disk gives back: segments, staged chunks, the memory of peers, exports; and a log of such, opened as a whole.
//!
//! A log that cannot be read is left as it is, and said to be so; it is never added to.

use eyot_core::checkpoint::{Root, read_page, write_page};
use eyot_core::engine::{EngineInput, StoredCheckpoint};
use eyot_core::segment::{
    Segment, StagedChunk, forgotten_segment, imported_segments, reborn_segment, received_segment, stage_of,
    staged_chunk, written_segments,
};
use eyot_core::{Export, Limits, Peers};

use super::budget::within_budget;
use super::script::steps;
use super::tab::{Disk, Stored, Tab};
use super::wire::block;

/// A block of no records, which a reader takes and no writer writes.
const NO_RECORDS: [u8; 2] = [0; 2];

/// Takes the bytes for each format, and for a disk with several of them.
pub fn check(bytes: &[u8]) {
    for limits in [Limits::default(), Limits::AT_REST] {
        check_segment(bytes, &limits);
        check_chunk(bytes, &limits);
        if let Ok(export) = within_budget(bytes.len(), || Export::from_bytes(bytes, &limits)) {
            let again = Export::from_bytes(&export.to_bytes(), &limits);
            assert_eq!(again, Ok(export));
        }
    }
    if let Ok(peers) = within_budget(bytes.len(), || Peers::from_bytes(bytes)) {
        let again = Peers::from_bytes(&peers.to_bytes());
        assert_eq!(again, Ok(peers));
    }
    check_pages(bytes);
    check_disk(bytes);
}

// A page is read in one form only. A checkpoint with these bytes as its body, and pages of them, is taken or refused.
fn check_pages(bytes: &[u8]) {
    if let Ok(page) = within_budget(bytes.len(), || read_page(bytes)) {
        let records: Vec<_> = page.iter().map(|(key, placed)| (key, placed)).collect();
        assert_eq!(write_page(&records), bytes, "there is another form");
    }
    if let Ok(root) = within_budget(bytes.len(), || Root::from_bytes(bytes)) {
        assert_eq!(root.to_bytes(), bytes, "there is another form");
    }
    let root = Root { generation: 1, reaches: 1, kept_from: 1, parts: Vec::new(), body: bytes.to_vec() };
    let mut tab = Tab::open(Disk::default());
    let (before, root) = (tab.engine.replica().head(), root.to_bytes());
    tab.take(EngineInput::Checkpoint(StoredCheckpoint { root, parts: Vec::new() }));
    assert!(!tab.corrupt || tab.engine.replica().head() == before, "what cannot be read changes nothing");
}

fn check_segment(bytes: &[u8], limits: &Limits) {
    let stage = within_budget(bytes.len(), || stage_of(bytes, limits));
    let Ok(segment) = within_budget(bytes.len(), || Segment::from_bytes(bytes, limits)) else { return };
    assert_eq!(stage, Ok(segment.stage().map(|stage| stage.name)));
    let again = match &segment {
        Segment::Written(entries) => written_segments(entries),
        Segment::Received(received) if received.entries.is_empty() => vec![received_segment(received, &[])],
        Segment::Received(received) => vec![received_segment(received, &block(&received.entries))],
        Segment::Imported { clock, forgotten, entries } => imported_segments(clock, forgotten, entries),
        Segment::Forgotten { up_to, before_ms } => vec![forgotten_segment(*up_to, *before_ms)],
        Segment::Reborn(reborn) => vec![reborn_segment(*reborn)],
    };
    // What would be cut into several, or has a part that would be left out, is written otherwise.
    if let (
        [again],
        Segment::Written(_) | Segment::Received(_) | Segment::Forgotten { .. } | Segment::Reborn(_),
    ) = (again.as_slice(), &segment)
    {
        let without = bytes.strip_suffix(&NO_RECORDS).unwrap_or(bytes);
        assert!(again == bytes || again == without, "there is another form");
    }
    for bytes in again {
        assert!(Segment::from_bytes(&bytes, limits).is_ok());
    }
}

fn check_chunk(bytes: &[u8], limits: &Limits) {
    let Ok(chunk) = within_budget(bytes.len(), || StagedChunk::from_bytes(bytes, limits)) else { return };
    let block = if chunk.entries.is_empty() { Vec::new() } else { block(&chunk.entries) };
    let again = staged_chunk(chunk.own, chunk.peer, chunk.base, chunk.up_to, chunk.log, &block);
    let without = bytes.strip_suffix(&NO_RECORDS).unwrap_or(bytes);
    assert!(again == bytes || again == without, "there is another form");
}

// The steps of a disk: `S` a value of the log, `C` a chunk that was staged for it, `G` a chunk of a stage that no value
// names, `P` the memory of peers, `I` an export that the application merges.
fn check_disk(bytes: &[u8]) {
    let (mut disk, mut exports) = (Disk::default(), Vec::new());
    for (kind, bytes) in steps(bytes) {
        match kind {
            b'S' => disk.log.push(Stored { value: bytes.to_vec(), chunks: Vec::new() }),
            b'C' => disk.log.iter_mut().last().into_iter().for_each(|last| last.chunks.push(bytes.to_vec())),
            b'G' => {
                let (name, bytes) = bytes.split_first().map_or((0, bytes), |(name, bytes)| (*name, bytes));
                disk.stages.entry(name.into()).or_default().push(bytes.to_vec());
            }
            b'P' => disk.peers = bytes.to_vec(),
            b'I' => exports.push(bytes),
            _ => {}
        }
    }
    let length = disk.log.len();
    let mut tab = Tab::open(disk);
    for bytes in exports {
        let ticket = tab.ticket();
        tab.take(EngineInput::Import { ticket, bytes: bytes.to_vec() });
    }
    let write = "notes/late".parse().map(|key| eyot_core::engine::Write {
        key,
        context: None,
        content: None,
        references: eyot_core::References::NONE,
    });
    tab.write(write.into_iter().collect());
    if tab.corrupt {
        assert_eq!(tab.disk.log.len(), length, "a log that cannot be read is left as it is");
    } else {
        tab.check();
    }
}
