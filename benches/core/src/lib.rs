//! What the benchmarks of the core measure: subjects, made once and then run. The same for times and for instructions.
//!
//! Must not know how anything is measured. Records are of the size of a note: about 230 bytes of text.

mod records;
mod subjects;
mod syncs;

pub use records::{Entries, changed_entries, entries, replica_of};
pub use subjects::{
    Commits, Deltas, Merges, Searches, commit_at_once, commit_one_by_one, decode, delta, encode, fold, merge,
    search,
};
pub use syncs::{Syncs, sync};
