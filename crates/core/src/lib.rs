//! The engine of Eyot: causality, records with siblings, the replica, the sync protocol.
//!
//! Pure: input and time go in, effects come out. No IO, clock, randomness or async; contents are opaque bytes.
#![forbid(unsafe_code)]

mod block;
mod chain;
pub mod checkpoint;
mod clock;
mod codec;
mod context;
mod dot;
pub mod engine;
mod export;
mod fingerprint;
mod forgetting;
pub mod guard;
mod hlc;
mod id;
mod key;
mod limits;
mod linked;
mod merging;
pub mod message;
mod mixtures;
mod paged;
mod peers;
mod rebirth;
pub mod reconcile;
mod record;
mod records;
mod references;
mod replica;
mod seen;
pub mod segment;
mod serving;
pub mod session;
mod tally;
mod vector;
mod veil;
mod view;

pub use block::{read_block, write_block};
pub use chain::ChainEnd;
pub use clock::{Clock, advance_digest};
pub use codec::{DecodeError, Reader, Writer};
pub use context::Context;
pub use dot::{Dot, MAXIMUM_COUNTER};
pub use export::Export;
pub use forgetting::{
    Told, Untold, deleted_at_ms, drop_untold, has_heard_since, is_news, merge_after_forgetting, must_compare,
};
pub use hlc::{Hlc, HybridClock, MAXIMUM_MS, MAXIMUM_SKEW_MS};
pub use id::{Cursor, DatabaseName, LogEpoch, ReplicaId, Seq, TextError};
pub use key::{MAXIMUM_ID_BYTES, MAXIMUM_KEY_BYTES, RecordKey};
pub use limits::{CHUNK_BYTES, Limits};
pub use linked::LinkedVector;
pub use peers::Peers;
pub use rebirth::{Rebirth, Reborn};
pub use record::{Content, Merged, Record, Version, merge_incoming};
pub use references::{MAXIMUM_REFERENCES, References};
pub use replica::Replica;
pub use seen::{LogPlace, Seen};
pub use vector::{Causality, VersionVector};
pub use view::{Sibling, siblings, witnesses};
