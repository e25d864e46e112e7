//! IndexedDB as the engine's disk: the log, the staged chunks, and what is remembered beside them.
//!
//! Rexie makes the stores and reads them. Commits go beneath it, to the plain API: rexie knows neither durability nor the
//! events that say that a connection is lost, and awaits an `add` before it lets commit. Knows nothing of what the values
//! mean.

mod folding;
pub(crate) mod mark;
mod reader;
mod schema;
mod writer;

pub(crate) use mark::{Lost, Marker};
pub(crate) use reader::{FIRST_VALUES, LogPage, Reader, is_end, values_after};
pub(crate) use schema::{destroy, prepare, reopen};
pub(crate) use writer::{Loss, Writer};

/// The store of single values.
pub(crate) const META: &str = "meta";
/// The store of segments, by position.
pub(crate) const LOG: &str = "log";
/// The store of chunks of unfinished deltas, by stage and ordinal.
pub(crate) const STAGED: &str = "staged";

/// The store of pages, and of parts of the checkpoint.
pub(crate) const PAGES: &str = "pages";

/// What the identity of the replica is kept under.
pub(crate) const IDENTITY: &str = "identity";
/// What is remembered of peers is kept under this.
pub(crate) const PEERS: &str = "peers";
/// The root of the checkpoint is kept under this.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// What a barrier overwrites.
pub(crate) const BARRIER: &str = "barrier";

/// The name of the IndexedDB database of a database.
pub(crate) fn database_name(name: &str) -> String {
    format!("eyot:{name}")
}
