//! What a client that may only read has said in the delta under way, and whether that is a write.

use eyot_core::message::DeltaClock;
use eyot_core::session::Chunk;

/// The delta under way of a client that may only read.
#[derive(Default)]
pub(crate) struct Reader {
    has_told: bool,
}

impl Reader {
    /// A chunk has come. Only the end of the delta tells whether it says anything new.
    pub(crate) fn hear(&mut self, chunk: &Chunk) {
        self.has_told |= says_anything(chunk);
    }

    /// The delta has come to its end. True when it writes: a reader may have less of a record than there is here, after a
    /// search, and tells so; that is no write. Who tells of writes of its own writes, also where their records are known.
    pub(crate) fn has_written(&mut self, last: &Chunk, clock: &DeltaClock) -> bool {
        let has_told = std::mem::take(&mut self.has_told) || says_anything(last);
        (has_told && !clock.changed.is_empty()) || clock.changed.get(last.peer) > 0
    }
}

// True when there is a record in it of which the sender has anything.
fn says_anything(chunk: &Chunk) -> bool {
    chunk.entries.iter().any(|(_, record)| !record.is_absent())
}
