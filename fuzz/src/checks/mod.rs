//! One module for each target: a function that takes any bytes, and panics when a promise is broken.
//!
//! Law 10: no input from the network, from disk or from JavaScript panics, hangs or allocates without bound.

pub mod budget;
pub mod engine;
pub mod script;
pub mod session;
pub mod storage;
pub mod text;
pub mod wire;

mod host;
mod tab;

use eyot_core::ReplicaId;

/// The replica that is attacked.
const OWN: ReplicaId = ReplicaId::letter(b'a');

/// The database of the golden vectors.
const DATABASE: &str = "field-notes";
