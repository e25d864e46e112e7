//! The schedule: a world and what happens in it, step by step. It and its seed decide everything.
//!
//! Knows nothing of how the steps are done.

use crate::action::Action;

/// How large a world is, and how its parts behave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Decides everything that the actions leave open.
    pub seed: u64,
    /// How many devices there are.
    pub devices: usize,
    /// How many relays there are.
    pub relays: usize,
    /// How many records there are.
    pub records: usize,
    /// How many bytes of records a relay puts into one message.
    pub relay_chunk_bytes: usize,
    /// How many unacknowledged deltas a relay takes.
    pub relay_credits: u32,
    /// How far ahead of the world's a device's clock may be, in milliseconds.
    pub skew_ms: u64,
}

impl Setting {
    /// A small world in which much happens.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            devices: 3,
            relays: 1,
            records: 4,
            relay_chunk_bytes: 200,
            relay_credits: 2,
            skew_ms: 1_000,
        }
    }
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its number. With the seed it decides what the action leaves open, so that a step does the same when others before
    /// it are left out.
    pub number: u32,
    /// What happens.
    pub action: Action,
}

/// A world and what happens in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// The world.
    pub setting: Setting,
    /// What happens in it, in order; then it heals.
    pub steps: Vec<Step>,
}
