//! How much memory reading may take, and that it does not take more.
//!
//! Must not know what is read. The allocator counts, so nothing that is asked for goes unnoticed.

#[path = "../../../crates/core/tests/laws/memory.rs"]
mod memory;

/// What reading costs however little there is to read.
const BASE_BYTES: usize = 64 << 10;

/// The smallest parts take a few bytes and stand for more: a record of fourteen bytes takes some three hundred.
const MEMORY_PER_BYTE: usize = 32;

/// The bounds and keys of ranges are written as their difference from their neighbours: five bytes can stand for a key of
/// 577. So there is a limit for a whole message.
const RANGES_PER_BYTE: usize = 128;
const RANGES_BYTES: usize = 1 << 20;

/// The pasts of versions are the other exception: six bytes can stand for a past that is as long as the record's context.
/// A number of entries is therefore allowed for a whole message; a list grows by doubling, so each may take twice its 24
/// bytes.
const ENTRY_BYTES: usize = 48;
const PAST_ENTRIES: usize = 1_600_000;

/// The most memory that reading so many bytes may take at any moment.
///
/// A context of n replicas and m versions take at least 18 n + 6 m bytes; n times m is largest where both take half.
pub fn allowed_bytes(length: usize) -> usize {
    let entries = (length / 36).saturating_mul(length / 12).min(PAST_ENTRIES);
    let ranges = RANGES_BYTES.min(RANGES_PER_BYTE * length);
    BASE_BYTES + MEMORY_PER_BYTE * length + ranges + ENTRY_BYTES * entries
}

/// What comes out of an act over so many bytes. Panics when it took more memory than they may.
pub fn within_budget<T>(length: usize, act: impl FnOnce() -> T) -> T {
    measured(length, act).0
}

/// What comes out, and how many bytes of memory it took at most meanwhile; no more than allowed.
pub fn measured<T>(length: usize, act: impl FnOnce() -> T) -> (T, usize) {
    let (outcome, taken) = memory::measure(act);
    let allowed = allowed_bytes(length);
    assert!(taken <= allowed, "{length} bytes took {taken} bytes of memory; {allowed} are allowed");
    (outcome, taken)
}
