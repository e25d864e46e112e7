//! The schedule: a world and what happens in it, step by step. It and its seed decide everything.
//!
//! Knows nothing of how the steps are done.

use eyot_core::engine::StorageOptions;
use fastrand::Rng;

use crate::action::Action;

/// Which relays call each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topology {
    /// None: what one has, devices take to the next.
    Apart,
    /// All call one.
    Star,
    /// Each the next, and the last the first.
    Ring,
    /// Each every other.
    Mesh,
    /// Each the next.
    Chain,
    /// The seed decides; all are joined somehow.
    Random,
}

impl Topology {
    /// All there are, with their names.
    pub const ALL: [(Self, &str); 6] = [
        (Self::Apart, "apart"),
        (Self::Star, "star"),
        (Self::Ring, "ring"),
        (Self::Mesh, "mesh"),
        (Self::Chain, "chain"),
        (Self::Random, "random"),
    ];

    /// Who calls whom among so many relays.
    pub(crate) fn edges(self, relays: usize, random: &mut Rng) -> Vec<(usize, usize)> {
        let chain = (1..relays).map(|relay| (relay - 1, relay));
        match self {
            Self::Apart => Vec::new(),
            Self::Star => (1..relays).map(|relay| (relay, 0)).collect(),
            Self::Ring if relays > 2 => chain.chain([(relays - 1, 0)]).collect(),
            Self::Ring | Self::Chain => chain.collect(),
            Self::Mesh => (0..relays).flat_map(|relay| (0..relay).map(move |other| (relay, other))).collect(),
            Self::Random => {
                let mut edges: Vec<_> = (1..relays).map(|relay| (relay, random.usize(0..relay))).collect();
                let more = (1..relays).flat_map(|relay| (0..relay).map(move |other| (relay, other)));
                edges.extend(more.filter(|_| random.u8(0..4) == 0));
                edges.sort_unstable();
                edges.dedup();
                edges
            }
        }
    }
}

/// Deletions that are kept so long are not forgotten within a schedule.
pub(crate) const FOR_EVER_MS: u64 = 1_000_000_000_000;

/// How large a world is, and how its parts behave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Decides everything that the actions leave open.
    pub seed: u64,
    /// How many devices there are.
    pub devices: usize,
    /// How many relays there are.
    pub relays: usize,
    /// Which relays call each other.
    pub topology: Topology,
    /// How many records there are.
    pub records: usize,
    /// How many bytes of records a relay puts into one message.
    pub relay_chunk_bytes: usize,
    /// How many unacknowledged deltas a relay takes.
    pub relay_credits: u32,
    /// How far ahead of the world's a device's clock may be, in milliseconds.
    pub skew_ms: u64,
    /// How long deletions are kept, in milliseconds.
    pub keep_ms: u64,
    /// After how many segments a tab compacts the log; none: it does not within a schedule. An odd number stands for tabs that
    /// keep no page in memory which they do not need.
    pub compact_after: Option<usize>,
    /// True when the names of the records were chosen so that their fingerprints collide under a known key.
    pub collide: bool,
}

impl Setting {
    /// A small world in which much happens.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            devices: 3,
            relays: 1,
            topology: Topology::Apart,
            records: 4,
            relay_chunk_bytes: 200,
            relay_credits: 2,
            skew_ms: 1_000,
            keep_ms: FOR_EVER_MS,
            compact_after: None,
            collide: false,
        }
    }

    /// How tabs keep what is stored.
    pub(crate) fn storage(&self) -> StorageOptions {
        let Some(segments) = self.compact_after else { return StorageOptions::default() };
        StorageOptions {
            cache_bytes: if segments % 2 == 1 { 0 } else { StorageOptions::default().cache_bytes },
            reads_ahead: true,
            page_bytes: 100,
            compact_after_segments: segments,
            compact_when_quiet_ms: 0,
            compact_after_bytes: usize::MAX,
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

impl Schedule {
    /// True when disks are copied or set back in it: then one name may stand for two writes.
    pub(crate) fn has_copies(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Image { .. }))
    }
}
