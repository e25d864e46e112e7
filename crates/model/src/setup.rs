//! What a model consists of: who is linked to whom, and how much of everything may happen.
//!
//! It must not know what happens then.

use crate::guard::Guard;

/// The bounds of a model. Replicas are numbered; `a` is 0.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What it is called.
    pub name: &'static str,
    /// How many replicas there are.
    pub replicas: usize,
    /// Which of them write.
    pub writers: &'static [usize],
    /// Which of them forget deletions.
    pub forgetters: &'static [usize],
    /// Who can talk to whom.
    pub links: &'static [(usize, usize)],
    /// How many records there are.
    pub keys: usize,
    /// How many writes there may be, deletions included.
    pub writes: usize,
    /// How many deletions may be forgotten.
    pub forgets: u8,
    /// How many losses of power there may be.
    pub crashes: u8,
    /// A replica that may be put back to a copy, with a new epoch.
    pub restores: Option<usize>,
    /// Whether other exchanges may take place while one is under way.
    pub interleaves: bool,
    /// Whether the answer of such an exchange comes in parts.
    pub pages: bool,
    /// Whether writers may write without having looked.
    pub blind: bool,
    /// The guard that is taken away.
    pub off: Option<Guard>,
}

impl Setup {
    /// Links between those who are there.
    pub fn links_among(&self, there: u8) -> Vec<(usize, usize)> {
        let is_there = |one: usize| there & (1 << one) != 0;
        self.links.iter().copied().filter(|(one, other)| is_there(*one) && is_there(*other)).collect()
    }

    /// True when those who are there can all reach each other.
    pub fn connects(&self, there: u8) -> bool {
        let mut reached = there & there.wrapping_neg();
        for _ in 0..self.replicas {
            for (one, other) in self.links_among(there) {
                let pair = (1 << one) | (1 << other);
                if reached & pair != 0 {
                    reached |= pair;
                }
            }
        }
        reached == there
    }
}

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const D: usize = 3;

/// The models that are checked.
pub fn setups() -> Vec<Setup> {
    let plain = Setup {
        name: "plain",
        replicas: 3,
        writers: &[A, B],
        forgetters: &[C],
        links: &[(A, C), (B, C)],
        keys: 1,
        writes: 3,
        forgets: 1,
        crashes: 0,
        restores: None,
        interleaves: false,
        pages: false,
        blind: false,
        off: None,
    };
    vec![
        Setup { name: "star", keys: 2, blind: true, ..plain.clone() },
        Setup {
            name: "mesh",
            links: &[(A, B), (A, C), (B, C)],
            forgetters: &[A, B, C],
            forgets: 2,
            ..plain.clone()
        },
        Setup {
            name: "two relays",
            replicas: 4,
            links: &[(A, C), (A, D), (B, C), (B, D), (C, D)],
            forgetters: &[C, D],
            ..plain.clone()
        },
        Setup {
            name: "interleaved",
            links: &[(A, B), (A, C), (B, C)],
            forgetters: &[A],
            interleaves: true,
            ..plain.clone()
        },
        Setup {
            name: "restored relay",
            links: &[(A, B), (A, C), (B, C)],
            forgetters: &[A, C],
            restores: Some(C),
            ..plain.clone()
        },
        Setup { name: "crashes", links: &[(A, B), (A, C), (B, C)], crashes: 1, ..plain },
    ]
}
