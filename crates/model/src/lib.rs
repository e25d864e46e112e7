//! The formal companion of Eyot: merge, cursor, floor and rejoin on a model so small that every state can be looked at.
//!
//! It depends on nothing of Eyot: it says again, as plainly as possible, what the design says, and the checker tries every
//! order of steps.
// Every index is a replica, a record or a write of a model with fixed bounds.
#![allow(clippy::indexing_slicing)]

pub mod canonical;
pub mod check;
pub mod guard;
pub mod identity;
pub mod laws;
pub mod model;
pub mod replica;
pub mod setup;
pub mod step;
pub mod syncing;
pub mod vector;
pub mod world;
